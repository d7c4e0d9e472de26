//! Randomness.

use super::pieces::{self, PIECE};
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
    if bytes.len() <= PIECE { ctx.random.fill(bytes) } else { fill_long(ctx, bytes) }
}

/// In pieces. When that is stopped, what has been filled counts; a call that is made again begins anew.
#[cold]
#[inline(never)]
fn fill_long(ctx: &mut WasiCtx, bytes: &mut [u8]) -> Result<(), Errno> {
    let len = bytes.len();
    let (filled, outcome) = pieces::fill(&ctx.waits, bytes, &mut |piece| ctx.random.fill(piece));
    ctx.ledger.random_left(len - filled);
    outcome
}
