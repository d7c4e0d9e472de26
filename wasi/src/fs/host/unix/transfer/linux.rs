//! Appending, synchronous and non-waiting transfers on Linux: `preadv2` and `pwritev2` take the wish per call (`RWF_*`), so
//! that the descriptor itself stays free of `O_APPEND` and `O_NONBLOCK`, and `pwrite` stays what POSIX says it is. Systems that only look like Linux may
//! not know these flags; then [`portable`] does it.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::BorrowedFd;

use rustix::fs::{major, minor};
use rustix::io::{self, Errno, ReadWriteFlags, preadv2, pwritev2, retry_on_intr};

use super::portable;
use crate::abi::Fdflags;

/// To `pwritev2`: at the cursor, which advances.
const AT_CURSOR: u64 = u64::MAX;
/// `RWF_NOAPPEND` (Linux 6.9): not at the end although the descriptor says `O_APPEND`. rustix has no name for it yet.
const NOAPPEND: ReadWriteFlags = ReadWriteFlags::from_bits_retain(0x20);

/// Writes at the cursor or at the end.
pub(super) fn write(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>], flags: Fdflags) -> io::Result<usize> {
    let mut wish = durability(flags);
    wish.set(ReadWriteFlags::APPEND, flags.contains(Fdflags::APPEND));
    match retry_on_intr(|| pwritev2(fd, bufs, AT_CURSOR, wish)) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => portable::write(fd, bufs, flags),
        done => done,
    }
}

/// Writes at `offset`.
pub(super) fn write_at(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>], offset: u64, flags: Fdflags) -> io::Result<usize> {
    // Descriptors opened here never have O_APPEND, but one that came from outside may.
    let mut wish = durability(flags);
    wish.set(NOAPPEND, flags.contains(Fdflags::APPEND));
    match retry_on_intr(|| pwritev2(fd, bufs, offset, wish)) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => portable::write_at(fd, bufs, offset, flags),
        done => done,
    }
}

/// Whether that is the number of one of the memory devices `null`, `zero`, `full` and `urandom`.
pub(super) fn never_waits(device: u64) -> bool {
    const MEMORY: u32 = 1;
    major(device) == MEMORY && matches!(minor(device), 3 | 5 | 7 | 9)
}

/// Reads at the cursor without waiting. Pipes have known how since Linux 6.4, sockets for longer.
pub(super) fn read_now(fd: BorrowedFd<'_>, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    unless_unknown(retry_on_intr(|| preadv2(fd, bufs, AT_CURSOR, ReadWriteFlags::NOWAIT)))
}

/// Writes at the cursor without waiting.
pub(super) fn write_now(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    unless_unknown(retry_on_intr(|| pwritev2(fd, bufs, AT_CURSOR, ReadWriteFlags::NOWAIT)))
}

fn unless_unknown(done: io::Result<usize>) -> io::Result<usize> {
    done.map_err(|errno| if errno == Errno::NOSYS { Errno::OPNOTSUPP } else { errno })
}

/// Linux gives `O_RSYNC` the meaning of `O_SYNC`; so do we.
fn durability(flags: Fdflags) -> ReadWriteFlags {
    let mut wish = ReadWriteFlags::empty();
    wish.set(ReadWriteFlags::SYNC, flags.intersects(Fdflags::SYNC | Fdflags::RSYNC));
    wish.set(ReadWriteFlags::DSYNC, flags.contains(Fdflags::DSYNC));
    wish
}
