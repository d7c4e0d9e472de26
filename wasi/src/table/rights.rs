//! Which rights a descriptor gets.
//!
//! Three things bound them: what the guest asks for, what the directory passes on, and what the kind of file knows.
//! The witx lets a host grant fewer rights than asked, never more. Guests in the field ask carelessly, as most
//! hosts ignore rights, and the rules here are the strictest under which those still work:
//!
//! - Asking for no right at all (`fs_rights_base` 0) is asking for whatever reading needs; guests do so and then read.
//! - An inheriting set of 0, or equal to the base set, is no opinion (Zig's `openDir` passes the directory's own
//!   rights, without FD_READ, and then reads files below it): what the parent passes on is passed on. Any other set
//!   narrows it.
//! - `FD_READ` on a directory is `FD_READDIR`.
//! - Without `FD_WRITE` the file is opened for reading, so rights that need a writable one are not granted.
//! - Asking for `FD_READ` or `FD_WRITE` where the directory does not pass it on is refused (ENOTCAPABLE), so
//!   that a guest learns it when opening; any other such right is left out silently.
//! - A directory shows the rights that were asked for, but what holds is all that its parent passes on. A native
//!   `openat` has no mask for what may be done below the directory, and toolchains leave rights out of it carelessly: Go
//!   opens directories without PATH_FILESTAT_SET_SIZE and then truncates below them. What is enforced is dropping:
//!   `fd_fdstat_set_rights`, and a narrower inheriting set.
//!   The masks that were seen are in RATIONALE 29.
//! - Below a read-only mount no right to change anything is shown. It holds all the same, so that asking for more than
//!   is shown is EROFS and not ENOTCAPABLE.

use super::Perms;
use crate::abi::{Errno, Filetype, Rights};

/// Of any file.
const ANY: Rights = Rights::FD_FDSTAT_SET_FLAGS.union(Rights::FD_FILESTAT_GET).union(Rights::POLL_FD_READWRITE);

/// Of pipes, terminals, FIFOs.
const STREAM: Rights = ANY
    .union(Rights::FD_READ)
    .union(Rights::FD_WRITE)
    .union(Rights::FD_SYNC)
    .union(Rights::FD_DATASYNC)
    .union(Rights::FD_FILESTAT_SET_TIMES);

/// Of regular files and block devices.
const FILE: Rights = STREAM
    .union(Rights::FD_SEEK)
    .union(Rights::FD_TELL)
    .union(Rights::FD_ADVISE)
    .union(Rights::FD_ALLOCATE)
    .union(Rights::FD_FILESTAT_SET_SIZE);

/// Of accepted connections.
pub(crate) const CONNECTION: Rights = ANY.union(Rights::FD_READ).union(Rights::FD_WRITE).union(Rights::SOCK_SHUTDOWN);

/// Of listeners.
const LISTENER: Rights = ANY.union(Rights::SOCK_ACCEPT);

/// Of directories: themselves, and paths below them.
const DIRECTORY: Rights = Rights::FD_READDIR
    .union(Rights::FD_SYNC)
    .union(Rights::FD_DATASYNC)
    .union(Rights::FD_FDSTAT_SET_FLAGS)
    .union(Rights::FD_FILESTAT_GET)
    .union(Rights::FD_FILESTAT_SET_TIMES)
    .union(Rights::PATH_CREATE_DIRECTORY)
    .union(Rights::PATH_CREATE_FILE)
    .union(Rights::PATH_LINK_SOURCE)
    .union(Rights::PATH_LINK_TARGET)
    .union(Rights::PATH_OPEN)
    .union(Rights::PATH_READLINK)
    .union(Rights::PATH_RENAME_SOURCE)
    .union(Rights::PATH_RENAME_TARGET)
    .union(Rights::PATH_FILESTAT_GET)
    .union(Rights::PATH_FILESTAT_SET_SIZE)
    .union(Rights::PATH_FILESTAT_SET_TIMES)
    .union(Rights::PATH_SYMLINK)
    .union(Rights::PATH_REMOVE_DIRECTORY)
    .union(Rights::PATH_UNLINK_FILE);

/// Need a file that is open for writing.
const NEED_WRITE: Rights = Rights::FD_WRITE.union(Rights::FD_ALLOCATE).union(Rights::FD_FILESTAT_SET_SIZE);

/// What stdin is open for: reading, and no change to what it is connected to. All that has to do with a position falls
/// away where there is none.
pub(crate) const STANDARD_INPUT: Rights = FILE.difference(NEED_WRITE).difference(Rights::FD_FILESTAT_SET_TIMES);

/// What stdout and stderr are open for.
pub(crate) const STANDARD_OUTPUT: Rights = FILE.difference(Rights::FD_READ);

/// What changes files or directories. FD_DATASYNC and FD_SYNC do not.
pub(super) const CHANGES: Rights = NEED_WRITE
    .union(Rights::FD_FILESTAT_SET_TIMES)
    .union(Rights::PATH_CREATE_DIRECTORY)
    .union(Rights::PATH_CREATE_FILE)
    .union(Rights::PATH_LINK_SOURCE)
    .union(Rights::PATH_LINK_TARGET)
    .union(Rights::PATH_RENAME_SOURCE)
    .union(Rights::PATH_RENAME_TARGET)
    .union(Rights::PATH_FILESTAT_SET_SIZE)
    .union(Rights::PATH_FILESTAT_SET_TIMES)
    .union(Rights::PATH_SYMLINK)
    .union(Rights::PATH_REMOVE_DIRECTORY)
    .union(Rights::PATH_UNLINK_FILE);

