//! What the vector instructions compute, one marker type a row: safe code over arrays of lanes, much of which the compiler
//! turns into the processor's own vector instructions. There is no second, hand-written form.
//!
//! Operations on lanes are functions of their own (`outlined`): arrays of lanes are locals with an address, and inside a
//! handler they would keep the compiler from turning the handler's last call into a jump.
//!
//! Source: WebAssembly core specification, "Vector Operations". Relaxed instructions do what the specification's
//! deterministic profile does where it leaves a choice: the strict instruction of the same name, multiplication and
//! addition rounded one after the other, bitwise selection, signed factors in dot products.

use super::ops::{self, Binary};

/// A vector: 128 bits, lane 0 in the low ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct V(pub u128);

macro_rules! lanes {
    ($($name:ident: $ty:ty, $count:literal;)*) => {$(
        impl V {
            #[inline(always)]
            pub(crate) fn $name(self) -> [$ty; $count] {
                const SIZE: usize = size_of::<$ty>();
                let bytes = self.0.to_le_bytes();
                std::array::from_fn(|i| {
                    let mut lane = [0; SIZE];
                    lane.copy_from_slice(&bytes[i * SIZE..(i + 1) * SIZE]);
                    <$ty>::from_le_bytes(lane)
                })
            }
        }

        impl From<[$ty; $count]> for V {
            #[inline(always)]
            fn from(lanes: [$ty; $count]) -> V {
                const SIZE: usize = size_of::<$ty>();
                let mut bytes = [0; 16];
                for (i, lane) in lanes.iter().enumerate() {
                    bytes[i * SIZE..(i + 1) * SIZE].copy_from_slice(&lane.to_le_bytes());
                }
                V(u128::from_le_bytes(bytes))
            }
        }
    )*};
}

lanes! {
    i8x16: i8, 16; u8x16: u8, 16; i16x8: i16, 8; u16x8: u16, 8; i32x4: i32, 4; u32x4: u32, 4; i64x2: i64, 2; u64x2: u64, 2;
    f32x4: f32, 4; f64x2: f64, 2;
}

/// One vector to a vector.
pub(crate) trait Vector1 {
    fn apply(a: V) -> V;
}

/// Two vectors to a vector.
pub(crate) trait Vector2 {
    fn apply(a: V, b: V) -> V;
}

/// Three vectors to a vector.
pub(crate) trait Vector3 {
    fn apply(a: V, b: V, c: V) -> V;
}

/// A vector, shifted by a number of bits that is taken modulo the lanes' width.
pub(crate) trait Shift {
    fn apply(a: V, by: u32) -> V;
}

/// A vector to a 32-bit integer.
pub(crate) trait Test {
    fn apply(a: V) -> u32;
}

/// A slot's scalar to a vector.
pub(crate) trait Splat {
    fn apply(slot: u64) -> V;
}

/// A lane to a slot.
pub(crate) trait Extract {
    fn apply(a: V, lane: usize) -> u64;
}

/// A slot into a lane.
pub(crate) trait Replace {
    fn apply(a: V, lane: usize, slot: u64) -> V;
}

#[inline(always)]
fn map<T: Copy, U, const N: usize>(a: [T; N], f: impl Fn(T) -> U) -> [U; N] {
    std::array::from_fn(|i| f(a[i]))
}

#[inline(always)]
fn zip<T: Copy, U, const N: usize>(a: [T; N], b: [T; N], f: impl Fn(T, T) -> U) -> [U; N] {
    std::array::from_fn(|i| f(a[i], b[i]))
}

/// `OFFSET..OFFSET + N` of the lanes.
#[inline(always)]
fn part<T: Copy, const M: usize, const N: usize>(a: [T; M], offset: usize) -> [T; N] {
    std::array::from_fn(|i| a[offset + i])
}

