//! One open descriptor.

use std::sync::Arc;

use super::rights::{self, RightsPair, RightsRequest};
use super::{Listing, Mount, MountPoint, Perms};
use crate::abi::{Errno, Fdflags, Fdstat, Filetype, Rights};
use crate::fs::{Directory, File};
use crate::socket::{Connection, Listener};

/// What is open, and what may be done with it.
pub(crate) struct Descriptor {
    pub(crate) kind: Kind,
    filetype: Filetype,
    pub(crate) flags: Fdflags,
    /// Whether it was connected as stdin, stdout or stderr, whatever its number is now.
    pub(crate) standard: bool,
    /// The rights that hold, of it and of what is opened below it.
    rights: RightsPair,
    /// The rights that the guest is told of. A directory may have more than those.
    shown: RightsPair,
    /// The base rights that held at the beginning: tells what was never there from what has been dropped.
    granted: Rights,
    /// Whether the mount it comes from allows changes. Streams come from none and are not concerned.
    perms: Perms,
}

/// The kinds of descriptors. Sockets are files as well.
pub(crate) enum Kind {
    File(Box<dyn File>),
    Directory(Box<OpenDirectory>),
    Listener(Box<Listener>),
    Connection(Box<Connection>),
}

/// A directory, with what `fd_readdir` has to remember.
pub(crate) struct OpenDirectory {
    pub(crate) dir: Arc<dyn Directory>,
    pub(crate) mount: Mount,
    /// The guest's name for it, if it is preopened.
    pub(crate) preopen: Option<Box<[u8]>>,
    pub(crate) listing: Option<Listing>,
    /// The mount point that it is, if mount points can be below it.
    pub(crate) point: Option<Arc<MountPoint>>,
}

impl OpenDirectory {
    fn new(dir: Arc<dyn Directory>, mount: Mount, point: Option<Arc<MountPoint>>) -> Self {
        OpenDirectory { dir, mount, preopen: None, listing: None, point }
    }

    /// Whether something below it can be changed.
    fn has_writable(&self) -> bool {
        self.mount.perms.write() || self.point.as_ref().is_some_and(|point| point.has_writable())
    }

    /// What the guest is told of `rights`: of a directory below which nothing can be changed, no right to do so.
    /// `access` in wasi-libc reads the answer for `W_OK` off them.
    fn shown(&self, rights: RightsPair) -> RightsPair {
        if self.has_writable() { rights } else { rights.without(rights::CHANGES) }
    }
}

impl Descriptor {
    fn new(kind: Kind, filetype: Filetype, flags: Fdflags, rights: RightsPair, perms: Perms) -> Self {
        Descriptor { kind, filetype, flags, standard: false, rights, shown: rights, granted: rights.base, perms }
    }

    /// A stream or file that belongs to no mount, open for what `rights` says.
    pub(crate) fn for_file(file: Box<dyn File>, flags: Fdflags, rights: Rights) -> Self {
        let (filetype, applicable) = file_type_and_rights(&*file);
        let rights = RightsPair::base(rights & applicable);
        Descriptor::new(Kind::File(file), filetype, flags, rights, Perms::READ_WRITE)
    }

    /// A file that `path_open` has opened.
    pub(crate) fn for_opened_file(file: Box<dyn File>, flags: Fdflags, request: RightsRequest, mount: Mount) -> Self {
        let (filetype, applicable) = file_type_and_rights(&*file);
        let rights = RightsPair::base(request.for_file(applicable));
        Descriptor::new(Kind::File(file), filetype, flags, rights, mount.perms)
    }

    /// A directory that `path_open` has opened.
    pub(crate) fn for_opened_directory(
        dir: Arc<dyn Directory>,
        flags: Fdflags,
        request: RightsRequest,
        mount: Mount,
        point: Option<Arc<MountPoint>>,
    ) -> Self {
        let directory = OpenDirectory::new(dir, mount, point);
        let (rights, asked) = request.for_directory(mount.perms);
        let shown = directory.shown(asked);
        let kind = Kind::Directory(Box::new(directory));
        Descriptor { shown, ..Descriptor::new(kind, Filetype::Directory, flags, rights, mount.perms) }
    }

    /// A preopened directory.
    pub(crate) fn for_preopen(
        dir: Arc<dyn Directory>,
        name: Box<[u8]>,
        mount: Mount,
        point: Option<Arc<MountPoint>>,
    ) -> Self {
        let directory = OpenDirectory { preopen: Some(name), ..OpenDirectory::new(dir, mount, point) };
        let rights = rights::PREOPEN;
        let shown = directory.shown(rights);
        let kind = Kind::Directory(Box::new(directory));
        Descriptor { shown, ..Descriptor::new(kind, Filetype::Directory, Fdflags::empty(), rights, mount.perms) }
    }

    /// A preopened listener.
    pub(crate) fn for_listener(listener: Listener) -> Self {
        let kind = Kind::Listener(Box::new(listener));
        let rights = rights::PREOPEN_LISTENER;
        Descriptor::new(kind, Filetype::SocketStream, Fdflags::empty(), rights, Perms::READ_WRITE)
    }

    /// A connection, with the rights that its listener passes on.
    pub(crate) fn for_connection(connection: Connection, flags: Fdflags, rights: Rights) -> Self {
        let kind = Kind::Connection(Box::new(connection));
        Descriptor::new(kind, Filetype::SocketStream, flags, RightsPair::base(rights), Perms::READ_WRITE)
    }

    pub(crate) fn fdstat(&self) -> Fdstat {
        Fdstat {
            filetype: self.filetype,
            flags: self.flags,
            rights_base: self.shown.base,
            rights_inheriting: self.shown.inheriting,
        }
    }

