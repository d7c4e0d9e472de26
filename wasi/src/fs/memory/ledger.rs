//! What a file system in memory may take, and what it takes. Nothing is stored before it was taken from here.
//!
//! What is charged is the memory of the host that a thing takes, with what the system's allocator and the maps add to it:
//! `wasi/tests/memory_charge.rs` counts that it is.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::inode::Inode;
use super::leftovers::Leftovers;
use crate::abi::Errno;

/// Charged for a name besides its bytes: its entry in a directory's map.
const ENTRY_COST: u64 = entry(24);
/// Charged for an inode of any kind: itself, and the two counts of those that hold it.
pub(super) const INODE_COST: u64 = piece(size_of::<Inode>() as u64 + 16);
/// Charged for a directory besides: its entry in the tree's map, and its own map, which has one node from its first name on.
pub(super) const DIRECTORY_COST: u64 = entry(48) + node(24) - ENTRY_COST;
/// Charged for a chunk of contents besides its bytes: its entry in the file's map, and an allocation.
pub(super) const CHUNK_COST: u64 = entry(32) + OWN;
/// Charged for the first chunk of a file besides: the map's first node.
pub(super) const FIRST_CHUNK_COST: u64 = node(32) - entry(32);

/// What an allocation takes besides its bytes, at most: glibc keeps its length, a word, and rounds up to two.
const OWN: u64 = 24;

/// What an allocation of so many bytes takes.
pub(super) const fn piece(bytes: u64) -> u64 {
    let rounded = bytes.saturating_add(8 + 15) / 16 * 16;
    if rounded < 32 { 32 } else { rounded }
}

/// What a node of a `BTreeMap` takes whose entries have so many bytes: eleven of them, and what binds it to others.
const fn node(entry: u64) -> u64 {
    piece(11 * entry + 16)
}

/// What an entry of so many bytes takes in a `BTreeMap`, whose nodes have five entries at least: its share of a node, and of
/// the node above it, which has twelve pointers besides.
const fn entry(bytes: u64) -> u64 {
    node(bytes).div_ceil(5) + (node(bytes) + 96).div_ceil(30)
}

/// Counters with limits. They never exceed them, whoever asks at the same time.
#[derive(Debug)]
pub(super) struct Ledger {
    max_bytes: u64,
    max_inodes: u64,
    bytes: AtomicU64,
    inodes: AtomicU64,
    pub(super) leftovers: Leftovers,
}

/// The longest a file may be, holes included, whatever room there is for what is stored of it: 16 TiB. Chosen: as much as
/// ext4 allows.
pub(super) const MAX_FILE_SIZE: u64 = 1 << 44;

impl Ledger {
    pub(super) fn new(max_bytes: u64, max_inodes: u64) -> Ledger {
        let (bytes, inodes) = (AtomicU64::new(0), AtomicU64::new(0));
        Ledger { max_bytes, max_inodes, bytes, inodes, leftovers: Leftovers::default() }
    }

    pub(super) fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// How many bytes can be taken.
    pub(super) fn room(&self) -> u64 {
        self.max_bytes.saturating_sub(self.bytes())
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    pub(super) fn inodes(&self) -> u64 {
        self.inodes.load(Relaxed)
    }

    /// Takes all of `count` or nothing.
    pub(super) fn take_bytes(&self, count: u64) -> Result<(), Errno> {
        take(&self.bytes, self.max_bytes, count)
    }

    /// Takes as much of `count` as there is, and says how much.
    pub(super) fn take_bytes_up_to(&self, count: u64) -> u64 {
        let grant = |used: u64| count.min(self.max_bytes.saturating_sub(used));
        self.bytes.fetch_update(Relaxed, Relaxed, |used| used.checked_add(grant(used))).map_or(0, grant)
    }

    pub(super) fn give_bytes(&self, count: u64) {
        self.bytes.fetch_sub(count, Relaxed);
    }

    pub(super) fn take_inode(&self) -> Result<(), Errno> {
        take(&self.inodes, self.max_inodes, 1)
    }

    /// For the root, which is there even if the limit is 0.
    pub(super) fn take_inode_regardless(&self) {
        self.inodes.fetch_add(1, Relaxed);
    }

    pub(super) fn give_inode(&self) {
        self.inodes.fetch_sub(1, Relaxed);
    }
}

fn take(used: &AtomicU64, max: u64, count: u64) -> Result<(), Errno> {
    let taken = used.fetch_update(Relaxed, Relaxed, |used| used.checked_add(count).filter(|&sum| sum <= max));
    taken.map(|_| ()).map_err(|_| Errno::Nospc)
}

/// What one name costs.
pub(super) fn name_cost(name: &[u8]) -> u64 {
    ENTRY_COST + piece(name.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold() {
        let ledger = Ledger::new(10, 1);
        assert_eq!(ledger.take_bytes(11), Err(Errno::Nospc));
        assert_eq!(ledger.take_bytes(u64::MAX), Err(Errno::Nospc));
        assert_eq!(ledger.take_bytes(7), Ok(()));
        assert_eq!(ledger.take_bytes_up_to(5), 3);
        assert_eq!(ledger.take_bytes_up_to(5), 0);
        ledger.give_bytes(10);
        assert_eq!(ledger.bytes(), 0);
        assert_eq!((ledger.take_inode(), ledger.take_inode()), (Ok(()), Err(Errno::Nospc)));
    }
}
