//! A place: an opened parent directory and the bare name of an entry in it, which need not exist.
//!
//! Everything that acts on names (create, remove, link, rename) goes through here. cap-std opens the parent, so the way
//! there cannot leave the sandbox; what is left is one name without slashes that the `*at` calls do not follow.
//! Trailing slashes are therefore dealt with here and in the callers, never by the system, which might follow them.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, FileType, OFlags, Stat, statat};

use crate::abi::Errno;
use crate::fs::path::{self, Last};
use crate::fs::{errno_from_io, errno_from_system};

/// How a directory is opened that is only passed through: without the right to read it, where the system can.
#[cfg(target_os = "linux")]
pub(super) const PASS: OFlags = OFlags::PATH;
/// See above.
#[cfg(not(target_os = "linux"))]
pub(super) const PASS: OFlags = OFlags::RDONLY;

/// The directory that holds the last component.
enum Parent<'d> {
    /// The path had one component.
    Start(&'d Dir),
    /// Opened for this call, without leave to read it.
    Opened(Dir),
}

/// The directory at `path`, links followed, without leave to read it where that can be had (`O_PATH`).
pub(super) fn open_directory(start: &Dir, path: &[u8]) -> Result<Dir, Errno> {
    start.open_dir(OsStr::from_bytes(path)).map_err(|error| errno_from_io(&error))
}

/// A path resolved but for its last component.
pub(super) struct Place<'d, 'p> {
    parent: Parent<'d>,
    last: Last<'p>,
    /// Whether slashes followed the last component: only a directory may be there.
    pub(super) slash: bool,
}

impl<'d, 'p> Place<'d, 'p> {
    /// Resolves everything before the last component of `path`.
    pub(super) fn resolve(start: &'d Dir, path: &'p [u8]) -> Result<Self, Errno> {
        path::check(path)?;
        let split = path::split(path);
        // Where `..` ends up must be inside too; only a walk along the whole path tells.
        let parent = if split.last == Last::DotDot { path } else { split.parent };
        let parent = match parent {
            [] => Parent::Start(start),
            parent => Parent::Opened(open_directory(start, parent)?),
        };
        Ok(Place { parent, last: split.last, slash: split.slash })
    }

    /// The directory to give to an `*at` call.
    pub(super) fn directory(&self) -> BorrowedFd<'_> {
        match &self.parent {
            Parent::Start(dir) => dir.as_fd(),
            Parent::Opened(dir) => dir.as_fd(),
        }
    }

    /// The name to give to an `*at` call; an error of the caller's choice when the path ends in `.` or `..`.
    pub(super) fn name(&self, dot: Errno, dot_dot: Errno) -> Result<&'p [u8], Errno> {
        match self.last {
            Last::Name(name) => Ok(name),
            Last::Dot => Err(dot),
            Last::DotDot => Err(dot_dot),
        }
    }

    /// `lstat` of the entry `name`.
    pub(super) fn stat(&self, name: &[u8]) -> Result<Stat, Errno> {
        statat(self.directory(), name, AtFlags::SYMLINK_NOFOLLOW).map_err(errno_from_system)
    }

    /// Fails when `name` was followed by a slash but cannot become a directory: ENOENT when nothing is there, EEXIST for
    /// a directory or a link to whatever, ENOTDIR for anything else (POSIX; Linux says EEXIST).
    pub(super) fn refuse_slash(&self, name: &[u8]) -> Result<(), Errno> {
        if !self.slash {
            return Ok(());
        }
        match FileType::from_raw_mode(self.stat(name)?.st_mode) {
            FileType::Directory | FileType::Symlink => Err(Errno::Exist),
            _ => Err(Errno::Notdir),
        }
    }
}
