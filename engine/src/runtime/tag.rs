//! Exception tags, seen from the host.

use super::context::{AsContext, AsContextMut, Inner};
use super::place::Place;
use super::store::TagEntry;
use crate::error::Error;
use crate::types::FuncType;

/// An exception tag of a store. Two tags are two, even of one type. A cheap copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tag(pub(crate) Place);

impl Tag {
    /// A new tag whose exceptions carry the parameters of `ty`.
    ///
    /// # Errors
    ///
    /// A type with results, of more than 1 000 parameters, or that refers to a function type which the engine does not have.
    pub fn new(mut context: impl AsContextMut, ty: FuncType) -> Result<Tag, Error> {
        if !ty.results().is_empty() {
            return Err(Error::usage(format!("a tag's type has no results, found {ty}")));
        }
        let store = context.store_inner_mut();
        store.engine().check_func_type(&ty)?;
        let type_id = store.engine().type_id(&ty)?;
        store.tags.push(TagEntry { ty, type_id });
        Ok(Tag(Place::new(store, store.tags.len() - 1)))
    }

    /// The type. Panics when the tag is another store's.
    pub fn ty(&self, context: impl AsContext) -> FuncType {
        let store = context.store_inner();
        store.tags[self.0.index(store, "tag")].ty.clone()
    }
}
