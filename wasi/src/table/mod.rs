//! The table of open descriptors: numbers to what is open, and what may be done with it.
//!
//! Invariants:
//! - A lookup is one index. New descriptors get the lowest free number above 2; numbers stay below the limit.
//! - A descriptor is in one slot only: renumbering moves it, and what was at the target is closed.
//! - The table grows only by [`FdTable::insert`], so no number of the guest's makes it grow.

mod descriptor;
mod listing;
mod mounts;
mod rights;

pub(crate) use descriptor::{Descriptor, Kind, OpenDirectory};
pub use listing::LISTING_WINDOW;
pub(crate) use listing::{LOOK_ENTRIES, Listed, Listing, Place};
pub(crate) use mounts::{Location, Mount, MountPoint, mount_points};
pub use mounts::{Perms, WALK_LEVELS_MAX};
pub(crate) use rights::{CONNECTION, RightsRequest, STANDARD_INPUT, STANDARD_OUTPUT};

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::abi::{Errno, Rights};
use crate::fs::File;
use crate::guest::Fd;

/// 0 to 2 are stdio; a guest that closes one does not get it back by opening something.
const FIRST_FREE: u32 = 3;

/// All open descriptors of a context.
pub(crate) struct FdTable {
    slots: Vec<Option<Descriptor>>,
    /// Closed numbers from [`FIRST_FREE`] on, lowest first. A heap: closing and opening are O(log n) in any order.
    free: BinaryHeap<Reverse<u32>>,
    max_fds: u32,
}

impl FdTable {
    pub(crate) fn new(max_fds: u32) -> Self {
        let slots = std::iter::repeat_with(|| None).take(FIRST_FREE as usize).collect();
        FdTable { slots, free: BinaryHeap::new(), max_fds }
    }

    /// Connects stdin, stdout or stderr.
    pub(crate) fn set_stdio(&mut self, number: usize, mut descriptor: Descriptor) {
        debug_assert!(number < FIRST_FREE as usize);
        descriptor.standard = true;
        self.slots[number] = Some(descriptor);
    }

    /// How many descriptors are open.
    pub(crate) fn open(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    #[inline]
    pub(crate) fn get(&self, fd: Fd) -> Result<&Descriptor, Errno> {
        self.slots.get(fd.0 as usize).and_then(Option::as_ref).ok_or(Errno::Badf)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, fd: Fd) -> Result<&mut Descriptor, Errno> {
        self.slots.get_mut(fd.0 as usize).and_then(Option::as_mut).ok_or(Errno::Badf)
    }

    /// The open file, if it may be used for what `needed` says. EBADF, EISDIR, ENOTCAPABLE.
    #[inline]
    pub(crate) fn file(&mut self, fd: Fd, needed: Rights) -> Result<&mut dyn File, Errno> {
        self.get_mut(fd)?.file(needed)
    }

    /// As [`file`](Self::file); it has a position besides, or ESPIPE.
    #[inline]
    pub(crate) fn seekable_file(&mut self, fd: Fd, needed: Rights) -> Result<&mut dyn File, Errno> {
        let descriptor = self.get_mut(fd)?;
        descriptor.check_seekable()?;
        descriptor.file(needed)
    }

    /// The open directory, if it may be used for what `needed` says. EBADF, ENOTDIR, ENOTCAPABLE.
    #[inline]
    pub(crate) fn directory(&self, fd: Fd, needed: Rights) -> Result<&OpenDirectory, Errno> {
        self.get(fd)?.directory(needed)
    }

    /// Whether [`insert`](Self::insert) will find a number. Asked before anything is opened or created.
    pub(crate) fn check_room(&self) -> Result<(), Errno> {
        if self.free.is_empty() && self.slots.len() >= self.max_fds as usize { Err(Errno::Mfile) } else { Ok(()) }
    }

    /// Gives the descriptor the lowest free number.
    pub(crate) fn insert(&mut self, descriptor: Descriptor) -> Result<Fd, Errno> {
        self.check_room()?;
        let number = match self.free.pop() {
            Some(Reverse(number)) => {
                self.slots[number as usize] = Some(descriptor);
                number
            }
            None => {
                self.slots.push(Some(descriptor));
                (self.slots.len() - 1) as u32
            }
        };
        Ok(Fd(number))
    }

    /// Takes the descriptor out; its number is free from now on.
    pub(crate) fn remove(&mut self, fd: Fd) -> Result<Descriptor, Errno> {
        let descriptor = self.slots.get_mut(fd.0 as usize).and_then(Option::take).ok_or(Errno::Badf)?;
        if fd.0 >= FIRST_FREE {
            self.free.push(Reverse(fd.0));
        }
        Ok(descriptor)
    }

    /// Moves `from` to `to` and closes what was there. Both must be open.
    pub(crate) fn renumber(&mut self, from: Fd, to: Fd) -> Result<(), Errno> {
        self.get(from)?;
        self.get(to)?;
        if from != to {
            let descriptor = self.remove(from)?;
            *self.get_mut(to)? = descriptor;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::{Fdflags, Filetype};

    struct Nothing;

    impl File for Nothing {
        fn filetype(&self) -> Filetype {
            Filetype::Unknown
        }
    }

    fn nothing() -> Descriptor {
        Descriptor::for_file(Box::new(Nothing), Fdflags::empty(), Rights::all())
    }

    #[test]
    fn lowest_free_number_first() {
        let mut table = FdTable::new(8);
        let numbers: Vec<u32> = std::iter::from_fn(|| table.insert(nothing()).ok().map(|fd| fd.0)).collect();
        assert_eq!(numbers, [3, 4, 5, 6, 7]);
        assert_eq!(table.check_room(), Err(Errno::Mfile));
        for number in [6, 4, 5] {
            assert!(table.remove(Fd(number)).is_ok());
        }
        assert_eq!(table.insert(nothing()), Ok(Fd(4)));
        assert_eq!(table.insert(nothing()), Ok(Fd(5)));
    }

    #[test]
    fn renumbering_neither_leaks_nor_grows() {
        let mut table = FdTable::new(100);
        let (a, b) = (table.insert(nothing()).unwrap(), table.insert(nothing()).unwrap());
        for _ in 0..100_000 {
            assert_eq!(table.renumber(b, a), Ok(()));
            assert_eq!(table.insert(nothing()), Ok(b));
        }
        assert_eq!((table.open(), table.slots.len(), table.free.len()), (2, 5, 0));
        assert_eq!(table.renumber(a, Fd(i32::MAX as u32)), Err(Errno::Badf));
        assert_eq!(table.renumber(a, Fd(2)), Err(Errno::Badf));
        assert_eq!(table.renumber(Fd(u32::MAX), a), Err(Errno::Badf));
        assert_eq!(table.renumber(a, a), Ok(()));
        assert_eq!(table.open(), 2);
    }
}
