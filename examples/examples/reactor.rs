//! A reactor: a library with WASI, not a program. It has no `_start`; its `_initialize` runs once, then its exports are
//! called as often as one likes, with Rust's own types.

use std::error::Error;

use hostel_engine::{Engine, Linker, Module, Store, TrapCode};
use hostel_wasi::{WasiCtx, add_to_linker, initialize};

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let module = Module::new(&engine, include_bytes!("../guests/wasm/reactor.wasm"))?;
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;

    let mut store = Store::new(&engine, WasiCtx::builder().build()?);
    let reactor = linker.instantiate(&mut store, &module)?;
    // Types are checked here, once; a call then only moves numbers.
    let add = reactor.get_typed_func::<(i32, i32), i32>(&store, "add")?;
    let calls = reactor.get_typed_func::<(), u32>(&store, "calls")?;

    // This guest wants to be initialized first.
    let trap = add.call(&mut store, (1, 1)).unwrap_err();
    println!("before _initialize: {trap}");
    assert_eq!(trap.code(), Some(TrapCode::Unreachable));

    assert_eq!(initialize(&mut store, reactor)?, None, "it did not end itself by proc_exit");
    let mut sum = 0;
    for number in 1..=10 {
        sum = add.call(&mut store, (sum, number))?;
    }
    println!("after it: a sum of {sum} in {} calls", calls.call(&mut store, ())?);
    assert_eq!((sum, calls.call(&mut store, ())?), (55, 10));

    // Other types are an error with both in it, not a wrong call.
    let error = reactor.get_typed_func::<i64, i64>(&store, "add").map(|_| ()).unwrap_err();
    println!("as other types: {error}");
    Ok(())
}
