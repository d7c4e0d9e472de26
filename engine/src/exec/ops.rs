//! What the numeric instructions compute, one marker type a row: safe code, no state.
//!
//! Source: WebAssembly core specification, "Numerics".

// `!(a < b)` is not `a >= b` when an operand is NaN, and that is the point.
#![allow(clippy::neg_cmp_op_on_partial_ord)]

use super::operand::Value;
use crate::trap::TrapCode;

/// Two operands of one type, one result.
pub(crate) trait Binary {
    type In: Value;
    type Out: Value;
    fn apply(a: Self::In, b: Self::In) -> Result<Self::Out, TrapCode>;
}

/// One operand, one result.
pub(crate) trait Unary {
    type In: Value;
    type Out: Value;
    fn apply(a: Self::In) -> Result<Self::Out, TrapCode>;
}

/// A test of two operands of one type.
pub(crate) trait Compare {
    type In: Value;
    fn test(a: Self::In, b: Self::In) -> bool;
}

macro_rules! binary {
    ($($name:ident: $ty:ty = |$a:ident, $b:ident| $result:expr;)*) => {$(
        pub(crate) struct $name;
        impl Binary for $name {
            type In = $ty;
            type Out = $ty;
            #[inline(always)]
            fn apply($a: $ty, $b: $ty) -> Result<$ty, TrapCode> { $result }
        }
    )*};
}

macro_rules! unary {
    ($($name:ident: $in:ty => $out:ty = |$a:ident| $result:expr;)*) => {$(
        pub(crate) struct $name;
        impl Unary for $name {
            type In = $in;
            type Out = $out;
            #[inline(always)]
            fn apply($a: $in) -> Result<$out, TrapCode> { $result }
        }
    )*};
}

/// Each comparison twice: as a value (`name`) and as a branch (`branch`).
macro_rules! compare {
    ($($name:ident $branch:ident: $ty:ty = |$a:ident, $b:ident| $result:expr;)*) => {$(
        pub(crate) struct $name;
        impl Binary for $name {
            type In = $ty;
            type Out = u32;
            #[inline(always)]
            fn apply($a: $ty, $b: $ty) -> Result<u32, TrapCode> { Ok(($result) as u32) }
        }
        branch! { $branch: $ty = |$a, $b| $result; }
    )*};
}

macro_rules! branch {
    ($($branch:ident: $ty:ty = |$a:ident, $b:ident| $result:expr;)*) => {$(
        pub(crate) struct $branch;
        impl Compare for $branch {
            type In = $ty;
            #[inline(always)]
            fn test($a: $ty, $b: $ty) -> bool { $result }
        }
    )*};
}

