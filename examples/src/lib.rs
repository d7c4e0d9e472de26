//! One short program per way of embedding hostel, in `examples/`. Each says at its top what it shows, checks its own
//! result, and prints what there is to see:
//!
//! ```console
//! $ cargo run -p hostel-examples --example hello
//! ```
//!
//! | example | shows |
//! |---|---|
//! | `hello` | a WASI command in a dozen lines |
//! | `capture` | arguments and environment in, output (with a cap) and exit status out |
//! | `sandbox` | host directories, writable and read-only, and what a guest cannot reach |
//! | `memory_files` | a file system in memory, filled before the run and read after it |
//! | `host_function` | one host function three ways: raw, raw with the module, typed |
//! | `reentry` | a host function that calls back into the guest and grows its memory |
//! | `override_function` | one WASI function replaced, the other 45 kept |
//! | `reactor` | a library instead of a command: initialized once, called many times |
//! | `many_instances` | one module on two threads, one host module under two names |
//! | `fuel` | guests that run for so many instructions, pause, and go on |
//! | `trace` | listening to every call, guest's and host's |
//!
//! The guests they run are in `guests/`, with sources and built; a guest that exists to make one point is text in the
//! example. `tests/run_all.rs` runs every example's `main`. This library itself is empty.

/// The code in README.md, which is to compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
