//! Appending and synchronous writes in POSIX: `O_APPEND` is set for the length of the call, and a flush follows.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::BorrowedFd;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl, fdatasync, fsync};
use rustix::io;

use super::{write_at_plain, write_plain};
use crate::abi::Fdflags;

/// Which devices never wait is not known here.
#[cfg(not(target_os = "linux"))]
pub(super) fn never_waits(_device: u64) -> bool {
    false
}

/// Writes at the cursor or at the end.
pub(super) fn write(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>], flags: Fdflags) -> io::Result<usize> {
    let written = with_append(fd, flags.contains(Fdflags::APPEND), || write_plain(fd, bufs))?;
    flush(fd, flags)?;
    Ok(written)
}

/// Writes at `offset`. Several systems append all the same when the descriptor says `O_APPEND`, so it must not.
pub(super) fn write_at(fd: BorrowedFd<'_>, bufs: &[IoSlice<'_>], offset: u64, flags: Fdflags) -> io::Result<usize> {
    let written = if flags.contains(Fdflags::APPEND) {
        with_append(fd, false, || write_at_plain(fd, bufs, offset))?
    } else {
        write_at_plain(fd, bufs, offset)?
    };
    flush(fd, flags)?;
    Ok(written)
}

/// POSIX has no reading that does not wait on a descriptor that does.
#[cfg_attr(target_os = "linux", allow(dead_code))]
pub(super) fn read_now(_fd: BorrowedFd<'_>, _bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
    Err(io::Errno::OPNOTSUPP)
}

/// Nor such writing.
#[cfg_attr(target_os = "linux", allow(dead_code))]
pub(super) fn write_now(_fd: BorrowedFd<'_>, _bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    Err(io::Errno::OPNOTSUPP)
}

/// Calls `write` while the descriptor's `O_APPEND` is as wanted, and puts it back.
fn with_append(fd: BorrowedFd<'_>, append: bool, write: impl FnOnce() -> io::Result<usize>) -> io::Result<usize> {
    let found = fcntl_getfl(fd)?;
    if found.contains(OFlags::APPEND) == append {
        return write();
    }
    fcntl_setfl(fd, found ^ OFlags::APPEND)?;
    let written = write();
    fcntl_setfl(fd, found)?;
    written
}

fn flush(fd: BorrowedFd<'_>, flags: Fdflags) -> io::Result<()> {
    if flags.intersects(Fdflags::SYNC | Fdflags::RSYNC) {
        fsync(fd)
    } else if flags.contains(Fdflags::DSYNC) {
        fdatasync(fd)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn appends_at_the_end_and_writes_at_offsets() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("file");
        let file = std::fs::File::create(&path).unwrap();
        let flags = Fdflags::APPEND | Fdflags::DSYNC;
        write(file.as_fd(), &[IoSlice::new(b"ab"), IoSlice::new(b"c")], flags).unwrap();
        write_at(file.as_fd(), &[IoSlice::new(b"X")], 0, flags).unwrap();
        rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(0)).unwrap();
        write(file.as_fd(), &[IoSlice::new(b"d")], flags).unwrap();
        write(file.as_fd(), &[IoSlice::new(b"e")], Fdflags::SYNC).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"Xbcde");
        assert!(!fcntl_getfl(&file).unwrap().contains(OFlags::APPEND));
    }
}
