//! Descriptors as such: closing, renumbering, and what the preopened ones are called.

use crate::abi::Errno;
use crate::ctx::WasiCtx;
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};
use crate::table::Kind;

/// Closes a descriptor, of whatever kind: stdio and preopens too. Its number is free from then on.
///
/// - `fd`: the descriptor
pub fn fd_close(ctx: &mut WasiCtx, _memory: &mut Memory<'_>, fd: Fd) -> Result<(), Errno> {
    ctx.table.remove(fd).map(drop)
}

/// Moves a descriptor to another's number; the other is closed. With both the same nothing happens.
///
/// - `fd`: the descriptor
/// - `to`: the number, which must be open
///
/// Errors: EBADF when either is not open.
pub fn fd_renumber(ctx: &mut WasiCtx, _memory: &mut Memory<'_>, fd: Fd, to: Fd) -> Result<(), Errno> {
    ctx.table.renumber(fd, to)
}

/// Describes a preopened directory.
///
/// - `fd`: the descriptor
/// - `buf`: result, `prestat`
///
/// Errors: EBADF for anything but a preopened directory; libc's scan from 3 on stops there.
///
/// ```text
/// offset  0      1        4                8
///         0 u8   3 zero   pr_name_len u32
/// ```
#[inline]
pub fn fd_prestat_get(ctx: &mut WasiCtx, memory: &mut Memory<'_>, fd: Fd, buf: GuestPtr) -> Result<(), Errno> {
    let name = preopen_name(ctx, fd)?;
    // The builder has no limit for names, and the witx no room for longer ones.
    let len = u32::try_from(name.len()).map_err(|_| Errno::Overflow)?;
    memory.write_u64(buf, u64::from(len) << 32)
}

/// Stores a preopened directory's name, without a NUL.
///
/// - `fd`: the descriptor
/// - `path`, `path_len`: the buffer; what is left over is not touched
///
/// Errors: EBADF for anything but a preopened directory, ENAMETOOLONG when the buffer is too short.
pub fn fd_prestat_dir_name(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    path: GuestPtr,
    path_len: GuestLen,
) -> Result<(), Errno> {
    let name = preopen_name(ctx, fd)?;
    let buf = memory.bytes_mut(path, path_len.0 as usize)?;
    buf.get_mut(..name.len()).ok_or(Errno::Nametoolong)?.copy_from_slice(name);
    let count = name.len() as u64;
    ctx.ledger.moved(count);
    Ok(())
}

#[inline]
fn preopen_name(ctx: &WasiCtx, fd: Fd) -> Result<&[u8], Errno> {
    match &ctx.table.get(fd)?.kind {
        Kind::Directory(directory) => directory.preopen.as_deref().ok_or(Errno::Badf),
        _ => Err(Errno::Badf),
    }
}