macro_rules! unary {
    ($($name:ident: $lanes:ident |$a:ident| $result:expr;)*) => {$(
        pub(crate) struct $name;
        impl Vector1 for $name {
            #[inline(always)]
            fn apply(a: V) -> V {
                #[inline(never)]
                fn outlined(a: V) -> V { V::from(map(a.$lanes(), |$a| $result)) }
                outlined(a)
            }
        }
    )*};
}

macro_rules! binary {
    ($($name:ident: $lanes:ident |$a:ident, $b:ident| $result:expr;)*) => {$(
        pub(crate) struct $name;
        impl Vector2 for $name {
            #[inline(always)]
            fn apply(a: V, b: V) -> V {
                #[inline(never)]
                fn outlined(a: V, b: V) -> V { V::from(zip(a.$lanes(), b.$lanes(), |$a, $b| $result)) }
                outlined(a, b)
            }
        }
    )*};
}

/// Operations whose result is not lane by lane.
macro_rules! whole {
    ($($name:ident: $kind:ident ($($a:ident: $ty:ty),*) -> $out:ty = $result:expr;)*) => {$(
        pub(crate) struct $name;
        impl $kind for $name {
            #[inline(always)]
            fn apply($($a: $ty),*) -> $out {
                #[inline(never)]
                fn outlined($($a: $ty),*) -> $out { $result }
                outlined($($a),*)
            }
        }
    )*};
}

/// Comparisons: all ones where they hold.
macro_rules! compare {
    ($($name:ident: $lanes:ident $mask:ty, $op:tt;)*) => {$(
        pub(crate) struct $name;
        impl Vector2 for $name {
            #[inline(always)]
            fn apply(a: V, b: V) -> V {
                #[inline(never)]
                fn outlined(a: V, b: V) -> V {
                    V::from(zip(a.$lanes(), b.$lanes(), |a, b| if a $op b { -1 as $mask } else { 0 }))
                }
                outlined(a, b)
            }
        }
    )*};
}

compare! {
    I8x16Eq: i8x16 i8, ==; I8x16Ne: i8x16 i8, !=; I8x16LtS: i8x16 i8, <; I8x16LtU: u8x16 i8, <; I8x16GtS: i8x16 i8, >;
    I8x16GtU: u8x16 i8, >; I8x16LeS: i8x16 i8, <=; I8x16LeU: u8x16 i8, <=; I8x16GeS: i8x16 i8, >=; I8x16GeU: u8x16 i8, >=;
    I16x8Eq: i16x8 i16, ==; I16x8Ne: i16x8 i16, !=; I16x8LtS: i16x8 i16, <; I16x8LtU: u16x8 i16, <; I16x8GtS: i16x8 i16, >;
    I16x8GtU: u16x8 i16, >; I16x8LeS: i16x8 i16, <=; I16x8LeU: u16x8 i16, <=; I16x8GeS: i16x8 i16, >=; I16x8GeU: u16x8 i16, >=;
    I32x4Eq: i32x4 i32, ==; I32x4Ne: i32x4 i32, !=; I32x4LtS: i32x4 i32, <; I32x4LtU: u32x4 i32, <; I32x4GtS: i32x4 i32, >;
    I32x4GtU: u32x4 i32, >; I32x4LeS: i32x4 i32, <=; I32x4LeU: u32x4 i32, <=; I32x4GeS: i32x4 i32, >=; I32x4GeU: u32x4 i32, >=;
    I64x2Eq: i64x2 i64, ==; I64x2Ne: i64x2 i64, !=; I64x2LtS: i64x2 i64, <; I64x2GtS: i64x2 i64, >; I64x2LeS: i64x2 i64, <=;
    I64x2GeS: i64x2 i64, >=;
    F32x4Eq: f32x4 i32, ==; F32x4Ne: f32x4 i32, !=; F32x4Lt: f32x4 i32, <; F32x4Gt: f32x4 i32, >; F32x4Le: f32x4 i32, <=;
    F32x4Ge: f32x4 i32, >=;
    F64x2Eq: f64x2 i64, ==; F64x2Ne: f64x2 i64, !=; F64x2Lt: f64x2 i64, <; F64x2Gt: f64x2 i64, >; F64x2Le: f64x2 i64, <=;
    F64x2Ge: f64x2 i64, >=;
}

