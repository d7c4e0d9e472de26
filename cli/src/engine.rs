//! What engine the command has: one configuration that `run`, `inspect` and `wast` start from, so that what `inspect` says
//! of a module is what `run` does with it.

use hostel_engine::Config;

/// Everything that the engine can run is on, also the older exception instructions, which shipped toolchains still emit.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config.wasm_legacy_exceptions(true);
    config
}
