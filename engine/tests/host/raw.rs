//! The raw interface: what a host function sees, may do, and cannot break.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hostel_engine::{
    Caller, Engine, Extern, Func, FuncType, HostModuleBuilder, Linker, Store, Trap, TrapCode, Val, ValType,
};

use crate::kit::{call, guest_of, instantiate};

const I32: ValType = ValType::I32;

#[test]
fn slots_are_as_long_as_the_larger_of_parameters_and_results() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    HostModuleBuilder::<Vec<usize>>::new("h")
        .new_function()
        .with_raw_function([I32], [I32, I32, I32], |lens, stack| {
            lens.push(stack.len());
            stack.copy_from_slice(&[1, 2, 3]);
            Ok(())
        })
        .export("grow")
        .new_function()
        .with_raw_function([I32, I32], [], |lens, stack| {
            lens.push(stack.len());
            Ok(())
        })
        .export("shrink")
        .new_function()
        .with_raw_function([], [], |lens, stack| {
            lens.push(stack.len());
            Ok(())
        })
        .export("none")
        .instantiate(&mut linker)
        .unwrap();
    let (mut store, instance) = guest_of(
        &linker,
        Vec::new(),
        r#"(module (import "h" "grow" (func $grow (param i32) (result i32 i32 i32)))
            (import "h" "shrink" (func $shrink (param i32 i32))) (import "h" "none" (func $none))
            (func (export "run") (result i32) (local i32 i32)
                (call $shrink (i32.const 1) (i32.const 2)) (call $none)
                (call $grow (i32.const 9)) (local.set 0) (local.set 1)
                (i32.add (i32.mul (local.get 0) (i32.const 100)) (i32.add (i32.mul (local.get 1) (i32.const 10))))))"#,
    );
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 321);
    assert_eq!(store.data(), &[2, 0, 3]);
}

#[test]
fn junk_above_32_bits_is_ignored() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    HostModuleBuilder::<()>::new("h")
        .new_function()
        .with_raw_function([], [I32, ValType::F32], |(), stack| {
            stack[0] = 0xdead_beef_0000_0005;
            stack[1] = 0xffff_ffff_0000_0000 | u64::from(1.5f32.to_bits());
            Ok(())
        })
        .export("junk")
        .instantiate(&mut linker)
        .unwrap();
    let (mut store, instance) = guest_of(
        &linker,
        (),
        r#"(module (import "h" "junk" (func $junk (result i32 f32)))
            (memory 1) (table 6 funcref) (global $g (mut i32) (i32.const 0))
            (func (export "compare") (result i32) (local f32)
                (call $junk) (local.set 0) (if (result i32) (i32.eq (i32.const 5)) (then (i32.trunc_f32_s (local.get 0))) (else (i32.const 99))))
            (func (export "address") (result i32) (call $junk) (drop) (i32.load))
            (func (export "extend") (result i64) (call $junk) (drop) (i64.extend_i32_u))
            (func (export "global") (result i64) (call $junk) (drop) (global.set $g) (i64.extend_i32_u (global.get $g)))
            (func (export "grow") (result i32) (call $junk) (drop) (memory.grow))
            (func (export "branch") (result i32)
                (block (block (block (block (block (block (call $junk) (drop) (br_table 0 1 2 3 4 5 0))))) (return (i32.const 1)))) (i32.const 6)))"#,
    );
    assert_eq!(call::<(), i32>(&mut store, instance, "compare", ()).unwrap(), 1);
    assert_eq!(call::<(), i32>(&mut store, instance, "address", ()).unwrap(), 0);
    assert_eq!(call::<(), i64>(&mut store, instance, "extend", ()).unwrap(), 5);
    assert_eq!(call::<(), i64>(&mut store, instance, "global", ()).unwrap(), 5);
    assert_eq!(call::<(), i32>(&mut store, instance, "grow", ()).unwrap(), 1);
    assert_eq!(call::<(), i32>(&mut store, instance, "branch", ()).unwrap(), 6);
}

#[test]
fn forged_references_are_refused_where_they_are_used() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    HostModuleBuilder::<u64>::new("h")
        .new_function()
        .with_raw_function([], [ValType::FuncRef], |forged, stack| {
            stack[0] = *forged;
            Ok(())
        })
        .export("forge")
        .instantiate(&mut linker)
        .unwrap();
    let text = r#"(module (import "h" "forge" (func $forge (result funcref))) (table $t 4 funcref) (type $v (func))
        (func (export "set") (table.set (i32.const 0) (call $forge)))
        (func (export "grow") (drop (table.grow (call $forge) (i32.const 1))))
        (func (export "fill") (table.fill (i32.const 0) (call $forge) (i32.const 1)))
        (func (export "get") (result funcref) (call $forge)))"#;
    for forged in [5, 77, 1 << 32 | 99, 9 << 32, u64::MAX, 1 << 63] {
        let (mut store, instance) = guest_of(&linker, forged, text);
        for name in ["set", "grow", "fill"] {
            let trap = call::<(), ()>(&mut store, instance, name, ()).unwrap_err();
            assert_eq!(trap.code(), Some(TrapCode::InvalidReference), "{name} of {forged:#x}");
        }
        let get = instance.get_func(&store, "get").unwrap();
        let error = get.call(&mut store, &[], &mut [Val::I32(0)]).unwrap_err();
        assert!(error.to_string().contains("invalid reference"), "{error}");
    }
}

