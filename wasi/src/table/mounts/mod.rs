//! Mounts: each preopened directory is one. Where the guest's name of one lies below that of another, the outer one
//! shows it there.
//!
//! ```text
//! preopens  /  /data  /srv/a/b        below "/":  data   ──► the root of /data, with its permissions
//!                                                 srv    ──► the outer directory's own srv, or else an empty one
//!                                                   a        (as srv)
//!                                                     b  ──► the root of /srv/a/b
//! ```
//!
//! A path that meets a mount point goes on in what is mounted there, however it got there: by names, `..`, symbolic
//! links or a descriptor opened on the way ([`resolve`]). There, that mount's permissions hold. Listings show the mount
//! points, with the numbers that `path_filestat_get` reports. They hide what the outer directory itself has under the
//! names, and cannot be removed, renamed or replaced; nor can the directories on the way to them, or the symbolic links that
//! a mount's name goes through. Nothing is ever
//! written to the outer directory for them.
//!
//! A mount point is found by its name, and also by the device and inode number of the directory that it covers, so
//! that no other spelling of the name leads to that directory where the file system takes several for one.
//!
//! Closing the inner preopen's descriptor leaves the way through the outer one. Of preopens with one name the last is
//! the one that is found. A preopen with a `..` in its name is no mount point.

mod build;
mod resolve;

pub(crate) use build::mount_points;
pub(crate) use resolve::Location;
pub use resolve::WALK_LEVELS_MAX;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::abi::{Errno, Filestat, Filetype};
use crate::fs::{Directory, DirectoryEntry, Entries};

/// What a guest may do below a preopened directory. Read-only holds whatever rights a descriptor has: every change is
/// refused, with the errors of a read-only mount on Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perms {
    write: bool,
}

impl Perms {
    /// Look, but change nothing.
    pub const READ_ONLY: Perms = Perms { write: false };
    /// Everything.
    pub const READ_WRITE: Perms = Perms { write: true };

    /// Whether changes are allowed.
    pub(crate) fn write(self) -> bool {
        self.write
    }
}

/// Where a descriptor comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mount {
    /// The number of the preopen within its context. Links and renames stay within one.
    pub(crate) id: u32,
    pub(crate) perms: Perms,
    /// The root directory, if it could be asked.
    root: Option<Identity>,
}

impl Mount {
    pub(crate) fn new(id: u32, perms: Perms, root: &dyn Directory) -> Mount {
        Mount { id, perms, root: root.stat().ok().map(|stat| Identity::of(&stat)) }
    }

    /// Whether that is the root directory, as far as is known.
    pub(crate) fn is_root(&self, stat: &Filestat) -> bool {
        self.root.is_none_or(|root| root == Identity::of(stat))
    }
}

impl PartialEq for Mount {
    fn eq(&self, other: &Mount) -> bool {
        self.id == other.id
    }
}

/// What tells a directory from all others, whatever its name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    dev: u64,
    ino: u64,
}

impl Identity {
    fn of(stat: &Filestat) -> Identity {
        Identity { dev: stat.dev, ino: stat.ino }
    }
}

/// A directory that is a mount point, or that others lie below.
pub(crate) struct MountPoint {
    /// The mount points in this directory, and the directories on the way to others.
    children: BTreeMap<Box<[u8]>, Arc<MountPoint>>,
    /// What is mounted; `None`: the outer directory's own directory is shown.
    mounted: Option<(Arc<dyn Directory>, Mount)>,
    /// The directory of the outer one that has this name.
    covered: Option<Identity>,
    /// The symbolic links in this directory that a mount's name goes through. They stay, as the mount points do.
    links: Links,
}

/// Symbolic links in a directory, and what tells each from others.
type Links = BTreeMap<Box<[u8]>, Option<Identity>>;

impl MountPoint {
    /// The child that has the name `name` in `dir`, which is the directory of this mount point.
    fn child(&self, dir: &dyn Directory, name: &[u8]) -> Option<&Arc<MountPoint>> {
        if let Some(child) = self.children.get(name) {
            return Some(child);
        }
        if self.children.values().all(|child| child.covered.is_none()) {
            return None;
        }
        let stat = dir.stat_at(name, false).ok().filter(|stat| stat.filetype == Filetype::Directory)?;
        self.children.values().find(|child| child.covered == Some(Identity::of(&stat)))
    }

    /// Whether the name `name` in `dir`, which is the directory of this mount point, is a link that a mount's name goes through.
    fn has_link(&self, dir: &dyn Directory, name: &[u8]) -> bool {
        if self.links.is_empty() {
            return false;
        }
        if self.links.contains_key(name) {
            return true;
        }
        let stat = dir.stat_at(name, false).ok().filter(|stat| stat.filetype == Filetype::SymbolicLink);
        stat.is_some_and(|stat| self.links.values().any(|link| *link == Some(Identity::of(&stat))))
    }

    /// Whether something below can be written to though this directory cannot.
    pub(crate) fn has_writable(&self) -> bool {
        self.children
            .values()
            .any(|child| child.mounted.as_ref().is_some_and(|(_, mount)| mount.perms.write()) || child.has_writable())
    }

    /// A listing of `dir`, which is the directory of this mount point, with the mount points in it.
    pub(crate) fn entries(&self, dir: &dyn Directory) -> Result<Entries, Errno> {
        let mut own = Vec::new();
        for (name, child) in &self.children {
            if let Some((mounted, _)) = &child.mounted {
                let ino = mounted.stat()?.ino;
                own.push(DirectoryEntry { name: name.to_vec(), ino, filetype: Filetype::Directory });
            }
        }
        let hidden: Vec<Vec<u8>> = own.iter().map(|entry| entry.name.clone()).collect();
        let shown = dir.entries()?.filter(move |entry| match entry {
            // Sorted, as they come from a sorted map.
            Ok(entry) => hidden.binary_search(&entry.name).is_err(),
            Err(_) => true,
        });
        Ok(Box::new(own.into_iter().map(Ok).chain(shown)))
    }
}
