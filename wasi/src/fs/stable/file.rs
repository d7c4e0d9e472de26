//! An open file or stream of which nothing is seen that its host decides.

use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::sync::Arc;

use super::numbers::{Numbers, Touch};
use crate::abi::{Advice, Errno, Fdflags, Filestat, Filetype};
use crate::fs::{File, SetTime};

/// Stands before another file. It keeps its number when it is removed.
pub(crate) struct StableFile {
    inner: Box<dyn File>,
    numbers: Arc<Numbers>,
    number: u64,
}

impl StableFile {
    pub(super) fn opened(inner: Box<dyn File>, numbers: Arc<Numbers>) -> Result<StableFile, Errno> {
        let stat = inner.stat()?;
        let number = numbers.file(stat.dev, stat.ino);
        Ok(StableFile { inner, numbers, number })
    }

    /// A standard stream, by its descriptor's number.
    pub(crate) fn stream(inner: Box<dyn File>, numbers: Arc<Numbers>, descriptor: usize) -> StableFile {
        StableFile { inner, numbers, number: descriptor as u64 + 1 }
    }

    pub(super) fn touch(&self, touch: Touch) {
        self.numbers.touch(self.number, touch);
    }

    /// Notes that the contents have changed, if they have.
    fn modified<T>(&self, done: Result<T, Errno>) -> Result<T, Errno> {
        if done.is_ok() {
            self.touch(Touch::Modified);
        }
        done
    }
}

impl File for StableFile {
    fn filetype(&self) -> Filetype {
        self.inner.filetype()
    }

    fn stat(&self) -> Result<Filestat, Errno> {
        self.inner.stat().map(|stat| self.numbers.seen(&stat, Some(self.number)))
    }

    fn read(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        self.inner.read(bufs)
    }

    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        let done = self.inner.write(bufs);
        self.modified(done)
    }

    fn read_at(&mut self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize, Errno> {
        self.inner.read_at(bufs, offset)
    }

    fn write_at(&mut self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize, Errno> {
        let done = self.inner.write_at(bufs, offset);
        self.modified(done)
    }

    fn seek(&mut self, to: SeekFrom) -> Result<u64, Errno> {
        self.inner.seek(to)
    }

    fn set_size(&mut self, size: u64) -> Result<u64, Errno> {
        let done = self.inner.set_size(size);
        self.modified(done)
    }

    fn allocate(&mut self, offset: u64, len: u64) -> Result<u64, Errno> {
        let done = self.inner.allocate(offset, len);
        self.modified(done)
    }

    fn advise(&mut self, offset: u64, len: u64, advice: Advice) -> Result<(), Errno> {
        self.inner.advise(offset, len, advice)
    }

    fn set_times(&mut self, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        let (accessed, modified) = (self.numbers.resolve(accessed), self.numbers.resolve(modified));
        self.inner.set_times(accessed, modified)?;
        self.numbers.set_times(self.number, accessed, modified);
        Ok(())
    }

    fn set_flags(&mut self, flags: Fdflags) -> Result<(), Errno> {
        self.inner.set_flags(flags)
    }

    fn sync(&mut self, data_only: bool) -> Result<(), Errno> {
        self.inner.sync(data_only)
    }

    fn bytes_readable(&mut self) -> Result<Option<u64>, Errno> {
        self.inner.bytes_readable()
    }

    #[cfg(unix)]
    fn pollable(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.inner.pollable()
    }
}
