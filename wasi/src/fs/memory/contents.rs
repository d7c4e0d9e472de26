//! The bytes of one file, in chunks, with holes where nothing was ever written.
//!
//! ```text
//! size     0 ──────────────────────────────────────────────► 200 000
//! chunks   0: 65 536 bytes   (1: missing, zeros)   2: 9 bytes, then zeros   (3: missing, zeros)
//! ```
//!
//! A chunk holds its bytes up to the last one written; what lies beyond, up to the file's size, reads as zeros.
//! Invariants: no chunk is empty or longer than `CHUNK`, none holds a byte at or beyond the size, and `charged` is what
//! the ledger was asked for. No allocation is larger than one chunk.

use std::io::{IoSlice, IoSliceMut};

use super::ledger::{CHUNK_COST, FIRST_CHUNK_COST, Ledger, MAX_FILE_SIZE};
use super::leftovers::{Chunks, chunk_cost};
use crate::abi::Errno;

/// Bytes in a chunk (chosen: large transfers find few of them, small files take no more than they need).
const CHUNK: u64 = 64 << 10;
/// How much of a file one call of `allocate` stores, and how much it passes that is stored already (chosen: either takes
/// less than a millisecond).
const ALLOCATED: u64 = 1 << 20;
const PASSED: u64 = 256 << 20;

#[derive(Debug, Default)]
pub(super) struct Contents {
    size: u64,
    chunks: Chunks,
    charged: u64,
}

/// Chunk number and place in it.
fn locate(offset: u64) -> (u64, usize) {
    (offset / CHUNK, (offset % CHUNK) as usize)
}

/// How much of `len` bytes from `offset` on lies in the first chunk touched.
fn in_chunk(offset: u64, len: usize) -> usize {
    len.min((CHUNK - offset % CHUNK) as usize)
}

