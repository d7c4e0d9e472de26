//! Calls and returns.
//!
//! A callee's frame begins at the arguments its caller staged, so nothing is copied:
//!
//! ```text
//! caller's frame … | arguments … | (up to the results) | return ip | caller's sp | locals … | operands …
//!                  ^ callee's sp                        ^ sp + record
//! ```
//!
//! `record` is the larger of the parameters' and the results' slots, known on both sides from the function type. Results
//! replace the arguments. A caller's frame has room for the record, so that a call that then overflows the stack has
//! written nothing outside of it.
//!
//! A call into another instance shifts the arguments up by [`SAVED`] slots and keeps there what it needs to come back;
//! the callee returns to the stub `LeaveInstance`, which undoes both.

use super::super::activation;
use super::super::backend::{Backend, Cx, Ip, Regs, Sp, Stop};
use super::super::block::{FuncEntry, Handle, ImportedFunc, InstanceBlock, Shim};
use super::super::operand::{Source, Value, address, field, word};
use super::memory::Address;
use super::moves::staged;
use super::throw::from_host;
use super::{handler, trap};
use crate::code::Header;
use crate::trap::{Trap, TrapCode};

/// Slots kept below the arguments of a call into another instance: return ip, sp, instance, slots of the call.
const SAVED: usize = 4;

/// Makes the frame at `sp` ready for the function whose code begins at `code`: checks that the stack has room, zeroes the
/// locals. False when there is no room.
#[inline(always)]
pub(in super::super) unsafe fn begin(code: Ip, sp: Sp, stack_end: Sp) -> bool {
    // SAFETY: C: code begins with its header.
    let header = Header::from_bits(unsafe { *code });
    if (stack_end as usize) - (sp as usize) < header.frame_slots as usize * 8 {
        return false;
    }
    let mut left = header.locals;
    let mut slot = sp.wrapping_add(header.first_local as usize);
    while left > 0 {
        // SAFETY: S: locals are inside the frame. Volatile, as a loop of plain stores would become a call of `memset`,
        // which costs more than the few stores that functions need.
        unsafe { slot.write_volatile(0) };
        slot = slot.wrapping_add(1);
        left -= 1;
    }
    true
}

/// Leaves at `frame + record` where to return to.
#[inline(always)]
unsafe fn write_record(frame: Sp, record: usize, ip: Ip, sp: Sp) {
    // SAFETY: S: the caller's frame has room for its callee's record.
    unsafe {
        *frame.add(record).cast::<Ip>() = ip;
        *frame.add(record + 1).cast::<Sp>() = sp;
    }
}

/// The return address and stack pointer at `frame + record`.
#[inline(always)]
unsafe fn read_record(frame: Sp, record: usize) -> (Ip, Sp) {
    // SAFETY: S: written by the call, and no instruction names these two slots.
    unsafe { (*frame.add(record).cast::<Ip>(), *frame.add(record + 1).cast::<Sp>()) }
}

/// Base and length of an instance's memory 0.
#[inline(always)]
unsafe fn memory_of(cx: Cx) -> (*mut u8, usize) {
    // SAFETY: B: every instance has a memory block, if only an empty one.
    unsafe {
        let memory = (*cx).memory0;
        ((*memory).base, (*memory).len)
    }
}

/// Continues at the first instruction of a function of this instance, its arguments and record being in place.
macro_rules! enter {
    ($entry:expr, $frame:expr, $ip:ident, $sp:ident, $mem:ident, $len:ident, $cx:ident, $regs:ident) => {{
        let entry: *const FuncEntry = $entry;
        let code = (*entry).code();
        if !begin(code, $frame, (*$cx).stack_end) {
            return trap::<B>(TrapCode::StackOverflow, $ip, $sp, $cx);
        }
        // The lazy stub wants to know who was called.
        $regs.int = entry.expose_provenance() as u64;
        B::next(code.add(1), $frame, $mem, $len, $cx, $regs)
    }};
}

/// Arguments that the call itself puts in place, being locals or small constants: the last ones of few.
pub(super) trait Arguments {
    unsafe fn put(ip: Ip, sp: Sp, frame: Sp);
}

