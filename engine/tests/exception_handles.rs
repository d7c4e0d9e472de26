//! References that the host holds while guests throw: exceptions in a `Trap` or an `ExnRef`, and external references.
//! They keep what they name, and a handle whose exception is gone names nothing.

mod kit;

use hostel_engine::{
    Caller, Engine, Error, Extern, ExternRef, Global, GlobalType, HostModuleBuilder, Instance, Limits, Linker, Store,
    Table, TableType, Trap, TrapCode, Val, ValType,
};
use kit::{configs, instantiate};

/// How many exceptions may be alive.
const ALIVE: usize = 2000;

/// A guest that makes exceptions and looks into them: `$inner` carries a number, `$outer` a reference to an `$inner`.
const GUEST: &str = r#"(module
    (import "host" "pass on" (func $pass_on))
    (import "host" "wait" (func $wait (param exnref) (result exnref)))
    (import "host" "handle" (func $handle (param externref) (result i64)))
    (export "handle" (func $handle))
    (tag $inner (param i32))
    (tag $outer (param exnref))
    (func $reference (param i32) (result exnref) (local $e exnref)
        (block $h (result i32 exnref)
            (try_table (catch_ref $inner $h) (throw $inner (local.get 0)))
            (unreachable))
        (local.set $e) (drop) (local.get $e))
    ;; Throws an exception that carries another one, which carries the number.
    (func (export "throw") (param i32) (throw $outer (call $reference (local.get 0))))
    ;; The number in what the host throws.
    (func (export "catch") (result i32)
        (block $in (result i32)
            (block $out (result exnref)
                (try_table (catch $outer $out) (call $pass_on))
                (unreachable))
            (block $h (param exnref) (result i32)
                (try_table (param exnref) (catch $inner $in) (throw_ref))
                (unreachable))))
    (func $number (export "number") (param exnref) (result i32)
        (block $h (result i32)
            (try_table (catch $inner $h) (throw_ref (local.get 0)))
            (unreachable)))
    (func (export "reference") (param i32) (result exnref) (call $reference (local.get 0)))
    ;; Throws many that nobody keeps.
    (func (export "churn") (param $times i32)
        (loop $again
            (drop (call $reference (i32.const 7)))
            (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1))))))
    ;; The host calls back, and has the only reference.
    (func (export "wait") (param i32) (result i32) (call $number (call $wait (call $reference (local.get 0)))))
    (func (export "drop") (param exnref)))"#;

/// What the host functions have: what they throw, and what was passed to them.
#[derive(Default)]
struct Host {
    thrown: Option<Trap>,
    seen: Vec<u64>,
}

fn on_each(test: impl Fn(&mut Store<Host>, &Instance)) {
    for mut config in configs() {
        config.limits(Limits { exceptions: ALIVE, ..Limits::default() });
        let engine = Engine::new(&config).unwrap();
        let host = HostModuleBuilder::new("host")
            .new_function()
            .with_raw_function([], [], |host: &mut Host, _| host.thrown.take().map_or(Ok(()), Err))
            .export("pass on")
            .new_function()
            .with_raw_module_function(
                [ValType::ExnRef],
                [ValType::ExnRef],
                |host: &mut Host, module: &mut Caller<'_>, slots: &mut [u64]| {
                    host.seen.push(slots[0]);
                    let Some(Extern::Func(churn)) = module.get_export("churn") else { panic!("no such export") };
                    churn.call_with_stack(module.with(host), &mut [3 * ALIVE as u64])
                },
            )
            .export("wait")
            .new_function()
            // The handle is the slot.
            .with_raw_function([ValType::ExternRef], [ValType::I64], |_: &mut Host, _| Ok(()))
            .export("handle")
            .compile(&engine)
            .unwrap();
        let mut linker = Linker::new(&engine);
        linker.host_module(&host).unwrap();
        let mut store = Store::new(&engine, Host::default());
        let instance = instantiate(&linker, &mut store, GUEST).unwrap();
        test(&mut store, &instance);
    }
}

fn call(store: &mut Store<Host>, instance: &Instance, name: &str, params: &[Val]) -> Result<Val, Error> {
    let func = instance.get_func(&*store, name).unwrap();
    let mut results = vec![Val::I32(-1); func.ty(&*store).results().len()];
    func.call(&mut *store, params, &mut results)?;
    Ok(results.pop().unwrap_or(Val::I32(-1)))
}

fn throw(store: &mut Store<Host>, instance: &Instance, number: i32) -> Trap {
    instance.get_typed_func::<i32, ()>(&*store, "throw").unwrap().call(&mut *store, number).unwrap_err()
}

