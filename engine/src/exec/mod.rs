//! Execution: the only room with `unsafe`.
//!
//! A running guest is a chain of handlers. Each is a function of the machine state ([`Regs`](backend::Regs), instruction pointer, stack
//! pointer, memory base and length, instance) that does one instruction and continues with the next one. How it
//! continues is the [`Backend`](backend::Backend)'s business.
//!
//! # Invariants
//!
//! The SAFETY notes of this folder answer these by their letter.
//!
//! - **C (code)**: an instruction pointer points at word 0 of a linked instruction of a function of the running
//!   instance's module, or at one of the [`stubs`](link::Stubs). Code is translated from validated input, never changes
//!   after it is linked and lives as long as its module, which the instance holds.
//! - **S (stack)**: `sp` points into the store's value stack, and at least the running function's `frame_slots` slots from
//!   there are inside it (checked by the call). Every slot that an instruction names is below `frame_slots`.
//! - **M (memory)**: `mem` and `len` are base and length of the running instance's memory 0 (dangling and 0 when it has
//!   none). Whatever can grow or move it is followed by a reload.
//! - **B (blocks)**: `cx` points to an [`InstanceBlock`](block::InstanceBlock) owned by the store that is running; the blocks of
//!   memories, tables and globals it points to are owned by the same store. Blocks never move and are never freed
//!   before their store.
//! - **X (exclusive)**: while a chain runs, no reference into the value stack, a memory, a table, a global or the store
//!   exists, except those that a host function makes through its `Caller` and gives up before it returns.
//! - **D (data)**: `ExecState::data` points to a live value of the type that the store was created with, for as long as the
//!   chain runs; host functions of a store were all made for that type.

//!
//! Code outside of the crate cannot break these. The public traits whose word the engine takes (for the slots of a type, the
//! type of a store's data, the store behind a context) are [sealed](crate::sealed). Those that embedders implement,
//! `FunctionListenerFactory` and `FunctionListener`, and their closures, are given references that end when they return, and
//! what they answer is data: which listener, which trap, which numbers in the slots. No invariant hangs on a `debug_assert!`:
//! the one on a call's slots repeats what `CallParts::call` proves, the one on `munmap` would find a leak, and what
//! [`verify`](crate::code::verify) checks in builds with debug assertions is what the translator does (C), of code that
//! no embedder can give.

// A handler's arguments are the machine's registers, and who continues a chain passes them all.
#![allow(clippy::too_many_arguments)]
// Behind a raw pointer a borrow is written out: rustc refuses implicit ones.
#![allow(clippy::needless_borrow)]

pub(crate) mod activation;
#[cfg(all(test, hostel_tail, target_os = "linux", target_arch = "x86_64"))]
mod assembly;
pub(crate) mod backend;
pub(crate) mod backtrace;
pub(crate) mod block;
#[cfg(test)]
mod chains;
pub(crate) mod handlers;
pub(crate) mod host_call;
pub(crate) mod link;
pub(crate) mod memory;
pub(crate) mod operand;
pub(crate) mod ops;
pub(crate) mod pool;
mod probe;
pub(crate) mod stable;
pub(crate) mod suspend;
#[cfg(feature = "simd")]
pub(crate) mod vector;

pub(crate) use backend::BackendKind;

/// The tail backend, when it is compiled and the probe finds that it holds what it promises.
pub(crate) fn tail_backend() -> Option<BackendKind> {
    #[cfg(hostel_tail)]
    if probe::tail_calls_work() {
        return Some(BackendKind::Tail);
    }
    None
}
