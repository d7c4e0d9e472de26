//! Constants, copies, select and globals: what moves values without computing.

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::operand::{Destination, Source, field, imm, word};
use super::handler;

handler! {
    /// Slot 0 ← the immediate, sign-extended.
    fn const32 [] (ip, sp, mem, len, cx, regs) {
        *sp.add(field(ip, 0)) = imm(ip) as i64 as u64;
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// Slot 0 ← word 2.
    fn const64 [] (ip, sp, mem, len, cx, regs) {
        *sp.add(field(ip, 0)) = word(ip, 2);
        B::next(ip.add(3), sp, mem, len, cx, regs)
    }
}

/// Operand `N` of a `Stage` instruction, which is in `bits`: an immediate when bit `N` of the variant says so, else a slot.
#[inline(always)]
pub(super) unsafe fn staged<const VARIANT: u16, const N: u16>(sp: Sp, bits: usize) -> u64 {
    // SAFETY: S: the operand is a slot of the frame.
    if VARIANT >> N & 1 == 1 { bits as i16 as i64 as u64 } else { unsafe { *sp.add(bits) } }
}

handler! {
    /// Slots `f0`, `f0 + 1` ← two operands.
    fn stage2 [const VARIANT: u16] (ip, sp, mem, len, cx, regs) {
        let (a, b) = (staged::<VARIANT, 0>(sp, field(ip, 1)), staged::<VARIANT, 1>(sp, field(ip, 2)));
        let to = sp.add(field(ip, 0));
        *to = a;
        *to.add(1) = b;
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// Slots from `f0` on ← three operands.
    fn stage3 [const VARIANT: u16] (ip, sp, mem, len, cx, regs) {
        let (a, b) = (staged::<VARIANT, 0>(sp, field(ip, 1)), staged::<VARIANT, 1>(sp, field(ip, 2)));
        let c = staged::<VARIANT, 2>(sp, field(ip, 3));
        let to = sp.add(field(ip, 0));
        *to = a;
        *to.add(1) = b;
        *to.add(2) = c;
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// Slots from `f0` on ← the four operands in word 2.
    fn stage4 [const VARIANT: u16] (ip, sp, mem, len, cx, regs) {
        // The fields of word 2 are four behind those of word 1.
        let (a, b) = (staged::<VARIANT, 0>(sp, field(ip.add(1), 0)), staged::<VARIANT, 1>(sp, field(ip.add(1), 1)));
        let (c, d) = (staged::<VARIANT, 2>(sp, field(ip.add(1), 2)), staged::<VARIANT, 3>(sp, field(ip.add(1), 3)));
        let to = sp.add(field(ip, 0));
        *to = a;
        *to.add(1) = b;
        *to.add(2) = c;
        *to.add(3) = d;
        B::next(ip.add(3), sp, mem, len, cx, regs)
    }
}

handler! {
    /// Slot `f0` ← slot `f1`, and then slot `f2` ← slot `f3`.
    fn copy2 [] (ip, sp, mem, len, cx, regs) {
        *sp.add(field(ip, 0)) = *sp.add(field(ip, 1));
        *sp.add(field(ip, 2)) = *sp.add(field(ip, 3));
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// `f2` slots from `f1` on to `f0` on, as if through a buffer.
    fn copy_span [] (ip, sp, mem, len, cx, regs) {
        std::ptr::copy(sp.add(field(ip, 1)), sp.add(field(ip, 0)), field(ip, 2));
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

/// Two slots, of which one will be chosen. Volatile, as otherwise one of their addresses would be chosen and then read:
/// whoever waits for the condition would wait for the slot as well.
#[inline(always)]
pub(super) unsafe fn both(sp: Sp, yes: usize, no: usize) -> (u64, u64) {
    // SAFETY: S: both slots are inside the frame.
    unsafe { (sp.add(yes).read_volatile(), sp.add(no).read_volatile()) }
}

handler! {
    /// Slot `f1` when the condition is not 0, else slot `f2`.
    fn select [C: Source, D: Destination] (ip, sp, mem, len, cx, regs) {
        let (yes, no) = both(sp, field(ip, 1), field(ip, 2));
        let condition: u32 = C::get(ip, sp, &regs);
        D::put(if condition != 0 { yes } else { no }, ip, sp, &mut regs);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

/// The first slot of global number `imm`.
#[inline(always)]
unsafe fn global(ip: Ip, cx: Cx) -> *mut u64 {
    // SAFETY: C: the immediate is a global's index of this module; B.
    unsafe { (&raw mut (**(*cx).globals.as_ptr().add(imm(ip) as u32 as usize)).value).cast() }
}

handler! {
    fn global_get [D: Destination] (ip, sp, mem, len, cx, regs) {
        D::put(*global(ip, cx), ip, sp, &mut regs);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    fn global_set [S: Source] (ip, sp, mem, len, cx, regs) {
        *global(ip, cx) = S::get(ip, sp, &regs);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    fn global_get_wide [] (ip, sp, mem, len, cx, regs) {
        let (from, to) = (global(ip, cx), sp.add(field(ip, 0)));
        *to = *from;
        *to.add(1) = *from.add(1);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    fn global_set_wide [] (ip, sp, mem, len, cx, regs) {
        let (from, to) = (sp.add(field(ip, 1)), global(ip, cx));
        *to = *from;
        *to.add(1) = *from.add(1);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}
