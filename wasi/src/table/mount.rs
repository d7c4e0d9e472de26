//! Mounts: each preopened directory is one, and every descriptor opened through it belongs to it.

use crate::abi::Errno;

/// What a guest may do below a preopened directory. Read-only holds whatever rights a descriptor has: every change is
/// refused with EROFS before the file system hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perms {
    write: bool,
}

impl Perms {
    /// Look, but change nothing.
    pub const READ_ONLY: Perms = Perms { write: false };
    /// Everything.
    pub const READ_WRITE: Perms = Perms { write: true };

    /// EROFS unless changes are allowed.
    pub(crate) fn check_writable(self) -> Result<(), Errno> {
        if self.write { Ok(()) } else { Err(Errno::Rofs) }
    }
}

/// Where a descriptor comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    /// The number of the preopen within its context. Links and renames stay within one.
    pub(crate) id: u32,
    pub(crate) perms: Perms,
}
