//! File systems: one trait pair, [`Directory`] and [`File`], and its implementations.
//!
//! ```text
//! p1/ (policy: rights, mounts, guest memory)  ──►  Directory / File  ──►  host:   cap-std below an opened directory
//!                                                                    └──►  memory: a tree of inodes in this process
//! ```
//!
//! What this layer does: everything a path or an open file can do, sandboxed. A path is relative to its directory and
//! never leaves it, symbolic links and `..` included. What it does not: rights, read-only mounts, fd numbers and guest
//! memory; those were checked by the caller before the first call arrives here.
//!
//! Paths are bytes without NUL, not empty and not absolute (the caller has checked that); they may end in slashes, which
//! means "a directory", and may contain `.` and `..`.

use std::any::Any;
use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::sync::Arc;

use crate::abi::{Advice, Errno, Fdflags, Filestat, Filetype};

mod errno;
pub mod host;
pub mod memory;
mod path;
mod read_only;
pub(crate) mod stable;

pub use errno::errno_from_io;
#[cfg(unix)]
pub(crate) use errno::errno_from_system;
pub(crate) use path::{Follow, LINKS_MAX};
pub(crate) use read_only::ReadOnlyDirectory;

/// What [`Directory::open`] is asked for: `path_open`'s flags after rights and mount policy were applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    /// Open for reading.
    pub read: bool,
    /// Open for writing; [`Errno::Isdir`] on a directory, whether or not one is asked for. With neither `read` nor
    /// `write`, what is opened can be read.
    pub write: bool,
    /// Create the file when it is missing (`oflags::creat`).
    pub create: bool,
    /// Fail with [`Errno::Exist`] when it exists, a dangling link included (`oflags::excl`; needs `create`).
    pub exclusive: bool,
    /// Cut an existing file to length 0 (`oflags::trunc`). The host's file must be writable, the descriptor need not be:
    /// guests ask for this without `write` too.
    pub truncate: bool,
    /// Fail with [`Errno::Notdir`] unless it is a directory (`oflags::directory`); [`Errno::Inval`] together with
    /// `create`, `exclusive` or `truncate`.
    pub directory: bool,
    /// Follow a symbolic link in the last component; otherwise such a link is [`Errno::Loop`].
    pub follow: bool,
    /// `append`, `nonblock`, `dsync`, `rsync`, `sync` of the new descriptor.
    pub flags: Fdflags,
}

/// What [`Directory::open`] found.
pub enum Opened {
    /// Anything that is not a directory: regular files, devices, FIFOs.
    File(Box<dyn File>),
    /// A directory.
    Directory(Arc<dyn Directory>),
}

/// How a time is to be set by `*_filestat_set_times`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetTime {
    /// Leave it.
    Keep,
    /// To the present, as the file system reads its clock.
    Now,
    /// To that many nanoseconds since 1970-01-01T00:00:00Z.
    At(u64),
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The name's bytes: not empty, no NUL, no slash.
    pub name: Vec<u8>,
    /// The inode number, equal to `Filestat::ino` of the same file.
    pub ino: u64,
    /// The type of the entry itself; links are not followed.
    pub filetype: Filetype,
}

/// The rest of a directory's listing, in the file system's order, without `.` and `..`. An item [`Errno::Again`] says that
/// there is work behind it and more to come before the next entry: so a guest can be stopped meanwhile.
pub type Entries = Box<dyn Iterator<Item = Result<DirectoryEntry, Errno>> + Send>;

