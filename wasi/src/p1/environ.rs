//! Environment variables.

use crate::abi::Errno;
use crate::ctx::WasiCtx;
use crate::guest::{GuestPtr, Memory};

/// Stores the variables and pointers to them.
///
/// - `environ`: one pointer for each variable
/// - `environ_buf`: the variables as `NAME=VALUE`, each with a NUL at its end
///
/// Errors: EFAULT.
///
/// ```text
/// A=1, B=         environ_buf   A = 1 \0 B = \0
///                 environ       environ_buf u32   environ_buf+4 u32
/// ```
#[inline]
pub fn environ_get(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    environ: GuestPtr,
    environ_buf: GuestPtr,
) -> Result<(), Errno> {
    ctx.ledger.moved(ctx.environ.store(memory, environ, environ_buf)?);
    Ok(())
}

/// Stores how much room [`environ_get`] needs.
///
/// - `environc`: result, `u32`: the number of variables
/// - `environ_buf_size`: result, `u32`: their bytes, `=` and NULs included
///
/// Errors: EFAULT.
#[inline]
pub fn environ_sizes_get(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    environc: GuestPtr,
    environ_buf_size: GuestPtr,
) -> Result<(), Errno> {
    let (count, size) = ctx.environ.sizes();
    memory.check(environ_buf_size, 4)?;
    memory.write_u32(environc, count)?;
    memory.write_u32(environ_buf_size, size)
}
