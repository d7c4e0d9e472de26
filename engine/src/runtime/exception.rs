//! Exceptions that guests throw: a store's arena of them.
//!
//! References in slots are handles into the arena. When it has grown enough, exceptions whose handle occurs nowhere in the
//! store's slots, tables and globals are dropped: a conservative search, as a number that looks like a handle keeps
//! its exception too. Between two searches that many exceptions are thrown that each pays for a part of one.

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
/// Slots of values that weigh as much as an exception without any. Chosen.
const SLOTS: usize = 16;

impl Exception {
    /// As how many it counts.
    fn weight(&self) -> usize {
        1 + self.values.len() / SLOTS
    }
}

/// A store's exceptions.
#[derive(Default)]
pub(crate) struct Exceptions {
    arena: Vec<Option<Arc<Exception>>>,
    free: Vec<usize>,
    /// The weight of all.
    alive: usize,
    /// Search when this much is alive.
    threshold: usize,
    /// How much may be found alive.
    limit: usize,
}

impl Exceptions {
    /// No exceptions, with room for `limit`.
    pub(crate) fn new(limit: usize) -> Exceptions {
        Exceptions { limit, threshold: SMALL.min(limit), ..Exceptions::default() }
    }

    /// Adds an exception and returns its handle; `None` when there is no room.
    pub(crate) fn add(&mut self, exception: Arc<Exception>) -> Option<u64> {
        if self.alive >= self.limit.max(self.threshold) {
            return None;
        }
        self.alive += exception.weight();
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

    /// The exception of a handle.
    pub(crate) fn get(&self, handle: u64) -> Option<&Arc<Exception>> {
        self.arena.get(index(handle)?)?.as_ref()
    }

    /// Drops an exception that nothing refers to: one that was caught without its reference.
    pub(crate) fn remove(&mut self, handle: u64) {
        if let Some(index) = index(handle) {
            self.drop_at(index);
        }
    }

    fn drop_at(&mut self, index: usize) {
        if let Some(exception) = self.arena.get_mut(index).and_then(Option::take) {
            self.alive -= exception.weight();
            self.free.push(index);
        }
    }

    /// Whether it is time to search.
    pub(crate) fn crowded(&self) -> bool {
        self.alive >= self.threshold
    }

    /// Begins to look for those that are alive.
    pub(crate) fn search(&self) -> Search {
        Search { alive: vec![false; self.arena.len()], found: Vec::new() }
    }

    /// The values of an exception that was found and has not been looked through: they may refer to others.
    pub(crate) fn next_found(&self, search: &mut Search) -> Option<Arc<Exception>> {
        std::iter::from_fn(|| search.found.pop()).find_map(|index| self.arena[index].clone())
    }

    /// Drops all exceptions that were not found.
    pub(crate) fn sweep(&mut self, search: &Search) {
        for (index, _) in search.alive.iter().enumerate().filter(|(_, alive)| !**alive) {
            self.drop_at(index);
        }
        let next = (2 * self.alive).max(SMALL).min(self.limit);
        // With little below the limit, an eighth of it may be thrown before the next search, be it garbage or not.
        self.threshold = if self.alive < self.limit { next.max(self.alive + self.limit / 8) } else { self.limit };
    }
}

/// A search under way, for exceptions that something refers to. The arena does not change meanwhile.
pub(crate) struct Search {
    alive: Vec<bool>,
    found: Vec<usize>,
}

impl Search {
    /// Notes what a slot refers to, if that is an exception.
    #[inline]
    pub(crate) fn look_at(&mut self, slot: u64) {
        if let Some(index) = index(slot)
            && let Some(seen) = self.alive.get_mut(index)
            && !std::mem::replace(seen, true)
        {
            self.found.push(index);
        }
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

    fn collect(exceptions: &mut Exceptions, roots: &[u64]) {
        let mut search = exceptions.search();
        roots.iter().for_each(|&slot| search.look_at(slot));
        while let Some(exception) = exceptions.next_found(&mut search) {
            exception.values.iter().for_each(|&slot| search.look_at(slot));
        }
        exceptions.sweep(&search);
    }

    #[test]
    fn what_is_reachable_stays() {
        let mut exceptions = Exceptions::new(3);
        let inner = exceptions.add(exception(&[7])).unwrap();
        let outer = exceptions.add(exception(&[inner])).unwrap();
        let lost = exceptions.add(exception(&[])).unwrap();
        assert_eq!((exceptions.add(exception(&[])), exceptions.crowded()), (None, true));
        collect(&mut exceptions, &[1, outer, u64::MAX]);
        assert!(exceptions.get(inner).is_some() && exceptions.get(outer).is_some());
        assert!(exceptions.get(lost).is_none());
        assert!(!exceptions.crowded());
        exceptions.remove(outer);
        assert!(exceptions.get(outer).is_none() && exceptions.get(0).is_none());
        collect(&mut exceptions, &[]);
        assert!(exceptions.get(inner).is_none());
    }

    /// However many a guest keeps, a search is not made for each one that it throws.
    #[test]
    fn searches_are_rare() {
        const LIMIT: usize = 10_000;
        let mut exceptions = Exceptions::new(LIMIT);
        let (mut kept, mut searches) = (Vec::new(), 0);
        for thrown in 0..200_000 {
            if exceptions.crowded() {
                collect(&mut exceptions, &kept);
                searches += 1;
            }
            let handle = exceptions.add(exception(&[])).unwrap();
            if thrown < LIMIT - 1 {
                kept.push(handle);
            }
            assert!(exceptions.alive <= LIMIT + LIMIT / 8);
        }
        assert!(searches < 200, "{searches}");
        // One more that is kept is too many, when they are looked for.
        kept.push(exceptions.add(exception(&[])).unwrap());
        collect(&mut exceptions, &kept);
        assert_eq!((exceptions.crowded(), exceptions.add(exception(&[]))), (true, None));
        collect(&mut exceptions, &kept[1..]);
        assert!(!exceptions.crowded() && exceptions.add(exception(&[])).is_some());
    }

    #[test]
    fn large_ones_count_for_several() {
        let mut exceptions = Exceptions::new(10);
        assert!(exceptions.add(exception(&[0; 100])).is_some());
        let second = exceptions.add(exception(&[0; 100])).unwrap();
        assert_eq!((exceptions.alive, exceptions.add(exception(&[]))), (14, None));
        exceptions.remove(second);
        exceptions.remove(second);
        assert_eq!(exceptions.alive, 7);
    }
}
