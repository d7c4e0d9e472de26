//! hostel: typed functions, raw functions, raw functions with the module.

use std::any::Any;
use std::io::IoSliceMut;
use std::sync::Arc;

use hostel_engine::ValType::{self, I32, I64};
use hostel_engine::{
    Caller, CompilationMode, Config, Engine, HostFunctionBuilder, HostModuleBuilder, Instance, Linker, Module, Store,
    Trap,
};
use hostel_wasi::abi::{Errno, Filetype};
use hostel_wasi::fs::File;
use hostel_wasi::{Perms, Stdio, WasiCtx, add_to_linker};

use crate::calls::{CallCase, HostFunction, Timed, Way, typed_function, typed_run};
use crate::instances::Spawn;
use crate::kernels::{Kernel, Run};
use crate::start::Start;
use crate::wasi::{Export, WasiCase, WasiGuest};
use crate::world::{ARGS, ENV, World};

/// Typed both ways.
pub fn call_typed(case: &CallCase) -> Option<Timed> {
    let function = HostModuleBuilder::new("env").new_function();
    let read_memory = |_: &mut (), module: &mut Caller<'_>, at: u32| read(module, at as usize);
    let function = typed_function!(case, function.with_func(), read_memory);
    let (mut store, instance) = instantiate(case, function);
    Some(typed_run!(case, instance, store))
}

/// Raw both ways, without the calling module.
pub fn call_raw(case: &CallCase) -> Option<Timed> {
    if case.function == HostFunction::ReadMemory {
        return None;
    }
    let function = HostModuleBuilder::new("env").new_function();
    let last = params(case).len().saturating_sub(1);
    Some(raw(
        case,
        match case.function {
            HostFunction::None => function.with_raw_function([], [I32], |_, stack| {
                stack[0] = 1;
                Ok(())
            }),
            HostFunction::Two => function.with_raw_function(params(case), [I32], |_, _| Ok(())),
            _ => function.with_raw_function(params(case), [I32], move |_, stack| {
                stack[0] = stack[last];
                Ok(())
            }),
        },
    ))
}

/// Raw both ways, with the calling module.
pub fn call_raw_module(case: &CallCase) -> Option<Timed> {
    if case.way == Way::HostToGuest {
        return None;
    }
    let function = HostModuleBuilder::new("env").new_function();
    let last = params(case).len().saturating_sub(1);
    Some(raw(
        case,
        match case.function {
            HostFunction::None => function.with_raw_module_function([], [I32], |_, _, stack| {
                stack[0] = 1;
                Ok(())
            }),
            HostFunction::Two => function.with_raw_module_function(params(case), [I32], |_, _, _| Ok(())),
            HostFunction::ReadMemory => {
                function.with_raw_module_function([I32], [I32], |_, module: &mut Caller<'_>, stack| {
                    stack[0] = u64::from(read(module, stack[0] as u32 as usize)?);
                    Ok(())
                })
            }
            _ => function.with_raw_module_function(params(case), [I32], move |_, _, stack| {
                stack[0] = stack[last];
                Ok(())
            }),
        },
    ))
}

/// `run` called without conversions.
fn raw(case: &CallCase, function: HostFunctionBuilder<()>) -> Timed {
    let (mut store, instance) = instantiate(case, function);
    let run = instance.get_func(&store, "run").expect("the guest exports run");
    case.timed(move |argument| {
        let mut stack = [u64::from(argument), 7];
        run.call_with_stack(&mut store, &mut stack).expect("no trap");
        stack[0] as u32
    })
}

fn params(case: &CallCase) -> Vec<ValType> {
    match case.function {
        HostFunction::Two => vec![I32, I64],
        HostFunction::None => vec![],
        HostFunction::One => vec![I64],
        HostFunction::Eight => vec![I64; 8],
        HostFunction::Sixteen => vec![I64; 16],
        HostFunction::ReadMemory => vec![I32],
    }
}

