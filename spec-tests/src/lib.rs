//! The WebAssembly specification's test suite on hostel ([`core`]), WASI's ([`wasi`]), and the [`soak`].
//!
//! `cargo test -p hostel-spec-tests` is a test for each script and [setup](core::Setup); `cargo run -p hostel-spec-tests -- core`
//! prints the pass table.

mod command;
pub mod core;
pub mod soak;
pub mod wasi;
