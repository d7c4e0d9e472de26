//! Inodes: what names stand for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::contents::Contents;
use super::ledger::Ledger;
use crate::abi::{Filestat, Filetype};
use crate::fs::SetTime;

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

/// A file, link or directory. One inode and the bytes of its body are on the ledger until it is dropped.
#[derive(Debug)]
pub(super) struct Inode {
    pub(super) dev: u64,
    pub(super) ino: u64,
    pub(super) body: Body,
    status: Mutex<Status>,
    ledger: Arc<Ledger>,
}

impl Inode {
    /// One without names yet. The caller has taken an inode, and a link's text, from the ledger.
    pub(super) fn new(dev: u64, ino: u64, body: Body, now: u64, ledger: Arc<Ledger>) -> Inode {
        let status = Mutex::new(Status { nlink: 0, atim: now, mtim: now, ctim: now });
        Inode { dev, ino, body, status, ledger }
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
        let bytes = match &mut self.body {
            Body::File(contents) => {
                let (chunks, charged) = contents.get_mut().unwrap_or_else(PoisonError::into_inner).take();
                self.ledger.leftovers.put(chunks, charged);
                charged
            }
            Body::Link(text) => text.len() as u64,
            Body::Directory => 0,
        };
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
