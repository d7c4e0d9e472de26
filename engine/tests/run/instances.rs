//! Instances: what they import from each other and from the host, what they pass on, and how making one fails.

use hostel_engine::{
    Engine, ErrorKind, Extern, Global, GlobalType, Linker, Memory, MemoryType, Store, TrapCode, Val, ValType,
};

use crate::call;
use crate::kit::{configs, instantiate};

#[test]
fn instances_call_each_other_and_share_memories_tables_and_globals() {
    for config in configs() {
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::<()>::new(&engine);
        let mut store = Store::new(&engine, ());
        let a = instantiate(
            &linker,
            &mut store,
            r#"(module (memory (export "memory") 1) (global $g (export "g") (mut i32) (i32.const 5)) (table (export "table") 4 funcref)
                (type $t (func (param i32 i32) (result i32 i32 i32)))
                (func (export "f") (type $t) (i32.store8 (i32.const 0) (local.get 0)) (local.get 1) (local.get 0) (global.get $g))
                (func $trap (export "trap") (unreachable))
                (func (export "through") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))"#,
        )
        .unwrap();
        linker.instance(&store, "a", a);
        let b = instantiate(
            &linker,
            &mut store,
            r#"(module $b (type $t (func (param i32 i32) (result i32 i32 i32)))
                (import "a" "f" (func $f (type $t))) (import "a" "memory" (memory 1)) (import "a" "g" (global $g (mut i32)))
                (import "a" "table" (table 4 funcref)) (import "a" "trap" (func $trap)) (import "a" "through" (func $through (param i32) (result i32)))
                (memory $own 1)
                (elem (i32.const 2) $mine $f)
                (func $mine (result i32) (i32.const 77))
                (func (export "run") (result i32) (local i32)
                    (local.set 0 (i32.const 1000))
                    (global.set $g (i32.const 9))
                    (call $f (i32.const 3) (i32.const 4))
                    (i32.add) (i32.add)
                    (i32.add (local.get 0)) (i32.add (i32.load8_u (i32.const 0))))
                (func (export "through_b") (result i32) (call $through (i32.const 2)))
                (func (export "indirect") (result i32) (call_indirect (type $t) (i32.const 1) (i32.const 2) (i32.const 3)) (drop) (drop))
                (func $call_trap (export "call_trap") (call $trap) (nop))
                (func (export "own") (result i32) (i32.load8_u $own (i32.const 0))))"#,
        )
        .unwrap();
        assert_eq!(call(&mut store, b, "run", &[]).unwrap(), [1000 + 4 + 3 + 9 + 3]);
        assert_eq!(call(&mut store, b, "own", &[]).unwrap(), [0], "memory 1 is not memory 0");
        assert_eq!(call(&mut store, b, "through_b", &[]).unwrap(), [77]);
        assert_eq!(call(&mut store, b, "indirect", &[]).unwrap(), [2]);
        let error = call(&mut store, a, "through", &[3]).unwrap_err();
        assert_eq!(error.trap().unwrap().code(), Some(TrapCode::IndirectCallTypeMismatch));
        let error = call(&mut store, b, "call_trap", &[]).unwrap_err();
        let names: Vec<_> =
            error.trap().unwrap().frames().iter().map(|frame| frame.func_name.clone().unwrap()).collect();
        assert_eq!(names, ["trap", "call_trap"]);
        assert_eq!(error.trap().unwrap().frames()[1].module.as_deref(), Some("b"));
    }
}

#[test]
fn exports_are_the_things_themselves_whoever_passes_them_on() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    let mut store = Store::new(&engine, ());
    let things = r#"(func (export "f")) (memory (export "m") 1) (memory (export "m2") 1) (table (export "t") 1 funcref)
        (global (export "g") i32 (i32.const 1)) (global (export "g2") i32 (i32.const 2)) (tag (export "e"))"#;
    // Others of each kind stand before them in the store.
    instantiate(&linker, &mut store, &format!("(module {things})")).unwrap();
    let a = instantiate(&linker, &mut store, &format!("(module {things})")).unwrap();
    linker.instance(&store, "a", a);
    let b = instantiate(
        &linker,
        &mut store,
        r#"(module (import "a" "f" (func)) (import "a" "m2" (memory 1)) (import "a" "t" (table 1 funcref))
            (import "a" "g2" (global i32)) (import "a" "e" (tag)) (memory 2) (global i32 (i32.const 3))
            (export "f" (func 0)) (export "m2" (memory 0)) (export "t" (table 0)) (export "g2" (global 0)) (export "e" (tag 0))
            (export "own" (memory 1)))"#,
    )
    .unwrap();
    let passed_on: Vec<_> = b.exports(&store).collect();
    assert_eq!(passed_on.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["f", "m2", "t", "g2", "e", "own"]);
    for (name, thing) in &passed_on[..5] {
        assert_eq!(a.get_export(&store, name), Some(*thing), "{name}");
    }
    assert_ne!(a.get_export(&store, "m"), a.get_export(&store, "m2"));
    assert_eq!(b.get_memory(&store, "own").unwrap().size(&store), 2);
    assert_eq!(b.get_global(&store, "g2").unwrap().get(&store).i32(), Some(2));
}

#[test]
fn what_is_imported_from_the_host_is_shared_with_it() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType { max: Some(2), ..MemoryType::new(1) }).unwrap();
    let global = Global::new(&mut store, GlobalType { content: ValType::I64, mutable: true }, Val::I64(5)).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define("h", "memory", memory).define("h", "global", global);
    let instance = instantiate(
        &linker,
        &mut store,
        r#"(module (import "h" "memory" (memory 1 3)) (import "h" "global" (global $g (mut i64)))
            (data (i32.const 3) "abc") (export "memory" (memory 0))
            (func (export "run") (global.set $g (i64.add (global.get $g) (i64.load8_u (i32.const 3))))))"#,
    )
    .unwrap();
    call(&mut store, instance, "run", &[]).unwrap();
    assert_eq!(global.get(&store).i64(), Some(5 + i64::from(b'a')));
    assert_eq!(&memory.data(&store)[3..6], b"abc");
    assert_eq!(instance.get_export(&store, "memory"), Some(Extern::Memory(memory)));
}

#[test]
fn start_functions_and_segments_fail_as_instantiations() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let linker = Linker::new(&engine);
    for (text, message) in [
        ("(module (func $s (unreachable)) (start $s))", "unreachable"),
        ("(module (memory 1) (data (i32.const 65535) \"ab\"))", "out of bounds memory access"),
        ("(module (table 1 funcref) (func $f) (elem (i32.const 1) $f))", "out of bounds table access"),
    ] {
        let error = instantiate(&linker, &mut store, text).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Instantiation(_)), "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}