/// All arguments are in place.
pub(super) struct InPlace;
/// The last argument, in slot `AT` of the call, is operand `f2`: an immediate when `IMMEDIATE` is 1, else a slot.
pub(super) struct LastOne<const AT: usize, const IMMEDIATE: u16>;
/// The last two arguments, from slot `AT` of the call on, are operands `f2` and `f3`; bits 0 and 1 of `IMMEDIATE` say which
/// of them are immediates.
pub(super) struct LastTwo<const AT: usize, const IMMEDIATE: u16>;

impl Arguments for InPlace {
    #[inline(always)]
    unsafe fn put(_: Ip, _: Sp, _: Sp) {}
}

impl<const AT: usize, const IMMEDIATE: u16> Arguments for LastOne<AT, IMMEDIATE> {
    #[inline(always)]
    unsafe fn put(ip: Ip, sp: Sp, frame: Sp) {
        // SAFETY: S: operand and argument are inside the caller's frame.
        unsafe { *frame.add(AT) = staged::<IMMEDIATE, 0>(sp, field(ip, 2)) }
    }
}

impl<const AT: usize, const IMMEDIATE: u16> Arguments for LastTwo<AT, IMMEDIATE> {
    #[inline(always)]
    unsafe fn put(ip: Ip, sp: Sp, frame: Sp) {
        // SAFETY: S: operands and arguments are inside the caller's frame.
        unsafe {
            let (a, b) = (staged::<IMMEDIATE, 0>(sp, field(ip, 2)), staged::<IMMEDIATE, 1>(sp, field(ip, 3)));
            *frame.add(AT) = a;
            *frame.add(AT + 1) = b;
        }
    }
}

handler! {
    /// `f0` callee's frame, `f1` its record, `f2` and `f3` arguments; word 2 its entry.
    fn call [A: Arguments] (ip, sp, mem, len, cx, regs) {
        let frame = sp.add(field(ip, 0));
        A::put(ip, sp, frame);
        write_record(frame, field(ip, 1), ip.add(3), sp);
        enter!(address(ip, 2), frame, ip, sp, mem, len, cx, regs)
    }
}

handler! {
    /// `f0` first slot of the call, `f1` its slots, `f2` and `f3` arguments; word 2 the import's place in bytes.
    ///
    /// Accumulators hold nothing where a call stands, so none is kept. Whatever a host function that calls back needs to know is
    /// its `Caller`'s, and what a trap needs is told once there is one: before the call nothing is written.
    fn call_import [A: Arguments] (ip, sp, mem, len, cx, regs) {
        let import: *const ImportedFunc = (*cx).imports.as_ptr().byte_add(word(ip, 2) as usize);
        let frame = sp.add(field(ip, 0));
        A::put(ip, sp, frame);
        let Some(shim) = (*import).shim else {
            return call_foreign::<B>(ip, sp, cx, (*import).cx, (*import).entry);
        };
        // SAFETY: the shim's contract: `env` came with it, D, B, and S: the caller's frame has room for the call's slots.
        match shim((*import).env, (*(*cx).exec).data, cx, frame, field(ip, 1)) {
            Ok(()) => {
                (mem, len) = memory_of(cx);
                B::next(ip.add(3), sp, mem, len, cx, Regs::NOTHING)
            }
            Err(trap) => from_host::<B>(ip, sp, cx, trap),
        }
    }
}

/// Calls a function of another instance, for an instruction of three words whose fields 0 and 1 are the call's frame and
/// slots.
///
/// Like everything that continues a chain, it has at most six arguments: a seventh would be passed on the native stack,
/// and the call could not be a jump.
#[inline(never)]
unsafe fn call_foreign<B: Backend>(ip: Ip, sp: Sp, cx: Cx, to: Cx, entry: *const FuncEntry) -> B::Out {
    // SAFETY: S once the room is checked; B for both instances; C for the entry, which belongs to `to`.
    unsafe {
        let (frame, slots) = (sp.add(field(ip, 0)), field(ip, 1));
        let stack_end = (*cx).stack_end;
        if (stack_end as usize) - (frame as usize) < (SAVED + slots + 2) * 8 {
            return trap::<B>(TrapCode::StackOverflow, ip, sp, cx);
        }
        let callee = frame.add(SAVED);
        std::ptr::copy(frame, callee, slots);
        *frame.cast::<Ip>() = ip.add(3);
        *frame.add(1).cast::<Sp>() = sp;
        *frame.add(2).cast::<Cx>() = cx;
        *frame.add(3) = slots as u64;
        write_record(callee, slots, (*(*cx).exec).leave, frame);
        enter_foreign::<B>(ip, sp, cx, to, entry, callee)
    }
}

