//! What the tests share: an instance from text in a line, a call in another, the configurations to run on.
#![allow(dead_code)]

use hostel_engine::{
    Backend, CompilationMode, Config, Engine, Error, Instance, Linker, Module, Store, Trap, WasmParams, WasmResults,
};

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

/// Calls an export.
pub fn call<P: WasmParams, R: WasmResults>(
    store: &mut Store<impl Sized + 'static>,
    instance: Instance,
    name: &str,
    params: P,
) -> Result<R, Trap> {
    let func = instance.get_typed_func::<P, R>(&*store, name).expect("it is exported, and of this type");
    func.call(store, params)
}

/// A configuration for each dispatch backend of this build.
pub fn backends() -> Vec<Config> {
    let configs = [Backend::Loop, Backend::Tail].map(|backend| {
        let mut config = Config::new();
        config.backend(backend);
        config
    });
    configs.into_iter().filter(|config| Engine::new(config).is_ok()).collect()
}

/// A configuration for each dispatch backend of this build and each compilation mode.
pub fn configs() -> Vec<Config> {
    let mut configs = Vec::new();
    for backend in backends() {
        for mode in [CompilationMode::Eager, CompilationMode::Lazy, CompilationMode::LazyTranslation] {
            let mut config = backend.clone();
            config.compilation_mode(mode);
            configs.push(config);
        }
    }
    configs
}
