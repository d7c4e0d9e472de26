//! Where a handler finds its operands and leaves its result: slots, immediates, accumulators.

use super::backend::{Ip, Regs, Sp};

/// A WebAssembly value as Rust computes with it.
pub(crate) trait Value: Copy {
    unsafe fn from_slot(slot: *const u64) -> Self;
    unsafe fn to_slot(self, slot: *mut u64);
    fn from_acc(regs: &Regs) -> Self;
    fn to_acc(self, regs: &mut Regs);
    /// From a 32-bit immediate: the value itself, sign-extended to 64 bits, or widened exactly to `f64`.
    fn from_imm(imm: i32) -> Self;
}

impl Value for u32 {
    #[inline(always)]
    unsafe fn from_slot(slot: *const u64) -> u32 {
        // SAFETY: the caller's slot is inside the frame (S). Only the low half counts: a raw host function may have
        // left anything above.
        (unsafe { *slot }) as u32
    }
    #[inline(always)]
    unsafe fn to_slot(self, slot: *mut u64) {
        // SAFETY: as above.
        unsafe { *slot = self as u64 }
    }
    #[inline(always)]
    fn from_acc(regs: &Regs) -> u32 {
        regs.int as u32
    }
    #[inline(always)]
    fn to_acc(self, regs: &mut Regs) {
        regs.int = self as u64;
    }
    #[inline(always)]
    fn from_imm(imm: i32) -> u32 {
        imm as u32
    }
}

impl Value for u64 {
    #[inline(always)]
    unsafe fn from_slot(slot: *const u64) -> u64 {
        // SAFETY: the caller's slot is inside the frame (S).
        unsafe { *slot }
    }
    #[inline(always)]
    unsafe fn to_slot(self, slot: *mut u64) {
        // SAFETY: as above.
        unsafe { *slot = self }
    }
    #[inline(always)]
    fn from_acc(regs: &Regs) -> u64 {
        regs.int
    }
    #[inline(always)]
    fn to_acc(self, regs: &mut Regs) {
        regs.int = self;
    }
    #[inline(always)]
    fn from_imm(imm: i32) -> u64 {
        imm as i64 as u64
    }
}

impl Value for f32 {
    #[inline(always)]
    unsafe fn from_slot(slot: *const u64) -> f32 {
        // SAFETY: the caller's slot is inside the frame (S).
        f32::from_bits((unsafe { *slot }) as u32)
    }
    #[inline(always)]
    unsafe fn to_slot(self, slot: *mut u64) {
        // SAFETY: as above.
        unsafe { *slot = self.to_bits() as u64 }
    }
    #[inline(always)]
    fn from_acc(regs: &Regs) -> f32 {
        regs.f32
    }
    #[inline(always)]
    fn to_acc(self, regs: &mut Regs) {
        regs.f32 = self;
    }
    #[inline(always)]
    fn from_imm(imm: i32) -> f32 {
        f32::from_bits(imm as u32)
    }
}

impl Value for f64 {
    #[inline(always)]
    unsafe fn from_slot(slot: *const u64) -> f64 {
        // SAFETY: the caller's slot is inside the frame (S).
        f64::from_bits(unsafe { *slot })
    }
    #[inline(always)]
    unsafe fn to_slot(self, slot: *mut u64) {
        // SAFETY: as above.
        unsafe { *slot = self.to_bits() }
    }
    #[inline(always)]
    fn from_acc(regs: &Regs) -> f64 {
        regs.f64
    }
    #[inline(always)]
    fn to_acc(self, regs: &mut Regs) {
        regs.f64 = self;
    }
    #[inline(always)]
    fn from_imm(imm: i32) -> f64 {
        f64::from(f32::from_bits(imm as u32))
    }
}

/// Field `n` of the operand word at `ip`.
#[inline(always)]
pub(crate) unsafe fn field(ip: Ip, n: usize) -> usize {
    // SAFETY: C: the instruction has a word 1, which holds four 16-bit fields (little-endian, as `code::fields` packs).
    unsafe { *ip.cast::<u16>().add(if cfg!(target_endian = "little") { 4 + n } else { 7 - n }) as usize }
}

