//! The handlers, and the table that the linker takes them from.
//!
//! Every handler has the signature [`Handler`] and is generic over the backend and over where its
//! operands are. Its contract is the one of [`Backend::next`]: invariants C, S, M and B hold
//! for its arguments, and it upholds them for what it passes on. A handler must not keep a local whose address
//! escapes, nor a value with a destructor, where it continues: the compiler could not turn the call into a jump.

mod atomic;
mod bulk;
mod calls;
mod control;
mod listen;
mod memory;
mod moves;
mod numeric;
mod throw;
#[cfg(feature = "simd")]
mod vector;

use super::backend::{Backend, Cx, Handler, Ip, Sp, Stop};
use super::operand::{Acc, Imm, ShortImm, Slot, ToAcc, ToSlot, ToSlotOnly, Wide};
use super::ops;
#[cfg(feature = "simd")]
use super::vector as vectors;
use crate::code::rows::for_each_row;
use crate::code::{Op, Row};
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

/// Ends the chain where it can go on: with the instruction at `ip`, which has not been done or says in
/// [`Paused::done`](super::block::Paused) how far it has come, and these registers.
///
/// Only the outermost activation of a store goes on; an inner one's registers would take the place of those that the
/// outer one may need.
#[cold]
#[inline(never)]
pub(super) unsafe fn pause<B: Backend>(code: TrapCode, ip: Ip, sp: Sp, cx: Cx, int: u64, f32: f32, f64: f64) -> B::Out {
    // SAFETY: B: the instance's store is live.
    let exec = unsafe { &mut *(*cx).exec };
    (exec.ip, exec.sp, exec.cx) = (ip, sp, cx);
    if exec.depth == 1 {
        exec.paused.regs = Regs { int, f32, f64 };
    }
    B::stop(Stop(code as u32))
}

handler! {
    /// Stands where a row has no such variant. Never linked; the table needs something. It does what no other handler
    /// does, so that no optimiser gives it another's address, which [`exists`] compares.
    fn illegal [] (ip, sp, mem, len, cx, regs) {
        B::stop(Stop::PENDING)
    }
}
use super::backend::Regs;

