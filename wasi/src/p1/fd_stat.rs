//! What is known of an open descriptor, and what of that can be changed.

use super::pieces;
use crate::abi::{Errno, Fdflags, Fdstat, Filestat, Fstflags, Rights};
use crate::ctx::WasiCtx;
use crate::fs::SetTime;
use crate::guest::{Fd, GuestPtr, Memory};
use crate::table::Kind;

/// Describes a descriptor.
///
/// - `fd`: the descriptor
/// - `buf`: result, [`Fdstat`]
///
/// ```text
/// offset  0            1  2          4       8                16                       24
///         filetype u8  0  flags u16  4 zero  rights_base u64  rights_inheriting u64
/// ```
#[inline]
pub fn fd_fdstat_get(ctx: &mut WasiCtx, memory: &mut Memory<'_>, fd: Fd, buf: GuestPtr) -> Result<(), Errno> {
    let fdstat: Fdstat = ctx.table.get(fd)?.fdstat();
    memory.write(buf, &fdstat.to_bytes())
}

/// Changes `append` and `nonblock`. The sync flags hold for a file's whole life: here they are ignored, as Linux does.
///
/// - `fd`: any descriptor; a directory takes the flags, and they mean nothing to it
/// - `flags`: all flags as they are to be
///
/// Errors: EINVAL for unknown flags.
pub fn fd_fdstat_set_flags(ctx: &mut WasiCtx, _memory: &mut Memory<'_>, fd: Fd, flags: Fdflags) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    descriptor.check_rights(Rights::FD_FDSTAT_SET_FLAGS)?;
    let changeable = Fdflags::APPEND | Fdflags::NONBLOCK;
    let flags = descriptor.flags & !changeable | flags & changeable;
    if descriptor.as_file().is_some() {
        descriptor.file(Rights::empty())?.set_flags(flags)?;
    }
    descriptor.flags = flags;
    Ok(())
}

/// Takes rights away.
///
/// - `fd`: the descriptor
/// - `fs_rights_base`, `fs_rights_inheriting`: what is to be left
///
/// Errors: ENOTCAPABLE when a right would be added.
pub fn fd_fdstat_set_rights(
    ctx: &mut WasiCtx,
    _memory: &mut Memory<'_>,
    fd: Fd,
    fs_rights_base: Rights,
    fs_rights_inheriting: Rights,
) -> Result<(), Errno> {
    ctx.table.get_mut(fd)?.restrict(fs_rights_base, fs_rights_inheriting)
}

/// Stores the attributes of what is open.
///
/// - `fd`: the descriptor
/// - `buf`: result, [`Filestat`]
///
/// ```text
/// offset  0        8        16                    24         32        40        48        56        64
///         dev u64  ino u64  filetype u8 + 7 zero  nlink u64  size u64  atim u64  mtim u64  ctim u64
/// ```
pub fn fd_filestat_get(ctx: &mut WasiCtx, memory: &mut Memory<'_>, fd: Fd, buf: GuestPtr) -> Result<(), Errno> {
    let filestat = fd_filestat(ctx, fd, || memory.check(buf, Filestat::SIZE))?;
    memory.write(buf, &filestat.to_bytes())
}

/// The attributes, whatever their layout is; `check` is the check of guest memory, made in its place in the order.
pub(crate) fn fd_filestat(
    ctx: &mut WasiCtx,
    fd: Fd,
    check: impl FnOnce() -> Result<(), Errno>,
) -> Result<Filestat, Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    descriptor.check_rights(Rights::FD_FILESTAT_GET)?;
    check()?;
    match descriptor.as_file() {
        Some(file) => file.stat(),
        None => descriptor.directory(Rights::empty())?.dir.stat(),
    }
}

/// Cuts or extends a file, with zeros.
///
/// - `fd`: a file open for writing
/// - `size`: its length
///
/// Errors: EFBIG beyond 2⁶³−1, EISDIR, EINVAL for streams.
pub fn fd_filestat_set_size(ctx: &mut WasiCtx, _memory: &mut Memory<'_>, fd: Fd, size: u64) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    // ftruncate's word for a stream is not lseek's.
    descriptor.check_seekable().map_err(|errno| if errno == Errno::Spipe { Errno::Inval } else { errno })?;
    let file = descriptor.file(Rights::FD_FILESTAT_SET_SIZE)?;
    if size > i64::MAX as u64 { Err(Errno::Fbig) } else { pieces::set_size(&ctx.waits, file, size) }
}

/// Sets the times of what is open.
///
/// - `fd`: the descriptor
/// - `atim`, `mtim`: nanoseconds since 1970-01-01T00:00:00Z
/// - `fst_flags`: which of them to set, and whether to these times or to the present
///
/// Errors: EINVAL when a time is to be both, or for streams without times.
pub fn fd_filestat_set_times(
    ctx: &mut WasiCtx,
    _memory: &mut Memory<'_>,
    fd: Fd,
    atim: u64,
    mtim: u64,
    fst_flags: Fstflags,
) -> Result<(), Errno> {
    let (accessed, modified) = times(atim, mtim, fst_flags)?;
    let descriptor = ctx.table.get_mut(fd)?;
    descriptor.check_rights(Rights::FD_FILESTAT_SET_TIMES)?;
    descriptor.check_writable()?;
    if let Kind::Directory(directory) = &descriptor.kind {
        return directory.dir.set_times(accessed, modified);
    }
    descriptor.file(Rights::empty())?.set_times(accessed, modified)
}

/// What `fstflags` say of each time. EINVAL for "to this value" and "to now" at once.
pub(super) fn times(atim: u64, mtim: u64, flags: Fstflags) -> Result<(SetTime, SetTime), Errno> {
    let time = |at: u64, set: Fstflags, now: Fstflags| match (flags.contains(set), flags.contains(now)) {
        (true, true) => Err(Errno::Inval),
        (true, false) => Ok(SetTime::At(at)),
        (false, true) => Ok(SetTime::Now),
        (false, false) => Ok(SetTime::Keep),
    };
    Ok((time(atim, Fstflags::ATIM, Fstflags::ATIM_NOW)?, time(mtim, Fstflags::MTIM, Fstflags::MTIM_NOW)?))
}
