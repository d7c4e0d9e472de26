//! Calls that can pause: out of fuel, interrupted, or because a host function asks for it; and go on later.

use std::fmt;

use super::func::Func;
use super::store::{Store, StoreInner};
use super::typed::{MOST, TypedFunc, WasmParams, WasmResults};
use super::value::{Val, read_values, write_values};
use crate::error::Error;
use crate::exec::block::Handle;
use crate::exec::suspend::{Ended, Suspended};
use crate::trap::Trap;

/// How a call that can be resumed has ended, for now.
#[derive(Debug)]
pub enum ResumableCall<R> {
    /// The function returned.
    Finished(R),
    /// The guest paused and can go on.
    Paused(Resumable<R>),
}

impl<R> ResumableCall<R> {
    /// The results, when the function returned.
    pub fn finished(self) -> Option<R> {
        match self {
            ResumableCall::Finished(results) => Some(results),
            ResumableCall::Paused(_) => None,
        }
    }

    /// The guest, when it paused.
    pub fn paused(self) -> Option<Resumable<R>> {
        match self {
            ResumableCall::Finished(_) => None,
            ResumableCall::Paused(paused) => Some(paused),
        }
    }
}

/// A guest that paused within a call: its frames, off the store's stack. The embedder decides what becomes of it: let it
/// go on, later or on another thread; end it with a backtrace; or drop it, which only frees the frames.
///
/// The store can be used meanwhile, also for calls that pause too. What they change (memories, globals, fuel) the guest
/// finds changed when it goes on. A `Resumable` takes as much memory as the guest's frames, at most
/// `Limits::value_stack_bytes`.
///
/// ```
/// use hostel_engine::{Config, Engine, Linker, Module, ResumableCall, Store, TrapCode};
/// let engine = Engine::new(Config::new().consume_fuel(true))?;
/// let module = Module::new(&engine, wat::parse_str(r#"(module
///     (func (export "count") (param i32) (result i32) (local i32)
///         (loop $l
///             (local.set 1 (i32.add (local.get 1) (i32.const 1)))
///             (br_if $l (i32.lt_u (local.get 1) (local.get 0))))
///         (local.get 1)))"#).unwrap())?;
/// let mut store = Store::new(&engine, ());
/// let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
/// let count = instance.get_typed_func::<i32, i32>(&store, "count")?;
///
/// store.set_fuel(1000)?;
/// let mut call = count.call_resumable(&mut store, 1000)?;
/// let mut slices = 1;
/// let result = loop {
///     match call {
///         ResumableCall::Finished(result) => break result,
///         ResumableCall::Paused(guest) => {
///             assert_eq!(guest.trap().code(), Some(TrapCode::OutOfFuel));
///             store.add_fuel(1000)?;
///             call = guest.resume(&mut store)?;
///             slices += 1;
///         }
///     }
/// };
/// assert_eq!((result, slices), (1000, 11));
/// # Ok::<(), hostel_engine::Error>(())
/// ```
pub struct Resumable<R> {
    suspended: Suspended,
    trap: Trap,
    read: Read<R>,
}

/// How results are read: as values of these types from these slots.
type Read<R> = fn(&StoreInner, Handle, &[u64]) -> Result<R, Error>;

impl<R> Resumable<R> {
    /// Why it paused: out of fuel, interrupted, or what a host function returned that is to be called again. It has no
    /// backtrace; [`into_trap`](Self::into_trap) makes one.
    pub fn trap(&self) -> &Trap {
        &self.trap
    }

    /// When it ran out of fuel, how much [`Store::get_fuel`] has to be for it to get any further.
    pub fn fuel_needed(&self) -> u64 {
        self.suspended.fuel_needed()
    }

    /// Lets the guest go on where it paused.
    ///
    /// # Errors
    ///
    /// A trap or exit; a store that is not the guest's.
    pub fn resume<T: 'static>(self, store: &mut Store<T>) -> Result<ResumableCall<R>, Error> {
        self.check(&store.inner)?;
        let mut few = [0; MOST];
        let mut many = Vec::new();
        let slots = match few.get_mut(..self.suspended.slots) {
            Some(slots) => slots,
            None => {
                many.resize(self.suspended.slots, 0);
                &mut many[..]
            }
        };
        let (read, callee) = (self.read, self.suspended.callee);
        let ended = store.go_on(self.suspended, slots)?;
        outcome(&store.inner, callee, ended, slots, read)
    }

    /// Ends the call, as a call that cannot be resumed would have ended: with the guest's frames in the trap. Listeners of
    /// its functions hear `abort`.
    ///
    /// # Errors
    ///
    /// A store that is not the guest's.
    pub fn into_trap<T: 'static>(self, store: &mut Store<T>) -> Result<Trap, Error> {
        self.check(&store.inner)?;
        Ok(store.give_up(self.suspended, self.trap))
    }

    fn check(&self, store: &StoreInner) -> Result<(), Error> {
        if self.suspended.belongs_to(store) { Ok(()) } else { Err(Error::usage("the paused guest is another store's")) }
    }
}

/// What came of a call, whose results, if there are any, are in `slots`.
fn outcome<R>(
    store: &StoreInner,
    callee: Handle,
    ended: Ended,
    slots: &[u64],
    read: Read<R>,
) -> Result<ResumableCall<R>, Error> {
    match ended {
        Ended::Finished => Ok(ResumableCall::Finished(read(store, callee, slots)?)),
        Ended::Paused(suspended, trap) => Ok(ResumableCall::Paused(Resumable { suspended, trap, read })),
    }
}

impl<R> fmt::Debug for Resumable<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resumable").field("trap", &self.trap).finish_non_exhaustive()
    }
}

impl<P: WasmParams, R: WasmResults> TypedFunc<P, R> {
    /// Calls the function so that the guest can pause, when it runs out of fuel, is interrupted, or a host function returns
    /// a [resumable](Trap::resumable) trap, and go on later; see [`Resumable`].
    ///
    /// A guest that a host function calls does not pause: its trap is final.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn call_resumable<T: 'static>(&self, store: &mut Store<T>, params: P) -> Result<ResumableCall<R>, Error> {
        let handle = self.func().handle(&store.inner)?;
        let mut slots = [0; MOST];
        params.write(&mut slots);
        let ended = store.start(handle, &mut slots[..self.func().slots()])?;
        outcome(&store.inner, handle, ended, &slots, |_, _, slots| Ok(R::read(slots)))
    }
}

impl Func {
    /// As [`TypedFunc::call_resumable`], with values.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn call_resumable<T: 'static>(
        &self,
        store: &mut Store<T>,
        params: &[Val],
    ) -> Result<ResumableCall<Vec<Val>>, Error> {
        let handle = self.handle(&store.inner)?;
        let ty = self.ty(&*store);
        let mut slots = vec![0; self.slots()];
        write_values(&mut store.inner, ty.params(), params, &mut slots)?;
        let read: Read<Vec<Val>> = |store, callee, slots| {
            let types = store.func_type(callee).map_or(&[][..], |ty| ty.results());
            let mut values: Vec<Val> = types.iter().copied().map(Val::default_for_ty).collect();
            read_values(store, types, slots, &mut values)?;
            Ok(values)
        };
        let ended = store.start(handle, &mut slots)?;
        outcome(&store.inner, handle, ended, &slots, read)
    }
}
