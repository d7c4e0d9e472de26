//! Listings: `getdents` on a descriptor of the listing's own, so that two listings of one directory do not share a
//! position. Number and type of an entry come from the listing itself, without a `stat` per entry.
//!
//! The number of a mount point is that of the directory underneath it, as the system lists it.

use rustix::fs::{AtFlags, Dir, DirEntry, FileType, statat};

use super::stat;
use crate::abi::{Errno, Filetype};
use crate::fs::{DirectoryEntry, errno_from_system};

/// The rest of a listing.
pub(super) struct Listing {
    /// `None` after the end, so that no descriptor is held by listings that somebody keeps.
    dir: Option<Dir>,
}

impl Listing {
    /// Starts one on a descriptor opened for it.
    pub(super) fn new(dir: Dir) -> Listing {
        Listing { dir: Some(dir) }
    }
}

impl Iterator for Listing {
    type Item = Result<DirectoryEntry, Errno>;

    fn next(&mut self) -> Option<Self::Item> {
        let dir = self.dir.as_mut()?;
        loop {
            match dir.read() {
                Some(Ok(entry)) if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
                Some(Ok(entry)) => return Some(Ok(directory_entry(dir, &entry))),
                Some(Err(error)) => {
                    self.dir = None;
                    return Some(Err(errno_from_system(error)));
                }
                None => {
                    self.dir = None;
                    return None;
                }
            }
        }
    }
}

fn directory_entry(dir: &Dir, entry: &DirEntry) -> DirectoryEntry {
    let filetype = match entry.file_type() {
        // Some file systems list names only. An entry that is gone again stays unknown.
        FileType::Unknown => look(dir, entry).unwrap_or(Filetype::Unknown),
        known => stat::filetype(known),
    };
    DirectoryEntry { name: entry.file_name().to_bytes().to_vec(), ino: entry.ino(), filetype }
}

fn look(dir: &Dir, entry: &DirEntry) -> Option<Filetype> {
    let found = statat(dir.fd().ok()?, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(stat::filetype(FileType::from_raw_mode(found.st_mode)))
}
