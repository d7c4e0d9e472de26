//! The process's own streams through the standard library, where there are no descriptors to duplicate.

use std::io::{self, IoSlice, IoSliceMut, IsTerminal, Read, Write};

use super::Stream;
use crate::abi::{Errno, Fdflags, Filetype};
use crate::fs::host::HostFile;
use crate::fs::{File, errno_from_io, stream_flags};

pub(super) fn inherit(stream: Stream) -> io::Result<(Box<dyn File>, Fdflags)> {
    Ok((Box::new(Inherited(stream)), Fdflags::empty()))
}

pub(super) fn flags(_file: &HostFile) -> Fdflags {
    Fdflags::empty()
}

struct Inherited(Stream);

impl File for Inherited {
    fn filetype(&self) -> Filetype {
        let terminal = match self.0 {
            Stream::Stdin => io::stdin().is_terminal(),
            Stream::Stdout => io::stdout().is_terminal(),
            Stream::Stderr => io::stderr().is_terminal(),
        };
        if terminal { Filetype::CharacterDevice } else { Filetype::Unknown }
    }

    fn read(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        match self.0 {
            Stream::Stdin => io::stdin().read_vectored(bufs).map_err(|error| errno_from_io(&error)),
            _ => Err(Errno::Badf),
        }
    }

    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        let written = match self.0 {
            Stream::Stdin => return Err(Errno::Badf),
            Stream::Stdout => io::stdout().lock().write_vectored(bufs),
            Stream::Stderr => io::stderr().lock().write_vectored(bufs),
        };
        // The standard library buffers lines of stdout; a guest has done its own buffering.
        if self.0 == Stream::Stdout {
            io::stdout().flush().map_err(|error| errno_from_io(&error))?;
        }
        written.map_err(|error| errno_from_io(&error))
    }

    fn set_flags(&mut self, flags: Fdflags) -> Result<(), Errno> {
        stream_flags(flags)
    }
}
