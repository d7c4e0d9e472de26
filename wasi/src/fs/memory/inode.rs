//! Inodes: what names stand for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::contents::Contents;
use super::ledger::{DIRECTORY_COST, INODE_COST, Ledger, piece};
use crate::abi::{Errno, Filestat, Filetype};
use crate::fs::SetTime;

/// The root's inode number.
pub(super) const ROOT_INO: u64 = 1;

/// What there is besides times and number.
#[derive(Debug)]
pub(super) enum Body {
    /// A regular file.
    File(RwLock<Contents>),
    /// A symbolic link and its text.
    Link(Box<[u8]>),
    /// A directory. Its names are in the [`Tree`](super::tree::Tree), under its number.
    Directory,
}

/// What changes without the body changing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status {
    /// Names, and of a directory also its `.` and its children's `..`. 0 once removed.
    pub nlink: u64,
    pub atim: u64,
    pub mtim: u64,
    pub ctim: u64,
}

impl Body {
    /// What an inode with this body is charged, but for the contents of a file.
    fn cost(&self) -> u64 {
        INODE_COST
            + match self {
                Body::File(_) => 0,
                Body::Link(text) => piece(text.len() as u64),
                Body::Directory => DIRECTORY_COST,
            }
    }
}

/// A file, link or directory. One inode and its bytes are on the ledger until it is dropped.
#[derive(Debug)]
pub(super) struct Inode {
    pub(super) dev: u64,
    pub(super) ino: u64,
    pub(super) body: Body,
    status: Mutex<Status>,
    ledger: Arc<Ledger>,
}

impl Inode {
    /// One without names yet, which is taken from the ledger.
    ///
    /// # Errors
    /// [`Errno::Nospc`].
    pub(super) fn new(dev: u64, ino: u64, body: Body, now: u64, ledger: Arc<Ledger>) -> Result<Inode, Errno> {
        ledger.take_inode()?;
        ledger.take_bytes(body.cost()).inspect_err(|_| ledger.give_inode())?;
        let status = Mutex::new(Status { nlink: 0, atim: now, mtim: now, ctim: now });
        Ok(Inode { dev, ino, body, status, ledger })
    }

    /// The root of a file system, which is there whatever the limits say, and has no bytes on the ledger.
    pub(super) fn root(dev: u64, now: u64, ledger: Arc<Ledger>) -> Inode {
        ledger.take_inode_regardless();
        // Its `.`, and its `..`.
        let status = Mutex::new(Status { nlink: 2, atim: now, mtim: now, ctim: now });
        Inode { dev, ino: ROOT_INO, body: Body::Directory, status, ledger }
    }

    pub(super) fn filetype(&self) -> Filetype {
        match self.body {
            Body::File(_) => Filetype::RegularFile,
            Body::Link(_) => Filetype::SymbolicLink,
            Body::Directory => Filetype::Directory,
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        matches!(self.body, Body::Directory)
    }

    pub(super) fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stat(&self) -> Filestat {
        let size = match &self.body {
            Body::File(contents) => read(contents).size(),
            Body::Link(text) => text.len() as u64,
            Body::Directory => 0,
        };
        let Status { nlink, atim, mtim, ctim } = *self.status();
        Filestat { dev: self.dev, ino: self.ino, filetype: self.filetype(), nlink, size, atim, mtim, ctim }
    }

    /// Notes a change of the body.
    pub(super) fn modified(&self, now: u64) {
        let mut status = self.status();
        status.mtim = now;
        status.ctim = now;
    }

    /// Notes a reading the way Linux does by default (`relatime`): only the first since the last change. So most
    /// readings need no clock.
    pub(super) fn accessed(&self, now: impl FnOnce() -> u64) {
        let mut status = self.status();
        if status.atim <= status.mtim || status.atim <= status.ctim {
            status.atim = now();
        }
    }

    /// `utimensat`.
    pub(super) fn set_times(&self, accessed: SetTime, modified: SetTime, now: u64) {
        if (accessed, modified) == (SetTime::Keep, SetTime::Keep) {
            return;
        }
        let choose = |present, wish| match wish {
            SetTime::Keep => present,
            SetTime::Now => now,
            SetTime::At(time) => time,
        };
        let mut status = self.status();
        status.atim = choose(status.atim, accessed);
        status.mtim = choose(status.mtim, modified);
        status.ctim = now;
    }
}

impl Drop for Inode {
    fn drop(&mut self) {
        let mut bytes = if self.ino == ROOT_INO { 0 } else { self.body.cost() };
        if let Body::File(contents) = &mut self.body {
            let (chunks, charged) = contents.get_mut().unwrap_or_else(PoisonError::into_inner).take();
            self.ledger.leftovers.put(chunks, charged);
            bytes += charged;
        }
        self.ledger.give_bytes(bytes);
        self.ledger.give_inode();
    }
}

/// A panic elsewhere while the lock was held leaves bytes, not dangers.
pub(super) fn read(contents: &RwLock<Contents>) -> RwLockReadGuard<'_, Contents> {
    contents.read().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn write(contents: &RwLock<Contents>) -> RwLockWriteGuard<'_, Contents> {
    contents.write().unwrap_or_else(PoisonError::into_inner)
}
