//! What moves bytes, cursors and sizes of open files.
//!
//! Lists of buffers are one transfer on the guest's own memory (`guest/iovecs.rs`); an empty list is 0 bytes. A transfer
//! that was cut short reports its count; the error, if there is one, comes with the next.

use std::io::{IoSlice, IoSliceMut, SeekFrom};

use super::pieces::{self, PIECE};
use super::transfer;
use crate::abi::{Advice, Errno, Fdflags, Rights, Whence};
use crate::ctx::WasiCtx;
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};
use crate::work::units_for;

/// Offsets and sizes are the file system's `off_t`.
const OFFSET_MAX: u64 = i64::MAX as u64;

/// Reads at the cursor. A stream with nothing to read is waited for, unless `nonblock`.
///
/// - `fd`: a file, stream or connection
/// - `iovs`, `iovs_len`: the buffers, filled in this order
/// - `nread`: result, `u32`: bytes read; 0 is the end
///
/// Errors: EBADF when not open for reading, EISDIR, EINVAL for more than [`IOVS_MAX`](crate::guest::IOVS_MAX) buffers
/// or more than 4 GiB in all, EAGAIN with `nonblock`.
#[inline]
pub fn fd_read(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    iovs: GuestPtr,
    iovs_len: GuestLen,
    nread: GuestPtr,
) -> Result<(), Errno> {
    let (waits, descriptor) = (&ctx.waits, ctx.table.get_mut(fd)?);
    let may_wait = descriptor.check_seekable().is_err();
    let nonblock = descriptor.flags.contains(Fdflags::NONBLOCK);
    let file = descriptor.file(Rights::FD_READ)?;
    memory.check(nread, 4)?;
    let count = match memory.single_mut(iovs, iovs_len)? {
        Some(bytes) if bytes.len() <= PIECE => transfer::read(waits, file, nonblock, bytes)?,
        _ => transfer::read_list(waits, file, nonblock, memory, (iovs, iovs_len), may_wait)?,
    };
    ctx.ledger.read(count);
    memory.write_u32(nread, count)
}

/// Writes at the cursor, or at the end with `append`. A stream takes everything, waited for if need be, unless
/// `nonblock`.
///
/// - `fd`: a file, stream or connection
/// - `iovs`, `iovs_len`: the buffers, written in this order
/// - `nwritten`: result, `u32`: bytes written
///
/// Errors: EBADF when not open for writing, EISDIR, EINVAL for more than [`IOVS_MAX`](crate::guest::IOVS_MAX) buffers
/// or more than 4 GiB in all, EAGAIN with `nonblock`, EPIPE when nobody reads, EDQUOT.
#[inline]
pub fn fd_write(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    iovs: GuestPtr,
    iovs_len: GuestLen,
    nwritten: GuestPtr,
) -> Result<(), Errno> {
    let (waits, descriptor) = (&ctx.waits, ctx.table.get_mut(fd)?);
    let (nonblock, standard) = (descriptor.flags.contains(Fdflags::NONBLOCK), descriptor.standard);
    let file = descriptor.file(Rights::FD_WRITE)?;
    memory.check(nwritten, 4)?;
    let room = ctx.ledger.room(standard);
    let count = match memory.single(iovs, iovs_len)? {
        Some(bytes) if bytes.len() <= PIECE && bytes.len() as u64 <= room => {
            transfer::write(waits, file, nonblock, bytes)
        }
        _ => transfer::write_list(waits, file, nonblock, memory, (iovs, iovs_len), room),
    };
    let count = match count {
        Ok(count) => count,
        Err(errno) => return Err(cut_short(ctx, errno, standard)),
    };
    ctx.ledger.wrote(count, standard);
    memory.write_u32(nwritten, count)
}

/// The end of a write that gives no count: what it had moved when it was canceled is counted all the same.
#[cold]
pub(super) fn cut_short(ctx: &mut WasiCtx, errno: Errno, standard: bool) -> Errno {
    if errno == Errno::Canceled {
        ctx.ledger.wrote(ctx.waits.take_moved(), standard);
    }
    errno
}

