//! A complete WASI preview1 host.
//!
//! ```text
//! guest's call ──► engine ──► functions (slots, one table) ──► p1 (checks, guest memory) ──► table (descriptors)
//!                                                                                              │
//!                          clocks  random  stdio  socket  fs (host: cap-std · memory) ◄────────┘
//! ```
//!
//! All 46 functions are here, sockets and polling included, and [`preview0`]'s for guests that import `wasi_unstable`.
//! An embedder builds a [`WasiCtx`], which grants nothing unless told to, and gives it to the functions of the table
//! together with the calling instance's memory:
//!
//! ```
//! use hostel_wasi::{Capture, FUNCTIONS, WasiCtx};
//!
//! let out = Capture::with_limit(1024);
//! let mut ctx = WasiCtx::builder().stdout(out.clone()).build()?;
//!
//! // A guest's memory: one ciovec at 0 that points to "hi\n" at 16; the count goes to 8.
//! let mut memory = vec![0; 65536];
//! memory[0..8].copy_from_slice(&[16, 0, 0, 0, 3, 0, 0, 0]);
//! memory[16..19].copy_from_slice(b"hi\n");
//!
//! let fd_write = FUNCTIONS.iter().find(|function| function.name == "fd_write").unwrap();
//! let mut stack = [1, 0, 1, 8];
//! (fd_write.call)(&mut ctx, Some(&mut memory), &mut stack)?;
//! assert_eq!(stack[0], 0, "the errno");
//! assert_eq!(memory[8], 3, "the bytes written");
//! assert_eq!(out.contents(), b"hi\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`add_to_linker`] registers them with hostel's engine through its host builder; another engine can do the same through
//! [`Registrar`], which gives it each function as a type of its own.
//!
//! What a guest does wrong is an [`abi::Errno`] to the guest; how it ends itself, or is ended while it waits
//! ([`CancelHandle`]), is [`Ended`]; what the embedder has to mend is a [`BuildError`]. No number of the guest's makes this crate panic or allocate by that number.
#![forbid(unsafe_code)]

pub mod abi;
mod builder;
mod clocks;
mod ctx;
mod embed;
pub mod fs;
mod functions;
mod guest;
mod ledger;
mod p1;
pub mod preview0;
mod random;
mod socket;
mod stdio;
mod stop;
mod strings;
mod table;
mod wait;
mod work;

pub use builder::{BuildError, WasiCtxBuilder};
pub use clocks::{Clocks, SystemClocks, VirtualClocks};
pub use ctx::WasiCtx;
pub use embed::{PREVIEW0, PREVIEW1, add_to_linker, host_modules, initialize, run, run_command};
pub use functions::{Ended, FUNCTIONS, Function, Kind, Param, RawFunction, Registrar, ValType, register};
pub use guest::{IOVS_MAX, PATH_MAX};
pub use ledger::{Usage, WasiLimits};
pub use p1::SUBSCRIPTIONS_MAX;
pub use random::RandomSource;
pub use socket::Listener;
pub use stdio::{Capture, Stdio};
pub use stop::StopHandle;
pub use table::{LISTING_WINDOW, Perms};
pub use wait::{CancelHandle, Canceled, Deadline};
pub use work::{BYTES_PER_UNIT, UNITS_PER_COMPONENT, UNITS_PER_ENTRY};
