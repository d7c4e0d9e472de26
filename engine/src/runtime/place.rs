//! Where something of a store is: what memories, tables, globals, tags and instances are to the host.

use super::store::StoreInner;

/// A store, and the place in that store's list of such things.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    store: u64,
    index: usize,
}

impl Place {
    pub(crate) fn new(store: &StoreInner, index: usize) -> Place {
        Place { store: store.id(), index }
    }

    pub(crate) fn belongs_to(self, store: &StoreInner) -> bool {
        self.store == store.id()
    }

    /// The place in the lists of `store`.
    ///
    /// # Panics
    ///
    /// When it is another store's; `what` says what it is.
    pub(crate) fn index(self, store: &StoreInner, what: &str) -> usize {
        assert!(self.belongs_to(store), "the {what} is another store's");
        self.index
    }
}
