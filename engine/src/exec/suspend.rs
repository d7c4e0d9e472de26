//! Calls that pause and go on: a guest's frames, taken off the value stack and put back.
//!
//! Guest frames hold addresses of the stack, and an outermost activation's begin at its base: so frames that are put back
//! go to where they were. In between the stack is free for other calls. Nothing of the native stack belongs to a paused
//! guest, as an outermost chain that stopped has left it; a guest below a host function cannot pause (its trap is final).

use std::sync::{Arc, Weak};

use super::activation::{self, Restore};
use super::backend::{Backend, Cx, Ip, Sp, Stop, with_backend};
use super::backtrace;
use super::block::{ExecState, Handle, Paused};
use crate::code::Header;
use crate::runtime::store::{Store, StoreInner};
use crate::trap::Trap;

/// A guest that paused: all that its chain needs to go on, by the store it belongs to only.
pub(crate) struct Suspended {
    store: u64,
    /// The function that the host called, and how many slots its call has.
    pub callee: Handle,
    pub slots: usize,
    /// The value stack from its base to the innermost frame's end. The store knows it too: exceptions that these slots
    /// refer to are kept.
    stack: Arc<[u64]>,
    ip: Ip,
    sp: Sp,
    cx: Cx,
    paused: Paused,
}

// SAFETY: the pointers are into the store's blocks, stack and code; they are used only with that store at hand, exclusively
// borrowed, and it is found by a number that no other store has.
unsafe impl Send for Suspended {}
// SAFETY: shared access reads nothing through the pointers.
unsafe impl Sync for Suspended {}

impl Suspended {
    pub(crate) fn belongs_to(&self, store: &StoreInner) -> bool {
        self.store == store.id()
    }

    /// The units of fuel that were not there when it stopped for want of fuel.
    pub(crate) fn fuel_needed(&self) -> u64 {
        self.paused.needed
    }
}

/// The slots of paused guests, for as long as somebody can resume them: a store's list.
#[derive(Default)]
pub(crate) struct SuspendedStacks(Vec<Weak<[u64]>>);

impl SuspendedStacks {
    fn add(&mut self, stack: &Arc<[u64]>) {
        self.0.retain(|known| known.strong_count() > 0);
        self.0.push(Arc::downgrade(stack));
    }

    /// All slots of all paused guests.
    pub(crate) fn slots(&self) -> impl Iterator<Item = u64> {
        let stacks = self.0.iter().filter_map(Weak::upgrade);
        stacks.flat_map(|stack| (0..stack.len()).map(move |index| stack[index]))
    }
}

/// Makes the trap of a chain that stopped in a call that can be resumed; when the guest has only paused, its frames go to
/// `place`, and the trap has no backtrace. `unsafe`: as [`backtrace::finish`]; the activation is the store's outermost.
pub(super) unsafe fn stopped(
    exec: *mut ExecState,
    stop: Stop,
    callee: Handle,
    slots: usize,
    place: &mut Option<Suspended>,
) -> Trap {
    // SAFETY: B; X: the chain has stopped, and the references end here.
    unsafe {
        let trap = backtrace::reason(&mut *exec, stop);
        if trap.is_resumable() {
            *place = Some(take(exec, callee, slots));
            trap
        } else {
            backtrace::walked(exec, trap)
        }
    }
}

/// Takes the frames off the stack. `unsafe`: as [`stopped`].
unsafe fn take(exec: *mut ExecState, callee: Handle, slots: usize) -> Suspended {
    // SAFETY: B, C, S: the chain stopped in a function of `cx`'s module whose frame at `sp` is as long as its header says;
    // every slot of it, and all below, are initialised (zeroed pages at first).
    unsafe {
        let exec = &mut *exec;
        let (ip, sp, cx) = (exec.ip, exec.sp, exec.cx);
        let entry = (*cx).module().locate(ip).and_then(|(func, _)| (*cx).entry(func));
        let frame = entry.map_or(0, |entry| Header::from_bits(*entry.code()).frame_slots as usize);
        let len = (sp as usize - exec.stack_base as usize) / 8 + frame;
        let stack: Arc<[u64]> = std::slice::from_raw_parts(exec.stack_base, len).into();
        let store = &mut *exec.store;
        store.suspended.add(&stack);
        let paused = std::mem::replace(&mut exec.paused, Paused::NEW);
        Suspended { store: store.id(), callee, slots, stack, ip, sp, cx, paused }
    }
}

