//! A `File` over a descriptor of the host's, whatever it is: regular file, device, FIFO, pipe, socket, terminal.
//!
//! What it is was found out once, when it came in. Only regular files and block devices have a cursor here; of a
//! character device (`/dev/null` has one, to the system) no guest may think that it is a file.
//!
//! Streams never wait here: what would is EAGAIN, and whoever called does the waiting (`wait/`).

use std::io::{self, IoSlice, IoSliceMut};
use std::num::NonZeroU64;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{self as system, FallocateFlags, FileType, OFlags};

use super::{stat, timestamps, transfer};
use crate::abi::{Advice, Errno, Fdflags, Filestat, Filetype};
use crate::fs::{File, SetTime, errno_from_system};

/// About how many stored bytes are cut off by one system call, and how many are allocated. Chosen: on a file system in
/// memory, which is the slowest at both, that takes some 2 ms.
const CUT: u64 = 16 << 20;
const ALLOCATED: u64 = 8 << 20;

/// An open file of the host.
///
/// Of a regular file, `append` and the sync flags are kept here and asked for with every write. A stream that would wait,
/// a pipe, a socket, a terminal, is [`Errno::Again`] whether or not `nonblock` is set: the functions wait on
/// [`pollable`](File::pollable). The system's status flags of a descriptor that came from outside
/// ([`from_std`](Self::from_std), [`from_fd`](Self::from_fd)) are left alone: other processes may share it, a terminal
/// above all.
#[derive(Debug)]
pub struct HostFile {
    fd: OwnedFd,
    filetype: Filetype,
    access: Access,
    flags: Fdflags,
}

