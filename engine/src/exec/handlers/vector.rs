//! Vector instructions: operands and results in pairs of slots. Fields: 0 the result, 1 to 3 the operands or a lane's number.

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::operand::{Source, field, imm, word};
use super::super::vector::{self, Extract, Replace, Shift, Splat, Test, V, Vector1, Vector2, Vector3};
use super::memory::{Address, Term, Unaligned, check, check_wide, sum};
use super::{handler, trap};
use crate::trap::TrapCode;

/// The two slots of field `n`.
#[inline(always)]
unsafe fn slots(ip: Ip, sp: Sp, n: usize) -> *mut V {
    // SAFETY: S and C: both slots are inside the frame.
    unsafe { sp.add(field(ip, n)).cast::<V>() }
}

/// The vector in them.
#[inline(always)]
unsafe fn get(ip: Ip, sp: Sp, n: usize) -> V {
    // SAFETY: as above.
    unsafe { *slots(ip, sp, n) }
}

/// Puts a vector into the two slots of field 0.
#[inline(always)]
unsafe fn put(value: V, ip: Ip, sp: Sp) {
    // SAFETY: as above.
    unsafe { *slots(ip, sp, 0) = value }
}

handler! {
    fn unary [O: Vector1] (ip, sp, mem, len, cx, regs) {
        put(O::apply(get(ip, sp, 1)), ip, sp);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    fn binary [O: Vector2] (ip, sp, mem, len, cx, regs) {
        put(O::apply(get(ip, sp, 1), get(ip, sp, 2)), ip, sp);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    fn ternary [O: Vector3] (ip, sp, mem, len, cx, regs) {
        put(O::apply(get(ip, sp, 1), get(ip, sp, 2), get(ip, sp, 3)), ip, sp);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    fn shift [O: Shift] (ip, sp, mem, len, cx, regs) {
        put(O::apply(get(ip, sp, 1), *sp.add(field(ip, 2)) as u32), ip, sp);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    fn test [O: Test] (ip, sp, mem, len, cx, regs) {
        *sp.add(field(ip, 0)) = O::apply(get(ip, sp, 1)) as u64;
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    fn splat [O: Splat] (ip, sp, mem, len, cx, regs) {
        put(O::apply(*sp.add(field(ip, 1))), ip, sp);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// `f2`: the lane. The remainder keeps it in the vector, as validation has done before.
    fn extract [O: Extract] (ip, sp, mem, len, cx, regs) {
        let lane = field(ip, 2) % (16 / size_of::<O::Lane>());
        let lanes = sp.add(field(ip, 1)).cast::<Unaligned<O::Lane>>();
        *sp.add(field(ip, 0)) = O::apply((*lanes.add(lane)).0);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// `f2`: the scalar's slot, `f3`: the lane.
    fn replace [O: Replace] (ip, sp, mem, len, cx, regs) {
        put(O::apply(get(ip, sp, 1), field(ip, 3), *sp.add(field(ip, 2))), ip, sp);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// Words 2 and 3: the bits.
    fn constant [] (ip, sp, mem, len, cx, regs) {
        put(V::from([word(ip, 2), word(ip, 3)]), ip, sp);
        B::next(ip.add(4), sp, mem, len, cx, regs)
    }
}

handler! {
    /// Words 2 and 3: the lanes' numbers.
    fn shuffle [] (ip, sp, mem, len, cx, regs) {
        shuffle_slots(slots(ip, sp, 0), slots(ip, sp, 1), slots(ip, sp, 2), ip.add(2).cast());
        B::next(ip.add(4), sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn shuffle_slots(to: *mut V, a: *const V, b: *const V, lanes: *const V) {
    // SAFETY: S and C: slots of the frame, and words of the code.
    unsafe { *to = vector::shuffle(*a, *b, *lanes) }
}

handler! {
    fn swizzle [] (ip, sp, mem, len, cx, regs) {
        swizzle_slots(slots(ip, sp, 0), slots(ip, sp, 1), slots(ip, sp, 2));
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

#[inline(never)]
unsafe fn swizzle_slots(to: *mut V, a: *const V, lanes: *const V) {
    // SAFETY: as above.
    unsafe { *to = vector::swizzle(*a, *lanes) }
}

handler! {
    /// The vector of `f1` when the condition is not 0, else of `f2`.
    fn select [C: Source] (ip, sp, mem, len, cx, regs) {
        let condition: u32 = C::get(ip, sp, &regs);
        put(get(ip, sp, if condition != 0 { 1 } else { 2 }), ip, sp);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

/// A load of a vector from its bytes in memory.
pub(super) trait Load {
    type Raw: Copy;
    fn load(raw: Self::Raw) -> V;
}

macro_rules! loads {
    ($($name:ident: $raw:ty = |$v:ident| $result:expr;)*) => {$(
        pub(super) struct $name;
        impl Load for $name {
            type Raw = $raw;
            #[inline(always)]
            fn load(raw: $raw) -> V {
                let $v = <$raw>::from_le(raw);
                $result
            }
        }
    )*};
}

loads! {
    V128Load8x8S: u64 = |v| vector::I16x8ExtendLowI8x16S::apply(V::from([v, 0]));
    V128Load8x8U: u64 = |v| vector::I16x8ExtendLowI8x16U::apply(V::from([v, 0]));
    V128Load16x4S: u64 = |v| vector::I32x4ExtendLowI16x8S::apply(V::from([v, 0]));
    V128Load16x4U: u64 = |v| vector::I32x4ExtendLowI16x8U::apply(V::from([v, 0]));
    V128Load32x2S: u64 = |v| vector::I64x2ExtendLowI32x4S::apply(V::from([v, 0]));
    V128Load32x2U: u64 = |v| vector::I64x2ExtendLowI32x4U::apply(V::from([v, 0]));
    V128Load8Splat: u8 = |v| V::from([v; 16]);
    V128Load16Splat: u16 = |v| V::from([v; 8]);
    V128Load32Splat: u32 = |v| V::from([v; 4]);
    V128Load64Splat: u64 = |v| V::from([v; 2]);
    V128Load32Zero: u32 = |v| V::from([v, 0, 0, 0]);
    V128Load64Zero: u64 = |v| V::from([v, 0]);
}

pub(super) struct V128Load;
impl Load for V128Load {
    type Raw = V;
    #[inline(always)]
    fn load(raw: V) -> V {
        raw
    }
}

handler! {
    fn load [L: Load, A: Source] (ip, sp, mem, len, cx, regs) {
        match check(mem, len, A::get(ip, sp, &regs), imm(ip) as u32, size_of::<L::Raw>()) {
            Some(at) => {
                put(L::load((*at.cast::<Unaligned<L::Raw>>()).0), ip, sp);
                B::next(ip.add(2), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

handler! {
    fn load_wide [L: Load, A: Source, W: Address] (ip, sp, mem, len, cx, regs) {
        match check_wide(ip, cx, A::get::<W>(ip, sp, &regs), size_of::<L::Raw>()) {
            Some(at) => {
                put(L::load((*at.cast::<Unaligned<L::Raw>>()).0), ip, sp);
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

handler! {
    fn load_indexed [L: Load, X: Term, Y: Term] (ip, sp, mem, len, cx, regs) {
        let (addr, end) = sum::<X, Y>(ip, sp, &regs);
        match check(mem, len, addr, end, size_of::<L::Raw>()) {
            Some(at) => {
                put(L::load((*at.cast::<Unaligned<L::Raw>>()).0), ip, sp);
                B::next(ip.add(3), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

handler! {
    fn store_indexed [X: Term, Y: Term] (ip, sp, mem, len, cx, regs) {
        let (addr, end) = sum::<X, Y>(ip, sp, &regs);
        match check(mem, len, addr, end, 16) {
            Some(at) => {
                *at.cast::<V>() = get(ip, sp, 0);
                B::next(ip.add(3), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

handler! {
    /// `f0`: the vector.
    fn store [A: Source] (ip, sp, mem, len, cx, regs) {
        match check(mem, len, A::get(ip, sp, &regs), imm(ip) as u32, 16) {
            Some(at) => {
                *at.cast::<V>() = get(ip, sp, 0);
                B::next(ip.add(2), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

handler! {
    fn store_wide [A: Source, W: Address] (ip, sp, mem, len, cx, regs) {
        match check_wide(ip, cx, A::get::<W>(ip, sp, &regs), 16) {
            Some(at) => {
                *at.cast::<V>() = get(ip, sp, 0);
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

/// A lane in memory, where it is as in a vector.
pub(super) trait Lane: Copy {
    fn replace(vector: V, lane: usize, raw: Self) -> V;
}

macro_rules! memory_lanes {
    ($($ty:ty: $replace:ident;)*) => {$(
        impl Lane for $ty {
            #[inline(always)]
            fn replace(vector: V, lane: usize, raw: $ty) -> V {
                vector::$replace::apply(vector, lane, <$ty>::from_le(raw) as u64)
            }
        }
    )*};
}

memory_lanes! { u8: I8x16ReplaceLane; u16: I16x8ReplaceLane; u32: I32x4ReplaceLane; u64: I64x2ReplaceLane; }

handler! {
    /// `f1` address, `f2` vector, `f3` lane; words 2 and 3 as the wide form of loads.
    fn load_lane [L: Lane, W: Address] (ip, sp, mem, len, cx, regs) {
        match check_wide(ip, cx, W::from_slot(sp.add(field(ip, 1))), size_of::<L>()) {
            Some(at) => {
                put(L::replace(get(ip, sp, 2), field(ip, 3), (*at.cast::<Unaligned<L>>()).0), ip, sp);
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

handler! {
    /// As `load_lane`.
    fn store_lane [L: Lane, W: Address] (ip, sp, mem, len, cx, regs) {
        match check_wide(ip, cx, W::from_slot(sp.add(field(ip, 1))), size_of::<L>()) {
            Some(at) => {
                let lane = field(ip, 3) % (16 / size_of::<L>());
                *at.cast::<Unaligned<L>>() = *sp.add(field(ip, 2)).cast::<Unaligned<L>>().add(lane);
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}
