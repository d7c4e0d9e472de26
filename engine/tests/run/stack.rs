//! Depth: recursion ends in a trap, the native stack is left alone, and tail calls take no stack at all.

use std::thread;

use hostel_engine::{Caller, Engine, Extern, Limits, Linker, Store, Table, TableType, Trap, TrapCode, Val, ValType};

use crate::call;
use crate::kit::{configs, guest, instantiate};

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

type Sixteen = (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);

/// A host function calls back where the value stack ends: what does not fit is a trap, slot by slot, and nothing is
/// written beyond the end, where there is no memory.
#[test]
fn calls_from_a_host_function_fit_or_trap_wherever_the_stack_ends() {
    let values = "i64 ".repeat(16);
    let gets = (0..16).map(|local| format!("(local.get {local})")).collect::<String>();
    let text = format!(
        r#"(module (import "h" "back" (func $back (param i32)))
        (func (export "wide") (param {values}) (result {values}) {gets})
        (func $f (export "f") (param i32 i32)
            (if (local.get 0)
                (then (call $f (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
                (else (call $back (local.get 1))))))"#
    );
    for mut config in configs() {
        config.limits(Limits { value_stack_bytes: 8192, ..Limits::default() });
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::<u32>::new(&engine);
        linker.func_wrap("h", "back", |calls: &mut u32, caller: &mut Caller<'_>, way: i32| -> Result<(), Trap> {
            let Some(Extern::Func(wide)) = caller.get_export("wide") else { panic!("it is exported") };
            if way == 0 {
                let wide = wide.typed::<Sixteen, Sixteen>(&*caller).unwrap();
                let numbers = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
                let (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) = wide.call(caller.with(calls), numbers)?;
                assert!([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p].into_iter().eq(1..17));
            } else {
                let mut slots: Vec<u64> = (1..17).collect();
                wide.call_with_stack(caller.with(calls), &mut slots)?;
                assert!(slots.into_iter().eq(1..17));
            }
            *calls += 1;
            Ok(())
        });
        let mut store = Store::new(&engine, 0);
        let instance = instantiate(&linker, &mut store, &text).unwrap();
        let f = instance.get_typed_func::<(i32, i32), ()>(&store, "f").unwrap();
        for way in [0, 1] {
            *store.data_mut() = 0;
            let mut most = 0;
            for depth in 0..300 {
                match f.call(&mut store, (depth, way)) {
                    Ok(()) => most = depth,
                    Err(trap) => assert_eq!(trap.code(), Some(TrapCode::StackOverflow), "{depth} deep"),
                }
            }
            assert_eq!(*store.data() as i32, most + 1, "what fits somewhere fits nearer to the base");
            assert!((150..299).contains(&most), "{most} deep: the end of the stack was not met");
        }
    }
}
