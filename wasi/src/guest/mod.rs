//! Guest memory: every byte a WASI function reads or writes there passes through [`Memory`], which checks it.
//!
//! Guest numbers have their own types ([`GuestPtr`], [`GuestLen`], [`Fd`]), so that none of them can index host memory.
//! What this is not: it knows no records and no functions, and it never allocates a size that the guest named.
//!
//! Invariants:
//! - Nothing here panics, whatever the numbers; what does not fit is [`Errno::Fault`].
//! - A length of zero touches no memory and is fine at any address: guests pass dangling pointers with empty buffers.
//! - Addresses need no alignment.
//! - A pointer has 32 bits: of a larger memory, a 64-bit one, only the first 4 GiB are there. Nothing wraps around at their
//!   end: what would cross it is [`Errno::Fault`], and so no pointer that is stored for the guest can lose bits.

mod iovecs;
mod paths;

pub use iovecs::IOVS_MAX;
pub(crate) use iovecs::Write;
pub use paths::PATH_MAX;

use crate::abi::Errno;

/// A file descriptor as the guest names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fd(pub u32);

/// An address in guest memory. It need not be valid: [`Memory`] finds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestPtr(pub u32);

/// A length or a count as the guest gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestLen(pub u32);

/// The linear memory of the calling instance, borrowed for one call.
#[derive(Debug)]
pub struct Memory<'m> {
    bytes: &'m mut [u8],
}

/// The first 4 GiB of these bytes.
#[inline]
fn reachable(bytes: &mut [u8]) -> &mut [u8] {
    match usize::try_from(1u64 << 32) {
        Ok(most) if bytes.len() > most => &mut bytes[..most],
        _ => bytes,
    }
}

impl<'m> Memory<'m> {
    /// The view of these bytes, address 0 first; of those that a pointer reaches.
    #[inline]
    pub fn new(bytes: &'m mut [u8]) -> Self {
        Memory { bytes: reachable(bytes) }
    }

    /// The memory of a guest that exports none: every access is a fault.
    #[inline]
    pub fn none() -> Self {
        Memory { bytes: &mut [] }
    }

    /// Whether `len` bytes at `ptr` are there: [`Errno::Fault`] if not.
    #[inline]
    pub fn check(&self, ptr: GuestPtr, len: usize) -> Result<(), Errno> {
        let end = (ptr.0 as usize).checked_add(len).ok_or(Errno::Fault)?;
        if len == 0 || end <= self.bytes.len() { Ok(()) } else { Err(Errno::Fault) }
    }

    /// `len` bytes at `ptr`.
    #[inline]
    pub fn bytes(&self, ptr: GuestPtr, len: usize) -> Result<&[u8], Errno> {
        if len == 0 {
            return Ok(&[]);
        }
        let start = ptr.0 as usize;
        let end = start.checked_add(len).ok_or(Errno::Fault)?;
        self.bytes.get(start..end).ok_or(Errno::Fault)
    }

    /// `len` bytes at `ptr`, to be written.
    #[inline]
    pub fn bytes_mut(&mut self, ptr: GuestPtr, len: usize) -> Result<&mut [u8], Errno> {
        if len == 0 {
            return Ok(&mut []);
        }
        let start = ptr.0 as usize;
        let end = start.checked_add(len).ok_or(Errno::Fault)?;
        self.bytes.get_mut(start..end).ok_or(Errno::Fault)
    }

    /// Copies `data` to `ptr`.
    #[inline]
    pub fn write(&mut self, ptr: GuestPtr, data: &[u8]) -> Result<(), Errno> {
        self.bytes_mut(ptr, data.len())?.copy_from_slice(data);
        Ok(())
    }

    /// The little-endian `u64` at `ptr`.
    #[inline]
    pub fn read_u64(&self, ptr: GuestPtr) -> Result<u64, Errno> {
        let bytes = self.bytes.get(ptr.0 as usize..).and_then(<[u8]>::first_chunk).ok_or(Errno::Fault)?;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// Stores a little-endian `u16`.
    #[inline]
    pub fn write_u16(&mut self, ptr: GuestPtr, value: u16) -> Result<(), Errno> {
        self.write(ptr, &value.to_le_bytes())
    }

    /// Stores a little-endian `u32`.
    #[inline]
    pub fn write_u32(&mut self, ptr: GuestPtr, value: u32) -> Result<(), Errno> {
        self.write(ptr, &value.to_le_bytes())
    }

    /// Stores a little-endian `u64`.
    #[inline]
    pub fn write_u64(&mut self, ptr: GuestPtr, value: u64) -> Result<(), Errno> {
        self.write(ptr, &value.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_of_memory() {
        let mut bytes = [0xaa; 16];
        let mut memory = Memory::new(&mut bytes);
        assert_eq!(memory.check(GuestPtr(12), 4), Ok(()));
        assert_eq!(memory.check(GuestPtr(13), 4), Err(Errno::Fault));
        assert_eq!(memory.check(GuestPtr(u32::MAX), 0), Ok(()));
        assert_eq!(memory.check(GuestPtr(1), usize::MAX), Err(Errno::Fault));
        assert_eq!(memory.bytes(GuestPtr(u32::MAX), 0), Ok(&[][..]));
        assert_eq!(memory.read_u64(GuestPtr(8)), Ok(u64::from_le_bytes([0xaa; 8])));
        assert_eq!(memory.read_u64(GuestPtr(9)), Err(Errno::Fault));
        assert_eq!(memory.read_u64(GuestPtr(u32::MAX)), Err(Errno::Fault));
        assert_eq!(memory.write(GuestPtr(14), &[1, 2, 3]), Err(Errno::Fault));
        memory.write_u16(GuestPtr(14), 0x0201).unwrap();
        assert_eq!(&bytes[13..], [0xaa, 1, 2]);
    }
}