#[test]
fn a_trap_keeps_what_its_exception_refers_to() {
    on_each(|store, instance| {
        let trap = throw(store, instance, 42);
        assert!(trap.is_uncaught_exception());
        call(store, instance, "churn", &[Val::I32(3 * ALIVE as i32)]).unwrap();
        store.data_mut().thrown = Some(trap);
        assert_eq!(call(store, instance, "catch", &[]).unwrap().i32(), Some(42));
    });
}

#[test]
fn a_reference_keeps_its_exception() {
    on_each(|store, instance| {
        let kept: Vec<Val> =
            (0..50).map(|number| call(store, instance, "reference", &[Val::I32(number)]).unwrap()).collect();
        call(store, instance, "churn", &[Val::I32(3 * ALIVE as i32)]).unwrap();
        for (number, exception) in kept.iter().enumerate() {
            let found = call(store, instance, "number", std::slice::from_ref(exception)).unwrap();
            assert_eq!(found.i32(), Some(number as i32));
        }
    });
}

/// What the host holds counts, and what it lets go of does not.
#[test]
fn the_host_can_hold_as_many_as_there_may_be() {
    on_each(|store, instance| {
        let mut kept = Vec::new();
        let error = loop {
            match call(store, instance, "reference", &[Val::I32(1)]) {
                Ok(exception) => kept.push(exception),
                Err(error) => break error,
            }
        };
        assert_eq!(error.trap().unwrap().code(), Some(TrapCode::TooManyExceptions));
        assert!((ALIVE..=ALIVE + ALIVE / 8).contains(&kept.len()), "{}", kept.len());
        kept.truncate(1);
        call(store, instance, "churn", &[Val::I32(3 * ALIVE as i32)]).unwrap();
        assert_eq!(call(store, instance, "number", &kept).unwrap().i32(), Some(1));
        // Uncaught ones that the host drops at once.
        for _ in 0..3 * ALIVE {
            assert!(throw(store, instance, 1).is_uncaught_exception());
        }
    });
}

/// Passing one and the same exception in, by each way there is, takes no more room the hundred thousandth time.
#[test]
fn passing_an_exception_in_again_costs_nothing() {
    on_each(|store, instance| {
        let exception = call(store, instance, "reference", &[Val::I32(5)]).unwrap();
        let ty = GlobalType { content: ValType::ExnRef, mutable: true };
        let global = Global::new(&mut *store, ty, exception.clone()).unwrap();
        let table = Table::new(&mut *store, TableType::new(ValType::ExnRef, 1), exception.clone()).unwrap();
        let drop = instance.get_func(&*store, "drop").unwrap();
        for _ in 0..100_000 {
            drop.call(&mut *store, std::slice::from_ref(&exception), &mut []).unwrap();
            global.set(&mut *store, exception.clone()).unwrap();
            table.set(&mut *store, 0, exception.clone()).unwrap();
        }
        call(store, instance, "churn", &[Val::I32(3 * ALIVE as i32)]).unwrap();
        std::mem::drop(exception);
        for kept in [global.get(&*store), table.get(&*store, 0).unwrap()] {
            assert_eq!(call(store, instance, "number", &[kept]).unwrap().i32(), Some(5));
        }
    });
}

/// A host function has borrowed the only slot with a reference while it calls a guest that throws.
#[test]
fn what_was_passed_to_a_waiting_host_function_stays() {
    on_each(|store, instance| {
        for _ in 0..3 {
            assert_eq!(call(store, instance, "wait", &[Val::I32(11)]).unwrap().i32(), Some(11));
        }
    });
}

/// A raw host function can keep a slot for later. What it holds then is a number, which keeps nothing alive.
#[test]
fn a_stale_handle_is_an_error() {
    on_each(|store, instance| {
        call(store, instance, "wait", &[Val::I32(11)]).unwrap();
        let stale = store.data_mut().seen.pop().unwrap();
        call(store, instance, "churn", &[Val::I32(3 * ALIVE as i32)]).unwrap();
        let number = instance.get_func(&*store, "number").unwrap();
        let trap = number.call_with_stack(&mut *store, &mut [stale, 0]).unwrap_err();
        assert_eq!(trap.code(), Some(TrapCode::InvalidReference));
    });
}

/// The same object has the same handle, however often it is passed; another one has another.
#[test]
fn an_external_reference_is_taken_in_once() {
    on_each(|store, instance| {
        let handle = instance.get_func(&*store, "handle").unwrap();
        let first = Val::ExternRef(Some(ExternRef::new("first")));
        let second = Val::ExternRef(Some(ExternRef::new(())));
        let mut handle_of = |value: &Val| {
            let mut results = [Val::I64(0)];
            handle.call(&mut *store, std::slice::from_ref(value), &mut results).unwrap();
            results[0].i64().unwrap()
        };
        let expected = (handle_of(&first), handle_of(&second));
        assert_ne!(expected.0, expected.1);
        for _ in 0..1000 {
            assert_eq!((handle_of(&first.clone()), handle_of(&second)), expected);
        }
    });
}