macro_rules! row {
    ($B:ty, commutative, $name:ident) => {
        row!(@list $B, [
            numeric::binary::<$B, ops::$name, Slot<1>, Slot<2>, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Slot<2>, ToAcc>,
            numeric::binary::<$B, ops::$name, Slot<1>, Imm, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Imm, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Slot<2>, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Slot<2>, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Imm, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Imm, ToAcc>,
        ])
    };
    ($B:ty, commutative_wide, $name:ident) => {
        row!(@list $B, [
            numeric::binary::<$B, ops::$name, Slot<1>, Slot<2>, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Slot<2>, ToAcc>,
            numeric::binary::<$B, ops::$name, Slot<1>, Imm, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Imm, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Slot<2>, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Slot<2>, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Imm, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Imm, ToAcc>,
            numeric::binary::<$B, ops::$name, Slot<1>, Wide, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Wide, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Wide, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Wide, ToAcc>,
        ])
    };
    ($B:ty, binary, $name:ident) => {
        row!(@list $B, [
            numeric::binary::<$B, ops::$name, Slot<1>, Slot<2>, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Slot<2>, ToAcc>,
            numeric::binary::<$B, ops::$name, Slot<1>, Imm, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Imm, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Slot<2>, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Slot<2>, ToAcc>,
            numeric::binary::<$B, ops::$name, Acc, Imm, ToSlot>, numeric::binary::<$B, ops::$name, Acc, Imm, ToAcc>,
            numeric::binary::<$B, ops::$name, Slot<1>, Acc, ToSlot>, numeric::binary::<$B, ops::$name, Slot<1>, Acc, ToAcc>,
            numeric::binary::<$B, ops::$name, Imm, Slot<1>, ToSlot>, numeric::binary::<$B, ops::$name, Imm, Slot<1>, ToAcc>,
            numeric::binary::<$B, ops::$name, Imm, Acc, ToSlot>, numeric::binary::<$B, ops::$name, Imm, Acc, ToAcc>,
        ])
    };
    // copies leave accumulators alone
    ($B:ty, unary, Copy) => { row!($B, copy, Copy) };
    ($B:ty, unary, CopyF32) => { row!($B, copy, CopyF32) };
    ($B:ty, unary, CopyF64) => { row!($B, copy, CopyF64) };
    ($B:ty, copy, $name:ident) => {
        row!(@list $B, [
            numeric::unary::<$B, ops::$name, Slot<1>, ToSlotOnly>, numeric::unary::<$B, ops::$name, Slot<1>, ToAcc>,
            numeric::unary::<$B, ops::$name, Acc, ToSlotOnly>, numeric::unary::<$B, ops::$name, Acc, ToAcc>,
        ])
    };
    ($B:ty, unary, $name:ident) => {
        row!(@list $B, [
            numeric::unary::<$B, ops::$name, Slot<1>, ToSlot>, numeric::unary::<$B, ops::$name, Slot<1>, ToAcc>,
            numeric::unary::<$B, ops::$name, Acc, ToSlot>, numeric::unary::<$B, ops::$name, Acc, ToAcc>,
        ])
    };
    ($B:ty, branch_compare, $name:ident) => {
        row!(@list $B, [
            numeric::branch::<$B, ops::$name, Slot<1>, Slot<2>>, numeric::branch::<$B, ops::$name, Slot<1>, Imm>,
            numeric::branch::<$B, ops::$name, Acc, Slot<2>>, numeric::branch::<$B, ops::$name, Acc, Imm>,
        ])
    };
    ($B:ty, load, $name:ident) => {
        row!(@list $B, [
            memory::load::<$B, memory::$name, Slot<1>, ToSlot>, memory::load::<$B, memory::$name, Slot<1>, ToAcc>,
            memory::load::<$B, memory::$name, Acc, ToSlot>, memory::load::<$B, memory::$name, Acc, ToAcc>,
            memory::load_wide::<$B, memory::$name, Slot<1>, u32, ToSlot>, memory::load_wide::<$B, memory::$name, Slot<1>, u32, ToAcc>,
            memory::load_wide::<$B, memory::$name, Acc, u32, ToSlot>, memory::load_wide::<$B, memory::$name, Acc, u32, ToAcc>,
            memory::load_wide::<$B, memory::$name, Slot<1>, u64, ToSlot>, memory::load_wide::<$B, memory::$name, Slot<1>, u64, ToAcc>,
            memory::load_wide::<$B, memory::$name, Acc, u64, ToSlot>, memory::load_wide::<$B, memory::$name, Acc, u64, ToAcc>,
        ])
    };
    ($B:ty, store, $name:ident) => {
        row!(@list $B, [
            memory::store::<$B, memory::$name, Slot<1>, Slot<0>>, memory::store::<$B, memory::$name, Slot<1>, Acc>,
            memory::store::<$B, memory::$name, Slot<1>, ShortImm>,
            memory::store::<$B, memory::$name, Acc, Slot<0>>, memory::store::<$B, memory::$name, Acc, ShortImm>,
            memory::store_wide::<$B, memory::$name, Slot<1>, u32, Slot<0>>, memory::store_wide::<$B, memory::$name, Slot<1>, u32, Acc>,
            memory::store_wide::<$B, memory::$name, Slot<1>, u32, ShortImm>,
            memory::store_wide::<$B, memory::$name, Acc, u32, Slot<0>>, memory::store_wide::<$B, memory::$name, Acc, u32, ShortImm>,
            memory::store_wide::<$B, memory::$name, Slot<1>, u64, Slot<0>>, memory::store_wide::<$B, memory::$name, Slot<1>, u64, Acc>,
            memory::store_wide::<$B, memory::$name, Slot<1>, u64, ShortImm>,
            memory::store_wide::<$B, memory::$name, Acc, u64, Slot<0>>, memory::store_wide::<$B, memory::$name, Acc, u64, ShortImm>,
        ])
    };
    ($B:ty, load_indexed, $name:ident) => {
        row!(@list $B, [
            memory::load_indexed::<$B, memory::$name, Slot<1>, memory::Nothing, ToSlot>, memory::load_indexed::<$B, memory::$name, Slot<1>, memory::Nothing, ToAcc>,
            memory::load_indexed::<$B, memory::$name, Acc, memory::Nothing, ToSlot>, memory::load_indexed::<$B, memory::$name, Acc, memory::Nothing, ToAcc>,
            memory::load_indexed::<$B, memory::$name, Slot<1>, Slot<2>, ToSlot>, memory::load_indexed::<$B, memory::$name, Slot<1>, Slot<2>, ToAcc>,
            memory::load_indexed::<$B, memory::$name, Acc, Slot<2>, ToSlot>, memory::load_indexed::<$B, memory::$name, Acc, Slot<2>, ToAcc>,
            memory::load_indexed::<$B, memory::$name, memory::Nothing, memory::Scaled<Slot<2>>, ToSlot>, memory::load_indexed::<$B, memory::$name, memory::Nothing, memory::Scaled<Slot<2>>, ToAcc>,
            memory::load_indexed::<$B, memory::$name, memory::Nothing, memory::Scaled<Acc>, ToSlot>, memory::load_indexed::<$B, memory::$name, memory::Nothing, memory::Scaled<Acc>, ToAcc>,
            memory::load_indexed::<$B, memory::$name, Slot<1>, memory::Scaled<Slot<2>>, ToSlot>, memory::load_indexed::<$B, memory::$name, Slot<1>, memory::Scaled<Slot<2>>, ToAcc>,
            memory::load_indexed::<$B, memory::$name, Slot<1>, memory::Scaled<Acc>, ToSlot>, memory::load_indexed::<$B, memory::$name, Slot<1>, memory::Scaled<Acc>, ToAcc>,
        ])
    };
    ($B:ty, store_indexed, $name:ident) => {
        row!(@list $B, [
            memory::store_indexed::<$B, memory::$name, Slot<1>, memory::Nothing, Slot<0>>, memory::store_indexed::<$B, memory::$name, Slot<1>, memory::Nothing, Acc>, memory::store_indexed::<$B, memory::$name, Slot<1>, memory::Nothing, ShortImm>,
            memory::store_indexed::<$B, memory::$name, Slot<1>, Slot<2>, Slot<0>>, memory::store_indexed::<$B, memory::$name, Slot<1>, Slot<2>, Acc>, memory::store_indexed::<$B, memory::$name, Slot<1>, Slot<2>, ShortImm>,
            memory::store_indexed::<$B, memory::$name, memory::Nothing, memory::Scaled<Slot<2>>, Slot<0>>, memory::store_indexed::<$B, memory::$name, memory::Nothing, memory::Scaled<Slot<2>>, Acc>, memory::store_indexed::<$B, memory::$name, memory::Nothing, memory::Scaled<Slot<2>>, ShortImm>,
            memory::store_indexed::<$B, memory::$name, Slot<1>, memory::Scaled<Slot<2>>, Slot<0>>, memory::store_indexed::<$B, memory::$name, Slot<1>, memory::Scaled<Slot<2>>, Acc>, memory::store_indexed::<$B, memory::$name, Slot<1>, memory::Scaled<Slot<2>>, ShortImm>,
            memory::store_indexed::<$B, memory::$name, Acc, memory::Nothing, Slot<0>>, memory::store_indexed::<$B, memory::$name, Acc, memory::Nothing, ShortImm>,
            memory::store_indexed::<$B, memory::$name, Acc, Slot<2>, Slot<0>>, memory::store_indexed::<$B, memory::$name, Acc, Slot<2>, ShortImm>,
        ])
    };
    ($B:ty, branch_increment, $name:ident) => {
        row!(@list $B, [numeric::branch_increment::<$B, ops::$name, false>, numeric::branch_increment::<$B, ops::$name, true>])
    };
    ($B:ty, select_compare, $name:ident) => {
        row!(@list $B, [
            numeric::select_compare::<$B, ops::$name, Slot<1>, Slot<2>, ToSlot>, numeric::select_compare::<$B, ops::$name, Slot<1>, Slot<2>, ToAcc>,
            numeric::select_compare::<$B, ops::$name, Slot<1>, Imm, ToSlot>, numeric::select_compare::<$B, ops::$name, Slot<1>, Imm, ToAcc>,
            numeric::select_compare::<$B, ops::$name, Acc, Slot<2>, ToSlot>, numeric::select_compare::<$B, ops::$name, Acc, Slot<2>, ToAcc>,
            numeric::select_compare::<$B, ops::$name, Acc, Imm, ToSlotOnly>, numeric::select_compare::<$B, ops::$name, Acc, Imm, ToAcc>,
        ])
    };
    ($B:ty, vector_unary, $name:ident) => { row!(@vector $B, [vector::unary::<$B, vectors::$name>]) };
    ($B:ty, vector_binary, I8x16Swizzle) => { row!(@vector $B, [vector::swizzle::<$B>]) };
    ($B:ty, vector_binary, I8x16RelaxedSwizzle) => { row!(@vector $B, [vector::swizzle::<$B>]) };
    ($B:ty, vector_binary, $name:ident) => { row!(@vector $B, [vector::binary::<$B, vectors::$name>]) };
    ($B:ty, vector_ternary, $name:ident) => { row!(@vector $B, [vector::ternary::<$B, vectors::$name>]) };
    ($B:ty, shift, $name:ident) => { row!(@vector $B, [vector::shift::<$B, vectors::$name>]) };
    ($B:ty, test, $name:ident) => { row!(@vector $B, [vector::test::<$B, vectors::$name>]) };
    ($B:ty, splat, $name:ident) => { row!(@vector $B, [vector::splat::<$B, vectors::$name>]) };
    ($B:ty, extract, $name:ident) => { row!(@vector $B, [vector::extract::<$B, vectors::$name>]) };
    ($B:ty, replace, $name:ident) => { row!(@vector $B, [vector::replace::<$B, vectors::$name>]) };
    ($B:ty, vector_load, $name:ident) => {
        row!(@vector $B, [
            vector::load::<$B, vector::$name, Slot<1>>, vector::load::<$B, vector::$name, Acc>,
            vector::load_wide::<$B, vector::$name, Slot<1>, u32>, vector::load_wide::<$B, vector::$name, Acc, u32>,
            vector::load_wide::<$B, vector::$name, Slot<1>, u64>, vector::load_wide::<$B, vector::$name, Acc, u64>,
            vector::load_indexed::<$B, vector::$name, Slot<1>, memory::Nothing>,
            vector::load_indexed::<$B, vector::$name, Acc, memory::Nothing>,
            vector::load_indexed::<$B, vector::$name, Slot<1>, Slot<2>>,
            vector::load_indexed::<$B, vector::$name, Acc, Slot<2>>,
            vector::load_indexed::<$B, vector::$name, memory::Nothing, memory::Scaled<Slot<2>>>,
            vector::load_indexed::<$B, vector::$name, memory::Nothing, memory::Scaled<Acc>>,
            vector::load_indexed::<$B, vector::$name, Slot<1>, memory::Scaled<Slot<2>>>,
            vector::load_indexed::<$B, vector::$name, Slot<1>, memory::Scaled<Acc>>,
        ])
    };
    ($B:ty, vector_store, $name:ident) => {
        row!(@vector $B, [
            vector::store::<$B, Slot<1>>, vector::store::<$B, Acc>,
            vector::store_wide::<$B, Slot<1>, u32>, vector::store_wide::<$B, Acc, u32>,
            vector::store_wide::<$B, Slot<1>, u64>, vector::store_wide::<$B, Acc, u64>,
            vector::store_indexed::<$B, Slot<1>, memory::Nothing>,
            vector::store_indexed::<$B, Acc, memory::Nothing>,
            vector::store_indexed::<$B, Slot<1>, Slot<2>>,
            vector::store_indexed::<$B, Acc, Slot<2>>,
            vector::store_indexed::<$B, memory::Nothing, memory::Scaled<Slot<2>>>,
            vector::store_indexed::<$B, memory::Nothing, memory::Scaled<Acc>>,
            vector::store_indexed::<$B, Slot<1>, memory::Scaled<Slot<2>>>,
            vector::store_indexed::<$B, Slot<1>, memory::Scaled<Acc>>,
        ])
    };
    ($B:ty, lane, V128Load8Lane) => { row!(@vector $B, [vector::load_lane::<$B, u8, u32>, vector::load_lane::<$B, u8, u64>]) };
    ($B:ty, lane, V128Store8Lane) => { row!(@vector $B, [vector::store_lane::<$B, u8, u32>, vector::store_lane::<$B, u8, u64>]) };
    ($B:ty, lane, V128Load16Lane) => { row!(@vector $B, [vector::load_lane::<$B, u16, u32>, vector::load_lane::<$B, u16, u64>]) };
    ($B:ty, lane, V128Store16Lane) => { row!(@vector $B, [vector::store_lane::<$B, u16, u32>, vector::store_lane::<$B, u16, u64>]) };
    ($B:ty, lane, V128Load32Lane) => { row!(@vector $B, [vector::load_lane::<$B, u32, u32>, vector::load_lane::<$B, u32, u64>]) };
    ($B:ty, lane, V128Store32Lane) => { row!(@vector $B, [vector::store_lane::<$B, u32, u32>, vector::store_lane::<$B, u32, u64>]) };
    ($B:ty, lane, V128Load64Lane) => { row!(@vector $B, [vector::load_lane::<$B, u64, u32>, vector::load_lane::<$B, u64, u64>]) };
    ($B:ty, lane, V128Store64Lane) => { row!(@vector $B, [vector::store_lane::<$B, u64, u32>, vector::store_lane::<$B, u64, u64>]) };
    ($B:ty, $shape:ident, V128Const) => { row!(@vector $B, [vector::constant::<$B>]) };
    ($B:ty, $shape:ident, I8x16Shuffle) => { row!(@vector $B, [vector::shuffle::<$B>]) };
    // condition in slot or accumulator
    ($B:ty, $shape:ident, SelectWide) => { row!(@vector $B, [vector::select::<$B, Slot<3>>, vector::select::<$B, Acc>]) };
    // The variants of the remaining rows, each in its own order.
    // of slots, of a slot and an immediate
    ($B:ty, $shape:ident, SumI32Add) => {
        row!(@list $B, [
            numeric::binary::<$B, ops::I32Add, Slot<1>, Slot<2>, ToSlotOnly>, illegal::<$B>,
            numeric::binary::<$B, ops::I32Add, Slot<1>, Imm, ToSlotOnly>,
        ])
    };
    ($B:ty, $shape:ident, SumI32Shl) => { row!(@list $B, [illegal::<$B>, illegal::<$B>, numeric::binary::<$B, ops::I32Shl, Slot<1>, Imm, ToSlotOnly>]) };
    ($B:ty, $shape:ident, Const32) => { row!(@list $B, [moves::const32::<$B>]) };
    ($B:ty, $shape:ident, Const64) => { row!(@list $B, [moves::const64::<$B>]) };
    ($B:ty, $shape:ident, Copy2) => { row!(@list $B, [moves::copy2::<$B>]) };
    // by which operands are immediates
    ($B:ty, $shape:ident, Stage2) => {
        row!(@list $B, [moves::stage2::<$B, 0>, moves::stage2::<$B, 1>, moves::stage2::<$B, 2>, moves::stage2::<$B, 3>])
    };
    ($B:ty, $shape:ident, Stage3) => {
        row!(@list $B, [
            moves::stage3::<$B, 0>, moves::stage3::<$B, 1>, moves::stage3::<$B, 2>, moves::stage3::<$B, 3>,
            moves::stage3::<$B, 4>, moves::stage3::<$B, 5>, moves::stage3::<$B, 6>, moves::stage3::<$B, 7>,
        ])
    };
    ($B:ty, $shape:ident, Stage4) => {
        row!(@list $B, [
            moves::stage4::<$B, 0>, moves::stage4::<$B, 1>, moves::stage4::<$B, 2>, moves::stage4::<$B, 3>,
            moves::stage4::<$B, 4>, moves::stage4::<$B, 5>, moves::stage4::<$B, 6>, moves::stage4::<$B, 7>,
            moves::stage4::<$B, 8>, moves::stage4::<$B, 9>, moves::stage4::<$B, 10>, moves::stage4::<$B, 11>,
            moves::stage4::<$B, 12>, moves::stage4::<$B, 13>, moves::stage4::<$B, 14>, moves::stage4::<$B, 15>,
        ])
    };
    ($B:ty, $shape:ident, CopySpan) => { row!(@list $B, [moves::copy_span::<$B>]) };
    // condition in slot or accumulator × result in slot or integer accumulator
    ($B:ty, $shape:ident, Select) => {
        row!(@list $B, [
            moves::select::<$B, Slot<3>, ToSlotOnly>, moves::select::<$B, Slot<3>, ToAcc>,
            moves::select::<$B, Acc, ToSlotOnly>, moves::select::<$B, Acc, ToAcc>,
        ])
    };
    ($B:ty, $shape:ident, Br) => { row!(@list $B, [control::br::<$B>]) };
    // operand in slot or accumulator
    ($B:ty, $shape:ident, BrIfNez) => { row!(@list $B, [control::br_if::<$B, Slot<1>, true>, control::br_if::<$B, Acc, true>]) };
    ($B:ty, $shape:ident, BrIfEqz) => { row!(@list $B, [control::br_if::<$B, Slot<1>, false>, control::br_if::<$B, Acc, false>]) };
    ($B:ty, $shape:ident, BrTable) => { row!(@list $B, [control::br_table::<$B, Slot<1>>, control::br_table::<$B, Acc>]) };
    ($B:ty, $shape:ident, Return) => { row!(@list $B, [calls::return_::<$B>]) };
    // result from slot, immediate, or the accumulator of its type
    ($B:ty, $shape:ident, ReturnOne) => {
        row!(@list $B, [
            calls::return_one::<$B, u64, Slot<1>>, calls::return_one::<$B, u64, Imm>, calls::return_one::<$B, u64, Acc>,
            calls::return_one::<$B, f32, Acc>, calls::return_one::<$B, f64, Acc>,
        ])
    };
    ($B:ty, $shape:ident, Unreachable) => { row!(@list $B, [control::unreachable::<$B>]) };
    // by which arguments are the call's own operands (`Translator::stage_last`)
    ($B:ty, $shape:ident, Call) => {
        row!(@list $B, [
            calls::call::<$B, calls::InPlace>, calls::call::<$B, calls::LastOne<0, 0>>, calls::call::<$B, calls::LastOne<0, 1>>,
            calls::call::<$B, calls::LastOne<1, 0>>, calls::call::<$B, calls::LastOne<1, 1>>, calls::call::<$B, calls::LastTwo<0, 0>>,
            calls::call::<$B, calls::LastTwo<0, 1>>, calls::call::<$B, calls::LastTwo<0, 2>>, calls::call::<$B, calls::LastTwo<0, 3>>,
            calls::call::<$B, calls::LastTwo<1, 0>>, calls::call::<$B, calls::LastTwo<1, 1>>, calls::call::<$B, calls::LastTwo<1, 2>>,
            calls::call::<$B, calls::LastTwo<1, 3>>,
        ])
    };
    ($B:ty, $shape:ident, CallImport) => {
        row!(@list $B, [
            calls::call_import::<$B, calls::InPlace>, calls::call_import::<$B, calls::LastOne<0, 0>>, calls::call_import::<$B, calls::LastOne<0, 1>>,
            calls::call_import::<$B, calls::LastOne<1, 0>>, calls::call_import::<$B, calls::LastOne<1, 1>>, calls::call_import::<$B, calls::LastTwo<0, 0>>,
            calls::call_import::<$B, calls::LastTwo<0, 1>>, calls::call_import::<$B, calls::LastTwo<0, 2>>, calls::call_import::<$B, calls::LastTwo<0, 3>>,
            calls::call_import::<$B, calls::LastTwo<1, 0>>, calls::call_import::<$B, calls::LastTwo<1, 1>>, calls::call_import::<$B, calls::LastTwo<1, 2>>,
            calls::call_import::<$B, calls::LastTwo<1, 3>>,
        ])
    };
    ($B:ty, $shape:ident, CallIndirect) => { row!(@list $B, [
            calls::call_indirect::<$B, u32, Slot<2>>, calls::call_indirect::<$B, u32, Acc>,
            calls::call_indirect::<$B, u64, Slot<2>>, calls::call_indirect::<$B, u64, Acc>,
        ]) };
    ($B:ty, $shape:ident, ReturnCall) => { row!(@list $B, [calls::return_call::<$B>]) };
    ($B:ty, $shape:ident, ReturnCallImport) => { row!(@list $B, [calls::return_call_import::<$B>]) };
    ($B:ty, $shape:ident, ReturnCallIndirect) => { row!(@list $B, [calls::return_call_indirect::<$B, u32>, calls::return_call_indirect::<$B, u64>]) };
    // to slot or integer accumulator
    ($B:ty, $shape:ident, GlobalGet) => { row!(@list $B, [moves::global_get::<$B, ToSlotOnly>, moves::global_get::<$B, ToAcc>]) };
    // from slot, immediate is not there, integer accumulator
    ($B:ty, $shape:ident, GlobalSet) => { row!(@list $B, [moves::global_set::<$B, Slot<1>>, moves::global_set::<$B, Acc>]) };
    ($B:ty, $shape:ident, GlobalGetWide) => { row!(@list $B, [moves::global_get_wide::<$B>]) };
    ($B:ty, $shape:ident, GlobalSetWide) => { row!(@list $B, [moves::global_set_wide::<$B>]) };
    // operands of 32 or 64 bits; copies: neither, the destination's, the source's, both; then the same, metered
    ($B:ty, $shape:ident, MemorySize) => { row!(@list $B, [bulk::memory_size::<$B>]) };
    ($B:ty, $shape:ident, MemoryGrow) => { row!(@list $B, [bulk::memory_grow::<$B, false>, bulk::memory_grow::<$B, true>]) };
    ($B:ty, $shape:ident, MemoryFill) => { row!(@list $B, [
            bulk::memory_fill::<$B, false, false>, bulk::memory_fill::<$B, true, false>, bulk::memory_fill::<$B, false, true>, bulk::memory_fill::<$B, true, true>,
        ]) };
    ($B:ty, $shape:ident, MemoryCopy) => { row!(@list $B, [
            bulk::memory_copy::<$B, false, false, false>, bulk::memory_copy::<$B, true, false, false>,
            bulk::memory_copy::<$B, false, true, false>, bulk::memory_copy::<$B, true, true, false>,
            bulk::memory_copy::<$B, false, false, true>, bulk::memory_copy::<$B, true, false, true>,
            bulk::memory_copy::<$B, false, true, true>, bulk::memory_copy::<$B, true, true, true>,
        ]) };
    ($B:ty, $shape:ident, MemoryInit) => { row!(@list $B, [
            bulk::memory_init::<$B, false, false>, bulk::memory_init::<$B, true, false>, bulk::memory_init::<$B, false, true>, bulk::memory_init::<$B, true, true>,
        ]) };
    ($B:ty, $shape:ident, DataDrop) => { row!(@list $B, [bulk::data_drop::<$B>]) };
    ($B:ty, $shape:ident, TableGet) => { row!(@list $B, [bulk::table_get::<$B, false>, bulk::table_get::<$B, true>]) };
    ($B:ty, $shape:ident, TableSet) => { row!(@list $B, [bulk::table_set::<$B, false>, bulk::table_set::<$B, true>]) };
    ($B:ty, $shape:ident, TableSize) => { row!(@list $B, [bulk::table_size::<$B>]) };
    ($B:ty, $shape:ident, TableGrow) => { row!(@list $B, [
            bulk::table_grow::<$B, false, false>, bulk::table_grow::<$B, true, false>, bulk::table_grow::<$B, false, true>, bulk::table_grow::<$B, true, true>,
        ]) };
    ($B:ty, $shape:ident, TableFill) => { row!(@list $B, [
            bulk::table_fill::<$B, false, false>, bulk::table_fill::<$B, true, false>, bulk::table_fill::<$B, false, true>, bulk::table_fill::<$B, true, true>,
        ]) };
    ($B:ty, $shape:ident, TableCopy) => { row!(@list $B, [
            bulk::table_copy::<$B, false, false, false>, bulk::table_copy::<$B, true, false, false>,
            bulk::table_copy::<$B, false, true, false>, bulk::table_copy::<$B, true, true, false>,
            bulk::table_copy::<$B, false, false, true>, bulk::table_copy::<$B, true, false, true>,
            bulk::table_copy::<$B, false, true, true>, bulk::table_copy::<$B, true, true, true>,
        ]) };
    ($B:ty, $shape:ident, TableInit) => { row!(@list $B, [
            bulk::table_init::<$B, false, false>, bulk::table_init::<$B, true, false>, bulk::table_init::<$B, false, true>, bulk::table_init::<$B, true, true>,
        ]) };
    ($B:ty, $shape:ident, ElemDrop) => { row!(@list $B, [bulk::elem_drop::<$B>]) };
    ($B:ty, $shape:ident, RefFunc) => { row!(@list $B, [bulk::ref_func::<$B>]) };
    ($B:ty, $shape:ident, Throw) => { row!(@list $B, [throw::throw::<$B>]) };
    ($B:ty, $shape:ident, ThrowRef) => { row!(@list $B, [throw::throw_ref::<$B>]) };
    // address of 32 or 64 bits
    ($B:ty, $shape:ident, AtomicLoad8) => { row!(@list $B, [atomic::load::<$B, u8, u32>, atomic::load::<$B, u8, u64>]) };
    ($B:ty, $shape:ident, AtomicLoad16) => { row!(@list $B, [atomic::load::<$B, u16, u32>, atomic::load::<$B, u16, u64>]) };
    ($B:ty, $shape:ident, AtomicLoad32) => { row!(@list $B, [atomic::load::<$B, u32, u32>, atomic::load::<$B, u32, u64>]) };
    ($B:ty, $shape:ident, AtomicLoad64) => { row!(@list $B, [atomic::load::<$B, u64, u32>, atomic::load::<$B, u64, u64>]) };
    ($B:ty, $shape:ident, AtomicStore8) => { row!(@list $B, [atomic::store::<$B, u8, u32>, atomic::store::<$B, u8, u64>]) };
    ($B:ty, $shape:ident, AtomicStore16) => { row!(@list $B, [atomic::store::<$B, u16, u32>, atomic::store::<$B, u16, u64>]) };
    ($B:ty, $shape:ident, AtomicStore32) => { row!(@list $B, [atomic::store::<$B, u32, u32>, atomic::store::<$B, u32, u64>]) };
    ($B:ty, $shape:ident, AtomicStore64) => { row!(@list $B, [atomic::store::<$B, u64, u32>, atomic::store::<$B, u64, u64>]) };
    ($B:ty, $shape:ident, AtomicAdd8) => { row!(@list $B, [atomic::modify::<$B, u8, atomic::Add, u32>, atomic::modify::<$B, u8, atomic::Add, u64>]) };
    ($B:ty, $shape:ident, AtomicAdd16) => { row!(@list $B, [atomic::modify::<$B, u16, atomic::Add, u32>, atomic::modify::<$B, u16, atomic::Add, u64>]) };
    ($B:ty, $shape:ident, AtomicAdd32) => { row!(@list $B, [atomic::modify::<$B, u32, atomic::Add, u32>, atomic::modify::<$B, u32, atomic::Add, u64>]) };
    ($B:ty, $shape:ident, AtomicAdd64) => { row!(@list $B, [atomic::modify::<$B, u64, atomic::Add, u32>, atomic::modify::<$B, u64, atomic::Add, u64>]) };
    ($B:ty, $shape:ident, AtomicSub8) => { row!(@list $B, [atomic::modify::<$B, u8, atomic::Sub, u32>, atomic::modify::<$B, u8, atomic::Sub, u64>]) };
    ($B:ty, $shape:ident, AtomicSub16) => { row!(@list $B, [atomic::modify::<$B, u16, atomic::Sub, u32>, atomic::modify::<$B, u16, atomic::Sub, u64>]) };
    ($B:ty, $shape:ident, AtomicSub32) => { row!(@list $B, [atomic::modify::<$B, u32, atomic::Sub, u32>, atomic::modify::<$B, u32, atomic::Sub, u64>]) };
    ($B:ty, $shape:ident, AtomicSub64) => { row!(@list $B, [atomic::modify::<$B, u64, atomic::Sub, u32>, atomic::modify::<$B, u64, atomic::Sub, u64>]) };
    ($B:ty, $shape:ident, AtomicAnd8) => { row!(@list $B, [atomic::modify::<$B, u8, atomic::And, u32>, atomic::modify::<$B, u8, atomic::And, u64>]) };
    ($B:ty, $shape:ident, AtomicAnd16) => { row!(@list $B, [atomic::modify::<$B, u16, atomic::And, u32>, atomic::modify::<$B, u16, atomic::And, u64>]) };
    ($B:ty, $shape:ident, AtomicAnd32) => { row!(@list $B, [atomic::modify::<$B, u32, atomic::And, u32>, atomic::modify::<$B, u32, atomic::And, u64>]) };
    ($B:ty, $shape:ident, AtomicAnd64) => { row!(@list $B, [atomic::modify::<$B, u64, atomic::And, u32>, atomic::modify::<$B, u64, atomic::And, u64>]) };
    ($B:ty, $shape:ident, AtomicOr8) => { row!(@list $B, [atomic::modify::<$B, u8, atomic::Or, u32>, atomic::modify::<$B, u8, atomic::Or, u64>]) };
    ($B:ty, $shape:ident, AtomicOr16) => { row!(@list $B, [atomic::modify::<$B, u16, atomic::Or, u32>, atomic::modify::<$B, u16, atomic::Or, u64>]) };
    ($B:ty, $shape:ident, AtomicOr32) => { row!(@list $B, [atomic::modify::<$B, u32, atomic::Or, u32>, atomic::modify::<$B, u32, atomic::Or, u64>]) };
    ($B:ty, $shape:ident, AtomicOr64) => { row!(@list $B, [atomic::modify::<$B, u64, atomic::Or, u32>, atomic::modify::<$B, u64, atomic::Or, u64>]) };
    ($B:ty, $shape:ident, AtomicXor8) => { row!(@list $B, [atomic::modify::<$B, u8, atomic::Xor, u32>, atomic::modify::<$B, u8, atomic::Xor, u64>]) };
    ($B:ty, $shape:ident, AtomicXor16) => { row!(@list $B, [atomic::modify::<$B, u16, atomic::Xor, u32>, atomic::modify::<$B, u16, atomic::Xor, u64>]) };
    ($B:ty, $shape:ident, AtomicXor32) => { row!(@list $B, [atomic::modify::<$B, u32, atomic::Xor, u32>, atomic::modify::<$B, u32, atomic::Xor, u64>]) };
    ($B:ty, $shape:ident, AtomicXor64) => { row!(@list $B, [atomic::modify::<$B, u64, atomic::Xor, u32>, atomic::modify::<$B, u64, atomic::Xor, u64>]) };
    ($B:ty, $shape:ident, AtomicXchg8) => { row!(@list $B, [atomic::modify::<$B, u8, atomic::Xchg, u32>, atomic::modify::<$B, u8, atomic::Xchg, u64>]) };
    ($B:ty, $shape:ident, AtomicXchg16) => { row!(@list $B, [atomic::modify::<$B, u16, atomic::Xchg, u32>, atomic::modify::<$B, u16, atomic::Xchg, u64>]) };
    ($B:ty, $shape:ident, AtomicXchg32) => { row!(@list $B, [atomic::modify::<$B, u32, atomic::Xchg, u32>, atomic::modify::<$B, u32, atomic::Xchg, u64>]) };
    ($B:ty, $shape:ident, AtomicXchg64) => { row!(@list $B, [atomic::modify::<$B, u64, atomic::Xchg, u32>, atomic::modify::<$B, u64, atomic::Xchg, u64>]) };
    ($B:ty, $shape:ident, AtomicCmpxchg8) => { row!(@list $B, [atomic::compare_exchange::<$B, u8, u32>, atomic::compare_exchange::<$B, u8, u64>]) };
    ($B:ty, $shape:ident, AtomicCmpxchg16) => { row!(@list $B, [atomic::compare_exchange::<$B, u16, u32>, atomic::compare_exchange::<$B, u16, u64>]) };
    ($B:ty, $shape:ident, AtomicCmpxchg32) => { row!(@list $B, [atomic::compare_exchange::<$B, u32, u32>, atomic::compare_exchange::<$B, u32, u64>]) };
    ($B:ty, $shape:ident, AtomicCmpxchg64) => { row!(@list $B, [atomic::compare_exchange::<$B, u64, u32>, atomic::compare_exchange::<$B, u64, u64>]) };
    ($B:ty, $shape:ident, AtomicNotify) => { row!(@list $B, [atomic::notify::<$B, u32>, atomic::notify::<$B, u64>]) };
    // memory of 32- or 64-bit addresses, then the same for a value of 8 bytes
    ($B:ty, $shape:ident, AtomicWait) => {
        row!(@list $B, [
            atomic::wait::<$B, u32, u32>, atomic::wait::<$B, u32, u64>, atomic::wait::<$B, u64, u32>, atomic::wait::<$B, u64, u64>,
        ])
    };
    ($B:ty, $shape:ident, I64Add128) => { row!(@list $B, [numeric::add128::<$B, false>]) };
    ($B:ty, $shape:ident, I64Sub128) => { row!(@list $B, [numeric::add128::<$B, true>]) };
    ($B:ty, $shape:ident, I64MulWideS) => { row!(@list $B, [numeric::multiply_wide::<$B, true>]) };
    ($B:ty, $shape:ident, I64MulWideU) => { row!(@list $B, [numeric::multiply_wide::<$B, false>]) };
    ($B:ty, $shape:ident, CallRef) => { row!(@list $B, [calls::call_ref::<$B>]) };
    ($B:ty, $shape:ident, ReturnCallRef) => { row!(@list $B, [calls::return_call_ref::<$B>]) };
    ($B:ty, $shape:ident, RefAsNonNull) => { row!(@list $B, [control::ref_as_non_null::<$B>]) };
    // fuel, interruption, both
    ($B:ty, $shape:ident, Check) => {
        row!(@list $B, [control::check::<$B, true, false>, control::check::<$B, false, true>, control::check::<$B, true, true>])
    };
    ($B:ty, $shape:ident, ListenBefore) => { row!(@list $B, [listen::before::<$B>]) };
    ($B:ty, $shape:ident, ListenAfter) => { row!(@list $B, [listen::after::<$B>]) };
    ($B:ty, $shape:ident, Lazy) => { row!(@list $B, [calls::lazy::<$B>]) };
    ($B:ty, $shape:ident, Halt) => { row!(@list $B, [calls::halt::<$B>]) };
    ($B:ty, $shape:ident, LeaveInstance) => { row!(@list $B, [calls::leave_instance::<$B>]) };
    ($B:ty, $shape:ident, Illegal) => { row!(@list $B, [illegal::<$B>]) };
    (@vector $B:ty, $handlers:tt) => {{
        #[cfg(feature = "simd")]
        {
            row!(@list $B, $handlers)
        }
        #[cfg(not(feature = "simd"))]
        {
            &[]
        }
    }};
    (@list $B:ty, [$($handler:expr),* $(,)?]) => { &[$($handler as Handler<$B>),*] };
}

/// All handlers of a backend, by row and variant.
struct Table<B>(std::marker::PhantomData<B>);

macro_rules! define_table {
    ($($name:ident: $shape:ident $(($words:literal))?;)*) => {
        impl<B: Backend> Table<B> {
            const ROWS: &'static [&'static [Handler<B>]] = &[$(row!(B, $shape, $name),)*];
        }
    };
}
for_each_row!(define_table);

/// The handler of an instruction.
pub(super) fn of<B: Backend>(op: Op) -> Handler<B> {
    Table::<B>::ROWS[op.row_index()].get(op.variant() as usize).copied().unwrap_or(illegal::<B>)
}

/// Whether a row has that variant.
pub(crate) fn exists(op: Op) -> bool {
    let illegal = of::<super::backend::Loop>(Op::new(Row::Illegal, 0));
    op.row_index() < Row::ALL.len() && !std::ptr::fn_addr_eq(of::<super::backend::Loop>(op), illegal)
}
