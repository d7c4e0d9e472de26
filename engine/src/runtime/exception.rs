//! Exceptions that guests throw: a store's arena of them.
//!
//! References in slots are handles into the arena. When it has grown enough, exceptions whose handle occurs nowhere in the
//! store's slots, tables and globals are dropped: a conservative search, as a number that looks like a handle keeps
//! its exception too.

use std::sync::Arc;

/// What `throw` made: a tag and the values it carries.
#[derive(Debug)]
pub(crate) struct Exception {
    /// Index of the tag in its store.
    pub tag: u32,
    /// The store it was thrown in.
    pub store: u64,
    /// The values' slots.
    pub values: Box<[u64]>,
}

/// Upper bits of a handle: no other reference looks like that, and few numbers do.
const MARK: u64 = 0xe8ce_0000_0000_0000;
/// An arena with fewer exceptions is not searched. Chosen.
const SMALL: usize = 1024;

/// A store's exceptions.
#[derive(Default)]
pub(crate) struct Exceptions {
    arena: Vec<Option<Arc<Exception>>>,
    free: Vec<usize>,
    /// Search when this many are alive.
    threshold: usize,
    /// How many may be alive.
    limit: usize,
}

impl Exceptions {
    /// No exceptions, with room for `limit`.
    pub(crate) fn new(limit: usize) -> Exceptions {
        Exceptions { limit, ..Exceptions::default() }
    }

    /// Adds an exception and returns its handle; `None` when there is no room.
    pub(crate) fn add(&mut self, exception: Arc<Exception>) -> Option<u64> {
        if self.alive() >= self.limit {
            return None;
        }
        let index = match self.free.pop() {
            Some(index) => {
                self.arena[index] = Some(exception);
                index
            }
            None => {
                self.arena.push(Some(exception));
                self.arena.len() - 1
            }
        };
        Some(MARK | index as u64)
    }

    fn alive(&self) -> usize {
        self.arena.len() - self.free.len()
    }

    /// The exception of a handle.
    pub(crate) fn get(&self, handle: u64) -> Option<&Arc<Exception>> {
        self.arena.get(index(handle)?)?.as_ref()
    }

    /// Drops an exception that nothing refers to: one that was caught without its reference.
    pub(crate) fn remove(&mut self, handle: u64) {
        if let Some(index) = index(handle)
            && self.arena.get_mut(index).is_some_and(|place| place.take().is_some())
        {
            self.free.push(index);
        }
    }

    /// Whether it is time to search.
    pub(crate) fn crowded(&self) -> bool {
        self.alive() >= self.threshold.max(SMALL).min(self.limit)
    }

    /// Drops all exceptions whose handles are not among `roots`.
    pub(crate) fn collect(&mut self, roots: impl Iterator<Item = u64>) {
        let mut alive = vec![false; self.arena.len()];
        let mut found: Vec<usize> = Vec::new();
        let mut mark = |found: &mut Vec<usize>, handle: u64| {
            if let Some(index) = index(handle)
                && let Some(seen) = alive.get_mut(index)
                && !std::mem::replace(seen, true)
            {
                found.push(index);
            }
        };
        roots.for_each(|slot| mark(&mut found, slot));
        // Exceptions may carry references to others.
        while let Some(index) = found.pop() {
            if let Some(exception) = self.arena[index].clone() {
                exception.values.iter().for_each(|&slot| mark(&mut found, slot));
            }
        }
        for (index, place) in self.arena.iter_mut().enumerate() {
            if !alive[index] && place.take().is_some() {
                self.free.push(index);
            }
        }
        self.threshold = 2 * self.alive();
    }
}

/// Where a handle points to in an arena; `None` for what is no handle.
fn index(handle: u64) -> Option<usize> {
    (handle & MARK == MARK).then_some((handle & !MARK) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(values: &[u64]) -> Arc<Exception> {
        Arc::new(Exception { tag: 0, store: 1, values: values.into() })
    }

    #[test]
    fn what_is_reachable_stays() {
        let mut exceptions = Exceptions::new(3);
        let inner = exceptions.add(exception(&[7])).unwrap();
        let outer = exceptions.add(exception(&[inner])).unwrap();
        let lost = exceptions.add(exception(&[])).unwrap();
        assert_eq!((exceptions.add(exception(&[])), exceptions.crowded()), (None, true));
        exceptions.collect([1, outer, u64::MAX].into_iter());
        assert!(exceptions.get(inner).is_some() && exceptions.get(outer).is_some());
        assert!(exceptions.get(lost).is_none());
        assert!(!exceptions.crowded());
        exceptions.remove(outer);
        assert!(exceptions.get(outer).is_none() && exceptions.get(0).is_none());
        exceptions.collect(std::iter::empty());
        assert!(exceptions.get(inner).is_none());
    }
}
