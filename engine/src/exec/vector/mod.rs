//! What the vector instructions compute, one marker type a row: safe code over arrays of lanes, so written that the
//! compiler makes the processor's own vector instructions of it and leaves no array in memory.
//!
//! - [`integer`]: arithmetic, comparisons and shifts of integers; [`float`]: those of floats;
//! - [`convert`]: lanes that change their width or kind;
//! - [`x86_64`] and its twin [`portable`]: the few functions that compilers do not find the instructions for;
//! - [`bytes`]: what sees a vector as bits and bytes (also in another order), tests, and what goes between lanes and
//!   slots.
//!
//! All of it is inlined into the handlers. Three rules keep it packed, and the handlers' last call a jump (RATIONALE,
//! "Why do vectors live in slots"): loops have constant bounds and run over arrays by value; nothing of the standard
//! library that takes a closure is used, as it may stay a call; a choice is made between values that are there already.
//!
//! Source: WebAssembly core specification, "Vector Operations". Relaxed instructions do what the specification's
//! deterministic profile does where it leaves a choice: the strict instruction of the same name, multiplication and
//! addition rounded one after the other, bitwise selection, signed factors in dot products.

mod bytes;
mod convert;
mod float;
mod integer;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(not(target_arch = "x86_64"))]
use portable as native;
#[cfg(target_arch = "x86_64")]
use x86_64 as native;

pub(crate) use bytes::*;
pub(crate) use convert::*;
pub(crate) use float::*;
pub(crate) use integer::*;

/// A vector: 16 bytes in the order they have in memory, lane 0 first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct V(pub [u8; 16]);

macro_rules! lanes {
    ($($name:ident: $ty:ty, $count:literal;)*) => {$(
        impl V {
            #[inline(always)]
            pub(crate) fn $name(self) -> [$ty; $count] {
                const SIZE: usize = size_of::<$ty>();
                let mut lanes = [0 as $ty; $count];
                let mut i = 0;
                while i < $count {
                    let mut bytes = [0; SIZE];
                    let mut j = 0;
                    while j < SIZE {
                        bytes[j] = self.0[i * SIZE + j];
                        j += 1;
                    }
                    lanes[i] = <$ty>::from_le_bytes(bytes);
                    i += 1;
                }
                lanes
            }
        }

        impl From<[$ty; $count]> for V {
            #[inline(always)]
            fn from(lanes: [$ty; $count]) -> V {
                const SIZE: usize = size_of::<$ty>();
                let mut all = [0; 16];
                let mut i = 0;
                while i < $count {
                    let bytes = lanes[i].to_le_bytes();
                    let mut j = 0;
                    while j < SIZE {
                        all[i * SIZE + j] = bytes[j];
                        j += 1;
                    }
                    i += 1;
                }
                V(all)
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

/// A lane, as it lies in the vector's bytes, to a slot.
pub(crate) trait Extract {
    type Lane: Copy;
    fn apply(lane: Self::Lane) -> u64;
}

/// A slot into a lane.
pub(crate) trait Replace {
    fn apply(a: V, lane: usize, slot: u64) -> V;
}

/// `f` of each lane.
#[inline(always)]
fn map<T: Copy, U: Copy + Default, const N: usize>(a: [T; N], f: impl Fn(T) -> U) -> [U; N] {
    let mut result = [U::default(); N];
    let mut i = 0;
    while i < N {
        result[i] = f(a[i]);
        i += 1;
    }
    result
}

/// `f` of each two lanes at the same place.
#[inline(always)]
fn zip<T: Copy, U: Copy + Default, const N: usize>(a: [T; N], b: [T; N], f: impl Fn(T, T) -> U) -> [U; N] {
    let mut result = [U::default(); N];
    let mut i = 0;
    while i < N {
        result[i] = f(a[i], b[i]);
        i += 1;
    }
    result
}

/// `offset..offset + N` of the lanes.
#[inline(always)]
fn part<T: Copy + Default, const M: usize, const N: usize>(a: [T; M], offset: usize) -> [T; N] {
    let mut result = [T::default(); N];
    let mut i = 0;
    while i < N {
        result[i] = a[offset + i];
        i += 1;
    }
    result
}

/// `f` of each two neighbours.
#[inline(always)]
fn pairwise<T: Copy, U: Copy + Default, const M: usize, const N: usize>(a: [T; M], f: impl Fn(T, T) -> U) -> [U; N] {
    let mut result = [U::default(); N];
    let mut i = 0;
    while i < N {
        result[i] = f(a[2 * i], a[2 * i + 1]);
        i += 1;
    }
    result
}

/// Lane by lane, one operand.
macro_rules! unary {
    ($($name:ident: $lanes:ident |$a:ident| $result:expr;)*) => {$(
        pub(crate) struct $name;
        impl Vector1 for $name {
            #[inline(always)]
            fn apply(a: V) -> V { V::from(map(a.$lanes(), |$a| $result)) }
        }
    )*};
}

/// Lane by lane, two operands.
macro_rules! binary {
    ($($name:ident: $lanes:ident |$a:ident, $b:ident| $result:expr;)*) => {$(
        pub(crate) struct $name;
        impl Vector2 for $name {
            #[inline(always)]
            fn apply(a: V, b: V) -> V { V::from(zip(a.$lanes(), b.$lanes(), |$a, $b| $result)) }
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
                V::from(zip(a.$lanes(), b.$lanes(), |a, b| if a $op b { -1 as $mask } else { 0 }))
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
            fn apply($($a: $ty),*) -> $out { $result }
        }
    )*};
}
use {binary, compare, unary, whole};
