//! Scheduling.

use crate::abi::Errno;
use crate::ctx::WasiCtx;
use crate::guest::Memory;

/// Lets other threads of the host go first, as guests that spin expect.
///
/// Errors: none.
#[inline]
pub fn sched_yield(_ctx: &mut WasiCtx, _memory: &mut Memory<'_>) -> Result<(), Errno> {
    std::thread::yield_now();
    Ok(())
}
