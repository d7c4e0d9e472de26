//! Command-line arguments.

use crate::abi::Errno;
use crate::ctx::WasiCtx;
use crate::guest::{GuestPtr, Memory};

/// Stores the arguments and pointers to them.
///
/// - `argv`: one pointer for each argument
/// - `argv_buf`: the arguments, each with a NUL at its end
///
/// Errors: EFAULT.
///
/// ```text
/// "a", "bc"       argv_buf   a \0 b c \0
///                 argv       argv_buf u32   argv_buf+2 u32
/// ```
#[inline]
pub fn args_get(ctx: &mut WasiCtx, memory: &mut Memory<'_>, argv: GuestPtr, argv_buf: GuestPtr) -> Result<(), Errno> {
    ctx.ledger.moved(ctx.args.store(memory, argv, argv_buf)?);
    Ok(())
}

/// Stores how much room [`args_get`] needs.
///
/// - `argc`: result, `u32`: the number of arguments
/// - `argv_buf_size`: result, `u32`: their bytes, NULs included
///
/// Errors: EFAULT.
#[inline]
pub fn args_sizes_get(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    argc: GuestPtr,
    argv_buf_size: GuestPtr,
) -> Result<(), Errno> {
    let (count, size) = ctx.args.sizes();
    memory.check(argv_buf_size, 4)?;
    memory.write_u32(argc, count)?;
    memory.write_u32(argv_buf_size, size)
}
