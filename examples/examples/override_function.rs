//! One function of WASI replaced, the other 45 kept: a later definition of a name takes the place of an earlier one.
//!
//! (To replace the clocks of every function that looks at one, polls and sleeps included, give
//! `WasiCtxBuilder::clocks` a clock. This is the way for functions that have no such setting.)

use std::error::Error;

use hostel_engine::{Caller, Engine, Linker, Module, Store};
use hostel_wasi::abi::Errno;
use hostel_wasi::{Capture, PREVIEW1, WasiCtx, add_to_linker, run};

/// What the store holds: the WASI context, and what is our own.
struct Data {
    wasi: WasiCtx,
    ticks: u64,
}

/// `clock_time_get` of a world that began a moment ago: each look at the clock is a second later. It returns an errno,
/// 0 for success.
fn clock_time_get(data: &mut Data, module: &mut Caller<'_>, _id: u32, _precision: u64, at: u32) -> u32 {
    let Some(place) = module.memory().and_then(|memory| memory.get_mut(at as usize..)?.first_chunk_mut()) else {
        return Errno::Fault as u32;
    };
    data.ticks += 1;
    *place = (data.ticks * 1_000_000_000).to_le_bytes();
    0
}

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |data: &mut Data| &mut data.wasi)?;
    linker.func_wrap(PREVIEW1, "clock_time_get", clock_time_get);

    let out = Capture::with_limit(4096);
    let wasi = WasiCtx::builder().stdout(out.clone()).build()?;
    let mut store = Store::new(&engine, Data { wasi, ticks: 0 });
    let clock = Module::new(&engine, include_bytes!("../guests/wasm/clock.wasm"))?;
    let instance = linker.instantiate(&mut store, &clock)?;
    let status = run(&mut store, instance)?;

    let out = String::from_utf8(out.contents())?;
    print!("{out}");
    println!("{} looks at the clock, status {status}", store.data().ticks);
    assert!(out.contains("realtime is after 2020: no\n"), "it is 1970");
    assert!(out.contains("monotonic advanced: yes\n") && out.contains("random bytes are drawn: yes\n"));
    assert_eq!(status, 1);
    Ok(())
}
