//! Beyond 4 GiB: accesses, bulk instructions, growth and the host, at both ends of a 64-bit memory of 6 GiB and across the
//! place where 32 bits end. An address that lost its upper half would reach memory all the same, so each test also looks at
//! what lies 4 GiB lower.
//!
//! The memory is sparse: some megabytes of it are touched. Where the system does not even reserve the addresses, a test
//! says so and is skipped.

mod accesses;
mod bulk;
mod host;
#[path = "../kit/mod.rs"]
mod kit;

use hostel_engine::{Config, Engine, ErrorKind, Instance, Limits, Linker, Memory, Module, Store};

/// Where 32 bits end.
const GIB4: u64 = 1 << 32;
/// Where the memory ends.
const END: u64 = 6 << 30;
/// The same in pages.
const PAGES: u64 = END / 65536;

/// The text of such a memory, exported.
const MEMORY: &str = r#"(memory $large (export "memory") i64 98304)"#;

/// Configurations to run on: each backend, and code that is metered and can be interrupted, where bulk instructions go in
/// steps. All allow for the memory.
fn configs() -> Vec<Config> {
    let mut configs = kit::backends();
    let mut metered = Config::new();
    metered.consume_fuel(true).interruptible(true);
    configs.push(metered);
    for config in &mut configs {
        config.limits(Limits { memory_bytes: END, ..Limits::default() });
    }
    configs
}

/// An instance; `None`, after a message, when the system has no room for it.
fn guest(config: &Config, text: &str) -> Option<(Store<()>, Instance)> {
    let engine = Engine::new(config).expect("the configuration is valid");
    guest_of(&Linker::new(&engine), text)
}

fn guest_of(linker: &Linker<()>, text: &str) -> Option<(Store<()>, Instance)> {
    let engine = linker.engine();
    let mut store = Store::new(engine, ());
    if engine.charges_fuel() {
        store.set_fuel(1 << 40).expect("the engine charges fuel");
    }
    let module = Module::new(engine, kit::wasm(text)).expect("the test's module is valid");
    match linker.instantiate(&mut store, &module) {
        Ok(instance) => Some((store, instance)),
        Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory(_)) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn memory(store: &Store<()>, instance: Instance) -> Memory {
    instance.get_memory(store, "memory").expect("it is exported")
}

/// `N` bytes at an address.
fn bytes<const N: usize>(store: &Store<()>, memory: Memory, at: u64) -> [u8; N] {
    let mut bytes = [0; N];
    memory.read(store, at as usize, &mut bytes).expect("they are inside");
    bytes
}

fn put(store: &mut Store<()>, memory: Memory, at: u64, bytes: &[u8]) {
    memory.write(store, at as usize, bytes).expect("they are inside");
}
