//! An open directory in memory: the operations on names, each under one lock from the first look to the last change.

use std::any::Any;
use std::sync::Arc;

use super::file::MemoryFile;
use super::inode::{self, Body, Inode};
use super::listing::Listing;
use super::names;
use super::tree::Tree;
use super::volume::Volume;
use super::walk::{Target, walk};
use crate::abi::{Errno, Filestat};
use crate::fs::path::{self, Follow, check_link_text};
use crate::fs::{Directory, Entries, OpenOptions, Opened, SetTime};

pub(super) struct MemoryDirectory {
    volume: Arc<Volume>,
    inode: Arc<Inode>,
}

/// An entry that a path named, as values of its own: the tree may be changed while it is held.
struct Named {
    parent: u64,
    name: Box<[u8]>,
    slash: bool,
    inode: Option<Arc<Inode>>,
}

impl MemoryDirectory {
    pub(super) fn root(volume: &Arc<Volume>) -> MemoryDirectory {
        MemoryDirectory { volume: Arc::clone(volume), inode: Arc::clone(&volume.root) }
    }

    fn of(other: &dyn Directory) -> Result<&MemoryDirectory, Errno> {
        other.as_any().downcast_ref().ok_or(Errno::Xdev)
    }

    /// What `path` names, without following it; the inner error, of the caller's choice, when it ends in `.` or `..`.
    fn place(&self, tree: &Tree, path: &[u8], dot: Errno, dot_dot: Errno) -> Result<Result<Named, Errno>, Errno> {
        Ok(match walk(tree, self.inode.ino, path, Follow::Never)? {
            Target::Entry { parent, name, slash, inode } => {
                Ok(Named { parent, name: name.into(), slash, inode: inode.cloned() })
            }
            Target::Directory { dot_dot: true, .. } => Err(dot_dot),
            Target::Directory { .. } => Err(dot),
        })
    }

    /// As [`place`](Self::place), for functions of one path.
    fn named(&self, tree: &Tree, path: &[u8], dot: Errno, dot_dot: Errno) -> Result<Named, Errno> {
        self.place(tree, path, dot, dot_dot).flatten()
    }

    /// What is at `path`.
    fn find(&self, tree: &Tree, path: &[u8], follow: bool) -> Result<Arc<Inode>, Errno> {
        let follow = Follow::by_flag(follow);
        match walk(tree, self.inode.ino, path, follow)? {
            Target::Directory { directory, .. } => self.directory(tree, directory),
            Target::Entry { inode: None, .. } => Err(Errno::Noent),
            Target::Entry { slash: true, inode: Some(inode), .. } if !inode.is_directory() => Err(Errno::Notdir),
            Target::Entry { inode: Some(inode), .. } => Ok(Arc::clone(inode)),
        }
    }

    fn directory(&self, tree: &Tree, ino: u64) -> Result<Arc<Inode>, Errno> {
        // Of a removed directory the tree knows nothing any more, but this one is open.
        if ino == self.inode.ino { Ok(Arc::clone(&self.inode)) } else { Ok(Arc::clone(&tree.names(ino)?.inode)) }
    }

    fn opened(&self, inode: Arc<Inode>, options: &OpenOptions) -> Result<Opened, Errno> {
        let volume = Arc::clone(&self.volume);
        match &inode.body {
            Body::Directory if options.create && options.exclusive => Err(Errno::Exist),
            Body::Directory if options.write || options.truncate || options.create => Err(Errno::Isdir),
            Body::Directory => Ok(Opened::Directory(Arc::new(MemoryDirectory { volume, inode }))),
            _ if options.create && options.exclusive => Err(Errno::Exist),
            _ if options.directory => Err(Errno::Notdir),
            Body::Link(_) => Err(Errno::Loop),
            Body::File(contents) => {
                if options.truncate {
                    inode::write(contents).set_size(0, &volume.ledger)?;
                    inode.modified(volume.now());
                }
                let readable = options.read || !options.write;
                Ok(Opened::File(Box::new(MemoryFile::new(volume, inode, readable, options.write, options.flags))))
            }
        }
    }

