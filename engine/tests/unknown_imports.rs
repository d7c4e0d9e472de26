//! `Linker::define_unknown_imports_as_traps`: what is missing traps when it is called, and nothing else changes.

mod kit;

use hostel_engine::{Config, Engine, ErrorKind, Linker, Module, Store, Trap};
use kit::{call, configs, wasm};

/// An instance of a module whose missing functions trap.
fn guest(config: &Config, text: &str) -> (Store<()>, hostel_engine::Instance) {
    let engine = Engine::new(config).expect("the configuration is valid");
    let module = Module::new(&engine, wasm(text)).expect("the test's module is valid");
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&module).expect("it is the same engine");
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).expect("nothing is missing any more");
    (store, instance)
}

#[track_caller]
fn is_unknown(result: Result<impl std::fmt::Debug, Trap>, names: &str) -> Trap {
    let trap = result.expect_err("it was called");
    assert_eq!(trap.to_string(), format!("unknown import {names} was called: nothing of that name is defined"));
    trap
}

#[test]
fn missing_functions_trap_however_they_are_called() {
    let text = r#"(module
        (import "env" "a" (func $a (param i32 i64 f32 f64) (result i32)))
        (import "env" "b" (func $b (result i32 i32 i32)))
        (import "env" "c" (func $c (param v128)))
        (type $c (func (param v128)))
        (table funcref (elem $a $b $c))
        (export "b" (func $b))
        (func (export "none") (result i32) (i32.const 7))
        (func $call (export "call") (result i32)
            (call $a (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)))
        (func (export "tail") (result i32) (return_call $a (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)))
        (func (export "indirect") (call_indirect (type $c) (v128.const i64x2 1 2) (i32.const 2))))"#;
    for config in configs() {
        let (mut store, instance) = guest(&config, text);
        assert_eq!(call::<_, i32>(&mut store, instance, "none", ()).unwrap(), 7);
        let trap = is_unknown(call::<_, i32>(&mut store, instance, "call", ()), r#""env" "a""#);
        assert_eq!(trap.frames()[0].func_name.as_deref(), Some("call"));
        is_unknown(call::<_, i32>(&mut store, instance, "tail", ()), r#""env" "a""#);
        is_unknown(call::<_, ()>(&mut store, instance, "indirect", ()), r#""env" "c""#);
        // From the host, as it is exported again.
        is_unknown(call::<_, (i32, i32, i32)>(&mut store, instance, "b", ()), r#""env" "b""#);
        // The store survives.
        assert_eq!(call::<_, i32>(&mut store, instance, "none", ()).unwrap(), 7);
    }
}

#[test]
fn a_start_function_that_calls_one_traps() {
    let engine = Engine::default();
    let module = Module::new(&engine, wasm(r#"(module (import "env" "f" (func $f)) (start $f))"#)).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&module).unwrap();
    let error = linker.instantiate(Store::new(&engine, ()), &module).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Instantiation(_)), "{error:?}");
    assert!(error.to_string().contains(r#"unknown import "env" "f""#), "{error}");
}

/// One name, imported as functions of several types, also of recursive groups that look the same.
#[test]
fn one_name_of_several_types() {
    let text = r#"(module
        (rec (type $first (func (param i32))) (type (func (param i64))))
        (rec (type $second (func (param i32))) (type (func (param f64))))
        (import "env" "f" (func $plain (param i32)))
        (import "env" "f" (func $other (param i64) (result i64)))
        (import "env" "f" (func $in_first (type $first)))
        (import "env" "f" (func $in_second (type $second)))
        (table funcref (elem $plain $in_first $in_second))
        (func (export "plain") (call $plain (i32.const 1)))
        (func (export "other") (result i64) (call $other (i64.const 1)))
        (func (export "first") (param i32) (call_indirect (type $first) (i32.const 1) (local.get 0)))
        (func (export "second") (param i32) (call_indirect (type $second) (i32.const 1) (local.get 0))))"#;
    let (mut store, instance) = guest(&Config::new(), text);
    is_unknown(call::<_, ()>(&mut store, instance, "plain", ()), r#""env" "f""#);
    is_unknown(call::<_, i64>(&mut store, instance, "other", ()), r#""env" "f""#);
    // Each has the type it was imported as, and no other.
    for (name, its_own) in [("first", 1), ("second", 2)] {
        for element in 0..3 {
            let result = call::<_, ()>(&mut store, instance, name, element);
            if element == its_own {
                is_unknown(result, r#""env" "f""#);
            } else {
                assert_eq!(result.unwrap_err().to_string(), "indirect call type mismatch", "{name} {element}");
            }
        }
    }
}

#[test]
fn what_is_there_and_what_is_no_function_stays() {
    let engine = Engine::default();
    let load = |text: &str| Module::new(&engine, wasm(text)).unwrap();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("env", "known", || 5);
    let module = load(
        r#"(module (import "env" "known" (func $known (result i32))) (import "env" "unknown" (func))
            (func (export "run") (result i32) (call $known)))"#,
    );
    linker.define_unknown_imports_as_traps(&module).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    assert_eq!(call::<_, i32>(&mut store, instance, "run", ()).unwrap(), 5);
    assert!(linker.host_func_type("env", "known").is_some() && linker.host_func_type("env", "unknown").is_none());
    for (ty, message) in [
        ("(memory 1)", "unknown import"),
        ("(table 1 funcref)", "unknown import"),
        ("(global i32)", "unknown import"),
        ("(tag)", "unknown import"),
    ] {
        // Also under a name that is a missing function's.
        for name in ["absent", "unknown"] {
            let module = load(&format!(r#"(module (import "env" "{name}" {ty}))"#));
            linker.define_unknown_imports_as_traps(&module).unwrap();
            let error = linker.instantiate(&mut store, &module).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Link { .. }), "{ty}: {error:?}");
            assert!(error.to_string().contains(message), "{ty}: {error}");
        }
    }
    // What is there of another type is an error, as it was.
    let module = load(r#"(module (import "env" "known" (func (param i32))))"#);
    linker.define_unknown_imports_as_traps(&module).unwrap();
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert!(error.to_string().contains("incompatible import type"), "{error}");
    // A missing function stands only for the modules that were asked about.
    let module = load(r#"(module (import "env" "unknown" (func (param i32))))"#);
    let error = linker.instantiate(&mut store, &module).unwrap_err();
    assert!(error.to_string().contains("unknown import"), "{error}");
    linker.define_unknown_imports_as_traps(&module).unwrap();
    assert!(linker.instantiate(&mut store, &module).is_ok());
}

#[test]
fn a_later_definition_takes_its_place() {
    let engine = Engine::default();
    let text = r#"(module (import "env" "f" (func $f (result i32))) (func (export "run") (result i32) (call $f)))"#;
    let module = Module::new(&engine, wasm(text)).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&module).unwrap();
    let trapping = linker.clone();
    linker.func_wrap("env", "f", || 8);
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    assert_eq!(call::<_, i32>(&mut store, instance, "run", ()).unwrap(), 8);
    // A clone from before is not changed.
    let instance = trapping.instantiate(&mut store, &module).unwrap();
    is_unknown(call::<_, i32>(&mut store, instance, "run", ()), r#""env" "f""#);
}

#[test]
fn names_are_escaped() {
    let (mut store, instance) =
        guest(&Config::new(), r#"(module (import "a\nb\1b" "\e2\80\ae\"" (func $f)) (func (export "run") (call $f)))"#);
    is_unknown(call::<_, ()>(&mut store, instance, "run", ()), r#""a\nb\u{1b}" "\u{202e}\"""#);
}

#[test]
fn a_module_of_another_engine_is_refused() {
    let module = Module::new(&Engine::default(), wasm("(module)")).unwrap();
    let mut linker = Linker::<()>::new(&Engine::default());
    let error = linker.define_unknown_imports_as_traps(&module).err().expect("it is another engine's");
    assert!(matches!(error.kind(), ErrorKind::Usage(_)), "{error:?}");
}
