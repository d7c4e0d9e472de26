//! Moving bytes between a descriptor and the guest's memory: one system call per transfer, no copy in between.
//!
//! An interrupted call (EINTR) has moved nothing and is made again. Offsets beyond `i64::MAX` are refused here, because
//! to the system the last of them means "at the cursor".

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::BorrowedFd;

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

/// Flags that a plain `writev` does not honour by itself.
const SPECIAL: Fdflags = Fdflags::APPEND.union(Fdflags::DSYNC).union(Fdflags::RSYNC).union(Fdflags::SYNC);

/// Reads at the cursor.
pub(super) fn read(fd: BorrowedFd<'_>, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
    // The system reads into one buffer a little faster than into a list of one.
    match bufs {
        [buf] => retry_on_intr(|| io::read(fd, &mut **buf)),
        bufs => retry_on_intr(|| io::readv(fd, bufs)),
    }
    .map_err(errno_from_system)
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