binary! {
    I32Add: u32 = |a, b| Ok(a.wrapping_add(b));
    I32Sub: u32 = |a, b| Ok(a.wrapping_sub(b));
    I32Mul: u32 = |a, b| Ok(a.wrapping_mul(b));
    I32And: u32 = |a, b| Ok(a & b);
    I32Or: u32 = |a, b| Ok(a | b);
    I32Xor: u32 = |a, b| Ok(a ^ b);
    I32Shl: u32 = |a, b| Ok(a.wrapping_shl(b));
    I32ShrS: u32 = |a, b| Ok((a as i32).wrapping_shr(b) as u32);
    I32ShrU: u32 = |a, b| Ok(a.wrapping_shr(b));
    I32Rotl: u32 = |a, b| Ok(a.rotate_left(b % 32));
    I32Rotr: u32 = |a, b| Ok(a.rotate_right(b % 32));
    I32DivS: u32 = |a, b| div_s(a as i32, b as i32, i32::checked_div).map(|r| r as u32);
    I32DivU: u32 = |a, b| a.checked_div(b).ok_or(TrapCode::IntegerDivideByZero);
    I32RemS: u32 = |a, b| if b == 0 { Err(TrapCode::IntegerDivideByZero) } else { Ok((a as i32).wrapping_rem(b as i32) as u32) };
    I32RemU: u32 = |a, b| a.checked_rem(b).ok_or(TrapCode::IntegerDivideByZero);
    I64Add: u64 = |a, b| Ok(a.wrapping_add(b));
    I64Sub: u64 = |a, b| Ok(a.wrapping_sub(b));
    I64Mul: u64 = |a, b| Ok(a.wrapping_mul(b));
    I64And: u64 = |a, b| Ok(a & b);
    I64Or: u64 = |a, b| Ok(a | b);
    I64Xor: u64 = |a, b| Ok(a ^ b);
    I64Shl: u64 = |a, b| Ok(a.wrapping_shl(b as u32));
    I64ShrS: u64 = |a, b| Ok((a as i64).wrapping_shr(b as u32) as u64);
    I64ShrU: u64 = |a, b| Ok(a.wrapping_shr(b as u32));
    I64Rotl: u64 = |a, b| Ok(a.rotate_left((b % 64) as u32));
    I64Rotr: u64 = |a, b| Ok(a.rotate_right((b % 64) as u32));
    I64DivS: u64 = |a, b| div_s(a as i64, b as i64, i64::checked_div).map(|r| r as u64);
    I64DivU: u64 = |a, b| a.checked_div(b).ok_or(TrapCode::IntegerDivideByZero);
    I64RemS: u64 = |a, b| if b == 0 { Err(TrapCode::IntegerDivideByZero) } else { Ok((a as i64).wrapping_rem(b as i64) as u64) };
    I64RemU: u64 = |a, b| a.checked_rem(b).ok_or(TrapCode::IntegerDivideByZero);
    F32Add: f32 = |a, b| Ok(a + b);
    F32Sub: f32 = |a, b| Ok(a - b);
    F32Mul: f32 = |a, b| Ok(a * b);
    F32Div: f32 = |a, b| Ok(a / b);
    F32Min: f32 = |a, b| Ok(if a < b { a } else if b < a { b } else if a == b { f32::from_bits(a.to_bits() | b.to_bits()) } else { a + b });
    F32Max: f32 = |a, b| Ok(if a > b { a } else if b > a { b } else if a == b { f32::from_bits(a.to_bits() & b.to_bits()) } else { a + b });
    F32Copysign: f32 = |a, b| Ok(a.copysign(b));
    F64Add: f64 = |a, b| Ok(a + b);
    F64Sub: f64 = |a, b| Ok(a - b);
    F64Mul: f64 = |a, b| Ok(a * b);
    F64Div: f64 = |a, b| Ok(a / b);
    F64Min: f64 = |a, b| Ok(if a < b { a } else if b < a { b } else if a == b { f64::from_bits(a.to_bits() | b.to_bits()) } else { a + b });
    F64Max: f64 = |a, b| Ok(if a > b { a } else if b > a { b } else if a == b { f64::from_bits(a.to_bits() & b.to_bits()) } else { a + b });
    F64Copysign: f64 = |a, b| Ok(a.copysign(b));
}

/// Signed division: `None` of a checked division is a zero divisor or the one overflow.
#[inline(always)]
fn div_s<T: PartialEq + Default>(a: T, b: T, div: fn(T, T) -> Option<T>) -> Result<T, TrapCode> {
    let zero = b == T::default();
    div(a, b).ok_or(if zero { TrapCode::IntegerDivideByZero } else { TrapCode::IntegerOverflow })
}

compare! {
    I32Eq BrI32Eq: u32 = |a, b| a == b;
    I32Ne BrI32Ne: u32 = |a, b| a != b;
    I32LtS BrI32LtS: u32 = |a, b| (a as i32) < b as i32;
    I32LtU BrI32LtU: u32 = |a, b| a < b;
    I32GtS BrI32GtS: u32 = |a, b| a as i32 > b as i32;
    I32GtU BrI32GtU: u32 = |a, b| a > b;
    I32LeS BrI32LeS: u32 = |a, b| a as i32 <= b as i32;
    I32LeU BrI32LeU: u32 = |a, b| a <= b;
    I32GeS BrI32GeS: u32 = |a, b| a as i32 >= b as i32;
    I32GeU BrI32GeU: u32 = |a, b| a >= b;
    I64Eq BrI64Eq: u64 = |a, b| a == b;
    I64Ne BrI64Ne: u64 = |a, b| a != b;
    I64LtS BrI64LtS: u64 = |a, b| (a as i64) < b as i64;
    I64LtU BrI64LtU: u64 = |a, b| a < b;
    I64GtS BrI64GtS: u64 = |a, b| a as i64 > b as i64;
    I64GtU BrI64GtU: u64 = |a, b| a > b;
    I64LeS BrI64LeS: u64 = |a, b| a as i64 <= b as i64;
    I64LeU BrI64LeU: u64 = |a, b| a <= b;
    I64GeS BrI64GeS: u64 = |a, b| a as i64 >= b as i64;
    I64GeU BrI64GeU: u64 = |a, b| a >= b;
    F32Eq BrF32Eq: f32 = |a, b| a == b;
    F32Ne BrF32Ne: f32 = |a, b| a != b;
    F32Lt BrF32Lt: f32 = |a, b| a < b;
    F32Gt BrF32Gt: f32 = |a, b| a > b;
    F32Le BrF32Le: f32 = |a, b| a <= b;
    F32Ge BrF32Ge: f32 = |a, b| a >= b;
    F64Eq BrF64Eq: f64 = |a, b| a == b;
    F64Ne BrF64Ne: f64 = |a, b| a != b;
    F64Lt BrF64Lt: f64 = |a, b| a < b;
    F64Gt BrF64Gt: f64 = |a, b| a > b;
    F64Le BrF64Le: f64 = |a, b| a <= b;
    F64Ge BrF64Ge: f64 = |a, b| a >= b;
}