/// How bytes are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    /// A regular file or block device: it has a position and never waits.
    Position,
    /// The descriptor is this file's alone and says `O_NONBLOCK`, or it is a device that never waits.
    Nonblocking,
    /// A shared pipe or socket: each call says that it does not wait.
    PerCall,
    /// A shared terminal or device, or a system without such calls: it is asked first.
    AskFirst,
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
        let stat = system::fstat(&fd).ok();
        let found = stat.map_or(FileType::Unknown, |stat| FileType::from_raw_mode(stat.st_mode));
        let filetype = stat::filetype(found);
        let access = match found {
            FileType::CharacterDevice if stat.is_some_and(|stat| transfer::never_waits(&stat)) => Access::Nonblocking,
            FileType::RegularFile | FileType::BlockDevice => Access::Position,
            FileType::Fifo | FileType::Socket => Access::PerCall,
            _ => Access::AskFirst,
        };
        let found = system::fcntl_getfl(&fd).unwrap_or(OFlags::empty());
        let mut flags = Fdflags::empty();
        flags.set(Fdflags::APPEND, found.contains(OFlags::APPEND));
        flags.set(Fdflags::NONBLOCK, found.contains(OFlags::NONBLOCK));
        flags.set(Fdflags::SYNC, found.contains(OFlags::SYNC));
        flags.set(Fdflags::DSYNC, found.contains(OFlags::DSYNC) && !found.contains(OFlags::SYNC));
        HostFile { fd, filetype, access, flags }
    }

    /// What [`super::open`] has opened, with `O_NONBLOCK` if it is no regular file.
    pub(super) fn opened(fd: OwnedFd, filetype: Filetype, flags: Fdflags) -> HostFile {
        let seekable = matches!(filetype, Filetype::RegularFile | Filetype::BlockDevice);
        let access = if seekable { Access::Position } else { Access::Nonblocking };
        HostFile { fd, filetype, access, flags }
    }

    /// The flags in force; of a file from outside, at first those it came with.
    pub fn flags(&self) -> Fdflags {
        self.flags
    }

    fn with_position(&self) -> Result<BorrowedFd<'_>, Errno> {
        if self.is_seekable() { Ok(self.fd.as_fd()) } else { Err(Errno::Spipe) }
    }

    /// Whether so much can be allocated, as far as can be told beforehand: in pieces it would fill the disk to find out.
    fn check_room(&self, offset: u64, len: u64) -> Result<(), Errno> {
        let [Ok(offset), Ok(signed)] = [offset, len].map(i64::try_from) else { return Err(Errno::Inval) };
        offset.checked_add(signed).ok_or(Errno::Fbig)?;
        let stored = system::fstat(&self.fd).map_err(errno_from_system)?.st_blocks.unsigned_abs().saturating_mul(512);
        let disk = system::fstatvfs(&self.fd).map_err(errno_from_system)?;
        // What is kept for the superuser may be this process's, and some systems do not say how much there is.
        let room = disk.f_bfree.saturating_mul(disk.f_frsize);
        if disk.f_blocks > 0 && len.saturating_sub(stored) > room { Err(Errno::Nospc) } else { Ok(()) }
    }

    fn is_seekable(&self) -> bool {
        self.access == Access::Position
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
        match self.access {
            Access::Position | Access::Nonblocking => transfer::read(self.fd.as_fd(), bufs),
            Access::PerCall => match transfer::read_now(self.fd.as_fd(), bufs) {
                Err(Errno::Notsup) => {
                    self.access = Access::AskFirst;
                    self.read(bufs)
                }
                done => done,
            },
            Access::AskFirst => transfer::read_if_ready(self.fd.as_fd(), bufs),
        }
    }

    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        match self.access {
            Access::Position => transfer::write(self.fd.as_fd(), bufs, self.flags),
            Access::Nonblocking => transfer::write(self.fd.as_fd(), bufs, Fdflags::empty()),
            Access::PerCall => match transfer::write_now(self.fd.as_fd(), bufs) {
                Err(Errno::Notsup) => {
                    self.access = Access::AskFirst;
                    self.write(bufs)
                }
                done => done,
            },
            Access::AskFirst => transfer::write_if_ready(self.fd.as_fd(), bufs),
        }
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

    fn set_size(&mut self, size: u64) -> Result<u64, Errno> {
        if i64::try_from(size).is_err() {
            // Systems differ in their words for it.
            return Err(Errno::Inval);
        }
        let stat = system::fstat(&self.fd).map_err(errno_from_system)?;
        // Only what is stored takes time to cut off; blocks are 512 bytes, whatever those of the file system are.
        let (len, stored) = (stat.st_size.unsigned_abs(), stat.st_blocks.unsigned_abs().saturating_mul(512));
        let cut = len.saturating_sub(size);
        let size = if cut.min(stored) > CUT { len - (cut / (stored / CUT)).max(CUT) } else { size };
        system::ftruncate(&self.fd, size).map_err(errno_from_system)?;
        Ok(size)
    }

    fn allocate(&mut self, offset: u64, len: u64) -> Result<u64, Errno> {
        let fd = self.with_position()?;
        let piece = len.min(ALLOCATED);
        if piece < len {
            self.check_room(offset, len)?;
        }
        match system::fallocate(fd, FallocateFlags::empty(), offset, piece) {
            // Some file systems cannot reserve; the length they can still give.
            Err(rustix::io::Errno::OPNOTSUPP) => {
                let end = offset.checked_add(len).ok_or(Errno::Fbig)?;
                if self.stat()?.size < end {
                    system::ftruncate(fd, end).map_err(errno_from_system)?;
                }
                Ok(len)
            }
            done => done.map(|()| piece).map_err(errno_from_system),
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
        // Nothing here ever waits, and what else there is is asked for with each write.
        self.flags = flags;
        Ok(())
    }

    fn sync(&mut self, data_only: bool) -> Result<(), Errno> {
        if data_only { system::fdatasync(&self.fd) } else { system::fsync(&self.fd) }.map_err(errno_from_system)
    }

    fn bytes_readable(&mut self) -> Result<Option<u64>, Errno> {
        if self.is_seekable() {
            let cursor = system::tell(&self.fd).map_err(errno_from_system)?;
            return Ok(Some(self.stat()?.size.saturating_sub(cursor)));
        }
        // 0 may mean "not yet" as well as "no more": only waiting tells. Devices may not know the question.
        Ok(rustix::io::ioctl_fionread(&self.fd).ok().filter(|&waiting| waiting > 0))
    }

    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        if self.is_seekable() { None } else { Some(self.fd.as_fd()) }
    }
}
