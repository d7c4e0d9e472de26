//! Types of functions: recursive groups and their identity; and what needs garbage collection, which is refused in clear
//! words.

mod kit;

use hostel_engine::{CompilationMode, Config, Engine, ErrorKind, Linker, Module, Store, TrapCode, Val};
use kit::{call, configs, guest, instantiate, wasm};

#[test]
fn what_needs_garbage_collection_says_so() {
    let sections = [
        "(module (type (struct (field i32))))",
        "(module (type (array i8)))",
        "(module (type (sub (func))))",
        "(module (type $a (sub (func))) (type (sub $a (func))))",
        "(module (rec (type $a (func (param (ref null $b)))) (type $b (struct))))",
        "(module (type (func (param anyref))))",
        "(module (import \"a\" \"b\" (global i31ref)))",
        "(module (table 1 eqref))",
        "(module (global anyref (ref.null any)))",
        "(module (global funcref (ref.null nofunc)))",
        "(module (table 1 funcref) (elem i31ref))",
        "(module (global (ref null extern) (extern.convert_any (ref.null any))))",
    ];
    let bodies = [
        "(module (func (export \"f\") (local anyref)))",
        "(module (func (export \"f\") (drop (ref.i31 (i32.const 1)))))",
        "(module (func (export \"f\") (drop (ref.null none))))",
        "(module (func (export \"f\") (drop (ref.eq (ref.null eq) (ref.null eq)))))",
        "(module (func (export \"f\") (drop (ref.test (ref func) (ref.null func)))))",
    ];
    let says_so = |text: &str, found: &str| {
        assert!(found.contains("needs garbage collection"), "{text}: {found}");
    };
    let eager = Engine::default();
    for text in sections.iter().chain(&bodies) {
        let error = Module::new(&eager, wasm(text)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{text}: {error}");
        says_so(text, &error.to_string());
        says_so(text, &Module::validate(&eager, &wasm(text)).unwrap_err().to_string());
    }
    for text in bodies {
        let mut config = Config::new();
        config.compilation_mode(CompilationMode::Lazy);
        let (mut store, instance) = guest(&config, text);
        let trap = call::<(), ()>(&mut store, instance, "f", ()).unwrap_err();
        says_so(text, &trap.to_string());
    }
    let shared = Module::new(&eager, wasm("(module (memory 1 1 shared))")).unwrap_err();
    assert!(shared.to_string().contains("unsupported: shared memory"), "{shared}");
}

/// Looks the same, is another type: calls through a table tell the two apart.
#[test]
fn a_type_is_its_group_and_its_place_in_it() {
    let text = r#"(module
        (type $alone (func (result i32)))
        (rec (type $first (func (result i32))) (type $second (func (result i32))))
        (rec (type $first_again (func (result i32))) (type (func (result i32))))
        (rec (type $even (func (param i32) (result i32 (ref null $odd))))
             (type $odd (func (param i32) (result i32 (ref null $even)))))
        (func $alone (type $alone) (i32.const 1))
        (func $first (type $first) (i32.const 2))
        (func $second (type $second) (i32.const 3))
        (func $even (type $even) (i32.mul (local.get 0) (i32.const 2)) (ref.func $odd))
        (func $odd (type $odd) (i32.add (local.get 0) (i32.const 1)) (ref.null $even))
        (table funcref (elem $alone $first $second $even $odd))
        (func (export "alone") (param i32) (result i32) (call_indirect (type $alone) (local.get 0)))
        (func (export "first") (param i32) (result i32) (call_indirect (type $first) (local.get 0)))
        (func (export "first again") (param i32) (result i32) (call_indirect (type $first_again) (local.get 0)))
        (func (export "second") (param i32) (result i32) (call_indirect (type $second) (local.get 0)))
        (func (export "both") (param i32) (result i32) (local $odd (ref null $odd))
            (call_indirect (type $even) (local.get 0) (i32.const 3))
            (local.set $odd)
            (drop (call_ref $odd (local.get $odd)))))"#;
    for config in configs() {
        let (mut store, instance) = guest(&config, text);
        let mut call = |name: &str, param: i32| {
            let func = instance.get_typed_func::<i32, i32>(&store, name).unwrap();
            func.call(&mut store, param).map_err(|trap| trap.code().unwrap())
        };
        const WRONG: Result<i32, TrapCode> = Err(TrapCode::IndirectCallTypeMismatch);
        assert_eq!([0, 1, 2].map(|index| call("alone", index)), [Ok(1), WRONG, WRONG]);
        assert_eq!([0, 1, 2].map(|index| call("first", index)), [WRONG, Ok(2), WRONG]);
        assert_eq!([0, 1, 2].map(|index| call("first again", index)), [WRONG, Ok(2), WRONG]);
        assert_eq!([0, 1, 2].map(|index| call("second", index)), [WRONG, WRONG, Ok(3)]);
        assert_eq!(call("both", 20), Ok(41));
    }
}

#[test]
fn imports_are_of_the_same_group() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "f", || {});
    let exports = r#"(module
        (rec (type $a (func)) (type (func)))
        (type $self (func (param (ref null $self))))
        (func (export "f") (type $a)) (tag (export "t") (type $a))
        (func (export "self") (type $self)))"#;
    let a = instantiate(&linker, &mut store, exports).unwrap();
    linker.instance(&store, "a", a);
    let mut importing = |types: &str, import: &str| {
        instantiate(&linker, &mut store, &format!("(module {types} (import {import}))"))
            .map_err(|error| error.to_string())
    };
    let same = "(rec (type $a (func)) (type (func)))";
    assert!(importing(same, "\"a\" \"f\" (func (type $a))").is_ok());
    assert!(importing(same, "\"a\" \"t\" (tag (type $a))").is_ok());
    let other = "(rec (type (func)) (type $a (func)))";
    for (types, import) in [
        (other, "\"a\" \"f\" (func (type $a))"),
        (other, "\"a\" \"t\" (tag (type $a))"),
        ("", "\"a\" \"f\" (func)"),
        (same, "\"host\" \"f\" (func (type $a))"),
    ] {
        let error = importing(types, import).unwrap_err();
        assert!(error.contains("another recursive group"), "{types} {import}: {error}");
    }
    let own = "(type $self (func (param (ref null $self))))";
    assert!(importing(own, "\"a\" \"self\" (func (type $self))").is_ok());
    let two = "(type $self (func (param (ref null $self)))) (type $b (func (param (ref null $self))))";
    assert!(importing(two, "\"a\" \"self\" (func (type $b))").is_err());
}

#[test]
fn constant_expressions_read_the_modules_own_globals() {
    let text = r#"(module
        (global $a i32 (i32.const 40))
        (global $b (export "b") i32 (i32.add (global.get $a) (i32.const 2))))"#;
    let (store, instance) = guest(&Config::new(), text);
    let value = instance.get_global(&store, "b").unwrap().get(&store);
    assert!(matches!(value, Val::I32(42)), "{value:?}");
    let mut config = Config::new();
    let engine = Engine::new(config.wasm_recursive_types(false)).unwrap();
    for text in [text, "(module (rec (type (func)) (type (func))))"] {
        let error = Module::new(&engine, wasm(text)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains("recursive types are turned off"), "{error}");
    }
}
