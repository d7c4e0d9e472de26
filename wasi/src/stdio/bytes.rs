//! A stream that gives some bytes once.

use std::io::IoSliceMut;

use crate::abi::{Errno, Fdflags, Filetype};
use crate::fs::{File, stream_flags};

pub(super) struct Bytes {
    bytes: Vec<u8>,
    /// How many have been read; never more than there are.
    read: usize,
}

impl Bytes {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Bytes { bytes, read: 0 }
    }
}

impl File for Bytes {
    fn filetype(&self) -> Filetype {
        Filetype::Unknown
    }

    fn read(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        let before = self.read;
        for buf in bufs {
            let rest = &self.bytes[self.read..];
            let count = rest.len().min(buf.len());
            buf[..count].copy_from_slice(&rest[..count]);
            self.read += count;
        }
        Ok(self.read - before)
    }

    fn set_flags(&mut self, flags: Fdflags) -> Result<(), Errno> {
        stream_flags(flags)
    }

    fn bytes_readable(&mut self) -> Result<Option<u64>, Errno> {
        Ok(Some((self.bytes.len() - self.read) as u64))
    }
}