/// Continues in instance `to`; a stack overflow is `cx`'s.
#[inline(always)]
unsafe fn enter_foreign<B: Backend>(ip: Ip, sp: Sp, cx: Cx, to: Cx, entry: *const FuncEntry, callee: Sp) -> B::Out {
    // SAFETY: as for `call_foreign`, which has made frame and record.
    unsafe {
        let code = (*entry).code();
        if !begin(code, callee, (*cx).stack_end) {
            return trap::<B>(TrapCode::StackOverflow, ip, sp, cx);
        }
        let (mem, len) = memory_of(to);
        let regs = Regs::of(entry.expose_provenance() as u64);
        B::next(code.add(1), callee, mem, len, to, regs)
    }
}

handler! {
    /// The way back from another instance: `sp` points at what `call_foreign` saved.
    fn leave_instance [] (ip, sp, mem, len, cx, regs) {
        let saved = sp;
        let (back, old_sp, old_cx) = (*saved.cast::<Ip>(), *saved.add(1).cast::<Sp>(), *saved.add(2).cast::<Cx>());
        let slots = *saved.add(3) as usize;
        std::ptr::copy(saved.add(SAVED), saved, slots);
        (mem, len) = memory_of(old_cx);
        B::next(back, old_sp, mem, len, old_cx, regs)
    }
}

/// What `call_indirect` found in the table.
enum Found {
    Own(*const FuncEntry),
    Other(Handle),
    Trap(TrapCode),
}

/// Looks up element `index` of table `table` and checks that it is one of this instance's functions of that type.
/// Anything else is left to [`other`].
#[inline(always)]
unsafe fn look_up(cx: Cx, table: u32, index: u64, type_id: u32) -> Found {
    // SAFETY: C: the table's index is one of this module's; B; X. Elements are valid handles: whoever writes an element
    // checks it, so an own function's index is inside the module.
    unsafe {
        let table = *(*cx).tables.as_ptr().add(table as usize);
        let elements: &[u64] = &(&(*table).elements)[..];
        let Some(&handle) = elements.get(usize::try_from(index).unwrap_or(usize::MAX)) else {
            return Found::Trap(TrapCode::UndefinedElement);
        };
        if handle & 0xffff_ffff_0000_0000 != (*cx).owner {
            return Found::Other(Handle(handle));
        }
        let entry = (*cx).funcs.wrapping_add(handle as u32 as usize);
        if (*entry).type_id != type_id {
            return Found::Trap(TrapCode::IndirectCallTypeMismatch);
        }
        Found::Own(entry)
    }
}

handler! {
    /// `f0` callee's frame, `f1` its record and the call's slots, `f2` the index's slot; word 2 type id and table.
    fn call_indirect [W: Address, S: Source] (ip, sp, mem, len, cx, regs) {
        let index: W = S::get(ip, sp, &regs);
        let frame = sp.add(field(ip, 0));
        let slots = field(ip, 1);
        let operands = word(ip, 2);
        match look_up(cx, (operands >> 32) as u32, index.into(), operands as u32) {
            Found::Own(entry) => {
                write_record(frame, slots, ip.add(3), sp);
                enter!(entry, frame, ip, sp, mem, len, cx, regs)
            }
            Found::Other(handle) => {
                keep(cx, regs.int);
                call_other::<B>(ip, sp, cx, handle, operands as u32)
            }
            Found::Trap(code) => trap::<B>(code, ip, sp, cx),
        }
    }
}

/// Keeps the accumulator in which the index is: should a host function ask to be called again, it is read again.
#[inline(always)]
unsafe fn keep(cx: Cx, int: u64) {
    // SAFETY: B.
    unsafe {
        let exec = (*cx).exec;
        if (*exec).depth == 1 {
            (*exec).paused.regs.int = int;
        }
    }
}

