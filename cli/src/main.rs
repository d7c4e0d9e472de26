//! The command `hostel`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    hostel_cli::main()
}
