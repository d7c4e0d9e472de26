//! Arguments and environment as one image, built once: getting them is a bounds check, a copy and a loop of stores.
//!
//! ```text
//! bytes     p r o g \0 - v \0 x \0          copied to the guest's buffer as it is
//! offsets   0          5      8             + the buffer's address = the pointer array
//! ```

use crate::abi::Errno;
use crate::guest::{GuestPtr, Memory};

/// A list of strings that end in NUL and contain none.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    offsets: Box<[u32]>,
    bytes: Box<[u8]>,
}

impl Strings {
    /// `None` when the image, or the pointers to it, would not fit a 32-bit memory.
    pub(crate) fn new(strings: impl IntoIterator<Item = Vec<u8>>) -> Option<Self> {
        let (mut offsets, mut bytes) = (Vec::new(), Vec::new());
        for string in strings {
            offsets.push(u32::try_from(bytes.len()).ok()?);
            bytes.extend_from_slice(&string);
            bytes.push(0);
        }
        u32::try_from(bytes.len()).ok()?;
        u32::try_from(offsets.len().checked_mul(4)?).ok()?;
        Some(Strings { offsets: offsets.into(), bytes: bytes.into() })
    }

    /// How many there are, and their bytes with all NULs. Both fit: [`new`](Self::new) has checked.
    #[inline]
    pub(crate) fn sizes(&self) -> (u32, u32) {
        (self.offsets.len() as u32, self.bytes.len() as u32)
    }

    /// Stores the strings at `buf` and the pointers to them at `pointers`, and says how many bytes that was.
    #[inline]
    pub(crate) fn store(&self, memory: &mut Memory<'_>, pointers: GuestPtr, buf: GuestPtr) -> Result<u64, Errno> {
        memory.check(pointers, self.offsets.len() * 4)?;
        memory.write(buf, &self.bytes)?;
        let (pointers, _) = memory.bytes_mut(pointers, self.offsets.len() * 4)?.as_chunks_mut();
        for (pointer, offset) in pointers.iter_mut().zip(&self.offsets) {
            // Inside the buffer, which has just been found to end within memory: no wrap.
            *pointer = buf.0.wrapping_add(*offset).to_le_bytes();
        }
        Ok((self.bytes.len() + self.offsets.len() * 4) as u64)
    }
}
