//! Scatter/gather lists: `iovec` and `ciovec` arrays turned into slices that point straight into guest memory.
//!
//! ```text
//! offset  0        4        8      one iovec; an array of iovs_len of them lies at iovs
//!         buf u32  len u32
//! ```
//!
//! Decoding and checking the whole list comes before the transfer: one bad entry is EFAULT and nothing has moved. A
//! single buffer needs no list ([`Memory::single`]); up to [`IOVS_INLINE`] live on the native stack, up to [`IOVS_MAX`]
//! in a vector of that bounded size. A `File` that claims more bytes than there are is cut down to those.

use std::io::{IoSlice, IoSliceMut};

use super::{GuestLen, GuestPtr, Memory};
use crate::abi::Errno;

/// The most entries of one call; more are EINVAL, as with POSIX. The number is Linux's and wasi-libc's `IOV_MAX`.
pub const IOVS_MAX: usize = 1024;

/// Lists up to this length need no allocation. Chosen: C and Rust guests pass one or two.
const IOVS_INLINE: usize = 16;

/// Bytes of one entry.
const IOVEC_SIZE: usize = 8;

/// What fills buffers; the numbers are how many bytes of the call it has given before, and how many these buffers have.
type Read<'r> = dyn FnMut(&mut [IoSliceMut<'_>], u32, u32) -> Result<u32, Errno> + 'r;

/// What takes buffers; the number is how many bytes they have.
pub(crate) type Write<'w> = dyn FnMut(&[IoSlice<'_>], u32) -> Result<u32, Errno> + 'w;

/// One decoded, checked entry of a list to read into.
#[derive(Clone, Copy, Default)]
struct Span {
    start: usize,
    len: usize,
    /// Its place in the guest's list.
    index: usize,
}

impl Span {
    fn end(&self) -> usize {
        self.start + self.len
    }
}

