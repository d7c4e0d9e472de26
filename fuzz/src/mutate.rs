//! Modules with something broken: for loading, not for running.

use hostel_engine::{CompilationMode, Config, Engine, Linker, Module, Store};

use crate::cases::generate::Words;

/// Changes a few bytes, or cuts the module, or doubles a part of it.
pub fn mutate(wasm: &[u8], words: &mut Words) -> Vec<u8> {
    let mut bytes = wasm.to_vec();
    if bytes.len() < 9 {
        return bytes;
    }
    match words.below(8) {
        0 => bytes.truncate(8 + words.below(wasm.len() - 8)),
        1 => {
            let from = 8 + words.below(wasm.len() - 8);
            let to = from + words.below(wasm.len() - from);
            bytes.splice(to..to, wasm[from..to].iter().copied());
        }
        _ => {
            for _ in 0..1 + words.below(4) {
                let at = 8 + words.below(wasm.len() - 8);
                bytes[at] = match words.below(4) {
                    0 => 0xff,
                    1 => 0,
                    2 => bytes[at] ^ 1 << words.below(8),
                    _ => words.word() as u8,
                };
            }
        }
    }
    bytes
}

/// Loads arbitrary bytes in every mode. A module that eager loading accepts, lazy loading has to accept. What lazy
/// loading accepts is run a little, with fuel: a body that is invalid has to end the call with a trap.
///
/// # Panics
///
/// When one of that does not hold.
pub fn load(bytes: &[u8]) -> bool {
    let mut accepted = Vec::new();
    for mode in [CompilationMode::Eager, CompilationMode::LazyTranslation, CompilationMode::Lazy] {
        let mut config = Config::new();
        // Bodies may loop for ever: what ends them is fuel. Sizes stay small.
        config.compilation_mode(mode).consume_fuel(true);
        config.limits(hostel_engine::Limits { memory_bytes: 1 << 20, table_elements: 10_000, ..Default::default() });
        let engine = Engine::new(&config).expect("valid");
        let module = Module::new(&engine, bytes.to_vec());
        accepted.push(module.is_ok());
        let Ok(module) = module else { continue };
        run(&engine, &module);
    }
    assert_eq!(accepted[0], accepted[1], "eager and lazily translated loading agree");
    assert!(accepted[2] || !accepted[0], "what eager loading accepts, lazy loading accepts");
    accepted[0]
}

fn run(engine: &Engine, module: &Module) {
    let mut store = Store::new(engine, ());
    store.set_fuel(100_000).expect("fuel is on");
    let Ok(instance) = Linker::new(engine).instantiate(&mut store, module) else { return };
    let exports: Vec<_> = instance.exports(&store).map(|(_, export)| export).collect();
    for export in exports {
        if let hostel_engine::Extern::Func(func) = export {
            let slots = func.ty(&store).call_slots();
            let _ = func.call_with_stack(&mut store, &mut vec![0; slots]);
        }
    }
}
