//! The two ways from one handler to the next.
//!
//! Handlers are generic over [`Backend`] and end in [`Backend::next`]. `Tail` calls the next handler in tail position,
//! which the compiler turns into a jump; `Loop` returns the machine state to a loop. Everything else is shared.

use super::block::InstanceBlock;

/// Instruction pointer.
pub(crate) type Ip = *const u64;
/// Stack pointer: slot 0 of the running function's frame.
pub(crate) type Sp = *mut u64;
/// The running instance.
pub(crate) type Cx = *mut InstanceBlock;

/// The accumulators: one for integers and references, one for each float type.
#[derive(Clone, Copy)]
pub(crate) struct Regs {
    pub int: u64,
    pub f32: f32,
    pub f64: f64,
}

impl Regs {
    /// No value in any of them.
    pub(crate) const NOTHING: Regs = Regs::of(0);

    /// A value in the integer accumulator only.
    pub(crate) const fn of(int: u64) -> Regs {
        Regs { int, f32: 0.0, f64: 0.0 }
    }
}

/// A handler: six integer and two float arguments, all in registers on x86-64 and aarch64.
pub(crate) type Handler<B> =
    unsafe fn(ip: Ip, sp: Sp, mem: *mut u8, len: usize, cx: Cx, int: u64, f32: f32, f64: f64) -> <B as Backend>::Out;

/// Why a chain ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stop(pub u32);

impl Stop {
    /// The entry function returned.
    pub(crate) const DONE: Stop = Stop(0);
    /// `ExecState::pending` says why.
    pub(crate) const PENDING: Stop = Stop(u32::MAX);
}

/// A way of continuing. The methods' `unsafe` asks for the invariants C, S, M and B of the state that is passed.
pub(crate) trait Backend: 'static {
    /// What a handler returns.
    type Out: Copy;

    /// Continues with the instruction at `ip`.
    unsafe fn next(ip: Ip, sp: Sp, mem: *mut u8, len: usize, cx: Cx, regs: Regs) -> Self::Out;

    /// Ends the chain.
    fn stop(stop: Stop) -> Self::Out;

    /// Runs from `ip` until a handler ends the chain.
    unsafe fn run(ip: Ip, sp: Sp, mem: *mut u8, len: usize, cx: Cx, regs: Regs) -> Stop;
}

/// Reads the handler that the linker put at `ip`.
#[inline(always)]
unsafe fn handler<B: Backend>(ip: Ip) -> Handler<B> {
    // SAFETY: C: word 0 of a linked instruction is the address of a handler of this backend.
    unsafe { *ip.cast::<Handler<B>>() }
}

/// Each handler jumps to the next one.
#[cfg(hostel_tail)]
pub(crate) struct Tail;

#[cfg(hostel_tail)]
impl Backend for Tail {
    type Out = u32;

    #[inline(always)]
    unsafe fn next(ip: Ip, sp: Sp, mem: *mut u8, len: usize, cx: Cx, regs: Regs) -> u32 {
        // SAFETY: passed on.
        unsafe { handler::<Tail>(ip)(ip, sp, mem, len, cx, regs.int, regs.f32, regs.f64) }
    }

    #[inline(always)]
    fn stop(stop: Stop) -> u32 {
        stop.0
    }

    unsafe fn run(ip: Ip, sp: Sp, mem: *mut u8, len: usize, cx: Cx, regs: Regs) -> Stop {
        // SAFETY: passed on.
        Stop(unsafe { Tail::next(ip, sp, mem, len, cx, regs) })
    }
}

/// Each handler returns the machine state to a loop.
pub(crate) struct Loop;

/// The machine state between two instructions; a null `ip` ends the loop with `stop`.
#[derive(Clone, Copy)]
pub(crate) struct State {
    ip: Ip,
    sp: Sp,
    mem: *mut u8,
    len: usize,
    cx: Cx,
    regs: Regs,
    stop: Stop,
}

impl Backend for Loop {
    type Out = State;

    #[inline(always)]
    unsafe fn next(ip: Ip, sp: Sp, mem: *mut u8, len: usize, cx: Cx, regs: Regs) -> State {
        State { ip, sp, mem, len, cx, regs, stop: Stop::DONE }
    }

    #[inline(always)]
    fn stop(stop: Stop) -> State {
        let null = std::ptr::null_mut();
        State {
            ip: std::ptr::null(),
            sp: std::ptr::null_mut(),
            mem: std::ptr::null_mut(),
            len: 0,
            cx: null,
            regs: Regs::NOTHING,
            stop,
        }
    }

    unsafe fn run(ip: Ip, sp: Sp, mem: *mut u8, len: usize, cx: Cx, regs: Regs) -> Stop {
        let mut s = State { ip, sp, mem, len, cx, regs, stop: Stop::DONE };
        while !s.ip.is_null() {
            // SAFETY: the state is the caller's or the one that the last handler continued with: C, S, M, B.
            s = unsafe { handler::<Loop>(s.ip)(s.ip, s.sp, s.mem, s.len, s.cx, s.regs.int, s.regs.f32, s.regs.f64) };
        }
        s.stop
    }
}

/// A backend, chosen at run time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BackendKind {
    #[cfg(hostel_tail)]
    Tail,
    Loop,
}

impl BackendKind {
    /// `Tail` where it is compiled and works, else `Loop`.
    pub(crate) fn best() -> BackendKind {
        super::tail_backend().unwrap_or(BackendKind::Loop)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            #[cfg(hostel_tail)]
            BackendKind::Tail => "tail",
            BackendKind::Loop => "loop",
        }
    }
}

/// Calls `$function::<B>(…)` with the backend that `$kind` stands for.
macro_rules! with_backend {
    ($kind:expr, $function:ident ( $($argument:expr),* )) => {
        match $kind {
            #[cfg(hostel_tail)]
            $crate::exec::backend::BackendKind::Tail => $function::<$crate::exec::backend::Tail>($($argument),*),
            $crate::exec::backend::BackendKind::Loop => $function::<$crate::exec::backend::Loop>($($argument),*),
        }
    };
}
pub(crate) use with_backend;
