//! Guests that pause and go on: out of fuel, interrupted, or because a host function asks to be called again.

mod kit;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use hostel_engine::{
    Caller, Config, Engine, Extern, FunctionDefinition, FunctionListener, Instance, InterruptHandle, Limits, Linker,
    ResumableCall, Store, Trap, TrapCode, Val,
};
use kit::{configs, guest, guest_of, instantiate};

/// Functions of one `i32` to one `i32` whose frames hold all that frames can hold while they pause.
const GUESTS: &str = r#"(module
    (type $t (func (param i32) (result i32)))
    (memory (export "memory") 1)
    (tag $tag (param i32))
    (table $table funcref (elem $inc $fib))
    (func $inc (type $t) (i32.add (local.get 0) (i32.const 1)))
    (func $fib (export "recursion") (type $t)
        (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0))
            (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "loop") (type $t) (local $sum i64)
        (loop $l
            (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.extend_i32_s (local.get 0))))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.wrap_i64 (i64.xor (local.get $sum) (i64.shr_u (local.get $sum) (i64.const 32)))))
    (func (export "operands") (type $t) (local $i i32)
        (i32.trunc_f64_s (f64.add (f64.convert_i32_s (local.get 0)) (f64.mul (f64.const 3) (f64.promote_f32 (f32.add (f32.const 0.5)
            (block (result f32)
                (loop $l (result f32) (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (f32.convert_i32_s (call $inc (local.get $i)))
                    (br_if 1 (i32.ge_u (local.get $i) (local.get 0)))
                    (drop) (br $l)))))))))
    (func (export "indirect") (type $t) (local $i i32)
        (loop $l (local.set $i (call_indirect $table (type $t) (local.get $i) (i32.and (local.get $i) (i32.const 0))))
            (br_if $l (i32.lt_u (local.get $i) (local.get 0))))
        (local.get $i))
    (func (export "vector") (type $t) (local $v v128)
        (loop $l (local.set $v (i32x4.add (local.get $v) (i32x4.splat (local.get 0))))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32x4.extract_lane 3 (local.get $v)))
    (func $thrower (param i32) (result i32) (loop $l (br_if $l (i32.and (local.get 0) (i32.const 0)))) (throw $tag (local.get 0)))
    (func (export "exception") (type $t) (local $sum i32)
        (loop $l
            (block $h (result i32) (try_table (catch $tag $h) (drop (call $thrower (local.get 0)))) (unreachable))
            (local.set $sum (i32.add (local.get $sum)))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get $sum))
    (func (export "memory_too") (type $t)
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))
        (loop $l
            (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (local.get 0)))
            (memory.copy (i32.const 1) (i32.const 0) (i32.const 1000))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.load (i32.const 17)))
    (func $odd (type $t) (if (result i32) (local.get 0) (then (return_call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
    (func $even (export "tail") (type $t) (if (result i32) (local.get 0) (then (return_call $odd (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1)))))"#;

const NAMES: [(&str, i32); 9] = [
    ("recursion", 12),
    ("loop", 500),
    ("operands", 300),
    ("indirect", 300),
    ("vector", 300),
    ("exception", 100),
    ("memory_too", 50),
    ("tail", 401),
    ("recursion", 1),
];

fn fueled(config: &Config) -> (Store<()>, Instance) {
    let mut config = config.clone();
    guest(config.consume_fuel(true).interruptible(true), GUESTS)
}

/// Runs a function with that much fuel at first, and `slice` more whenever there is none left.
fn in_slices(store: &mut Store<()>, instance: Instance, name: &str, argument: i32, slice: u64) -> (i32, usize) {
    let function = instance.get_typed_func::<i32, i32>(&*store, name).unwrap();
    store.set_fuel(slice).unwrap();
    let mut call = function.call_resumable(&mut *store, argument).unwrap();
    let mut pauses = 0;
    loop {
        match call {
            ResumableCall::Finished(result) => return (result, pauses),
            ResumableCall::Paused(guest) => {
                assert_eq!(guest.trap().code(), Some(TrapCode::OutOfFuel), "{name}");
                assert!(store.get_fuel().unwrap() < guest.fuel_needed(), "{name}");
                store.add_fuel(slice).unwrap();
                call = guest.resume(&mut *store).unwrap();
                pauses += 1;
            }
        }
    }
}

#[test]
fn slices_of_fuel_make_no_difference() {
    let mut totals = Vec::new();
    for config in configs() {
        for (name, argument) in NAMES {
            let (mut store, instance) = fueled(&config);
            let (whole, pauses) = in_slices(&mut store, instance, name, argument, u64::MAX);
            assert_eq!(pauses, 0);
            let used = store.fuel_consumed().unwrap();
            for slice in [1, 7, 50, 1000] {
                let (mut store, instance) = fueled(&config);
                let (sliced, pauses) = in_slices(&mut store, instance, name, argument, slice);
                assert_eq!((sliced, store.fuel_consumed().unwrap()), (whole, used), "{name} in slices of {slice}");
                assert_eq!(pauses as u64, used.div_ceil(slice) - 1, "{name} in slices of {slice}");
            }
            totals.push((name, used));
        }
    }
    let rounds = totals.chunks(NAMES.len()).collect::<Vec<_>>();
    assert!(rounds.iter().all(|round| *round == rounds[0]), "the same in every configuration");
}

#[test]
fn interrupted_again_and_again_a_guest_comes_to_its_end() {
    for config in configs() {
        let (mut store, instance) = fueled(&config);
        store.set_fuel(u64::MAX).unwrap();
        let handle = store.interrupt_handle().unwrap();
        let function = instance.get_typed_func::<i32, i32>(&store, "recursion").unwrap();
        handle.interrupt();
        let mut call = function.call_resumable(&mut store, 10).unwrap();
        let mut pauses = 0;
        while let ResumableCall::Paused(guest) = call {
            assert_eq!(guest.trap().code(), Some(TrapCode::Interrupted));
            pauses += 1;
            // Every second time it stops at once again.
            if pauses < 200 && pauses % 2 == 1 {
                handle.interrupt();
            } else if pauses < 200 {
                let handle = handle.clone();
                thread::spawn(move || handle.interrupt()).join().unwrap();
            }
            call = guest.resume(&mut store).unwrap();
        }
        assert_eq!((call.finished(), pauses), (Some(55), 200));
    }
}

#[test]
fn guests_that_paused_take_turns() {
    for config in configs() {
        let (mut store, instance) = fueled(&config);
        let function = instance.get_typed_func::<i32, i32>(&store, "recursion").unwrap();
        let mut waiting = Vec::new();
        for n in 0..20 {
            store.set_fuel(5).unwrap();
            waiting.push((n, function.call_resumable(&mut store, n).unwrap()));
        }
        let mut results = Vec::new();
        // The one that has waited longest goes on, then the one that came last.
        let mut first = true;
        while !waiting.is_empty() {
            let (n, call) = if first { waiting.remove(0) } else { waiting.pop().unwrap() };
            first = !first;
            match call {
                ResumableCall::Finished(result) => results.push((n, result)),
                ResumableCall::Paused(guest) => {
                    store.set_fuel(200.max(guest.fuel_needed())).unwrap();
                    waiting.insert(waiting.len() / 2, (n, guest.resume(&mut store).unwrap()));
                }
            }
            // Calls that do not pause go on beside them.
            store.set_fuel(10_000).unwrap();
            assert_eq!(function.call(&mut store, 5).unwrap(), 5);
        }
        results.sort_unstable();
        let fib = |n: i32| (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0;
        assert_eq!(results, (0..20).map(|n| (n, fib(n))).collect::<Vec<_>>());
    }
}

#[test]
fn a_paused_guest_goes_on_in_another_thread_is_dropped_or_ended() {
    for config in configs() {
        let (mut store, instance) = fueled(&config);
        let function = instance.get_typed_func::<i32, i32>(&store, "recursion").unwrap();
        let mut pause = |fuel| {
            store.set_fuel(fuel).unwrap();
            function.call_resumable(&mut store, 15).unwrap().paused().expect("out of fuel")
        };
        drop(pause(1000));
        let (one, two, three) = (pause(1000), pause(2000), pause(3000));
        // What is dropped leaves nothing, what is ended says where it was.
        drop(one);
        let trap = two.into_trap(&mut store).unwrap();
        assert_eq!(trap.code(), Some(TrapCode::OutOfFuel));
        assert!(!trap.is_resumable() && trap.frames().len() > 3, "{trap:?}");
        assert!(trap.frames().iter().all(|frame| frame.func_name.as_deref() == Some("fib")), "{trap:?}");
        store.set_fuel(2000).unwrap();
        let as_call = function.call(&mut store, 15).unwrap_err();
        assert_eq!(format!("{as_call:?}"), format!("{trap:?}"), "as a call that cannot pause");
        store.set_fuel(u64::MAX).unwrap();
        let result = thread::spawn(move || three.resume(&mut store).unwrap().finished()).join().unwrap();
        assert_eq!(result, Some(610));
    }
}

#[test]
fn another_store_refuses_a_paused_guest() {
    let (mut store, instance) = fueled(&Config::new());
    let (mut other, _) = fueled(&Config::new());
    let pause = |store: &mut Store<()>| {
        let function = instance.get_typed_func::<i32, i32>(&*store, "loop").unwrap();
        function.call_resumable(store, 1).unwrap().paused().expect("no fuel")
    };
    let error = pause(&mut store).resume(&mut other).unwrap_err();
    assert!(error.to_string().contains("another store"), "{error}");
    assert!(pause(&mut store).into_trap(&mut other).unwrap_err().to_string().contains("another store"));
    let guest = pause(&mut store);
    drop(store);
    assert!(guest.resume(&mut other).is_err(), "its store is gone");
}

#[test]
fn values_go_through_a_pause() {
    for config in configs() {
        let mut config = config;
        let (mut store, instance) = guest(
            config.consume_fuel(true),
            r#"(module (func (export "many") (param i64 f32 v128 externref) (result externref v128 f32 i64 i32) (local $i i32)
                (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
                (local.get 3) (local.get 2) (local.get 1) (local.get 0) (local.get $i)))"#,
        );
        let function = instance.get_func(&store, "many").unwrap();
        let host = Val::ExternRef(Some(hostel_engine::ExternRef::new("mine")));
        let params = [Val::I64(-5), Val::from(1.5f32), Val::V128(u128::MAX / 3), host.clone()];
        let mut call = function.call_resumable(&mut store, &params).unwrap();
        while let ResumableCall::Paused(guest) = call {
            store.add_fuel(100).unwrap();
            call = guest.resume(&mut store).unwrap();
        }
        let results = call.finished().unwrap();
        assert_eq!(
            format!("{results:?}"),
            format!("{:?}", [&host, &params[2], &params[1], &params[0], &Val::I32(100)])
        );
        assert!(function.call_resumable(&mut store, &params[1..]).is_err());
    }
}

/// Host functions that are not ready the first two times, reached in every way a guest can call one.
#[test]
fn host_functions_are_called_again() {
    for config in configs() {
        let engine = Engine::new(&config).unwrap();
        let mut linker = Linker::<u32>::new(&engine);
        linker.func_wrap("h", "wait", |asked: &mut u32, x: i32| -> Result<i32, Trap> {
            *asked += 1;
            if asked.is_multiple_of(3) { Ok(x + 1) } else { Err(Trap::message("not ready").resumable()) }
        });
        let (mut store, instance) = guest_of(
            &linker,
            0,
            r#"(module (type $t (func (param i32) (result i32))) (import "h" "wait" (func $wait (type $t)))
                (table funcref (elem $wait $wait $inner)) (elem declare func $wait)
                (func $inner (type $t) (call $wait (local.get 0)))
                (func (export "call") (type $t) (call $wait (local.get 0)))
                (func (export "deep") (type $t) (i32.mul (i32.const 1) (call $inner (local.get 0))))
                (func (export "indirect") (type $t) (call_indirect (type $t) (local.get 0) (i32.const 1)))
                (func (export "computed") (type $t) (call_indirect (type $t) (local.get 0) (i32.and (local.get 0) (i32.const 1))))
                (func (export "reference") (type $t) (call_ref $t (local.get 0) (ref.func $wait)))
                (func (export "tail") (type $t) (return_call $wait (local.get 0)))
                (func (export "tail_indirect") (type $t) (return_call_indirect (type $t) (local.get 0) (i32.rem_u (local.get 0) (i32.const 2))))
                (func (export "caught") (type $t) (block $h (return (try_table (result i32) (catch_all $h) (call $wait (local.get 0))))) (i32.const -1)))"#,
        );
        for name in ["call", "deep", "indirect", "computed", "reference", "tail", "tail_indirect", "caught"] {
            let function = instance.get_typed_func::<i32, i32>(&store, name).unwrap();
            *store.data_mut() = 0;
            let mut call = function.call_resumable(&mut store, 41).unwrap();
            for _ in 0..2 {
                let guest = call.paused().unwrap_or_else(|| panic!("{name} pauses"));
                assert_eq!(guest.trap().to_string(), "not ready", "{name}");
                call = guest.resume(&mut store).unwrap();
            }
            assert_eq!((call.finished(), *store.data()), (Some(42), 3), "{name}");
            // Where nobody can resume it is a trap like any other.
            let trap = function.call(&mut store, 1).unwrap_err();
            assert!(!trap.is_resumable() && !trap.frames().is_empty(), "{name}: {trap:?}");
        }
    }
}

/// A guest below a host function does not pause: the host function's native frames cannot wait.
#[test]
fn inner_guests_do_not_pause() {
    for config in configs() {
        let mut config = config;
        let engine = Engine::new(config.consume_fuel(true).interruptible(true)).unwrap();
        let mut linker = Linker::<()>::new(&engine);
        linker.func_wrap("h", "inner", |ctx: &mut (), module: &mut Caller<'_>, x: i32| -> Result<i32, Trap> {
            let Some(Extern::Func(f)) = module.get_export("spin") else { return Ok(-1) };
            let mut slots = [x as u64];
            f.call_with_stack(module.with(ctx), &mut slots)?;
            Ok(slots[0] as i32)
        });
        let (mut store, instance) = guest_of(
            &linker,
            (),
            r#"(module (import "h" "inner" (func $inner (param i32) (result i32)))
                (func (export "spin") (param i32) (result i32)
                    (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 7))
                (func (export "run") (param i32) (result i32) (call $inner (local.get 0))))"#,
        );
        let run = instance.get_typed_func::<i32, i32>(&store, "run").unwrap();
        store.set_fuel(100).unwrap();
        let trap = run.call_resumable(&mut store, 1000).unwrap_err();
        let trap = trap.trap().expect("a final trap");
        assert_eq!((trap.code(), trap.frames().len()), (Some(TrapCode::OutOfFuel), 2));
        store.interrupt_handle().unwrap().interrupt();
        let guest = run.call_resumable(&mut store, 3).unwrap().paused().expect("the outer guest is stopped first");
        store.set_fuel(1000).unwrap();
        assert_eq!(guest.resume(&mut store).unwrap().finished(), Some(7));
    }
}

#[test]
fn what_a_paused_guest_refers_to_stays() {
    for config in configs() {
        let mut config = config;
        let (mut store, instance) = guest(
            config.consume_fuel(true),
            r#"(module (tag $tag (param i32))
                (func (export "hold") (result i32) (local $e exnref) (local $i i32)
                    (block $h (result i32 exnref) (try_table (catch_ref $tag $h) (throw $tag (i32.const 1234))) (unreachable))
                    (local.set $e) (drop)
                    (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
                    (block $h (result i32) (try_table (catch $tag $h) (throw_ref (local.get $e))) (unreachable)))
                (func (export "churn") (param i32) (local $e exnref)
                    (loop $l
                        (block $h (result i32 exnref) (try_table (catch_ref $tag $h) (throw $tag (local.get 0))) (unreachable))
                        (local.set $e) (drop)
                        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#,
        );
        let hold = instance.get_typed_func::<(), i32>(&store, "hold").unwrap();
        let churn = instance.get_typed_func::<i32, ()>(&store, "churn").unwrap();
        store.set_fuel(100).unwrap();
        let guest = hold.call_resumable(&mut store, ()).unwrap().paused().expect("in its loop");
        store.set_fuel(u64::MAX).unwrap();
        churn.call(&mut store, 5000).unwrap();
        assert_eq!(guest.resume(&mut store).unwrap().finished(), Some(1234));
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl FunctionListener for Heard {
    fn before(&self, _: &mut Caller<'_>, function: &FunctionDefinition, _: &[u64]) {
        self.0.lock().unwrap().push(format!("before {}", function.name().unwrap_or("?")));
    }
    fn after(&self, _: &mut Caller<'_>, function: &FunctionDefinition, _: &[u64]) {
        self.0.lock().unwrap().push(format!("after {}", function.name().unwrap_or("?")));
    }
    fn abort(&self, function: &FunctionDefinition, trap: &Trap) {
        self.0.lock().unwrap().push(format!("abort {}: {trap}", function.name().unwrap_or("?")));
    }
}

#[test]
fn listeners_hear_of_no_pause() {
    for config in configs() {
        let mut config = config;
        let heard = Arc::new(Heard::default());
        let listener = heard.clone();
        config.function_listeners(Arc::new(move |_: &FunctionDefinition| {
            Some(listener.clone() as Arc<dyn FunctionListener>)
        }));
        let (mut store, instance) = guest(
            config.consume_fuel(true),
            r#"(module (func $spin (export "spin") (param i32) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#,
        );
        let spin = instance.get_typed_func::<i32, ()>(&store, "spin").unwrap();
        let guest = spin.call_resumable(&mut store, 10).unwrap().paused().unwrap();
        store.set_fuel(1000).unwrap();
        assert!(guest.resume(&mut store).unwrap().finished().is_some());
        assert_eq!(*heard.0.lock().unwrap(), ["before spin", "after spin"]);
        let guest = spin.call_resumable(&mut store, 10_000).unwrap().paused().unwrap();
        guest.into_trap(&mut store).unwrap();
        assert_eq!(heard.0.lock().unwrap()[2..], ["before spin", "abort spin: all fuel consumed"]);
    }
}

#[test]
fn host_functions_take_fuel_and_guests_pay_for_it() {
    for config in configs() {
        let mut config = config;
        let engine = Engine::new(config.consume_fuel(true).interruptible(true)).unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let count = calls.clone();
        let mut linker = Linker::<()>::new(&engine);
        linker.func_wrap("h", "work", move |_: &mut (), module: &mut Caller<'_>, units: u64| {
            count.fetch_add(1, Ordering::Relaxed);
            module.consume_fuel(units);
        });
        linker.func_wrap("h", "left", |_: &mut (), module: &mut Caller<'_>| module.get_fuel().unwrap());
        linker.func_wrap("h", "ask", |_: &mut (), module: &mut Caller<'_>| -> Result<(), Trap> {
            module.check_interrupt()
        });
        let (mut store, instance) = guest_of(
            &linker,
            (),
            r#"(module (import "h" "work" (func $work (param i64))) (import "h" "left" (func $left (result i64))) (import "h" "ask" (func $ask))
                (func (export "twice") (param i64) (result i64) (local $i i32)
                    (loop $l (call $work (local.get 0))
                        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2))))
                    (call $left))
                (func (export "ask") (call $ask)))"#,
        );
        let twice = instance.get_typed_func::<u64, u64>(&store, "twice").unwrap();
        store.set_fuel(1_000_000).unwrap();
        let left = twice.call(&mut store, 1000).unwrap();
        let own = 1_000_000 - left - 2000;
        assert!(own < 50, "{own}");
        assert_eq!(store.fuel_consumed().unwrap(), own + 2000);
        // The first call takes far more than there is; the guest pauses where it is charged next.
        calls.store(0, Ordering::Relaxed);
        store.set_fuel(100).unwrap();
        let guest = twice.call_resumable(&mut store, 1_000_000).unwrap().paused().expect("in debt");
        assert_eq!((calls.load(Ordering::Relaxed), store.get_fuel().unwrap()), (1, 0));
        store.add_fuel(999_000).unwrap();
        let guest = guest.resume(&mut store).unwrap().paused().expect("still in debt");
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        store.add_fuel(2_000_000).unwrap();
        assert!(guest.resume(&mut store).unwrap().finished().is_some());
        assert_eq!(store.fuel_consumed().unwrap(), 2 * own + 2_002_000);
        // No debt is too large to be counted.
        twice.call(&mut store, u64::MAX).unwrap_err();
        store.set_fuel(1000).unwrap();
        twice.call(&mut store, 1).unwrap();
        // A host function that asks ends with the guest's interruption.
        store.interrupt_handle().unwrap().clear();
        let ask = instance.get_typed_func::<(), ()>(&store, "ask").unwrap();
        ask.call(&mut store, ()).unwrap();
    }
}

/// An exception that has far to go is interrupted on its way, and goes all of it when the guest goes on.
#[test]
fn a_throw_through_many_frames_is_interrupted() {
    for config in configs() {
        let mut config = config;
        let engine = Engine::new(config.interruptible(true)).unwrap();
        let mut linker = Linker::<Option<InterruptHandle>>::new(&engine);
        // No check stands between this call and the throw.
        linker.func_wrap("h", "interrupt", |handle: &mut Option<InterruptHandle>| {
            if let Some(handle) = handle {
                handle.interrupt();
            }
        });
        let mut store = Store::new(&engine, None);
        *store.data_mut() = Some(store.interrupt_handle().unwrap());
        let instance = instantiate(
            &linker,
            &mut store,
            r#"(module (import "h" "interrupt" (func $interrupt)) (tag $tag (param i32))
                (func $deep (param i32) (result i32)
                    (if (i32.eqz (local.get 0)) (then (call $interrupt) (throw $tag (i32.const 5))))
                    (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
                (func (export "run") (param i32) (result i32)
                    (block $h (result i32) (try_table (catch $tag $h) (return (call $deep (local.get 0)))) (unreachable))))"#,
        )
        .unwrap();
        let run = instance.get_typed_func::<i32, i32>(&store, "run").unwrap();
        for _ in 0..3 {
            let mut call = run.call_resumable(&mut store, 100_000).unwrap();
            let mut pauses = 0;
            while let ResumableCall::Paused(guest) = call {
                assert_eq!(guest.trap().code(), Some(TrapCode::Interrupted));
                pauses += 1;
                // Again and again: it goes on from the frame that it has come to.
                store.interrupt_handle().unwrap().interrupt();
                call = guest.resume(&mut store).unwrap();
            }
            assert_eq!(call.finished(), Some(5));
            // 4096 frames for each.
            assert_eq!(pauses, 100_000 / 4096);
            store.interrupt_handle().unwrap().clear();
        }
        let guest = run.call_resumable(&mut store, 100_000).unwrap().paused().unwrap();
        let trap = guest.into_trap(&mut store).unwrap();
        assert_eq!((trap.frames().len(), trap.frames()[0].offset.is_some()), (Trap::MAX_FRAMES, true));
        assert!(trap.omitted_frames() > 10_000, "{}", trap.omitted_frames());
        store.data_mut().take();
        assert_eq!(run.call(&mut store, 100_000).unwrap(), 5);
    }
}

/// What a throw looks at is paid for: frames, regions, clauses, and slots when unreachable exceptions are looked for. The sum
/// is the same, however often the guest pauses on the way.
#[test]
fn throws_are_paid_for_by_what_they_look_at() {
    let clauses = "(catch $other $h) ".repeat(500);
    let text = format!(
        r#"(module (tag $tag) (tag $other) (table $kept 50000 exnref)
            (func $deep (param i32)
                (if (i32.eqz (local.get 0)) (then (throw $tag)))
                (block $h (try_table {clauses} (call $deep (i32.sub (local.get 0) (i32.const 1))))))
            (func (export "deep") (param i32) (result i32)
                (block $h (try_table (catch $tag $h) (call $deep (local.get 0))))
                (i32.const 1))
            (func (export "many") (param i32) (result i32) (local $e exnref)
                (loop $again
                    (block $h (result exnref) (try_table (catch_ref $tag $h) (throw $tag)) (unreachable))
                    (local.set $e)
                    (table.set $kept (i32.and (local.get 0) (i32.const 15)) (local.get $e))
                    (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
                (i32.const 1)))"#
    );
    let mut totals = Vec::new();
    for mut config in configs() {
        config.limits(Limits { exceptions: 200, ..Limits::default() });
        config.consume_fuel(true).interruptible(true);
        let run = |name: &str, argument: i32, slice: Option<u64>, interrupts: bool| {
            let (mut store, instance) = guest(&config, &text);
            store.set_fuel(slice.unwrap_or(1 << 40)).unwrap();
            let handle = store.interrupt_handle().unwrap();
            let function = instance.get_typed_func::<i32, i32>(&store, name).unwrap();
            let mut call = function.call_resumable(&mut store, argument).unwrap();
            let mut pauses = 0;
            while let ResumableCall::Paused(guest) = call {
                pauses += 1;
                if guest.trap().code() == Some(TrapCode::OutOfFuel) {
                    store.add_fuel(slice.unwrap()).unwrap();
                }
                // At a check a guest that is asked again has not moved: every second time.
                if interrupts && pauses % 2 == 0 {
                    handle.interrupt();
                }
                call = guest.resume(&mut store).unwrap();
            }
            assert_eq!(call.finished(), Some(1));
            (store.fuel_consumed().unwrap(), pauses)
        };
        for (name, argument, least) in [("deep", 100, 100 * 500), ("many", 1000, 10 * 50_000 / 8)] {
            let (whole, pauses) = run(name, argument, None, false);
            assert_eq!(pauses, 0);
            assert!((least..3 * least + 40_000).contains(&whole), "{name} {whole}");
            for (slice, interrupts) in [(Some(700), false), (Some(20_000), false), (Some(1500), true)] {
                let (used, pauses) = run(name, argument, slice, interrupts);
                assert_eq!(used, whole, "{name} in slices of {slice:?}");
                assert!(pauses > 1, "{name} in slices of {slice:?}");
            }
            totals.push((name, whole));
        }
    }
    assert!(totals.chunks(2).all(|pair| pair == &totals[..2]), "the same in every configuration: {totals:?}");
}
