//! Exceptions that guests throw: a store's arena of them.
//!
//! References in slots are handles into the arena: an index, and a generation that tells the exceptions apart which have
//! had that index one after the other. A handle whose exception is gone is found to be stale; it never names another.
//!
//! When the arena has grown enough, exceptions are dropped that neither the host nor a handle in the store's slots, tables
//! and globals refers to. The host keeps what it holds as an `Arc`, and with it all that the values of that exception
//! refer to; so an exception has one handle for as long as anybody can name it. The search for handles is
//! conservative, as a number that looks like a handle keeps its exception too. Between two searches that many exceptions
//! are thrown that each pays for a part of one.

use std::sync::Arc;

/// What `throw` made: a tag and the values it carries.
#[derive(Debug)]
pub(crate) struct Exception {
    /// Index of the tag in its store.
    pub tag: u32,
    /// The store it was thrown in.
    pub store: u64,
    /// What names it in slots.
    pub handle: u64,
    /// The values' slots.
    pub values: Box<[u64]>,
}

/// The upper 12 bits of a handle: no other reference looks like that, and few numbers do.
const MARK: u64 = 0xe8c;
/// The lower bits of a handle are the index, those between it and the mark the generation.
const INDEX_BITS: u32 = 28;
const GENERATION_BITS: u32 = 64 - 12 - INDEX_BITS;
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

/// A place in the arena.
#[derive(Default)]
struct Entry {
    /// How many exceptions have been here before.
    generation: u32,
    exception: Option<Arc<Exception>>,
}

/// A store's exceptions.
#[derive(Default)]
pub(crate) struct Exceptions {
    arena: Vec<Entry>,
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

