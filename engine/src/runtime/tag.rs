//! Exception tags, seen from the host.

use super::context::{AsContext, AsContextMut, Inner};
use super::store::{StoreInner, TagEntry};
use crate::error::Error;
use crate::types::FuncType;

/// An exception tag of a store: two are the same only when they were made as one. A cheap copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag {
    store: u64,
    index: u32,
}

impl Tag {
    /// A new tag whose exceptions carry the parameters of `ty`.
    ///
    /// # Errors
    ///
    /// A type with results.
    pub fn new(mut context: impl AsContextMut, ty: FuncType) -> Result<Tag, Error> {
        if !ty.results().is_empty() {
            return Err(Error::usage(format!("a tag's type has no results, found {ty}")));
        }
        let store = context.store_inner_mut();
        let type_id = store.engine().type_id(&ty);
        store.tags.push(TagEntry { ty, type_id });
        Ok(Tag { store: store.id(), index: store.tags.len() as u32 - 1 })
    }

    pub(crate) fn from_index(store: &StoreInner, index: u32) -> Tag {
        Tag { store: store.id(), index }
    }

    pub(crate) fn belongs_to(self, store: &StoreInner) -> bool {
        self.store == store.id()
    }

    pub(crate) fn index(self) -> u32 {
        self.index
    }

    /// The type. Panics when the tag is another store's.
    pub fn ty(&self, context: impl AsContext) -> FuncType {
        let store = context.store_inner();
        assert!(self.belongs_to(store), "the tag is another store's");
        store.tags[self.index as usize].ty.clone()
    }
}
