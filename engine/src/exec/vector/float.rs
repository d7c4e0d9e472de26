//! Arithmetic, comparisons and rounding of float lanes.
//!
//! Rounding is written out: what the standard library has for it is a call a lane where the processor's instruction for it
//! (SSE 4.1) cannot be taken for granted. The functions of [`ops`](super::super::ops) do the same for scalars by
//! branches.

use super::{V, Vector1, Vector2, Vector3, binary, compare, map, unary, whole, zip};

compare! {
    F32x4Eq: f32x4 i32, ==; F32x4Ne: f32x4 i32, !=; F32x4Lt: f32x4 i32, <; F32x4Gt: f32x4 i32, >; F32x4Le: f32x4 i32, <=;
    F32x4Ge: f32x4 i32, >=;
    F64x2Eq: f64x2 i64, ==; F64x2Ne: f64x2 i64, !=; F64x2Lt: f64x2 i64, <; F64x2Gt: f64x2 i64, >; F64x2Le: f64x2 i64, <=;
    F64x2Ge: f64x2 i64, >=;
}

unary! {
    F32x4Abs: u32x4 |a| a & !(1 << 31); F32x4Neg: u32x4 |a| a ^ 1 << 31; F32x4Sqrt: f32x4 |a| a.sqrt();
    F32x4Ceil: f32x4 |a| single::ceil(a); F32x4Floor: f32x4 |a| single::floor(a);
    F32x4Trunc: f32x4 |a| single::trunc(a); F32x4Nearest: f32x4 |a| single::nearest(a);
    F64x2Abs: u64x2 |a| a & !(1 << 63); F64x2Neg: u64x2 |a| a ^ 1 << 63; F64x2Sqrt: f64x2 |a| a.sqrt();
    F64x2Ceil: f64x2 |a| double::ceil(a); F64x2Floor: f64x2 |a| double::floor(a);
    F64x2Trunc: f64x2 |a| double::trunc(a); F64x2Nearest: f64x2 |a| double::nearest(a);
}

binary! {
    F32x4Add: f32x4 |a, b| a + b; F32x4Sub: f32x4 |a, b| a - b; F32x4Mul: f32x4 |a, b| a * b; F32x4Div: f32x4 |a, b| a / b;
    F32x4Min: f32x4 |a, b| single::min(a, b); F32x4Max: f32x4 |a, b| single::max(a, b);
    F32x4RelaxedMin: f32x4 |a, b| single::min(a, b); F32x4RelaxedMax: f32x4 |a, b| single::max(a, b);
    F32x4PMin: f32x4 |a, b| if b < a { b } else { a }; F32x4PMax: f32x4 |a, b| if a < b { b } else { a };
    F64x2Add: f64x2 |a, b| a + b; F64x2Sub: f64x2 |a, b| a - b; F64x2Mul: f64x2 |a, b| a * b; F64x2Div: f64x2 |a, b| a / b;
    F64x2Min: f64x2 |a, b| double::min(a, b); F64x2Max: f64x2 |a, b| double::max(a, b);
    F64x2RelaxedMin: f64x2 |a, b| double::min(a, b); F64x2RelaxedMax: f64x2 |a, b| double::max(a, b);
    F64x2PMin: f64x2 |a, b| if b < a { b } else { a }; F64x2PMax: f64x2 |a, b| if a < b { b } else { a };
}

whole! {
    F32x4RelaxedMadd: Vector3(a: V, b: V, c: V) -> V = V::from(zip(zip(a.f32x4(), b.f32x4(), |a, b| a * b), c.f32x4(), |p, c| p + c));
    F32x4RelaxedNmadd: Vector3(a: V, b: V, c: V) -> V = V::from(zip(zip(a.f32x4(), b.f32x4(), |a, b| -(a * b)), c.f32x4(), |p, c| p + c));
    F64x2RelaxedMadd: Vector3(a: V, b: V, c: V) -> V = V::from(zip(zip(a.f64x2(), b.f64x2(), |a, b| a * b), c.f64x2(), |p, c| p + c));
    F64x2RelaxedNmadd: Vector3(a: V, b: V, c: V) -> V = V::from(zip(zip(a.f64x2(), b.f64x2(), |a, b| -(a * b)), c.f64x2(), |p, c| p + c));
}

/// What is computed from values that are all there, for one width of floats: where it is integral, and the bit that
/// makes a NaN a quiet one.
macro_rules! by_selection {
    ($module:ident: $float:ident $bits:ident, $integral:literal, $quiet:literal) => {
        mod $module {
            /// From here on, every number is an integer.
            const INTEGRAL: $float = $integral;

            /// A NaN becomes a quiet one.
            #[inline(always)]
            fn quiet(a: $float) -> $float {
                let quieted = $float::from_bits(a.to_bits() | 1 << $quiet);
                if a.is_nan() { quieted } else { a }
            }

            /// To the nearest integer, ties to even: adding what leaves no bit for fractions rounds.
            #[inline(always)]
            pub(super) fn nearest(a: $float) -> $float {
                let rounded = ((a.abs() + INTEGRAL) - INTEGRAL).copysign(a);
                let same = quiet(a);
                if a.abs() < INTEGRAL { rounded } else { same }
            }

            #[inline(always)]
            pub(super) fn floor(a: $float) -> $float {
                let near = nearest(a);
                let below = near - 1.0;
                if near > a { below } else { near }
            }

            #[inline(always)]
            pub(super) fn ceil(a: $float) -> $float {
                let near = nearest(a);
                let above = near + 1.0;
                let result = if near < a { above } else { near };
                // What is between −1 and 0 becomes −0.
                result.copysign(a)
            }

            #[inline(always)]
            pub(super) fn trunc(a: $float) -> $float {
                floor(a.abs()).copysign(a)
            }

            /// The smaller one; −0 is less than 0, and a NaN is the result.
            #[inline(always)]
            pub(super) fn min(a: $float, b: $float) -> $float {
                let (equal, nan) = ($float::from_bits(a.to_bits() | b.to_bits()), a + b);
                let least = if a < b { a } else { b };
                let least = if a == b { equal } else { least };
                if a.is_nan() | b.is_nan() { nan } else { least }
            }

            /// The larger one; 0 is more than −0, and a NaN is the result.
            #[inline(always)]
            pub(super) fn max(a: $float, b: $float) -> $float {
                let (equal, nan) = ($float::from_bits(a.to_bits() & b.to_bits()), a + b);
                let most = if a > b { a } else { b };
                let most = if a == b { equal } else { most };
                if a.is_nan() | b.is_nan() { nan } else { most }
            }
        }
    };
}

by_selection! { single: f32 u32, 8388608.0, 22 }
by_selection! { double: f64 u64, 4503599627370496.0, 51 }
