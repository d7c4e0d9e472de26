//! Loads and stores.

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::operand::{Destination, Source, Value, field, imm, word};
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

/// Each load, and the row that computes its address.
macro_rules! loads {
    ($($name:ident $indexed:ident: $raw:ty => $out:ty = |$v:ident| $convert:expr;)*) => {$(
        pub(super) struct $name;
        pub(super) type $indexed = $name;
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

/// As `loads`.
macro_rules! stores {
    ($($name:ident $indexed:ident: $in:ty => $raw:ty = |$v:ident| $convert:expr;)*) => {$(
        pub(super) struct $name;
        pub(super) type $indexed = $name;
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
    I32Load I32LoadIndexed: u32 => u32 = |v| v;
    I64Load I64LoadIndexed: u64 => u64 = |v| v;
    F32Load F32LoadIndexed: u32 => f32 = |v| f32::from_bits(v);
    F64Load F64LoadIndexed: u64 => f64 = |v| f64::from_bits(v);
    I32Load8S I32Load8SIndexed: u8 => u32 = |v| v as i8 as u32;
    I32Load8U I32Load8UIndexed: u8 => u32 = |v| v as u32;
    I32Load16S I32Load16SIndexed: u16 => u32 = |v| v as i16 as u32;
    I32Load16U I32Load16UIndexed: u16 => u32 = |v| v as u32;
    I64Load8S I64Load8SIndexed: u8 => u64 = |v| v as i8 as u64;
    I64Load8U I64Load8UIndexed: u8 => u64 = |v| v as u64;
    I64Load16S I64Load16SIndexed: u16 => u64 = |v| v as i16 as u64;
    I64Load16U I64Load16UIndexed: u16 => u64 = |v| v as u64;
    I64Load32S I64Load32SIndexed: u32 => u64 = |v| v as i32 as u64;
    I64Load32U I64Load32UIndexed: u32 => u64 = |v| v as u64;
}

stores! {
    I32Store I32StoreIndexed: u32 => u32 = |v| v;
    I64Store I64StoreIndexed: u64 => u64 = |v| v;
    F32Store F32StoreIndexed: f32 => u32 = |v| v.to_bits();
    F64Store F64StoreIndexed: f64 => u64 = |v| v.to_bits();
    I32Store8 I32Store8Indexed: u32 => u8 = |v| v as u8;
    I32Store16 I32Store16Indexed: u32 => u16 = |v| v as u16;
    I64Store8 I64Store8Indexed: u64 => u8 = |v| v as u8;
    I64Store16 I64Store16Indexed: u64 => u16 = |v| v as u16;
    I64Store32 I64Store32Indexed: u64 => u32 = |v| v as u32;
}

/// A term of an address: a [`Source`], [`Scaled`] or [`Nothing`].
pub(super) trait Term {
    unsafe fn term(ip: Ip, sp: Sp, regs: &Regs) -> u32;
}

/// No term.
pub(super) struct Nothing;
/// A source, shifted to the left by field 3.
pub(super) struct Scaled<S>(std::marker::PhantomData<S>);

impl<S: Source> Term for S {
    #[inline(always)]
    unsafe fn term(ip: Ip, sp: Sp, regs: &Regs) -> u32 {
        // SAFETY: passed on.
        unsafe { S::get(ip, sp, regs) }
    }
}

impl<S: Source> Term for Scaled<S> {
    #[inline(always)]
    unsafe fn term(ip: Ip, sp: Sp, regs: &Regs) -> u32 {
        // SAFETY: passed on; C.
        unsafe { S::get::<u32>(ip, sp, regs).wrapping_shl(field(ip, 3) as u32) }
    }
}

impl Term for Nothing {
    #[inline(always)]
    unsafe fn term(_: Ip, _: Sp, _: &Regs) -> u32 {
        0
    }
}

/// The address that an indexed access computes, and the offset of its end.
#[inline(always)]
pub(super) unsafe fn sum<X: Term, Y: Term>(ip: Ip, sp: Sp, regs: &Regs) -> (u32, u32) {
    // SAFETY: C: word 2 is there.
    unsafe {
        let offsets = word(ip, 2);
        let addr = X::term(ip, sp, regs).wrapping_add(Y::term(ip, sp, regs)).wrapping_add(offsets as u32);
        (addr, (offsets >> 32) as u32)
    }
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
    /// The address is the sum of two terms and the lower half of word 2.
    fn load_indexed [L: Load, X: Term, Y: Term, D: Destination] (ip, sp, mem, len, cx, regs) {
        let (addr, end) = sum::<X, Y>(ip, sp, &regs);
        match check(mem, len, addr, end, L::SIZE) {
            Some(at) => {
                D::put(L::load(at), ip, sp, &mut regs);
                B::next(ip.add(3), sp, mem, len, cx, regs)
            }
            None => trap::<B>(TrapCode::MemoryOutOfBounds, ip, sp, cx),
        }
    }
}

handler! {
    /// As `load_indexed`.
    fn store_indexed [S: Store, X: Term, Y: Term, V: Source] (ip, sp, mem, len, cx, regs) {
        let (addr, end) = sum::<X, Y>(ip, sp, &regs);
        match check(mem, len, addr, end, S::SIZE) {
            Some(at) => {
                S::store(V::get(ip, sp, &regs), at);
                B::next(ip.add(3), sp, mem, len, cx, regs)
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