unary! {
    I8x16Abs: i8x16 |a| a.wrapping_abs(); I16x8Abs: i16x8 |a| a.wrapping_abs(); I32x4Abs: i32x4 |a| a.wrapping_abs();
    I64x2Abs: i64x2 |a| a.wrapping_abs();
    I8x16Neg: i8x16 |a| a.wrapping_neg(); I16x8Neg: i16x8 |a| a.wrapping_neg(); I32x4Neg: i32x4 |a| a.wrapping_neg();
    I64x2Neg: i64x2 |a| a.wrapping_neg();
    I8x16Popcnt: u8x16 |a| a.count_ones() as u8;
    F32x4Abs: f32x4 |a| a.abs(); F32x4Neg: f32x4 |a| -a; F32x4Sqrt: f32x4 |a| a.sqrt();
    F32x4Ceil: f32x4 |a| ops::quiet32(a.ceil()); F32x4Floor: f32x4 |a| ops::quiet32(a.floor());
    F32x4Trunc: f32x4 |a| ops::quiet32(a.trunc()); F32x4Nearest: f32x4 |a| ops::quiet32(a.round_ties_even());
    F64x2Abs: f64x2 |a| a.abs(); F64x2Neg: f64x2 |a| -a; F64x2Sqrt: f64x2 |a| a.sqrt();
    F64x2Ceil: f64x2 |a| ops::quiet64(a.ceil()); F64x2Floor: f64x2 |a| ops::quiet64(a.floor());
    F64x2Trunc: f64x2 |a| ops::quiet64(a.trunc()); F64x2Nearest: f64x2 |a| ops::quiet64(a.round_ties_even());
    I32x4TruncSatF32x4S: f32x4 |a| a as i32; I32x4TruncSatF32x4U: f32x4 |a| a as u32;
    F32x4ConvertI32x4S: i32x4 |a| a as f32; F32x4ConvertI32x4U: u32x4 |a| a as f32;
    I32x4RelaxedTruncF32x4S: f32x4 |a| a as i32; I32x4RelaxedTruncF32x4U: f32x4 |a| a as u32;
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
    I8x16AvgrU: u8x16 |a, b| (a as u16 + b as u16).div_ceil(2) as u8; I16x8AvgrU: u16x8 |a, b| (a as u32 + b as u32).div_ceil(2) as u16;
    I16x8Q15MulrSatS: i16x8 |a, b| q15(a, b); I16x8RelaxedQ15mulrS: i16x8 |a, b| q15(a, b);
    F32x4Add: f32x4 |a, b| a + b; F32x4Sub: f32x4 |a, b| a - b; F32x4Mul: f32x4 |a, b| a * b; F32x4Div: f32x4 |a, b| a / b;
    F32x4Min: f32x4 |a, b| infallible(ops::F32Min::apply(a, b)); F32x4Max: f32x4 |a, b| infallible(ops::F32Max::apply(a, b));
    F32x4RelaxedMin: f32x4 |a, b| infallible(ops::F32Min::apply(a, b)); F32x4RelaxedMax: f32x4 |a, b| infallible(ops::F32Max::apply(a, b));
    F32x4PMin: f32x4 |a, b| if b < a { b } else { a }; F32x4PMax: f32x4 |a, b| if a < b { b } else { a };
    F64x2Add: f64x2 |a, b| a + b; F64x2Sub: f64x2 |a, b| a - b; F64x2Mul: f64x2 |a, b| a * b; F64x2Div: f64x2 |a, b| a / b;
    F64x2Min: f64x2 |a, b| infallible(ops::F64Min::apply(a, b)); F64x2Max: f64x2 |a, b| infallible(ops::F64Max::apply(a, b));
    F64x2RelaxedMin: f64x2 |a, b| infallible(ops::F64Min::apply(a, b)); F64x2RelaxedMax: f64x2 |a, b| infallible(ops::F64Max::apply(a, b));
    F64x2PMin: f64x2 |a, b| if b < a { b } else { a }; F64x2PMax: f64x2 |a, b| if a < b { b } else { a };
}