#[test]
fn memory_grows_inside_a_host_function_and_the_guest_sees_it() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("h", "grow", |_: &mut (), module: &mut Caller<'_>, pages: u32| -> u32 {
        let old = module.grow_memory(u64::from(pages)).expect("no limit is near");
        module.memory().expect("exported")[old as usize * 65536] = 42;
        old as u32
    });
    let (mut store, instance) = guest_of(
        &linker,
        (),
        r#"(module (import "h" "grow" (func $grow (param i32) (result i32))) (memory (export "memory") 1)
            (func (export "run") (result i32) (i32.store8 (i32.const 0) (i32.const 1))
                (i32.load8_u (i32.mul (call $grow (i32.const 100)) (i32.const 65536)))))"#,
    );
    let run = instance.get_typed_func::<(), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 42);
    assert_eq!(instance.get_memory(&store, "memory").unwrap().size(&store), 101);
    assert_eq!(run.call(&mut store, ()).unwrap(), 42);
}

#[test]
fn a_host_function_calls_back_into_the_guest() {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    HostModuleBuilder::<u32>::new("h")
        .new_function()
        .with_raw_module_function([I32], [I32], |depth, module, stack| {
            *depth += 1;
            let n = stack[0] as u32;
            let Some(Extern::Func(down)) = module.get_export("down") else { return Err(Trap::message("no export")) };
            if n == 0 {
                stack[0] = 0;
                return Ok(());
            }
            let mut inner = [u64::from(n - 1)];
            down.call_with_stack(module.with(depth), &mut inner)?;
            stack[0] = inner[0] + 1;
            Ok(())
        })
        .export("up")
        .instantiate(&mut linker)
        .unwrap();
    let (mut store, instance) = guest_of(
        &linker,
        0,
        r#"(module (import "h" "up" (func $up (param i32) (result i32))) (memory (export "memory") 1)
            (func (export "down") (param i32) (result i32) (local i64 i64)
                (drop (memory.grow (i32.const 1)))
                (local.set 1 (i64.const 7))
                (i32.add (call $up (local.get 0)) (i32.wrap_i64 (i64.sub (local.get 1) (i64.const 7))))))"#,
    );
    let down = instance.get_typed_func::<i32, i32>(&store, "down").unwrap();
    assert_eq!(down.call(&mut store, 20).unwrap(), 20);
    assert_eq!(*store.data(), 21);
    let trap = down.call(&mut store, 100_000).unwrap_err();
    assert_eq!(trap.code(), Some(TrapCode::HostReentry));
    assert_eq!(down.call(&mut store, 3).unwrap(), 3, "the store is usable after the trap");
}

