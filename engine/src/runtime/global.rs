//! Globals, seen from the host.

use super::context::{AsContext, AsContextMut, Inner};
use super::place::Place;
use super::store::StoreInner;
use super::value::Val;
use crate::error::Error;
use crate::exec::block::GlobalBlock;
use crate::exec::stable::Stable;
use crate::types::GlobalType;

/// A global of a store. A cheap copy.
///
/// ```
/// use hostel_engine::{Engine, Global, GlobalType, Store, Val, ValType};
/// let mut store = Store::new(&Engine::default(), ());
/// let global = Global::new(&mut store, GlobalType { content: ValType::I64, mutable: true }, Val::I64(1))?;
/// global.set(&mut store, Val::I64(2))?;
/// assert_eq!(global.get(&store).i64(), Some(2));
/// # Ok::<(), hostel_engine::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Global(pub(crate) Place);

impl Global {
    /// A new global.
    ///
    /// # Errors
    ///
    /// A value of another type; a type that refers to a function type which the engine does not have.
    pub fn new(mut context: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Global, Error> {
        let store = context.store_inner_mut();
        store.engine().check_value_type(ty.content)?;
        let mut block = GlobalBlock { value: [0; 2], ty };
        value.write_as(store, ty.content, &mut block.value)?;
        store.globals.push(Stable::new(block));
        Ok(Global(Place::new(store, store.globals.len() - 1)))
    }

    fn block(self, store: &StoreInner) -> &GlobalBlock {
        &store.globals[self.0.index(store, "global")]
    }

    /// Its type. Panics, as all methods do, when it is another store's.
    pub fn ty(&self, context: impl AsContext) -> GlobalType {
        self.block(context.store_inner()).ty
    }

    /// Its value. A reference that a guest made up from nothing reads as null.
    pub fn get(&self, context: impl AsContext) -> Val {
        let store = context.store_inner();
        let block = self.block(store);
        Val::read(store, block.ty.content, &block.value).unwrap_or(Val::default_for_ty(block.ty.content))
    }

    /// Sets its value.
    ///
    /// # Errors
    ///
    /// It is not mutable; a value of another type.
    pub fn set(&self, mut context: impl AsContextMut, value: Val) -> Result<(), Error> {
        let store = context.store_inner_mut();
        let (index, ty) = (self.0.index(store, "global"), self.block(store).ty);
        if !ty.mutable {
            return Err(Error::usage("the global is immutable"));
        }
        let mut slots = [0; 2];
        value.write_as(store, ty.content, &mut slots)?;
        store.globals[index].value = slots;
        Ok(())
    }
}