/// A descriptor's rights, and those that it passes on to what is opened through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RightsPair {
    pub(super) base: Rights,
    pub(super) inheriting: Rights,
}

impl RightsPair {
    /// Without anything to pass on.
    pub(super) fn base(base: Rights) -> RightsPair {
        RightsPair { base, inheriting: Rights::empty() }
    }

    pub(super) fn without(self, rights: Rights) -> RightsPair {
        RightsPair { base: self.base - rights, inheriting: self.inheriting - rights }
    }
}

/// A preopened directory's rights, and what it passes on.
pub(super) const PREOPEN: RightsPair = RightsPair { base: DIRECTORY, inheriting: DIRECTORY.union(FILE) };

/// A preopened listener's rights, and what it passes on.
pub(super) const PREOPEN_LISTENER: RightsPair = RightsPair { base: LISTENER, inheriting: CONNECTION };

/// The rights that mean something for a file of that type. `terminal` tells apart character devices: `isatty` in
/// wasi-libc is "a character device that can neither seek nor tell", so that any other device must have those rights,
/// although seeking in it is ESPIPE.
pub(super) fn applicable(filetype: Filetype, terminal: bool) -> Rights {
    match filetype {
        Filetype::RegularFile | Filetype::BlockDevice => FILE,
        Filetype::CharacterDevice if !terminal => STREAM.union(Rights::FD_SEEK).union(Rights::FD_TELL),
        _ => STREAM,
    }
}

/// What `path_open` is asked for, after the check against what the directory passes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RightsRequest {
    base: Rights,
    inheriting: Rights,
    passed_on: Rights,
}

impl RightsRequest {
    pub(crate) fn new(base: Rights, inheriting: Rights, passed_on: Rights) -> Result<Self, Errno> {
        let access = base & (Rights::FD_READ | Rights::FD_WRITE);
        if passed_on.contains(access) {
            Ok(RightsRequest { base, inheriting, passed_on })
        } else {
            Err(Errno::Notcapable)
        }
    }

    /// Whether the file is to be opened for writing.
    pub(crate) fn write(&self) -> bool {
        self.base.contains(Rights::FD_WRITE)
    }

    /// Whether the file is to be opened for reading: also when neither is asked for, since a file has to be opened for
    /// something.
    pub(crate) fn read(&self) -> bool {
        self.base.contains(Rights::FD_READ) || !self.write()
    }

    fn wanted(&self) -> Rights {
        match (self.base.is_empty(), self.write()) {
            (true, _) => Rights::all() - NEED_WRITE,
            (false, true) => self.base,
            (false, false) => self.base - NEED_WRITE,
        }
    }

    /// The base rights of a file that was opened.
    pub(super) fn for_file(&self, applicable: Rights) -> Rights {
        self.wanted() & self.passed_on & applicable
    }

    /// Whether this is wasi-libc's request for a writable file below a directory that shows `inheriting` without FD_WRITE:
    /// libc asks only for rights that are shown, passes them on as they are, and asks for FD_DATASYNC of files that it
    /// opens for writing, and of no others.
    pub(crate) fn is_cut_write(&self, inheriting: Rights) -> bool {
        let cut = !inheriting.contains(Rights::FD_WRITE) && self.inheriting == inheriting;
        cut && inheriting.contains(self.base) && self.base.contains(Rights::FD_DATASYNC)
    }

    /// The rights of a directory that was opened: those that hold, and those that were asked for, which may be fewer.
    pub(super) fn for_directory(&self, perms: Perms) -> (RightsPair, RightsPair) {
        let mut wanted = self.wanted();
        if wanted.contains(Rights::FD_READ) {
            wanted |= Rights::FD_READDIR;
        }
        let no_opinion = self.inheriting.is_empty() || self.inheriting == self.base;
        let inheriting = if no_opinion { self.passed_on } else { self.inheriting & self.passed_on };
        let asked = RightsPair { base: wanted & self.passed_on & DIRECTORY, inheriting };
        // What a read-only mount hides from the guest was not left out by the guest.
        let hidden = if perms.write() { Rights::empty() } else { CHANGES & self.passed_on };
        let held = RightsPair { base: self.passed_on & DIRECTORY, inheriting: inheriting | hidden };
        (held, asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_for_nothing_is_asking_to_read() {
        let request = RightsRequest::new(Rights::empty(), Rights::empty(), PREOPEN.inheriting).unwrap();
        assert!(request.read() && !request.write());
        assert_eq!(request.for_file(FILE), FILE - NEED_WRITE);
        assert_eq!(request.for_directory(Perms::READ_WRITE), (PREOPEN, PREOPEN));
    }

    #[test]
    fn what_is_not_passed_on_is_not_had() {
        let passed_on = Rights::FD_READ | Rights::FD_SEEK;
        assert_eq!(RightsRequest::new(Rights::FD_WRITE, Rights::all(), passed_on).unwrap_err(), Errno::Notcapable);
        let request = RightsRequest::new(Rights::FD_READ | Rights::FD_TELL, Rights::FD_SEEK, passed_on).unwrap();
        assert_eq!(request.for_file(FILE), Rights::FD_READ);
        let pair = RightsPair { base: Rights::empty(), inheriting: Rights::FD_SEEK };
        assert_eq!(request.for_directory(Perms::READ_WRITE), (pair, pair));
    }

    #[test]
    fn writing_rights_need_a_writable_file() {
        let asked = Rights::FD_READ | Rights::FD_FILESTAT_SET_SIZE;
        let request = RightsRequest::new(asked, Rights::empty(), PREOPEN.inheriting).unwrap();
        assert_eq!(request.for_file(FILE), Rights::FD_READ);
    }
}
