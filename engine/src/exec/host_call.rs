//! The engine's side of a host function: how it is called, and the [`Caller`] it is given.

use std::any::TypeId;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::backend::{Cx, Sp};
use super::block::{ExecState, InstanceBlock, Shim};
use crate::code::Header;
use crate::runtime::context::{AsContext, AsContextMut, CallContext, Inner, StoreMut, StoreRef};
use crate::runtime::store::StoreInner;
use crate::runtime::{Extern, InterruptHandle, instance};
use crate::trap::{Trap, TrapCode};

/// The instance that called a host function: its memory, exports and name.
///
/// A raw host function gets it beside the store's data, as a borrow of its own, so that a slice of guest memory and the
/// data can be held at once. When the embedder calls a host function directly, there is no such instance: no memory,
/// no exports.
///
/// ```
/// use hostel_engine::{Caller, Engine, HostModuleBuilder, Linker, Module, Store, ValType};
/// let engine = Engine::default();
/// let host = HostModuleBuilder::new("host")
///     .new_function()
///     .with_raw_module_function([ValType::I32, ValType::I32], [], |log: &mut Vec<u8>, module: &mut Caller<'_>, stack| {
///         let (at, len) = (stack[0] as u32 as usize, stack[1] as u32 as usize);
///         let memory = module.memory().expect("the guest exports its memory");
///         log.extend_from_slice(&memory[at..at + len]);
///         Ok(())
///     })
///     .export("log")
///     .compile(&engine)?;
/// let module = Module::new(&engine, wat::parse_str(r#"(module
///     (import "host" "log" (func $log (param i32 i32)))
///     (memory (export "memory") 1) (data (i32.const 8) "hello")
///     (func (export "run") (call $log (i32.const 8) (i32.const 5))))"#).unwrap())?;
/// let mut store = Store::new(&engine, Vec::new());
/// let mut linker = Linker::new(&engine);
/// linker.host_module(&host)?;
/// let instance = linker.instantiate(&mut store, &module)?;
/// instance.get_typed_func::<(), ()>(&store, "run")?.call(&mut store, ())?;
/// assert_eq!(store.data(), b"hello");
/// # Ok::<(), hostel_engine::Error>(())
/// ```
pub struct Caller<'a> {
    cx: Cx,
    /// The first slot that the host function has borrowed; they end at `top`.
    borrowed: Sp,
    /// The first slot that is free for a nested activation.
    top: Sp,
    marker: PhantomData<&'a mut StoreInner>,
}

