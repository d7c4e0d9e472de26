//! Limits: every state of the engine that a guest can reach is bounded by one of these names.

/// Bounds on what modules and running guests may ask for. The defaults are generous for real programs; an embedder of
/// guests that it does not trust sets them tighter, as each memory and each table has its own bound.
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
    /// Elements of one table. Default 10 000 000.
    pub table_elements: u64,
    /// Instances in one store. Default 100 000.
    pub instances: usize,
    /// Memories in one store. Default 100 000.
    pub memories: usize,
    /// Tables in one store. Default 100 000.
    pub tables: usize,
    /// Exceptions in one store that guests can still reach. Default 100 000.
    pub exceptions: usize,
    /// Bytes of a store's value stack, on which guest calls live; it is reserved, not committed. Default 16 MiB.
    pub value_stack_bytes: usize,
    /// How often host functions and guests may call each other in turn, each time on the native stack. Default 200.
    pub host_reentry: usize,
    /// Bytes of a module. Default 1 GiB.
    pub module_bytes: usize,
    /// Slots of one function's frame: parameters, locals and operands. At most, and by default, 65 535.
    pub frame_slots: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            memory_bytes: 1 << 32,
            table_elements: 10_000_000,
            instances: 100_000,
            memories: 100_000,
            tables: 100_000,
            exceptions: 100_000,
            value_stack_bytes: 16 << 20,
            host_reentry: 200,
            module_bytes: 1 << 30,
            frame_slots: u16::MAX as usize,
        }
    }
}
