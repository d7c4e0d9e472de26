//! `path_open` on the host: one `openat2` by cap-std, then one `fstat` to learn what it was.
//!
//! Every open says `O_NONBLOCK`, so that a FIFO or a device cannot hold up the guest's host, and `O_NOCTTY`, so that no
//! terminal becomes the host's own. On regular files and directories that means nothing afterwards; on everything else
//! it stays whether or not the guest has asked for it, as files never wait themselves.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptionsExt};
use rustix::fs::{FileType, OFlags, fstat};

use super::place::{self, Place};
use super::{HostDirectory, HostFile, node, stat};
use crate::abi::{Errno, Filetype};
use crate::fs::{OpenOptions, Opened, errno_from_io, errno_from_system, path};

/// Opens `path` below `start`.
pub(super) fn open(start: &Dir, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno> {
    path::check(path)?;
    if options.directory {
        return open_directory(start, path, options);
    }
    if options.create
        && let Some(error) = path::refuse_file(path, options.exclusive)
    {
        // Said here because the two resolvers of cap-std differ in how they say it.
        return Err(Place::resolve(start, path).err().unwrap_or(error));
    }
    let file = open_file(start, path, options)?;
    // What was created a moment ago is a regular file.
    let filetype = if options.create && options.exclusive {
        Filetype::RegularFile
    } else {
        let stat = fstat(&file).map_err(errno_from_system)?;
        stat::filetype(FileType::from_raw_mode(stat.st_mode))
    };
    if filetype == Filetype::Directory {
        return Ok(directory(file));
    }
    Ok(Opened::File(Box::new(HostFile::opened(file, filetype, options.flags))))
}

fn directory(fd: OwnedFd) -> Opened {
    Opened::Directory(Arc::new(HostDirectory::from_cap(Dir::from_std_file(fd.into()))))
}

/// With `oflags::directory`.
fn open_directory(start: &Dir, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno> {
    if options.create || options.exclusive || options.truncate {
        return Err(Errno::Inval);
    }
    match system_open(start, path, options, OFlags::DIRECTORY | OFlags::NONBLOCK) {
        // cap-std's walk by components takes the flag for the link itself; its own way to open directories does not.
        Err(Errno::Notdir) if options.follow => {
            let found = place::open_directory(start, path)?;
            if options.write {
                return Err(Errno::Isdir);
            }
            Ok(Opened::Directory(Arc::new(HostDirectory::from_cap(found))))
        }
        opened => opened.map(directory),
    }
}

fn open_file(start: &Dir, path: &[u8], options: &OpenOptions) -> Result<OwnedFd, Errno> {
    let mut flags = OFlags::NOCTTY;
    flags.set(OFlags::CREATE, options.create);
    flags.set(OFlags::EXCL, options.create && options.exclusive);
    flags.set(OFlags::TRUNC, options.truncate);
    match system_open(start, path, options, flags | OFlags::NONBLOCK) {
        // Of a regular file EAGAIN means that another program holds a lease on it, which is broken by waiting.
        Err(Errno::Again) if is_regular(start, path, options.follow) => system_open(start, path, options, flags),
        opened => opened,
    }
}

fn is_regular(start: &Dir, path: &[u8], follow: bool) -> bool {
    node::stat(start, path, follow).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
}

fn system_open(start: &Dir, path: &[u8], options: &OpenOptions, flags: OFlags) -> Result<OwnedFd, Errno> {
    // Neither reading nor writing asked for still has to give something that can be asked for its `stat`.
    let read = options.read || !options.write;
    let follow = if options.follow { FollowSymlinks::Yes } else { FollowSymlinks::No };
    // Creation goes by flags too, as cap-std's own options want leave to write for it, and the witx does not.
    let mut system = cap_std::fs::OpenOptions::new();
    system.read(read).write(options.write).follow(follow).custom_flags(flags.bits() as i32);
    match start.open_with(OsStr::from_bytes(path), &system) {
        Ok(file) => Ok(file.into_std().into()),
        Err(error) => Err(errno_from_io(&error)),
    }
}
