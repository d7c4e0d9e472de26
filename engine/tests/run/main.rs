//! Running guests: traps and backtraces, laziness, fuel and interruption, threads; and in files of their own the stack,
//! instances, and what folding must not change. What depends on the code runs on every backend of the build and in every
//! compilation mode.

mod folding;
mod instances;
#[path = "../kit/mod.rs"]
mod kit;
mod stack;

use std::thread;
use std::time::Duration;

use hostel_engine::{
    CompilationMode, Config, Engine, Error, ErrorKind, Instance, Limits, Linker, Module, Store, TrapCode, Val,
};
use kit::{configs, guest, wasm};

/// Calls an export with integers.
fn call(store: &mut Store<()>, instance: Instance, name: &str, params: &[i32]) -> Result<Vec<i64>, Error> {
    let func = instance.get_func(&*store, name).expect("it is exported");
    let params: Vec<Val> = params.iter().map(|&param| Val::I32(param)).collect();
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    func.call(store, &params, &mut results)?;
    Ok(results.iter().map(|result| result.i32().map_or_else(|| result.i64().expect("an integer"), i64::from)).collect())
}

/// Runs an export on every configuration and compares its results.
fn check(text: &str, cases: &[(&str, &[i32], &[i64])]) {
    for config in configs() {
        let (mut store, instance) = guest(&config, text);
        for (name, params, results) in cases {
            assert_eq!(call(&mut store, instance, name, params).unwrap(), *results, "{name}{params:?}");
        }
    }
}

#[test]
fn traps_have_names_and_backtraces() {
    let text = r#"(module $guest (memory 1) (table 1 funcref) (type $v (func))
        (func $unreachable (export "unreachable") (unreachable))
        (func $div (export "div") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
        (func $over (export "over") (result i32) (i32.div_s (i32.const 0x80000000) (i32.const -1)))
        (func $load (export "load") (param i32) (result i32) (i32.load offset=4 (local.get 0)))
        (func $store (export "store") (param i32) (i64.store (local.get 0) (i64.const 1)))
        (func $trunc (export "trunc") (result i32) (i32.trunc_f32_s (f32.const nan)))
        (func $element (export "element") (param i32) (call_indirect (type $v) (local.get 0)))
        (func $outer (export "outer") (param i32) (result i32) (nop) (i32.add (i32.const 1) (call $div (local.get 0)))))"#;
    for config in configs() {
        let (mut store, instance) = guest(&config, text);
        let mut trap = |name: &str, params: &[i32]| {
            let error = call(&mut store, instance, name, params).unwrap_err();
            let trap = error.trap().unwrap();
            (trap.code().unwrap(), trap.frames().to_vec())
        };
        assert_eq!(trap("unreachable", &[]).0, TrapCode::Unreachable);
        assert_eq!(trap("div", &[0]).0, TrapCode::IntegerDivideByZero);
        assert_eq!(trap("over", &[]).0, TrapCode::IntegerOverflow);
        assert_eq!(trap("load", &[65536 - 7]).0, TrapCode::MemoryOutOfBounds);
        assert_eq!(trap("load", &[-1]).0, TrapCode::MemoryOutOfBounds);
        assert_eq!(trap("store", &[65536 - 7]).0, TrapCode::MemoryOutOfBounds);
        assert_eq!(trap("trunc", &[]).0, TrapCode::InvalidConversionToInteger);
        assert_eq!(trap("element", &[0]).0, TrapCode::UninitializedElement);
        assert_eq!(trap("element", &[1]).0, TrapCode::UndefinedElement);
        let (code, frames) = trap("outer", &[0]);
        assert_eq!(code, TrapCode::IntegerDivideByZero);
        let names: Vec<_> = frames.iter().map(|frame| frame.func_name.clone().unwrap()).collect();
        assert_eq!(names, ["div", "outer"]);
        // The offsets are those of the instructions: 0x6d is i32.div_s, 0x10 a call.
        let bytes = wasm(text);
        let at = |i: usize| bytes[frames[i].offset.unwrap() as usize];
        assert_eq!((at(0), at(1)), (0x6d, 0x10));
    }
}

