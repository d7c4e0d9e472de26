"""Adapter of hostel for the test runner of WebAssembly/wasi-testsuite.

    cargo build --release
    HOSTEL=target/release/hostel TESTSUITE/run-tests --runtime-adapter spec-tests/adapters/hostel.py

The command is what the environment variable HOSTEL says, split as a shell would, or `hostel` from PATH.
"""

import os
import shlex
import subprocess
from typing import Dict, List, Optional, Tuple

HOSTEL = shlex.split(os.getenv("HOSTEL", "hostel"), posix=os.name != "nt")


def get_name() -> str:
    return "hostel"


def get_version() -> str:
    result = subprocess.run(HOSTEL[0:1] + ["--version"], encoding="UTF-8", capture_output=True, check=True)
    return result.stdout.split()[1]


def get_wasi_versions() -> List[str]:
    return ["wasm32-wasip1"]


def get_wasi_worlds() -> List[str]:
    return ["wasi:cli/command"]


def compute_argv(
    test_path: str,
    args_env_root: Tuple[List[str], Dict[str, str], Optional[str]],
    proposals: List[str],
    wasi_world: str,
    wasi_version: str,
) -> List[str]:
    args, env, root = args_env_root
    argv = HOSTEL + ["run"]
    for name, value in env.items():
        argv += ["--env", f"{name}={value}"]
    if root:
        argv += ["--dir", f"{root}::/"]
    return argv + [test_path] + args
