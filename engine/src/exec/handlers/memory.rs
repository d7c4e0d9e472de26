//! Loads and stores.

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::operand::{Destination, Source, Value, imm, word};
use super::{handler, trap};
use crate::trap::TrapCode;

/// A load: how many bytes, and what they mean.
pub(super) trait Load {
    type Out: Value;
    const SIZE: usize;
    /// `unsafe`: `SIZE` bytes from `at` are inside the memory.
    unsafe fn load(at: *const u8) -> Self::Out;
}

/// A store.
pub(super) trait Store {
    type In: Value;
    const SIZE: usize;
    /// `unsafe`: `SIZE` bytes from `at` are inside the memory.
    unsafe fn store(value: Self::In, at: *mut u8);
}

/// A value at any address. `read_unaligned` would do the same and, with debug assertions, break tail calls.
#[derive(Clone, Copy)]
#[repr(C, packed)]
pub(super) struct Unaligned<T>(pub T);

/// An address: `u32`, or `u64` into a 64-bit memory.
pub(super) trait Address: Value + Into<u64> {}
impl Address for u32 {}
impl Address for u64 {}

macro_rules! loads {
    ($($name:ident: $raw:ty => $out:ty = |$v:ident| $convert:expr;)*) => {$(
        pub(super) struct $name;
        impl Load for $name {
            type Out = $out;
            const SIZE: usize = size_of::<$raw>();
            #[inline(always)]
            unsafe fn load(at: *const u8) -> $out {
                // SAFETY: the caller's bytes are inside the memory (M), and any bytes are a value.
                let $v = <$raw>::from_le(unsafe { (*at.cast::<Unaligned<$raw>>()).0 });
                $convert
            }
        }
    )*};
}

macro_rules! stores {
    ($($name:ident: $in:ty => $raw:ty = |$v:ident| $convert:expr;)*) => {$(
        pub(super) struct $name;
        impl Store for $name {
            type In = $in;
            const SIZE: usize = size_of::<$raw>();
            #[inline(always)]
            unsafe fn store($v: $in, at: *mut u8) {
                let raw: $raw = $convert;
                // SAFETY: the caller's bytes are inside the memory (M).
                unsafe { (*at.cast::<Unaligned<$raw>>()).0 = raw.to_le() }
            }
        }
    )*};
}

loads! {
    I32Load: u32 => u32 = |v| v;
    I64Load: u64 => u64 = |v| v;
    F32Load: u32 => f32 = |v| f32::from_bits(v);
    F64Load: u64 => f64 = |v| f64::from_bits(v);
    I32Load8S: u8 => u32 = |v| v as i8 as u32;
    I32Load8U: u8 => u32 = |v| v as u32;
    I32Load16S: u16 => u32 = |v| v as i16 as u32;
    I32Load16U: u16 => u32 = |v| v as u32;
    I64Load8S: u8 => u64 = |v| v as i8 as u64;
    I64Load8U: u8 => u64 = |v| v as u64;
    I64Load16S: u16 => u64 = |v| v as i16 as u64;
    I64Load16U: u16 => u64 = |v| v as u64;
    I64Load32S: u32 => u64 = |v| v as i32 as u64;
    I64Load32U: u32 => u64 = |v| v as u64;
}

stores! {
    I32Store: u32 => u32 = |v| v;
    I64Store: u64 => u64 = |v| v;
    F32Store: f32 => u32 = |v| v.to_bits();
    F64Store: f64 => u64 = |v| v.to_bits();
    I32Store8: u32 => u8 = |v| v as u8;
    I32Store16: u32 => u16 = |v| v as u16;
    I64Store8: u64 => u8 = |v| v as u8;
    I64Store16: u64 => u16 = |v| v as u16;
    I64Store32: u64 => u32 = |v| v as u32;
}

/// The address of the access that ends at `addr + end_offset`, when it is inside the memory.
#[inline(always)]
pub(super) fn check(mem: *mut u8, len: usize, addr: u32, end_offset: u32, size: usize) -> Option<*mut u8> {
    // Two 32-bit numbers: the sum fits 64 bits, and the instruction's end offset is at least `size`.
    let end = addr as u64 + end_offset as u64;
    if end <= len as u64 { Some(mem.wrapping_add(end as usize - size)) } else { None }
}

/// As [`check`], for the wide form: any memory, any offset.
#[inline(always)]
pub(super) unsafe fn check_wide<W: Address>(ip: Ip, cx: Cx, addr: W, size: usize) -> Option<*mut u8> {
    // SAFETY: C: words 2 and 3 are the offset and a memory's index of this module; B.
    unsafe {
        let memory = *(*cx).memories.as_ptr().add(word(ip, 3) as usize);
        let start = word(ip, 2).checked_add(addr.into())?;
        let end = start.checked_add(size as u64)?;
        if end <= (*memory).len as u64 { Some((*memory).base.wrapping_add(start as usize)) } else { None }
    }
}

handler! {
    fn load [L: Load, A: Source, D: Destination] (ip, sp, mem, len, cx, regs) {
        match check(mem, len, A::get(ip, sp, &regs), imm(ip) as u32, L::SIZE) {
            Some(at) => {
                D::put(L::load(at), ip, sp, &mut regs);
                B::next(ip.add(2), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

handler! {
    fn load_wide [L: Load, A: Source, W: Address, D: Destination] (ip, sp, mem, len, cx, regs) {
        match check_wide(ip, cx, A::get::<W>(ip, sp, &regs), L::SIZE) {
            Some(at) => {
                D::put(L::load(at), ip, sp, &mut regs);
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

handler! {
    fn store [S: Store, A: Source, V: Source] (ip, sp, mem, len, cx, regs) {
        match check(mem, len, A::get(ip, sp, &regs), imm(ip) as u32, S::SIZE) {
            Some(at) => {
                S::store(V::get(ip, sp, &regs), at);
                B::next(ip.add(2), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

handler! {
    fn store_wide [S: Store, A: Source, W: Address, V: Source] (ip, sp, mem, len, cx, regs) {
        match check_wide(ip, cx, A::get::<W>(ip, sp, &regs), S::SIZE) {
            Some(at) => {
                S::store(V::get(ip, sp, &regs), at);
                B::next(ip.add(4), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}
