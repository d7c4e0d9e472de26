//! The linker: turns translated code into code that can run. It replaces instruction numbers by handlers' addresses, branch
//! targets by absolute addresses, function indices by their entries' addresses, and imports' indices by their places.

use std::sync::OnceLock;

use super::backend::{Backend, BackendKind, Ip, with_backend};
use super::block::{FuncEntry, ImportedFunc};
use super::handlers;
use crate::code::{Header, Op, Row, Shape};

/// Links code in place. `entries` are the module's function entries, `imports` the number of functions before them.
/// The code must have passed the translator: it is not checked again here (see [`crate::code::verify`]).
pub(crate) fn link(backend: BackendKind, code: &mut [u64], entries: &[FuncEntry], imports: usize) {
    with_backend!(backend, link_for(code, entries, imports));
}

fn link_for<B: Backend>(code: &mut [u64], entries: &[FuncEntry], imports: usize) {
    let start = code.as_mut_ptr();
    let mut at = 1;
    while at < code.len() {
        let op = Op(code[at] as u16);
        let operands = code.get(at + 1).copied().unwrap_or(0);
        for target in op.targets(operands) {
            code[at + target] = start.wrapping_add(code[at + target] as usize).expose_provenance() as u64;
        }
        if op.row().shape() == Shape::Call {
            let entry: *const FuncEntry = &entries[code[at + 2] as usize - imports];
            code[at + 2] = entry.expose_provenance() as u64;
        }
        if op.row() == Row::CallImport {
            code[at + 2] *= size_of::<ImportedFunc>() as u64;
        }
        code[at] = handlers::of::<B>(op) as usize as u64;
        at += op.words(operands);
    }
}

/// Code that belongs to no function.
#[derive(Clone, Copy)]
pub(crate) struct Stubs {
    /// What the entries of functions that are not translated yet point to.
    pub lazy: Ip,
    /// Where an activation's first function returns to.
    pub halt: Ip,
    /// Where a function called from another instance returns to.
    pub leave: Ip,
}

// SAFETY: the stubs live for ever and never change.
unsafe impl Send for Stubs {}
// SAFETY: as above.
unsafe impl Sync for Stubs {}

/// The backend's stubs.
pub(crate) fn stubs(backend: BackendKind) -> Stubs {
    #[cfg(hostel_tail)]
    static TAIL: OnceLock<Stubs> = OnceLock::new();
    static LOOP: OnceLock<Stubs> = OnceLock::new();
    let cell = match backend {
        #[cfg(hostel_tail)]
        BackendKind::Tail => &TAIL,
        BackendKind::Loop => &LOOP,
    };
    *cell.get_or_init(|| with_backend!(backend, make_stubs()))
}

fn make_stubs<B: Backend>() -> Stubs {
    let word = |row| handlers::of::<B>(Op::new(row, 0)) as usize as u64;
    // The lazy stub's header asks for nothing: the real one is looked at once there is one.
    let header = Header { frame_slots: 0, first_local: 0, locals: 0 }.to_bits();
    let code = Box::leak(Box::new([header, word(Row::Lazy), word(Row::Halt), word(Row::LeaveInstance)]));
    Stubs { lazy: &raw const code[0], halt: &raw const code[2], leave: &raw const code[3] }
}