/// As [`look_up`], for a reference in a slot, which a raw host function can have made up.
#[inline(always)]
unsafe fn look_up_reference(cx: Cx, handle: u64, type_id: u32) -> Found {
    // SAFETY: B; an own function's index is checked.
    unsafe {
        if handle & 0xffff_ffff_0000_0000 != (*cx).owner {
            return if handle == 0 {
                Found::Trap(TrapCode::NullFunctionReference)
            } else {
                Found::Other(Handle(handle))
            };
        }
        match (*cx).entry(handle as u32) {
            Some(entry) if entry.type_id == type_id => Found::Own(entry),
            Some(_) => Found::Trap(TrapCode::IndirectCallTypeMismatch),
            // One of the instance's imports, which no handle of its own names.
            None => Found::Trap(TrapCode::InvalidReference),
        }
    }
}

handler! {
    /// `f0` callee's frame, `f1` its record and the call's slots, `f2` the reference; word 2 the type id.
    fn call_ref [] (ip, sp, mem, len, cx, regs) {
        let frame = sp.add(field(ip, 0));
        let slots = field(ip, 1);
        let type_id = word(ip, 2) as u32;
        match look_up_reference(cx, *sp.add(field(ip, 2)), type_id) {
            Found::Own(entry) => {
                write_record(frame, slots, ip.add(3), sp);
                enter!(entry, frame, ip, sp, mem, len, cx, regs)
            }
            Found::Other(handle) => call_other::<B>(ip, sp, cx, handle, type_id),
            Found::Trap(code) => trap::<B>(code, ip, sp, cx),
        }
    }
}

/// What a handle that is not the running instance's own stands for.
enum Other {
    Host(Shim, *const ()),
    Guest(Cx, *const FuncEntry),
    Trap(TrapCode),
}

/// Resolves a handle of a host function or of another instance and checks its type.
unsafe fn other(cx: Cx, handle: Handle, type_id: u32) -> Other {
    // SAFETY: B: the store is live, and X: this reference ends before anything else runs.
    let store = unsafe { &*(*(*cx).exec).store };
    if handle == Handle::NULL {
        return Other::Trap(TrapCode::UninitializedElement);
    }
    match store.resolve(handle) {
        None => Other::Trap(TrapCode::InvalidReference),
        Some(found) if found.type_id != type_id => Other::Trap(TrapCode::IndirectCallTypeMismatch),
        Some(found) => match found.import.shim {
            Some(shim) => Other::Host(shim, found.import.env),
            None => Other::Guest(found.import.cx, found.import.entry),
        },
    }
}

/// `call_indirect` or `call_ref` of a host function or of another instance.
#[inline(never)]
unsafe fn call_other<B: Backend>(ip: Ip, sp: Sp, cx: Cx, handle: Handle, type_id: u32) -> B::Out {
    // SAFETY: as for `call_import` and `call_foreign`.
    unsafe {
        match other(cx, handle, type_id) {
            Other::Trap(code) => trap::<B>(code, ip, sp, cx),
            Other::Guest(to, entry) => call_foreign::<B>(ip, sp, cx, to, entry),
            Other::Host(shim, env) => match shim(env, (*(*cx).exec).data, cx, sp.add(field(ip, 0)), field(ip, 1)) {
                Ok(()) => {
                    let (mem, len) = memory_of(cx);
                    B::next(ip.add(3), sp, mem, len, cx, Regs::NOTHING)
                }
                Err(trap) => from_host::<B>(ip, sp, cx, trap),
            },
        }
    }
}

handler! {
    /// `f0` own record. Results are in place.
    fn return_ [] (ip, sp, mem, len, cx, regs) {
        let (back, old_sp) = read_record(sp, field(ip, 0));
        B::next(back, old_sp, mem, len, cx, regs)
    }
}

handler! {
    /// `f0` own record; the operand is the one result.
    fn return_one [V: Value, S: Source] (ip, sp, mem, len, cx, regs) {
        let result: V = S::get(ip, sp, &regs);
        let (back, old_sp) = read_record(sp, field(ip, 0));
        result.to_slot(sp);
        B::next(back, old_sp, mem, len, cx, regs)
    }
}

/// Moves staged arguments to the start of the frame.
#[inline(always)]
unsafe fn move_down(sp: Sp, base: usize, slots: usize) {
    // SAFETY: S: both ranges are inside the frame.
    unsafe { std::ptr::copy(sp.add(base), sp, slots) }
}

