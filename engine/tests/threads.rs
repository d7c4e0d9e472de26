//! Threads that have an engine, a module and host functions in common, and each their own stores: one module is translated
//! by whoever calls a function first, guests are interrupted from other threads, and stores come and go. What every thread
//! gets is what one alone would get. A thread sanitizer has the most to say here (CONTRIBUTING).

mod kit;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use hostel_engine::{
    Caller, CompilationMode, Engine, FunctionDefinition, FunctionListener, HostModule, HostModuleBuilder, Instance,
    InterruptHandle, Limits, Linker, Module, ResumableCall, Store, Trap, TrapCode, ValType,
};
use kit::{backends, call, configs, wasm};

const THREADS: usize = 4;
/// Functions of the module.
const FUNCTIONS: u32 = 120;

/// Function `i` computes `(x ^ i) * (2i + 1)`, each third by way of an exception; each fourth adds what the next one
/// computes, called directly or by its element, and each fifth goes through the host.
fn module(engine: &Engine) -> Module {
    let mut text = String::from(
        r#"(module (type $t (func (param i32) (result i32))) (import "host" "same" (func $same (type $t)))
        (memory (export "memory") 1) (tag $tag (param i32)) (global $g (mut i32) (i32.const 0))"#,
    );
    for i in 0..FUNCTIONS {
        let mut value = format!("(i32.mul (i32.xor (local.get 0) (i32.const {i})) (i32.const {}))", 2 * i + 1);
        if i % 3 == 0 {
            value = format!("(block $h (result i32) (try_table (catch $tag $h) (throw $tag {value})) (unreachable))");
        }
        if adds(i) {
            let next = if i % 8 == 0 {
                format!("(call $f{} (local.get 0))", i + 1)
            } else {
                format!("(call_indirect (type $t) (local.get 0) (i32.const {}))", i + 1)
            };
            value = format!("(i32.add {value} {next})");
        }
        if i % 5 == 0 {
            value = format!("(call $same {value})");
        }
        write!(text, "(func $f{i} (type $t) (global.set $g (i32.add (global.get $g) (i32.const 1))) {value})").unwrap();
    }
    text.push_str("(table funcref (elem");
    for i in 0..FUNCTIONS {
        write!(text, " $f{i}").unwrap();
    }
    text.push_str(
        r#"))
        (func (export "nth") (param i32 i32) (result i32) (call_indirect (type $t) (local.get 1) (local.get 0)))
        (func (export "calls") (result i32) (global.get $g))
        (func $inner (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))))
        (func (export "divide") (param i32) (call $inner (local.get 0)))
        (func (export "work") (param $n i32) (result i32) (local $i i32) (local $sum i32)
            (loop $l
                (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (call_indirect (type $t)
                    (local.get $i) (i32.rem_u (local.get $i) (table.size 0)))))
                (i32.store (i32.and (local.get $i) (i32.const 0xfffc)) (local.get $sum))
                (memory.copy (i32.const 32768) (i32.const 0) (i32.const 4096))
                (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
            (local.get $sum))
        (func (export "spin") (loop (br 0))))"#,
    );
    Module::new(engine, wasm(&text)).unwrap()
}

/// Whether function `i` adds what the next one computes.
fn adds(i: u32) -> bool {
    i.is_multiple_of(4) && i + 1 < FUNCTIONS
}

fn nth(i: u32, x: i32) -> i32 {
    let own = (x ^ i as i32).wrapping_mul(2 * i as i32 + 1);
    if adds(i) { own.wrapping_add(nth(i + 1, x)) } else { own }
}

fn work(n: i32) -> i32 {
    (0..n).fold(0, |sum: i32, i| sum.wrapping_mul(31).wrapping_add(nth(i as u32 % FUNCTIONS, i)))
}

fn host(engine: &Engine) -> HostModule<usize> {
    HostModuleBuilder::new("host")
        .new_function()
        .with_raw_module_function([ValType::I32], [ValType::I32], |calls: &mut usize, _: &mut Caller<'_>, _| {
            *calls += 1;
            Ok(())
        })
        .export("same")
        .compile(engine)
        .unwrap()
}

fn store(engine: &Engine, host: &HostModule<usize>, module: &Module) -> (Store<usize>, Instance) {
    let mut store = Store::new(engine, 0);
    let mut linker = Linker::new(engine);
    linker.host_module(host).unwrap();
    let instance = linker.instantiate(&mut store, module).unwrap();
    (store, instance)
}

