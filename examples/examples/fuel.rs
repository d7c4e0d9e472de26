//! Fuel: guests that run for so many instructions, pause where they are, and go on later. Two of them take turns in one
//! store; a third one is ended, and says where it was.

use std::collections::VecDeque;
use std::error::Error;

use hostel_engine::{Config, Engine, Linker, Module, ResumableCall, Store, TrapCode};

const GUEST: &str = r#"(module
    (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#;

/// Units of fuel for a turn.
const TURN: u64 = 10_000;

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    let module = Module::new(&engine, wat::parse_str(GUEST)?)?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    let fib = instance.get_typed_func::<u32, u32>(&store, "fib")?;

    // A call that can be resumed does not trap when its fuel is spent: it pauses, and its frames leave the store's stack.
    let mut waiting = VecDeque::new();
    for n in [20, 15] {
        store.set_fuel(TURN)?;
        waiting.push_back((n, fib.call_resumable(&mut store, n)?));
    }
    let mut turns = 0;
    let mut results = Vec::new();
    while let Some((n, call)) = waiting.pop_front() {
        turns += 1;
        match call {
            ResumableCall::Finished(result) => {
                println!("fib({n}) = {result}");
                results.push(result);
            }
            ResumableCall::Paused(guest) => {
                store.set_fuel(TURN)?;
                waiting.push_back((n, guest.resume(&mut store)?));
            }
        }
    }
    assert_eq!(results, [610, 6765], "the shorter one was done first");
    println!("{turns} turns, {} units of fuel", store.fuel_consumed()?);
    assert!(turns > 10);

    // What is not to go on is dropped, or ended with a backtrace.
    store.set_fuel(TURN)?;
    let guest = fib.call_resumable(&mut store, 30)?.paused().ok_or("it has too little fuel to come to its end")?;
    assert_eq!(guest.trap().code(), Some(TrapCode::OutOfFuel));
    let trap = guest.into_trap(&mut store)?;
    println!("fib(30): {trap}, {} calls deep", trap.frames().len());
    assert!(!trap.frames().is_empty());

    // A plain call traps when its fuel is spent, and the store goes on.
    store.set_fuel(100)?;
    assert_eq!(fib.call(&mut store, 30).unwrap_err().code(), Some(TrapCode::OutOfFuel));
    store.set_fuel(TURN)?;
    assert_eq!(fib.call(&mut store, 10)?, 55);
    Ok(())
}