handler! {
    /// `f0` staged arguments, `f1` callee's record, `f2` own record, `f3` argument slots; word 2 the entry.
    fn return_call [] (ip, sp, mem, len, cx, regs) {
        let (back, old_sp) = read_record(sp, field(ip, 2));
        move_down(sp, field(ip, 0), field(ip, 3));
        write_record(sp, field(ip, 1), back, old_sp);
        // The frame is the callee's now: an overflow is reported as its own.
        enter_tail::<B>(ip, sp, mem, len, cx, address(ip, 2))
    }
}

/// Continues at the first instruction of a function that replaces the running one.
#[inline(always)]
unsafe fn enter_tail<B: Backend>(ip: Ip, sp: Sp, mem: *mut u8, len: usize, cx: Cx, entry: *const FuncEntry) -> B::Out {
    // SAFETY: as for `call`.
    unsafe {
        let code = (*entry).code();
        if !begin(code, sp, (*cx).stack_end) {
            (*(*cx).exec).untranslated = Some(activation::index_of(cx, entry));
            return trap::<B>(TrapCode::StackOverflow, ip, sp, cx);
        }
        let regs = Regs::of(entry.expose_provenance() as u64);
        B::next(code.add(1), sp, mem, len, cx, regs)
    }
}

handler! {
    /// `f0` staged arguments, `f1` the call's slots, `f2` own record, `f3` argument slots; word 2 the import.
    fn return_call_import [] (ip, sp, mem, len, cx, regs) {
        let import: *const ImportedFunc = (*cx).imports.as_ptr().add(word(ip, 2) as usize);
        match (*import).shim {
            Some(shim) => return_call_host::<B>(ip, sp, cx, shim, (*import).env),
            None => return_call_foreign::<B>(ip, sp, cx, (*import).cx, (*import).entry),
        }
    }
}

handler! {
    /// As `return_call_import`; word 2 type id and table, word 3 the index's slot.
    fn return_call_indirect [W: Address] (ip, sp, mem, len, cx, regs) {
        let index = W::from_slot(sp.add(word(ip, 3) as usize)).into();
        let operands = word(ip, 2);
        let type_id = operands as u32;
        let found = look_up(cx, (operands >> 32) as u32, index, type_id);
        return_call_found::<B>(ip, sp, mem, len, cx, found, type_id)
    }
}

handler! {
    /// As `return_call_import`; word 2 the type id, word 3 the reference's slot.
    fn return_call_ref [] (ip, sp, mem, len, cx, regs) {
        let type_id = word(ip, 2) as u32;
        let found = look_up_reference(cx, *sp.add(word(ip, 3) as usize), type_id);
        return_call_found::<B>(ip, sp, mem, len, cx, found, type_id)
    }
}

/// A tail call of what a table or a reference led to.
#[inline(always)]
unsafe fn return_call_found<B: Backend>(
    ip: Ip,
    sp: Sp,
    mem: *mut u8,
    len: usize,
    cx: Cx,
    found: Found,
    type_id: u32,
) -> B::Out {
    // SAFETY: as for `return_call`.
    unsafe {
        match found {
            Found::Own(entry) => {
                let (back, old_sp) = read_record(sp, field(ip, 2));
                move_down(sp, field(ip, 0), field(ip, 3));
                write_record(sp, field(ip, 1), back, old_sp);
                enter_tail::<B>(ip, sp, mem, len, cx, entry)
            }
            Found::Trap(code) => trap::<B>(code, ip, sp, cx),
            Found::Other(handle) => return_call_handle::<B>(ip, sp, cx, handle, type_id),
        }
    }
}

#[inline(never)]
unsafe fn return_call_handle<B: Backend>(ip: Ip, sp: Sp, cx: Cx, handle: Handle, type_id: u32) -> B::Out {
    // SAFETY: as for `call_other`.
    unsafe {
        match other(cx, handle, type_id) {
            Other::Trap(code) => trap::<B>(code, ip, sp, cx),
            Other::Host(shim, env) => return_call_host::<B>(ip, sp, cx, shim, env),
            Other::Guest(to, entry) => return_call_foreign::<B>(ip, sp, cx, to, entry),
        }
    }
}

