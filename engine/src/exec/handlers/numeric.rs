//! Arithmetic, comparison, conversion, and compare-and-branch.

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::operand::{Destination, Source, Value, address, field, imm, word};
use super::super::ops::{Binary, Compare, Unary};
use super::moves::both;
use super::{handler, trap};

handler! {
    fn binary [O: Binary, L: Source, R: Source, D: Destination] (ip, sp, mem, len, cx, regs) {
        match O::apply(L::get(ip, sp, &regs), R::get(ip, sp, &regs)) {
            Ok(result) => {
                D::put(result, ip, sp, &mut regs);
                B::next(ip.add(2 + R::WORDS), sp, mem, len, cx, regs)
            }
            Err(code) => trap::<B>(code, ip, sp, cx),
        }
    }
}

handler! {
    fn unary [O: Unary, S: Source, D: Destination] (ip, sp, mem, len, cx, regs) {
        match O::apply(S::get(ip, sp, &regs)) {
            Ok(result) => {
                D::put(result, ip, sp, &mut regs);
                B::next(ip.add(2), sp, mem, len, cx, regs)
            }
            Err(code) => trap::<B>(code, ip, sp, cx),
        }
    }
}

handler! {
    fn branch [O: Compare, L: Source, R: Source] (ip, sp, mem, len, cx, regs) {
        // Two ways on, not a select of the address: the processor predicts each way's next handler by itself.
        if O::test(L::get(ip, sp, &regs), R::get(ip, sp, &regs)) {
            B::next(address(ip, 2), sp, mem, len, cx, regs)
        } else {
            B::next(ip.add(3), sp, mem, len, cx, regs)
        }
    }
}

handler! {
    /// Slot `f0` ← slot `f1` plus the immediate; branches when that compares with word 3, a slot or an immediate.
    fn branch_increment [O: Compare<In = u32>, const IMMEDIATE: bool] (ip, sp, mem, len, cx, regs) {
        let value = u32::from_slot(sp.add(field(ip, 1))).wrapping_add(imm(ip) as u32);
        value.to_slot(sp.add(field(ip, 0)));
        let right = word(ip, 3);
        let right = if IMMEDIATE { right as u32 } else { u32::from_slot(sp.add(right as usize)) };
        if O::test(value, right) {
            B::next(address(ip, 2), sp, mem, len, cx, regs)
        } else {
            B::next(ip.add(4), sp, mem, len, cx, regs)
        }
    }
}

handler! {
    /// One of the slots that word 2 names, as the operands compare.
    fn select_compare [O: Compare, L: Source, R: Source, D: Destination] (ip, sp, mem, len, cx, regs) {
        // Word 2 has fields as word 1 has.
        let (yes, no) = both(sp, field(ip.add(1), 0), field(ip.add(1), 1));
        let holds = O::test(L::get(ip, sp, &regs), R::get(ip, sp, &regs));
        D::put(if holds { yes } else { no }, ip, sp, &mut regs);
        B::next(ip.add(3), sp, mem, len, cx, regs)
    }
}

/// The 128 bits in two slots.
#[inline(always)]
unsafe fn wide(sp: Sp, low: usize, high: usize) -> u128 {
    // SAFETY: S: the caller's slots are inside the frame.
    unsafe { *sp.add(low) as u128 | (*sp.add(high) as u128) << 64 }
}

handler! {
    /// Low and high halves in fields 0 and 1, 2 and 3; word 2 the first of the result's two slots.
    fn add128 [const SUBTRACT: bool] (ip, sp, mem, len, cx, regs) {
        let (a, b) = (wide(sp, field(ip, 0), field(ip, 1)), wide(sp, field(ip, 2), field(ip, 3)));
        let result = if SUBTRACT { a.wrapping_sub(b) } else { a.wrapping_add(b) };
        let to = sp.add(word(ip, 2) as usize);
        *to = result as u64;
        *to.add(1) = (result >> 64) as u64;
        B::next(ip.add(3), sp, mem, len, cx, regs)
    }
}

handler! {
    /// Factors in fields 1 and 2, the result's two slots from field 0 on.
    fn multiply_wide [const SIGNED: bool] (ip, sp, mem, len, cx, regs) {
        let (a, b) = (*sp.add(field(ip, 1)), *sp.add(field(ip, 2)));
        let result = if SIGNED { (a as i64 as i128 * b as i64 as i128) as u128 } else { a as u128 * b as u128 };
        let to = sp.add(field(ip, 0));
        *to = result as u64;
        *to.add(1) = (result >> 64) as u64;
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}
