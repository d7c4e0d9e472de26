//! A file system as a whole: its number, clock and ledger, and the tree under its lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::contents::Contents;
use super::inode::{Body, Inode};
use super::ledger::Ledger;
use super::tree::Tree;
use crate::abi::Errno;

/// Nanoseconds since 1970.
pub(super) type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The first file system's number ("hostel" in ASCII): far from those that hosts give to devices.
const FIRST_DEV: u64 = 0x686f_7374_656c_0000;
/// The root's inode number.
const ROOT_INO: u64 = 1;

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
        ledger.take_inode_regardless();
        let root = Arc::new(Inode::new(dev, ROOT_INO, Body::Directory, clock(), Arc::clone(&ledger)));
        root.status().nlink = 2;
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
        self.new_inode(now, || Ok(Body::File(RwLock::new(Contents::default()))))
    }

    /// A directory without a name yet.
    pub(super) fn new_directory(&self, now: u64) -> Result<Arc<Inode>, Errno> {
        self.new_inode(now, || Ok(Body::Directory))
    }

    /// A symbolic link without a name yet.
    pub(super) fn new_link(&self, text: &[u8], now: u64) -> Result<Arc<Inode>, Errno> {
        self.new_inode(now, || self.ledger.take_bytes(text.len() as u64).map(|()| Body::Link(text.into())))
    }

    fn new_inode(&self, now: u64, body: impl FnOnce() -> Result<Body, Errno>) -> Result<Arc<Inode>, Errno> {
        self.ledger.take_inode()?;
        let body = body().inspect_err(|_| self.ledger.give_inode())?;
        let ino = self.next_ino.fetch_add(1, Relaxed);
        Ok(Arc::new(Inode::new(self.dev, ino, body, now, Arc::clone(&self.ledger))))
    }
}
