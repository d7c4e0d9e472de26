//! Listeners of guest functions: instructions that exist only in functions somebody listens to.

use super::super::backend::{Backend, Cx, Ip, Regs, Sp};
use super::super::host_call;
use super::super::operand::imm;
use super::handler;

handler! {
    /// `imm`: the function. Its parameters are in place.
    fn before [] (ip, sp, mem, len, cx, regs) {
        host_call::listen(sp, cx, imm(ip) as u32, host_call::Moment::Before);
        (mem, len) = ((*(*cx).memory0).base, (*(*cx).memory0).len);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}

handler! {
    /// `imm`: the function. Its results are in place.
    fn after [] (ip, sp, mem, len, cx, regs) {
        host_call::listen(sp, cx, imm(ip) as u32, host_call::Moment::After);
        (mem, len) = ((*(*cx).memory0).base, (*(*cx).memory0).len);
        B::next(ip.add(2), sp, mem, len, cx, regs)
    }
}
