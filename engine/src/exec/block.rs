//! The blocks of memory that running code reads through raw pointers: one per instance, memory, table and global, and
//! one per store. Data and layout only.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use super::backend::{BackendKind, Cx, Ip, Regs, Sp};
use super::pool::{Pool, PooledMemory};
use crate::limits::Quota;
use crate::module::Module;
use crate::runtime::store::StoreInner;
use crate::trap::Trap;
use crate::types::{GlobalType, MemoryType, TableType};

/// A linear memory. `base..base + len` is the guest's; `len` is a multiple of its page size.
pub(crate) struct MemoryBlock {
    pub base: *mut u8,
    pub len: usize,
    pub allocation: PooledMemory,
    pub ty: MemoryType,
    /// The largest number of pages: the type's maximum or the engine's limit, whichever is less.
    pub max_pages: u64,
    /// What the store's memories may have together, in bytes.
    pub quota: Arc<Quota>,
}

// SAFETY: `base` points into `allocation`, which it owns.
unsafe impl Send for MemoryBlock {}
// SAFETY: shared access is reading only.
unsafe impl Sync for MemoryBlock {}

impl MemoryBlock {
    /// A memory of that type, zeroed. `None` when the quota or the system has no room for it.
    pub(crate) fn new(ty: MemoryType, max_pages: u64, quota: Arc<Quota>, pool: &Arc<Pool>) -> Option<MemoryBlock> {
        let bytes = ty.min.checked_mul(ty.page_size).filter(|&bytes| quota.has_room(bytes))?;
        let len = usize::try_from(bytes).ok()?;
        let mut allocation = pool.memory(len)?;
        quota.take(bytes);
        Some(MemoryBlock { base: allocation.base(), len, allocation, ty, max_pages, quota })
    }

    pub(crate) fn pages(&self) -> u64 {
        self.len as u64 / self.ty.page_size
    }

    /// Grows by `delta` pages and returns the number there were; `None`, and no change, when a limit or the system
    /// forbids it.
    pub(crate) fn grow(&mut self, delta: u64) -> Option<u64> {
        let old = self.pages();
        let new = old.checked_add(delta).filter(|&pages| pages <= self.max_pages)?;
        if delta > 0 {
            let len = usize::try_from(new.checked_mul(self.ty.page_size)?).ok()?;
            let more = (len - self.len) as u64;
            if !self.quota.has_room(more) {
                return None;
            }
            self.allocation.grow(len)?;
            self.quota.take(more);
            self.base = self.allocation.base();
            self.len = len;
        }
        Some(old)
    }

    pub(crate) fn data(&self) -> &[u8] {
        // SAFETY: M: the allocation holds `len` initialised bytes; X.
        unsafe { std::slice::from_raw_parts(self.base, self.len) }
    }

    pub(crate) fn data_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, exclusively borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.base, self.len) }
    }
}

/// A table of reference handles; see [`Handle`].
pub(crate) struct TableBlock {
    pub elements: Vec<u64>,
    pub ty: TableType,
    /// The largest number of elements: the type's maximum or the engine's limit, whichever is less.
    pub max: u64,
    /// What the store's tables may have together, in elements.
    pub quota: Arc<Quota>,
}

impl TableBlock {
    /// Grows by `delta` elements set to `init` and returns the number there were; `None`, and no change, when a limit
    /// or the system forbids it.
    pub(crate) fn grow(&mut self, delta: u64, init: u64) -> Option<u64> {
        let old = self.make_room(delta)?;
        self.elements.resize((old + delta) as usize, init);
        Some(old)
    }

    /// Makes sure that there is room for `delta` more elements, which are to be added next, and returns the number there
    /// are.
    pub(crate) fn make_room(&mut self, delta: u64) -> Option<u64> {
        let old = self.elements.len() as u64;
        old.checked_add(delta).filter(|&len| len <= self.max && self.quota.has_room(delta))?;
        self.elements.try_reserve(usize::try_from(delta).ok()?).ok()?;
        self.quota.take(delta);
        Some(old)
    }