#[test]
fn lazy_modules_find_an_invalid_body_when_it_is_called() {
    let mut bytes = wasm(
        r#"(module $m (func $bad (export "bad") (result i32) (i32.const 1)) (func (export "good") (result i32) (i32.const 2)))"#,
    );
    let at = bytes.windows(2).position(|pair| pair == [0x41, 1]).unwrap();
    bytes[at] = 0x42; // i64.const: the result is of the wrong type
    let mut config = Config::new();
    let eager = Module::new(&Engine::default(), bytes.clone()).unwrap_err();
    assert!(matches!(eager.kind(), ErrorKind::Module { .. }), "{eager}");
    config.compilation_mode(CompilationMode::LazyTranslation);
    assert!(Module::new(&Engine::new(&config).unwrap(), bytes.clone()).is_err());
    config.compilation_mode(CompilationMode::Lazy);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, bytes).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
    assert_eq!(call(&mut store, instance, "good", &[]).unwrap(), [2]);
    for _ in 0..2 {
        let error = call(&mut store, instance, "bad", &[]).unwrap_err();
        let trap = error.trap().unwrap();
        assert!(trap.downcast_ref::<Error>().unwrap().to_string().contains("type mismatch"));
        assert_eq!(trap.frames()[0].func_name.as_deref(), Some("bad"));
    }
}

#[test]
fn memories_grow_to_their_limit_and_no_further() {
    for mut config in configs() {
        config.limits(Limits { memory_bytes: 10 * 65536, ..Limits::default() });
        let (mut store, instance) = guest(
            &config,
            r#"(module (memory (export "memory") 1 6) (memory $b 0)
            (func (export "a") (param i32) (result i32) (memory.grow (local.get 0)))
            (func (export "b") (param i32) (result i32) (memory.grow $b (local.get 0)))
            (func (export "last") (result i32) (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 7)) (memory.size)))"#,
        );
        for (name, delta, result) in [("a", 5, 1), ("a", 1, -1), ("a", 0, 6), ("a", -1, -1), ("b", 10, 0), ("b", 1, -1)]
        {
            assert_eq!(call(&mut store, instance, name, &[delta]).unwrap(), [result], "{name} by {delta}");
        }
        assert_eq!(call(&mut store, instance, "last", &[]).unwrap(), [6]);
    }
}

#[test]
fn fuel_is_deterministic_and_stops_loops_and_recursion() {
    let text = r#"(module (func (export "spin") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
        (func $deep (export "deep") (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))))))"#;
    let mut used = Vec::new();
    for mut config in configs() {
        config.consume_fuel(true);
        let (mut store, instance) = guest(&config, text);
        store.set_fuel(1_000_000).unwrap();
        call(&mut store, instance, "spin", &[1000]).unwrap();
        let spin = 1_000_000 - store.get_fuel().unwrap();
        call(&mut store, instance, "deep", &[1000]).unwrap();
        used.push((spin, 1_000_000 - store.get_fuel().unwrap()));
        for name in ["spin", "deep"] {
            let error = call(&mut store, instance, name, &[-1]).unwrap_err();
            let code = error.trap().unwrap().code().unwrap();
            assert!(matches!(code, TrapCode::OutOfFuel | TrapCode::StackOverflow), "{name}: {code}");
        }
    }
    assert!(used[0].0 >= 5000, "{used:?}: five operators a round");
    assert!(used.iter().all(|other| *other == used[0]), "{used:?}");
}

#[test]
fn another_thread_interrupts_a_guest() {
    let text = r#"(module (func (export "forever") (loop (br 0))) (func (export "fine") (result i32) (i32.const 1)))"#;
    for mut config in configs() {
        config.interruptible(true);
        let (mut store, instance) = guest(&config, text);
        let handle = store.interrupt_handle().unwrap();
        let other = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            handle.interrupt();
        });
        let error = call(&mut store, instance, "forever", &[]).unwrap_err();
        assert_eq!(error.trap().unwrap().code(), Some(TrapCode::Interrupted));
        other.join().unwrap();
        assert_eq!(call(&mut store, instance, "fine", &[]).unwrap(), [1]);
    }
}

#[test]
fn one_module_runs_in_many_threads_while_it_is_translated() {
    for config in configs() {
        let engine = Engine::new(&config).unwrap();
        let functions: String = (0..100)
            .map(|i| format!("(func $f{i} (export \"f{i}\") (param i32) (result i32) (i32.add (local.get 0) (call $f{} (i32.const {i}))))", i + 1))
            .collect();
        let text = format!("(module {functions} (func $f100 (param i32) (result i32) (local.get 0)))");
        let module = Module::new(&engine, wasm(&text)).unwrap();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (engine, module) = (engine.clone(), module.clone());
                thread::spawn(move || {
                    let mut store = Store::new(&engine, ());
                    let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
                    for _ in 0..10 {
                        assert_eq!(call(&mut store, instance, "f0", &[0]).unwrap(), [(0..100).sum::<i64>()]);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