impl Caller<'_> {
    /// `unsafe`: B holds for `cx`, `top` is inside its store's stack and above all that is in use (S), what is borrowed
    /// mutably of the stack is between `borrowed` and `top`, and X allows references into the store while the caller lives.
    #[inline(always)]
    unsafe fn new<'a>(cx: Cx, borrowed: Sp, top: Sp) -> Caller<'a> {
        Caller { cx, borrowed, top, marker: PhantomData }
    }

    fn block(&self) -> &InstanceBlock {
        // SAFETY: B; X: the running chain waits for this host function.
        unsafe { &*self.cx }
    }

    /// The calling instance's exported memory named `memory`, all of it; `None` when it exports none.
    ///
    /// The slice ends when the guest runs again or the memory grows: ask again afterwards. The lookup was done when the
    /// instance was made, so this costs two loads.
    #[inline(always)]
    pub fn memory(&mut self) -> Option<&mut [u8]> {
        let memory = self.block().exported_memory;
        // SAFETY: B, M; X: the slice borrows from `self`, which stands for the whole store.
        if memory.is_null() { None } else { Some(unsafe { (*memory).data_mut() }) }
    }

    /// Grows the memory of [`memory`](Self::memory) by `pages` and returns how many it had; `None` when there
    /// is none, or when its type, a limit or the system forbids it, as for the guest's own `memory.grow`.
    pub fn grow_memory(&mut self, pages: u64) -> Option<u64> {
        let memory = self.block().exported_memory;
        // SAFETY: B, and X as above. The guest's copy of base and length is reloaded when it goes on.
        if memory.is_null() { None } else { unsafe { (*memory).grow(pages) } }
    }

    /// Takes fuel for what the host function has done, from the budget that guests use. It takes what is asked for, be it
    /// more than is left: then the guest runs out of fuel where it is next charged, and can go on from there once the
    /// debt is paid. Nothing happens when the engine does not [charge fuel](crate::Config::consume_fuel).
    ///
    /// ```
    /// use hostel_engine::{Caller, Config, Engine, Func, Store};
    /// let engine = Engine::new(Config::new().consume_fuel(true))?;
    /// let mut store = Store::new(&engine, ());
    /// store.set_fuel(100)?;
    /// let f = Func::wrap(&mut store, |_: &mut (), module: &mut Caller<'_>| module.consume_fuel(30));
    /// f.typed::<(), ()>(&store)?.call(&mut store, ())?;
    /// assert_eq!((store.get_fuel()?, store.fuel_consumed()?), (70, 30));
    /// # Ok::<(), hostel_engine::Error>(())
    /// ```
    pub fn consume_fuel(&mut self, units: u64) {
        /// A debt has to leave room for what is charged before somebody looks.
        const MOST: i64 = i64::MIN / 2;
        let exec = self.block().exec;
        // SAFETY: B; X: nothing else looks at the state while the host function runs.
        unsafe {
            if (*exec).meters.fuel {
                let units = i64::try_from(units).unwrap_or(i64::MAX);
                (*exec).fuel = (*exec).fuel.saturating_sub(units).max(MOST);
            }
        }
    }

    /// How much fuel is left, 0 when some is owed; `None` when the engine does not charge fuel. A host function that would
    /// cost more can return [`TrapCode::OutOfFuel`](crate::TrapCode), as a
    /// [resumable](Trap::resumable) trap, before it does anything.
    pub fn get_fuel(&self) -> Option<u64> {
        // SAFETY: B.
        let exec = unsafe { &*self.block().exec };
        exec.meters.fuel.then(|| u64::try_from(exec.fuel).unwrap_or(0))
    }

    /// For host functions that take long: a trap to return when somebody has asked the guest to stop.
    ///
    /// # Errors
    ///
    /// [`TrapCode::Interrupted`](crate::TrapCode); mark it as [resumable](Trap::resumable) when nothing has been done yet.
    pub fn check_interrupt(&self) -> Result<(), Trap> {
        // SAFETY: B.
        let exec = unsafe { &*self.block().exec };
        if exec.interrupt.load(Ordering::Relaxed) { Err(TrapCode::Interrupted.into()) } else { Ok(()) }
    }

    /// The store's handle to interrupt it, for what a host function calls that has no `Caller`; `None` when the engine is not
    /// [interruptible](crate::Config::interruptible).
    pub fn interrupt_handle(&self) -> Option<InterruptHandle> {
        // SAFETY: B.
        let exec = unsafe { &*self.block().exec };
        exec.meters.interrupt.then(|| InterruptHandle(exec.interrupt.clone()))
    }

    /// Whether a handle is this store's: cheaper than to get another one with each call.
    #[inline]
    pub fn is_interrupted_by(&self, handle: &InterruptHandle) -> bool {
        // SAFETY: B.
        let exec = unsafe { &*self.block().exec };
        Arc::ptr_eq(&exec.interrupt, &handle.0)
    }

    /// The calling instance's export of that name.
    pub fn get_export(&self, name: &str) -> Option<Extern> {
        let block = self.block();
        let index = block.module.as_ref()?.export_index(name)?;
        Some(instance::export(self.store_inner(), block, index))
    }

    /// The calling module's name, from its name section.
    pub fn module_name(&self) -> Option<String> {
        self.block().module.as_ref()?.name()
    }

    /// The store as a context to call back into the guest with, `ctx` being what host functions will be given:
    /// usually the data this host function was itself given.
    ///
    /// ```
    /// use hostel_engine::{Caller, Engine, Extern, HostModuleBuilder, Linker, Module, Store, ValType};
    /// let engine = Engine::default();
    /// let host = HostModuleBuilder::new("host")
    ///     .new_function()
    ///     .with_raw_module_function([ValType::I32], [ValType::I32], |ctx: &mut (), module: &mut Caller<'_>, stack| {
    ///         let Some(Extern::Func(double)) = module.get_export("double") else { panic!("no such export") };
    ///         double.call_with_stack(module.with(ctx), stack)
    ///     })
    ///     .export("twice")
    ///     .compile(&engine)?;
    /// let module = Module::new(&engine, wat::parse_str(r#"(module
    ///     (import "host" "twice" (func $twice (param i32) (result i32)))
    ///     (func (export "double") (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))
    ///     (func (export "run") (result i32) (call $twice (i32.const 21))))"#).unwrap())?;
    /// let mut store = Store::new(&engine, ());
    /// let mut linker = Linker::new(&engine);
    /// linker.host_module(&host)?;
    /// let instance = linker.instantiate(&mut store, &module)?;
    /// assert_eq!(instance.get_typed_func::<(), i32>(&store, "run")?.call(&mut store, ())?, 42);
    /// # Ok::<(), hostel_engine::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When `T` is not the type of the store's data.
    pub fn with<'b, T: 'static>(&'b mut self, ctx: &'b mut T) -> CallContext<'b, T> {
        let store = self.store_inner_mut();
        assert!(store.data_type() == TypeId::of::<T>(), "the context is not of the type of the store's data");
        CallContext::new(store, ctx)
    }
}

