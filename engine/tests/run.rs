//! Running guests: traps and backtraces, recursion, calls between instances, laziness, folding hazards. Every test runs on
//! every backend of the build and in every compilation mode.

mod kit;

use std::thread;
use std::time::Duration;

use hostel_engine::{
    CompilationMode, Config, Engine, ErrorKind, Extern, Global, GlobalType, Instance, Limits, Linker, Memory,
    MemoryType, Module, Store, Table, TableType, TrapCode, Val, ValType,
};
use kit::{configs, guest, instantiate, wasm};

/// Calls an export with integers.
fn call(
    store: &mut Store<()>,
    instance: Instance,
    name: &str,
    params: &[i32],
) -> Result<Vec<i64>, hostel_engine::Error> {
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
fn deep_recursion_is_a_trap_wherever_the_limit_is() {
    let text = r#"(module (func $f (export "f") (param i32) (result i32)
            (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
                (else (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))))
        (func $forever (export "forever") (result i64) (call $forever))
        (func $wide (export "wide") (local i64 i64 i64 i64 i64 i64 i64 i64) (call $wide)))"#;
    for mut config in configs() {
        for bytes in [0, 8, 200, 1000, 4096, 65536, 16 << 20] {
            config.limits(Limits { value_stack_bytes: bytes, ..Limits::default() });
            let (mut store, instance) = guest(&config, text);
            for name in ["forever", "wide"] {
                let error = call(&mut store, instance, name, &[]).unwrap_err();
                assert_eq!(error.trap().unwrap().code(), Some(TrapCode::StackOverflow));
            }
            if bytes > 1000 {
                let deep = (bytes / 100) as i32;
                assert_eq!(call(&mut store, instance, "f", &[deep]).unwrap(), [i64::from(deep)]);
                let error = call(&mut store, instance, "f", &[i32::MAX]).unwrap_err();
                let trap = error.trap().unwrap();
                assert_eq!(trap.code(), Some(TrapCode::StackOverflow));
                assert!(trap.omitted_frames() > 0);
            }
        }
    }
}

#[test]
fn a_deep_guest_runs_on_a_small_native_stack() {
    let text = r#"(module (func $f (export "f") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))
        (func (export "spin") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;
    for config in configs() {
        let run = move || {
            let (mut store, instance) = guest(&config, text);
            assert_eq!(call(&mut store, instance, "f", &[200_000]).unwrap(), [200_000]);
            call(&mut store, instance, "spin", &[1_000_000]).unwrap();
        };
        // Large enough for the validator in a dev build, far too small for 200 000 native frames.
        thread::Builder::new().stack_size(512 << 10).spawn(run).unwrap().join().unwrap();
    }
}

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
fn tail_calls_need_no_stack_also_between_instances_and_to_hosts() {
    for mut config in configs() {
        config.limits(Limits { value_stack_bytes: 8192, ..Limits::default() });
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::<()>::new(&engine);
        linker.func_wrap("h", "host", |a: i32, b: i32, c: i32| a * 100 + b * 10 + c);
        let mut store = Store::new(&engine, ());
        let table = Table::new(&mut store, TableType::new(ValType::FuncRef, 2), Val::FuncRef(None)).unwrap();
        linker.define("h", "table", table);
        let text = |other: i32| {
            format!(
                r#"(module (type $t (func (param i32 i64) (result i64)))
                (import "h" "table" (table 2 funcref)) (import "h" "host" (func $host (param i32 i32 i32) (result i32)))
                (func (export "go") (type $t) (if (result i64) (local.get 0)
                    (then (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 1)) (i32.const {other})))
                    (else (local.get 1))))
                (func $self (export "self") (param i32 i64) (result i64) (local i64 i64 i64)
                    (if (i32.eqz (local.get 0)) (then (return (i64.add (local.get 1) (local.get 4)))))
                    (local.set 4 (i64.const 5))
                    (return_call $self (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 2))))
                (func $few (param i32) (result i32) (return_call $host (i32.const 1) (local.get 0) (i32.const 3)))
                (func (export "to_host") (param i32) (result i32) (i32.add (i32.const 1000) (call $few (local.get 0)))))"#
            )
        };
        let a = instantiate(&linker, &mut store, &text(1)).unwrap();
        let b = instantiate(&linker, &mut store, &text(0)).unwrap();
        for (i, instance) in [a, b].into_iter().enumerate() {
            let go = instance.get_func(&store, "go").unwrap();
            table.set(&mut store, i as u64, Val::FuncRef(Some(go))).unwrap();
        }
        for instance in [a, b] {
            let go = instance.get_typed_func::<(i32, i64), i64>(&store, "go").unwrap();
            assert_eq!(go.call(&mut store, (100_000, 7)).unwrap(), 100_007);
            let own = instance.get_typed_func::<(i32, i64), i64>(&store, "self").unwrap();
            assert_eq!(own.call(&mut store, (100_000, 1)).unwrap(), 200_001);
            assert_eq!(call(&mut store, instance, "to_host", &[2]).unwrap(), [1123]);
        }
    }
}

