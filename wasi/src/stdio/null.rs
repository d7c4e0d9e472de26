//! Nothing to read, and room for everything.

use std::io::{IoSlice, IoSliceMut};

use crate::abi::{Errno, Fdflags, Filetype};
use crate::fs::{File, stream_flags};

pub(super) struct Null;

impl File for Null {
    fn filetype(&self) -> Filetype {
        // Not CHARACTER_DEVICE: nothing about it should suggest a terminal.
        Filetype::Unknown
    }

    fn read(&mut self, _bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        Ok(0)
    }

    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        match bufs {
            // The usual case takes no loop.
            [one] => Ok(one.len()),
            many => Ok(many.iter().map(|buf| buf.len()).sum()),
        }
    }

    fn set_flags(&mut self, flags: Fdflags) -> Result<(), Errno> {
        stream_flags(flags)
    }
}
