//! An activation: the host calls a function and gets back results or a trap.

use std::marker::PhantomData;

use super::backend::{Backend, Cx, Regs, Sp, Stop, with_backend};
use super::backtrace;
use super::block::{ExecState, FuncEntry, Handle};
use super::handlers;
use super::suspend::{self, Suspended};
use crate::runtime::context::{AsCallContext, AsContext, AsContextMut, StoreMut, StoreRef};
use crate::runtime::store::{Store, StoreInner};
use crate::trap::{Trap, TrapCode};

/// The index, in its module, of the function behind `entry`. `unsafe`: `entry` belongs to the instance's module.
pub(super) unsafe fn index_of(cx: Cx, entry: *const FuncEntry) -> u32 {
    // SAFETY: B. `funcs` stands where entry 0 would be if imports had entries.
    let funcs = unsafe { (*cx).funcs };
    ((entry as usize).wrapping_sub(funcs as usize) / size_of::<FuncEntry>()) as u32
}

/// Puts back what an activation changed in its store, also when a host function panics.
pub(super) struct Restore {
    exec: *mut ExecState,
    data: *mut (),
    top: Sp,
}

impl Restore {
    /// Begins an activation with that data. `unsafe`: as for [`call`].
    #[inline(always)]
    pub(super) unsafe fn begin(exec: *mut ExecState, data: *mut ()) -> Restore {
        // SAFETY: the contract; no reference is kept.
        unsafe {
            let restore = Restore { exec, data: (*exec).data, top: (*exec).top };
            (*exec).depth += 1;
            (*exec).data = data;
            (*exec).untranslated = None;
            restore
        }
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        // SAFETY: the store outlives the activation (B), and no chain of it runs any more or yet again (X).
        let exec = unsafe { &mut *self.exec };
        (exec.data, exec.top) = (self.data, self.top);
        exec.depth -= 1;
    }
}

/// Calls a function. `slots` holds the parameters and receives the results; its length is the type's `call_slots`.
/// When the guest pauses and the call is to be resumable, its frames go to `suspended`; the trap then has no backtrace.
///
/// # Safety
///
/// `store` is live, exclusively the caller's, and no reference into it is held; `data` points to a live value of the
/// store's data type (D), exclusively the caller's too.
pub(super) unsafe fn call(
    store: *mut StoreInner,
    data: *mut (),
    callee: Handle,
    slots: &mut [u64],
    suspended: Option<&mut Option<Suspended>>,
) -> Result<(), Trap> {
    // SAFETY: the contract; references are made for single expressions only.
    unsafe {
        let exec = (*store).exec_ptr();
        if (*exec).depth >= (*store).limits().host_reentry {
            return Err(TrapCode::HostReentry.into());
        }
        let found = (*store).resolve(callee).ok_or(TrapCode::InvalidReference)?;
        let _restore = Restore::begin(exec, data);
        let import = found.import;
        // The call's slots move to the value stack, also for a host function: it may call guests, whose frames go above.
        let frame = (*exec).top;
        let room = ((*exec).stack_end as usize) - (frame as usize);
        if room < (slots.len() + 2) * 8 {
            return Err(TrapCode::StackOverflow.into());
        }
        std::ptr::copy_nonoverlapping(slots.as_ptr(), frame, slots.len());
        if let Some(shim) = import.shim {
            shim(import.env, data, (*store).host_block(), frame, slots.len()).map_err(Trap::into_final)?;
            std::ptr::copy_nonoverlapping(frame, slots.as_mut_ptr(), slots.len());
            return Ok(());
        }
        *frame.add(slots.len()).cast() = (*exec).halt;
        *frame.add(slots.len() + 1).cast() = frame;
        let backend = (*store).engine().backend();
        match with_backend!(backend, run(import.cx, import.entry, frame)) {
            Stop::DONE => {
                std::ptr::copy_nonoverlapping(frame, slots.as_mut_ptr(), slots.len());
                Ok(())
            }
            stop => match suspended {
                Some(place) => Err(suspend::stopped(exec, stop, callee, slots.len(), place)),
                None => Err(backtrace::finish(exec, stop)),
            },
        }
    }
}

/// Runs the function behind `entry`, whose arguments and record are at `frame`. `unsafe`: B; `entry` is of `cx`'s module.
unsafe fn run<B: Backend>(cx: Cx, entry: *const FuncEntry, frame: *mut u64) -> Stop {
    // SAFETY: C for the entry; S is checked by `begin`; M by the reload.
    unsafe {
        let code = (*entry).code();
        if !handlers::begin(code, frame, (*cx).stack_end) {
            let exec = (*cx).exec;
            ((*exec).ip, (*exec).sp, (*exec).cx) = (code, frame, cx);
            (*exec).untranslated = Some(index_of(cx, entry));
            return Stop(TrapCode::StackOverflow as u32);
        }
        let memory = (*cx).memory0;
        let regs = Regs::of(entry.expose_provenance() as u64);
        B::run(code.add(1), frame, (*memory).base, (*memory).len, cx, regs)
    }
}

impl<T: 'static> AsCallContext for Store<T> {
    type Data = T;
    fn call_handle(&mut self, callee: Handle, slots: &mut [u64]) -> Result<(), Trap> {
        let (store, data) = self.as_raw();
        // SAFETY: both are exclusively borrowed through `self`, and `data` is the store's own (D).
        unsafe { call(store, data.cast(), callee, slots, None) }
    }
}

/// A store and data of its type, borrowed by a host function for calls back into guests: made by
/// [`Caller::with`](crate::Caller::with).
pub struct CallContext<'a, T> {
    store: *mut StoreInner,
    data: &'a mut T,
    marker: PhantomData<&'a mut StoreInner>,
}

impl<'a, T: 'static> CallContext<'a, T> {
    /// `T` is the type of the store's data: the caller has checked it.
    pub(super) fn new(store: &'a mut StoreInner, data: &'a mut T) -> CallContext<'a, T> {
        // SAFETY: B. The pointer that chains use too: one made of `store` here would not outlive the references that a
        // nested chain makes of theirs.
        let store = unsafe { (*store.exec_ptr()).store };
        CallContext { store, data, marker: PhantomData }
    }

    /// The host's data.
    pub fn data(&mut self) -> &mut T {
        self.data
    }
}

impl<T> AsContext for CallContext<'_, T> {
    fn store_ref(&self) -> StoreRef<'_> {
        // SAFETY: borrowed exclusively for as long as `self` lives.
        StoreRef(unsafe { &*self.store })
    }
}

impl<T> AsContextMut for CallContext<'_, T> {
    fn store_mut(&mut self) -> StoreMut<'_> {
        // SAFETY: as above.
        StoreMut(unsafe { &mut *self.store })
    }
}

impl<T: 'static> AsCallContext for CallContext<'_, T> {
    type Data = T;
    fn call_handle(&mut self, callee: Handle, slots: &mut [u64]) -> Result<(), Trap> {
        let data: *mut T = self.data;
        // SAFETY: both are exclusively borrowed through `self`; `Caller::with` has checked the type (D).
        unsafe { call(self.store, data.cast(), callee, slots, None) }
    }
}
