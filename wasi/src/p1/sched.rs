//! Scheduling.

use crate::abi::Errno;
use crate::ctx::WasiCtx;
use crate::guest::Memory;

/// How many calls there are to a real one. Chosen: it adds 2 ns to a call instead of some hundred, and a guest that spins
/// still gives way every few microseconds.
const INTERVAL: u32 = 256;

/// Lets other threads of the host go first, as guests that spin expect: one call in 256 does, the first one too. A
/// guest of preview1 has no threads of its own that could wait for this one.
///
/// Errors: none.
#[inline]
pub fn sched_yield(ctx: &mut WasiCtx, _memory: &mut Memory<'_>) -> Result<(), Errno> {
    if ctx.yields.is_multiple_of(INTERVAL) {
        std::thread::yield_now();
    }
    ctx.yields = ctx.yields.wrapping_add(1);
    Ok(())
}
