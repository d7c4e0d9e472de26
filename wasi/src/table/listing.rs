//! A directory's listing as `fd_readdir` walks it.
//!
//! Cookies are positions: `.` is 0, `..` is 1, then the mounts below it, then the file system's own order. One listing is under way per
//! descriptor, and what it has given is remembered, so that going on is linear, older cookies resume, and entries
//! deleted meanwhile leave no gap.
//!
//! Bounded: the latest [`LISTING_WINDOW`] entries are remembered. A cookie from before those starts the listing again
//! and skips to its place.

use std::collections::VecDeque;

use super::{Mount, MountPoint};
use crate::abi::{Errno, Filetype};
use crate::fs::{Directory, DirectoryEntry, Entries};

/// How many entries of a listing a descriptor remembers. Chosen: more than fit one buffer of any libc by far.
pub const LISTING_WINDOW: usize = 16_384;

/// After how many entries that a file system was asked for somebody else has a turn. Chosen: on a host's directory some
/// 0.2 ms.
pub(crate) const LOOK_ENTRIES: u64 = 256;

/// What is at a position.
pub(crate) enum Place<'l> {
    Entry(&'l DirectoryEntry),
    /// It is beyond the end.
    End,
    /// That takes longer: to be asked again.
    Later,
}

/// A directory to be listed, with the mount points in it.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'d> {
    pub(crate) dir: &'d dyn Directory,
    pub(crate) mount: Mount,
    pub(crate) point: Option<&'d MountPoint>,
}

/// A listing under way.
pub(crate) struct Listing {
    /// `None` when the end was reached: an iterator may hold a descriptor of the host's.
    rest: Option<Entries>,
    window: VecDeque<DirectoryEntry>,
    /// The position of the window's first entry.
    first: u64,
    /// Entries that the file system was asked for, and that nobody has counted yet.
    looked_at: u64,
    /// Whether the call that walked it was stopped: when it is made again, even from the start, this one goes on.
    pub(crate) stopped: bool,
}

impl Listing {
    /// Of the directory at the root of a mount, `..` is that directory itself, as at the root of a system: what is above
    /// may be outside of the sandbox. It never is 0: that is "unknown", for which libc's `scandir` asks by name.
    pub(crate) fn start(Listed { dir, mount, point }: Listed<'_>) -> Result<Self, Errno> {
        let own = dir.stat()?;
        let above = if mount.is_root(&own) { Ok(own) } else { dir.stat_parent() };
        let above = match above {
            // A directory that may be listed but not searched, or one that has been removed.
            Err(Errno::Acces | Errno::Noent) => own,
            above => above?,
        };
        let entry = |name: &[u8], ino| DirectoryEntry { name: name.to_vec(), ino, filetype: Filetype::Directory };
        let (dot, dot_dot) = (entry(b".", own.ino), entry(b"..", above.ino));
        let rest = point.map_or_else(|| dir.entries(), |point| point.entries(dir))?;
        let window = VecDeque::from([dot, dot_dot]);
        Ok(Listing { rest: Some(rest), window, first: 0, looked_at: 0, stopped: false })
    }

    /// How many entries the file system was asked for since these were last taken.
    pub(crate) fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// That number, once.
    pub(crate) fn take_looked_at(&mut self) -> u64 {
        std::mem::take(&mut self.looked_at)
    }

    /// The entry at `position`. Looks at [`LOOK_ENTRIES`] entries at most.
    pub(crate) fn entry(&mut self, listed: Listed<'_>, position: u64) -> Result<Place<'_>, Errno> {
        if position < self.first {
            let before = self.looked_at;
            *self = Listing::start(listed)?;
            self.looked_at += before;
        }
        let mut looked_at = 0;
        while position - self.first >= self.window.len() as u64 {
            if looked_at == LOOK_ENTRIES {
                return Ok(Place::Later);
            }
            match self.rest.as_mut().and_then(Iterator::next) {
                None => {
                    self.rest = None;
                    return Ok(Place::End);
                }
                // It collects entries, about as many.
                Some(Err(Errno::Again)) => {
                    self.looked_at += LOOK_ENTRIES;
                    return Ok(Place::Later);
                }
                Some(entry) => self.window.push_back(entry?),
            }
            looked_at += 1;
            self.looked_at += 1;
            if self.window.len() > LISTING_WINDOW {
                self.window.pop_front();
                self.first += 1;
            }
        }
        let entry = usize::try_from(position - self.first).ok().and_then(|index| self.window.get(index));
        Ok(entry.map_or(Place::End, Place::Entry))
    }
}
