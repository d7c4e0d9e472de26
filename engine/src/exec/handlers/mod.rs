//! The handlers, and the table that the linker takes them from.
//!
//! Every handler has the signature [`Handler`](super::backend::Handler) and is generic over the backend and over where its
//! operands are. Its contract is the one of [`Backend::next`](super::backend::Backend::next): invariants C, S, M and B hold
//! for its arguments, and it upholds them for what it passes on. A handler must not keep a local whose address
//! escapes, nor a value with a destructor, where it continues: the compiler could not turn the call into a jump.

mod bulk;
mod calls;
mod control;
mod listen;
mod memory;
mod moves;
mod numeric;

use super::backend::{Backend, Cx, Handler, Ip, Sp, Stop};
use super::operand::{Acc, Imm, ShortImm, Slot, ToAcc, ToSlot};
use super::ops;
use crate::code::rows::for_each_row;
use crate::code::{Op, Row, VARIANTS};
use crate::trap::TrapCode;

pub(crate) use bulk::function_handle;
pub(super) use calls::begin;

/// Writes a handler: the machine state under the names given, the body inside `unsafe`.
macro_rules! handler {
    ($(#[$attr:meta])* fn $name:ident [$($generics:tt)*] ($ip:ident, $sp:ident, $mem:ident, $len:ident, $cx:ident, $regs:ident) $body:block) => {
        $(#[$attr])*
        #[allow(unused_mut, unused_variables, unused_assignments, unused_unsafe)]
        pub(super) unsafe fn $name<B: Backend, $($generics)*>(
            mut $ip: Ip, mut $sp: Sp, mut $mem: *mut u8, mut $len: usize, mut $cx: Cx, int: u64, f32: f32, f64: f64,
        ) -> B::Out {
            let mut $regs = Regs { int, f32, f64 };
            // SAFETY: C, S, M and B are this function's contract; what goes beyond them is noted in the body.
            unsafe { $body }
        }
    };
}
pub(crate) use handler;

/// Ends the chain with a trap of the instruction at `ip`.
#[cold]
#[inline(never)]
pub(super) unsafe fn trap<B: Backend>(code: TrapCode, ip: Ip, sp: Sp, cx: Cx) -> B::Out {
    // SAFETY: B: the instance's store is live.
    let exec = unsafe { &mut *(*cx).exec };
    (exec.ip, exec.sp, exec.cx) = (ip, sp, cx);
    B::stop(Stop(code as u32))
}

handler! {
    /// Stands where a row has no such variant. Never linked; the table needs something.
    fn illegal [] (ip, sp, mem, len, cx, regs) {
        trap::<B>(TrapCode::Unreachable, ip, sp, cx)
    }
}
use super::backend::Regs;

macro_rules! row {
    ($B:ty, commutative, $name:ident) => {
        row!(@pad $B, [
            numeric::binary::<$B, ops::$name, Slot<1>, Slot<2>, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Slot<2>, ToAcc>,
            numeric::binary::<$B, ops::$name, Slot<1>, Imm, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Imm, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Slot<2>, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Slot<2>, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Imm, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Imm, ToAcc>,
        ])
    };
    ($B:ty, binary, $name:ident) => {
        row!(@pad $B, [
            numeric::binary::<$B, ops::$name, Slot<1>, Slot<2>, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Slot<2>, ToAcc>,
            numeric::binary::<$B, ops::$name, Slot<1>, Imm, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Imm, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Slot<2>, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Slot<2>, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Imm, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Imm, ToAcc>,
            numeric::binary::<$B, ops::$name, Slot<1>, Acc, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Acc, ToAcc>,
            numeric::binary::<$B, ops::$name, Imm, Slot<1>, ToSlot>, numeric::binary::<$B, ops::$name, Imm, Slot<1>, ToAcc>,
            numeric::binary::<$B, ops::$name, Imm, Acc, ToSlot>, numeric::binary::<$B, ops::$name, Imm, Acc, ToAcc>,
        ])
    };
    ($B:ty, unary, $name:ident) => {
        row!(@pad $B, [
            numeric::unary::<$B, ops::$name, Slot<1>, ToSlot>, numeric::unary::<$B, ops::$name, Slot<1>, ToAcc>,
            numeric::unary::<$B, ops::$name, Acc, ToSlot>, numeric::unary::<$B, ops::$name, Acc, ToAcc>,
        ])
    };
    ($B:ty, branch_compare, $name:ident) => {
        row!(@pad $B, [
            numeric::branch::<$B, ops::$name, Slot<1>, Slot<2>>, numeric::branch::<$B, ops::$name, Slot<1>, Imm>,
            numeric::branch::<$B, ops::$name, Acc, Slot<2>>, numeric::branch::<$B, ops::$name, Acc, Imm>,
        ])
    };
    ($B:ty, load, $name:ident) => {
        row!(@pad $B, [
            memory::load::<$B, memory::$name, Slot<1>, ToSlot>, memory::load::<$B, memory::$name, Slot<1>, ToAcc>,
            memory::load::<$B, memory::$name, Acc, ToSlot>, memory::load::<$B, memory::$name, Acc, ToAcc>,
            memory::load_wide::<$B, memory::$name, Slot<1>, ToSlot>, memory::load_wide::<$B, memory::$name, Slot<1>, ToAcc>,
            memory::load_wide::<$B, memory::$name, Acc, ToSlot>, memory::load_wide::<$B, memory::$name, Acc, ToAcc>,
        ])
    };
    ($B:ty, store, $name:ident) => {
        row!(@pad $B, [
            memory::store::<$B, memory::$name, Slot<1>, Slot<0>>, memory::store::<$B, memory::$name, Slot<1>, Acc>,
            memory::store::<$B, memory::$name, Slot<1>, ShortImm>,
            memory::store::<$B, memory::$name, Acc, Slot<0>>, memory::store::<$B, memory::$name, Acc, ShortImm>,
            memory::store_wide::<$B, memory::$name, Slot<1>, Slot<0>>, memory::store_wide::<$B, memory::$name, Slot<1>, Acc>,
            memory::store_wide::<$B, memory::$name, Slot<1>, ShortImm>,
            memory::store_wide::<$B, memory::$name, Acc, Slot<0>>, memory::store_wide::<$B, memory::$name, Acc, ShortImm>,
        ])
    };
    // The variants of the remaining rows, each in its own order.
    ($B:ty, $shape:ident, Const32) => { row!(@pad $B, [moves::const32::<$B>]) };
    ($B:ty, $shape:ident, Const64) => { row!(@pad $B, [moves::const64::<$B>]) };
    ($B:ty, $shape:ident, CopyPair) => { row!(@pad $B, [moves::copy_pair::<$B>]) };
    ($B:ty, $shape:ident, CopySpan) => { row!(@pad $B, [moves::copy_span::<$B>]) };
    // condition in slot or accumulator × result in slot or integer accumulator
    ($B:ty, $shape:ident, Select) => {
        row!(@pad $B, [
            moves::select::<$B, Slot<3>, ToSlot>, moves::select::<$B, Slot<3>, ToAcc>,
            moves::select::<$B, Acc, ToSlot>, moves::select::<$B, Acc, ToAcc>,
        ])
    };
    ($B:ty, $shape:ident, Br) => { row!(@pad $B, [control::br::<$B>]) };
    // operand in slot or accumulator
    ($B:ty, $shape:ident, BrIfNez) => { row!(@pad $B, [control::br_if::<$B, Slot<1>, true>, control::br_if::<$B, Acc, true>]) };
    ($B:ty, $shape:ident, BrIfEqz) => { row!(@pad $B, [control::br_if::<$B, Slot<1>, false>, control::br_if::<$B, Acc, false>]) };
    ($B:ty, $shape:ident, BrTable) => { row!(@pad $B, [control::br_table::<$B, Slot<1>>, control::br_table::<$B, Acc>]) };
    ($B:ty, $shape:ident, Return) => { row!(@pad $B, [calls::return_::<$B>]) };
    // result from slot, immediate, or the accumulator of its type
    ($B:ty, $shape:ident, ReturnOne) => {
        row!(@pad $B, [
            calls::return_one::<$B, u64, Slot<1>>, calls::return_one::<$B, u64, Imm>, calls::return_one::<$B, u64, Acc>,
            calls::return_one::<$B, f32, Acc>, calls::return_one::<$B, f64, Acc>,
        ])
    };
    ($B:ty, $shape:ident, Unreachable) => { row!(@pad $B, [control::unreachable::<$B>]) };
    ($B:ty, $shape:ident, Call) => { row!(@pad $B, [calls::call::<$B>]) };
    ($B:ty, $shape:ident, CallImport) => { row!(@pad $B, [calls::call_import::<$B>]) };
    ($B:ty, $shape:ident, CallIndirect) => { row!(@pad $B, [calls::call_indirect::<$B, Slot<2>>, calls::call_indirect::<$B, Acc>]) };
    ($B:ty, $shape:ident, ReturnCall) => { row!(@pad $B, [calls::return_call::<$B>]) };
    ($B:ty, $shape:ident, ReturnCallImport) => { row!(@pad $B, [calls::return_call_import::<$B>]) };
    ($B:ty, $shape:ident, ReturnCallIndirect) => { row!(@pad $B, [calls::return_call_indirect::<$B>]) };
    // to slot or integer accumulator
    ($B:ty, $shape:ident, GlobalGet) => { row!(@pad $B, [moves::global_get::<$B, ToSlot>, moves::global_get::<$B, ToAcc>]) };
    // from slot, immediate is not there, integer accumulator
    ($B:ty, $shape:ident, GlobalSet) => { row!(@pad $B, [moves::global_set::<$B, Slot<1>>, moves::global_set::<$B, Acc>]) };
    ($B:ty, $shape:ident, GlobalGetWide) => { row!(@pad $B, [moves::global_get_wide::<$B>]) };
    ($B:ty, $shape:ident, GlobalSetWide) => { row!(@pad $B, [moves::global_set_wide::<$B>]) };
    ($B:ty, $shape:ident, MemorySize) => { row!(@pad $B, [bulk::memory_size::<$B>]) };
    ($B:ty, $shape:ident, MemoryGrow) => { row!(@pad $B, [bulk::memory_grow::<$B>]) };
    ($B:ty, $shape:ident, MemoryFill) => { row!(@pad $B, [bulk::memory_fill::<$B>]) };
    ($B:ty, $shape:ident, MemoryCopy) => { row!(@pad $B, [bulk::memory_copy::<$B>]) };
    ($B:ty, $shape:ident, MemoryInit) => { row!(@pad $B, [bulk::memory_init::<$B>]) };
    ($B:ty, $shape:ident, DataDrop) => { row!(@pad $B, [bulk::data_drop::<$B>]) };
    ($B:ty, $shape:ident, TableGet) => { row!(@pad $B, [bulk::table_get::<$B>]) };
    ($B:ty, $shape:ident, TableSet) => { row!(@pad $B, [bulk::table_set::<$B>]) };
    ($B:ty, $shape:ident, TableSize) => { row!(@pad $B, [bulk::table_size::<$B>]) };
    ($B:ty, $shape:ident, TableGrow) => { row!(@pad $B, [bulk::table_grow::<$B>]) };
    ($B:ty, $shape:ident, TableFill) => { row!(@pad $B, [bulk::table_fill::<$B>]) };
    ($B:ty, $shape:ident, TableCopy) => { row!(@pad $B, [bulk::table_copy::<$B>]) };
    ($B:ty, $shape:ident, TableInit) => { row!(@pad $B, [bulk::table_init::<$B>]) };
    ($B:ty, $shape:ident, ElemDrop) => { row!(@pad $B, [bulk::elem_drop::<$B>]) };
    ($B:ty, $shape:ident, RefFunc) => { row!(@pad $B, [bulk::ref_func::<$B>]) };
    // fuel, interruption, both
    ($B:ty, $shape:ident, Check) => {
        row!(@pad $B, [control::check::<$B, true, false>, control::check::<$B, false, true>, control::check::<$B, true, true>])
    };
    ($B:ty, $shape:ident, ListenBefore) => { row!(@pad $B, [listen::before::<$B>]) };
    ($B:ty, $shape:ident, ListenAfter) => { row!(@pad $B, [listen::after::<$B>]) };
    ($B:ty, $shape:ident, Lazy) => { row!(@pad $B, [calls::lazy::<$B>]) };
    ($B:ty, $shape:ident, Halt) => { row!(@pad $B, [calls::halt::<$B>]) };
    ($B:ty, $shape:ident, LeaveInstance) => { row!(@pad $B, [calls::leave_instance::<$B>]) };
    ($B:ty, $shape:ident, Illegal) => { row!(@pad $B, [illegal::<$B>]) };
    (@pad $B:ty, [$($handler:expr),* $(,)?]) => {{
        let mut variants: [Handler<$B>; VARIANTS] = [illegal::<$B>; VARIANTS];
        let given: &[Handler<$B>] = &[$($handler as Handler<$B>),*];
        let mut i = 0;
        while i < given.len() {
            variants[i] = given[i];
            i += 1;
        }
        variants
    }};
}

/// All handlers of a backend, by row and variant.
struct Table<B>(std::marker::PhantomData<B>);

macro_rules! define_table {
    ($($name:ident: $shape:ident $(($words:literal))?;)*) => {
        impl<B: Backend> Table<B> {
            const ROWS: &'static [[Handler<B>; VARIANTS]] = &[$(row!(B, $shape, $name),)*];
        }
    };
}
for_each_row!(define_table);

/// The handler of an instruction.
pub(super) fn of<B: Backend>(op: Op) -> Handler<B> {
    Table::<B>::ROWS[op.row_index()][op.variant() as usize]
}

/// Whether a row has that variant.
pub(crate) fn exists(op: Op) -> bool {
    let illegal = of::<super::backend::Loop>(Op::new(Row::Illegal, 0));
    op.row_index() < Row::ALL.len() && !std::ptr::fn_addr_eq(of::<super::backend::Loop>(op), illegal)
}
