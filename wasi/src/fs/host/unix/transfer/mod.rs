//! Moving bytes between a descriptor and the guest's memory: one system call per transfer, no copy in between.
//!
//! An interrupted call (EINTR) has moved nothing and is made again. Offsets beyond `i64::MAX` are refused here, because
//! to the system the last of them means "at the cursor".

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::Stat;
use rustix::io::{self, retry_on_intr};

use crate::abi::{Errno, Fdflags};
use crate::fs::errno_from_system;

#[cfg(target_os = "linux")]
mod linux;
mod portable;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use portable as system;

/// What a stream takes at once that says it is ready: POSIX's promise for pipes, `PIPE_BUF`, which is this on Linux.
const READY_BYTES: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

/// Flags that a plain `writev` does not honour by itself.
const SPECIAL: Fdflags = Fdflags::APPEND.union(Fdflags::DSYNC).union(Fdflags::RSYNC).union(Fdflags::SYNC);

/// Whether a character device takes and gives at once, always.
pub(super) fn never_waits(stat: &Stat) -> bool {
    #[allow(clippy::useless_conversion, reason = "the number's type is the system's")]
    system::never_waits(stat.st_rdev.into())
}

/// Reads at the cursor.
pub(super) fn read(fd: BorrowedFd<'_>, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
    // The system reads into one buffer a little faster than into a list of one.
    match bufs {
        [buf] => retry_on_intr(|| io::read(fd, &mut **buf)),
        bufs => retry_on_intr(|| io::readv(fd, bufs)),
    }
    .map_err(errno_from_system)
}

/// Reads from a stream what there is; EAGAIN when there is nothing, and ENOTSUP when such a stream cannot be read without
/// perhaps waiting.
pub(super) fn read_now(fd: BorrowedFd<'_>, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
    system::read_now(fd, bufs).map_err(errno_from_system)
}

/// Writes to a stream what there is room for; EAGAIN and ENOTSUP as [`read_now`].
pub(super) fn write_now(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
    system::write_now(fd, bufs).map_err(errno_from_system)
}

/// Reads from a stream if that is ready; EAGAIN if not. Where several read from one stream, another may be faster, and
/// then this waits.
pub(super) fn read_if_ready(fd: BorrowedFd<'_>, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
    check_ready(fd, PollFlags::IN)?;
    read(fd, bufs)
}

/// Writes to a stream if that is ready, and then not more than [`READY_BYTES`]; EAGAIN if not. A terminal with less room
/// than that may wait.
pub(super) fn write_if_ready(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
    check_ready(fd, PollFlags::OUT)?;
    if bufs.iter().map(|buf| buf.len()).sum::<usize>() <= READY_BYTES {
        return write_plain(fd, bufs).map_err(errno_from_system);
    }
    let first = bufs.iter().find(|buf| !buf.is_empty()).map_or(&[][..], |buf| &buf[..buf.len().min(READY_BYTES)]);
    write_plain(fd, &[IoSlice::new(first)]).map_err(errno_from_system)
}

fn check_ready(fd: BorrowedFd<'_>, events: PollFlags) -> Result<(), Errno> {
    let ready = || poll(&mut [PollFd::from_borrowed_fd(fd, events)], Some(&Timespec::default()));
    match retry_on_intr(ready) {
        Ok(0) => Err(Errno::Again),
        // What is wrong with it, if something is, the transfer says.
        Ok(_) => Ok(()),
        Err(errno) => Err(errno_from_system(errno)),
    }
}

/// Reads at `offset`.
pub(super) fn read_at(fd: BorrowedFd<'_>, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize, Errno> {
    check(offset)?;
    match bufs {
        [buf] => retry_on_intr(|| io::pread(fd, &mut **buf, offset)),
        bufs => retry_on_intr(|| io::preadv(fd, bufs, offset)),
    }
    .map_err(errno_from_system)
}

/// Writes at the cursor, or at the end with [`Fdflags::APPEND`].
pub(super) fn write(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>], flags: Fdflags) -> Result<usize, Errno> {
    if flags.intersects(SPECIAL) {
        return system::write(fd, bufs, flags).map_err(errno_from_system);
    }
    write_plain(fd, bufs).map_err(errno_from_system)
}

/// Writes at `offset`, [`Fdflags::APPEND`] or not.
pub(super) fn write_at(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>], offset: u64, flags: Fdflags) -> Result<usize, Errno> {
    check(offset)?;
    if flags.intersects(SPECIAL) {
        return system::write_at(fd, bufs, offset, flags).map_err(errno_from_system);
    }
    write_at_plain(fd, bufs, offset).map_err(errno_from_system)
}

fn check(offset: u64) -> Result<(), Errno> {
    i64::try_from(offset).map(|_| ()).map_err(|_| Errno::Inval)
}

fn write_plain(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    match bufs {
        [buf] => retry_on_intr(|| io::write(fd, buf)),
        bufs => retry_on_intr(|| io::writev(fd, bufs)),
    }
}

fn write_at_plain(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>], offset: u64) -> io::Result<usize> {
    match bufs {
        [buf] => retry_on_intr(|| io::pwrite(fd, buf, offset)),
        bufs => retry_on_intr(|| io::pwritev(fd, bufs, offset)),
    }
}
