//! A bell of Linux: one descriptor with a counter.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};

pub(in crate::wait) struct Bell(OwnedFd);

impl Bell {
    pub(in crate::wait) fn new() -> io::Result<Self> {
        Ok(Bell(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    pub(in crate::wait) fn ring(&self) {
        // It can only fail when the counter is full, and then it has been rung.
        let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
    }

    pub(in crate::wait) fn silence(&self) {
        // One reading empties the counter; none is needed when it is empty.
        let _ = rustix::io::read(&self.0, &mut [0; 8]);
    }

    /// Readable while rung.
    pub(in crate::wait) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
