//! Instructions that work on whole memories and tables. Operands and results are in slots; what an instruction does
//! stands in a function that is not a handler, so that it may use references and loops.
//!
//! Those whose work grows with their operands have metered twins (`M`), which engines with fuel or interruption use: they
//! work in steps and look at both before each ([`in_steps`]), so that they can pause half way.

use std::ops::Range;
use std::sync::atomic::Ordering;

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::block::{ExecState, Handle, InstanceBlock, MemoryBlock, TableBlock};
use super::super::operand::{Value, field, imm, word};
use super::{handler, pause, trap};
use crate::trap::TrapCode;

type Outcome = Result<(), TrapCode>;

/// Continues after an instruction of two words, or traps.
macro_rules! go_on {
    ($outcome:expr, $ip:ident, $sp:ident, $mem:ident, $len:ident, $cx:ident, $regs:ident) => {
        match $outcome {
            Ok(()) => B::next($ip.add(2), $sp, $mem, $len, $cx, $regs),
            Err(code) => trap::<B>(code, $ip, $sp, $cx),
        }
    };
}

/// As `go_on`, after three words, for instructions that may be metered: those pause, when that is why they are not done.
macro_rules! go_on_metered {
    ($metered:ident, $outcome:expr, $ip:ident, $sp:ident, $mem:ident, $len:ident, $cx:ident, $regs:ident) => {
        match $outcome {
            Ok(()) => B::next($ip.add(3), $sp, $mem, $len, $cx, $regs),
            Err(code) if $metered => pause_or_trap::<B>(code, $ip, $sp, $cx, $regs.int, $regs.f32, $regs.f64),
            Err(code) => trap::<B>(code, $ip, $sp, $cx),
        }
    };
}

#[cold]
#[inline(never)]
unsafe fn pause_or_trap<B: Backend>(code: TrapCode, ip: Ip, sp: Sp, cx: Cx, int: u64, f32: f32, f64: f64) -> B::Out {
    // SAFETY: passed on.
    unsafe {
        match code {
            TrapCode::OutOfFuel | TrapCode::Interrupted => pause::<B>(code, ip, sp, cx, int, f32, f64),
            _ => trap::<B>(code, ip, sp, cx),
        }
    }
}

/// Bytes that a metered instruction works on between two looks at its budget: some tenths of a millisecond, also where each
/// page is touched for the first time. Chosen.
const STEP: usize = 1 << 20;
/// Bytes for a unit of fuel: what is copied in about the time of an instruction. Chosen.
const BYTES_PER_UNIT: usize = 64;

/// Looks at the interrupt flag and takes fuel for `bytes`.
unsafe fn meter(exec: *mut ExecState, bytes: usize) -> Outcome {
    // SAFETY: passed on.
    unsafe { look(exec).and_then(|()| pay(exec, bytes)) }
}

/// Looks at the interrupt flag.
unsafe fn look(exec: *mut ExecState) -> Outcome {
    // SAFETY: B; X: no reference to the state is made.
    let asked = unsafe { (*exec).meters.interrupt && (*exec).interrupt.load(Ordering::Relaxed) };
    if asked { Err(TrapCode::Interrupted) } else { Ok(()) }
}

/// Takes fuel for `bytes`.
unsafe fn pay(exec: *mut ExecState, bytes: usize) -> Outcome {
    // SAFETY: as in `look`.
    unsafe {
        if (*exec).meters.fuel {
            let units = (bytes / BYTES_PER_UNIT) as i64;
            if (*exec).fuel < units {
                (*exec).paused.needed = units as u64;
                return Err(TrapCode::OutOfFuel);
            }
            (*exec).fuel -= units;
        }
    }
    Ok(())
}

/// Works on `len` elements of `size` bytes: on all of them at once or, metered, step by step from where the instruction
/// paused. A step's fuel depends on its place only, so pausing does not change the sum.
#[inline(always)]
unsafe fn in_steps<const M: bool>(cx: Cx, len: usize, size: usize, mut work: impl FnMut(Range<usize>)) -> Outcome {
    if !M {
        work(0..len);
        return Ok(());
    }
    // SAFETY: B.
    unsafe {
        let exec = (*cx).exec;
        let mut done = std::mem::take(&mut (*exec).paused.done) as usize;
        while done < len {
            let step = (len - done).min(STEP / size);
            if let Err(code) = meter(exec, step * size) {
                (*exec).paused.done = done as u64;
                return Err(code);
            }
            work(done..done + step);
            done += step;
        }
    }
    Ok(())
}

