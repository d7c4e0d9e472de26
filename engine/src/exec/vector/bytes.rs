//! What sees a vector as bits and bytes: bitwise operations, bytes in another order, tests. And what goes between lanes and slots.

use super::{Extract, Replace, Splat, Test, V, Vector1, Vector2, Vector3, binary, map, native, unary, whole, zip};

unary! { V128Not: u64x2 |a| !a; }

binary! {
    V128And: u64x2 |a, b| a & b; V128AndNot: u64x2 |a, b| a & !b; V128Or: u64x2 |a, b| a | b; V128Xor: u64x2 |a, b| a ^ b;
}

whole! {
    V128Bitselect: Vector3(a: V, b: V, c: V) -> V = bitselect(a, b, c);
    I8x16RelaxedLaneselect: Vector3(a: V, b: V, c: V) -> V = bitselect(a, b, c);
    I16x8RelaxedLaneselect: Vector3(a: V, b: V, c: V) -> V = bitselect(a, b, c);
    I32x4RelaxedLaneselect: Vector3(a: V, b: V, c: V) -> V = bitselect(a, b, c);
    I64x2RelaxedLaneselect: Vector3(a: V, b: V, c: V) -> V = bitselect(a, b, c);
    V128AnyTrue: Test(a: V) -> u32 = { let [low, high] = a.u64x2(); (low | high != 0) as u32 };
    I8x16AllTrue: Test(a: V) -> u32 = !native::has_zero8(a) as u32;
    I16x8AllTrue: Test(a: V) -> u32 = !native::has_zero16(a) as u32;
    I32x4AllTrue: Test(a: V) -> u32 = !native::has_zero32(a) as u32;
    I64x2AllTrue: Test(a: V) -> u32 = { let [low, high] = a.u64x2(); ((low != 0) & (high != 0)) as u32 };
    I8x16Bitmask: Test(a: V) -> u32 = native::signs8(a);
    I16x8Bitmask: Test(a: V) -> u32 = native::signs16(a);
    I32x4Bitmask: Test(a: V) -> u32 = native::signs32(a);
    I64x2Bitmask: Test(a: V) -> u32 = { let [low, high] = a.u64x2(); (low >> 63 | high >> 63 << 1) as u32 };
    I8x16Splat: Splat(slot: u64) -> V = V::from([slot as u8; 16]);
    I16x8Splat: Splat(slot: u64) -> V = V::from([slot as u16; 8]);
    I32x4Splat: Splat(slot: u64) -> V = V::from([slot as u32; 4]);
    I64x2Splat: Splat(slot: u64) -> V = V::from([slot; 2]);
    F32x4Splat: Splat(slot: u64) -> V = V::from([slot as u32; 4]);
    F64x2Splat: Splat(slot: u64) -> V = V::from([slot; 2]);
    I8x16ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = native::replace8(a, lane as u8, slot as u8);
    I16x8ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = native::replace16(a, lane as u16, slot as u16);
    I32x4ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = native::replace32(a, lane as u32, slot as u32);
    I64x2ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = native::replace64(a, lane as u64, slot);
    F32x4ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = native::replace32(a, lane as u32, slot as u32);
    F64x2ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = native::replace64(a, lane as u64, slot);
}

macro_rules! extract {
    ($($name:ident: $lane:ty |$a:ident| $result:expr;)*) => {$(
        pub(crate) struct $name;
        impl Extract for $name {
            type Lane = $lane;
            #[inline(always)]
            fn apply(lane: $lane) -> u64 {
                let $a = <$lane>::from_le(lane);
                $result
            }
        }
    )*};
}

extract! {
    I8x16ExtractLaneS: i8 |a| a as u32 as u64; I8x16ExtractLaneU: u8 |a| a as u64;
    I16x8ExtractLaneS: i16 |a| a as u32 as u64; I16x8ExtractLaneU: u16 |a| a as u64;
    I32x4ExtractLane: u32 |a| a as u64; I64x2ExtractLane: u64 |a| a; F32x4ExtractLane: u32 |a| a as u64;
    F64x2ExtractLane: u64 |a| a;
}

#[inline(always)]
fn bitselect(a: V, b: V, c: V) -> V {
    let (chosen, others) = (zip(a.u64x2(), c.u64x2(), |a, c| a & c), zip(b.u64x2(), c.u64x2(), |b, c| b & !c));
    V::from(zip(chosen, others, |a, b| a | b))
}

/// The bytes of `a` and then `b` that `lanes` names. A handler has it done by a function of its own: it asks what the
/// processor can do.
#[inline(always)]
pub(crate) fn shuffle(a: V, b: V, lanes: V) -> V {
    native::shuffle(a, b, lanes)
}

/// The bytes of `a` that `lanes` names, 0 for those that there are not. As [`shuffle`].
#[inline(always)]
pub(crate) fn swizzle(a: V, lanes: V) -> V {
    native::swizzle(a, lanes)
}
