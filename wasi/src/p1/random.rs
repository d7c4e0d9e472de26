//! Randomness.

use crate::abi::Errno;
use crate::ctx::WasiCtx;
use crate::guest::{GuestLen, GuestPtr, Memory};

/// Fills a buffer with random bytes, in place.
///
/// - `buf`, `buf_len`: the buffer; 0 bytes are fine
///
/// Errors: EFAULT, EDQUOT.
#[inline]
pub fn random_get(ctx: &mut WasiCtx, memory: &mut Memory<'_>, buf: GuestPtr, buf_len: GuestLen) -> Result<(), Errno> {
    let bytes = memory.bytes_mut(buf, buf_len.0 as usize)?;
    ctx.ledger.random(bytes.len())?;
    ctx.random.fill(bytes)
}
