//! Listings of a directory in memory: sorted by name, and found again by name after every pause. So entries that come
//! and go meanwhile are seen or not seen, but no other is lost or told twice.

use std::ops::Bound;
use std::sync::Arc;

use super::volume::Volume;
use crate::abi::Errno;
use crate::fs::DirectoryEntry;

/// Entries looked up under one lock (chosen: few locks, short ones).
const BATCH: usize = 64;

pub(super) struct Listing {
    volume: Arc<Volume>,
    directory: u64,
    /// The last name looked up.
    after: Option<Vec<u8>>,
    batch: std::vec::IntoIter<DirectoryEntry>,
    over: bool,
}

impl Listing {
    pub(super) fn new(volume: Arc<Volume>, directory: u64) -> Listing {
        Listing { volume, directory, after: None, batch: Vec::new().into_iter(), over: false }
    }

    fn fetch(&mut self) {
        let tree = self.volume.tree();
        // A directory removed meanwhile has no more entries.
        let Ok(names) = tree.names(self.directory) else {
            self.over = true;
            return;
        };
        let start = self.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let batch: Vec<_> = names
            .entries
            .range::<[u8], _>((start, Bound::Unbounded))
            .take(BATCH)
            .map(|(name, inode)| DirectoryEntry { name: name.to_vec(), ino: inode.ino, filetype: inode.filetype() })
            .collect();
        self.over = batch.len() < BATCH;
        self.after = batch.last().map(|entry| entry.name.clone());
        self.batch = batch.into_iter();
    }
}

impl Iterator for Listing {
    type Item = Result<DirectoryEntry, Errno>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.batch.len() == 0 && !self.over {
            self.fetch();
        }
        self.batch.next().map(Ok)
    }
}
