//! Vector instructions: operands and results in pairs of slots. Fields: 0 the result, 1 to 3 the operands or a lane's number.

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::operand::{Source, field, imm, word};
use super::super::vector::{self, Extract, Replace, Shift, Splat, Test, V, Vector1, Vector2, Vector3};
use super::memory::{Address, Term, Unaligned, check, check_wide, sum};
use super::{handler, trap};
use crate::trap::TrapCode;

/// The vector in the two slots of field `n`.
#[inline(always)]
unsafe fn get(ip: Ip, sp: Sp, n: usize) -> V {
    // SAFETY: S and C: both slots are inside the frame.
    V(u128::from_le(unsafe { (*sp.add(field(ip, n)).cast::<Unaligned<u128>>()).0 }))
}

/// Puts a vector into the two slots of field 0.
#[inline(always)]
unsafe fn put(value: V, ip: Ip, sp: Sp) {
    // SAFETY: as above.
    unsafe { (*sp.add(field(ip, 0)).cast::<Unaligned<u128>>()).0 = value.0.to_le() }
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
    /// `f2`: the lane.
    fn extract [O: Extract] (ip, sp, mem, len, cx, regs) {
        *sp.add(field(ip, 0)) = O::apply(get(ip, sp, 1), field(ip, 2));
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
        put(V(word(ip, 2) as u128 | (word(ip, 3) as u128) << 64), ip, sp);
        B::next(ip.add(4), sp, mem, len, cx, regs)
    }
}

handler! {
    /// Words 2 and 3: the lanes' numbers.
    fn shuffle [] (ip, sp, mem, len, cx, regs) {
        let lanes = V(word(ip, 2) as u128 | (word(ip, 3) as u128) << 64);
        put(vector::shuffle(get(ip, sp, 1), get(ip, sp, 2), lanes), ip, sp);
        B::next(ip.add(4), sp, mem, len, cx, regs)
    }
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
                // Out of the handler, as all that works on lanes.
                #[inline(never)]
                fn outlined($v: $raw) -> V { $result }
                outlined(<$raw>::from_le(raw))
            }
        }
    )*};
}

loads! {
    V128Load8x8S: u64 = |v| vector::I16x8ExtendLowI8x16S::apply(V(v as u128));
    V128Load8x8U: u64 = |v| vector::I16x8ExtendLowI8x16U::apply(V(v as u128));
    V128Load16x4S: u64 = |v| vector::I32x4ExtendLowI16x8S::apply(V(v as u128));
    V128Load16x4U: u64 = |v| vector::I32x4ExtendLowI16x8U::apply(V(v as u128));
    V128Load32x2S: u64 = |v| vector::I64x2ExtendLowI32x4S::apply(V(v as u128));
    V128Load32x2U: u64 = |v| vector::I64x2ExtendLowI32x4U::apply(V(v as u128));
    V128Load8Splat: u8 = |v| V::from([v; 16]);
    V128Load16Splat: u16 = |v| V::from([v; 8]);
    V128Load32Splat: u32 = |v| V::from([v; 4]);
    V128Load64Splat: u64 = |v| V::from([v; 2]);
}

/// Loads that need no lanes.
macro_rules! whole_loads {
    ($($name:ident: $raw:ty;)*) => {$(
        pub(super) struct $name;
        impl Load for $name {
            type Raw = $raw;
            #[inline(always)]
            fn load(raw: $raw) -> V {
                V(<$raw>::from_le(raw) as u128)
            }
        }
    )*};
}

whole_loads! { V128Load: u128; V128Load32Zero: u32; V128Load64Zero: u64; }

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
                (*at.cast::<Unaligned<u128>>()).0 = get(ip, sp, 0).0.to_le();
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
                (*at.cast::<Unaligned<u128>>()).0 = get(ip, sp, 0).0.to_le();
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
                (*at.cast::<Unaligned<u128>>()).0 = get(ip, sp, 0).0.to_le();
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

/// A lane in memory.
pub(super) trait Lane: Copy {
    fn replace(vector: V, lane: usize, raw: Self) -> V;
    fn extract(vector: V, lane: usize) -> Self;
}

macro_rules! memory_lanes {
    ($($ty:ty: $replace:ident $extract:ident;)*) => {$(
        impl Lane for $ty {
            #[inline(always)]
            fn replace(vector: V, lane: usize, raw: $ty) -> V {
                vector::$replace::apply(vector, lane, <$ty>::from_le(raw) as u64)
            }
            #[inline(always)]
            fn extract(vector: V, lane: usize) -> $ty {
                (vector::$extract::apply(vector, lane) as $ty).to_le()
            }
        }
    )*};
}

memory_lanes! {
    u8: I8x16ReplaceLane I8x16ExtractLaneU; u16: I16x8ReplaceLane I16x8ExtractLaneU;
    u32: I32x4ReplaceLane I32x4ExtractLane; u64: I64x2ReplaceLane I64x2ExtractLane;
}

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
                (*at.cast::<Unaligned<L>>()).0 = L::extract(get(ip, sp, 2), field(ip, 3));
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}