    /// Adds an exception with this tag and these slots of values, thrown in that store; `None` when there is no room.
    pub(crate) fn add(&mut self, tag: u32, store: u64, values: Box<[u64]>) -> Option<Arc<Exception>> {
        if self.alive >= self.limit.max(self.threshold) {
            return None;
        }
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.arena.len() >> INDEX_BITS > 0 => return None,
            None => {
                self.arena.push(Entry::default());
                self.arena.len() - 1
            }
        };
        let entry = &mut self.arena[index];
        let handle = (MARK << GENERATION_BITS | u64::from(entry.generation)) << INDEX_BITS | index as u64;
        let exception = Arc::new(Exception { tag, store, handle, values });
        self.alive += exception.weight();
        entry.exception = Some(exception.clone());
        Some(exception)
    }

    /// The exception of a handle; `None` for one that is stale, or never was a handle.
    pub(crate) fn get(&self, handle: u64) -> Option<&Arc<Exception>> {
        let (index, generation) = parts(handle)?;
        self.arena.get(index).filter(|entry| entry.generation == generation)?.exception.as_ref()
    }

    /// Drops an exception that neither a slot nor the host refers to: one that was caught without its reference.
    pub(crate) fn remove(&mut self, handle: u64) {
        if let Some((index, _)) = parts(handle).filter(|_| self.get(handle).is_some()) {
            self.drop_at(index);
        }
    }

    fn drop_at(&mut self, index: usize) {
        let entry = &mut self.arena[index];
        if let Some(exception) = entry.exception.take() {
            self.alive -= exception.weight();
            entry.generation += 1;
            // When the generations are used up, the place stays empty.
            if entry.generation >> GENERATION_BITS == 0 {
                self.free.push(index);
            }
        }
    }

    /// Whether it is time to search.
    pub(crate) fn crowded(&self) -> bool {
        self.alive >= self.threshold
    }

    /// Begins to look for those that are alive. Those that the host holds are found already.
    pub(crate) fn search(&self) -> Search {
        // A count of one is the arena's own. Nobody can make another of it meanwhile, as that takes the store.
        let held = |entry: &Entry| entry.exception.as_ref().is_some_and(|exception| Arc::strong_count(exception) > 1);
        let alive: Vec<bool> = self.arena.iter().map(held).collect();
        let found = (0..alive.len()).filter(|&index| alive[index]).collect();
        Search { alive, found }
    }

    /// Notes what a slot refers to, if that is an exception.
    #[inline]
    pub(crate) fn look_at(&self, search: &mut Search, slot: u64) {
        if let Some((index, generation)) = parts(slot)
            && self.arena.get(index).is_some_and(|entry| entry.generation == generation)
            && !std::mem::replace(&mut search.alive[index], true)
        {
            search.found.push(index);
        }
    }

    /// An exception that was found and has not been looked through: its values may refer to others.
    pub(crate) fn next_found(&self, search: &mut Search) -> Option<&Exception> {
        std::iter::from_fn(|| search.found.pop()).find_map(|index| self.arena[index].exception.as_deref())
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

/// The index and generation of a handle; `None` for what is none.
#[inline]
fn parts(handle: u64) -> Option<(usize, u32)> {
    let low = |bits: u32| (1 << bits) - 1;
    let is_handle = handle >> (GENERATION_BITS + INDEX_BITS) == MARK;
    is_handle.then_some(((handle & low(INDEX_BITS)) as usize, (handle >> INDEX_BITS & low(GENERATION_BITS)) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The handle of a new exception with these values, which the host does not hold.
    fn add(exceptions: &mut Exceptions, values: &[u64]) -> Option<u64> {
        exceptions.add(0, 1, values.into()).map(|exception| exception.handle)
    }

    fn collect(exceptions: &mut Exceptions, roots: &[u64]) {
        let mut search = exceptions.search();
        roots.iter().for_each(|&slot| exceptions.look_at(&mut search, slot));
        while let Some(exception) = exceptions.next_found(&mut search) {
            exception.values.iter().for_each(|&slot| exceptions.look_at(&mut search, slot));
        }
        exceptions.sweep(&search);
    }

    #[test]
    fn what_is_reachable_stays() {
        let mut exceptions = Exceptions::new(3);
        let inner = add(&mut exceptions, &[7]).unwrap();
        let outer = add(&mut exceptions, &[inner]).unwrap();
        let lost = add(&mut exceptions, &[]).unwrap();
        assert_eq!((add(&mut exceptions, &[]), exceptions.crowded()), (None, true));
        collect(&mut exceptions, &[1, outer, u64::MAX]);
        assert!(exceptions.get(inner).is_some() && exceptions.get(outer).is_some());
        assert!(exceptions.get(lost).is_none());
        assert!(!exceptions.crowded());
        exceptions.remove(outer);
        assert!(exceptions.get(outer).is_none() && exceptions.get(0).is_none());
        collect(&mut exceptions, &[]);
        assert!(exceptions.get(inner).is_none());
    }

    #[test]
    fn what_the_host_holds_stays_with_all_it_refers_to() {
        let mut exceptions = Exceptions::new(3);
        let inner = add(&mut exceptions, &[42]).unwrap();
        let held = exceptions.add(0, 1, [inner].into()).unwrap();
        collect(&mut exceptions, &[]);
        assert_eq!(&*exceptions.get(inner).unwrap().values, [42]);
        assert!(Arc::ptr_eq(exceptions.get(held.handle).unwrap(), &held));
        drop(held);
        collect(&mut exceptions, &[]);
        assert!(exceptions.get(inner).is_none());
        assert_eq!(exceptions.alive, 0);
    }

    #[test]
    fn a_stale_handle_names_nothing() {
        let mut exceptions = Exceptions::new(3);
        let stale = add(&mut exceptions, &[1]).unwrap();
        exceptions.remove(stale);
        let new = add(&mut exceptions, &[2]).unwrap();
        assert_eq!(parts(new).unwrap().0, parts(stale).unwrap().0, "the place is used again");
        assert!(exceptions.get(stale).is_none());
        exceptions.remove(stale);
        assert!(exceptions.get(new).is_some());
        collect(&mut exceptions, &[stale]);
        assert!(exceptions.get(new).is_none(), "a stale handle keeps nothing");
        // The last generation of a place.
        exceptions.arena[0].generation = (1 << GENERATION_BITS) - 1;
        let last = add(&mut exceptions, &[]).unwrap();
        assert_eq!(parts(last), Some((0, (1 << GENERATION_BITS) - 1)));
        exceptions.remove(last);
        assert_eq!(parts(add(&mut exceptions, &[]).unwrap()), Some((1, 0)));
        assert!(exceptions.get(last).is_none());
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
            let handle = add(&mut exceptions, &[]).unwrap();
            if thrown < LIMIT - 1 {
                kept.push(handle);
            }
            assert!(exceptions.alive <= LIMIT + LIMIT / 8);
        }
        assert!(searches < 200, "{searches}");
        // One more that is kept is too many, when they are looked for.
        kept.push(add(&mut exceptions, &[]).unwrap());
        collect(&mut exceptions, &kept);
        assert_eq!((exceptions.crowded(), add(&mut exceptions, &[])), (true, None));
        collect(&mut exceptions, &kept[1..]);
        assert!(!exceptions.crowded() && add(&mut exceptions, &[]).is_some());
    }

    #[test]
    fn large_ones_count_for_several() {
        let mut exceptions = Exceptions::new(10);
        assert!(add(&mut exceptions, &[0; 100]).is_some());
        let second = add(&mut exceptions, &[0; 100]).unwrap();
        assert_eq!((exceptions.alive, add(&mut exceptions, &[])), (14, None));
        exceptions.remove(second);
        exceptions.remove(second);
        assert_eq!(exceptions.alive, 7);
    }
}
