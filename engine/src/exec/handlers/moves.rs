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

handler! {
    /// Slots `f0`, `f0 + 1` ← slots `f1`, `f2`: both are read before either is written.
    fn copy_pair [] (ip, sp, mem, len, cx, regs) {
        let (first, second) = (*sp.add(field(ip, 1)), *sp.add(field(ip, 2)));
        let to = sp.add(field(ip, 0));
        *to = first;
        *to.add(1) = second;
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

handler! {
    /// Slot `f1` when the condition is not 0, else slot `f2`.
    fn select [C: Source, D: Destination] (ip, sp, mem, len, cx, regs) {
        let (yes, no) = (*sp.add(field(ip, 1)), *sp.add(field(ip, 2)));
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
