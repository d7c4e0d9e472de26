//! One module, loaded once, with an instance of its own on each of two threads; one host module, compiled once, under
//! two names. Engines, modules, host modules and linkers are shared; a store belongs to one thread at a time.

use std::error::Error;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use hostel_engine::{Engine, HostModuleBuilder, Linker, Module, Store};

const GUEST: &str = r#"(module
    (import "env" "next" (func $next (result i32)))
    (import "env_v2" "next" (func $next_v2 (result i32)))
    (global $sum (mut i32) (i32.const 0))
    (func (export "add") (result i32)
        (global.set $sum (i32.add (global.get $sum) (i32.add (call $next) (call $next_v2))))
        (global.get $sum)))"#;

/// Of the whole process, while each store's data is its instance's.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(GUEST)?)?;
    let next = |number: &mut u32| {
        CALLS.fetch_add(1, Ordering::Relaxed);
        *number += 1;
        *number
    };
    let env = HostModuleBuilder::new("env").new_function().with_func(next).export("next").compile(&engine)?;
    let mut linker = Linker::new(&engine);
    linker.host_module(&env)?.host_module(&env.renamed("env_v2"))?;

    // What an instance does is its own: its globals, its memory, its store's data.
    let count_from = |start: u32| -> Result<u32, hostel_engine::Error> {
        let mut store = Store::new(&engine, start);
        let add = linker.instantiate(&mut store, &module)?.get_typed_func::<(), u32>(&store, "add")?;
        add.call(&mut store, ())?;
        Ok(add.call(&mut store, ())?)
    };
    let (small, large) = thread::scope(|scope| {
        let threads = (scope.spawn(|| count_from(0)), scope.spawn(|| count_from(1000)));
        (threads.0.join().expect("no panic"), threads.1.join().expect("no panic"))
    });
    let (small, large) = (small?, large?);

    println!("1 + 2 + 3 + 4 = {small}, and from 1001 on {large}; {} host calls", CALLS.load(Ordering::Relaxed));
    assert_eq!((small, large, CALLS.load(Ordering::Relaxed)), (10, 4010, 8));
    Ok(())
}
