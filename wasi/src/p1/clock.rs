//! Clocks.

use crate::abi::{Clockid, Errno};
use crate::ctx::WasiCtx;
use crate::guest::{GuestPtr, Memory};

/// Stores a clock's step.
///
/// - `id`: the clock
/// - `resolution`: result, `u64`: nanoseconds, at least 1
///
/// Errors: EINVAL for an unknown clock, ENOTSUP for one the host does not have, EFAULT.
#[inline]
pub fn clock_res_get(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    id: Clockid,
    resolution: GuestPtr,
) -> Result<(), Errno> {
    memory.check(resolution, 8)?;
    memory.write_u64(resolution, ctx.clocks.resolution(id)?)
}

/// Stores what a clock reads.
///
/// - `id`: the clock
/// - `precision`: how far off the value may be; not needed, as it is always exact
/// - `time`: result, `u64`: nanoseconds; of the realtime clock, since 1970-01-01T00:00:00Z
///
/// Errors: EINVAL for an unknown clock, ENOTSUP for one the host does not have, EFAULT.
#[inline]
pub fn clock_time_get(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    id: Clockid,
    _precision: u64,
    time: GuestPtr,
) -> Result<(), Errno> {
    memory.check(time, 8)?;
    memory.write_u64(time, ctx.clocks.now(id)?)
}