/// Reads at an offset; the cursor stays. Needs the rights to read and to seek.
///
/// - `fd`: a file
/// - `iovs`, `iovs_len`: the buffers, filled in this order
/// - `offset`: from the start of the file
/// - `nread`: result, `u32`: bytes read; 0 is the end
///
/// Errors: those of [`fd_read`]; ESPIPE for streams, EINVAL for an offset beyond 2⁶³−1.
pub fn fd_pread(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    iovs: GuestPtr,
    iovs_len: GuestLen,
    offset: u64,
    nread: GuestPtr,
) -> Result<(), Errno> {
    let file = ctx.table.seekable_file(fd, Rights::FD_READ | Rights::FD_SEEK)?;
    memory.check(nread, 4)?;
    check_offset(offset)?;
    let count = match memory.single_mut(iovs, iovs_len)? {
        Some(bytes) if bytes.len() <= PIECE => {
            let len = bytes.len();
            file.read_at(&mut [IoSliceMut::new(bytes)], offset)?.min(len) as u32
        }
        _ => memory.scatter(iovs, iovs_len, false, &mut |bufs, before, total| {
            // As in `read_list`.
            if before > 0 && ctx.waits.asked_to_stop(units_for(before.into())).is_some() {
                return Ok(0);
            }
            let offset = offset.saturating_add(before.into());
            let mut read = |bufs: &mut [IoSliceMut<'_>], done: u32| {
                file.read_at(bufs, offset.saturating_add(done.into())).map(transfer::reported)
            };
            if total as usize > PIECE { pieces::read(&ctx.waits, bufs, &mut read) } else { read(bufs, 0) }
        })?,
    };
    ctx.ledger.read(count);
    memory.write_u32(nread, count)
}

/// Writes at an offset, also with `append`; the cursor stays. Needs the rights to write and to seek.
///
/// - `fd`: a file
/// - `iovs`, `iovs_len`: the buffers, written in this order
/// - `offset`: from the start of the file
/// - `nwritten`: result, `u32`: bytes written
///
/// Errors: those of [`fd_write`]; ESPIPE for streams, EINVAL for an offset beyond 2⁶³−1.
pub fn fd_pwrite(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    iovs: GuestPtr,
    iovs_len: GuestLen,
    offset: u64,
    nwritten: GuestPtr,
) -> Result<(), Errno> {
    let standard = ctx.table.get(fd)?.standard;
    let file = ctx.table.seekable_file(fd, Rights::FD_WRITE | Rights::FD_SEEK)?;
    memory.check(nwritten, 4)?;
    check_offset(offset)?;
    let room = ctx.ledger.room(standard);
    let mut write = |bufs: &[IoSlice<'_>], _, done: u32| {
        file.write_at(bufs, offset.saturating_add(done.into())).map(transfer::reported)
    };
    let count = transfer::gather(memory, (iovs, iovs_len), room, &mut |bufs, total| {
        if total as usize > PIECE { pieces::write(&ctx.waits, bufs, &mut write) } else { write(bufs, total, 0) }
    })?;
    ctx.ledger.wrote(count, standard);
    memory.write_u32(nwritten, count)
}

fn check_offset(offset: u64) -> Result<(), Errno> {
    if offset <= OFFSET_MAX { Ok(()) } else { Err(Errno::Inval) }
}

/// Moves the cursor. Asking where it is (`cur`, 0) needs only the right to tell.
///
/// - `fd`: a file
/// - `offset`: by how much, signed
/// - `whence`: from the start, the cursor or the end
/// - `newoffset`: result, `u64`: the cursor, from the start of the file
///
/// Errors: EINVAL before the start, ESPIPE for streams, EISDIR.
pub fn fd_seek(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    offset: i64,
    whence: Whence,
    newoffset: GuestPtr,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    descriptor.check_seekable()?;
    if whence == Whence::Cur && offset == 0 {
        descriptor.check_any_right(Rights::FD_TELL | Rights::FD_SEEK)?;
    } else {
        descriptor.check_rights(Rights::FD_SEEK)?;
    }
    memory.check(newoffset, 8)?;
    let to = match whence {
        Whence::Set => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::Inval)?),
        Whence::Cur => SeekFrom::Current(offset),
        Whence::End => SeekFrom::End(offset),
    };
    let position = descriptor.file(Rights::empty())?.seek(to)?;
    memory.write_u64(newoffset, position)
}

