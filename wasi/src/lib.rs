//! A complete WASI preview1 host: all 46 functions, sockets and polling included, and those of [`preview0`] for guests that
//! import `wasi_unstable`.
//!
//! ```
//! use hostel_engine::{Engine, Module};
//! use hostel_wasi::{Capture, WasiCtx, run_command};
//!
//! # let wasm = wat::parse_str(r#"(module
//! #     (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
//! #     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
//! #     (memory (export "memory") 1) (data (i32.const 0) "\08\00\00\00\03\00\00\00hi\n")
//! #     (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
//! #         (call $exit (i32.const 3))))"#)?;
//! let engine = Engine::default();
//! let module = Module::new(&engine, wasm)?;
//! let out = Capture::with_limit(1 << 20);
//! let wasi = WasiCtx::builder().args(["prog", "-v"]).stdout(out.clone()).build()?;
//! let (status, _) = run_command(&engine, &module, wasi)?;
//! assert_eq!((status, &*out.contents()), (3, &b"hi\n"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a guest may have
//!
//! A [`WasiCtx`] is one guest's world. It grants nothing that its [builder](WasiCtxBuilder) was not told to: no files, no
//! environment, an empty stdin, output into nothing. Clocks and randomness are all it has by itself.
//!
//! ```
//! use hostel_wasi::{Perms, Stdio, WasiCtx, fs::memory::MemoryFs};
//! # let data = std::env::temp_dir();
//! let scratch = MemoryFs::builder().max_bytes(64 << 20).build();
//! let wasi = WasiCtx::builder()
//!     .env("LANG", "C.UTF-8")
//!     .stdin(Stdio::bytes(*b"input"))
//!     .preopened_dir(data, "/data", Perms::READ_ONLY)
//!     .in_memory_dir(&scratch, "/tmp", Perms::READ_WRITE)
//!     .build()?;
//! # Ok::<(), hostel_wasi::BuildError>(())
//! ```
//!
//! Streams can be [inherited](Stdio::inherit), [captured](Capture), or any [`File`](fs::File); directories any
//! [`Directory`](fs::Directory). [`WasiCtxBuilder::deterministic`] makes a run repeatable.
//!
//! # In a store of one's own
//!
//! With other host functions beside, or more than one call, the context lives in the store's data, where
//! [`add_to_linker`] is told to find it. [`run`] calls a command's `_start`, [`initialize`] a reactor's `_initialize`, after
//! which its exports can be called. A later definition of a name replaces one function of WASI's.
//!
//! ```
//! use hostel_engine::{Engine, Linker, Module, Store};
//! use hostel_wasi::{WasiCtx, add_to_linker, run};
//!
//! struct Data {
//!     wasi: WasiCtx,
//!     calls: u32,
//! }
//!
//! # let engine = Engine::default();
//! # let module = Module::new(&engine, wat::parse_str(r#"(module (import "env" "count" (func $count))
//! #     (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
//! #     (func (export "_start") (call $count) (drop (call $yield)) (call $count)))"#)?)?;
//! let mut linker = Linker::new(&engine);
//! add_to_linker(&mut linker, |data: &mut Data| &mut data.wasi)?;
//! linker.func_wrap("env", "count", |data: &mut Data| data.calls += 1);
//! let mut store = Store::new(&engine, Data { wasi: WasiCtx::builder().build()?, calls: 0 });
//! let instance = linker.instantiate(&mut store, &module)?;
//! assert_eq!(run(&mut store, instance)?, 0, "the exit status");
//! assert_eq!(store.data().calls, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Bounds, and how a guest ends
//!
//! [`WasiLimits`] bounds what a guest may use up, and [`WasiCtx::usage`] tells what it has; beyond a limit is an
//! [errno](abi::Errno) to the guest. Where the engine charges fuel, calls cost it too ([`BYTES_PER_UNIT`]). A guest that waits
//! is ended by a [deadline](WasiCtxBuilder::deadline) or a [`CancelHandle`], one that may also compute by a [`StopHandle`].
//!
//! However it ends, the result says which way: a status when the guest exits or comes to its end; an error with a
//! [trap](hostel_engine::Error::trap) when it traps or is interrupted, and one from which [`Canceled`] is downcast when it was
//! ended while it waited.
//!
//! ```
//! use std::time::Duration;
//! # use hostel_engine::{Engine, Module};
//! use hostel_wasi::{Canceled, WasiCtx, WasiLimits, run_command};
//! # let engine = Engine::default();
//! # let sleeper = Module::new(&engine, wat::parse_str(r#"(module
//! #     (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
//! #     (memory (export "memory") 1) (data (i32.const 16) "\01") (data (i32.const 24) "\00\00\00\00\00\00\00\10")
//! #     (func (export "_start") (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#)?)?;
//! let limits = WasiLimits { bytes_written: Some(1 << 30), ..WasiLimits::default() };
//! let wasi = WasiCtx::builder().limits(limits).deadline(Duration::from_millis(10)).build()?;
//! let error = run_command(&engine, &sleeper, wasi).unwrap_err();
//! let trap = error.trap().expect("it sleeps for years");
//! assert_eq!(trap.downcast_ref(), Some(&Canceled::ByDeadline));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Without hostel's engine
//!
//! ```text
//! guest's call ──► engine ──► functions (slots, one table) ──► p1 (checks, guest memory) ──► table (descriptors)
//!                                                                                              │
//!                          clocks  random  stdio  socket  fs (host: cap-std · memory) ◄────────┘
//! ```
//!
//! The functions know slots and a slice of memory, and no engine. Another one registers them through [`Registrar`], which
//! gives it each as a type of its own; [`FUNCTIONS`] is the table for everyone else: tracing, testing, calling by name.
//!
//! ```
//! use hostel_wasi::{FUNCTIONS, WasiCtx};
//! let mut ctx = WasiCtx::builder().arg("prog").build()?;
//! let mut memory = vec![0; 65536];
//! let args_sizes_get = FUNCTIONS.iter().find(|function| function.name == "args_sizes_get").unwrap();
//! let mut stack = [8, 12];
//! (args_sizes_get.call)(&mut ctx, Some(&mut memory), &mut stack)?;
//! assert_eq!((stack[0], memory[8], memory[12]), (0, 1, 5), "the errno; one argument, five bytes");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! No number of the guest's makes this crate panic, or allocate by that number.

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
pub use embed::{PREVIEW0, PREVIEW1, add_to_linker, add_to_linker_for, host_modules, initialize, run, run_command};
pub use functions::{Ended, FUNCTIONS, Function, Kind, Param, RawFunction, Registrar, ValType, register};
pub use guest::{IOVS_MAX, PATH_MAX};
pub use ledger::{Usage, WasiLimits};
pub use p1::SUBSCRIPTIONS_MAX;
pub use random::RandomSource;
pub use socket::Listener;
pub use stdio::{Capture, Stdio};
pub use stop::StopHandle;
pub use table::{LISTING_WINDOW, Perms, WALK_LEVELS_MAX};
pub use wait::{CancelHandle, Canceled, Deadline};
pub use work::{BYTES_PER_UNIT, UNITS_PER_COMPONENT, UNITS_PER_ENTRY};
