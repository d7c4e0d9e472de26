//! A directory's listing in the order of its names, whatever its host's order is.
//!
//! ```text
//! the host's entries ──► sorted, one by one ──► numbered, all in one order ──► given out
//!                        └── EAGAIN after every STEP of them ─────────────┘
//! ```
//!
//! They are numbered before the first is given out: a removed file's number may be a new one's by the time it is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::numbers::Numbers;
use crate::abi::{Errno, Filetype};
use crate::fs::{DirectoryEntry, Entries};

/// How many entries are worked on before whoever asked has a turn.
const STEP: usize = 256;

pub(super) struct StableListing {
    dev: u64,
    numbers: Arc<Numbers>,
    /// The host's. `None` when all have come.
    rest: Option<Entries>,
    sorted: BTreeMap<Vec<u8>, (u64, Filetype)>,
    /// The names of the numbered ones, one after the other: in one piece, however many they are, they are soon given back.
    names: Vec<u8>,
    numbered: Vec<Numbered>,
    given: usize,
}

/// An entry whose name begins where that of the one before ends.
struct Numbered {
    end: usize,
    ino: u64,
    filetype: Filetype,
}

impl StableListing {
    /// Of the directory on the host's device `dev`.
    pub(super) fn new(rest: Entries, dev: u64, numbers: Arc<Numbers>) -> StableListing {
        let (sorted, names, numbered) = (BTreeMap::new(), Vec::new(), Vec::new());
        StableListing { dev, numbers, rest: Some(rest), sorted, names, numbered, given: 0 }
    }

    /// Works on the next entries; an error is the host's, or EAGAIN as long as there is more to do.
    fn prepare(&mut self) -> Result<(), Errno> {
        if let Some(rest) = &mut self.rest {
            for _ in 0..STEP {
                let Some(entry) = rest.next() else {
                    self.rest = None;
                    break;
                };
                let entry = entry?;
                self.sorted.insert(entry.name, (entry.ino, entry.filetype));
            }
            if self.rest.is_some() {
                return Err(Errno::Again);
            }
        }
        for _ in 0..STEP {
            let Some((name, (ino, filetype))) = self.sorted.pop_first() else { return Ok(()) };
            self.names.extend_from_slice(&name);
            let ino = self.numbers.file(self.dev, ino);
            self.numbered.push(Numbered { end: self.names.len(), ino, filetype });
        }
        if self.sorted.is_empty() { Ok(()) } else { Err(Errno::Again) }
    }
}

impl Iterator for StableListing {
    type Item = Result<DirectoryEntry, Errno>;

    fn next(&mut self) -> Option<Self::Item> {
        if (self.rest.is_some() || !self.sorted.is_empty())
            && let Err(errno) = self.prepare()
        {
            return Some(Err(errno));
        }
        let &Numbered { end, ino, filetype } = self.numbered.get(self.given)?;
        let start = self.given.checked_sub(1).map_or(0, |before| self.numbered[before].end);
        self.given += 1;
        Some(Ok(DirectoryEntry { name: self.names[start..end].to_vec(), ino, filetype }))
    }
}
