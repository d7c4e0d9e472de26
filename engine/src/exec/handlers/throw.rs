//! Exceptions: throwing, and finding who catches.
//!
//! Entering a `try` costs nothing: functions have tables of the regions in which they catch, and only a throw looks at
//! them, frame by frame along the return records. Values are in their slots where a region begins, and its end branches
//! around the landings.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::backend::{Backend, Cx, Ip, Regs, Sp, Stop};
use super::super::operand::{field, imm};
use super::{handler, trap};
use crate::runtime::exception::Exception;
use crate::runtime::store::StoreInner;
use crate::trap::{Trap, TrapCode};

handler! {
    /// `f0` first of the values' slots, `imm` the tag.
    fn throw [] (ip, sp, mem, len, cx, regs) {
        let exception = make(ip, sp, cx);
        if exception == 0 {
            return trap::<B>(TrapCode::TooManyExceptions, ip, sp, cx);
        }
        unwind::<B>(ip, sp, cx, exception, true)
    }
}

/// Makes the exception that a `throw` at `ip` throws; null when there is no room for one more.
#[inline(never)]
unsafe fn make(ip: Ip, sp: Sp, cx: Cx) -> u64 {
    // SAFETY: B, S, X: the references end here.
    unsafe {
        let tag = (&(*cx).tags)[imm(ip) as u32 as usize];
        let store = &mut *(*(*cx).exec).store;
        let slots = store.tags[tag as usize].ty.param_slots();
        let values = std::slice::from_raw_parts(sp.add(field(ip, 0)), slots).into();
        let exception = Arc::new(Exception { tag, store: store.id(), values });
        make_room(store, sp, cx);
        store.exceptions.add(exception).unwrap_or(0)
    }
}

/// Drops unreachable exceptions when there are many.
unsafe fn make_room(store: &mut StoreInner, sp: Sp, cx: Cx) {
    if !store.exceptions.crowded() {
        return;
    }
    let base = store.stack_base();
    // SAFETY: B.
    let end = sp.wrapping_add(usize::from(u16::MAX)).min(unsafe { (*cx).stack_end });
    // SAFETY: S: everything up to the running frame's end has been part of the stack and is initialised (zeroed pages
    // at first). What lies above `sp` may be stale, which only keeps more. Read one by one: no reference is made to slots
    // that host functions, which wait for this chain, have borrowed. What such a function has written there since may be missed, and
    // then a reference that only it holds is refused when it is used.
    let stack = (0..(end as usize - base as usize) / 8).map(|at| unsafe { base.add(at).read() });
    let StoreInner { exceptions, suspended, globals, tables, instances, .. } = store;
    let roots = stack
        .chain(suspended.slots())
        .chain(globals.iter().map(|global| global.value[0]))
        .chain(tables.iter().flat_map(|table| table.elements.iter().copied()))
        .chain(instances.iter().flat_map(|instance| instance.elements.iter().flat_map(|e| e.iter().copied())));
    exceptions.collect(roots);
}

handler! {
    /// `f0`: the reference.
    fn throw_ref [] (ip, sp, mem, len, cx, regs) {
        let exception = *sp.add(field(ip, 0));
        if exception == 0 {
            return trap::<B>(TrapCode::NullExceptionReference, ip, sp, cx);
        }
        unwind::<B>(ip, sp, cx, exception, false)
    }
}

/// Frames that are searched between two looks at the interrupt flag: some tenths of a millisecond.
const FRAMES: usize = 4096;

/// Where a chain goes on.
type Landing = (Ip, Sp, Cx);

/// Continues where the exception is caught, or ends the chain. `fresh`: nothing refers to it yet.
#[cold]
#[inline(never)]
unsafe fn unwind<B: Backend>(ip: Ip, sp: Sp, cx: Cx, handle: u64, fresh: bool) -> B::Out {
    // SAFETY: as `catch`. What has a destructor stays in there: alive here, it would keep the native frame.
    unsafe {
        match catch(ip, sp, cx, handle, fresh) {
            Some(landing) => land::<B>(landing),
            None => B::stop(Stop::PENDING),
        }
    }
}

/// Finds who catches an exception thrown at `ip`; when nobody does, leaves the trap in the store.
#[inline(never)]
unsafe fn catch(ip: Ip, sp: Sp, cx: Cx, handle: u64, fresh: bool) -> Option<Landing> {
    // SAFETY: as `find`; B; X: the references end here.
    unsafe {
        let exec = (*cx).exec;
        ((*exec).ip, (*exec).sp, (*exec).cx) = (ip, sp, cx);
        let Some(exception) = (&(*(*exec).store).exceptions).get(handle).cloned() else {
            (*exec).pending = Some(TrapCode::InvalidReference.into());
            return None;
        };
        let patient = std::mem::take(&mut (*exec).paused.done) != 0 || !(*exec).meters.interrupt;
        let landing = find(ip, sp, cx, handle, fresh, patient, &exception);
        if landing.is_none() {
            if (*exec).pending.is_none() {
                (*exec).pending = Some(Trap::exception(exception));
            }
            if fresh {
                (&mut (*(*exec).store).exceptions).remove(handle);
            }
        }
        landing
    }
}

