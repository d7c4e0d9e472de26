//! Chunks that no file has any more. To give the memory of a large file back takes the system long, and the guest that
//! removes one is not to be away for so long: a piece goes at once, the rest with what is stored and removed later.
//!
//! Bounded: with every chunk that is stored sixteen times its bytes go, so that files and leftovers together take little
//! more than the ledger allows to files.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use super::ledger::CHUNK_COST;

/// A file's bytes by the number of the chunk.
pub(super) type Chunks = BTreeMap<u64, Vec<u8>>;

/// Charged bytes that are given back at once (chosen: that takes less than a millisecond, whatever the chunks' sizes are).
const PIECE: u64 = 1 << 20;

/// What one chunk is charged.
pub(super) fn chunk_cost(chunk: &[u8]) -> u64 {
    chunk.len() as u64 + CHUNK_COST
}

/// What is still to be given back.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    /// Whether there may be any: mostly there are none, and that is quick to see.
    any: AtomicBool,
    heap: Mutex<Vec<Chunks>>,
}

impl Leftovers {
    /// Takes over what a file had, which was charged so many bytes.
    pub(super) fn put(&self, chunks: Chunks, charged: u64) {
        if charged > PIECE {
            self.heap.lock().unwrap_or_else(PoisonError::into_inner).push(chunks);
            self.any.store(true, Relaxed);
            self.give_back();
        }
    }

    /// Gives a piece back; says whether there is more.
    #[inline]
    pub(super) fn give_back(&self) -> bool {
        self.any.load(Relaxed) && self.give_piece_back()
    }

    #[cold]
    fn give_piece_back(&self) -> bool {
        let mut heap = self.heap.lock().unwrap_or_else(PoisonError::into_inner);
        let mut given = 0;
        while given < PIECE
            && let Some(chunks) = heap.last_mut()
        {
            match chunks.pop_last() {
                Some((_, chunk)) => given += chunk_cost(&chunk),
                None => drop(heap.pop()),
            }
        }
        let more = !heap.is_empty();
        self.any.store(more, Relaxed);
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(count: u64, len: usize) -> (Chunks, u64) {
        let chunks: Chunks = (0..count).map(|number| (number, vec![1; len])).collect();
        let charged = chunks.values().map(|chunk| chunk_cost(chunk)).sum();
        (chunks, charged)
    }

    #[test]
    fn what_is_small_is_gone_at_once_and_what_is_large_piece_by_piece() {
        let leftovers = Leftovers::default();
        let put = |(chunks, charged)| leftovers.put(chunks, charged);
        put(chunks(15, 64 << 10));
        assert!(!leftovers.give_back());
        // A bit more than four pieces in all, of which two go as they come.
        put(chunks(40, 64 << 10));
        put(chunks(14_000, 1));
        let kept = || leftovers.heap.lock().unwrap().iter().map(BTreeMap::len).sum::<usize>();
        assert_eq!(kept() as u64, 24 + 14_000 - (1 << 20) / chunk_cost(&[1]) - 1);
        assert!(leftovers.give_back() && leftovers.give_back());
        assert!(!leftovers.give_back());
        assert_eq!((kept(), leftovers.give_back()), (0, false));
    }
}
