//! The text of paths: bytes in guest memory that the file system layer may be given.
//!
//! Bounds come first (EFAULT), the text after them, also of two paths: WASI functions check every pointer before they look
//! at any text. Where a path leads is not decided here.

use super::{GuestLen, GuestPtr, Memory};
use crate::abi::Errno;

/// The longest path in bytes: one less than POSIX's `PATH_MAX` of 4096, which counts the NUL (wasi-libc's, and Linux's).
pub const PATH_MAX: usize = 4095;

impl Memory<'_> {
    /// A path that the file system layer may be given.
    #[inline]
    pub(crate) fn path(&self, ptr: GuestPtr, len: GuestLen) -> Result<&[u8], Errno> {
        let path = self.bytes(ptr, len.0 as usize)?;
        check(path)?;
        Ok(path)
    }

    /// Two of them.
    #[inline]
    pub(crate) fn two_paths(
        &self,
        (ptr, len): (GuestPtr, GuestLen),
        (other_ptr, other_len): (GuestPtr, GuestLen),
    ) -> Result<(&[u8], &[u8]), Errno> {
        let (path, other) = (self.bytes(ptr, len.0 as usize)?, self.bytes(other_ptr, other_len.0 as usize)?);
        check(path)?;
        check(other)?;
        Ok((path, other))
    }
}

/// Checks what the file system layer requires of a path: not empty (ENOENT), not too long (ENAMETOOLONG), no NUL
/// (EINVAL), relative (EPERM).
fn check(path: &[u8]) -> Result<(), Errno> {
    if path.is_empty() {
        return Err(Errno::Noent);
    }
    if path.len() > PATH_MAX {
        return Err(Errno::Nametoolong);
    }
    if path.contains(&0) {
        return Err(Errno::Inval);
    }
    // The root of the guest's tree is not below any descriptor.
    if path[0] == b'/' {
        return Err(Errno::Perm);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text() {
        assert_eq!(check(b"a/../b/"), Ok(()));
        assert_eq!(check(b"\xff\xfe"), Ok(()));
        assert_eq!(check(b""), Err(Errno::Noent));
        assert_eq!(check(b"a\0"), Err(Errno::Inval));
        assert_eq!(check(b"/"), Err(Errno::Perm));
        assert_eq!(check(&[b'a'; PATH_MAX]), Ok(()));
        assert_eq!(check(&[b'a'; PATH_MAX + 1]), Err(Errno::Nametoolong));
    }
}
