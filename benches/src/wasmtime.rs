//! wasmtime, compiling with Cranelift, functions typed both ways; and wasmtime-wasi's preview1.
//!
//! What makes it fast: the guest's memory is looked up once and kept in the store's data; WASI may block the thread it
//! runs on, which spares file operations a thread pool.

use std::any::Any;
use std::sync::Arc;

use wasmtime::{Caller, Engine, Error, Linker, Memory, Module, Store};
use wasmtime_wasi::p1::{WasiP1Ctx, add_to_linker_sync};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, SinkOutputStream};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use crate::calls::{CallCase, HostFunction, Timed, Way, typed_function, typed_run};
use crate::instances::Spawn;
use crate::kernels::{Kernel, Run};
use crate::start::Start;
use crate::wasi::{Export, WasiCase, WasiGuest};
use crate::world::{ARGS, ENV, World};

type Data = Option<Memory>;

/// Typed both ways.
pub fn call(case: &CallCase) -> Option<Timed> {
    let engine = Engine::default();
    let module = Module::new(&engine, case.guest()).expect("a valid guest");
    let mut linker = Linker::new(&engine);
    let defined = typed_function!(case, linker.func_wrap("env", "f"), |caller: Caller<'_, Data>, at: u32| {
        let memory = caller.data().ok_or_else(|| Error::msg("no memory"))?;
        let bytes = memory.data(&caller).get(at as usize..).and_then(|bytes| bytes.first_chunk());
        bytes.map(|bytes| u32::from_le_bytes(*bytes)).ok_or_else(|| Error::msg("outside the guest's memory"))
    });
    defined.expect("a new name");
    let mut store: Store<Data> = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &module).expect("nothing else is imported");
    *store.data_mut() = instance.get_memory(&mut store, "memory");
    Some(typed_run!(case, instance, store))
}

/// How much stdin has: more than is read. Untouched zeros, which take no memory.
const ENDLESS: usize = 1 << 30;

/// The guest of a case, with everything that [`World`] has.
pub fn wasi(case: &WasiCase, world: &World) -> Option<WasiGuest> {
    let engine = Engine::default();
    let module = Module::new(&engine, case.guest()).expect("a valid guest");
    let mut linker = Linker::new(&engine);
    add_to_linker_sync(&mut linker, |ctx: &mut WasiP1Ctx| ctx).expect("WASI");
    let mut builder = WasiCtxBuilder::new();
    builder.args(&ARGS).envs(&ENV).stdin(MemoryInputPipe::new(vec![0; ENDLESS])).stdout(SinkOutputStream);
    builder.allow_blocking_current_thread(true);
    for (dir, name) in world.preopens() {
        builder.preopened_dir(dir, name, FsPerms::ReadWrite).expect("a directory");
    }
    let mut store = Store::new(&engine, builder.build_p1());
    let instance = linker.instantiate(&mut store, &module).expect("WASI has all that is imported");
    let exports = Export::ALL.map(|export| {
        let found = instance.get_typed_func::<u32, u32>(&mut store, export.name());
        found.expect("every guest has the three exports")
    });
    Some(WasiGuest::new(move |export, argument| exports[export as usize].call(&mut store, argument).expect("no trap")))
}

/// `run` of a kernel.
pub fn kernel(kernel: &Kernel) -> Option<Run> {
    let engine = Engine::default();
    let module = Module::new(&engine, kernel.wasm).expect("a valid kernel");
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &module).expect("nothing is imported");
    let run = instance.get_typed_func::<u32, u32>(&mut store, "run").expect("the kernel exports run");
    Some(Box::new(move |times| run.call(&mut store, times).expect("no trap")))
}

/// Loading, which is compiling.
pub fn start() -> Start {
    let engine = Engine::default();
    let linker = Linker::new(&engine);
    Box::new(move |bytes| {
        let module = Module::new(&engine, &bytes).expect("a valid module");
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).expect("nothing is imported");
        let run = instance.get_typed_func::<u32, u32>(&mut store, "run").expect("the module exports run");
        (run.call(&mut store, 1).expect("no trap"), Box::new((bytes, module, store)))
    })
}

/// Instances of a module.
pub fn spawn(bytes: Vec<u8>) -> Spawn {
    let engine = Engine::default();
    let module = Module::new(&engine, bytes).expect("a valid module");
    let instance = Linker::<()>::new(&engine).instantiate_pre(&module).expect("nothing is imported");
    Arc::new(move || -> Box<dyn Any> {
        let mut store = Store::new(&engine, ());
        let instance = instance.instantiate(&mut store).expect("room for an instance");
        let run = instance.get_typed_func::<u32, u32>(&mut store, "run").expect("the module exports run");
        run.call(&mut store, 1).expect("no trap");
        Box::new(store)
    })
}
