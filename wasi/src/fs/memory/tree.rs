//! Which names each directory holds. All of it is under one lock, so nothing here takes locks or keeps books.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::MemoryFs;
use super::inode::Inode;
use crate::abi::Errno;

/// The names in one directory, sorted: listings are the same every time.
#[derive(Debug)]
pub(super) struct Names {
    /// The directory itself.
    pub inode: Arc<Inode>,
    /// The number of the directory above; the root's own for the root.
    pub parent: u64,
    pub entries: BTreeMap<Box<[u8]>, Arc<Inode>>,
}

/// All directories that have not been removed, by inode number: a map that need not be moved as a whole when it grows,
/// which a guest would wait for.
#[derive(Debug, Default)]
pub(super) struct Tree {
    directories: BTreeMap<u64, Names>,
}

impl Tree {
    /// The names in a directory; [`Errno::Noent`] once it was removed, as it may be while it is open.
    pub(super) fn names(&self, directory: u64) -> Result<&Names, Errno> {
        self.directories.get(&directory).ok_or(Errno::Noent)
    }

    pub(super) fn names_mut(&mut self, directory: u64) -> Result<&mut Names, Errno> {
        self.directories.get_mut(&directory).ok_or(Errno::Noent)
    }

    /// Gives a new directory its (empty) list of names.
    pub(super) fn open_directory(&mut self, inode: Arc<Inode>, parent: u64) {
        self.directories.insert(inode.ino, Names { inode, parent, entries: BTreeMap::new() });
    }

    /// Takes the list away again: from now on nothing can be found or created in it.
    pub(super) fn close_directory(&mut self, directory: u64) {
        self.directories.remove(&directory);
    }

    /// Whether `directory` is `above` or lies below it; [`Errno::Nametoolong`] when it lies more than [`MemoryFs::LEVELS_MAX`] levels
    /// below the root and `above` is not found before.
    pub(super) fn is_within(&self, mut directory: u64, above: u64) -> Result<bool, Errno> {
        for _ in 0..MemoryFs::LEVELS_MAX {
            if directory == above {
                return Ok(true);
            }
            match self.directories.get(&directory) {
                Some(names) if names.parent != directory => directory = names.parent,
                _ => return Ok(false),
            }
        }
        Err(Errno::Nametoolong)
    }
}