impl AsContext for Caller<'_> {
    fn store_ref(&self) -> StoreRef<'_> {
        // SAFETY: B; X: it borrows from `self`, which stands for the whole store.
        StoreRef(unsafe { &*(*self.block().exec).store })
    }
}

impl AsContextMut for Caller<'_> {
    fn store_mut(&mut self) -> StoreMut<'_> {
        let exec = self.block().exec;
        // SAFETY: B; X: it borrows from `self` exclusively, which stands for the whole store. Only this way can the host
        // function start an activation, whose frames go where `top` says.
        unsafe {
            ((*exec).top, (*exec).borrowed) = (self.top, self.borrowed);
            StoreMut(&mut *(*exec).store)
        }
    }
}

/// The shim of host functions that are an `F`: finds the function and the data behind their erased pointers.
///
/// This is the only thing between the guest's call and the first line of `F`, and it is compiled for each `F`, which
/// the compiler puts inside.
pub(crate) fn shim<T, F>() -> Shim
where
    F: Fn(&mut T, &mut Caller<'_>, &mut [u64]) -> Result<(), Trap>,
{
    unsafe fn shim<T, F>(env: *const (), data: *mut (), cx: Cx, slots: *mut u64, len: usize) -> Result<(), Trap>
    where
        F: Fn(&mut T, &mut Caller<'_>, &mut [u64]) -> Result<(), Trap>,
    {
        // SAFETY: the contract of `Shim`: `env` is an `F`, `data` a `T` (D), and the slots are the callee's own (S). The
        // three borrows are of different things, and end before the chain goes on (X).
        unsafe {
            let (start, end) = (slots, slots.add(len));
            let slots = if len == 0 { &mut [] } else { std::slice::from_raw_parts_mut(slots, len) };
            (*env.cast::<F>())(&mut *data.cast::<T>(), &mut Caller::new(cx, start, end), slots)
        }
    }
    shim::<T, F>
}

/// As [`shim`], for functions that take exceptions: copies of what they are given are among the roots of the search for
/// exceptions, which does not look at slots that a host function has borrowed.
pub(crate) fn shim_with_roots<T, F>() -> Shim
where
    F: Fn(&mut T, &mut Caller<'_>, &mut [u64]) -> Result<(), Trap>,
{
    /// Takes the copies off again, also when the host function panics.
    struct Unroot(*mut ExecState, usize);

    impl Drop for Unroot {
        fn drop(&mut self) {
            // SAFETY: B; X: the host function has returned.
            unsafe { (&mut (*self.0).arguments).truncate(self.1) }
        }
    }

    unsafe fn shim_with_roots<T, F>(
        env: *const (),
        data: *mut (),
        cx: Cx,
        slots: *mut u64,
        len: usize,
    ) -> Result<(), Trap>
    where
        F: Fn(&mut T, &mut Caller<'_>, &mut [u64]) -> Result<(), Trap>,
    {
        // SAFETY: the contract of `Shim` (S, B); X: the references end before the host function runs.
        unsafe {
            let exec = (*cx).exec;
            let arguments = &mut (*exec).arguments;
            let _unroot = Unroot(exec, arguments.len());
            arguments.extend_from_slice(std::slice::from_raw_parts(slots, len));
            // Not inlined: `F` would be compiled twice.
            std::hint::black_box(shim::<T, F>())(env, data, cx, slots, len)
        }
    }
    shim_with_roots::<T, F>
}

/// When a listener hears of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Before,
    After,
}

/// Tells the listener of guest function `func`, whose frame is at `sp`. `unsafe`: C, S, B.
#[inline(never)]
pub(super) unsafe fn listen(sp: Sp, cx: Cx, func: u32, moment: Moment) {
    // SAFETY: B; X: the references end here.
    unsafe {
        let module = (*cx).module().clone();
        let Some(listened) = module.listener(func) else { return };
        let (listener, definition) = &*listened;
        let slots = definition.ty().call_slots();
        // A listener may call guests: their frames go above this function's.
        let code = (*cx).entry(func).map(|entry| Header::from_bits(*entry.code()));
        let top = sp.add(code.map_or(slots, |header| header.frame_slots as usize));
        let slots = std::slice::from_raw_parts(sp, slots);
        // Its slices are shared, so the search for exceptions may look at these slots.
        let mut caller = Caller::new(cx, top, top);
        match moment {
            Moment::Before => listener.before(&mut caller, definition, &slots[..definition.ty().param_slots()]),
            Moment::After => listener.after(&mut caller, definition, &slots[..definition.ty().result_slots()]),
        }
    }
}
