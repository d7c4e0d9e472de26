//! Runs a command in wasmtime, as little as that takes: standard streams and arguments. Beside `hostel run`.

use std::env;
use std::process::ExitCode;

use wasmtime::{Engine, Linker, Module, Store};
use wasmtime_wasi::p1::add_to_linker_sync;
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

fn main() -> ExitCode {
    let path = env::args().nth(1).expect("a module's path");
    let engine = Engine::default();
    let module = Module::from_file(&engine, &path).expect("a valid module");
    let mut linker = Linker::new(&engine);
    add_to_linker_sync(&mut linker, |ctx| ctx).expect("WASI");
    let ctx = WasiCtxBuilder::new().inherit_stdio().arg(&path).allow_blocking_current_thread(true).build_p1();
    let mut store = Store::new(&engine, ctx);
    let instance = linker.instantiate(&mut store, &module).expect("WASI has all that is imported");
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start").expect("a command");
    match start.call(&mut store, ()) {
        Err(error) if error.downcast_ref::<I32Exit>().is_none_or(|exit| exit.0 != 0) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
