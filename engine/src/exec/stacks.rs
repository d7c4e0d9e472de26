//! Value stacks that are used again: making and giving back a mapping, and touching its first pages, costs more than all
//! else that a short-lived store needs.
//!
//! A stack's first bytes keep what the last store left there. No guest sees it: a frame's locals are zeroed, and operands are
//! written before they are read.

use std::sync::{Arc, Mutex, PoisonError};

use super::memory::Allocation;

/// Bytes of a free stack that stay committed; what lies beyond is given back to the system. Chosen: a few calls deep.
const KEPT_BYTES: usize = 64 << 10;
/// Free stacks that are kept. Chosen: stores that come and go on that many threads at once.
const MOST_FREE: usize = 16;

/// The free value stacks of an engine, all of one size.
pub(crate) struct StackPool {
    bytes: usize,
    free: Mutex<Vec<Allocation>>,
}

impl StackPool {
    pub(crate) fn new(bytes: usize) -> StackPool {
        StackPool { bytes, free: Mutex::default() }
    }

    /// A stack; `None` when the system refuses one.
    pub(crate) fn take(self: &Arc<StackPool>) -> Option<ValueStack> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let allocation = match free {
            Some(allocation) => allocation,
            None => Allocation::zeroed(self.bytes)?,
        };
        Some(ValueStack { allocation: Some(allocation), pool: self.clone() })
    }

    fn give_back(&self, mut allocation: Allocation) {
        if !allocation.trim(KEPT_BYTES) {
            return;
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < MOST_FREE {
            free.push(allocation);
        }
    }
}

/// A store's value stack.
pub(crate) struct ValueStack {
    /// There until it is given back.
    allocation: Option<Allocation>,
    pool: Arc<StackPool>,
}

impl ValueStack {
    /// Its first slot. The stack does not move.
    pub(crate) fn base(&mut self) -> *mut u64 {
        self.allocation.as_mut().map_or(std::ptr::null_mut(), Allocation::base).cast()
    }

    /// How many slots it has.
    pub(crate) fn slots(&self) -> usize {
        self.pool.bytes / 8
    }
}

impl Drop for ValueStack {
    fn drop(&mut self) {
        if let Some(allocation) = self.allocation.take() {
            self.pool.give_back(allocation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_come_back_and_are_short_then() {
        let pool = Arc::new(StackPool::new(1 << 20));
        let mut stack = pool.take().unwrap();
        let base = stack.base();
        assert_eq!(stack.slots(), (1 << 20) / 8);
        drop(stack);
        let free = |pool: &StackPool| pool.free.lock().unwrap().len();
        // Where nothing can be given back to the system, no stack is kept.
        if free(&pool) == 1 {
            assert_eq!(pool.take().unwrap().base(), base);
        }
        let many: Vec<_> = (0..40).map(|_| pool.take().unwrap()).collect();
        drop(many);
        assert!(free(&pool) <= MOST_FREE);
    }
}
