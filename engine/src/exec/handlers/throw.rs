//! Exceptions: throwing, and finding who catches.
//!
//! Entering a `try` costs nothing: functions have tables of the regions in which they catch, and only a throw looks at
//! them, frame by frame along the return records. Values are in their slots where a region begins, and its end branches
//! around the landings.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::backend::{Backend, Cx, Ip, Regs, Sp, Stop};
use super::super::block::ExecState;
use super::super::operand::{field, imm};
use super::handler;
use crate::runtime::exception::Exception;
use crate::runtime::store::StoreInner;
use crate::translate::{Landing as Catch, TryRegion, regions_around};
use crate::trap::{Trap, TrapCode};
use crate::types::HeapType;

handler! {
    /// `f0` first of the values' slots, `imm` the tag.
    fn throw [] (ip, sp, mem, len, cx, regs) {
        unwind::<B>(ip, sp, cx, None)
    }
}

handler! {
    /// `f0`: the reference.
    fn throw_ref [] (ip, sp, mem, len, cx, regs) {
        unwind::<B>(ip, sp, cx, Some(*sp.add(field(ip, 0))))
    }
}

/// Slots for a unit of work: 64 bytes, as for other instructions that work on memory.
const SLOTS_PER_UNIT: usize = 8;
/// Slots that are looked at before they are paid for.
const SLOTS: usize = 4096;

/// What a throw costs: a unit for each frame, region and clause that is looked at on the way to who catches, and for each 64
/// bytes that are searched for references. The instruction can pause on the way; it is done again then, and what was paid is
/// not paid again.
struct Toll {
    exec: *mut ExecState,
    /// Whether the instruction can be done again.
    may_pause: bool,
    spent: u64,
    /// What has been paid, also before a pause.
    paid: u64,
}

impl Toll {
    /// Units between two payments, each of which looks at the interrupt flag first: some tenths of a millisecond. Chosen.
    const LOOK: u64 = 4096;

    /// `unsafe`, here and below: B; X: no reference to the state is held.
    unsafe fn new(exec: *mut ExecState, may_pause: bool) -> Toll {
        // SAFETY: B.
        let paid = unsafe { std::mem::take(&mut (*exec).paused.done) };
        Toll { exec, may_pause, spent: 0, paid }
    }

    #[inline]
    unsafe fn spend(&mut self, units: usize) -> Result<(), TrapCode> {
        self.spent += units as u64;
        if self.spent < self.paid + Toll::LOOK {
            return Ok(());
        }
        // SAFETY: B.
        unsafe {
            self.pay()?;
            if self.may_pause && (*self.exec).meters.interrupt && (*self.exec).interrupt.load(Ordering::Relaxed) {
                return Err(self.pause(TrapCode::Interrupted));
            }
        }
        Ok(())
    }

    /// Pays what is left to pay.
    unsafe fn pay(&mut self) -> Result<(), TrapCode> {
        // SAFETY: B.
        unsafe {
            let due = self.spent.saturating_sub(self.paid);
            if (*self.exec).meters.fuel {
                let left = (*self.exec).fuel.saturating_sub_unsigned(due);
                if left < 0 && self.may_pause {
                    (*self.exec).paused.needed = due;
                    return Err(self.pause(TrapCode::OutOfFuel));
                }
                // A debt, where a host function has thrown: who looks next stops the guest.
                (*self.exec).fuel = left;
            }
            self.paid += due;
        }
        Ok(())
    }

    #[cold]
    unsafe fn pause(&self, code: TrapCode) -> TrapCode {
        // SAFETY: B.
        unsafe { (*self.exec).paused.done = self.paid };
        code
    }
}

/// Why a throw ended without a landing; the instruction can be done again when it has paused.
fn ended(code: TrapCode) -> Trap {
    let trap = Trap::from(code);
    if matches!(code, TrapCode::OutOfFuel | TrapCode::Interrupted) { trap.resumable() } else { trap }
}

/// Makes the exception that a `throw` at `ip` throws.
unsafe fn make(ip: Ip, sp: Sp, cx: Cx, toll: &mut Toll) -> Result<Arc<Exception>, TrapCode> {
    // SAFETY: B, S, X: the references end here.
    unsafe {
        let tag = (&(*cx).tags)[imm(ip) as u32 as usize];
        let store = &mut *(*(*cx).exec).store;
        make_room(store, sp, cx, toll)?;
        let slots = store.tags[tag as usize].ty.param_slots();
        toll.spend(slots / SLOTS_PER_UNIT)?;
        let values = std::slice::from_raw_parts(sp.add(field(ip, 0)), slots).into();
        let id = store.id();
        store.exceptions.add(tag, id, values).ok_or(TrapCode::TooManyExceptions)
    }
}