impl Memory<'_> {
    /// The buffer of a list that has just one, which is not empty; `None` is any other list.
    #[inline]
    pub(crate) fn single(&self, iovs: GuestPtr, iovs_len: GuestLen) -> Result<Option<&[u8]>, Errno> {
        if iovs_len.0 != 1 {
            return Ok(None);
        }
        let (ptr, len) = split_entry(self.read_u64(iovs)?);
        if len == 0 { Ok(None) } else { self.bytes(ptr, len).map(Some) }
    }

    /// As [`single`](Self::single), to be written.
    #[inline]
    pub(crate) fn single_mut(&mut self, iovs: GuestPtr, iovs_len: GuestLen) -> Result<Option<&mut [u8]>, Errno> {
        if iovs_len.0 != 1 {
            return Ok(None);
        }
        let (ptr, len) = split_entry(self.read_u64(iovs)?);
        if len == 0 { Ok(None) } else { self.bytes_mut(ptr, len).map(Some) }
    }

    /// Hands the buffers of a `ciovec` array and their bytes' number to `write`, once, and returns the bytes it took. An
    /// empty list or one of no bytes is 0 without a call.
    pub(crate) fn gather(&self, iovs: GuestPtr, iovs_len: GuestLen, write: &mut Write<'_>) -> Result<u32, Errno> {
        let list = self.list(iovs, iovs_len)?;
        let mut inline = [IoSlice::new(&[]); IOVS_INLINE];
        let mut heap;
        let slices = match inline.get_mut(..list.len()) {
            Some(slices) => slices,
            None => {
                heap = vec![IoSlice::new(&[]); list.len()];
                &mut heap[..]
            }
        };
        let mut total = 0u64;
        for (slice, entry) in slices.iter_mut().zip(list) {
            let (ptr, len) = split_entry(u64::from_le_bytes(*entry));
            *slice = IoSlice::new(self.bytes(ptr, len)?);
            total += len as u64;
        }
        let total = check_total(total)?;
        if total == 0 { Ok(0) } else { Ok(write(slices, total)?.min(total)) }
    }

    /// Hands the buffers of an `iovec` array to `read` and returns the bytes it stored. An empty list or one of no
    /// bytes is 0 without a call.
    ///
    /// `read` is called once with all of them, unless they overlap: no two mutable slices may alias, so those are read
    /// one after the other until one is not filled. Should such a list belong to a stream (`may_wait`), the first
    /// entry ends it, as a second read could wait although there is something to return.
    pub(crate) fn scatter(
        &mut self,
        iovs: GuestPtr,
        iovs_len: GuestLen,
        may_wait: bool,
        read: &mut Read<'_>,
    ) -> Result<u32, Errno> {
        let list = self.list(iovs, iovs_len)?;
        let mut inline = [Span::default(); IOVS_INLINE];
        let mut heap;
        let spans = match inline.get_mut(..list.len()) {
            Some(spans) => spans,
            None => {
                heap = vec![Span::default(); list.len()];
                &mut heap[..]
            }
        };
        let mut total = 0u64;
        for (index, (span, entry)) in spans.iter_mut().zip(list).enumerate() {
            let (ptr, len) = split_entry(u64::from_le_bytes(*entry));
            self.check(ptr, len)?;
            // An empty buffer may lie anywhere, so its address must not take part in the order.
            *span = Span { start: if len == 0 { 0 } else { ptr.0 as usize }, len, index };
            total += len as u64;
        }
        let total = check_total(total)?;
        if total == 0 {
            return Ok(0);
        }
        spans.sort_unstable_by_key(|span| (span.start, span.len));
        if spans.windows(2).all(|pair| pair[0].end() <= pair[1].start) {
            self.scatter_disjoint(spans, total, read)
        } else {
            spans.sort_unstable_by_key(|span| span.index);
            self.scatter_in_turn(spans, may_wait, read)
        }
    }

    /// `spans` are in the order of their addresses and do not overlap.
    fn scatter_disjoint(&mut self, spans: &[Span], total: u32, read: &mut Read<'_>) -> Result<u32, Errno> {
        let mut inline: [IoSliceMut<'_>; IOVS_INLINE] = std::array::from_fn(|_| IoSliceMut::new(&mut []));
        let mut heap: Vec<IoSliceMut<'_>>;
        let slices = if spans.len() <= IOVS_INLINE {
            &mut inline[..spans.len()]
        } else {
            heap = spans.iter().map(|_| IoSliceMut::new(&mut [])).collect();
            &mut heap[..]
        };
        let mut rest = &mut *self.bytes;
        let mut rest_start = 0;
        for span in spans {
            let (_, from_here) = rest.split_at_mut_checked(span.start - rest_start).ok_or(Errno::Fault)?;
            let (bytes, after) = from_here.split_at_mut_checked(span.len).ok_or(Errno::Fault)?;
            slices[span.index] = IoSliceMut::new(bytes);
            rest = after;
            rest_start = span.end();
        }
        Ok(read(slices, 0, total)?.min(total))
    }

    fn scatter_in_turn(&mut self, spans: &[Span], may_wait: bool, read: &mut Read<'_>) -> Result<u32, Errno> {
        let mut done = 0;
        for span in spans.iter().filter(|span| span.len != 0) {
            let bytes = self.bytes.get_mut(span.start..span.end()).ok_or(Errno::Fault)?;
            // Both came out of u32s, and their sum was checked.
            let len = span.len as u32;
            match read(&mut [IoSliceMut::new(bytes)], done, len) {
                Ok(count) => {
                    done += count.min(len);
                    if count < len || may_wait {
                        break;
                    }
                }
                // What has been transferred is reported; the error comes with the next call.
                Err(_) if done > 0 => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok(done)
    }

    /// The entries of the array, undecoded.
    fn list(&self, iovs: GuestPtr, iovs_len: GuestLen) -> Result<&[[u8; IOVEC_SIZE]], Errno> {
        let count = iovs_len.0 as usize;
        let size = count.checked_mul(IOVEC_SIZE).ok_or(Errno::Fault)?;
        let (list, _) = self.bytes(iovs, size)?.as_chunks();
        if count > IOVS_MAX { Err(Errno::Inval) } else { Ok(list) }
    }
}

#[inline]
fn split_entry(entry: u64) -> (GuestPtr, usize) {
    (GuestPtr(entry as u32), (entry >> 32) as usize)
}

/// The sum is reported as a `u32`. Overlapping buffers can exceed it; POSIX has EINVAL for that.
fn check_total(total: u64) -> Result<u32, Errno> {
    u32::try_from(total).map_err(|_| Errno::Inval)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory_with(list: &[(u32, u32)]) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            list.iter().flat_map(|(ptr, len)| [ptr.to_le_bytes(), len.to_le_bytes()].concat()).collect();
        bytes.resize(16384, 0);
        bytes
    }

    /// Reads 1, 2, 3, … into the buffers.
    fn scatter(list: &[(u32, u32)], may_wait: bool) -> (Result<u32, Errno>, Vec<u8>, usize) {
        let mut bytes = memory_with(list);
        let (mut next, mut calls) = (0u8, 0);
        let count =
            Memory::new(&mut bytes).scatter(GuestPtr(0), GuestLen(list.len() as u32), may_wait, &mut |bufs, _, _| {
                calls += 1;
                bufs.iter_mut().flat_map(|buf| buf.iter_mut()).for_each(|byte| {
                    next = next.wrapping_add(1);
                    *byte = next;
                });
                Ok(bufs.iter().map(|buf| buf.len() as u32).sum())
            });
        (count, bytes, calls)
    }

    #[test]
    fn entries_in_any_order_are_one_call() {
        let (count, bytes, calls) = scatter(&[(1010, 3), (7, 0), (1000, 2), (u32::MAX, 0), (1002, 1)], false);
        assert_eq!((count, calls), (Ok(6), 1));
        assert_eq!(&bytes[1010..1013], [1, 2, 3]);
        assert_eq!(&bytes[1000..1003], [4, 5, 6]);
        let many: Vec<(u32, u32)> = (0..100).map(|i| (16000 - i, 1)).collect();
        let (count, bytes, calls) = scatter(&many, false);
        assert_eq!((count, calls, bytes[16000], bytes[15901]), (Ok(100), 1, 1, 100));
    }

    #[test]
    fn overlapping_entries_are_read_in_turn() {
        let (count, bytes, calls) = scatter(&[(1000, 4), (1002, 4)], false);
        assert_eq!((count, calls), (Ok(8), 2));
        assert_eq!(&bytes[1000..1006], [1, 2, 5, 6, 7, 8]);
        assert_eq!(scatter(&[(1000, 4), (1002, 4)], true).0, Ok(4));
    }

    #[test]
    fn bad_lists() {
        assert_eq!(
            scatter(&[(1000, 1), (16384, 1)], false),
            (Err(Errno::Fault), memory_with(&[(1000, 1), (16384, 1)]), 0)
        );
        assert_eq!(scatter(&[(1000, u32::MAX), (0, u32::MAX)], false).0, Err(Errno::Fault));
        let mut bytes = memory_with(&[]);
        let memory = Memory::new(&mut bytes);
        let gather = |iovs, len| memory.gather(GuestPtr(iovs), GuestLen(len), &mut |_, _| unreachable!());
        assert_eq!(gather(0, u32::MAX), Err(Errno::Fault));
        assert_eq!(gather(0, IOVS_MAX as u32 + 1), Err(Errno::Inval));
        assert_eq!(gather(16384 - 8, 1), Ok(0));
        assert_eq!(gather(16384 - 7, 1), Err(Errno::Fault));
        assert_eq!(gather(u32::MAX, 0), Ok(0));
    }
}