/// Continues after the host function called at `ip` returned a trap: when it is an exception, the guest may catch it.
#[cold]
#[inline(never)]
pub(super) unsafe fn from_host<B: Backend>(ip: Ip, sp: Sp, cx: Cx, trap: Trap) -> B::Out {
    // SAFETY: as `catch_from_host`, which takes the trap, so that nothing is left to drop here.
    unsafe {
        match catch_from_host(ip, sp, cx, trap) {
            Some(landing) => land::<B>(landing),
            None => B::stop(Stop::PENDING),
        }
    }
}

/// As [`catch`], for what a host function returned.
#[inline(never)]
unsafe fn catch_from_host(ip: Ip, sp: Sp, cx: Cx, trap: Trap) -> Option<Landing> {
    // SAFETY: B; X: the host function has returned, and the references end here.
    unsafe {
        let exec = (*cx).exec;
        ((*exec).ip, (*exec).sp, (*exec).cx) = (ip, sp, cx);
        if let Some(exception) = trap.as_exception()
            && exception.store == (*(*exec).store).id()
        {
            make_room(&mut *(*exec).store, sp, cx);
            let Some(handle) = (&mut (*(*exec).store).exceptions).add(exception.clone()) else {
                (*exec).pending = Some(TrapCode::TooManyExceptions.into());
                return None;
            };
            let landing = find(ip, sp, cx, handle, true, true, exception);
            if landing.is_some() {
                return landing;
            }
            (&mut (*(*exec).store).exceptions).remove(handle);
        }
        (*exec).pending = Some(trap);
        None
    }
}

/// Continues at a landing.
#[inline(always)]
unsafe fn land<B: Backend>((ip, sp, cx): Landing) -> B::Out {
    // SAFETY: C, S, B: `find` returned a landing of a live frame.
    unsafe {
        let memory = (*cx).memory0;
        B::next(ip, sp, (*memory).base, (*memory).len, cx, Regs::NOTHING)
    }
}

/// Looks for who catches, from the frame at `sp` outwards, and gives the values to the landing that is found.
///
/// The return record of a frame is found by the type of its function, as in a backtrace. Where it is not `patient`, an
/// interruption ends the search; the instruction, which then is done again, searches to the end.
unsafe fn find(
    ip: Ip,
    sp: Sp,
    cx: Cx,
    handle: u64,
    fresh: bool,
    patient: bool,
    exception: &Exception,
) -> Option<Landing> {
    // SAFETY: B, C, S for the running frame, and for the outer ones by their records.
    unsafe {
        let exec = (*cx).exec;
        let (mut ip, mut sp, mut cx) = (ip, sp, cx);
        let mut innermost = true;
        let mut frames = 0;
        loop {
            let module = (*cx).module();
            let (func, position) = module.locate(ip)?;
            // A caller's `ip` is where it goes on; the call stands before it.
            let at = position - usize::from(!innermost);
            let (tries, start) = module.try_regions(ip)?;
            // A `delegate` leaves only regions this deep or less.
            let mut depth = usize::MAX;
            for region in tries.iter().filter(|region| (region.start..region.end).contains(&at)) {
                if region.depth > depth {
                    continue;
                }
                if let Some(to) = region.delegate {
                    depth = to;
                    continue;
                }
                let matches = |tag: Option<u32>| tag.is_none_or(|tag| (&(*cx).tags)[tag as usize] == exception.tag);
                let Some(catch) = region.catches.iter().find(|catch| matches(catch.tag)) else { continue };
                if catch.tag.is_some() {
                    let to = sp.add(catch.values as usize);
                    std::ptr::copy_nonoverlapping(exception.values.as_ptr(), to, exception.values.len());
                }
                match catch.reference {
                    Some(slot) => *sp.add(slot as usize) = handle,
                    None if fresh => (&mut (*(*exec).store).exceptions).remove(handle),
                    // It was caught with its reference before, which the guest may still have.
                    None => {}
                }
                return Some((start.add(catch.target), sp, cx));
            }
            let record = module.func_type(func).call_slots();
            ip = *sp.add(record).cast::<Ip>();
            sp = *sp.add(record + 1).cast::<Sp>();
            if ip == (*exec).leave {
                (ip, cx) = (*sp.cast::<Ip>(), *sp.add(2).cast::<Cx>());
                sp = *sp.add(1).cast::<Sp>();
            }
            if ip == (*exec).halt {
                return None;
            }
            innermost = false;
            frames += 1;
            if !patient && frames % FRAMES == 0 && (*exec).interrupt.load(Ordering::Relaxed) {
                (*exec).pending = Some(Trap::from(TrapCode::Interrupted).resumable());
                (*exec).paused.done = 1;
                return None;
            }
        }
    }
}
