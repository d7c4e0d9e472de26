//! What the tests share: an instance from text in a line.
#![allow(dead_code)]

use hostel_engine::{Config, Engine, Error, Instance, Linker, Module, Store};

pub fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the test's module is well-formed")
}

/// An instance of a module, with a linker's definitions.
pub fn instantiate<T: 'static>(linker: &Linker<T>, store: &mut Store<T>, text: &str) -> Result<Instance, Error> {
    let module = Module::new(linker.engine(), wasm(text))?;
    linker.instantiate(store, &module)
}

/// A store with that data and an instance of a module, with a linker's definitions.
pub fn guest_of<T: 'static>(linker: &Linker<T>, data: T, text: &str) -> (Store<T>, Instance) {
    let mut store = Store::new(linker.engine(), data);
    let instance = instantiate(linker, &mut store, text).expect("the test's module is valid");
    (store, instance)
}

/// A store without data and an instance of a module without imports.
pub fn guest(config: &Config, text: &str) -> (Store<()>, Instance) {
    let engine = Engine::new(config).expect("the test's configuration is valid");
    guest_of(&Linker::new(&engine), (), text)
}

/// A configuration for each dispatch backend of this build and each compilation mode.
pub fn configs() -> Vec<Config> {
    use hostel_engine::{Backend, CompilationMode};
    let mut configs = Vec::new();
    for backend in [Backend::Loop, Backend::Tail] {
        for mode in [CompilationMode::Eager, CompilationMode::Lazy, CompilationMode::LazyTranslation] {
            let mut config = Config::new();
            config.backend(backend).compilation_mode(mode);
            if Engine::new(&config).is_ok() {
                configs.push(config);
            }
        }
    }
    configs
}
