//! The start-up probe of the tail backend: runs a chain of three handlers and looks whether the native stack pointer moved
//! between them. A chain that does not jump would overflow its user's stack; then `loop` is used instead.

#![cfg(hostel_tail)]

use std::hint::black_box;
use std::sync::OnceLock;

use super::backend::{Backend, Cx, Handler, Ip, Regs, Sp, Stop, Tail};

/// Whether handlers of this build continue by jumping. Found out once.
pub(super) fn tail_calls_work() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| {
        let step: Handler<Tail> = step;
        let code: [Handler<Tail>; 4] = black_box([step, step, step, stop]);
        let mut stack = [0u64; 4];
        // SAFETY: the probe's handlers touch nothing but `stack`, one slot each, and the code's last one ends the chain.
        unsafe {
            Tail::run(
                code.as_ptr().cast(),
                stack.as_mut_ptr(),
                std::ptr::null_mut(),
                0,
                std::ptr::null_mut(),
                Regs::NOTHING,
            )
        };
        let stack = black_box(stack);
        stack[0] == stack[1] && stack[1] == stack[2]
    })
}

/// Notes the native stack pointer in slot 0 and continues with the next slot.
unsafe fn step(ip: Ip, sp: Sp, mem: *mut u8, len: usize, cx: Cx, int: u64, f32: f32, f64: f64) -> u32 {
    let native: u64;
    // SAFETY: reading a register changes nothing; slot and next handler are the probe's.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        std::arch::asm!("mov {}, rsp", out(reg) native, options(nomem, nostack, preserves_flags));
        #[cfg(target_arch = "aarch64")]
        std::arch::asm!("mov {}, sp", out(reg) native, options(nomem, nostack, preserves_flags));
        *sp = native;
        Tail::next(ip.add(1), sp.add(1), mem, len, cx, Regs { int, f32, f64 })
    }
}

unsafe fn stop(_: Ip, _: Sp, _: *mut u8, _: usize, _: Cx, _: u64, _: f32, _: f64) -> u32 {
    Tail::stop(Stop::DONE)
}
