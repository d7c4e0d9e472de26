//! Where nobody has written the host file system yet: nothing can be opened, and everything says so.

use std::any::Any;
use std::convert::Infallible;
use std::io;
use std::path::Path;

use crate::abi::{Errno, Filestat, Filetype};
use crate::fs::{Directory, Entries, File, OpenOptions, Opened, SetTime};

/// A directory of the host. On this platform there is no way to make one.
#[derive(Debug)]
pub struct HostDirectory(Infallible);

impl HostDirectory {
    /// Always [`io::ErrorKind::Unsupported`].
    pub fn open_ambient(_path: impl AsRef<Path>) -> io::Result<HostDirectory> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Directory for HostDirectory {
    fn open(&self, _path: &[u8], _options: &OpenOptions) -> Result<Opened, Errno> {
        match self.0 {}
    }

    fn stat(&self) -> Result<Filestat, Errno> {
        match self.0 {}
    }

    fn stat_at(&self, _path: &[u8], _follow: bool) -> Result<Filestat, Errno> {
        match self.0 {}
    }

    fn set_times(&self, _accessed: SetTime, _modified: SetTime) -> Result<(), Errno> {
        match self.0 {}
    }

    fn set_times_at(&self, _path: &[u8], _follow: bool, _a: SetTime, _m: SetTime) -> Result<(), Errno> {
        match self.0 {}
    }

    fn entries(&self) -> Result<Entries, Errno> {
        match self.0 {}
    }

    fn create_directory(&self, _path: &[u8]) -> Result<(), Errno> {
        match self.0 {}
    }

    fn remove_directory(&self, _path: &[u8]) -> Result<(), Errno> {
        match self.0 {}
    }

    fn unlink_file(&self, _path: &[u8]) -> Result<(), Errno> {
        match self.0 {}
    }

    fn symlink(&self, _target: &[u8], _path: &[u8]) -> Result<(), Errno> {
        match self.0 {}
    }

    fn read_link(&self, _path: &[u8]) -> Result<Vec<u8>, Errno> {
        match self.0 {}
    }

    fn rename(&self, _path: &[u8], _new_directory: &dyn Directory, _new_path: &[u8]) -> Result<(), Errno> {
        match self.0 {}
    }

    fn link(&self, _path: &[u8], _new_directory: &dyn Directory, _new_path: &[u8]) -> Result<(), Errno> {
        match self.0 {}
    }

    fn sync(&self, _data_only: bool) -> Result<(), Errno> {
        match self.0 {}
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// An open file of the host. On this platform none of its operations are supported.
#[derive(Debug)]
pub struct HostFile(#[allow(dead_code, reason = "held so that it stays open")] std::fs::File);

impl HostFile {
    /// Takes the file over.
    pub fn from_std(file: std::fs::File) -> HostFile {
        HostFile(file)
    }
}

impl File for HostFile {
    fn filetype(&self) -> Filetype {
        Filetype::Unknown
    }
}