    /// Makes the table as it was before [`make_room`](Self::make_room).
    pub(crate) fn undo_growth(&mut self, old: u64, delta: u64) {
        self.quota.give_back(delta);
        self.elements.truncate(old as usize);
    }
}

/// A global: one slot, or two for `v128`.
pub(crate) struct GlobalBlock {
    pub value: [u64; 2],
    pub ty: GlobalType,
}

/// A reference to a function as it lies in slots, tables and globals: the owner in the upper half and the function's index in
/// the lower. Owner 0 stands for the store's host functions (index + 1, so that null is 0), `n` for instance `n - 1`.
/// It always names the function's origin, never an import of it, and is checked when it is used.
#[derive(Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub struct Handle(pub(crate) u64);

impl Handle {
    pub(crate) const NULL: Handle = Handle(0);

    pub(crate) const fn host(index: usize) -> Handle {
        Handle(index as u64 + 1)
    }

    pub(crate) const fn guest(owner: u32, func: u32) -> Handle {
        Handle((owner as u64) << 32 | func as u64)
    }

    pub(crate) const fn owner(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) const fn index(self) -> u32 {
        self.0 as u32
    }
}

/// What a defined function's callers need: where its code begins and which type it has. The code pointer is the lazy
/// stub's until the function is translated.
pub(crate) struct FuncEntry {
    pub code: AtomicPtr<u64>,
    pub type_id: u32,
}

impl FuncEntry {
    #[inline(always)]
    pub(crate) fn code(&self) -> Ip {
        // Pairs with the release store of the translator: who sees the pointer sees the code.
        self.code.load(Ordering::Acquire)
    }
}

/// The one function that host functions of every kind come down to. `slots..slots + len` is the call's part of the
/// value stack. `unsafe`: `env` belongs to this shim, D holds for `data`, B for `cx`, and the slots are inside the stack.
pub(crate) type Shim =
    unsafe fn(env: *const (), data: *mut (), cx: Cx, slots: *mut u64, len: usize) -> Result<(), Trap>;

/// An imported function: a host function when there is a shim, else a function of another instance.
#[derive(Clone, Copy)]
pub(crate) struct ImportedFunc {
    pub shim: Option<Shim>,
    pub env: *const (),
    pub cx: Cx,
    pub entry: *const FuncEntry,
    pub handle: Handle,
}

/// Where in the store's lists an instance's tables, memories and globals are, by the module's indices.
#[derive(Default)]
pub(crate) struct Places {
    pub tables: Vec<usize>,
    pub memories: Vec<usize>,
    pub globals: Vec<usize>,
}

/// Everything of an instance that its code touches, and what the host asks of it.
pub(crate) struct InstanceBlock {
    pub memory0: *mut MemoryBlock,
    pub exec: *mut ExecState,
    pub stack_end: Sp,
    pub globals: Box<[*mut GlobalBlock]>,
    pub imports: Box<[ImportedFunc]>,
    pub tables: Box<[*mut TableBlock]>,
    /// The module's function entries; the first is function `imports.len()`.
    pub funcs: *const FuncEntry,
    /// Upper half of the handles of this instance's functions, in place.
    pub owner: u64,
    /// What the export `memory` is, null when there is none.
    pub exported_memory: *mut MemoryBlock,
    pub memories: Box<[*mut MemoryBlock]>,
    /// The store's numbers of the module's tags.
    pub tags: Box<[u32]>,
    pub places: Places,
    pub dropped_data: Box<[bool]>,
    /// Element segments' values; empty once dropped.
    pub elements: Box<[Box<[u64]>]>,
    /// `None` only for the block that stands for the host itself as a caller.
    pub module: Option<Module>,
}

