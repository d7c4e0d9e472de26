//! Where the system gives no more memory: `memory.grow` is −1, instantiation and new stores are errors, nothing panics.
//!
//! The limit is of a whole process, so the ignored test runs in one of its own, behind a shell's `ulimit`.
#![cfg(target_os = "linux")]

mod kit;

use std::process::Command;

use hostel_engine::{Engine, Linker, MemoryType, Module, Store, TrapCode};

#[test]
fn memory_that_the_system_refuses() {
    let binary = std::env::current_exe().unwrap();
    // 1 GiB of addresses.
    let script = "ulimit -v 1048576; exec \"$0\" --exact uses_up_addresses --ignored --nocapture --test-threads 1";
    let output = Command::new("sh").arg("-c").arg(script).arg(binary).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if text.contains("AddressSanitizer failed to allocate") {
        eprintln!("skipped: a sanitizer wants more addresses than that for itself");
        return;
    }
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "in a process of its own, see above"]
fn uses_up_addresses() {
    for config in kit::configs() {
        let engine = Engine::new(&config).unwrap();
        let linker = Linker::<()>::new(&engine);
        let mut store = Store::new(&engine, ());
        let text = r#"(module (memory (export "memory") 1) (table $t 1 funcref)
            (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))
            (func (export "load") (param i32) (result i32) (i32.load (local.get 0))))"#;
        let instance = kit::instantiate(&linker, &mut store, text).unwrap();
        let grow = instance.get_typed_func::<i32, i32>(&store, "grow").unwrap();
        let load = instance.get_typed_func::<i32, i32>(&store, "load").unwrap();
        // 3 GiB is below the engine's limit and above the system's; a failed attempt changes nothing.
        assert_eq!(grow.call(&mut store, 48 << 10).unwrap(), -1);
        assert_eq!(grow.call(&mut store, 15).unwrap(), 1);
        assert_eq!(grow.call(&mut store, 48 << 10).unwrap(), -1);
        assert_eq!(load.call(&mut store, (16 << 16) - 4).unwrap(), 0);
        assert_eq!(load.call(&mut store, 16 << 16).unwrap_err().code(), Some(TrapCode::MemoryOutOfBounds));
        // From the host as well.
        let memory = instance.get_memory(&store, "memory").unwrap();
        assert_eq!(memory.grow(&mut store, 48 << 10), None);
        assert_eq!(memory.size(&store), 16);

        let large = Module::new(&engine, kit::wasm("(module (memory 49152))")).unwrap();
        let error = linker.instantiate(&mut store, &large).unwrap_err();
        assert!(error.to_string().contains("no room"), "{error}");
        assert!(hostel_engine::Memory::new(&mut store, MemoryType::new(48 << 10)).is_err());
        // Stores with the ordinary stack, until there is no room for one more.
        let mut stores = Vec::new();
        let refused = loop {
            match Store::try_new(&engine, ()) {
                Ok(store) => stores.push(store),
                Err(error) => break error,
            }
            assert!(stores.len() < 1000, "the limit does not hold");
        };
        assert!(refused.to_string().contains("value stack"), "{refused}");
        drop(stores);
        // And everything goes on.
        let table = instance.get_typed_func::<i32, i32>(&store, "table").unwrap();
        assert_eq!(table.call(&mut store, 9).unwrap(), 1);
        assert_eq!(grow.call(&mut store, 1).unwrap(), 16);
        assert!(Store::try_new(&engine, ()).is_ok());
    }
}
