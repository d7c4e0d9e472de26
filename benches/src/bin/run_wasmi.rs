//! Runs a command in wasmi, as little as that takes: lazily, standard streams and arguments. Beside `hostel run`.

use std::process::ExitCode;
use std::{env, fs};

use wasmi::{CompilationMode, Config, Engine, Linker, Module, Store};
use wasmi_wasi::{WasiCtxBuilder, add_to_linker};

fn main() -> ExitCode {
    let path = env::args().nth(1).expect("a module's path");
    let mut config = Config::default();
    config.compilation_mode(CompilationMode::Lazy);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, fs::read(&path).expect("a file")).expect("a valid module");
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx| ctx).expect("WASI");
    let ctx = WasiCtxBuilder::new().inherit_stdio().args(&[path]).expect("no NUL").build();
    let mut store = Store::new(&engine, ctx);
    let instance = linker.instantiate_and_start(&mut store, &module).expect("WASI has all that is imported");
    let start = instance.get_typed_func::<(), ()>(&store, "_start").expect("a command");
    match start.call(&mut store, ()) {
        Err(error) if error.i32_exit_status() != Some(0) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