    pub(crate) fn inheriting(&self) -> Rights {
        self.rights.inheriting
    }

    /// Takes rights away. ENOTCAPABLE when that would add one.
    pub(crate) fn restrict(&mut self, base: Rights, inheriting: Rights) -> Result<(), Errno> {
        if !self.shown.base.contains(base) || !self.shown.inheriting.contains(inheriting) {
            return Err(Errno::Notcapable);
        }
        self.rights.base -= self.shown.base - base;
        self.rights.inheriting -= self.shown.inheriting - inheriting;
        self.shown = RightsPair { base, inheriting };
        Ok(())
    }

    /// Whether all of `needed` is allowed. What a file cannot do because of how it was opened is told from a right
    /// that was dropped (ENOTCAPABLE): EBADF for reading, writing and allocating, EINVAL for setting the size.
    #[inline]
    pub(crate) fn check_rights(&self, needed: Rights) -> Result<(), Errno> {
        if self.rights.base.contains(needed) { Ok(()) } else { Err(self.denied(needed)) }
    }

    /// Whether any of `alternatives` is allowed.
    pub(crate) fn check_any_right(&self, alternatives: Rights) -> Result<(), Errno> {
        if self.rights.base.intersects(alternatives) { Ok(()) } else { Err(Errno::Notcapable) }
    }

    #[cold]
    fn denied(&self, needed: Rights) -> Errno {
        let mode = needed & (Rights::FD_READ | Rights::FD_WRITE);
        let is_writable = self.granted.contains(Rights::FD_WRITE);
        if !self.granted.contains(mode) || needed.contains(Rights::FD_ALLOCATE) && !is_writable {
            Errno::Badf
        } else if needed.contains(Rights::FD_FILESTAT_SET_SIZE) && !is_writable {
            Errno::Inval
        } else {
            Errno::Notcapable
        }
    }

    /// EROFS when the mount this file comes from allows no changes.
    pub(crate) fn check_writable(&self) -> Result<(), Errno> {
        if self.perms.write() { Ok(()) } else { Err(Errno::Rofs) }
    }

    /// EISDIR on a directory.
    #[inline]
    pub(crate) fn check_not_directory(&self) -> Result<(), Errno> {
        if let Kind::Directory(_) = self.kind { Err(Errno::Isdir) } else { Ok(()) }
    }

    /// ENOTDIR on anything but a directory.
    pub(crate) fn check_directory(&self) -> Result<(), Errno> {
        if let Kind::Directory(_) = self.kind { Ok(()) } else { Err(Errno::Notdir) }
    }

    /// EISDIR on a directory, ESPIPE on a stream.
    #[inline]
    pub(crate) fn check_seekable(&self) -> Result<(), Errno> {
        match self.filetype {
            Filetype::RegularFile | Filetype::BlockDevice => Ok(()),
            Filetype::Directory => Err(Errno::Isdir),
            _ => Err(Errno::Spipe),
        }
    }

    /// The file, if `needed` is allowed. EISDIR on a directory.
    #[inline]
    pub(crate) fn file(&mut self, needed: Rights) -> Result<&mut dyn File, Errno> {
        if !self.rights.base.contains(needed) || !matches!(self.kind, Kind::File(_)) {
            return self.other_file(needed);
        }
        match &mut self.kind {
            Kind::File(file) => Ok(&mut **file),
            _ => Err(Errno::Isdir),
        }
    }

    /// As [`file`](Self::file), for what is no plain file or not allowed.
    #[cold]
    #[inline(never)]
    fn other_file(&mut self, needed: Rights) -> Result<&mut dyn File, Errno> {
        self.check_not_directory()?;
        self.check_rights(needed)?;
        match &mut self.kind {
            Kind::File(file) => Ok(&mut **file),
            Kind::Connection(connection) => Ok(&mut **connection),
            Kind::Listener(listener) => Ok(&mut **listener),
            Kind::Directory(_) => Err(Errno::Isdir),
        }
    }

    /// The file without a look at its rights; nothing on a directory.
    pub(crate) fn as_file(&self) -> Option<&dyn File> {
        match &self.kind {
            Kind::File(file) => Some(&**file),
            Kind::Connection(connection) => Some(&**connection),
            Kind::Listener(listener) => Some(&**listener),
            Kind::Directory(_) => None,
        }
    }

    /// The directory, if `needed` is allowed. ENOTDIR on anything else.
    #[inline]
    pub(crate) fn directory(&self, needed: Rights) -> Result<&OpenDirectory, Errno> {
        let Kind::Directory(directory) = &self.kind else { return Err(Errno::Notdir) };
        self.check_rights(needed)?;
        Ok(directory)
    }

    /// As [`directory`](Self::directory), to be changed.
    pub(crate) fn directory_mut(&mut self, needed: Rights) -> Result<&mut OpenDirectory, Errno> {
        self.directory(needed)?;
        match &mut self.kind {
            Kind::Directory(directory) => Ok(directory),
            _ => Err(Errno::Notdir),
        }
    }
}

fn file_type_and_rights(file: &dyn File) -> (Filetype, Rights) {
    let filetype = file.filetype();
    (filetype, rights::applicable(filetype, filetype == Filetype::CharacterDevice && is_terminal(file)))
}

#[cfg(unix)]
fn is_terminal(file: &dyn File) -> bool {
    use std::io::IsTerminal;
    file.pollable().is_some_and(|fd| fd.is_terminal())
}

/// Where nothing can be polled, the only character devices are the process's own terminals.
#[cfg(not(unix))]
fn is_terminal(_file: &dyn File) -> bool {
    true
}