/// The result of an operation that does not trap.
#[inline(always)]
fn infallible<T: Default>(result: Result<T, crate::trap::TrapCode>) -> T {
    result.unwrap_or_default()
}

/// Q15 multiplication, rounded and saturated.
#[inline(always)]
fn q15(a: i16, b: i16) -> i16 {
    ((a as i32 * b as i32 + 0x4000) >> 15).min(i16::MAX as i32) as i16
}

/// Widens lanes.
macro_rules! extend {
    ($($name:ident: $from:ident $offset:literal $count:literal $to:ty;)*) => {$(
        pub(crate) struct $name;
        impl Vector1 for $name {
            #[inline(always)]
            fn apply(a: V) -> V {
                #[inline(never)]
                fn outlined(a: V) -> V { V::from(map(part::<_, _, $count>(a.$from(), $offset), |a| a as $to)) }
                outlined(a)
            }
        }
    )*};
}

extend! {
    I16x8ExtendLowI8x16S: i8x16 0 8 i16; I16x8ExtendHighI8x16S: i8x16 8 8 i16;
    I16x8ExtendLowI8x16U: u8x16 0 8 u16; I16x8ExtendHighI8x16U: u8x16 8 8 u16;
    I32x4ExtendLowI16x8S: i16x8 0 4 i32; I32x4ExtendHighI16x8S: i16x8 4 4 i32;
    I32x4ExtendLowI16x8U: u16x8 0 4 u32; I32x4ExtendHighI16x8U: u16x8 4 4 u32;
    I64x2ExtendLowI32x4S: i32x4 0 2 i64; I64x2ExtendHighI32x4S: i32x4 2 2 i64;
    I64x2ExtendLowI32x4U: u32x4 0 2 u64; I64x2ExtendHighI32x4U: u32x4 2 2 u64;
    F64x2ConvertLowI32x4S: i32x4 0 2 f64; F64x2ConvertLowI32x4U: u32x4 0 2 f64;
    F64x2PromoteLowF32x4: f32x4 0 2 f64;
}

/// Widens lanes of two vectors and multiplies.
macro_rules! extended_multiply {
    ($($name:ident: $from:ident $offset:literal $count:literal $to:ty;)*) => {$(
        pub(crate) struct $name;
        impl Vector2 for $name {
            #[inline(always)]
            fn apply(a: V, b: V) -> V {
                #[inline(never)]
                fn outlined(a: V, b: V) -> V {
                    let (a, b) = (part::<_, _, $count>(a.$from(), $offset), part::<_, _, $count>(b.$from(), $offset));
                    V::from(zip(a, b, |a, b| (a as $to).wrapping_mul(b as $to)))
                }
                outlined(a, b)
            }
        }
    )*};
}

extended_multiply! {
    I16x8ExtMulLowI8x16S: i8x16 0 8 i16; I16x8ExtMulHighI8x16S: i8x16 8 8 i16;
    I16x8ExtMulLowI8x16U: u8x16 0 8 u16; I16x8ExtMulHighI8x16U: u8x16 8 8 u16;
    I32x4ExtMulLowI16x8S: i16x8 0 4 i32; I32x4ExtMulHighI16x8S: i16x8 4 4 i32;
    I32x4ExtMulLowI16x8U: u16x8 0 4 u32; I32x4ExtMulHighI16x8U: u16x8 4 4 u32;
    I64x2ExtMulLowI32x4S: i32x4 0 2 i64; I64x2ExtMulHighI32x4S: i32x4 2 2 i64;
    I64x2ExtMulLowI32x4U: u32x4 0 2 u64; I64x2ExtMulHighI32x4U: u32x4 2 2 u64;
}

