//! Functions, seen from the host.

use super::context::{AsCallContext, AsContext, Inner};
use super::store::StoreInner;
use super::typed::{TypedFunc, WasmParams, WasmResults};
use super::value::{Val, read_values, write_values};
use crate::error::Error;
use crate::exec::block::Handle;
use crate::host::builder::HostFunc;
use crate::host::typed::IntoFunc;
use crate::trap::Trap;
use crate::types::FuncType;

/// A function of a store: a guest's or the host's. A cheap copy; using it with another store is an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Func {
    store: u64,
    handle: Handle,
    /// The call's slots.
    slots: u32,
}

impl Func {
    pub(crate) fn new(store: &StoreInner, handle: Handle) -> Func {
        let ty = store.func_type(handle).expect("stores give out only handles they know");
        Func { store: store.id(), handle, slots: ty.call_slots() as u32 }
    }

    /// Makes a host function of a typed closure, without a module around it; see
    /// [`HostFunctionBuilder::with_func`](crate::HostFunctionBuilder::with_func) for what closures fit.
    ///
    /// ```
    /// use hostel_engine::{Engine, Func, Store};
    /// let mut store = Store::new(&Engine::default(), ());
    /// let add = Func::wrap(&mut store, |a: i32, b: i32| a + b);
    /// assert_eq!(add.typed::<(i32, i32), i32>(&store)?.call(&mut store, (2, 3))?, 5);
    /// # Ok::<(), hostel_engine::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When the engine has 2³¹ function types, the most there can be, and this is another one.
    pub fn wrap<C: AsCallContext, M>(mut context: C, f: impl IntoFunc<C::Data, M>) -> Func {
        let function: HostFunc<C::Data> = f.into_func();
        let store = context.store_inner_mut();
        let handle = function.add_to(store).expect("one of 2³¹ numbers for types is left");
        Func::new(store, handle)
    }

    pub(crate) fn handle(self, store: &StoreInner) -> Result<Handle, Error> {
        if self.store == store.id() { Ok(self.handle) } else { Err(Error::usage("the function is another store's")) }
    }

    /// How many slots a call has: [`FuncType::call_slots`] of its type.
    #[inline]
    pub(crate) fn slots(self) -> usize {
        self.slots as usize
    }

    /// The function's type.
    ///
    /// # Panics
    ///
    /// When the function is another store's.
    pub fn ty(&self, context: impl AsContext) -> FuncType {
        let store = context.store_inner();
        let handle = self.handle(store).expect("a function of this store");
        store.func_type(handle).expect("stores give out only handles they know").clone()
    }

    /// Calls the function with values.
    ///
    /// # Errors
    ///
    /// Wrong number or types of `params` or wrong length of `results`; a trap or exit.
    pub fn call(&self, mut context: impl AsCallContext, params: &[Val], results: &mut [Val]) -> Result<(), Error> {
        self.handle(context.store_inner())?;
        let ty = self.ty(&context);
        if results.len() != ty.results().len() {
            let expected = ty.results().len();
            return Err(Error::usage(format!("room for {} results, the function has {expected}", results.len())));
        }
        let mut slots = vec![0; self.slots()];
        write_values(context.store_inner_mut(), ty.params(), params, &mut slots)?;
        context.call_slots(*self, &mut slots)?;
        read_values(context.store_inner(), ty.results(), &slots, results)
    }

    /// Calls the function without any conversion: `stack` holds the parameters' slots and receives the results' slots.
    /// Nothing is allocated.
    ///
    /// # Errors
    ///
    /// A trap or exit. A `stack` shorter than [`FuncType::call_slots`], or a function of another store, is a trap with a
    /// message.
    pub fn call_with_stack(&self, mut context: impl AsCallContext, stack: &mut [u64]) -> Result<(), Trap> {
        if stack.len() < self.slots() {
            return Err(Trap::message(format!("a stack of {} slots, the call needs {}", stack.len(), self.slots)));
        }
        context.call_slots(*self, stack)
    }

    /// The same function with its Rust types.
    ///
    /// # Errors
    ///
    /// When they are not the function's.
    pub fn typed<P: WasmParams, R: WasmResults>(&self, context: impl AsContext) -> Result<TypedFunc<P, R>, Error> {
        self.handle(context.store_inner())?;
        TypedFunc::new(*self, &self.ty(&context))
    }
}

impl std::fmt::Debug for Func {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Func({:#x})", self.handle.0)
    }
}
