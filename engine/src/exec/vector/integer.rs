//! Arithmetic, comparisons and shifts of integer lanes.

use super::{Shift, V, Vector1, Vector2, Vector3, binary, compare, map, native, pairwise, part, unary, whole, zip};

compare! {
    I8x16Eq: i8x16 i8, ==; I8x16Ne: i8x16 i8, !=; I8x16LtS: i8x16 i8, <; I8x16LtU: u8x16 i8, <; I8x16GtS: i8x16 i8, >;
    I8x16GtU: u8x16 i8, >; I8x16LeS: i8x16 i8, <=; I8x16LeU: u8x16 i8, <=; I8x16GeS: i8x16 i8, >=; I8x16GeU: u8x16 i8, >=;
    I16x8Eq: i16x8 i16, ==; I16x8Ne: i16x8 i16, !=; I16x8LtS: i16x8 i16, <; I16x8LtU: u16x8 i16, <; I16x8GtS: i16x8 i16, >;
    I16x8GtU: u16x8 i16, >; I16x8LeS: i16x8 i16, <=; I16x8LeU: u16x8 i16, <=; I16x8GeS: i16x8 i16, >=; I16x8GeU: u16x8 i16, >=;
    I32x4Eq: i32x4 i32, ==; I32x4Ne: i32x4 i32, !=; I32x4LtS: i32x4 i32, <; I32x4LtU: u32x4 i32, <; I32x4GtS: i32x4 i32, >;
    I32x4GtU: u32x4 i32, >; I32x4LeS: i32x4 i32, <=; I32x4LeU: u32x4 i32, <=; I32x4GeS: i32x4 i32, >=; I32x4GeU: u32x4 i32, >=;
    I64x2Eq: i64x2 i64, ==; I64x2Ne: i64x2 i64, !=; I64x2LtS: i64x2 i64, <; I64x2GtS: i64x2 i64, >; I64x2LeS: i64x2 i64, <=;
    I64x2GeS: i64x2 i64, >=;
}

unary! {
    I8x16Abs: i8x16 |a| a.wrapping_abs(); I16x8Abs: i16x8 |a| a.wrapping_abs(); I32x4Abs: i32x4 |a| a.wrapping_abs();
    I64x2Abs: i64x2 |a| a.wrapping_abs();
    I8x16Neg: i8x16 |a| a.wrapping_neg(); I16x8Neg: i16x8 |a| a.wrapping_neg(); I32x4Neg: i32x4 |a| a.wrapping_neg();
    I64x2Neg: i64x2 |a| a.wrapping_neg();
    I8x16Popcnt: u8x16 |a| popcnt(a);
}

binary! {
    I8x16Add: i8x16 |a, b| a.wrapping_add(b); I16x8Add: i16x8 |a, b| a.wrapping_add(b);
    I32x4Add: i32x4 |a, b| a.wrapping_add(b); I64x2Add: i64x2 |a, b| a.wrapping_add(b);
    I8x16Sub: i8x16 |a, b| a.wrapping_sub(b); I16x8Sub: i16x8 |a, b| a.wrapping_sub(b);
    I32x4Sub: i32x4 |a, b| a.wrapping_sub(b); I64x2Sub: i64x2 |a, b| a.wrapping_sub(b);
    I16x8Mul: i16x8 |a, b| a.wrapping_mul(b); I32x4Mul: i32x4 |a, b| a.wrapping_mul(b); I64x2Mul: i64x2 |a, b| a.wrapping_mul(b);
    I8x16AddSatS: i8x16 |a, b| a.saturating_add(b); I8x16AddSatU: u8x16 |a, b| a.saturating_add(b);
    I16x8AddSatS: i16x8 |a, b| a.saturating_add(b); I16x8AddSatU: u16x8 |a, b| a.saturating_add(b);
    I8x16SubSatS: i8x16 |a, b| a.saturating_sub(b); I8x16SubSatU: u8x16 |a, b| a.saturating_sub(b);
    I16x8SubSatS: i16x8 |a, b| a.saturating_sub(b); I16x8SubSatU: u16x8 |a, b| a.saturating_sub(b);
    I8x16MinS: i8x16 |a, b| a.min(b); I8x16MinU: u8x16 |a, b| a.min(b); I8x16MaxS: i8x16 |a, b| a.max(b);
    I8x16MaxU: u8x16 |a, b| a.max(b);
    I16x8MinS: i16x8 |a, b| a.min(b); I16x8MinU: u16x8 |a, b| a.min(b); I16x8MaxS: i16x8 |a, b| a.max(b);
    I16x8MaxU: u16x8 |a, b| a.max(b);
    I32x4MinS: i32x4 |a, b| a.min(b); I32x4MinU: u32x4 |a, b| a.min(b); I32x4MaxS: i32x4 |a, b| a.max(b);
    I32x4MaxU: u32x4 |a, b| a.max(b);
    I8x16AvgrU: u8x16 |a, b| ((a as u16 + b as u16 + 1) >> 1) as u8; I16x8AvgrU: u16x8 |a, b| ((a as u32 + b as u32 + 1) >> 1) as u16;
    I16x8Q15MulrSatS: i16x8 |a, b| q15(a, b); I16x8RelaxedQ15mulrS: i16x8 |a, b| q15(a, b);
}

/// The bits that are set, summed up in pairs, fours and eights.
#[inline(always)]
fn popcnt(a: u8) -> u8 {
    let pairs = a - (a >> 1 & 0x55);
    let fours = (pairs & 0x33) + (pairs >> 2 & 0x33);
    (fours + (fours >> 4)) & 0x0f
}