/// Calls all functions, in an order of this thread's own, in two stores one after the other.
fn call_all(engine: &Engine, host: &HostModule<usize>, module: &Module, thread: u32) {
    // Prime to the number of functions, so that all are called.
    let step = [1, 7, 11, 13][thread as usize % 4];
    for round in 0..2 {
        let (mut store, instance) = store(engine, host, module);
        let function = instance.get_typed_func::<(i32, i32), i32>(&store, "nth").unwrap();
        for k in 0..FUNCTIONS {
            let i = if thread.is_multiple_of(2) { k * step } else { (FUNCTIONS - k) * step } % FUNCTIONS;
            let x = (1000 * thread + k) as i32;
            assert_eq!(function.call(&mut store, (i as i32, x)).unwrap(), nth(i, x), "{thread} {round} {i}");
        }
        let calls = (0..FUNCTIONS).map(|i| 1 + u32::from(adds(i))).sum::<u32>() as i32;
        assert_eq!(call::<(), i32>(&mut store, instance, "calls", ()).unwrap(), calls);
        let by_host = (0..FUNCTIONS).map(|i| usize::from(i % 5 == 0) + usize::from(adds(i) && (i + 1) % 5 == 0));
        assert_eq!(*store.data(), by_host.sum::<usize>());
        let divide = instance.get_typed_func::<i32, ()>(&store, "divide").unwrap();
        let trap = divide.call(&mut store, 0).unwrap_err();
        assert_eq!(trap.code(), Some(TrapCode::IntegerDivideByZero));
        assert_eq!(trap.frames().len(), 2);
        assert_eq!(trap.frames()[0].func_name.as_deref(), Some("inner"));
        divide.call(&mut store, 1).unwrap();
    }
}

fn in_threads(run: impl Fn(u32) + Sync) {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS as u32 {
            let (run, barrier) = (&run, &barrier);
            scope.spawn(move || {
                barrier.wait();
                run(thread);
            });
        }
    });
}

#[test]
fn one_module_is_translated_by_whoever_comes_first() {
    for config in configs() {
        for metered in [false, true] {
            let mut config = config.clone();
            config.interruptible(metered);
            let engine = Engine::new(&config).unwrap();
            for _ in 0..5 {
                let (module, host) = (module(&engine), host(&engine));
                in_threads(|thread| call_all(&engine, &host, &module, thread));
            }
        }
    }
}

