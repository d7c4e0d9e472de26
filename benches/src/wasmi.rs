//! wasmi, functions typed both ways; and wasmi_wasi.
//!
//! What makes it fast: the guest's memory is looked up once and kept in the store's data.

use std::any::Any;
use std::sync::Arc;

use wasmi::{Caller, CompilationMode, Config, Engine, Error, Linker, Memory, Module, Store};
#[cfg(feature = "peers")]
use wasmi_wasi::wasi_common::pipe::{ReadPipe, WritePipe};
#[cfg(feature = "peers")]
use wasmi_wasi::{Dir, WasiCtx, WasiCtxBuilder, add_to_linker, ambient_authority};

use crate::calls::{CallCase, HostFunction, Timed, Way, typed_function, typed_run};
use crate::instances::Spawn;
use crate::kernels::{Kernel, Run};
use crate::start::Start;
#[cfg(feature = "peers")]
use crate::wasi::{Export, WasiCase, WasiGuest};
#[cfg(feature = "peers")]
use crate::world::{ARGS, ENV, World};

type Data = Option<Memory>;

/// Typed both ways.
pub fn call(case: &CallCase) -> Option<Timed> {
    let engine = Engine::default();
    let module = Module::new(&engine, case.guest()).expect("a valid guest");
    let mut linker = Linker::new(&engine);
    let defined = typed_function!(case, linker.func_wrap("env", "f"), |caller: Caller<'_, Data>, at: u32| {
        let memory = caller.data().ok_or_else(|| Error::new("no memory"))?;
        let bytes = memory.data(&caller).get(at as usize..).and_then(|bytes| bytes.first_chunk());
        bytes.map(|bytes| u32::from_le_bytes(*bytes)).ok_or_else(|| Error::new("outside the guest's memory"))
    });
    defined.expect("a new name");
    let mut store: Store<Data> = Store::new(&engine, None);
    let instance = linker.instantiate_and_start(&mut store, &module).expect("nothing else is imported");
    *store.data_mut() = instance.get_memory(&store, "memory");
    Some(typed_run!(case, instance, store))
}

/// The guest of a case, with everything that [`World`] has.
#[cfg(feature = "peers")]
pub fn wasi(case: &WasiCase, world: &World) -> Option<WasiGuest> {
    let engine = Engine::default();
    let module = Module::new(&engine, case.guest()).expect("a valid guest");
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).expect("WASI");
    let mut builder = WasiCtxBuilder::new();
    for arg in ARGS {
        builder.arg(arg).expect("no NUL");
    }
    for (name, value) in ENV {
        builder.env(name, value).expect("no NUL");
    }
    builder.stdin(Box::new(ReadPipe::new(std::io::repeat(b'x')))).stdout(Box::new(WritePipe::new(std::io::sink())));
    for (dir, name) in world.preopens() {
        let dir = Dir::open_ambient_dir(dir, ambient_authority()).expect("a directory");
        builder.preopened_dir(dir, name).expect("room in the table");
    }
    let mut store = Store::new(&engine, builder.build());
    let instance = linker.instantiate_and_start(&mut store, &module).expect("WASI has all that is imported");
    let exports = Export::ALL.map(|export| {
        instance.get_typed_func::<u32, u32>(&store, export.name()).expect("every guest has the three exports")
    });
    Some(WasiGuest::new(move |export, argument| exports[export as usize].call(&mut store, argument).expect("no trap")))
}

/// `run` of a kernel.
pub fn kernel(kernel: &Kernel) -> Option<Run> {
    let engine = Engine::default();
    let module = Module::new(&engine, kernel.wasm).expect("a valid kernel");
    let mut store = Store::new(&engine, ());
    let linker = Linker::new(&engine);
    let instance = linker.instantiate_and_start(&mut store, &module).expect("nothing is imported");
    let run = instance.get_typed_func::<u32, u32>(&store, "run").expect("the kernel exports run");
    Some(Box::new(move |times| run.call(&mut store, times).expect("no trap")))
}

/// Loading in a mode.
pub fn start(mode: CompilationMode) -> Start {
    let mut config = Config::default();
    config.compilation_mode(mode);
    let engine = Engine::new(&config);
    let linker = Linker::new(&engine);
    Box::new(move |bytes| {
        let module = Module::new(&engine, &bytes[..]).expect("a valid module");
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate_and_start(&mut store, &module).expect("nothing is imported");
        let run = instance.get_typed_func::<u32, u32>(&store, "run").expect("the module exports run");
        (run.call(&mut store, 1).expect("no trap"), Box::new((bytes, module, store)))
    })
}

/// Instances of a module.
pub fn spawn(bytes: Vec<u8>) -> Spawn {
    let engine = Engine::default();
    let module = Module::new(&engine, bytes).expect("a valid module");
    let linker = Linker::new(&engine);
    Arc::new(move || -> Box<dyn Any> {
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate_and_start(&mut store, &module).expect("nothing is imported");
        let run = instance.get_typed_func::<u32, u32>(&store, "run").expect("the module exports run");
        run.call(&mut store, 1).expect("no trap");
        Box::new(store)
    })
}
