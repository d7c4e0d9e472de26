//! Decides whether the `tail` dispatch backend is compiled: only where the compiler is known to turn a handler's last
//! call into a jump. That is x86-64 and aarch64, optimised, without debug assertions (RATIONALE, "Two backends").

use std::env;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(hostel_tail, fuzzing)");
    println!("cargo::rerun-if-changed=build.rs");
    let arch = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    let windows = env::var_os("CARGO_CFG_WINDOWS").is_some();
    let optimised = env::var("OPT_LEVEL").is_ok_and(|level| level != "0");
    let assertions = env::var_os("CARGO_CFG_DEBUG_ASSERTIONS").is_some();
    let miri = env::var_os("CARGO_CFG_MIRI").is_some();
    // Windows' own calling convention has four register arguments; the handlers need six.
    if (arch == "x86_64" || arch == "aarch64") && !windows && optimised && !assertions && !miri {
        println!("cargo::rustc-cfg=hostel_tail");
    }
}
