//! A `Directory` over a directory of the host's.

use std::any::Any;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use cap_std::fs::Dir;
use rustix::fs::{self as system, AtFlags, FileType, Mode, OFlags};

use super::listing::Listing;
use super::place::{self, Place};
use super::{node, open, stat, timestamps};
use crate::abi::{Errno, Filestat};
use crate::fs::path::check_link_text;
use crate::fs::{Directory, Entries, OpenOptions, Opened, SetTime, errno_from_system};

/// A directory of the host, and through it everything below, links and `..` included as long as they stay below.
///
/// ```
/// use hostel_wasi::{abi::Errno, fs::{Directory, host::HostDirectory}};
/// # let temporary = tempfile::tempdir().unwrap();
/// # let path = temporary.path();
/// std::fs::write(path.join("a"), "text").unwrap();
/// let directory = HostDirectory::open_ambient(path).unwrap();
/// assert_eq!(directory.stat_at(b"a", true).unwrap().size, 4);
/// assert_eq!(directory.stat_at(b"../a", true), Err(Errno::Perm));
/// ```
#[derive(Debug)]
pub struct HostDirectory {
    dir: Dir,
}

impl HostDirectory {
    /// Opens a directory by any path of the host's, with the authority this process has.
    pub fn open_ambient(path: impl AsRef<Path>) -> io::Result<HostDirectory> {
        let mut options = std::fs::OpenOptions::new();
        options.read(true).custom_flags((OFlags::DIRECTORY | OFlags::NONBLOCK).bits() as i32);
        match options.open(path.as_ref()) {
            Ok(file) => Ok(HostDirectory::from_cap(Dir::from_std_file(file))),
            // One that may be passed through but not listed is still of use.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                Dir::open_ambient_dir(path, cap_std::ambient_authority()).map(HostDirectory::from_cap)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes over a directory that cap-std has opened.
    pub fn from_cap(dir: Dir) -> HostDirectory {
        HostDirectory { dir }
    }

    /// This directory opened once more, to be read.
    fn reopen(&self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        system::openat(&self.dir, c".", flags, Mode::empty()).map_err(errno_from_system)
    }

    fn of(other: &dyn Directory) -> Result<&Dir, Errno> {
        other.as_any().downcast_ref::<HostDirectory>().map(|other| &other.dir).ok_or(Errno::Xdev)
    }
}

impl Directory for HostDirectory {
    fn open(&self, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno> {
        open::open(&self.dir, path, options)
    }

    fn descend(&self, name: &[u8]) -> Result<Arc<dyn Directory>, Errno> {
        // A single name that is not followed cannot leave this directory.
        let flags = place::PASS | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = system::openat(&self.dir, name, flags, Mode::empty()).map_err(errno_from_system)?;
        Ok(Arc::new(HostDirectory::from_cap(Dir::from_std_file(fd.into()))))
    }

    fn stat(&self) -> Result<Filestat, Errno> {
        system::fstat(&self.dir).map(|found| stat::filestat(&found)).map_err(errno_from_system)
    }

    fn stat_parent(&self) -> Result<Filestat, Errno> {
        let found = system::statat(&self.dir, c"..", AtFlags::SYMLINK_NOFOLLOW).map_err(errno_from_system)?;
        Ok(stat::filestat(&found))
    }

    fn stat_at(&self, path: &[u8], follow: bool) -> Result<Filestat, Errno> {
        node::stat(&self.dir, path, follow).map(|found| stat::filestat(&found))
    }

    fn set_times(&self, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        // By its name from within, as a descriptor without leave to read (O_PATH) does not take `futimens`.
        system::utimensat(&self.dir, c".", &timestamps(accessed, modified), AtFlags::empty()).map_err(errno_from_system)
    }

    fn set_times_at(&self, path: &[u8], follow: bool, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        node::set_times(&self.dir, path, follow, &timestamps(accessed, modified))
    }

    fn entries(&self) -> Result<Entries, Errno> {
        let dir = system::Dir::new(self.reopen()?).map_err(errno_from_system)?;
        Ok(Box::new(Listing::new(dir)))
    }

    fn create_directory(&self, path: &[u8]) -> Result<(), Errno> {
        let place = Place::resolve(&self.dir, path)?;
        let name = place.name(Errno::Exist, Errno::Exist)?;
        // 0777, less the process's umask.
        system::mkdirat(place.directory(), name, Mode::RWXU | Mode::RWXG | Mode::RWXO).map_err(errno_from_system)
    }

    fn remove_directory(&self, path: &[u8]) -> Result<(), Errno> {
        let place = Place::resolve(&self.dir, path)?;
        let name = place.name(Errno::Inval, Errno::Notempty)?;
        system::unlinkat(place.directory(), name, AtFlags::REMOVEDIR).map_err(errno_from_system)
    }

    fn unlink_file(&self, path: &[u8]) -> Result<(), Errno> {
        let place = Place::resolve(&self.dir, path)?;
        let name = place.name(Errno::Isdir, Errno::Isdir)?;
        if place.slash {
            let found = FileType::from_raw_mode(place.stat(name)?.st_mode);
            return Err(if found == FileType::Directory { Errno::Isdir } else { Errno::Notdir });
        }
        system::unlinkat(place.directory(), name, AtFlags::empty()).map_err(errno_from_system)
    }

    fn symlink(&self, target: &[u8], path: &[u8]) -> Result<(), Errno> {
        check_link_text(target)?;
        let place = Place::resolve(&self.dir, path)?;
        let name = place.name(Errno::Exist, Errno::Exist)?;
        place.refuse_slash(name)?;
        system::symlinkat(target, place.directory(), name).map_err(errno_from_system)
    }

    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        let place = Place::resolve(&self.dir, path)?;
        let name = place.name(Errno::Inval, Errno::Inval)?;
        if place.slash {
            // What is there is a directory, then, and not a link; or it is an error.
            return self.stat_at(path, true).and(Err(Errno::Inval));
        }
        let text = system::readlinkat(place.directory(), name, Vec::new()).map_err(errno_from_system)?;
        Ok(text.into_bytes())
    }

    fn rename(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno> {
        let old = Place::resolve(&self.dir, path)?;
        let new = Place::resolve(Self::of(new_directory)?, new_path)?;
        let old_name = old.name(Errno::Busy, Errno::Busy)?;
        let new_name = new.name(Errno::Busy, Errno::Busy)?;
        if (old.slash || new.slash) && FileType::from_raw_mode(old.stat(old_name)?.st_mode) != FileType::Directory {
            return Err(Errno::Notdir);
        }
        system::renameat(old.directory(), old_name, new.directory(), new_name).map_err(errno_from_system)
    }

    fn link(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno> {
        let old = Place::resolve(&self.dir, path)?;
        let new = Place::resolve(Self::of(new_directory)?, new_path)?;
        let directory = if old.slash { Some(place::open_directory(&self.dir, path)?) } else { None };
        let new_name = new.name(Errno::Exist, Errno::Exist)?;
        let old_name = old.name(Errno::Perm, Errno::Perm)?;
        if new.slash {
            old.stat(old_name)?;
            new.refuse_slash(new_name)?;
        }
        if let Some(directory) = directory {
            // It cannot be linked. Asked by its name from within, the system still tells what else is wrong.
            return system::linkat(&directory, c".", new.directory(), new_name, AtFlags::empty())
                .map_err(errno_from_system);
        }
        // Without AT_SYMLINK_FOLLOW a link itself gets the second name.
        system::linkat(old.directory(), old_name, new.directory(), new_name, AtFlags::empty())
            .map_err(errno_from_system)
    }

    fn sync(&self, data_only: bool) -> Result<(), Errno> {
        let sync = |fd: BorrowedFd<'_>| if data_only { system::fdatasync(fd) } else { system::fsync(fd) };
        match sync(self.dir.as_fd()) {
            // Opened without leave to read (O_PATH).
            Err(rustix::io::Errno::BADF) => sync(self.reopen()?.as_fd()),
            done => done,
        }
        .map_err(errno_from_system)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
