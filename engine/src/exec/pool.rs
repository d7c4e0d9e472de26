//! Mappings that are used again, for value stacks and small linear memories: making and giving back a mapping, and touching
//! its first pages, costs more than all else that a short-lived store needs.
//!
//! A stack's first bytes keep what the last store left there. No guest sees it: a frame's locals are zeroed, and operands are
//! written before they are read. A linear memory is all zeros when it is taken.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory::Allocation;

/// Bytes of a free stack that stay committed. Chosen: a few calls deep.
const STACK_KEPT_BYTES: usize = 64 << 10;
/// What lies beyond is given back to the system when a stack has been used that often, and whenever the bytes next to it, which few
/// guests reach, are not zeros. Chosen: each time would cost as much as all else of a store, and stop other threads.
const STACK_USES: u32 = 16;
const STACK_SENTINEL_BYTES: usize = 4096;
/// The largest linear memory that is kept. Measured: to look through more takes as long as to touch a few new pages.
const MEMORY_BYTES: usize = 256 << 10;
/// How often a memory has been used when its pages begin to stay committed: who makes few instances does not pay for it.
const MEMORY_USES: u32 = 3;
/// Free mappings that are kept, of stacks and of memories. Chosen: stores that come and go on that many threads at once.
const MOST_FREE: usize = 16;

/// The free mappings of an engine.
pub(crate) struct Pool {
    /// Bytes of a value stack.
    stack_bytes: usize,
    /// With how often each has been used.
    stacks: Mutex<Vec<(Allocation, u32)>>,
    memories: Mutex<Vec<(Allocation, u32)>>,
}

