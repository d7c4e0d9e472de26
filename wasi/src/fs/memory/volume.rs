//! A file system as a whole: its number, clock and ledger, and the tree under its lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::contents::Contents;
use super::inode::{Body, Inode, ROOT_INO};
use super::ledger::Ledger;
use super::tree::Tree;
use crate::abi::Errno;

/// Nanoseconds since 1970.
pub(super) type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The first file system's number ("hostel" in ASCII): far from those that hosts give to devices.
const FIRST_DEV: u64 = 0x686f_7374_656c_0000;

/// What all handles of one file system share.
pub(super) struct Volume {
    pub(super) ledger: Arc<Ledger>,
    pub(super) root: Arc<Inode>,
    clock: Clock,
    dev: u64,
    next_ino: AtomicU64,
    tree: RwLock<Tree>,
}

impl Volume {
    pub(super) fn new(ledger: Ledger, clock: Clock) -> Volume {
        static VOLUMES: AtomicU64 = AtomicU64::new(0);
        let ledger = Arc::new(ledger);
        let dev = FIRST_DEV.wrapping_add(VOLUMES.fetch_add(1, Relaxed));
        let root = Arc::new(Inode::root(dev, clock(), Arc::clone(&ledger)));
        let mut tree = Tree::default();
        tree.open_directory(Arc::clone(&root), ROOT_INO);
        Volume { ledger, root, clock, dev, next_ino: AtomicU64::new(ROOT_INO + 1), tree: RwLock::new(tree) }
    }

    pub(super) fn now(&self) -> u64 {
        (self.clock)()
    }

    pub(super) fn tree(&self) -> RwLockReadGuard<'_, Tree> {
        self.tree.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tree_mut(&self) -> RwLockWriteGuard<'_, Tree> {
        self.tree.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A regular file without a name yet.
    pub(super) fn new_file(&self, now: u64) -> Result<Arc<Inode>, Errno> {
        self.new_inode(now, Body::File(RwLock::new(Contents::default())))
    }

    /// A directory without a name yet.
    pub(super) fn new_directory(&self, now: u64) -> Result<Arc<Inode>, Errno> {
        self.new_inode(now, Body::Directory)
    }

    /// A symbolic link without a name yet.
    pub(super) fn new_link(&self, text: &[u8], now: u64) -> Result<Arc<Inode>, Errno> {
        // At most as long as a path: it may be there for a moment before it is charged.
        self.new_inode(now, Body::Link(text.into()))
    }

    fn new_inode(&self, now: u64, body: Body) -> Result<Arc<Inode>, Errno> {
        let ino = self.next_ino.fetch_add(1, Relaxed);
        Inode::new(self.dev, ino, body, now, Arc::clone(&self.ledger)).map(Arc::new)
    }
}
