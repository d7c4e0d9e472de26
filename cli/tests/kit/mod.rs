//! What the tests of the command share: running it, scratch files, the prebuilt guests.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What came of running the command.
#[derive(Debug)]
pub struct Outcome {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Asserts the exit status, showing what was printed when it is another.
    #[track_caller]
    pub fn exits(self, status: i32) -> Outcome {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts all of stdout.
    #[track_caller]
    pub fn prints(self, stdout: &str) -> Outcome {
        assert_eq!(self.stdout, stdout, "{self:?}");
        self
    }

    /// Asserts that stderr is one line, which begins as the command's lines do and contains all `parts`.
    #[track_caller]
    pub fn complains(self, parts: &[&str]) -> Outcome {
        let line = self.stderr.strip_suffix('\n').unwrap_or_default();
        assert!(line.starts_with("hostel: ") && !line.contains('\n'), "expected one line: {self:?}");
        for part in parts {
            assert!(line.contains(part), "expected {part:?} in {line:?}");
        }
        self
    }

    /// Asserts that a line of stderr contains all `parts`.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Outcome {
        let found = self.stderr.lines().any(|line| parts.iter().all(|part| line.contains(part)));
        assert!(found, "expected a line with {parts:?}: {self:?}");
        self
    }
}

/// The command, without the environment's influence; but where it was built with a sanitizer, with that one's options.
pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hostel"));
    let options = ["ASAN_OPTIONS", "TSAN_OPTIONS"].map(|name| (name, std::env::var_os(name)));
    command.env_clear().envs(options.into_iter().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Runs the command with an empty stdin.
pub fn hostel<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Outcome {
    hostel_with_stdin(args, "")
}

/// Runs the command with this stdin.
pub fn hostel_with_stdin<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>, stdin: &str) -> Outcome {
    let mut child = command()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    // A guest that does not read closes the pipe early.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
    let output = child.wait_with_output().expect("the command ends");
    Outcome {
        status: output.status.code().expect("the command exits and is not killed"),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A directory for one test.
pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Scratch {
        Scratch(tempfile::tempdir().expect("a temporary directory"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        fs::write(&path, contents).expect("the scratch directory is writable");
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    /// Runs a module, given as text, without options.
    pub fn run(&self, wat: &str) -> Outcome {
        hostel(["run", &self.file("test.wat", wat)])
    }
}

/// A prebuilt guest of `examples/guests`.
pub fn guest(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/guests/wasm").join(name);
    path.with_extension("wasm").to_str().expect("a path in UTF-8").to_owned()
}

/// `(module …)` with what a command needs, and `body` as `_start`.
pub fn start(body: &str) -> String {
    format!(r#"(module (memory (export "memory") 1) (func (export "_start") {body}))"#)
}

/// A command that exits with a status.
pub fn exit_with(status: u32) -> String {
    format!(
        r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (func (export "_start") (call $exit (i32.const {status}))))"#
    )
}