/// Sums of neighbouring lanes, `|a, b|` being widened by the expression.
macro_rules! pairwise {
    ($($name:ident: $from:ident $to:ty, $count:literal;)*) => {$(
        pub(crate) struct $name;
        impl Vector1 for $name {
            #[inline(always)]
            fn apply(a: V) -> V {
                #[inline(never)]
                fn outlined(a: V) -> V {
                    let a = a.$from();
                    let sums: [$to; $count] = std::array::from_fn(|i| a[2 * i] as $to + a[2 * i + 1] as $to);
                    V::from(sums)
                }
                outlined(a)
            }
        }
    )*};
}

pairwise! {
    I16x8ExtAddPairwiseI8x16S: i8x16 i16, 8; I16x8ExtAddPairwiseI8x16U: u8x16 u16, 8;
    I32x4ExtAddPairwiseI16x8S: i16x8 i32, 4; I32x4ExtAddPairwiseI16x8U: u16x8 u32, 4;
}

/// Narrows two vectors into one, saturating.
macro_rules! narrow {
    ($($name:ident: $from:ident $to:ty, $half:literal $count:literal;)*) => {$(
        pub(crate) struct $name;
        impl Vector2 for $name {
            #[inline(always)]
            fn apply(a: V, b: V) -> V {
                #[inline(never)]
                fn outlined(a: V, b: V) -> V {
                    let (a, b) = (a.$from(), b.$from());
                    let lanes: [$to; $count] = std::array::from_fn(|i| {
                        let lane = if i < $half { a[i] } else { b[i - $half] };
                        lane.clamp(<$to>::MIN as _, <$to>::MAX as _) as $to
                    });
                    V::from(lanes)
                }
                outlined(a, b)
            }
        }
    )*};
}

narrow! {
    I8x16NarrowI16x8S: i16x8 i8, 8 16; I8x16NarrowI16x8U: i16x8 u8, 8 16;
    I16x8NarrowI32x4S: i32x4 i16, 4 8; I16x8NarrowI32x4U: i32x4 u16, 4 8;
}

/// Bitwise operations, which need no lanes and stay in their handlers.
macro_rules! bitwise {
    ($($name:ident: $kind:ident ($($a:ident: $ty:ty),*) -> $out:ty = $result:expr;)*) => {$(
        pub(crate) struct $name;
        impl $kind for $name {
            #[inline(always)]
            fn apply($($a: $ty),*) -> $out { $result }
        }
    )*};
}

bitwise! {
    V128Not: Vector1(a: V) -> V = V(!a.0);
    V128And: Vector2(a: V, b: V) -> V = V(a.0 & b.0);
    V128AndNot: Vector2(a: V, b: V) -> V = V(a.0 & !b.0);
    V128Or: Vector2(a: V, b: V) -> V = V(a.0 | b.0);
    V128Xor: Vector2(a: V, b: V) -> V = V(a.0 ^ b.0);
    V128Bitselect: Vector3(a: V, b: V, c: V) -> V = bitselect(a, b, c);
    I8x16RelaxedLaneselect: Vector3(a: V, b: V, c: V) -> V = bitselect(a, b, c);
    I16x8RelaxedLaneselect: Vector3(a: V, b: V, c: V) -> V = bitselect(a, b, c);
    I32x4RelaxedLaneselect: Vector3(a: V, b: V, c: V) -> V = bitselect(a, b, c);
    I64x2RelaxedLaneselect: Vector3(a: V, b: V, c: V) -> V = bitselect(a, b, c);
    V128AnyTrue: Test(a: V) -> u32 = (a.0 != 0) as u32;
}

