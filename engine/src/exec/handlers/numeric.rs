//! Arithmetic, comparison, conversion, and compare-and-branch.

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::operand::{Destination, Source, address};
use super::super::ops::{Binary, Compare, Unary};
use super::{handler, trap};

handler! {
    fn binary [O: Binary, L: Source, R: Source, D: Destination] (ip, sp, mem, len, cx, regs) {
        match O::apply(L::get(ip, sp, &regs), R::get(ip, sp, &regs)) {
            Ok(result) => {
                D::put(result, ip, sp, &mut regs);
                B::next(ip.add(2), sp, mem, len, cx, regs)
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
