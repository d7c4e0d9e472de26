//! How an engine is set up.

use std::sync::Arc;

use wasmparser::WasmFeatures;

use crate::host::listener::FunctionListenerFactory;
use crate::limits::Limits;

/// When function bodies are validated and translated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CompilationMode {
    /// Everything when the module is loaded: an invalid module never runs.
    #[default]
    Eager,
    /// Validate everything when the module is loaded, translate a function when it is first called.
    LazyTranslation,
    /// Validate and translate a function when it is first called. A body that turns out to be invalid ends that call
    /// with a [`Trap`](crate::Trap) whose source is the validation error. Everything else of the module (sections, types,
    /// segments) is validated when it is loaded.
    Lazy,
}

/// How handlers are chained, see RATIONALE "Two backends".
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Backend {
    /// `Tail` where it is compiled and the start-up probe finds that it works, else `Loop`.
    #[default]
    Auto,
    /// Each handler jumps to the next one.
    Tail,
    /// Each handler returns to a loop, which calls the next one.
    Loop,
}

/// An engine's configuration.
///
/// What modules may contain is WebAssembly 3.0 but for garbage collection: structures, arrays, `i31`, types with subtypes,
/// casts. There is no switch for it. A module that needs it, or shared memories, is refused with
/// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported), whose message says so.
///
/// ```
/// use hostel_engine::{CompilationMode, Config, Engine};
/// let mut config = Config::new();
/// config.compilation_mode(CompilationMode::Lazy).consume_fuel(true);
/// let engine = Engine::new(&config)?;
/// # Ok::<(), hostel_engine::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Config {
    pub(crate) mode: CompilationMode,
    pub(crate) backend: Backend,
    pub(crate) fuel: bool,
    pub(crate) interruptible: bool,
    pub(crate) limits: Limits,
    pub(crate) listeners: Option<Arc<dyn FunctionListenerFactory>>,
    pub(crate) features: Features,
}

/// What modules may contain. `GC` stands for recursive groups of types and what else the sections take from that
/// proposal; bodies are never validated with it.
#[derive(Clone, Copy)]
pub(crate) struct Features(pub WasmFeatures);

impl Default for Features {
    fn default() -> Features {
        Features(
            (WasmFeatures::MUTABLE_GLOBAL
                | WasmFeatures::SATURATING_FLOAT_TO_INT
                | WasmFeatures::SIGN_EXTENSION
                | WasmFeatures::MULTI_VALUE
                | WasmFeatures::BULK_MEMORY
                | WasmFeatures::REFERENCE_TYPES
                | WasmFeatures::EXTENDED_CONST
                | WasmFeatures::TAIL_CALL
                | WasmFeatures::MULTI_MEMORY
                | WasmFeatures::SIMD
                | WasmFeatures::RELAXED_SIMD
                | WasmFeatures::MEMORY64
                | WasmFeatures::EXCEPTIONS
                | WasmFeatures::FUNCTION_REFERENCES
                | WasmFeatures::GC
                | WasmFeatures::THREADS
                | WasmFeatures::WIDE_ARITHMETIC
                | WasmFeatures::CUSTOM_PAGE_SIZES
                | WasmFeatures::FLOATS
                | WasmFeatures::GC_TYPES)
                .difference(ABSENT),
        )
    }
}

/// What this build leaves out.
const ABSENT: WasmFeatures =
    if cfg!(feature = "simd") { WasmFeatures::empty() } else { WasmFeatures::SIMD.union(WasmFeatures::RELAXED_SIMD) };

/// Writes a switch for each proposal.
macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident: $($flag:ident)|*;)*) => {
        impl Config {$(
            $(#[$doc])*
            pub fn $name(&mut self, on: bool) -> &mut Config {
                self.features.0.set($(WasmFeatures::$flag)|*, on);
                self.features.0 = self.features.0.difference(ABSENT);
                self
            }
        )*}
    };
}

switches! {
    /// Bulk memory operations. Like all that this engine runs, on by default; a switch turned off makes modules that use
    /// the proposal invalid, as an engine would that does not know it.
    wasm_bulk_memory: BULK_MEMORY;
    /// Reference types.
    wasm_reference_types: REFERENCE_TYPES;
    /// Several results, and parameters of blocks.
    wasm_multi_value: MULTI_VALUE;
    /// 128-bit vectors. Only with the crate's feature `simd`, which is on by default.
    wasm_simd: SIMD | RELAXED_SIMD;
    /// Relaxed vector instructions, which here always do the same.
    wasm_relaxed_simd: RELAXED_SIMD;
    /// Tail calls.
    wasm_tail_call: TAIL_CALL;
    /// Several memories in a module.
    wasm_multi_memory: MULTI_MEMORY;
    /// Memories and tables with 64-bit addresses.
    wasm_memory64: MEMORY64;
    /// Exceptions: tags, `throw`, `throw_ref`, `try_table`.
    wasm_exceptions: EXCEPTIONS;
    /// The older `try`, `catch`, `delegate`, `rethrow`, which shipped toolchains still emit. Off by default.
    wasm_legacy_exceptions: LEGACY_EXCEPTIONS;
    /// References to functions of one type, and references that are never null.
    wasm_function_references: FUNCTION_REFERENCES;
    /// Groups of function types that refer to each other, and constant expressions that read the module's own globals:
    /// what version 3.0 of the specification took from the garbage collection proposal and needs no collector.
    wasm_recursive_types: GC;
    /// Atomic instructions, on memories that are not shared.
    wasm_threads: THREADS;
    /// 128-bit integer arithmetic.
    wasm_wide_arithmetic: WIDE_ARITHMETIC;
    /// Memories with pages of one byte.
    wasm_custom_page_sizes: CUSTOM_PAGE_SIZES;
    /// Arithmetic in constant expressions.
    wasm_extended_const: EXTENDED_CONST;
}

impl Config {
    /// The defaults: eager, backend chosen by the engine, no fuel, not interruptible, no listeners, default [`Limits`].
    pub fn new() -> Config {
        Config::default()
    }

    /// When bodies are validated and translated.
    pub fn compilation_mode(&mut self, mode: CompilationMode) -> &mut Config {
        self.mode = mode;
        self
    }

    /// Which dispatch backend to use. [`Engine::new`](crate::Engine::new) fails when `Tail` is asked for and not there.
    pub fn backend(&mut self, backend: Backend) -> &mut Config {
        self.backend = backend;
        self
    }

    /// Charge guests fuel: one unit per WebAssembly instruction, taken at function entries and loop headers; beyond that, one
    /// for 64 bytes that an instruction on a whole memory or table works on, and for each frame, region and clause that a
    /// throw looks at.
    /// A store starts with none; see [`Store::set_fuel`](crate::Store::set_fuel).
    pub fn consume_fuel(&mut self, on: bool) -> &mut Config {
        self.fuel = on;
        self
    }

    /// Let an [`InterruptHandle`](crate::InterruptHandle) stop running guests: at function entries, loop headers, in long
    /// straight code, and within instructions and throws that take long.
    pub fn interruptible(&mut self, on: bool) -> &mut Config {
        self.interruptible = on;
        self
    }

    /// Bounds for modules and stores of this engine.
    pub fn limits(&mut self, limits: Limits) -> &mut Config {
        self.limits = limits;
        self
    }

    /// Asked once for each function that is translated or compiled whether somebody wants to listen to it.
    pub fn function_listeners(&mut self, factory: Arc<dyn FunctionListenerFactory>) -> &mut Config {
        self.listeners = Some(factory);
        self
    }
}