branch! {
    BrI32Any: u32 = |a, b| a & b != 0;
    BrI32None: u32 = |a, b| a & b == 0;
    BrI64Any: u64 = |a, b| a & b != 0;
    BrI64None: u64 = |a, b| a & b == 0;
    BrF32NotLt: f32 = |a, b| !(a < b);
    BrF32NotGt: f32 = |a, b| !(a > b);
    BrF32NotLe: f32 = |a, b| !(a <= b);
    BrF32NotGe: f32 = |a, b| !(a >= b);
    BrF64NotLt: f64 = |a, b| !(a < b);
    BrF64NotGt: f64 = |a, b| !(a > b);
    BrF64NotLe: f64 = |a, b| !(a <= b);
    BrF64NotGe: f64 = |a, b| !(a >= b);
}

/// The same tests under the names of other rows that make them.
macro_rules! same_test {
    ($($name:ident: $branch:ident,)*) => {$( pub(crate) type $name = $branch; )*};
}

same_test! {
    SelectI32Any: BrI32Any, SelectI32None: BrI32None, SelectI64Any: BrI64Any, SelectI64None: BrI64None,
    IncI32Eq: BrI32Eq, IncI32Ne: BrI32Ne, IncI32LtS: BrI32LtS, IncI32LtU: BrI32LtU, IncI32GtS: BrI32GtS,
    IncI32GtU: BrI32GtU, IncI32LeS: BrI32LeS, IncI32LeU: BrI32LeU, IncI32GeS: BrI32GeS, IncI32GeU: BrI32GeU,
    SelectI32Eq: BrI32Eq, SelectI32Ne: BrI32Ne, SelectI32LtS: BrI32LtS, SelectI32LtU: BrI32LtU, SelectI32GtS: BrI32GtS,
    SelectI32GtU: BrI32GtU, SelectI32LeS: BrI32LeS, SelectI32LeU: BrI32LeU, SelectI32GeS: BrI32GeS, SelectI32GeU: BrI32GeU,
    SelectI64Eq: BrI64Eq, SelectI64Ne: BrI64Ne, SelectI64LtS: BrI64LtS, SelectI64LtU: BrI64LtU, SelectI64GtS: BrI64GtS,
    SelectI64GtU: BrI64GtU, SelectI64LeS: BrI64LeS, SelectI64LeU: BrI64LeU, SelectI64GeS: BrI64GeS, SelectI64GeU: BrI64GeU,
}

