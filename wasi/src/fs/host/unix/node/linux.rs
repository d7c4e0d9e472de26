//! Nodes on Linux: an `O_PATH` descriptor is the node, links included.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, File, OpenOptions, OpenOptionsExt};
use rustix::fs::{AtFlags, FileType, OFlags, Stat, Timestamps, fstat, statat, utimensat};
use rustix::io::Errno as System;

use super::portable;
use crate::abi::Errno;
use crate::fs::path::{self, Last};
use crate::fs::{errno_from_io, errno_from_system};

/// `stat` of what `path` names; of a link itself unless `follow` or a trailing slash asks for what it names.
pub(in super::super) fn stat(start: &Dir, path: &[u8], follow: bool) -> Result<Stat, Errno> {
    path::check(path)?;
    // One name in this very directory is one call, unless it turns out to be a link to follow.
    if let Some(name) = bare_name(path) {
        let stat = statat(start, name, AtFlags::SYMLINK_NOFOLLOW).map_err(errno_from_system)?;
        if !follow || FileType::from_raw_mode(stat.st_mode) != FileType::Symlink {
            return Ok(stat);
        }
    }
    fstat(open(start, path, follow)?).map_err(errno_from_system)
}

/// Sets the times of what `path` names; of a link itself unless `follow`.
pub(in super::super) fn set_times(start: &Dir, path: &[u8], follow: bool, times: &Timestamps) -> Result<(), Errno> {
    path::check(path)?;
    if let (false, Some(name)) = (follow, bare_name(path)) {
        return utimensat(start, name, times, AtFlags::SYMLINK_NOFOLLOW).map_err(errno_from_system);
    }
    match utimensat(open(start, path, follow)?, c"", times, AtFlags::EMPTY_PATH) {
        // Linux before 5.8 does not take an empty path here.
        Err(System::INVAL) => portable::set_times(start, path, follow, times),
        done => done.map_err(errno_from_system),
    }
}

/// The path, if it is one name and no slash.
fn bare_name(path: &[u8]) -> Option<&[u8]> {
    let split = path::split(path);
    match split.last {
        Last::Name(name) if split.parent.is_empty() && !split.slash => Some(name),
        _ => None,
    }
}

fn open(start: &Dir, path: &[u8], follow: bool) -> Result<File, Errno> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .follow(if follow { FollowSymlinks::Yes } else { FollowSymlinks::No })
        .custom_flags(OFlags::PATH.bits() as i32);
    start.open_with(OsStr::from_bytes(path), &options).map_err(|error| errno_from_io(&error))
}