/// A part of what is copied, as in [`in_steps`]: counted from the end when the ends have to move first.
fn part(step: Range<usize>, len: usize, backwards: bool) -> Range<usize> {
    if backwards { len - step.end..len - step.start } else { step }
}

/// A size or an address in a slot: 64 bits when `WIDE`, else the lower 32.
#[inline(always)]
unsafe fn size<const WIDE: bool>(ip: Ip, sp: Sp, n: usize) -> u64 {
    // SAFETY: S and C.
    unsafe {
        let slot = sp.add(field(ip, n));
        if WIDE { *slot } else { u32::from_slot(slot) as u64 }
    }
}

/// Leaves the old size, or −1, in the slot of field 0.
#[inline(always)]
unsafe fn put_size<const WIDE: bool>(old: Option<u64>, ip: Ip, sp: Sp) {
    let old = old.unwrap_or(u64::MAX);
    // SAFETY: S and C.
    unsafe { *sp.add(field(ip, 0)) = if WIDE { old } else { old as u32 as u64 } }
}

/// The two 32-bit indices in word 2.
#[inline(always)]
unsafe fn indices(ip: Ip) -> (usize, usize) {
    // SAFETY: C.
    let indices = unsafe { word(ip, 2) };
    (indices as u32 as usize, (indices >> 32) as usize)
}

/// Memory `index`. `unsafe`: B, and X: no other reference to it may be made while this one lives.
unsafe fn memory<'a>(cx: Cx, index: usize) -> &'a mut MemoryBlock {
    // SAFETY: C: the index is one of this module's.
    unsafe { &mut **(&(*cx).memories).get_unchecked(index) }
}

/// Table `index`. `unsafe`: as for [`memory`].
unsafe fn table<'a>(cx: Cx, index: usize) -> &'a mut TableBlock {
    // SAFETY: C: the index is one of this module's.
    unsafe { &mut **(&(*cx).tables).get_unchecked(index) }
}

/// `start..start + len` as a range, when it is inside `total`.
fn range(start: u64, len: u64, total: usize) -> Option<Range<usize>> {
    let end = start.checked_add(len)?;
    (end <= total as u64).then_some(start as usize..end as usize)
}