#[test]
fn a_host_function_called_by_the_host_calls_a_guest() {
    let engine = Engine::default();
    let mut linker = Linker::<Option<Func>>::new(&engine);
    linker.func_wrap("h", "f", |ctx: &mut Option<Func>, module: &mut Caller<'_>, x: i32| -> Result<i32, Trap> {
        let guest = ctx.expect("it is set");
        let mut stack = [x as u64; 1];
        guest.call_with_stack(module.with(ctx), &mut stack)?;
        Ok(stack[0] as i32 + 1)
    });
    let (mut store, instance) = guest_of(
        &linker,
        None,
        r#"(module (import "h" "f" (func $f (param i32) (result i32))) (export "f" (func $f))
            (func $fib (export "fib") (param i32) (result i32) (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
                (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#,
    );
    *store.data_mut() = instance.get_func(&store, "fib");
    let f = instance.get_typed_func::<i32, i32>(&store, "f").unwrap();
    let guard = [0x5a5a_5a5a_5a5a_5a5au64; 64];
    assert_eq!(f.call(&mut store, 15).unwrap(), 611);
    assert!(std::hint::black_box(guard).iter().all(|&word| word == 0x5a5a_5a5a_5a5a_5a5a));
}

#[test]
fn host_functions_are_called_through_tables_and_by_the_host() {
    let engine = Engine::default();
    let mut linker = Linker::<u32>::new(&engine);
    linker.func_wrap("h", "f", |ctx: &mut u32, x: i32| {
        *ctx += 1;
        x + 1
    });
    let (mut store, instance) = guest_of(
        &linker,
        0,
        r#"(module (type $t (func (param i32) (result i32))) (import "h" "f" (func $f (type $t)))
            (table (export "table") funcref (elem $f $own)) (func $own (type $t) (i32.const 5))
            (func (export "run") (param i32 i32) (result i32) (call_indirect (type $t) (local.get 0) (local.get 1))))"#,
    );
    let run = instance.get_typed_func::<(i32, i32), i32>(&store, "run").unwrap();
    assert_eq!(run.call(&mut store, (1, 0)).unwrap(), 2);
    assert_eq!(run.call(&mut store, (1, 1)).unwrap(), 5);
    let table = instance.get_table(&store, "table").unwrap();
    let Some(Val::FuncRef(Some(f))) = table.get(&store, 0) else { panic!("a function") };
    assert_eq!(f.ty(&store), FuncType::new([I32], [I32]));
    assert_eq!(f.typed::<i32, i32>(&store).unwrap().call(&mut store, 8).unwrap(), 9);
    assert_eq!(*store.data(), 2);
}

#[test]
fn a_panic_in_a_host_function_leaves_the_store_usable() {
    let engine = Engine::default();
    let mut linker = Linker::<u32>::new(&engine);
    linker.func_wrap("h", "f", |calls: &mut u32, panic: u32| {
        *calls += 1;
        assert!(panic == 0, "asked to");
    });
    let (mut store, instance) = guest_of(
        &linker,
        0,
        r#"(module (import "h" "f" (func $f (param i32)))
            (func $deep (export "run") (param i32 i32) (result i32)
                (if (result i32) (local.get 1)
                    (then (i32.add (i32.const 1) (call $deep (local.get 0) (i32.sub (local.get 1) (i32.const 1)))))
                    (else (call $f (local.get 0)) (i32.const 0)))))"#,
    );
    let run = instance.get_typed_func::<(i32, i32), i32>(&store, "run").unwrap();
    for _ in 0..3 {
        let panic = catch_unwind(AssertUnwindSafe(|| run.call(&mut store, (1, 50))));
        assert!(panic.is_err());
        assert_eq!(run.call(&mut store, (0, 1000)).unwrap(), 1000);
    }
    assert_eq!(*store.data(), 6);
}

#[test]
fn errors_and_exits_of_host_functions_come_out_as_they_went_in() {
    let engine = Engine::default();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("h", "f", |kind: i32| -> Result<i32, Trap> {
        match kind {
            0 => Err(Trap::exit(u32::MAX)),
            1 => Err(Trap::new(std::io::Error::other("disk on fire"))),
            2 => Err(TrapCode::IntegerOverflow.into()),
            _ => Ok(kind),
        }
    });
    let (mut store, instance) = guest_of(
        &linker,
        (),
        r#"(module $m (import "h" "f" (func $f (param i32) (result i32)))
            (func $outer (export "run") (param i32) (result i32) (call $inner (local.get 0)))
            (func $inner (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 0))))"#,
    );
    let run = instance.get_typed_func::<i32, i32>(&store, "run").unwrap();
    let exit = run.call(&mut store, 0).unwrap_err();
    assert_eq!(exit.exit_status(), Some(u32::MAX));
    assert!(exit.frames().is_empty(), "an exit is no trap");
    let error = run.call(&mut store, 1).unwrap_err();
    assert_eq!(error.downcast_ref::<std::io::Error>().unwrap().to_string(), "disk on fire");
    let names: Vec<_> = error.frames().iter().map(|frame| frame.func_name.as_deref().unwrap()).collect();
    assert_eq!(names, ["inner", "outer"]);
    assert_eq!(error.frames()[0].module.as_deref(), Some("m"));
    assert_eq!(run.call(&mut store, 2).unwrap_err().code(), Some(TrapCode::IntegerOverflow));
    assert_eq!(run.call(&mut store, 3).unwrap(), 3);
}

#[test]
fn contexts_of_another_type_are_refused() {
    let engine = Engine::default();
    let mut linker = Linker::<u32>::new(&engine);
    linker.func_wrap("h", "f", |_: &mut u32, module: &mut Caller<'_>| {
        let mut wrong = String::new();
        module.with(&mut wrong);
    });
    let mut store = Store::new(&engine, 0);
    let instance =
        instantiate(&linker, &mut store, r#"(module (import "h" "f" (func $f)) (func (export "run") (call $f)))"#)
            .unwrap();
    let run = instance.get_typed_func::<(), ()>(&store, "run").unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| run.call(&mut store, ()))).is_err());
}
