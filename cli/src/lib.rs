//! What the command `hostel` is made of, as a library: the binary only calls [`main`], and the spec tests share the
//! script runner in [`wast`] and the [`trace`].
//!
//! ```text
//! arguments ──► args ──┬──► run ──► load ──► engine and WASI ──► exit status
//!                      ├──► inspect
//!                      └──► scripts ──► wast
//! ```
//!
//! Every way to fail ends in one `failure::Failure`, which has a line for stderr and the exit status.

mod args;
mod engine;
mod failure;
mod inspect;
mod load;
mod output;
mod run;
mod scripts;
pub mod trace;
mod wasi;
pub mod wast;

use std::process::ExitCode;

use args::Command;

/// Runs the command with the process's arguments, reports what fails on stderr, and returns the exit status.
pub fn main() -> ExitCode {
    let result = args::parse(std::env::args_os()).and_then(|command| match command {
        None => Ok(ExitCode::SUCCESS),
        Some(Command::Run(options)) => run::run(&options),
        Some(Command::Inspect(options)) => inspect::inspect(&options),
        Some(Command::Wast(options)) => scripts::run(&options),
    });
    result.unwrap_or_else(|failure| failure.report())
}
