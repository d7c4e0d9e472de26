//! A `File` over a descriptor of the host's, whatever it is: regular file, device, FIFO, pipe, socket, terminal.
//!
//! What it is was found out once, when it came in. Only regular files and block devices have a cursor here; of a
//! character device (`/dev/null` has one, to the system) no guest may think that it is a file.

use std::io::{self, IoSlice, IoSliceMut};
use std::num::NonZeroU64;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{self as system, FallocateFlags, OFlags};

use super::{stat, timestamps, transfer};
use crate::abi::{Advice, Errno, Fdflags, Filestat, Filetype};
use crate::fs::{File, SetTime, errno_from_system};

/// An open file of the host.
///
/// Of a regular file, `append` and the sync flags are kept here and asked for with every write; the descriptor's own
/// status flags are left alone. Of a stream, `nonblock` is set on the descriptor itself. If that came from outside
/// ([`from_std`](Self::from_std), [`from_fd`](Self::from_fd)) other processes may share it, a terminal
/// above all; so the flags found are put back when the file is dropped.
#[derive(Debug)]
pub struct HostFile {
    fd: OwnedFd,
    filetype: Filetype,
    seekable: bool,
    flags: Fdflags,
    /// Status flags of a stream from outside, once they were changed.
    found: Option<OFlags>,
    outside: bool,
}

impl HostFile {
    /// Takes over a file that is open already.
    ///
    /// ```
    /// use hostel_wasi::{abi::Filetype, fs::{File, host::HostFile}};
    /// # #[cfg(unix)] {
    /// let null = HostFile::from_std(std::fs::File::open("/dev/null").unwrap());
    /// assert_eq!(null.filetype(), Filetype::CharacterDevice);
    /// # }
    /// ```
    pub fn from_std(file: std::fs::File) -> HostFile {
        HostFile::from_fd(file.into())
    }

    /// Takes over any descriptor, for instance a duplicate of stdin's or one end of a pipe.
    pub fn from_fd(fd: OwnedFd) -> HostFile {
        // A descriptor that cannot even be asked is a stream of no known type; its first transfer will say why.
        let filetype = system::fstat(&fd).map_or(Filetype::Unknown, |stat| stat::filestat(&stat).filetype);
        let found = system::fcntl_getfl(&fd).unwrap_or(OFlags::empty());
        let mut flags = Fdflags::empty();
        flags.set(Fdflags::APPEND, found.contains(OFlags::APPEND));
        flags.set(Fdflags::NONBLOCK, found.contains(OFlags::NONBLOCK));
        flags.set(Fdflags::SYNC, found.contains(OFlags::SYNC));
        flags.set(Fdflags::DSYNC, found.contains(OFlags::DSYNC) && !found.contains(OFlags::SYNC));
        let mut file = HostFile::opened(fd, filetype, flags);
        file.outside = true;
        file
    }

    /// What [`super::open`] has opened. On a stream, `NONBLOCK` says what the descriptor already is.
    pub(super) fn opened(fd: OwnedFd, filetype: Filetype, flags: Fdflags) -> HostFile {
        let seekable = matches!(filetype, Filetype::RegularFile | Filetype::BlockDevice);
        HostFile { fd, filetype, seekable, flags, found: None, outside: false }
    }

    /// The flags in force; of a file from outside, at first those it came with.
    pub fn flags(&self) -> Fdflags {
        self.flags
    }

    fn with_position(&self) -> Result<BorrowedFd<'_>, Errno> {
        if self.seekable { Ok(self.fd.as_fd()) } else { Err(Errno::Spipe) }
    }
}

impl From<std::fs::File> for HostFile {
    fn from(file: std::fs::File) -> HostFile {
        HostFile::from_std(file)
    }
}

impl Drop for HostFile {
    fn drop(&mut self) {
        if let Some(found) = self.found {
            let _ = system::fcntl_setfl(&self.fd, found);
        }
    }
}

impl File for HostFile {
    fn filetype(&self) -> Filetype {
        self.filetype
    }

    fn stat(&self) -> Result<Filestat, Errno> {
        system::fstat(&self.fd).map(|stat| stat::filestat(&stat)).map_err(errno_from_system)
    }