#[test]
fn folding_keeps_the_order_of_reads_and_writes() {
    check(
        r#"(module (memory 1) (global $g (mut i32) (i32.const 1))
        (func (export "old") (param i32) (result i32)
            (local.get 0) (local.set 0 (i32.add (local.get 0) (i32.const 1))) (i32.sub (local.get 0)))
        (func (export "old_twice") (param i32) (result i32 i32 i32)
            (local.get 0) (local.get 0) (local.set 0 (i32.const 9)) (local.get 0))
        (func (export "across_block") (param i32) (result i32)
            (local.get 0) (block (br_if 0 (local.get 0)) (local.set 0 (i32.const 50))) (i32.add (local.get 0)))
        (func (export "swap") (param i32 i32) (result i32 i32) (local.get 1) (local.get 0))
        (func (export "rotate") (param i32 i32 i32) (result i32)
            (local.get 0) (local.get 1) (local.get 2) (local.set 0) (local.set 2) (local.set 1)
            (i32.add (i32.mul (local.get 0) (i32.const 100)) (i32.add (i32.mul (local.get 1) (i32.const 10)) (local.get 2))))
        (func (export "pending") (param i32) (result i32)
            (i32.add (local.get 0) (i32.const 1)) (i32.mul (local.get 0) (i32.const 10)) (i32.sub))
        (func (export "tee") (param i32) (result i32)
            (i32.add (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (local.tee 0 (i32.mul (local.get 0) (i32.const 2)))))
        (func (export "global") (result i32)
            (global.get $g) (global.set $g (i32.const 5)) (i32.sub (global.get $g)))
        (func (export "load") (result i32)
            (i32.load (i32.const 0)) (i32.store (i32.const 0) (i32.const 7)) (i32.sub (i32.load (i32.const 0))))
        (func (export "drop_middle") (param i32) (result i32)
            (i32.add (local.get 0) (i32.const 1)) (drop (i32.add (local.get 0) (i32.const 2))) (i32.mul (local.get 0)))
        (func (export "select") (param i32) (result i32)
            (select (i32.add (local.get 0) (i32.const 1)) (i32.const 100) (i32.gt_s (local.get 0) (i32.const 3))))
        (func (export "mixed") (param i32) (result i64)
            (i64.extend_i32_u (local.get 0)) (f64.convert_i32_s (local.get 0)) (f32.const 2) (f64.promote_f32) (f64.mul)
            (i64.trunc_f64_s) (i64.shl (i64.const 1)) (i64.sub)))"#,
        &[
            ("old", &[4], &[-1]),
            ("old_twice", &[4], &[4, 4, 9]),
            ("across_block", &[0], &[50]),
            ("across_block", &[3], &[6]),
            ("swap", &[1, 2], &[2, 1]),
            ("rotate", &[1, 2, 3], &[300 + 10 + 2]),
            ("pending", &[3], &[4 - 30]),
            ("tee", &[3], &[4 + 8]),
            ("global", &[], &[-4]),
            ("load", &[], &[-7]),
            ("drop_middle", &[3], &[12]),
            ("select", &[3], &[100]),
            ("select", &[4], &[5]),
            ("mixed", &[3], &[3 - (6 << 1)]),
        ],
    );
}

#[test]
fn branches_carry_values_to_where_they_are_wanted() {
    check(
        r#"(module
        (func (export "table") (param i32) (result i32)
            (i32.const 1000)
            (block (result i32) (block (result i32) (block (result i32)
                (i32.const 5) (i32.const 7) (br_table 0 1 2 3 (local.get 0)))
                (i32.add (i32.const 10)))
                (i32.add (i32.const 20)))
            (i32.add))
        (func (export "if_value") (param i32 i32) (result i32)
            (local.get 1)
            (block (result i32) (i32.const 3) (i32.const 4) (br_if 0 (local.get 0)) (drop))
            (i32.mul))
        (func (export "return_two") (param i32) (result i32 i32)
            (local.get 0) (i32.const 2) (br_if 0 (i32.lt_s (local.get 0) (i32.const 10))) (drop) (drop) (i32.const 8) (local.get 0))
        (func (export "loop_params") (param i32) (result i32)
            (i32.const 0) (i32.const 1)
            (loop $l (param i32 i32) (result i32)
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (i32.add) (i32.const 1)
                (br_if $l (i32.gt_s (local.get 0) (i32.const 0))) (i32.add)))
        (func (export "if_params") (param i32) (result i32)
            (i32.const 6) (i32.const 7)
            (if (param i32 i32) (result i32) (local.get 0) (then (i32.mul)) (else (i32.sub))))
        (func (export "no_else") (param i32) (result i32)
            (local.get 0) (if (param i32) (result i32) (i32.gt_u (local.get 0) (i32.const 5)) (then (i32.add (i32.const 100)))))
        (func (export "nan") (param i32) (result i32)
            (if (result i32) (f64.lt (select (f64.const nan) (f64.const 1) (local.get 0)) (f64.const 2)) (then (i32.const 1)) (else (i32.const 0))))
        (func (export "not_nan") (param i32) (result i32)
            (if (result i32) (i32.eqz (f64.lt (select (f64.const nan) (f64.const 1) (local.get 0)) (f64.const 2))) (then (i32.const 1)) (else (i32.const 0)))))"#,
        &[
            ("table", &[0], &[1000 + 7 + 10 + 20]),
            ("table", &[1], &[1000 + 7 + 20]),
            ("table", &[2], &[1000 + 7]),
            ("table", &[3], &[7]),
            ("table", &[-1], &[7]),
            ("if_value", &[1, 5], &[20]),
            ("if_value", &[0, 5], &[15]),
            ("return_two", &[5], &[5, 2]),
            ("return_two", &[50], &[8, 50]),
            ("loop_params", &[4], &[5]),
            ("if_params", &[1], &[42]),
            ("if_params", &[0], &[-1]),
            ("no_else", &[5], &[5]),
            ("no_else", &[6], &[106]),
            ("nan", &[1], &[0]),
            ("nan", &[0], &[1]),
            ("not_nan", &[1], &[1]),
            ("not_nan", &[0], &[0]),
        ],
    );
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
        assert!(trap.downcast_ref::<hostel_engine::Error>().unwrap().to_string().contains("type mismatch"));
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