handler! {
    /// `f0` ← pages of memory `imm`.
    fn memory_size [] (ip, sp, mem, len, cx, regs) {
        *sp.add(field(ip, 0)) = memory(cx, imm(ip) as u32 as usize).pages();
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// `f0` ← grow memory `imm` by slot `f1`.
    fn memory_grow [const W: bool] (ip, sp, mem, len, cx, regs) {
        put_size::<W>(grow_memory(cx, imm(ip) as u32 as usize, size::<W>(ip, sp, 1)), ip, sp);
        (mem, len) = ((*(*cx).memory0).base, (*(*cx).memory0).len);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn grow_memory(cx: Cx, index: usize, delta: u64) -> Option<u64> {
    // SAFETY: B, X: the reference ends here.
    unsafe { memory(cx, index) }.grow(delta)
}

handler! {
    /// `f0` start, `f1` value, `f2` length; word 2 the memory.
    fn memory_fill [const W: bool, const M: bool] (ip, sp, mem, len, cx, regs) {
        let (start, value, count) = (size::<W>(ip, sp, 0), *sp.add(field(ip, 1)), size::<W>(ip, sp, 2));
        let outcome = fill_memory::<M>(cx, indices(ip).0, start, value as u8, count);
        go_on_metered!(M, outcome, ip, sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn fill_memory<const M: bool>(cx: Cx, index: usize, start: u64, value: u8, len: u64) -> Outcome {
    // SAFETY: B, X.
    unsafe {
        let data = memory(cx, index).data_mut();
        let range = range(start, len, data.len()).ok_or(TrapCode::MemoryOutOfBounds)?;
        let data = &mut data[range];
        in_steps::<M>(cx, data.len(), 1, |step| data[step].fill(value))
    }
}

handler! {
    /// `f0` destination, `f1` source, `f2` length; word 2 their memories.
    fn memory_copy [const TO: bool, const FROM: bool, const M: bool] (ip, sp, mem, len, cx, regs) {
        let (to, from) = (size::<TO>(ip, sp, 0), size::<FROM>(ip, sp, 1));
        let count = if TO && FROM { size::<true>(ip, sp, 2) } else { size::<false>(ip, sp, 2) };
        go_on_metered!(M, copy_memory::<M>(cx, indices(ip), to, from, count), ip, sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn copy_memory<const M: bool>(
    cx: Cx,
    (to_memory, from_memory): (usize, usize),
    to: u64,
    from: u64,
    len: u64,
) -> Outcome {
    // SAFETY: B; the two may be one memory, so no two references to them live at once: ends are checked first, then
    // the bytes move by address.
    unsafe {
        let from_block = memory(cx, from_memory);
        let source = range(from, len, from_block.len).ok_or(TrapCode::MemoryOutOfBounds)?;
        let from_base = from_block.base.wrapping_add(source.start);
        let to_block = memory(cx, to_memory);
        let target = range(to, len, to_block.len).ok_or(TrapCode::MemoryOutOfBounds)?;
        let to_base = to_block.base.wrapping_add(target.start);
        // By places in one memory, not by addresses, which are others when it goes on after a pause.
        let backwards = (&(*cx).memories)[to_memory] == (&(*cx).memories)[from_memory] && to > from;
        in_steps::<M>(cx, target.len(), 1, |step| {
            let part = part(step, target.len(), backwards);
            std::ptr::copy(from_base.add(part.start), to_base.add(part.start), part.len());
        })
    }
}

handler! {
    /// `f0` destination, `f1` source, `f2` length; word 2 memory and data segment.
    fn memory_init [const W: bool, const M: bool] (ip, sp, mem, len, cx, regs) {
        let (to, from, count) = (size::<W>(ip, sp, 0), size::<false>(ip, sp, 1), size::<false>(ip, sp, 2));
        go_on_metered!(M, init_memory::<M>(cx, indices(ip), to, from, count), ip, sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn init_memory<const M: bool>(
    cx: Cx,
    (index, segment): (usize, usize),
    to: u64,
    from: u64,
    len: u64,
) -> Outcome {
    // SAFETY: B, X.
    let (instance, memory) = unsafe { (&*cx, memory(cx, index)) };
    let bytes: &[u8] = if instance.dropped_data[segment] { &[] } else { instance.module().data_bytes(segment) };
    let source = range(from, len, bytes.len()).ok_or(TrapCode::MemoryOutOfBounds)?;
    let target = range(to, len, memory.len).ok_or(TrapCode::MemoryOutOfBounds)?;
    let (bytes, data) = (&bytes[source], &mut memory.data_mut()[target]);
    // SAFETY: B.
    unsafe { in_steps::<M>(cx, data.len(), 1, |step| data[step.clone()].copy_from_slice(&bytes[step])) }
}

handler! {
    /// Drops data segment `imm`.
    fn data_drop [] (ip, sp, mem, len, cx, regs) {
        *(&mut (*cx).dropped_data).get_unchecked_mut(imm(ip) as u32 as usize) = true;
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// `f0` ← element at slot `f1` of table `imm`.
    fn table_get [const W: bool] (ip, sp, mem, len, cx, regs) {
        let index = size::<W>(ip, sp, 1);
        match table(cx, imm(ip) as u32 as usize).elements.get(usize::try_from(index).unwrap_or(usize::MAX)) {
            Some(&element) => {
                *sp.add(field(ip, 0)) = element;
                B::next(ip.add(2), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::TableOutOfBounds, ip, sp, cx),
        }
    }
}

/// Refuses a function reference that is not one of the store's: a raw host function can have made it up, and elements of
/// tables are trusted.
unsafe fn check_reference(cx: Cx, table: &TableBlock, value: u64) -> Outcome {
    // SAFETY: B, X: this reference ends here.
    let store = unsafe { &*(*(*cx).exec).store };
    if store.is_reference(table.ty.element, value) { Ok(()) } else { Err(TrapCode::InvalidReference) }
}

handler! {
    /// Element at slot `f0` of table `imm` ← slot `f1`.
    fn table_set [const W: bool] (ip, sp, mem, len, cx, regs) {
        let index = size::<W>(ip, sp, 0);
        let value = *sp.add(field(ip, 1));
        go_on!(set_element(cx, imm(ip) as u32 as usize, index, value), ip, sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn set_element(cx: Cx, index: usize, at: u64, value: u64) -> Outcome {
    // SAFETY: B, X.
    unsafe {
        let table = table(cx, index);
        check_reference(cx, table, value)?;
        *table.elements.get_mut(usize::try_from(at).unwrap_or(usize::MAX)).ok_or(TrapCode::TableOutOfBounds)? = value;
    }
    Ok(())
}

handler! {
    /// `f0` ← elements of table `imm`.
    fn table_size [] (ip, sp, mem, len, cx, regs) {
        *sp.add(field(ip, 0)) = table(cx, imm(ip) as u32 as usize).elements.len() as u64;
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// `f0` ← grow table `word 2` by slot `f2`, new elements being slot `f1`.
    fn table_grow [const W: bool, const M: bool] (ip, sp, mem, len, cx, regs) {
        let (value, delta) = (*sp.add(field(ip, 1)), size::<W>(ip, sp, 2));
        let outcome = match grow_table::<M>(cx, indices(ip).0, value, delta) {
            Ok(old) => {
                put_size::<W>(old, ip, sp);
                Ok(())
            }
            Err(code) => Err(code),
        };
        go_on_metered!(M, outcome, ip, sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn grow_table<const M: bool>(cx: Cx, index: usize, value: u64, delta: u64) -> Result<Option<u64>, TrapCode> {
    // SAFETY: B, X.
    unsafe {
        let table = table(cx, index);
        check_reference(cx, table, value)?;
        if M { grow_metered((*cx).exec, table, value, delta) } else { Ok(table.grow(delta, value)) }
    }
}

/// Nobody may see a table that has grown half way: a pause undoes what has been done. Grown again, it comes one step farther
/// at least before the next look at the interrupt flag, or it might never come to an end.
unsafe fn grow_metered(
    exec: *mut ExecState,
    table: &mut TableBlock,
    value: u64,
    delta: u64,
) -> Result<Option<u64>, TrapCode> {
    // SAFETY: B.
    unsafe {
        let looked_at = std::mem::take(&mut (*exec).paused.done) as usize;
        let before = (*exec).fuel;
        let Some(old) = table.make_room(delta) else { return Ok(None) };
        let end = (old + delta) as usize;
        while table.elements.len() < end {
            let done = table.elements.len() - old as usize;
            let step = (end - table.elements.len()).min(STEP / 8);
            let looked = if done >= looked_at { look(exec) } else { Ok(()) };
            if let Err(code) = looked.and_then(|()| pay(exec, step * 8)) {
                table.undo_growth(old, delta);
                (*exec).fuel = before;
                (*exec).paused.done = if code == TrapCode::Interrupted { done as u64 + 1 } else { looked_at as u64 };
                (*exec).paused.needed = delta / (BYTES_PER_UNIT / 8) as u64;
                return Err(code);
            }
            table.elements.resize(table.elements.len() + step, value);
        }
        Ok(Some(old))
    }
}

handler! {
    /// `f0` start, `f1` value, `f2` length; word 2 the table.
    fn table_fill [const W: bool, const M: bool] (ip, sp, mem, len, cx, regs) {
        let (start, value, count) = (size::<W>(ip, sp, 0), *sp.add(field(ip, 1)), size::<W>(ip, sp, 2));
        go_on_metered!(M, fill_table::<M>(cx, indices(ip).0, start, value, count), ip, sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn fill_table<const M: bool>(cx: Cx, index: usize, start: u64, value: u64, len: u64) -> Outcome {
    // SAFETY: B, X.
    unsafe {
        let table = table(cx, index);
        check_reference(cx, table, value)?;
        let range = range(start, len, table.elements.len()).ok_or(TrapCode::TableOutOfBounds)?;
        let elements = &mut table.elements[range];
        in_steps::<M>(cx, elements.len(), 8, |step| elements[step].fill(value))
    }
}

handler! {
    /// `f0` destination, `f1` source, `f2` length; word 2 their tables.
    fn table_copy [const TO: bool, const FROM: bool, const M: bool] (ip, sp, mem, len, cx, regs) {
        let (to, from) = (size::<TO>(ip, sp, 0), size::<FROM>(ip, sp, 1));
        let count = if TO && FROM { size::<true>(ip, sp, 2) } else { size::<false>(ip, sp, 2) };
        go_on_metered!(M, copy_table::<M>(cx, indices(ip), to, from, count), ip, sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn copy_table<const M: bool>(
    cx: Cx,
    (to_table, from_table): (usize, usize),
    to: u64,
    from: u64,
    len: u64,
) -> Outcome {
    // SAFETY: B; two references are made only to different tables. Import the same table twice, and the indices differ
    // while the blocks do not: so blocks are compared.
    unsafe {
        let (to_block, from_block) = ((&(*cx).tables)[to_table], (&(*cx).tables)[from_table]);
        let source = range(from, len, (*from_block).elements.len()).ok_or(TrapCode::TableOutOfBounds)?;
        let target = range(to, len, (*to_block).elements.len()).ok_or(TrapCode::TableOutOfBounds)?;
        let same = to_block == from_block;
        in_steps::<M>(cx, target.len(), 8, |step| {
            let part = part(step, target.len(), same && to > from);
            let (from, to) = (source.start + part.start, target.start + part.start);
            if same {
                (*to_block).elements.copy_within(from..from + part.len(), to);
            } else {
                let from = &(&(*from_block).elements)[from..from + part.len()];
                (&mut (*to_block).elements)[to..to + part.len()].copy_from_slice(from);
            }
        })
    }
}

handler! {
    /// `f0` destination, `f1` source, `f2` length; word 2 table and element segment.
    fn table_init [const W: bool, const M: bool] (ip, sp, mem, len, cx, regs) {
        let (to, from, count) = (size::<W>(ip, sp, 0), size::<false>(ip, sp, 1), size::<false>(ip, sp, 2));
        go_on_metered!(M, init_table::<M>(cx, indices(ip), to, from, count), ip, sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn init_table<const M: bool>(cx: Cx, (index, segment): (usize, usize), to: u64, from: u64, len: u64) -> Outcome {
    // SAFETY: B, X.
    let (instance, table): (&InstanceBlock, _) = unsafe { (&*cx, table(cx, index)) };
    let elements = &instance.elements[segment];
    let source = range(from, len, elements.len()).ok_or(TrapCode::TableOutOfBounds)?;
    let target = range(to, len, table.elements.len()).ok_or(TrapCode::TableOutOfBounds)?;
    let (from, to) = (&elements[source], &mut table.elements[target]);
    // SAFETY: B.
    unsafe { in_steps::<M>(cx, to.len(), 8, |step| to[step.clone()].copy_from_slice(&from[step])) }
}

handler! {
    /// Drops element segment `imm`.
    fn elem_drop [] (ip, sp, mem, len, cx, regs) {
        drop_elements(cx, imm(ip) as u32 as usize);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn drop_elements(cx: Cx, segment: usize) {
    // SAFETY: B, X.
    unsafe { (&mut (*cx).elements)[segment] = Box::default() };
}

handler! {
    /// `f0` ← a reference to function `imm`.
    fn ref_func [] (ip, sp, mem, len, cx, regs) {
        *sp.add(field(ip, 0)) = function_handle(&*cx, imm(ip) as u32).0;
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

/// The handle of function `func` of this instance: an import's is its origin's.
pub(crate) fn function_handle(instance: &InstanceBlock, func: u32) -> Handle {
    match instance.imports.get(func as usize) {
        Some(import) => import.handle,
        None => Handle(instance.owner | func as u64),
    }
}
