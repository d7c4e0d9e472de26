//! The guest as a process.

use crate::abi::{Errno, Signal};
use crate::ctx::WasiCtx;
use crate::functions::Ended;
use crate::guest::Memory;

/// Ends the guest. There is no result: the call unwinds as [`Ended::Exit`], which is not a trap.
///
/// - `rval`: the exit code, any `u32`
#[inline]
pub fn proc_exit(_ctx: &mut WasiCtx, _memory: &mut Memory<'_>, rval: u32) -> Ended {
    Ended::Exit(rval)
}

/// Would send the guest a signal. There are none here, and the host's process is not the guest's to signal.
///
/// - `sig`: the signal
///
/// Errors: EINVAL for an unknown signal; ENOTSUP for every other.
#[inline]
pub fn proc_raise(_ctx: &mut WasiCtx, _memory: &mut Memory<'_>, _sig: Signal) -> Result<(), Errno> {
    Err(Errno::Notsup)
}
