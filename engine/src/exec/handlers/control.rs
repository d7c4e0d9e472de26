//! Branches, `unreachable`, and the check for fuel and interruption.

use std::sync::atomic::Ordering;

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::operand::{Source, address, field, imm, word};
use super::{handler, pause, trap};
use crate::trap::TrapCode;

handler! {
    fn br [] (ip, sp, mem, len, cx, regs) {
        B::next(address(ip, 2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// Branches when the operand is not 0, or is, as `NEZ` says.
    fn br_if [S: Source, const NEZ: bool] (ip, sp, mem, len, cx, regs) {
        let condition: u32 = S::get(ip, sp, &regs);
        if (condition != 0) == NEZ {
            B::next(address(ip, 2), sp, mem, len, cx, regs)
        } else {
            B::next(ip.add(3), sp, mem, len, cx, regs)
        }
    }
}

handler! {
    /// The targets follow from word 2 on; the last one is the default.
    fn br_table [S: Source] (ip, sp, mem, len, cx, regs) {
        let index: u32 = S::get(ip, sp, &regs);
        let last = (word(ip, 1) >> 32) as u32 - 1;
        B::next(address(ip, 2 + index.min(last) as usize), sp, mem, len, cx, regs)
    }
}

handler! {
    fn unreachable [] (ip, sp, mem, len, cx, regs) {
        trap::<B>(TrapCode::Unreachable, ip, sp, cx)
    }
}

handler! {
    /// Takes `imm` units of fuel; looks at the interrupt flag. Where it pauses nothing is taken yet.
    fn check [const FUEL: bool, const INTERRUPT: bool] (ip, sp, mem, len, cx, regs) {
        let exec = (*cx).exec;
        if INTERRUPT && (*exec).interrupt.load(Ordering::Relaxed) {
            return pause::<B>(TrapCode::Interrupted, ip, sp, cx, regs.int, regs.f32, regs.f64);
        }
        if FUEL {
            let left = (*exec).fuel - (imm(ip) as u32) as i64;
            if left < 0 {
                (*exec).paused.needed = imm(ip) as u32 as u64;
                return pause::<B>(TrapCode::OutOfFuel, ip, sp, cx, regs.int, regs.f32, regs.f64);
            }
            (*exec).fuel = left;
        }
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// Traps when slot `f0` is null.
    fn ref_as_non_null [] (ip, sp, mem, len, cx, regs) {
        if *sp.add(field(ip, 0)) == 0 {
            return trap::<B>(TrapCode::NullReference, ip, sp, cx);
        }
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}