    /// `open` with `create`: looking and creating are one step.
    fn open_or_create(&self, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno> {
        let mut tree = self.volume.tree_mut();
        if let Some(error) = path::refuse_file(path, options.exclusive) {
            // What is wrong on the way there is told first.
            walk(&tree, self.inode.ino, path, Follow::Never)?;
            return Err(error);
        }
        let follow = if options.follow && !options.exclusive { Follow::ToCreate } else { Follow::Never };
        let (parent, name) = match walk(&tree, self.inode.ino, path, follow)? {
            Target::Directory { directory, .. } => return self.opened(self.directory(&tree, directory)?, options),
            // A link's text can end in a slash too.
            Target::Entry { slash: true, .. } => return Err(Errno::Isdir),
            Target::Entry { inode: Some(inode), .. } => return self.opened(Arc::clone(inode), options),
            Target::Entry { parent, name, .. } => (parent, Box::<[u8]>::from(name)),
        };
        let now = self.volume.now();
        let inode = self.volume.new_file(now)?;
        names::add(&mut tree, &self.volume.ledger, parent, &name, &inode, now)?;
        self.opened(inode, &OpenOptions { create: false, truncate: false, ..*options })
    }

    /// Makes `path` a name of a new inode.
    fn create(
        &self,
        path: &[u8],
        slash_allowed: bool,
        make: impl FnOnce(u64) -> Result<Arc<Inode>, Errno>,
    ) -> Result<(), Errno> {
        let mut tree = self.volume.tree_mut();
        let place = self.named(&tree, path, Errno::Exist, Errno::Exist)?;
        match place.inode {
            // As POSIX has it; Linux says EEXIST.
            Some(inode) if place.slash && !slash_allowed && matches!(inode.body, Body::File(_)) => Err(Errno::Notdir),
            Some(_) => Err(Errno::Exist),
            None if place.slash && !slash_allowed => Err(Errno::Noent),
            None => {
                // A name in a directory that is gone costs nothing, not even an inode for a moment.
                tree.names(place.parent)?;
                let now = self.volume.now();
                names::add(&mut tree, &self.volume.ledger, place.parent, &place.name, &make(now)?, now)
            }
        }
    }
}

impl Directory for MemoryDirectory {
    fn open(&self, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno> {
        path::check(path)?;
        if options.directory && (options.create || options.exclusive || options.truncate) {
            return Err(Errno::Inval);
        }
        if options.create {
            return self.open_or_create(path, options);
        }
        let inode = self.find(&self.volume.tree(), path, options.follow)?;
        self.opened(inode, options)
    }

    fn stat(&self) -> Result<Filestat, Errno> {
        Ok(self.inode.stat())
    }

    fn stat_parent(&self) -> Result<Filestat, Errno> {
        let tree = self.volume.tree();
        let parent = tree.names(self.inode.ino)?.parent;
        Ok(tree.names(parent)?.inode.stat())
    }

    fn stat_at(&self, path: &[u8], follow: bool) -> Result<Filestat, Errno> {
        self.find(&self.volume.tree(), path, follow).map(|inode| inode.stat())
    }

    fn set_times(&self, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        self.inode.set_times(accessed, modified, self.volume.now());
        Ok(())
    }

    fn set_times_at(&self, path: &[u8], follow: bool, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        self.find(&self.volume.tree(), path, follow)?.set_times(accessed, modified, self.volume.now());
        Ok(())
    }

    fn entries(&self) -> Result<Entries, Errno> {
        Ok(Box::new(Listing::new(Arc::clone(&self.volume), self.inode.ino)))
    }

    fn create_directory(&self, path: &[u8]) -> Result<(), Errno> {
        self.create(path, true, |now| self.volume.new_directory(now))
    }

    fn remove_directory(&self, path: &[u8]) -> Result<(), Errno> {
        let mut tree = self.volume.tree_mut();
        let place = self.named(&tree, path, Errno::Inval, Errno::Notempty)?;
        match place.inode {
            None => Err(Errno::Noent),
            Some(inode) if !inode.is_directory() => Err(Errno::Notdir),
            Some(inode) if !tree.names(inode.ino)?.entries.is_empty() => Err(Errno::Notempty),
            Some(_) => names::remove(&mut tree, &self.volume.ledger, place.parent, &place.name, self.volume.now()),
        }
    }

    fn unlink_file(&self, path: &[u8]) -> Result<(), Errno> {
        let mut tree = self.volume.tree_mut();
        let place = self.named(&tree, path, Errno::Isdir, Errno::Isdir)?;
        match place.inode {
            None => Err(Errno::Noent),
            Some(inode) if inode.is_directory() => Err(Errno::Isdir),
            Some(_) if place.slash => Err(Errno::Notdir),
            Some(_) => names::remove(&mut tree, &self.volume.ledger, place.parent, &place.name, self.volume.now()),
        }
    }

    fn symlink(&self, target: &[u8], path: &[u8]) -> Result<(), Errno> {
        check_link_text(target)?;
        self.create(path, false, |now| self.volume.new_link(target, now))
    }

    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        let inode = self.find(&self.volume.tree(), path, false)?;
        match &inode.body {
            Body::Link(text) => Ok(text.to_vec()),
            Body::File(_) | Body::Directory => Err(Errno::Inval),
        }
    }