#[inline]
fn read(module: &mut Caller<'_>, at: usize) -> Result<u32, Trap> {
    let bytes = module.memory().and_then(|memory| memory.get(at..)?.first_chunk());
    bytes.map(|bytes| u32::from_le_bytes(*bytes)).ok_or_else(|| Trap::message("outside the guest's memory"))
}

fn instantiate(case: &CallCase, function: HostFunctionBuilder<()>) -> (Store<()>, Instance) {
    let engine = Engine::default();
    let module = Module::new(&engine, case.guest()).expect("a valid guest");
    let mut linker = Linker::new(&engine);
    let env = function.export("f").compile(&engine).expect("a well-built host module");
    linker.host_module(&env).expect("of the same engine");
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).expect("nothing else is imported");
    (store, instance)
}

/// A stdin that never ends.
struct Endless;

impl File for Endless {
    fn filetype(&self) -> Filetype {
        Filetype::Unknown
    }

    fn read(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        let mut count = 0;
        for buf in bufs {
            buf.fill(b'x');
            count += buf.len();
        }
        Ok(count)
    }
}

/// The guest of a case, with everything that [`World`] has.
pub fn wasi(case: &WasiCase, world: &World) -> Option<WasiGuest> {
    let engine = Engine::default();
    let module = Module::new(&engine, case.guest()).expect("a valid guest");
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).expect("WASI");
    let mut builder =
        WasiCtx::builder().args(ARGS).envs(ENV).stdin(Stdio::custom(Box::new(Endless))).stdout(Stdio::null());
    for (dir, name) in world.preopens() {
        builder = builder.preopened_dir(dir, name, Perms::READ_WRITE);
    }
    let ctx = builder.build().expect("what is given is there");
    let mut store = Store::new(&engine, ctx);
    let instance = linker.instantiate(&mut store, &module).expect("WASI has all that is imported");
    let exports = Export::ALL.map(|export| {
        instance.get_typed_func::<u32, u32>(&store, export.name()).expect("every guest has the three exports")
    });
    Some(WasiGuest::new(move |export, argument| exports[export as usize].call(&mut store, argument).expect("no trap")))
}

/// `run` of a kernel.
pub fn kernel(kernel: &Kernel) -> Option<Run> {
    Some(metered_kernel(kernel, false, false))
}

/// `run` of a kernel, with fuel enough and nobody who interrupts it.
pub fn metered_kernel(kernel: &Kernel, fuel: bool, interruptible: bool) -> Run {
    let engine = Engine::new(Config::new().consume_fuel(fuel).interruptible(interruptible)).expect("a configuration");
    let module = Module::new(&engine, kernel.wasm).expect("a valid kernel");
    let mut store = Store::new(&engine, ());
    if fuel {
        store.set_fuel(u64::MAX).expect("fuel is charged");
    }
    let instance = Linker::new(&engine).instantiate(&mut store, &module).expect("nothing is imported");
    let run = instance.get_typed_func::<u32, u32>(&store, "run").expect("the kernel exports run");
    Box::new(move |times| run.call(&mut store, times).expect("no trap"))
}

/// Loading in a mode.
pub fn start(mode: CompilationMode) -> Start {
    let mut config = Config::new();
    config.compilation_mode(mode);
    let engine = Engine::new(&config).expect("a configuration");
    let linker = Linker::new(&engine);
    Box::new(move |bytes| {
        let module = Module::new(&engine, bytes).expect("a valid module");
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).expect("nothing is imported");
        let run = instance.get_typed_func::<u32, u32>(&store, "run").expect("the module exports run");
        (run.call(&mut store, 1).expect("no trap"), Box::new((module, store)))
    })
}

/// Instances of a module.
pub fn spawn(bytes: Vec<u8>) -> Spawn {
    let engine = Engine::default();
    let module = Module::new(&engine, bytes).expect("a valid module");
    let linker = Linker::new(&engine);
    Arc::new(move || -> Box<dyn Any> {
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).expect("nothing is imported");
        let run = instance.get_typed_func::<u32, u32>(&store, "run").expect("the module exports run");
        run.call(&mut store, 1).expect("no trap");
        Box::new(store)
    })
}