#[inline(always)]
fn multiply16(a: V, b: V) -> V {
    V::from(zip(a.i16x8(), b.i16x8(), i16::wrapping_mul))
}

/// Q15 multiplication, rounded and saturated.
#[inline(always)]
fn q15(a: i16, b: i16) -> i16 {
    ((a as i32 * b as i32 + 0x4000) >> 15).min(i16::MAX as i32) as i16
}

/// Widens lanes of two vectors and multiplies.
macro_rules! extended_multiply {
    ($($name:ident: $from:ident $offset:literal $count:literal $to:ty;)*) => {$(
        pub(crate) struct $name;
        impl Vector2 for $name {
            #[inline(always)]
            fn apply(a: V, b: V) -> V {
                let (a, b) = (part::<_, _, $count>(a.$from(), $offset), part::<_, _, $count>(b.$from(), $offset));
                V::from(zip(a, b, |a, b| (a as $to).wrapping_mul(b as $to)))
            }
        }
    )*};
}

extended_multiply! {
    I32x4ExtMulLowI16x8S: i16x8 0 4 i32; I32x4ExtMulHighI16x8S: i16x8 4 4 i32;
    I32x4ExtMulLowI16x8U: u16x8 0 4 u32; I32x4ExtMulHighI16x8U: u16x8 4 4 u32;
    I64x2ExtMulLowI32x4S: i32x4 0 2 i64; I64x2ExtMulHighI32x4S: i32x4 2 2 i64;
    I64x2ExtMulLowI32x4U: u32x4 0 2 u64; I64x2ExtMulHighI32x4U: u32x4 2 2 u64;
}

whole! {
    I16x8ExtAddPairwiseI8x16S: Vector1(a: V) -> V = V::from(pairwise::<_, _, 16, 8>(a.i8x16(), |a, b| a as i16 + b as i16));
    I16x8ExtAddPairwiseI8x16U: Vector1(a: V) -> V = V::from(pairwise::<_, _, 16, 8>(a.u8x16(), |a, b| a as u16 + b as u16));
    I32x4ExtAddPairwiseI16x8S: Vector1(a: V) -> V = V::from(pairwise::<_, _, 8, 4>(a.i16x8(), |a, b| a as i32 + b as i32));
    I32x4ExtAddPairwiseI16x8U: Vector1(a: V) -> V = V::from(pairwise::<_, _, 8, 4>(a.u16x8(), |a, b| a as u32 + b as u32));
    I16x8ExtMulLowI8x16S: Vector2(a: V, b: V) -> V = multiply16(native::extend_low_s(a), native::extend_low_s(b));
    I16x8ExtMulHighI8x16S: Vector2(a: V, b: V) -> V = multiply16(native::extend_high_s(a), native::extend_high_s(b));
    I16x8ExtMulLowI8x16U: Vector2(a: V, b: V) -> V = multiply16(native::extend_low_u(a), native::extend_low_u(b));
    I16x8ExtMulHighI8x16U: Vector2(a: V, b: V) -> V = multiply16(native::extend_high_u(a), native::extend_high_u(b));
    I32x4DotI16x8S: Vector2(a: V, b: V) -> V = native::dot16(a, b);
    // The second factor has seven bits, so no sum overflows where the specification says anything about it.
    I16x8RelaxedDotI8x16I7x16S: Vector2(a: V, b: V) -> V = native::dot8(a, b);
    I32x4RelaxedDotI8x16I7x16AddS: Vector3(a: V, b: V, c: V) -> V = {
        let sums = native::dot16(native::dot8(a, b), V::from([1i16; 8]));
        V::from(zip(sums.i32x4(), c.i32x4(), i32::wrapping_add))
    };
    I8x16Shl: Shift(a: V, by: u32) -> V = V::from(map(a.u8x16(), |lane| lane.wrapping_shl(by)));
    I8x16ShrS: Shift(a: V, by: u32) -> V = V::from(map(a.i8x16(), |lane| lane.wrapping_shr(by)));
    I8x16ShrU: Shift(a: V, by: u32) -> V = V::from(map(a.u8x16(), |lane| lane.wrapping_shr(by)));
    I16x8Shl: Shift(a: V, by: u32) -> V = V::from(map(a.u16x8(), |lane| lane.wrapping_shl(by)));
    I16x8ShrS: Shift(a: V, by: u32) -> V = V::from(map(a.i16x8(), |lane| lane.wrapping_shr(by)));
    I16x8ShrU: Shift(a: V, by: u32) -> V = V::from(map(a.u16x8(), |lane| lane.wrapping_shr(by)));
    I32x4Shl: Shift(a: V, by: u32) -> V = V::from(map(a.u32x4(), |lane| lane.wrapping_shl(by)));
    I32x4ShrS: Shift(a: V, by: u32) -> V = V::from(map(a.i32x4(), |lane| lane.wrapping_shr(by)));
    I32x4ShrU: Shift(a: V, by: u32) -> V = V::from(map(a.u32x4(), |lane| lane.wrapping_shr(by)));
    I64x2Shl: Shift(a: V, by: u32) -> V = V::from(map(a.u64x2(), |lane| lane.wrapping_shl(by)));
    I64x2ShrS: Shift(a: V, by: u32) -> V = V::from(map(a.i64x2(), |lane| lane.wrapping_shr(by)));
    I64x2ShrU: Shift(a: V, by: u32) -> V = V::from(map(a.u64x2(), |lane| lane.wrapping_shr(by)));
}