    fn read(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        transfer::read(self.fd.as_fd(), bufs)
    }

    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        let flags = if self.seekable { self.flags } else { Fdflags::empty() };
        transfer::write(self.fd.as_fd(), bufs, flags)
    }

    fn read_at(&mut self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize, Errno> {
        transfer::read_at(self.with_position()?, bufs, offset)
    }

    fn write_at(&mut self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize, Errno> {
        transfer::write_at(self.with_position()?, bufs, offset, self.flags)
    }

    fn seek(&mut self, to: io::SeekFrom) -> Result<u64, Errno> {
        let to = match to {
            io::SeekFrom::Start(offset) => system::SeekFrom::Start(offset),
            io::SeekFrom::Current(offset) => system::SeekFrom::Current(offset),
            io::SeekFrom::End(offset) => system::SeekFrom::End(offset),
        };
        system::seek(self.with_position()?, to).map_err(|error| match error {
            // Too far beyond the start and too far beyond the end are one mistake to the witx.
            rustix::io::Errno::OVERFLOW => Errno::Inval,
            error => errno_from_system(error),
        })
    }

    fn set_size(&mut self, size: u64) -> Result<(), Errno> {
        system::ftruncate(&self.fd, size).map_err(errno_from_system)
    }

    fn allocate(&mut self, offset: u64, len: u64) -> Result<(), Errno> {
        let fd = self.with_position()?;
        match system::fallocate(fd, FallocateFlags::empty(), offset, len) {
            // Some file systems cannot reserve; the length they can still give.
            Err(rustix::io::Errno::OPNOTSUPP) => {
                let end = offset.checked_add(len).ok_or(Errno::Fbig)?;
                if self.stat()?.size < end { system::ftruncate(fd, end).map_err(errno_from_system) } else { Ok(()) }
            }
            done => done.map_err(errno_from_system),
        }
    }

    fn advise(&mut self, offset: u64, len: u64, advice: Advice) -> Result<(), Errno> {
        let advice = match advice {
            Advice::Normal => system::Advice::Normal,
            Advice::Sequential => system::Advice::Sequential,
            Advice::Random => system::Advice::Random,
            Advice::Willneed => system::Advice::WillNeed,
            Advice::Dontneed => system::Advice::DontNeed,
            Advice::Noreuse => system::Advice::NoReuse,
        };
        system::fadvise(self.with_position()?, offset, NonZeroU64::new(len), advice).map_err(errno_from_system)
    }

    fn set_times(&mut self, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        system::futimens(&self.fd, &timestamps(accessed, modified)).map_err(errno_from_system)
    }

    fn set_flags(&mut self, flags: Fdflags) -> Result<(), Errno> {
        // Regular files never wait, and what else there is to them is asked for with each write.
        if !self.seekable && (self.flags ^ flags).contains(Fdflags::NONBLOCK) {
            let present = system::fcntl_getfl(&self.fd).map_err(errno_from_system)?;
            let mut wanted = present;
            wanted.set(OFlags::NONBLOCK, flags.contains(Fdflags::NONBLOCK));
            system::fcntl_setfl(&self.fd, wanted).map_err(errno_from_system)?;
            if self.outside {
                self.found.get_or_insert(present);
            }
        }
        self.flags = flags;
        Ok(())
    }

    fn sync(&mut self, data_only: bool) -> Result<(), Errno> {
        if data_only { system::fdatasync(&self.fd) } else { system::fsync(&self.fd) }.map_err(errno_from_system)
    }

    fn bytes_readable(&mut self) -> Result<Option<u64>, Errno> {
        if self.seekable {
            let cursor = system::tell(&self.fd).map_err(errno_from_system)?;
            return Ok(Some(self.stat()?.size.saturating_sub(cursor)));
        }
        // 0 may mean "not yet" as well as "no more": only waiting tells. Devices may not know the question.
        Ok(rustix::io::ioctl_fionread(&self.fd).ok().filter(|&waiting| waiting > 0))
    }

    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        if self.seekable { None } else { Some(self.fd.as_fd()) }
    }
}