impl Contents {
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Fills the buffers from `offset` on; short at the end of the file.
    pub(super) fn read(&self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> usize {
        let mut done = 0;
        for buf in bufs {
            let mut rest: &mut [u8] = buf;
            while !rest.is_empty() {
                let at = offset + done as u64;
                let left = usize::try_from(self.size.saturating_sub(at)).unwrap_or(usize::MAX);
                if left == 0 {
                    return done;
                }
                let count = in_chunk(at, rest.len().min(left));
                let (now, later) = rest.split_at_mut(count);
                self.read_chunk(at, now);
                rest = later;
                done += count;
            }
        }
        done
    }

    fn read_chunk(&self, at: u64, into: &mut [u8]) {
        let (number, start) = locate(at);
        let stored = self.chunks.get(&number).and_then(|chunk| chunk.get(start..)).unwrap_or_default();
        let count = stored.len().min(into.len());
        let (data, hole) = into.split_at_mut(count);
        data.copy_from_slice(&stored[..count]);
        hole.fill(0);
    }

    /// Stores the buffers from `offset` on, and says how many bytes there was room for.
    ///
    /// # Errors
    /// [`Errno::Fbig`] when the offset is beyond what a file may be, [`Errno::Nospc`] when there was room for none.
    pub(super) fn write(&mut self, bufs: &[IoSlice<'_>], offset: u64, ledger: &Ledger) -> Result<usize, Errno> {
        let mut done = 0;
        for buf in bufs {
            let mut rest: &[u8] = buf;
            while !rest.is_empty() {
                let at = offset + done as u64;
                let left = usize::try_from(MAX_FILE_SIZE.saturating_sub(at)).unwrap_or(usize::MAX);
                let count = if left == 0 {
                    Err(Errno::Fbig)
                } else {
                    self.write_chunk(at, &rest[..in_chunk(at, rest.len().min(left))], ledger)
                };
                match count {
                    Ok(count) => {
                        self.size = self.size.max(at + count as u64);
                        rest = &rest[count..];
                        done += count;
                    }
                    // What fitted is a success; the next call says why there is no more.
                    Err(_) if done > 0 => return Ok(done),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(done)
    }

    fn write_chunk(&mut self, at: u64, from: &[u8], ledger: &Ledger) -> Result<usize, Errno> {
        let (_, start) = locate(at);
        let end = self.grow_chunk(at, start + from.len(), ledger)?;
        let count = end.saturating_sub(start).min(from.len());
        let chunk = self.chunks.get_mut(&(at / CHUNK)).and_then(|chunk| chunk.get_mut(start..start + count));
        match chunk {
            Some(chunk) if count > 0 => chunk.copy_from_slice(&from[..count]),
            _ => return Err(Errno::Nospc),
        }
        Ok(count)
    }

    /// Makes the chunk at `at` hold `len` bytes if it holds fewer; says how many it holds if there was not room for all.
    fn grow_chunk(&mut self, at: u64, len: usize, ledger: &Ledger) -> Result<usize, Errno> {
        let (number, start) = locate(at);
        let held = self.chunks.get(&number).map_or(0, Vec::len);
        if held >= len {
            return Ok(len);
        }
        let first = if self.chunks.is_empty() { FIRST_CHUNK_COST } else { 0 };
        let fixed = if held == 0 { CHUNK_COST + first } else { 0 };
        let wanted = (len - held) as u64 + fixed;
        let granted = ledger.take_bytes_up_to(wanted);
        // At most a chunk's length, so that it fits a usize.
        let grown = held + granted.saturating_sub(fixed) as usize;
        // When not a byte of it would be of use to the caller, everything stays as it was.
        if grown <= start.max(held) || !self.lengthen(number, grown) {
            ledger.give_bytes(granted);
            return if held > start { Ok(held) } else { Err(Errno::Nospc) };
        }
        self.charged += granted;
        ledger.leftovers.give_back();
        Ok(grown)
    }

    /// Gives a chunk that length; false if this process has no memory left.
    fn lengthen(&mut self, number: u64, len: usize) -> bool {
        let mut chunk = self.chunks.remove(&number).unwrap_or_default();
        // A file that grows byte by byte is not moved each time; but a sixteenth more than is charged is the most it takes.
        let more = len.saturating_sub(chunk.len());
        let spare = (chunk.len() / 16).min(CHUNK as usize - chunk.len());
        let roomy = len <= chunk.capacity() || chunk.try_reserve_exact(more.max(spare)).is_ok();
        if roomy {
            chunk.resize(len, 0);
        }
        if !chunk.is_empty() {
            self.chunks.insert(number, chunk);
        }
        roomy
    }

    /// Cuts, or lengthens with a hole.
    ///
    /// # Errors
    /// [`Errno::Fbig`].
    pub(super) fn set_size(&mut self, size: u64, ledger: &Ledger) -> Result<(), Errno> {
        if size > MAX_FILE_SIZE {
            return Err(Errno::Fbig);
        }
        if size < self.size {
            let (number, keep) = locate(size);
            let mut cut = self.chunks.split_off(&number);
            let mut freed = 0;
            if keep > 0
                && let Some(mut chunk) = cut.remove(&number)
            {
                freed += chunk.len().saturating_sub(keep) as u64;
                chunk.truncate(keep);
                // The ledger counts bytes, not capacity; so one must not be kept without the other.
                chunk.shrink_to_fit();
                self.chunks.insert(number, chunk);
            }
            let mut whole = cut.values().map(|chunk| chunk_cost(chunk)).sum::<u64>();
            ledger.leftovers.put(cut, whole);
            if self.chunks.is_empty() && self.charged > 0 {
                // An emptied map keeps a node.
                self.chunks = Chunks::new();
                whole += FIRST_CHUNK_COST;
            }
            freed += whole;
            ledger.give_bytes(freed);
            self.charged -= freed;
        }
        self.size = size;
        Ok(())
    }

    /// Fills holes in `offset..end` with stored zeros, so that writing there cannot fail, and lengthens the file. Says up to
    /// where that was done: a good part of it, the rest is for the next calls.
    ///
    /// # Errors
    /// [`Errno::Fbig`], [`Errno::Nospc`]; what was filled by then stays so.
    pub(super) fn allocate(&mut self, offset: u64, end: u64, ledger: &Ledger) -> Result<u64, Errno> {
        if end > MAX_FILE_SIZE {
            return Err(Errno::Fbig);
        }
        // Beyond its last chunk the file is one hole. If there is no room for that, the first call says so.
        let stored = self.size.next_multiple_of(CHUNK);
        if end.saturating_sub(stored.max(offset)) > ledger.room() {
            return Err(Errno::Nospc);
        }
        let (before, charged) = (self.size, self.charged);
        let end = end.min(offset.saturating_add(PASSED));
        let mut at = offset;
        while at < end && self.charged - charged < ALLOCATED {
            let count = in_chunk(at, usize::try_from(end - at).unwrap_or(usize::MAX));
            let (_, start) = locate(at);
            let held = self.grow_chunk(at, start + count, ledger);
            if held != Ok(start + count) {
                // No chunk may reach beyond the size, which stays.
                self.size = end;
                self.set_size(before, ledger)?;
                return Err(Errno::Nospc);
            }
            at += count as u64;
        }
        self.size = before.max(at);
        Ok(at)
    }

    /// What it is made of, and what was charged for that: it is empty then, and the caller's to see to.
    pub(super) fn take(&mut self) -> (Chunks, u64) {
        self.size = 0;
        (std::mem::take(&mut self.chunks), std::mem::take(&mut self.charged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(contents: &mut Contents, bytes: &[u8], offset: u64, ledger: &Ledger) -> Result<usize, Errno> {
        contents.write(&[IoSlice::new(bytes)], offset, ledger)
    }

    fn read(contents: &Contents, len: usize, offset: u64) -> Vec<u8> {
        let mut bytes = vec![0xff; len];
        let count = contents.read(&mut [IoSliceMut::new(&mut bytes)], offset);
        bytes.truncate(count);
        bytes
    }

    #[test]
    fn a_plain_array_says_the_same() {
        // The dumb twin: one vector, no holes. Offsets and lengths from a small generator, around chunk borders.
        let ledger = Ledger::new(1 << 30, 1);
        let (mut contents, mut plain) = (Contents::default(), Vec::<u8>::new());
        let mut seed = 1_u64;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for round in 0..400_u64 {
            let (offset, len) = (next(4 * CHUNK), next(2 * CHUNK) as usize);
            match next(4) {
                0 => {
                    contents.set_size(offset, &ledger).unwrap();
                    plain.resize(offset as usize, 0);
                }
                1 => {
                    assert_eq!(contents.allocate(offset, offset + len as u64, &ledger), Ok(offset + len as u64));
                    plain.resize(plain.len().max(offset as usize + len), 0);
                }
                _ if len > 0 => {
                    assert_eq!(write(&mut contents, &vec![round as u8; len], offset, &ledger), Ok(len));
                    plain.resize(plain.len().max(offset as usize + len), 0);
                    plain[offset as usize..offset as usize + len].fill(round as u8);
                }
                _ => {}
            }
            assert_eq!(contents.size(), plain.len() as u64);
            assert!(read(&contents, plain.len() + 1, 0) == plain, "round {round}");
            let from = (offset as usize).min(plain.len());
            assert!(read(&contents, plain.len(), from as u64) == plain[from..], "round {round}");
            let first = if contents.chunks.is_empty() { 0 } else { FIRST_CHUNK_COST };
            let stored = first + contents.chunks.values().map(|chunk| chunk_cost(chunk)).sum::<u64>();
            assert_eq!((contents.charged, ledger.bytes()), (stored, stored));
            assert!(contents.chunks.iter().all(|(number, chunk)| {
                !chunk.is_empty() && number * CHUNK + chunk.len() as u64 <= contents.size()
            }));
        }
    }

    #[test]
    fn a_full_ledger_takes_what_fits_and_then_says_so() {
        const FIXED: u64 = CHUNK_COST + FIRST_CHUNK_COST;
        let ledger = Ledger::new(FIXED + 10, 1);
        let mut contents = Contents::default();
        assert_eq!(write(&mut contents, &[7; 30], 0, &ledger), Ok(10));
        assert_eq!(write(&mut contents, &[7; 30], 10, &ledger), Err(Errno::Nospc));
        assert_eq!(write(&mut contents, &[8; 30], 5, &ledger), Ok(5));
        assert_eq!(contents.size(), 10);
        assert_eq!(contents.allocate(0, 20, &ledger), Err(Errno::Nospc));
        assert_eq!((contents.size(), ledger.bytes()), (10, FIXED + 10));
        assert_eq!(write(&mut contents, b"x", MAX_FILE_SIZE, &ledger), Err(Errno::Fbig));
        assert_eq!(contents.set_size(1 << 60, &ledger), Err(Errno::Fbig));
        contents.set_size(0, &ledger).unwrap();
        assert_eq!(ledger.bytes(), 0);
        // A hole before the first byte would take all there is and leave no room for it.
        let tight = Ledger::new(FIXED + 10, 1);
        assert_eq!(write(&mut contents, b"x", 10, &tight), Err(Errno::Nospc));
        assert_eq!((tight.bytes(), contents.size()), (0, 0));
    }
}