/// A tail call of a host function: it is called, and its results are returned. Fields as `return_call_import` has them.
#[inline(never)]
unsafe fn return_call_host<B: Backend>(ip: Ip, sp: Sp, cx: Cx, shim: Shim, env: *const ()) -> B::Out {
    // SAFETY: as for `call_import`.
    unsafe {
        let (base, slots) = (field(ip, 0), field(ip, 1));
        match shim(env, (*(*cx).exec).data, cx, sp.add(base), slots) {
            Ok(()) => {
                let (back, old_sp) = read_record(sp, field(ip, 2));
                move_down(sp, base, slots);
                let (mem, len) = memory_of(cx);
                B::next(back, old_sp, mem, len, cx, Regs::NOTHING)
            }
            Err(trap) => from_host::<B>(ip, sp, cx, trap),
        }
    }
}

/// A tail call of a function of another instance, which takes this frame's place. Chains of such calls need no more
/// stack than one. Fields as `return_call_import` has them.
#[inline(never)]
unsafe fn return_call_foreign<B: Backend>(ip: Ip, sp: Sp, cx: Cx, to: Cx, entry: *const FuncEntry) -> B::Out {
    // SAFETY: as for `call_foreign`.
    unsafe {
        let (base, slots, arguments) = (field(ip, 0), field(ip, 1), field(ip, 3));
        let (back, old_sp) = read_record(sp, field(ip, 2));
        let stack_end = (*cx).stack_end;
        let leave = (*(*cx).exec).leave;
        if (stack_end as usize) - (sp as usize) < (base + SAVED + slots + 2) * 8 {
            return trap::<B>(TrapCode::StackOverflow, ip, sp, cx);
        }
        let callee = if back == leave {
            // Entered from another instance: its saved slots below serve this call as well.
            move_down(sp, base, arguments);
            write_record(sp, slots, leave, old_sp);
            sp
        } else {
            let callee = sp.add(SAVED);
            std::ptr::copy(sp.add(base), callee, arguments);
            *sp.cast::<Ip>() = back;
            *sp.add(1).cast::<Sp>() = old_sp;
            *sp.add(2).cast::<Cx>() = cx;
            *sp.add(3) = slots as u64;
            write_record(callee, slots, leave, sp);
            callee
        };
        let code = (*entry).code();
        if !begin(code, callee, stack_end) {
            (*(*cx).exec).untranslated = Some(activation::index_of(to, entry));
            return trap::<B>(TrapCode::StackOverflow, ip, callee, to);
        }
        let (mem, len) = memory_of(to);
        let regs = Regs::of(entry.expose_provenance() as u64);
        B::next(code.add(1), callee, mem, len, to, regs)
    }
}

handler! {
    /// The first instruction of every function that is not translated yet: translates it and starts it.
    fn lazy [] (ip, sp, mem, len, cx, regs) {
        let entry: *const FuncEntry = std::ptr::with_exposed_provenance(regs.int as usize);
        match translate(ip, sp, cx, entry) {
            Some(code) => {
                if !begin(code, sp, (*cx).stack_end) {
                    (*(*cx).exec).untranslated = Some(activation::index_of(cx, entry));
                    return trap::<B>(TrapCode::StackOverflow, ip, sp, cx);
                }
                B::next(code.add(1), sp, mem, len, cx, regs)
            }
            None => B::stop(Stop::PENDING),
        }
    }
}

/// Translates the function behind `entry`; on an error says so in the store and returns `None`.
#[cold]
#[inline(never)]
unsafe fn translate(ip: Ip, sp: Sp, cx: Cx, entry: *const FuncEntry) -> Option<Ip> {
    // SAFETY: B, and C for the entry, which is one of the running instance's module.
    unsafe {
        let instance: &InstanceBlock = &*cx;
        let index = activation::index_of(cx, entry);
        match instance.module().translate_function(index) {
            Ok(()) => Some((*entry).code()),
            Err(error) => {
                let exec = &mut *instance.exec;
                (exec.ip, exec.sp, exec.cx) = (ip, sp, cx);
                exec.untranslated = Some(index);
                exec.pending = Some(Trap::new(error));
                None
            }
        }
    }
}

handler! {
    /// Where an activation's first function returns to.
    fn halt [] (ip, sp, mem, len, cx, regs) {
        B::stop(Stop::DONE)
    }
}