/// The immediate in fields 2 and 3.
#[inline(always)]
pub(crate) unsafe fn imm(ip: Ip) -> i32 {
    // SAFETY: C: as above.
    unsafe { *ip.cast::<i32>().add(if cfg!(target_endian = "little") { 3 } else { 2 }) }
}

/// Word `n` of the instruction.
#[inline(always)]
pub(crate) unsafe fn word(ip: Ip, n: usize) -> u64 {
    // SAFETY: C: the caller names a word that the instruction's shape has.
    unsafe { *ip.add(n) }
}

/// Word `n` as an address that the linker put there.
#[inline(always)]
pub(crate) unsafe fn address<T>(ip: Ip, n: usize) -> *const T {
    // SAFETY: C: as above.
    unsafe { *ip.add(n).cast::<*const T>() }
}

/// A source of an operand.
pub(crate) trait Source {
    /// Words of the instruction that it takes beyond the first two.
    const WORDS: usize = 0;
    unsafe fn get<V: Value>(ip: Ip, sp: Sp, regs: &Regs) -> V;
}

/// The slot in field `N`.
pub(crate) struct Slot<const N: usize>;
/// The immediate in fields 2 and 3.
pub(crate) struct Imm;
/// The immediate in field 0, 16 bits, signed.
pub(crate) struct ShortImm;
/// The immediate of 64 bits in word 2.
pub(crate) struct Wide;
/// The accumulator of the operand's type.
pub(crate) struct Acc;

impl<const N: usize> Source for Slot<N> {
    #[inline(always)]
    unsafe fn get<V: Value>(ip: Ip, sp: Sp, _: &Regs) -> V {
        // SAFETY: S and C.
        unsafe { V::from_slot(sp.add(field(ip, N))) }
    }
}

impl Source for Imm {
    #[inline(always)]
    unsafe fn get<V: Value>(ip: Ip, _: Sp, _: &Regs) -> V {
        // SAFETY: C.
        V::from_imm(unsafe { imm(ip) })
    }
}

impl Source for ShortImm {
    #[inline(always)]
    unsafe fn get<V: Value>(ip: Ip, _: Sp, _: &Regs) -> V {
        // SAFETY: C.
        V::from_imm(unsafe { field(ip, 0) } as i16 as i32)
    }
}

impl Source for Wide {
    const WORDS: usize = 1;
    #[inline(always)]
    unsafe fn get<V: Value>(ip: Ip, _: Sp, _: &Regs) -> V {
        // SAFETY: C: the word is there, and is read as a slot would be.
        unsafe { V::from_slot(ip.add(2)) }
    }
}

impl Source for Acc {
    #[inline(always)]
    unsafe fn get<V: Value>(_: Ip, _: Sp, regs: &Regs) -> V {
        V::from_acc(regs)
    }
}

/// A destination of a result.
pub(crate) trait Destination {
    unsafe fn put<V: Value>(value: V, ip: Ip, sp: Sp, regs: &mut Regs);
}

/// The slot in field 0, and the accumulator of the result's type as well: what comes next most likely reads it, and need
/// not wait for the slot. Of instructions that the translator emits for a result in the accumulator and then redirects.
pub(crate) struct ToSlot;
/// The slot in field 0, and nothing else.
pub(crate) struct ToSlotOnly;
/// The accumulator of the result's type.
pub(crate) struct ToAcc;

impl Destination for ToSlot {
    #[inline(always)]
    unsafe fn put<V: Value>(value: V, ip: Ip, sp: Sp, regs: &mut Regs) {
        // SAFETY: S and C.
        unsafe { value.to_slot(sp.add(field(ip, 0))) };
        value.to_acc(regs);
    }
}

impl Destination for ToSlotOnly {
    #[inline(always)]
    unsafe fn put<V: Value>(value: V, ip: Ip, sp: Sp, _: &mut Regs) {
        // SAFETY: S and C.
        unsafe { value.to_slot(sp.add(field(ip, 0))) }
    }
}

impl Destination for ToAcc {
    #[inline(always)]
    unsafe fn put<V: Value>(value: V, _: Ip, _: Sp, regs: &mut Regs) {
        value.to_acc(regs);
    }
}
