//! An activation: the host calls a function and gets back results or a trap.

use std::marker::PhantomData;

use super::backend::{Backend, Cx, Regs, Sp, Stop, with_backend};
use super::backtrace;
use super::block::{ExecState, FuncEntry, Handle};
use super::handlers;
use super::suspend::{self, Suspended};
use crate::runtime::Func;
use crate::runtime::context::{AsCallContext, AsContext, AsContextMut, StoreMut, StoreRef};
use crate::runtime::store::{Resolved, Store, StoreInner};
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
    borrowed: Sp,
}

impl Restore {
    /// Begins an activation with that data. `unsafe`: as for [`call_at`].
    #[inline(always)]
    pub(super) unsafe fn begin(exec: *mut ExecState, data: *mut ()) -> Restore {
        // SAFETY: the contract; no reference is kept.
        unsafe {
            let restore = Restore { exec, data: (*exec).data, top: (*exec).top, borrowed: (*exec).borrowed };
            if restore.borrowed != restore.top {
                (&mut (*exec).waiting).push((restore.borrowed, restore.top));
            }
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
        (exec.data, exec.top, exec.borrowed) = (self.data, self.top, self.borrowed);
        if self.borrowed != self.top {
            exec.waiting.pop();
        }
        exec.depth -= 1;
    }
}

/// A store, and data of its type (D), both exclusively borrowed for `'a`: what a call needs. Opaque, and made here only.
pub struct CallParts<'a> {
    store: *mut StoreInner,
    data: *mut (),
    marker: PhantomData<&'a mut StoreInner>,
}

impl CallParts<'_> {
    /// Calls a function. The call's slots are at the value stack's top, also a host function's, as it may call guests, whose
    /// frames go above: `write` puts the parameters there, `read` takes the results. Both see `room` slots, which are at least
    /// as many; a caller that knows their number at compile time need not look at it.
    ///
    /// `room` is not looked at here, as every call would pay for it. It is enough because there are two callers, and code
    /// outside of this crate is neither: `TypedFunc::call` has a function that `TypedFunc::new` has found to have at most
    /// `MOST` slots, and `Inner::call_slots` passes `func.slots()` itself. `func.slots()` is what the function's type says:
    /// only `Func::new` makes a `Func`, types do not change, and `Engine::check_func_type` keeps them so short
    /// that their slots fit.
    ///
    /// # Errors
    ///
    /// A trap or exit; a trap with a message when the function is another store's.
    #[inline(always)]
    pub(crate) fn call<W, R>(
        self,
        func: Func,
        room: usize,
        write: impl FnOnce(&mut [u64]) -> W,
        read: impl FnOnce(W, &[u64]) -> R,
    ) -> Result<R, Trap> {
        // SAFETY: what `self` is; a function knows its call's slots, and they are at most `room` (above); S: there is room, and
        // what was never written is zero. The slices end before the chain runs.
        unsafe {
            let callee = func.handle(&*self.store).map_err(Trap::new)?;
            debug_assert!(func.slots() <= room, "see above");
            let exec = (*self.store).exec_ptr();
            let frame = (*exec).top;
            if ((*exec).stack_end as usize) - (frame as usize) < (room + 2) * 8 {
                return Err(TrapCode::StackOverflow.into());
            }
            let written = write(std::slice::from_raw_parts_mut(frame, room));
            call_at(self.store, self.data, callee, frame, func.slots(), None)?;
            Ok(read(written, std::slice::from_raw_parts(frame, room)))
        }
    }
}

/// Copies slots that were just written one by one, or will be read so. A wider load would have to wait until such stores
/// have left the processor's store buffer, and the compiler would make wider loads of anything but this.
///
/// # Panics
///
/// When there are not as many of both.
#[inline]
pub(crate) fn copy_slots(from: &[u64], to: &mut [u64]) {
    assert_eq!(from.len(), to.len());
    if from.len() > 8 {
        return to.copy_from_slice(from);
    }
    for (from, to) in from.iter().zip(to) {
        // SAFETY: both are references.
        unsafe { std::ptr::write_volatile(to, std::ptr::read_volatile(from)) }
    }
}

/// As [`CallParts::call`], with the parameters in `slots`, which receives the results. When the guest pauses, its frames go to
/// `suspended`; the trap then has no backtrace. `unsafe`: as for [`call_at`]; `slots` are as many as the call has.
pub(super) unsafe fn call_resumable(
    store: *mut StoreInner,
    data: *mut (),
    callee: Handle,
    slots: &mut [u64],
    suspended: &mut Option<Suspended>,
) -> Result<(), Trap> {
    // SAFETY: the contract; S: there is room.
    unsafe {
        let exec = (*store).exec_ptr();
        let (frame, len) = ((*exec).top, slots.len());
        if ((*exec).stack_end as usize) - (frame as usize) < (len + 2) * 8 {
            return Err(TrapCode::StackOverflow.into());
        }
        std::ptr::copy_nonoverlapping(slots.as_ptr(), frame, len);
        call_at(store, data, callee, frame, len, Some(suspended))?;
        std::ptr::copy_nonoverlapping(frame, slots.as_mut_ptr(), len);
        Ok(())
    }
}

/// Calls a function whose `slots` are at `frame`, the stack's top, with room for a record behind them.
///
/// # Safety
///
/// `store` is live, exclusively the caller's, and no reference into it is held; `data` points to a live value of the
/// store's data type (D), exclusively the caller's too. `slots` is the type's `call_slots`.
unsafe fn call_at(
    store: *mut StoreInner,
    data: *mut (),
    callee: Handle,
    frame: Sp,
    slots: usize,
    suspended: Option<&mut Option<Suspended>>,
) -> Result<(), Trap> {
    // SAFETY: the contract; references are made for single expressions only.
    unsafe {
        let exec = (*store).exec_ptr();
        if (*exec).depth >= (*exec).most_depth {
            return Err(TrapCode::HostReentry.into());
        }
        let Resolved { import, .. } = (*store).resolve(callee).ok_or(TrapCode::InvalidReference)?;
        let _restore = Restore::begin(exec, data);
        if let Some(shim) = import.shim {
            return shim(import.env, data, (*store).host_block(), frame, slots).map_err(Trap::into_final);
        }
        *frame.add(slots).cast() = (*exec).halt;
        *frame.add(slots + 1).cast() = frame;
        match with_backend!((*exec).backend, run(import.cx, import.entry, frame)) {
            Stop::DONE => Ok(()),
            stop => match suspended {
                Some(place) => Err(suspend::stopped(exec, stop, callee, slots, place)),
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
    #[inline(always)]
    fn call_parts(&mut self) -> CallParts<'_> {
        let (store, data) = self.as_raw();
        CallParts { store, data: data.cast(), marker: PhantomData }
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
    #[inline(always)]
    fn call_parts(&mut self) -> CallParts<'_> {
        let data: *mut T = self.data;
        CallParts { store: self.store, data: data.cast(), marker: PhantomData }
    }
}
