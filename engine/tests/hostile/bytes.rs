//! Modules with something broken: for loading, not for running.

use hostel_engine::{
    CompilationMode, Config, Engine, ErrorKind, Extern, ExternType, Global, HostModuleBuilder, Limits, Linker, Memory,
    Module, Store, Table, Tag, Val, proxy_module,
};

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

/// Loads arbitrary bytes in every mode. A module that eager loading accepts, lazy loading has to accept. What is accepted
/// is run a little, with fuel: a body that is invalid has to end the call with a trap.
///
/// # Panics
///
/// When one of that does not hold.
pub fn load(bytes: &[u8]) -> bool {
    let mut accepted = Vec::new();
    let mut limited = false;
    for mode in [CompilationMode::Eager, CompilationMode::LazyTranslation, CompilationMode::Lazy] {
        let mut config = Config::new();
        // Bodies may loop for ever: what ends them is fuel. Sizes stay small.
        config.compilation_mode(mode).consume_fuel(true).wasm_legacy_exceptions(true);
        config.limits(Limits { memory_bytes: 1 << 20, table_elements: 10_000, ..Limits::default() });
        let engine = Engine::new(&config).expect("valid");
        if mode == CompilationMode::Eager {
            let _ = Module::validate(&engine, bytes);
        }
        let module = Module::new(&engine, bytes.to_vec());
        accepted.push(module.is_ok());
        match module {
            Ok(module) => run(&engine, &module),
            // A body may be valid and too large for the translator.
            Err(error) => limited |= matches!(error.kind(), ErrorKind::Limit { .. }),
        }
    }
    assert!(accepted[0] == accepted[1] || limited, "eager and lazily translated loading agree");
    assert!(accepted[2] || !accepted[0], "what eager loading accepts, lazy loading accepts");
    accepted[0]
}

/// Gives a module everything that it imports, as far as it can be made, and calls what it exports.
fn run(engine: &Engine, module: &Module) {
    let mut store = Store::new(engine, ());
    let mut linker = Linker::new(engine);
    for import in module.imports().take(100) {
        let Some(value) = make(&mut store, engine, &import.ty) else { continue };
        linker.define(import.module, import.name, value);
    }
    store.set_fuel(20_000).expect("fuel is on");
    let _ = format!("{:?} {:?}", module, module.exports().take(100).collect::<Vec<_>>());
    let Ok(instance) = linker.instantiate(&mut store, module) else { return };
    let exports: Vec<_> = instance.exports(&store).take(30).map(|(_, export)| export).collect();
    for export in exports {
        if let Extern::Func(func) = export {
            store.set_fuel(20_000).expect("fuel is on");
            let slots = func.ty(&store).call_slots();
            if let Err(trap) = func.call_with_stack(&mut store, &mut vec![0; slots]) {
                assert!(!format!("{trap} {trap:?}").is_empty());
            }
        }
    }
}

/// Something of that type.
fn make(store: &mut Store<()>, engine: &Engine, ty: &ExternType) -> Option<Extern> {
    Some(match ty {
        ExternType::Func(ty) => {
            let (params, results) = (ty.params().to_vec(), ty.results().to_vec());
            let zeros = |_: &mut (), stack: &mut [u64]| {
                stack.fill(0);
                Ok(())
            };
            let builder = HostModuleBuilder::new("made").new_function();
            let made = builder.with_raw_function(params, results, zeros).export("f").compile(engine).ok()?;
            let mut linker = Linker::new(engine);
            linker.host_module(&made).ok()?;
            // Through a proxy, as a host module has no functions of a store.
            let instance = linker.instantiate(&mut *store, &proxy_module(&made, 0).ok()?).ok()?;
            instance.get_export(&*store, "f")?
        }
        ExternType::Memory(ty) => Memory::new(store, *ty).ok()?.into(),
        ExternType::Table(ty) => Table::new(store, *ty, Val::default_for_ty(ty.element)).ok()?.into(),
        ExternType::Global(ty) => Global::new(store, *ty, Val::default_for_ty(ty.content)).ok()?.into(),
        ExternType::Tag(ty) => Tag::new(store, ty.clone()).ok()?.into(),
        _ => return None,
    })
}
