//! Where the system gives no more memory: `memory.grow` is −1, instantiation and new stores are errors, nothing panics.
//!
//! The limit is of a whole process, so the ignored test runs in one of its own, behind a shell's `ulimit`.
#![cfg(target_os = "linux")]

mod kit;

use std::process::Command;

use hostel_engine::{
    Engine, Error, ErrorKind, Limits, Linker, Memory, MemoryType, Module, Store, Table, TableType, TrapCode, Val,
    ValType,
};

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

/// Refused by the system, and that is what the error says: no limit is in the way.
#[track_caller]
fn is_the_systems<T>(result: Result<T, Error>) {
    let error = result.err().expect("the system has no room for it");
    assert!(matches!(error.kind(), ErrorKind::OutOfMemory(_)), "{error:?}");
    assert!(error.to_string().contains("the system has no room"), "{error}");
}

#[test]
#[ignore = "in a process of its own, see above"]
fn uses_up_addresses() {
    for mut config in kit::configs() {
        // 2 GiB of elements.
        config.limits(Limits { table_elements: 1 << 28, store_table_elements: 1 << 30, ..Limits::default() });
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
        is_the_systems(memory.grow(&mut store, 48 << 10));
        assert_eq!(memory.size(&store), 16);

        let large = Module::new(&engine, kit::wasm("(module (memory 49152))")).unwrap();
        is_the_systems(linker.instantiate(&mut store, &large));
        is_the_systems(Memory::new(&mut store, MemoryType::new(48 << 10)));
        let null = Val::FuncRef(None);
        is_the_systems(Table::new(&mut store, TableType::new(ValType::FuncRef, 1 << 28), null.clone()));
        let small = Table::new(&mut store, TableType::new(ValType::FuncRef, 3), null.clone()).unwrap();
        is_the_systems(small.grow(&mut store, (1 << 28) - 3, null));
        assert_eq!(small.size(&store), 3);
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
