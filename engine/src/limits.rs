//! Limits: every state of the engine that a guest can reach is bounded by one of these names.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bounds on what modules and running guests may ask for. The defaults are generous for real programs; an embedder of
/// guests that it does not trust sets them tighter.
///
/// Going over a limit is an [`Error`](crate::Error) that names it when a module is loaded or instantiated, and −1 or a
/// trap when a running guest does it.
///
/// ```
/// use hostel_engine::{Config, Engine, Limits, Module};
/// let mut config = Config::new();
/// config.limits(Limits { memory_bytes: 1 << 20, ..Limits::default() });
/// let engine = Engine::new(&config)?;
/// let module = Module::new(&engine, wat::parse_str("(module (memory 17))").unwrap())?;
/// let mut store = hostel_engine::Store::new(&engine, ());
/// let error = hostel_engine::Linker::new(&engine).instantiate(&mut store, &module).unwrap_err();
/// assert!(error.to_string().contains("`memory_bytes`"), "{error}");
/// # Ok::<(), hostel_engine::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one linear memory. Default 4 GiB, all that 32 bits address.
    pub memory_bytes: u64,
    /// Bytes of all linear memories of a store together. Default 16 GiB.
    pub store_memory_bytes: u64,
    /// Elements of one table. Default 10 000 000.
    pub table_elements: u64,
    /// Elements of all tables of a store together. Default 40 000 000, which take 320 MB.
    pub store_table_elements: u64,
    /// Instances in one store. Default 100 000.
    pub instances: usize,
    /// Memories in one store. Default 100 000.
    pub memories: usize,
    /// Tables in one store. Default 100 000.
    pub tables: usize,
    /// Exceptions in one store that guests can still reach; 16 slots of values count as one more. An eighth more may be there
    /// until the next look at who refers to them. Default 100 000.
    pub exceptions: usize,
    /// Bytes of a store's value stack, on which guest calls live; it is reserved, not committed. Default 16 MiB.
    pub value_stack_bytes: usize,
    /// How often host functions and guests may call each other in turn, each time on the native stack. Default 200.
    pub host_reentry: usize,
    /// Bytes of a module. Default 1 GiB.
    pub module_bytes: usize,
    /// Functions of a module, imported ones included. Default 1 000 000.
    pub functions: usize,
    /// Bytes of one function's body. Default 7 654 321, as browsers have it.
    pub function_bytes: usize,
    /// Locals of one function, parameters included. Default 50 000.
    pub locals: usize,
    /// Blocks of a function that are open inside of each other; 16 parameters or results of theirs count as one more.
    /// Default 50 000.
    pub nesting: usize,
    /// Values that the blocks, branches and returns of a function pass on in all, besides 8 for each byte of its body: there
    /// translation takes time for what is not in the body. Default 250 000.
    pub passed_values: usize,
    /// Targets of one `br_table`. Default 65 520, as browsers have it.
    pub br_table_targets: usize,
    /// Slots of one function's frame: parameters, locals and operands. At most, and by default, 65 535.
    pub frame_slots: usize,
    /// Bytes of memory that a module takes when it is loaded, without its code: its own bytes, and what is charged for what is
    /// in it ([`Module::loaded_bytes`](crate::Module::loaded_bytes)). Of real programs that is less than twice their length;
    /// made on purpose, it can be hundreds of times as much. Default 2 GiB.
    pub loaded_bytes: u64,
    /// Bytes of a module's translated code, with 144 for each function. Code is mostly some 4 to 8 times as long as the
    /// functions' bodies; made on purpose, it can be a thousand times as long. Default 4 GiB.
    pub code_bytes: usize,
    /// Bytes of a name section that is read; a larger one is as if it were not there, and traps have fewer names. The trap of
    /// a guest that was interrupted has fewer too, when nobody has asked for any before and the section is longer than 256 KiB.
    /// Default 64 MiB.
    pub name_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_bytes: 1 << 32,
            store_memory_bytes: 1 << 34,
            table_elements: 10_000_000,
            store_table_elements: 40_000_000,
            instances: 100_000,
            memories: 100_000,
            tables: 100_000,
            exceptions: 100_000,
            value_stack_bytes: 16 << 20,
            host_reentry: 200,
            module_bytes: 1 << 30,
            functions: 1_000_000,
            function_bytes: 7_654_321,
            locals: 50_000,
            nesting: 50_000,
            passed_values: 250_000,
            br_table_targets: 65_520,
            frame_slots: u16::MAX as usize,
            loaded_bytes: 2 << 30,
            code_bytes: usize::try_from(1u64 << 32).unwrap_or(usize::MAX),
            name_bytes: 64 << 20,
        }
    }
}

/// What all memories, or all tables, of a store have of what they may have together.
pub(crate) struct Quota {
    used: AtomicU64,
    limit: u64,
}

impl Quota {
    pub(crate) fn new(limit: u64) -> Quota {
        Quota { used: AtomicU64::new(0), limit }
    }

    /// Whether there is room for so much more.
    pub(crate) fn has_room(&self, amount: u64) -> bool {
        // One thread uses a store at a time, so what is read here stays true until it is taken.
        self.used.load(Ordering::Relaxed).checked_add(amount).is_some_and(|used| used <= self.limit)
    }

    /// Takes what there is [room](Self::has_room) for.
    pub(crate) fn take(&self, amount: u64) {
        self.used.fetch_add(amount, Ordering::Relaxed);
    }

    pub(crate) fn give_back(&self, amount: u64) {
        self.used.fetch_sub(amount, Ordering::Relaxed);
    }
}
