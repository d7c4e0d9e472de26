//! `hostel-spec-tests core [FILTER]`: the pass table of the specification's suite; `hostel-spec-tests wasi DIR`: that of
//! WASI's, whose checkout is in DIR.

use std::process::ExitCode;

use hostel_spec_tests::{core, wasi};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("core") => core::command(&args[1..]),
        Some("wasi") => wasi::command(&args[1..]),
        _ => {
            eprintln!("{}\n\n{}", core::USAGE, wasi::USAGE);
            ExitCode::from(2)
        }
    }
}
