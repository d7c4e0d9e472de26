//! What a stopped chain leaves behind: the trap, and the guest's frames read off the value stack.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::backend::{Cx, Ip, Sp, Stop};
use super::block::ExecState;
use crate::module::{Module, SourceMap};
use crate::trap::{FrameInfo, Trap, TrapCode};

/// Makes the trap of a chain that stopped for another reason than being done, and ends the chain. `unsafe`: B; the chain
/// has just stopped.
pub(super) unsafe fn finish(exec: *mut ExecState, stop: Stop) -> Trap {
    // SAFETY: B; X: the chain has stopped, and each reference ends with its call.
    unsafe {
        let trap = reason(&mut *exec, stop);
        walked(exec, trap)
    }
}

/// Ends a chain that stopped with that trap, which gets its frames. `unsafe`: as [`finish`].
pub(super) unsafe fn walked(exec: *mut ExecState, trap: Trap) -> Trap {
    // SAFETY: B; X.
    let exec = unsafe { &mut *exec };
    let mut trap = trap.into_final();
    (exec.paused.done, exec.paused.frame) = (0, None);
    // SAFETY: the chain stopped at `exec.ip` with the frame at `exec.sp`.
    unsafe { walk(exec, &mut trap) };
    trap
}

/// Why a chain stopped, without its frames. What it was interrupted for is done with.
pub(super) fn reason(exec: &mut ExecState, stop: Stop) -> Trap {
    let trap = match TrapCode::from_raw(stop.0) {
        Some(code @ (TrapCode::OutOfFuel | TrapCode::Interrupted)) => Trap::from(code).resumable(),
        Some(code) => Trap::from(code),
        None => exec.pending.take().unwrap_or_else(|| Trap::message("a chain stopped without saying why")),
    };
    if trap.code() == Some(TrapCode::Interrupted) {
        exec.interrupt.store(false, std::sync::atomic::Ordering::Relaxed);
    }
    trap
}

/// Frames that are counted when nobody listens to them. A guest can have a million of them, and finding each takes time.
/// Chosen: some milliseconds.
const COUNTED: usize = 50_000;
/// Bytes of bodies that are translated again to find the offsets of one trap. Chosen: some hundredths of a second; for a guest
/// that was interrupted, as somebody waits for its end, a millisecond. Nor are long lists of names read for that.
const TRANSLATED: usize = 2 << 20;
const TRANSLATED_IN_A_HURRY: usize = 32 << 10;

/// Offsets of the functions in a backtrace: a recursion's frames need those of one.
struct Offsets {
    /// By instance and function.
    known: HashMap<(Cx, u32), SourceMap>,
    room: usize,
}

impl Offsets {
    /// The offset of the operator that word `at` of a function's code comes from.
    fn find(&mut self, cx: Cx, module: &Module, func: u32, at: usize) -> Option<u64> {
        let map = match self.known.entry((cx, func)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                self.room = self.room.checked_sub(module.body_len(func))?;
                place.insert(module.source_map(func)?)
            }
        };
        let after = map.partition_point(|&(start, _)| start as usize <= at);
        map.get(after.checked_sub(1)?).map(|&(_, offset)| offset)
    }
}

/// Adds the activation's frames to the trap, the innermost first, and tells their listeners.
unsafe fn walk(exec: &mut ExecState, trap: &mut Trap) {
    let (mut ip, mut sp, mut cx): (Ip, Sp, Cx) = (exec.ip, exec.sp, exec.cx);
    let mut untranslated = exec.untranslated.take();
    let mut innermost = true;
    let hurry = trap.code() == Some(TrapCode::Interrupted);
    let room = if hurry { TRANSLATED_IN_A_HURRY } else { TRANSLATED };
    let mut offsets = Offsets { known: HashMap::new(), room };
    let mut frames = 0;
    loop {
        // SAFETY: B.
        let module = unsafe { (*cx).module() };
        // A function that has not begun has no code of its own yet that `ip` could be in.
        let found = match untranslated.take() {
            Some(func) => Some((func, None)),
            None => module.locate(ip).map(|(func, at)| (func, Some(at))),
        };
        let Some((func, position)) = found else { return };
        if let Some(listened) = module.listener(func) {
            listened.0.abort(&listened.1, trap);
        }
        if trap.wants_frames() {
            trap.push_frame(|| {
                // A caller's `ip` is where it goes on; the call stands before it.
                let at = position.map(|at| if innermost { at } else { at - 1 });
                let offset = at.and_then(|at| offsets.find(cx, module, func, at));
                let named = !hurry || module.names_are_at_hand();
                let (module, func_name) = if named { (module.name(), module.func_name(func)) } else { (None, None) };
                FrameInfo { module, func_index: func, func_name, offset }
            });
        }
        frames += 1;
        if frames >= COUNTED && module.engine().config().listeners.is_none() {
            return;
        }
        innermost = false;
        let record = module.func_type(func).call_slots();
        // SAFETY: S: the frame's record is where its type says. Frames above the activation's first are never reached,
        // as that one returns to the stub `halt`.
        unsafe {
            ip = *sp.add(record).cast::<Ip>();
            sp = *sp.add(record + 1).cast::<Sp>();
            if ip == exec.leave {
                (ip, cx) = (*sp.cast::<Ip>(), *sp.add(2).cast::<Cx>());
                sp = *sp.add(1).cast::<Sp>();
            }
        }
        if ip == exec.halt {
            return;
        }
    }
}
