//! An open file in memory.

use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::sync::{Arc, RwLock};

use super::contents::Contents;
use super::inode::{self, Body, Inode};
use super::volume::Volume;
use crate::abi::{Advice, Errno, Fdflags, Filestat, Filetype};
use crate::fs::{File, SetTime};

/// It holds its inode, so that what was opened stays whole after its last name is gone.
pub(super) struct MemoryFile {
    volume: Arc<Volume>,
    /// A regular file.
    inode: Arc<Inode>,
    cursor: u64,
    readable: bool,
    writable: bool,
    flags: Fdflags,
}

impl MemoryFile {
    pub(super) fn new(volume: Arc<Volume>, inode: Arc<Inode>, readable: bool, writable: bool, flags: Fdflags) -> Self {
        MemoryFile { volume, inode, cursor: 0, readable, writable, flags }
    }

    fn contents(&self) -> Result<&RwLock<Contents>, Errno> {
        match &self.inode.body {
            Body::File(contents) => Ok(contents),
            Body::Link(_) | Body::Directory => Err(Errno::Badf),
        }
    }

    fn read_from(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize, Errno> {
        if !self.readable {
            return Err(Errno::Badf);
        }
        let count = inode::read(self.contents()?).read(bufs, offset);
        if count > 0 {
            self.inode.accessed(|| self.volume.now());
        }
        Ok(count)
    }

    /// Writes and says where the writing ended.
    fn write_to(&self, bufs: &[IoSlice<'_>], offset: Option<u64>) -> Result<(usize, u64), Errno> {
        if !self.writable {
            return Err(Errno::Badf);
        }
        // The end is looked up and written to under one lock: appending is atomic.
        let mut contents = inode::write(self.contents()?);
        let offset = offset.unwrap_or_else(|| contents.size());
        let count = contents.write(bufs, offset, &self.volume.ledger)?;
        drop(contents);
        if count > 0 {
            self.inode.modified(self.volume.now());
        }
        Ok((count, offset + count as u64))
    }
}

fn check(offset: u64) -> Result<u64, Errno> {
    if i64::try_from(offset).is_ok() { Ok(offset) } else { Err(Errno::Inval) }
}

impl File for MemoryFile {
    fn filetype(&self) -> Filetype {
        Filetype::RegularFile
    }

    fn stat(&self) -> Result<Filestat, Errno> {
        Ok(self.inode.stat())
    }

    fn read(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        let count = self.read_from(bufs, self.cursor)?;
        self.cursor += count as u64;
        Ok(count)
    }

    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        let offset = if self.flags.contains(Fdflags::APPEND) { None } else { Some(self.cursor) };
        let (count, end) = self.write_to(bufs, offset)?;
        if count > 0 {
            self.cursor = end;
        }
        Ok(count)
    }

    fn read_at(&mut self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize, Errno> {
        self.read_from(bufs, check(offset)?)
    }

    fn write_at(&mut self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize, Errno> {
        self.write_to(bufs, Some(check(offset)?)).map(|(count, _)| count)
    }

    fn seek(&mut self, to: SeekFrom) -> Result<u64, Errno> {
        let place = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(offset) => self.cursor.checked_add_signed(offset),
            SeekFrom::End(offset) => inode::read(self.contents()?).size().checked_add_signed(offset),
        };
        self.cursor = check(place.ok_or(Errno::Inval)?)?;
        Ok(self.cursor)
    }

    fn set_size(&mut self, size: u64) -> Result<u64, Errno> {
        let size = check(size)?;
        if !self.writable {
            // Not EBADF: so `ftruncate` has it.
            return Err(Errno::Inval);
        }
        inode::write(self.contents()?).set_size(size, &self.volume.ledger)?;
        self.inode.modified(self.volume.now());
        Ok(size)
    }

    fn allocate(&mut self, offset: u64, len: u64) -> Result<u64, Errno> {
        let (offset, len) = (check(offset)?, check(len)?);
        if len == 0 {
            return Err(Errno::Inval);
        }
        if !self.writable {
            return Err(Errno::Badf);
        }
        let end = offset.checked_add(len).ok_or(Errno::Fbig)?;
        let allocated = inode::write(self.contents()?).allocate(offset, end, &self.volume.ledger)?;
        self.inode.modified(self.volume.now());
        Ok(allocated - offset)
    }

    fn advise(&mut self, _offset: u64, len: u64, _advice: Advice) -> Result<(), Errno> {
        check(len).map(|_| ())
    }

    fn set_times(&mut self, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        self.inode.set_times(accessed, modified, self.volume.now());
        Ok(())
    }

    fn set_flags(&mut self, flags: Fdflags) -> Result<(), Errno> {
        // Nothing here ever waits, and memory is as durable as it gets: those flags are kept by being remembered.
        self.flags = flags;
        Ok(())
    }

    fn sync(&mut self, _data_only: bool) -> Result<(), Errno> {
        Ok(())
    }

    fn bytes_readable(&mut self) -> Result<Option<u64>, Errno> {
        Ok(Some(inode::read(self.contents()?).size().saturating_sub(self.cursor)))
    }
}