/// Drops unreachable exceptions when there are many.
unsafe fn make_room(store: &mut StoreInner, sp: Sp, cx: Cx, toll: &mut Toll) -> Result<(), TrapCode> {
    if !store.exceptions.crowded() {
        return Ok(());
    }
    let exceptions = &store.exceptions;
    let mut search = exceptions.search();
    let base = store.stack_base();
    // SAFETY: B.
    let end = sp.wrapping_add(usize::from(u16::MAX)).min(unsafe { (*cx).stack_end });
    // S: everything up to the running frame's end has been part of the stack and is initialised (zeroed pages at first).
    // What lies above `sp` may be stale, which only keeps more. Slots that host functions have borrowed, which wait for this
    // chain, are theirs and are left out. What was passed to them is among the arguments; a reference that such a function
    // has made up, or has kept of an earlier call, is stale if nothing else keeps it.
    // SAFETY: B; X.
    let (waiting, arguments) = unsafe {
        let exec = (*cx).exec;
        (&(*exec).waiting, &(*exec).arguments)
    };
    let mut from = base;
    for &(borrowed, after) in waiting.iter().chain([&(end, end)]) {
        let len = (borrowed as usize - from as usize) / 8;
        for start in (0..len).step_by(SLOTS) {
            let slots = start..len.min(start + SLOTS);
            // SAFETY: B, S, and nobody has borrowed them.
            unsafe {
                toll.spend(slots.len() / SLOTS_PER_UNIT)?;
                slots.for_each(|at| exceptions.look_at(&mut search, from.add(at).read()));
            }
        }
        from = after;
    }
    // How many guests are paused, and how deep guest and host have called each other, is the host's affair.
    let apart = arguments.iter().copied().chain(store.suspended.slots());
    apart.for_each(|slot| exceptions.look_at(&mut search, slot));
    let is_exception = |ty: crate::types::ValType| ty.as_ref().is_some_and(|ty| ty.heap == HeapType::Exn);
    let globals = store.globals.iter().filter(|global| is_exception(global.ty.content));
    let tables = store.tables.iter().filter(|table| is_exception(table.ty.element));
    let segments = store.instances.iter().flat_map(|instance| instance.elements.iter());
    let lists = tables.map(|table| &table.elements[..]).chain(segments.map(|segment| &segment[..]));
    for list in globals.map(|global| &global.value[..1]).chain(lists) {
        for slots in list.chunks(SLOTS) {
            // SAFETY: B.
            unsafe { toll.spend(slots.len().div_ceil(SLOTS_PER_UNIT))? };
            slots.iter().for_each(|&slot| exceptions.look_at(&mut search, slot));
        }
    }
    while let Some(exception) = exceptions.next_found(&mut search) {
        // SAFETY: B.
        unsafe { toll.spend(1 + exception.values.len() / SLOTS_PER_UNIT)? };
        exception.values.iter().for_each(|&slot| exceptions.look_at(&mut search, slot));
    }
    store.exceptions.sweep(&search);
    Ok(())
}

/// Where a chain goes on.
type Landing = (Ip, Sp, Cx);

/// Continues where what is thrown is caught, or ends the chain: the exception of a handle, or a new one.
#[cold]
#[inline(never)]
unsafe fn unwind<B: Backend>(ip: Ip, sp: Sp, cx: Cx, handle: Option<u64>) -> B::Out {
    // SAFETY: as `catch`. What has a destructor stays in there: alive here, it would keep the native frame.
    unsafe {
        match catch(ip, sp, cx, handle) {
            Some(landing) => land::<B>(landing),
            None => B::stop(Stop::PENDING),
        }
    }
}