    fn rename(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno> {
        let new_directory = Self::of(new_directory)?;
        if !Arc::ptr_eq(&self.volume, &new_directory.volume) {
            return Err(Errno::Xdev);
        }
        let mut tree = self.volume.tree_mut();
        // Both ways there come before what is wrong at their ends.
        let old = self.place(&tree, path, Errno::Busy, Errno::Busy)?;
        let new = new_directory.place(&tree, new_path, Errno::Busy, Errno::Busy)?;
        let (old, new) = (old?, new?);
        let inode = old.inode.ok_or(Errno::Noent)?;
        if (old.slash || new.slash) && !inode.is_directory() {
            return Err(Errno::Notdir);
        }
        if inode.is_directory() && tree.is_within(new.parent, inode.ino)? {
            return Err(Errno::Inval);
        }
        match &new.inode {
            // Two names of one file, or the same name: nothing is to be done.
            Some(replaced) if Arc::ptr_eq(replaced, &inode) => return Ok(()),
            Some(replaced) if inode.is_directory() && !replaced.is_directory() => return Err(Errno::Notdir),
            Some(replaced) if !inode.is_directory() && replaced.is_directory() => {
                let above = tree.is_within(old.parent, replaced.ino)?;
                return Err(if above { Errno::Notempty } else { Errno::Isdir });
            }
            Some(replaced) if replaced.is_directory() && !tree.names(replaced.ino)?.entries.is_empty() => {
                return Err(Errno::Notempty);
            }
            _ => {}
        }
        let now = self.volume.now();
        names::shift(&mut tree, &self.volume.ledger, (old.parent, &old.name), (new.parent, &new.name), now)
    }

    fn link(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno> {
        let new_directory = Self::of(new_directory)?;
        if !Arc::ptr_eq(&self.volume, &new_directory.volume) {
            return Err(Errno::Xdev);
        }
        let mut tree = self.volume.tree_mut();
        let old = self.place(&tree, path, Errno::Perm, Errno::Perm)?;
        let new = new_directory.place(&tree, new_path, Errno::Exist, Errno::Exist)?;
        if path.ends_with(b"/") {
            // It has to be a directory, which then cannot be linked.
            self.find(&tree, path, true)?;
        }
        let (new, old) = (new?, old?);
        let inode = old.inode.ok_or(Errno::Noent)?;
        match &new.inode {
            Some(inode) if new.slash && matches!(inode.body, Body::File(_)) => return Err(Errno::Notdir),
            Some(_) => return Err(Errno::Exist),
            None => {}
        }
        tree.names(new.parent)?;
        if new.slash {
            return Err(Errno::Noent);
        }
        if inode.is_directory() || old.slash {
            return Err(Errno::Perm);
        }
        names::add(&mut tree, &self.volume.ledger, new.parent, &new.name, &inode, self.volume.now())
    }

    fn sync(&self, _data_only: bool) -> Result<(), Errno> {
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
