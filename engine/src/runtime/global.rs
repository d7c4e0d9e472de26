//! Globals, seen from the host.

use super::context::{AsContext, AsContextMut, Inner};
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
pub struct Global {
    store: u64,
    index: usize,
}

impl Global {
    /// A new global.
    ///
    /// # Errors
    ///
    /// A value of another type.
    pub fn new(mut context: impl AsContextMut, ty: GlobalType, value: Val) -> Result<Global, Error> {
        let store = context.store_inner_mut();
        let mut block = GlobalBlock { value: [0; 2], ty };
        write(store, &mut block.value, ty, &value)?;
        store.globals.push(Stable::new(block));
        Ok(Global { store: store.id(), index: store.globals.len() - 1 })
    }

    pub(crate) fn find(store: &StoreInner, block: *mut GlobalBlock) -> Global {
        let index = store.globals.iter().position(|global| global.as_ptr() == block);
        Global { store: store.id(), index: index.expect("globals of a store's instances are the store's") }
    }

    pub(crate) fn belongs_to(self, store: &StoreInner) -> bool {
        self.store == store.id()
    }

    /// Its place in the store's list.
    pub(crate) fn index(self) -> usize {
        self.index
    }

    pub(crate) fn block(self, store: &StoreInner) -> &Stable<GlobalBlock> {
        assert!(self.store == store.id(), "the global is another store's");
        &store.globals[self.index]
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
        let ty = self.block(store).ty;
        if !ty.mutable {
            return Err(Error::usage("the global is immutable"));
        }
        let mut slots = [0; 2];
        write(store, &mut slots, ty, &value)?;
        store.globals[self.index].value = slots;
        Ok(())
    }
}

fn write(store: &mut StoreInner, slots: &mut [u64; 2], ty: GlobalType, value: &Val) -> Result<(), Error> {
    value.write_as(store, ty.content, slots)
}