/// Puts the frames back, which makes the state as it was when the chain stopped. `unsafe`: B; no activation of the store
/// is in progress but the one that has just begun for this; the frames are this store's.
unsafe fn put_back(exec: *mut ExecState, suspended: &Suspended) {
    // SAFETY: the contract; they were taken from the same place, so there is room.
    unsafe {
        let stack = &suspended.stack;
        std::ptr::copy_nonoverlapping(stack.as_ptr(), (*exec).stack_base, stack.len());
        ((*exec).ip, (*exec).sp, (*exec).cx) = (suspended.ip, suspended.sp, suspended.cx);
        (*exec).paused = suspended.paused;
    }
}

/// Goes on with the frames that were put back. `unsafe`: as [`put_back`], which comes first.
unsafe fn go_on<B: Backend>(exec: *mut ExecState) -> Stop {
    // SAFETY: C, S, B: the state is the one of a handler that stopped; M by the reload.
    unsafe {
        let (ip, sp, cx, regs) = ((*exec).ip, (*exec).sp, (*exec).cx, (*exec).paused.regs);
        let memory = (*cx).memory0;
        B::run(ip, sp, (*memory).base, (*memory).len, cx, regs)
    }
}

/// How a call that can be resumed has ended, for now.
pub(crate) enum Ended {
    Finished,
    Paused(Suspended, Trap),
}

impl Ended {
    fn new(result: Result<(), Trap>, suspended: Option<Suspended>) -> Result<Ended, Trap> {
        match (result, suspended) {
            (Ok(()), _) => Ok(Ended::Finished),
            (Err(trap), Some(suspended)) => Ok(Ended::Paused(suspended, trap)),
            (Err(trap), None) => Err(trap),
        }
    }
}

impl<T: 'static> Store<T> {
    /// Calls a function so that it can pause. `slots` as for every call.
    pub(crate) fn start(&mut self, callee: Handle, slots: &mut [u64]) -> Result<Ended, Trap> {
        let (store, data) = self.as_raw();
        let mut suspended = None;
        // SAFETY: both are exclusively borrowed through `self`, and `data` is the store's own (D).
        let result = unsafe { activation::call_resumable(store, data.cast(), callee, slots, &mut suspended) };
        Ended::new(result, suspended)
    }

    /// Goes on with a guest of this store that paused; `slots` receives the results.
    pub(crate) fn go_on(&mut self, suspended: Suspended, slots: &mut [u64]) -> Result<Ended, Trap> {
        assert!(suspended.belongs_to(&self.inner), "the guest is another store's");
        let (callee, len) = (suspended.callee, suspended.slots);
        let (store, data) = self.as_raw();
        let mut again = None;
        // SAFETY: both are exclusively borrowed through `self`, so no activation is in progress; D; the frames are this
        // store's. The results are where the outermost frame begins.
        let result = unsafe {
            let exec = (*store).exec_ptr();
            let _restore = Restore::begin(exec, data.cast());
            put_back(exec, &suspended);
            drop(suspended);
            let backend = (*store).engine().backend();
            match with_backend!(backend, go_on(exec)) {
                Stop::DONE => {
                    slots.copy_from_slice(std::slice::from_raw_parts((*exec).stack_base, len));
                    Ok(())
                }
                stop => Err(stopped(exec, stop, callee, len, &mut again)),
            }
        };
        Ended::new(result, again)
    }

    /// Ends a guest of this store that paused: the trap gets its frames, and their listeners hear of it.
    pub(crate) fn give_up(&mut self, suspended: Suspended, trap: Trap) -> Trap {
        assert!(suspended.belongs_to(&self.inner), "the guest is another store's");
        let (store, data) = self.as_raw();
        // SAFETY: as for `go_on`; no chain runs.
        unsafe {
            let exec = (*store).exec_ptr();
            let _restore = Restore::begin(exec, data.cast());
            put_back(exec, &suspended);
            backtrace::walked(exec, trap)
        }
    }
}
