//! Attributes by path.

use super::fd_stat::times;
use crate::abi::{Errno, Filestat, Fstflags, Lookupflags, Rights};
use crate::ctx::WasiCtx;
use crate::fs::Follow;
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};

/// Stores the attributes of what is at a path.
///
/// - `fd`: the directory
/// - `flags`: whether to follow a symbolic link in the last component
/// - `path`, `path_len`: the path, relative to the directory
/// - `buf`: result, [`Filestat`], as [`fd_filestat_get`](super::fd_filestat_get) stores it
///
/// Errors: ENOENT, ENOTDIR, ELOOP, EPERM for a path that leads out.
pub fn path_filestat_get(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    flags: Lookupflags,
    path: GuestPtr,
    path_len: GuestLen,
    buf: GuestPtr,
) -> Result<(), Errno> {
    let filestat = path_filestat(ctx, memory, fd, flags, path, path_len, (buf, Filestat::SIZE))?;
    memory.write(buf, &filestat.to_bytes())
}

/// The attributes, whatever their layout is; `result` is where they are to be stored, and how long they are there.
pub(crate) fn path_filestat(
    ctx: &mut WasiCtx,
    memory: &Memory<'_>,
    fd: Fd,
    flags: Lookupflags,
    path: GuestPtr,
    path_len: GuestLen,
    result: (GuestPtr, usize),
) -> Result<Filestat, Errno> {
    let directory = ctx.table.directory(fd, Rights::PATH_FILESTAT_GET)?;
    memory.check(result.0, result.1)?;
    let path = memory.path(path, path_len)?;
    let at = directory.resolve(path, Follow::by_flag(flags.contains(Lookupflags::SYMLINK_FOLLOW)))?;
    at.dir().stat_at(at.path(), at.follow)
}

/// Sets the times of what is at a path; of a link in the last component its own, unless it is followed.
///
/// - `fd`: the directory
/// - `flags`: whether to follow a symbolic link in the last component
/// - `path`, `path_len`: the path, relative to the directory
/// - `atim`, `mtim`: nanoseconds since 1970-01-01T00:00:00Z
/// - `fst_flags`: which of them to set, and whether to these times or to the present
///
/// Errors: EINVAL when a time is to be both; EROFS below a read-only mount; ENOENT, ENOTDIR, ELOOP, EPERM for a path that leads out.
pub fn path_filestat_set_times(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    flags: Lookupflags,
    path: GuestPtr,
    path_len: GuestLen,
    atim: u64,
    mtim: u64,
    fst_flags: Fstflags,
) -> Result<(), Errno> {
    let (accessed, modified) = times(atim, mtim, fst_flags)?;
    let directory = ctx.table.directory(fd, Rights::PATH_FILESTAT_SET_TIMES)?;
    let path = memory.path(path, path_len)?;
    let at = directory.resolve(path, Follow::by_flag(flags.contains(Lookupflags::SYMLINK_FOLLOW)))?;
    at.dir().set_times_at(at.path(), at.follow, accessed, modified)
}