/// Finds who catches what is thrown at `ip`; when nobody does, leaves the trap in the store.
#[inline(never)]
unsafe fn catch(ip: Ip, sp: Sp, cx: Cx, handle: Option<u64>) -> Option<Landing> {
    // SAFETY: as `find`; B; X: the references end here.
    unsafe {
        let exec = (*cx).exec;
        ((*exec).ip, (*exec).sp, (*exec).cx) = (ip, sp, cx);
        let mut toll = Toll::new(exec, true);
        let thrown = match handle {
            Some(0) => Err(TrapCode::NullExceptionReference),
            Some(known) => match (&(*(*exec).store).exceptions).get(known) {
                Some(exception) => Ok(exception.clone()),
                None => Err(TrapCode::InvalidReference),
            },
            None => make(ip, sp, cx, &mut toll),
        };
        let trap = match thrown {
            Ok(exception) => match find(ip, sp, cx, handle.is_none(), &mut toll, &exception) {
                Ok(landing) => return Some(landing),
                Err(Some(code)) => {
                    // The instruction makes it again when it goes on.
                    if handle.is_none() {
                        (&mut (*(*exec).store).exceptions).remove(exception.handle);
                    }
                    ended(code)
                }
                // It stays in the store for as long as the host keeps the trap.
                Err(None) => Trap::exception(exception),
            },
            Err(code) => ended(code),
        };
        (*exec).pending = Some(trap);
        None
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
            // The call is not made again, so this does not pause. Other references to it may be about.
            let mut toll = Toll::new(exec, false);
            if let Ok(landing) = find(ip, sp, cx, false, &mut toll, exception) {
                return Some(landing);
            }
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

/// Looks for who catches, from the frame at `sp` outwards or from where the instruction paused, and gives the values to the
/// landing that is found. Without one the error is why it pauses, or nothing when nobody catches. `fresh`: nothing refers to
/// the exception yet.
///
/// The return record of a frame is found by the type of its function, as in a backtrace.
unsafe fn find(
    ip: Ip,
    sp: Sp,
    cx: Cx,
    fresh: bool,
    toll: &mut Toll,
    exception: &Exception,
) -> Result<Landing, Option<TrapCode>> {
    // SAFETY: B, C, S for the running frame, and for the outer ones by their records.
    unsafe {
        let exec = (*cx).exec;
        let running = sp;
        let (mut ip, mut sp, mut cx) = (ip, sp, cx);
        if let Some(frame) = (*exec).paused.frame.take() {
            (ip, sp, cx, toll.spent) = frame;
        }
        loop {
            let spent = toll.spent;
            let module = (*cx).module();
            let (func, position, tries, code) = module.locate_tries(ip).ok_or(None)?;
            // A caller's `ip` is where it goes on; the call stands before it.
            let at = position - usize::from(sp != running);
            match find_in_frame(&tries, at, cx, toll, exception) {
                Ok(None) => {}
                Ok(Some(catch)) => {
                    if catch.tag.is_some() {
                        let to = sp.add(catch.values as usize);
                        std::ptr::copy_nonoverlapping(exception.values.as_ptr(), to, exception.values.len());
                    }
                    match catch.reference {
                        Some(slot) => *sp.add(slot as usize) = exception.handle,
                        None if fresh => (&mut (*(*exec).store).exceptions).remove(exception.handle),
                        // It was caught with its reference before, which the guest may still have.
                        None => {}
                    }
                    return Ok((code.add(catch.target), sp, cx));
                }
                Err(code) => {
                    (*exec).paused.frame = Some((ip, sp, cx, spent));
                    return Err(Some(code));
                }
            }
            let record = module.func_type(func).call_slots();
            ip = *sp.add(record).cast::<Ip>();
            sp = *sp.add(record + 1).cast::<Sp>();
            if ip == (*exec).leave {
                (ip, cx) = (*sp.cast::<Ip>(), *sp.add(2).cast::<Cx>());
                sp = *sp.add(1).cast::<Sp>();
            }
            if ip == (*exec).halt {
                return Err(None);
            }
        }
    }
}

/// Who catches at word `at` of a function with these regions. All that was spent is paid in that case.
unsafe fn find_in_frame(
    tries: &[TryRegion],
    at: usize,
    cx: Cx,
    toll: &mut Toll,
    exception: &Exception,
) -> Result<Option<Catch>, TrapCode> {
    // SAFETY: B, C.
    unsafe {
        toll.spend(1)?;
        // A `delegate` leaves only regions this deep or less.
        let mut depth = usize::MAX;
        for region in regions_around(tries, at) {
            toll.spend(1)?;
            if region.depth > depth {
                continue;
            }
            if let Some(to) = region.delegate {
                depth = to;
                continue;
            }
            let matches = |tag: Option<u32>| tag.is_none_or(|tag| (&(*cx).tags)[tag as usize] == exception.tag);
            let found = region.catches.iter().position(|catch| matches(catch.tag));
            toll.spend(found.unwrap_or(region.catches.len()))?;
            if let Some(found) = found {
                toll.pay()?;
                return Ok(Some(region.catches[found]));
            }
        }
        Ok(None)
    }
}
