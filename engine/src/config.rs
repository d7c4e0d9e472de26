//! How an engine is set up.

use std::sync::Arc;

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

    /// Charge guests fuel: one unit per WebAssembly instruction, taken at function entries and loop headers.
    /// A store starts with none; see [`Store::set_fuel`](crate::Store::set_fuel).
    pub fn consume_fuel(&mut self, on: bool) -> &mut Config {
        self.fuel = on;
        self
    }

    /// Let an [`InterruptHandle`](crate::InterruptHandle) stop running guests at function entries and loop headers.
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