/// Who waits for a function that turns out to be invalid, or for which there is no room, is told so too and does not wait for
/// ever; room that was taken in vain is given back.
#[test]
fn translations_that_fail_do_so_for_everybody() {
    const MANY: usize = 40;
    let sum = "(local.set 0 (i32.add (local.get 0) (i32.const 1)))".repeat(500);
    let functions: String = (0..MANY).map(|i| format!(r#"(func (export "{i}") (param i32) {sum})"#)).collect();
    let many = wasm(&format!(r#"(module {functions} (func (export "small")))"#));
    let invalid = wasm(&format!(r#"(module (func (export "f") (param i32) {sum} (i32.add)))"#));
    for mut config in backends() {
        config.compilation_mode(CompilationMode::Lazy);
        config.limits(Limits { code_bytes: 200_000, ..Limits::default() });
        let engine = Engine::new(&config).unwrap();
        let instance_of = |module: &Module| {
            let mut store = Store::new(&engine, ());
            let instance = Linker::new(&engine).instantiate(&mut store, module).unwrap();
            (store, instance)
        };
        // For how many functions there was room, as one thread sees it.
        let call_all = |module: &Module, first: usize| {
            let (mut store, instance) = instance_of(module);
            let mut fit = 0;
            for i in (0..MANY).map(|i| (first + i) % MANY) {
                match call::<i32, ()>(&mut store, instance, &i.to_string(), 0) {
                    Ok(()) => fit += 1,
                    Err(trap) => assert!(trap.to_string().contains("(limit `code_bytes`)"), "{trap}"),
                }
            }
            fit
        };
        let alone = call_all(&Module::new(&engine, many.clone()).unwrap(), 0);
        assert!((5..MANY - 5).contains(&alone), "{alone}");
        for apart in [0, 10] {
            let module = Module::new(&engine, many.clone()).unwrap();
            in_threads(|thread| {
                call_all(&module, apart * thread as usize);
            });
            assert_eq!(call_all(&module, 0), alone);
            let (mut store, instance) = instance_of(&module);
            call::<(), ()>(&mut store, instance, "small", ()).unwrap();
        }
        let module = Module::new(&engine, invalid.clone()).unwrap();
        in_threads(|_| {
            let (mut store, instance) = instance_of(&module);
            for _ in 0..20 {
                let trap = call::<i32, ()>(&mut store, instance, "f", 0).unwrap_err();
                assert!(trap.to_string().contains("type mismatch"), "{trap}");
            }
        });
    }
}

/// Modules are loaded, and types get their numbers, on all threads at once.
#[test]
fn engines_load_modules_on_many_threads() {
    for config in configs() {
        let engine = Engine::new(&config).unwrap();
        in_threads(|thread| {
            let (module, host) = (module(&engine), host(&engine));
            call_all(&engine, &host, &module, thread);
        });
    }
}

/// Each guest pauses where it is interrupted, goes on, and comes to what it would have come to.
#[test]
fn threads_interrupt_each_other() {
    const WORK: i32 = 600;
    let expected = work(WORK);
    for config in configs() {
        let mut config = config.clone();
        config.interruptible(true);
        let engine = Engine::new(&config).unwrap();
        let (module, host) = (module(&engine), host(&engine));
        let handles: Mutex<Vec<Option<InterruptHandle>>> = Mutex::new(vec![None; THREADS]);
        let (paused, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        let interrupt_all = || handles.lock().unwrap().iter().flatten().for_each(InterruptHandle::interrupt);
        thread::scope(|scope| {
            let (engine, module, host, handles, paused, done) = (&engine, &module, &host, &handles, &paused, &done);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    interrupt_all();
                    thread::yield_now();
                }
            });
            in_threads(|thread| {
                for _ in 0..5 {
                    let (mut store, instance) = store(engine, host, module);
                    let handle = store.interrupt_handle().unwrap();
                    // At least once, however busy the machine is with other threads.
                    handle.interrupt();
                    handles.lock().unwrap()[thread as usize] = Some(handle);
                    let function = instance.get_typed_func::<i32, i32>(&store, "work").unwrap();
                    let mut call = function.call_resumable(&mut store, WORK).unwrap();
                    let result = loop {
                        match call {
                            ResumableCall::Finished(result) => break result,
                            ResumableCall::Paused(guest) => {
                                assert_eq!(guest.trap().code(), Some(TrapCode::Interrupted));
                                paused.fetch_add(1, Ordering::Relaxed);
                                // Neighbours want to be stopped, too.
                                let neighbour = handles.lock().unwrap()[(thread as usize + 1) % THREADS].clone();
                                neighbour.inspect(InterruptHandle::interrupt);
                                call = guest.resume(&mut store).unwrap();
                            }
                        }
                    };
                    assert_eq!(result, expected);
                    // What does not end by itself is ended by the others, for good.
                    let spin = instance.get_typed_func::<(), ()>(&store, "spin").unwrap();
                    let trap = spin.call(&mut store, ()).unwrap_err();
                    assert_eq!(trap.code(), Some(TrapCode::Interrupted));
                }
            });
            done.store(true, Ordering::Relaxed);
        });
        assert!(paused.load(Ordering::Relaxed) > 0);
    }
}

/// Counts how often calls of one function begin and end.
#[derive(Default)]
struct Counter([AtomicUsize; 2]);

impl FunctionListener for Counter {
    fn before(&self, _: &mut Caller<'_>, _: &FunctionDefinition, _: &[u64]) {
        self.0[0].fetch_add(1, Ordering::Relaxed);
    }

    fn after(&self, _: &mut Caller<'_>, _: &FunctionDefinition, _: &[u64]) {
        self.0[1].fetch_add(1, Ordering::Relaxed);
    }

    fn abort(&self, _: &FunctionDefinition, _: &Trap) {
        self.0[1].fetch_add(1, Ordering::Relaxed);
    }
}

/// A function may be compiled by several threads at once, but one listener hears all of its calls, and both their ends.
#[test]
fn listeners_hear_all_threads() {
    for config in configs() {
        // All listeners that were made.
        let made = Arc::new(Mutex::new(Vec::new()));
        let factory = {
            let made = made.clone();
            move |definition: &FunctionDefinition| -> Option<Arc<dyn FunctionListener>> {
                definition.index()?;
                let counter = Arc::new(Counter::default());
                made.lock().unwrap().push(counter.clone());
                Some(counter)
            }
        };
        let engine = Engine::new(config.clone().function_listeners(Arc::new(factory))).unwrap();
        let host = host(&engine);
        let heard = |threads: &dyn Fn()| {
            made.lock().unwrap().clear();
            threads();
            let made = made.lock().unwrap();
            let counts = made.iter().map(|counter| counter.0.each_ref().map(|count| count.load(Ordering::Relaxed)));
            let counts: Vec<_> = counts.inspect(|[begun, ended]| assert_eq!(begun, ended)).collect();
            let mut calls: Vec<usize> = counts.into_iter().map(|[begun, _]| begun).filter(|&begun| begun > 0).collect();
            calls.sort_unstable();
            calls
        };
        let alone = heard(&|| call_all(&engine, &host, &module(&engine), 0));
        let together = heard(&|| {
            let module = module(&engine);
            in_threads(|thread| call_all(&engine, &host, &module, thread));
        });
        assert!(alone.len() > FUNCTIONS as usize);
        assert_eq!(together, alone.iter().map(|calls| THREADS * calls).collect::<Vec<_>>());
    }
}