unary! {
    I32Clz: u32 => u32 = |a| Ok(a.leading_zeros());
    I32Ctz: u32 => u32 = |a| Ok(a.trailing_zeros());
    I32Popcnt: u32 => u32 = |a| Ok(a.count_ones());
    I32Extend8S: u32 => u32 = |a| Ok(a as i8 as u32);
    I32Extend16S: u32 => u32 = |a| Ok(a as i16 as u32);
    I64Clz: u64 => u64 = |a| Ok(a.leading_zeros() as u64);
    I64Ctz: u64 => u64 = |a| Ok(a.trailing_zeros() as u64);
    I64Popcnt: u64 => u64 = |a| Ok(a.count_ones() as u64);
    I64Extend8S: u64 => u64 = |a| Ok(a as i8 as u64);
    I64Extend16S: u64 => u64 = |a| Ok(a as i16 as u64);
    I64Extend32S: u64 => u64 = |a| Ok(a as i32 as u64);
    F32Abs: f32 => f32 = |a| Ok(a.abs());
    F32Neg: f32 => f32 = |a| Ok(f32::from_bits(a.to_bits() ^ (1 << 31)));
    F32Ceil: f32 => f32 = |a| Ok(quiet32(a.ceil()));
    F32Floor: f32 => f32 = |a| Ok(quiet32(a.floor()));
    F32Trunc: f32 => f32 = |a| Ok(quiet32(a.trunc()));
    F32Nearest: f32 => f32 = |a| Ok(quiet32(a.round_ties_even()));
    F32Sqrt: f32 => f32 = |a| Ok(a.sqrt());
    F64Abs: f64 => f64 = |a| Ok(a.abs());
    F64Neg: f64 => f64 = |a| Ok(f64::from_bits(a.to_bits() ^ (1 << 63)));
    F64Ceil: f64 => f64 = |a| Ok(quiet64(a.ceil()));
    F64Floor: f64 => f64 = |a| Ok(quiet64(a.floor()));
    F64Trunc: f64 => f64 = |a| Ok(quiet64(a.trunc()));
    F64Nearest: f64 => f64 = |a| Ok(quiet64(a.round_ties_even()));
    F64Sqrt: f64 => f64 = |a| Ok(a.sqrt());
    I32WrapI64: u64 => u32 = |a| Ok(a as u32);
    I64ExtendI32S: u32 => u64 = |a| Ok(a as i32 as u64);
    I64ExtendI32U: u32 => u64 = |a| Ok(a as u64);
    I32TruncF32S: f32 => u32 = |a| truncate(a as f64, -2147483649.0, 2147483648.0, |a| a as i32 as u32);
    I32TruncF32U: f32 => u32 = |a| truncate(a as f64, -1.0, 4294967296.0, |a| a as u32);
    I32TruncF64S: f64 => u32 = |a| truncate(a, -2147483649.0, 2147483648.0, |a| a as i32 as u32);
    I32TruncF64U: f64 => u32 = |a| truncate(a, -1.0, 4294967296.0, |a| a as u32);
    // −2⁶³ itself is in range and −2⁶³ − 1 is not a double: the bound below is the next double down.
    I64TruncF32S: f32 => u64 = |a| truncate(a as f64, -9223372036854777856.0, 9223372036854775808.0, |a| a as i64 as u64);
    I64TruncF32U: f32 => u64 = |a| truncate(a as f64, -1.0, 18446744073709551616.0, |a| a as u64);
    I64TruncF64S: f64 => u64 = |a| truncate(a, -9223372036854777856.0, 9223372036854775808.0, |a| a as i64 as u64);
    I64TruncF64U: f64 => u64 = |a| truncate(a, -1.0, 18446744073709551616.0, |a| a as u64);
    I32TruncSatF32S: f32 => u32 = |a| Ok(a as i32 as u32);
    I32TruncSatF32U: f32 => u32 = |a| Ok(a as u32);
    I32TruncSatF64S: f64 => u32 = |a| Ok(a as i32 as u32);
    I32TruncSatF64U: f64 => u32 = |a| Ok(a as u32);
    I64TruncSatF32S: f32 => u64 = |a| Ok(a as i64 as u64);
    I64TruncSatF32U: f32 => u64 = |a| Ok(a as u64);
    I64TruncSatF64S: f64 => u64 = |a| Ok(a as i64 as u64);
    I64TruncSatF64U: f64 => u64 = |a| Ok(a as u64);
    F32ConvertI32S: u32 => f32 = |a| Ok(a as i32 as f32);
    F32ConvertI32U: u32 => f32 = |a| Ok(a as f32);
    F32ConvertI64S: u64 => f32 = |a| Ok(a as i64 as f32);
    F32ConvertI64U: u64 => f32 = |a| Ok(a as f32);
    F64ConvertI32S: u32 => f64 = |a| Ok(a as i32 as f64);
    F64ConvertI32U: u32 => f64 = |a| Ok(a as f64);
    F64ConvertI64S: u64 => f64 = |a| Ok(a as i64 as f64);
    F64ConvertI64U: u64 => f64 = |a| Ok(a as f64);
    F32DemoteF64: f64 => f32 = |a| Ok(a as f32);
    F64PromoteF32: f32 => f64 = |a| Ok(a as f64);
    I32ReinterpretF32: f32 => u32 = |a| Ok(a.to_bits());
    I64ReinterpretF64: f64 => u64 = |a| Ok(a.to_bits());
    F32ReinterpretI32: u32 => f32 = |a| Ok(f32::from_bits(a));
    F64ReinterpretI64: u64 => f64 = |a| Ok(f64::from_bits(a));
    Copy: u64 => u64 = |a| Ok(a);
    CopyF32: f32 => f32 = |a| Ok(a);
    CopyF64: f64 => f64 = |a| Ok(a);
}

/// Makes a signalling NaN quiet: rounding functions of some C libraries pass it through.
#[inline(always)]
pub(crate) fn quiet32(a: f32) -> f32 {
    if a.is_nan() { f32::from_bits(a.to_bits() | 1 << 22) } else { a }
}

/// As [`quiet32`].
#[inline(always)]
pub(crate) fn quiet64(a: f64) -> f64 {
    if a.is_nan() { f64::from_bits(a.to_bits() | 1 << 51) } else { a }
}

/// Converts what lies strictly between `low` and `high`.
#[inline(always)]
fn truncate<T>(a: f64, low: f64, high: f64, convert: impl FnOnce(f64) -> T) -> Result<T, TrapCode> {
    if a > low && a < high {
        Ok(convert(a))
    } else if a.is_nan() {
        Err(TrapCode::InvalidConversionToInteger)
    } else {
        Err(TrapCode::IntegerOverflow)
    }
}