// SAFETY: the pointers are to blocks of the same store (B) and to the module's entries, which `module` keeps alive;
// they are used only while the store is exclusively borrowed.
unsafe impl Send for InstanceBlock {}
// SAFETY: shared access reads nothing through the pointers.
unsafe impl Sync for InstanceBlock {}

impl InstanceBlock {
    /// The module whose code runs here. Only code asks, and the host's own block has none.
    pub(crate) fn module(&self) -> &Module {
        self.module.as_ref().expect("instances have modules")
    }

    /// The function's entry, when `func` is one that the instance's module defines.
    pub(crate) fn entry(&self, func: u32) -> Option<&FuncEntry> {
        self.module().entries().get((func as usize).checked_sub(self.imports.len())?)
    }
}

/// Which budgets an engine's configuration has.
#[derive(Clone, Copy)]
pub(crate) struct Meters {
    pub fuel: bool,
    pub interrupt: bool,
}

/// How an instruction paused that is to be done, or finished, when the chain goes on.
#[derive(Clone, Copy)]
pub(crate) struct Paused {
    pub regs: Regs,
    /// How much of a bulk instruction is done; taken by that instruction, 0 at all other times.
    pub done: u64,
    /// The units of fuel that were not there.
    pub needed: u64,
    /// The frame in which a throw was looking for who catches, and what it had spent until then. Addresses of frames hold
    /// when the chain goes on, as the frames are put back where they were.
    pub frame: Option<(Ip, Sp, Cx, u64)>,
}

impl Paused {
    pub(crate) const NEW: Paused = Paused { regs: Regs::NOTHING, done: 0, needed: 0, frame: None };
}

/// What a store keeps for its running guests.
pub(crate) struct ExecState {
    /// The host's data for this activation (D).
    pub data: *mut (),
    /// Where the running host function was called, or where the chain stopped.
    pub ip: Ip,
    pub sp: Sp,
    pub cx: Cx,
    /// The first slot that is free for a nested activation.
    pub top: Sp,
    /// The first slot that the host function has borrowed which is making one; they end at `top`.
    pub borrowed: Sp,
    /// The slots, from their first to behind their last, that host functions have borrowed which wait for a nested
    /// activation: outer ones first.
    pub waiting: Vec<(Sp, Sp)>,
    /// Copies of what was passed to running host functions that take exceptions: the search for those does not look at
    /// slots that a host function has borrowed.
    pub arguments: Vec<u64>,
    pub stack_base: Sp,
    pub stack_end: Sp,
    /// Units left; below 0 when a host function took more than there was.
    pub fuel: i64,
    pub interrupt: Arc<AtomicBool>,
    /// What the engine's configuration asks long instructions and host functions to look at.
    pub meters: Meters,
    /// What a chain needs besides `ip`, `sp` and `cx` to go on where it paused.
    pub paused: Paused,
    /// Activations in progress, and how many there may be ([`Limits::host_reentry`](crate::Limits)).
    pub depth: usize,
    pub most_depth: usize,
    /// The engine's.
    pub backend: BackendKind,
    pub pending: Option<Trap>,
    /// The stubs an activation returns to, and a call into another instance.
    pub halt: Ip,
    pub leave: Ip,
    /// The function that could not be translated, when that is what stopped the chain.
    pub untranslated: Option<u32>,
    pub store: *mut StoreInner,
}

// SAFETY: the pointers are into the store's own blocks and stack, and `data` is only set while a chain runs, which
// borrows the store exclusively.
unsafe impl Send for ExecState {}
// SAFETY: shared access reads nothing through the pointers.
unsafe impl Sync for ExecState {}

/// The address of a host function's environment, which something beside it owns.
#[derive(Clone, Copy)]
pub(crate) struct EnvPtr(pub *const ());

// SAFETY: it points to a closure that is `Send` and `Sync`, as the host builder asks for.
unsafe impl Send for EnvPtr {}
// SAFETY: as above.
unsafe impl Sync for EnvPtr {}