whole! {
    F32x4RelaxedMadd: Vector3(a: V, b: V, c: V) -> V = V::from(zip(zip(a.f32x4(), b.f32x4(), |a, b| a * b), c.f32x4(), |p, c| p + c));
    F32x4RelaxedNmadd: Vector3(a: V, b: V, c: V) -> V = V::from(zip(zip(a.f32x4(), b.f32x4(), |a, b| -(a * b)), c.f32x4(), |p, c| p + c));
    F64x2RelaxedMadd: Vector3(a: V, b: V, c: V) -> V = V::from(zip(zip(a.f64x2(), b.f64x2(), |a, b| a * b), c.f64x2(), |p, c| p + c));
    F64x2RelaxedNmadd: Vector3(a: V, b: V, c: V) -> V = V::from(zip(zip(a.f64x2(), b.f64x2(), |a, b| -(a * b)), c.f64x2(), |p, c| p + c));
    I32x4RelaxedDotI8x16I7x16AddS: Vector3(a: V, b: V, c: V) -> V = {
        let dots = dot8(a, b);
        let sums: [i32; 4] = std::array::from_fn(|i| dots[2 * i] as i32 + dots[2 * i + 1] as i32);
        V::from(zip(sums, c.i32x4(), i32::wrapping_add))
    };
    I16x8RelaxedDotI8x16I7x16S: Vector2(a: V, b: V) -> V = V::from(dot8(a, b));
    I32x4DotI16x8S: Vector2(a: V, b: V) -> V = {
        let (a, b) = (a.i16x8(), b.i16x8());
        let product = |i: usize| a[i] as i32 * b[i] as i32;
        let dots: [i32; 4] = std::array::from_fn(|i| product(2 * i).wrapping_add(product(2 * i + 1)));
        V::from(dots)
    };
    I8x16Swizzle: Vector2(a: V, b: V) -> V = swizzle(a, b);
    I8x16RelaxedSwizzle: Vector2(a: V, b: V) -> V = swizzle(a, b);
    I32x4TruncSatF64x2SZero: Vector1(a: V) -> V = { let [x, y] = a.f64x2(); V::from([x as i32, y as i32, 0, 0]) };
    I32x4TruncSatF64x2UZero: Vector1(a: V) -> V = { let [x, y] = a.f64x2(); V::from([x as u32, y as u32, 0, 0]) };
    I32x4RelaxedTruncF64x2SZero: Vector1(a: V) -> V = { let [x, y] = a.f64x2(); V::from([x as i32, y as i32, 0, 0]) };
    I32x4RelaxedTruncF64x2UZero: Vector1(a: V) -> V = { let [x, y] = a.f64x2(); V::from([x as u32, y as u32, 0, 0]) };
    F32x4DemoteF64x2Zero: Vector1(a: V) -> V = { let [x, y] = a.f64x2(); V::from([x as f32, y as f32, 0.0, 0.0]) };
    I8x16AllTrue: Test(a: V) -> u32 = a.u8x16().iter().all(|&lane| lane != 0) as u32;
    I16x8AllTrue: Test(a: V) -> u32 = a.u16x8().iter().all(|&lane| lane != 0) as u32;
    I32x4AllTrue: Test(a: V) -> u32 = a.u32x4().iter().all(|&lane| lane != 0) as u32;
    I64x2AllTrue: Test(a: V) -> u32 = a.u64x2().iter().all(|&lane| lane != 0) as u32;
    I8x16Bitmask: Test(a: V) -> u32 = bits(map(a.i8x16(), |lane| lane < 0));
    I16x8Bitmask: Test(a: V) -> u32 = bits(map(a.i16x8(), |lane| lane < 0));
    I32x4Bitmask: Test(a: V) -> u32 = bits(map(a.i32x4(), |lane| lane < 0));
    I64x2Bitmask: Test(a: V) -> u32 = bits(map(a.i64x2(), |lane| lane < 0));
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
    I8x16Splat: Splat(slot: u64) -> V = V::from([slot as u8; 16]);
    I16x8Splat: Splat(slot: u64) -> V = V::from([slot as u16; 8]);
    I32x4Splat: Splat(slot: u64) -> V = V::from([slot as u32; 4]);
    I64x2Splat: Splat(slot: u64) -> V = V::from([slot; 2]);
    F32x4Splat: Splat(slot: u64) -> V = V::from([slot as u32; 4]);
    F64x2Splat: Splat(slot: u64) -> V = V::from([slot; 2]);
    // A lane's number is below the count of lanes (validated); the remainder says so to the compiler.
    I8x16ExtractLaneS: Extract(a: V, lane: usize) -> u64 = a.i8x16()[lane % 16] as u32 as u64;
    I8x16ExtractLaneU: Extract(a: V, lane: usize) -> u64 = a.u8x16()[lane % 16] as u64;
    I16x8ExtractLaneS: Extract(a: V, lane: usize) -> u64 = a.i16x8()[lane % 8] as u32 as u64;
    I16x8ExtractLaneU: Extract(a: V, lane: usize) -> u64 = a.u16x8()[lane % 8] as u64;
    I32x4ExtractLane: Extract(a: V, lane: usize) -> u64 = a.u32x4()[lane % 4] as u64;
    I64x2ExtractLane: Extract(a: V, lane: usize) -> u64 = a.u64x2()[lane % 2];
    F32x4ExtractLane: Extract(a: V, lane: usize) -> u64 = a.u32x4()[lane % 4] as u64;
    F64x2ExtractLane: Extract(a: V, lane: usize) -> u64 = a.u64x2()[lane % 2];
    I8x16ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = { let mut lanes = a.u8x16(); lanes[lane % 16] = slot as u8; V::from(lanes) };
    I16x8ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = { let mut lanes = a.u16x8(); lanes[lane % 8] = slot as u16; V::from(lanes) };
    I32x4ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = { let mut lanes = a.u32x4(); lanes[lane % 4] = slot as u32; V::from(lanes) };
    I64x2ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = { let mut lanes = a.u64x2(); lanes[lane % 2] = slot; V::from(lanes) };
    F32x4ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = { let mut lanes = a.u32x4(); lanes[lane % 4] = slot as u32; V::from(lanes) };
    F64x2ReplaceLane: Replace(a: V, lane: usize, slot: u64) -> V = { let mut lanes = a.u64x2(); lanes[lane % 2] = slot; V::from(lanes) };
}