/// An open directory: the root of what a path given to it can reach.
///
/// Implementations are shared by `Arc` between descriptors and are free of interior cursors: a listing's position
/// belongs to the [`Entries`] it came from.
pub trait Directory: Send + Sync + Any {
    /// Opens `path`, creating the file when asked to. Opening a FIFO or device never blocks.
    fn open(&self, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno>;

    /// Opens the directory that has the name `name` in this one, to resolve the rest of a path below it: it need not be
    /// readable. `name` is a single name, neither `.` nor `..`, without slashes. A symbolic link is not followed:
    /// [`Errno::Notdir`] or [`Errno::Loop`].
    fn descend(&self, name: &[u8]) -> Result<Arc<dyn Directory>, Errno> {
        let options = OpenOptions { read: true, directory: true, ..OpenOptions::default() };
        match self.open(name, &options)? {
            Opened::Directory(dir) => Ok(dir),
            Opened::File(_) => Err(Errno::Notdir),
        }
    }

    /// `filestat` of this directory itself.
    fn stat(&self) -> Result<Filestat, Errno>;

    /// `filestat` of the directory above, which listings report as `..`. Called only on directories below the root of
    /// their file system. Default: this directory's own.
    fn stat_parent(&self) -> Result<Filestat, Errno> {
        self.stat()
    }

    /// `filestat` of what is at `path`; of the link itself when the last component is a link and `follow` is false
    /// (a trailing slash follows all the same).
    fn stat_at(&self, path: &[u8], follow: bool) -> Result<Filestat, Errno>;

    /// Sets this directory's own times.
    fn set_times(&self, accessed: SetTime, modified: SetTime) -> Result<(), Errno>;

    /// Sets the times of what is at `path`, the link's own unless `follow`.
    fn set_times_at(&self, path: &[u8], follow: bool, accessed: SetTime, modified: SetTime) -> Result<(), Errno>;

    /// Starts a listing.
    fn entries(&self) -> Result<Entries, Errno>;

    /// Creates a directory; [`Errno::Exist`] when anything is there, a dangling link included.
    fn create_directory(&self, path: &[u8]) -> Result<(), Errno>;

    /// Removes an empty directory; [`Errno::Notempty`], [`Errno::Notdir`].
    fn remove_directory(&self, path: &[u8]) -> Result<(), Errno>;

    /// Removes a file or link; [`Errno::Isdir`] on a directory.
    fn unlink_file(&self, path: &[u8]) -> Result<(), Errno>;

    /// Makes a symbolic link at `path` whose text is `target`, which is relative (the caller has checked).
    fn symlink(&self, target: &[u8], path: &[u8]) -> Result<(), Errno>;

    /// The text of the link at `path`; [`Errno::Inval`] when it is not a link.
    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Errno>;

    /// Moves `path` to `new_path` below `new_directory`; [`Errno::Xdev`] when that is another file system or
    /// another implementation.
    fn rename(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno>;

    /// Makes `new_path` below `new_directory` another name of the file at `path`; a link itself is linked, never
    /// what it points to. [`Errno::Xdev`] as for [`rename`](Self::rename).
    fn link(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno>;

    /// Flushes the directory to its medium; without metadata when `data_only`.
    fn sync(&self, data_only: bool) -> Result<(), Errno>;

    /// For implementations to recognise their own kind in `rename` and `link`.
    fn as_any(&self) -> &dyn Any;
}

/// An open file, or a stream: stdin, stdout, a pipe, a socket. It owns its cursor.
///
/// Every method has a default that says "this kind of file cannot": [`Errno::Spipe`] for what needs a position,
/// [`Errno::Badf`] for the wrong access mode, [`Errno::Inval`] for the rest. All buffers of one call are one transfer: a short
/// count is the file's, not the loop's. A guest's transfer of more than 1 MiB comes in several calls.
///
/// No method waits for somebody else to act. Where `read` or `write` would, it is [`Errno::Again`], and
/// [`pollable`](Self::pollable) says what to wait on; the functions do that, and so their waiting can be canceled.
pub trait File: Send + Any {
    /// The type that `fdstat` and `filestat` report.
    fn filetype(&self) -> Filetype;

    /// `filestat`; streams report their type and zeros.
    fn stat(&self) -> Result<Filestat, Errno> {
        Ok(Filestat { filetype: self.filetype(), ..Filestat::default() })
    }

    /// Reads at the cursor and advances it. 0 is the end of the file (or no room in `bufs`).
    fn read(&mut self, _bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        Err(Errno::Badf)
    }

    /// Writes at the cursor (at the end with [`Fdflags::APPEND`]) and advances it.
    fn write(&mut self, _bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        Err(Errno::Badf)
    }

    /// Reads at `offset`; the cursor stays.
    fn read_at(&mut self, _bufs: &mut [IoSliceMut<'_>], _offset: u64) -> Result<usize, Errno> {
        Err(Errno::Spipe)
    }

    /// Writes at `offset`; the cursor stays. With [`Fdflags::APPEND`] still at `offset`.
    fn write_at(&mut self, _bufs: &[IoSlice<'_>], _offset: u64) -> Result<usize, Errno> {
        Err(Errno::Spipe)
    }

    /// Moves the cursor and returns its new place, in bytes from the start. Before the start is [`Errno::Inval`].
    fn seek(&mut self, _to: SeekFrom) -> Result<u64, Errno> {
        Err(Errno::Spipe)
    }

    /// Sets the length, cutting or filling with zeros; says what it is now. To cut much may take several calls, of which each
    /// comes nearer to `size` from above: so a guest can be stopped between them.
    fn set_size(&mut self, _size: u64) -> Result<u64, Errno> {
        Err(Errno::Inval)
    }

    /// Makes sure that `offset..offset + len` exists; never shortens. The sum has been checked not to overflow. Says how many
    /// of the bytes it has seen to, at least one: the rest is for another call, between which a guest can be stopped.
    fn allocate(&mut self, _offset: u64, _len: u64) -> Result<u64, Errno> {
        Err(Errno::Spipe)
    }

    /// A hint about coming accesses. Changes nothing that can be observed.
    fn advise(&mut self, _offset: u64, _len: u64, _advice: Advice) -> Result<(), Errno> {
        Err(Errno::Spipe)
    }

    /// Sets the file's times.
    fn set_times(&mut self, _accessed: SetTime, _modified: SetTime) -> Result<(), Errno> {
        Err(Errno::Inval)
    }

    /// Changes `append` and `nonblock`, and the sync flags where the system can.
    fn set_flags(&mut self, _flags: Fdflags) -> Result<(), Errno> {
        Err(Errno::Notsup)
    }

    /// Flushes to the medium; without metadata when `data_only`.
    fn sync(&mut self, _data_only: bool) -> Result<(), Errno> {
        Err(Errno::Inval)
    }

    /// How many bytes can be read without waiting; `Ok(None)` when only a wait on [`pollable`](Self::pollable) tells.
    /// A regular file reports what lies between cursor and end.
    fn bytes_readable(&mut self) -> Result<Option<u64>, Errno> {
        Ok(Some(0))
    }

    /// The system's descriptor to wait on, where reading or writing may have to wait. `None`: always ready.
    #[cfg(unix)]
    fn pollable(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        None
    }
}

/// What streams and sockets say to new flags: `append` and `nonblock` change nothing about them, as they always append
/// and never wait; the sync flags mean nothing to them.
pub(crate) fn stream_flags(flags: Fdflags) -> Result<(), Errno> {
    if (Fdflags::APPEND | Fdflags::NONBLOCK).contains(flags) { Ok(()) } else { Err(Errno::Inval) }
}