/// Stores where the cursor is. The right to seek includes this one.
///
/// - `fd`: a file
/// - `offset`: result, `u64`: the cursor, from the start of the file
///
/// Errors: ESPIPE for streams, EISDIR.
pub fn fd_tell(ctx: &mut WasiCtx, memory: &mut Memory<'_>, fd: Fd, offset: GuestPtr) -> Result<(), Errno> {
    fd_seek(ctx, memory, fd, 0, Whence::Cur, offset)
}

/// Says how a part of a file will be used. Changes nothing.
///
/// - `fd`: a file
/// - `offset`, `len`: the part; `len` 0 is up to the end
/// - `advice`: how it will be used
///
/// Errors: EINVAL for unknown advice and beyond 2⁶³−1, ESPIPE for streams, EBADF for directories.
pub fn fd_advise(
    ctx: &mut WasiCtx,
    _memory: &mut Memory<'_>,
    fd: Fd,
    offset: u64,
    len: u64,
    advice: Advice,
) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    descriptor.check_not_directory().map_err(|_| Errno::Badf)?;
    descriptor.check_seekable()?;
    let file = descriptor.file(Rights::FD_ADVISE)?;
    check_offset(offset)?;
    check_offset(len)?;
    file.advise(offset, len, advice)
}

/// Makes sure that a part of a file exists; the file grows if need be and never shrinks.
///
/// - `fd`: a file open for writing
/// - `offset`, `len`: the part
///
/// Errors: EINVAL for `len` 0, EFBIG beyond 2⁶³−1, ESPIPE for streams, EISDIR, EDQUOT, ENOSPC, after which the file is as
/// long as it was.
pub fn fd_allocate(ctx: &mut WasiCtx, _memory: &mut Memory<'_>, fd: Fd, offset: u64, len: u64) -> Result<(), Errno> {
    let file = ctx.table.seekable_file(fd, Rights::FD_ALLOCATE)?;
    if len == 0 {
        return Err(Errno::Inval);
    }
    if offset.checked_add(len).is_none_or(|end| end > OFFSET_MAX) {
        return Err(Errno::Fbig);
    }
    ctx.ledger.check_allocate(len)?;
    let size = file.stat()?.size;
    let (done, ended) = pieces::allocate(&ctx.waits, file, offset, len);
    match ended {
        Ok(()) => ctx.ledger.allocated(len),
        Err(errno) => {
            ctx.ledger.moved(done);
            // What was stopped is not undone: when the call is made again, it finds that done.
            if errno != Errno::Canceled && done > 0 && file.stat()?.size > size {
                pieces::set_size(&ctx.waits, file, size)?;
            }
        }
    }
    ended
}

/// Flushes data to the medium. Whoever may flush everything may flush data.
///
/// - `fd`: a file or directory, however it is open
///
/// Errors: EINVAL for streams.
pub fn fd_datasync(ctx: &mut WasiCtx, _memory: &mut Memory<'_>, fd: Fd) -> Result<(), Errno> {
    sync(ctx, fd, Rights::FD_DATASYNC | Rights::FD_SYNC, true)
}

/// Flushes data and metadata to the medium.
///
/// - `fd`: a file or directory, however it is open
///
/// Errors: EINVAL for streams.
pub fn fd_sync(ctx: &mut WasiCtx, _memory: &mut Memory<'_>, fd: Fd) -> Result<(), Errno> {
    sync(ctx, fd, Rights::FD_SYNC, false)
}

fn sync(ctx: &mut WasiCtx, fd: Fd, alternatives: Rights, data_only: bool) -> Result<(), Errno> {
    let descriptor = ctx.table.get_mut(fd)?;
    descriptor.check_any_right(alternatives)?;
    match descriptor.file(Rights::empty()) {
        Ok(file) => file.sync(data_only),
        Err(_) => descriptor.directory(Rights::empty())?.dir.sync(data_only),
    }
}
