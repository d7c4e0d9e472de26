//! What gives access to a store: the store itself, or a host function's [`Caller`].

use super::func::Func;
use super::store::{Store, StoreInner};
pub use crate::exec::activation::CallContext;
use crate::exec::activation::{CallParts, copy_slots};
use crate::exec::host_call::Caller;
use crate::sealed;
use crate::trap::Trap;

/// A store, borrowed; opaque, so that what the engine takes for granted of it stays true.
#[doc(hidden)]
pub struct StoreRef<'a>(pub(crate) &'a StoreInner);

/// As [`StoreRef`], exclusively.
#[doc(hidden)]
pub struct StoreMut<'a>(pub(crate) &'a mut StoreInner);

/// Read access to a store's memories, tables and globals. Only this crate implements it.
pub trait AsContext: sealed::Context {
    #[doc(hidden)]
    fn store_ref(&self) -> StoreRef<'_>;
}

/// Write access to a store's memories, tables and globals.
pub trait AsContextMut: AsContext {
    #[doc(hidden)]
    fn store_mut(&mut self) -> StoreMut<'_>;
}

/// A context with the host's data, which functions can be called with: `&mut Store<T>`, or what
/// [`Caller::with`](crate::Caller::with) makes inside a host function.
///
/// That [`Data`](Self::Data) is the type of the store's data is what host functions rely on, so only this crate implements
/// it.
pub trait AsCallContext: AsContextMut {
    /// The host's data.
    type Data: 'static;

    /// What a call needs.
    #[doc(hidden)]
    fn call_parts(&mut self) -> CallParts<'_>;
}

/// What the crate itself sees of a context.
pub(crate) trait Inner: AsContext {
    fn store_inner(&self) -> &StoreInner {
        self.store_ref().0
    }
    fn store_inner_mut(&mut self) -> &mut StoreInner
    where
        Self: AsContextMut,
    {
        self.store_mut().0
    }
    /// Calls a function with as many slots as its call has, or more.
    #[inline]
    fn call_slots(&mut self, func: Func, slots: &mut [u64]) -> Result<(), Trap>
    where
        Self: AsCallContext,
    {
        let (len, slots) = (func.slots(), &mut slots[..func.slots()]);
        let write = move |frame: &mut [u64]| {
            copy_slots(slots, frame);
            slots
        };
        self.call_parts().call(func, len, write, |slots, frame| copy_slots(frame, slots))
    }
}

impl<C: AsContext + ?Sized> Inner for C {}

impl sealed::Context for StoreRef<'_> {}
impl<C: sealed::Context + ?Sized> sealed::Context for &C {}
impl<C: sealed::Context + ?Sized> sealed::Context for &mut C {}
impl<T: 'static> sealed::Context for Store<T> {}
impl<T> sealed::Context for CallContext<'_, T> {}
impl sealed::Context for Caller<'_> {}

impl AsContext for StoreRef<'_> {
    fn store_ref(&self) -> StoreRef<'_> {
        StoreRef(self.0)
    }
}

impl<C: AsContext + ?Sized> AsContext for &C {
    fn store_ref(&self) -> StoreRef<'_> {
        (**self).store_ref()
    }
}

impl<C: AsContext + ?Sized> AsContext for &mut C {
    fn store_ref(&self) -> StoreRef<'_> {
        (**self).store_ref()
    }
}

impl<C: AsContextMut + ?Sized> AsContextMut for &mut C {
    fn store_mut(&mut self) -> StoreMut<'_> {
        (**self).store_mut()
    }
}

impl<C: AsCallContext + ?Sized> AsCallContext for &mut C {
    type Data = C::Data;
    #[inline(always)]
    fn call_parts(&mut self) -> CallParts<'_> {
        (**self).call_parts()
    }
}

impl<T: 'static> AsContext for Store<T> {
    fn store_ref(&self) -> StoreRef<'_> {
        StoreRef(&self.inner)
    }
}

impl<T: 'static> AsContextMut for Store<T> {
    fn store_mut(&mut self) -> StoreMut<'_> {
        StoreMut(&mut self.inner)
    }
}
