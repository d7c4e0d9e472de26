//! A bell of POSIX: a pipe, with bytes in it while it is rung.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{FdFlags, fcntl_setfd};

pub(in crate::wait) struct Bell {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Bell {
    pub(in crate::wait) fn new() -> io::Result<Self> {
        // Not `pipe2`, which not all have.
        let (reader, writer) = rustix::pipe::pipe()?;
        for fd in [&reader, &writer] {
            fcntl_setfd(fd, FdFlags::CLOEXEC)?;
            fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)?;
        }
        Ok(Bell { reader, writer })
    }

    pub(in crate::wait) fn ring(&self) {
        // It can only fail when the pipe is full, and then it has been rung.
        let _ = rustix::io::write(&self.writer, &[1]);
    }

    pub(in crate::wait) fn silence(&self) {
        let mut bytes = [0; 4096];
        while rustix::io::read(&self.reader, &mut bytes).is_ok_and(|count| count > 0) {}
    }

    /// Readable while rung.
    pub(in crate::wait) fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
