//! WebAssembly/wasi-testsuite on hostel, without a process for each case.
//!
//! ```text
//! checkout ──► suites (manifest.json) ──► cases (*.wasm, *.json) ──► run: a fixture of its own, a context, the guest
//!                                                                      │
//!                                         table, JSON report ◄──── what was not as specified
//! ```
//!
//! The suite is no part of this repository: its branch `prod/testsuite-base` has the cases built. What is run is
//! everything made for `wasm32-wasip1`; every case has to pass, on the host's file system and in memory.

mod command;
mod fixture;
mod report;
mod run;
mod specification;
mod suite;

pub use command::{USAGE, command};
pub use fixture::Fs;
pub use report::{SuiteResult, report, table};
pub use run::{Outcome, Setting, run};
pub use suite::{Case, Suite, suites};