fn lock<T>(list: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds to a list that is not full.
fn add<T>(list: &Mutex<Vec<T>>, free: T) {
    let mut list = lock(list);
    if list.len() < MOST_FREE {
        list.push(free);
    }
}

impl Pool {
    pub(crate) fn new(stack_bytes: usize) -> Pool {
        Pool { stack_bytes, stacks: Mutex::default(), memories: Mutex::default() }
    }

    /// A value stack; `None` when the system refuses one.
    pub(crate) fn stack(self: &Arc<Pool>) -> Option<ValueStack> {
        let free = lock(&self.stacks).pop();
        let (allocation, uses) = match free {
            Some(free) => free,
            None => (Allocation::zeroed(self.stack_bytes)?, 0),
        };
        Some(ValueStack { allocation, uses: uses + 1, pool: self.clone() })
    }

    /// `len` zeros; `None` when the system refuses them.
    pub(crate) fn memory(self: &Arc<Pool>, len: usize) -> Option<PooledMemory> {
        let free = {
            let mut free = lock(&self.memories);
            let place = free.iter().rposition(|(allocation, _)| allocation.len() == len);
            place.map(|place| free.swap_remove(place))
        };
        let (allocation, uses) = match free {
            Some(free) => free,
            None => (Allocation::zeroed(len)?, 0),
        };
        Some(PooledMemory { allocation, uses: uses + 1, pool: self.clone() })
    }
}

/// A store's value stack.
pub(crate) struct ValueStack {
    allocation: Allocation,
    uses: u32,
    pool: Arc<Pool>,
}

impl ValueStack {
    /// Its first slot. The stack does not move.
    pub(crate) fn base(&mut self) -> *mut u64 {
        self.allocation.base().cast()
    }

    /// How many slots it has.
    pub(crate) fn slots(&self) -> usize {
        self.pool.stack_bytes / 8
    }
}

impl Drop for ValueStack {
    fn drop(&mut self) {
        let sentinel = self.allocation.bytes_mut().get(STACK_KEPT_BYTES..STACK_KEPT_BYTES + STACK_SENTINEL_BYTES);
        // The first time, it also shows whether this system can give back anything.
        let trims = self.uses % STACK_USES == 1 || sentinel.is_some_and(is_dirty);
        if trims && !self.allocation.trim(STACK_KEPT_BYTES) {
            return;
        }
        add(&self.pool.stacks, (self.allocation.take(), self.uses));
    }
}

/// The bytes of a linear memory.
pub(crate) struct PooledMemory {
    allocation: Allocation,
    uses: u32,
    pool: Arc<Pool>,
}

impl PooledMemory {
    pub(crate) fn base(&mut self) -> *mut u8 {
        self.allocation.base()
    }

    /// As [`Allocation::grow`].
    pub(crate) fn grow(&mut self, len: usize) -> Option<()> {
        self.allocation.grow(len)
    }
}

impl Drop for PooledMemory {
    fn drop(&mut self) {
        if !(1..=MEMORY_BYTES).contains(&self.allocation.len()) {
            return;
        }
        if self.uses >= MEMORY_USES {
            clear(self.allocation.bytes_mut());
        } else if !self.allocation.trim(0) {
            return;
        }
        add(&self.pool.memories, (self.allocation.take(), self.uses));
    }
}

/// Makes zeros of everything. Most pages were never written to, and it is quicker to look than to write.
fn clear(bytes: &mut [u8]) {
    for page in bytes.chunks_mut(4096) {
        if is_dirty(page) {
            page.fill(0);
        }
    }
}

fn is_dirty(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |all, byte| all | byte) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_come_back_and_are_short_then() {
        let pool = Arc::new(Pool::new(1 << 20));
        let mut stack = pool.stack().unwrap();
        let base = stack.base();
        assert_eq!(stack.slots(), (1 << 20) / 8);
        drop(stack);
        let free = |pool: &Pool| lock(&pool.stacks).len();
        // Where nothing can be given back to the system, no stack is kept.
        if free(&pool) == 1 {
            let mut stack = pool.stack().unwrap();
            assert_eq!(stack.base(), base);
            stack.allocation.bytes_mut()[STACK_KEPT_BYTES - 1..].fill(7);
            drop(stack);
            let mut stack = pool.stack().unwrap();
            let at = |stack: &mut ValueStack, at: usize| stack.allocation.bytes_mut()[at];
            assert_eq!((at(&mut stack, STACK_KEPT_BYTES - 1), at(&mut stack, STACK_KEPT_BYTES)), (7, 0));
            // What the sentinel does not tell is given back later.
            stack.allocation.bytes_mut()[STACK_KEPT_BYTES + STACK_SENTINEL_BYTES] = 7;
            drop(stack);
            for _ in 0..STACK_USES {
                drop(pool.stack().unwrap());
            }
            assert_eq!(at(&mut pool.stack().unwrap(), STACK_KEPT_BYTES + STACK_SENTINEL_BYTES), 0);
        }
        let many: Vec<_> = (0..40).map(|_| pool.stack().unwrap()).collect();
        drop(many);
        assert!(free(&pool) <= MOST_FREE);
    }

    #[test]
    fn memories_come_back_as_zeros() {
        let pool = Arc::new(Pool::new(1 << 20));
        let sizes = [65536, 131072, MEMORY_BYTES, MEMORY_BYTES + 65536, 0];
        for round in 0..2 * MEMORY_USES {
            for len in sizes {
                let mut memory = pool.memory(len).unwrap();
                assert!(memory.allocation.bytes_mut().iter().all(|&byte| byte == 0), "{len} bytes, round {round}");
                for at in [0, 4095, 40960, len - len.min(1)] {
                    if let Some(byte) = memory.allocation.bytes_mut().get_mut(at) {
                        *byte = 7;
                    }
                }
            }
            // One that grew is of its new size.
            let mut grown = pool.memory(65536).unwrap();
            grown.grow(131072).unwrap();
            assert!(grown.allocation.bytes_mut().iter().all(|&byte| byte == 0));
            grown.allocation.bytes_mut().fill(9);
        }
        assert!(lock(&pool.memories).iter().all(|(memory, _)| (1..=MEMORY_BYTES).contains(&memory.len())));
    }
}