#[inline(always)]
fn bitselect(a: V, b: V, c: V) -> V {
    V(a.0 & c.0 | b.0 & !c.0)
}

#[inline(always)]
fn swizzle(a: V, b: V) -> V {
    let a = a.u8x16();
    V::from(map(b.u8x16(), |index| if index < 16 { a[index as usize % 16] } else { 0 }))
}

/// The lanes of `a` and then `b` that `lanes` names.
#[inline(never)]
pub(crate) fn shuffle(a: V, b: V, lanes: V) -> V {
    let (a, b) = (a.u8x16(), b.u8x16());
    V::from(map(lanes.u8x16(), |index| if index < 16 { a[index as usize % 16] } else { b[index as usize % 16] }))
}

/// Sums of neighbouring products of signed bytes. The second factor has seven bits, so no sum overflows where the
/// specification says anything about it.
#[inline(always)]
fn dot8(a: V, b: V) -> [i16; 8] {
    let (a, b) = (a.i8x16(), b.i8x16());
    let product = |i: usize| a[i] as i16 * b[i] as i16;
    std::array::from_fn(|i| product(2 * i).wrapping_add(product(2 * i + 1)))
}

#[inline(always)]
fn bits<const N: usize>(lanes: [bool; N]) -> u32 {
    lanes.iter().enumerate().map(|(i, &lane)| (lane as u32) << i).sum()
}
