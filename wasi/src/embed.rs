//! The functions on hostel's engine: registered through the host builder that everybody uses, and the short ways to run a
//! command or start a reactor.

use hostel_engine::{
    AsCallContext, Caller, Engine, Error, HostFunctionBuilder, HostModule, HostModuleBuilder, Instance, Linker, Module,
    Store, Trap, TrapCode, ValType as Engines,
};

use crate::ctx::WasiCtx;
use crate::functions::{Ended, Function, Registrar, ValType};
use crate::wait::Canceled;
use crate::{functions, preview0};

/// The module name of preview1.
pub const PREVIEW1: &str = "wasi_snapshot_preview1";
/// The module name of preview0, which a few old guests import.
pub const PREVIEW0: &str = "wasi_unstable";

/// Registers functions with a host module; `get` finds the context in the store's data.
struct Registration<T: 'static, G> {
    builder: HostModuleBuilder<T>,
    get: G,
    /// Whether the engine charges fuel.
    metered: bool,
    /// Whether it does, or can interrupt.
    watched: bool,
}

impl<T: 'static, G> Registration<T, G> {
    fn new(engine: &Engine, name: &str, get: G) -> Registration<T, G> {
        let metered = engine.charges_fuel();
        let watched = metered || engine.is_interruptible();
        Registration { builder: HostModuleBuilder::new(name), get, metered, watched }
    }
}

impl<T, G> Registrar for Registration<T, G>
where
    T: 'static,
    G: Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
{
    fn function<F>(&mut self, function: &'static Function, call: F)
    where
        F: Fn(&mut WasiCtx, Option<&mut [u8]>, &mut [u64]) -> Result<(), Ended> + Copy + Send + Sync + 'static,
    {
        let (get, metered, watched) = (self.get, self.metered, self.watched);
        let raw = move |ctx: &mut T, module: &mut Caller<'_>, stack: &mut [u64]| {
            let mut work = 0;
            if watched || get(ctx).waits.is_watched() {
                get(ctx).waits.interrupt.connect(module);
                if metered {
                    work = function.work(module.memory().as_deref(), stack);
                }
                get(ctx).waits.budget.set(module.get_fuel().map(|left| left.saturating_sub(work)));
            }
            let ended = call(get(ctx), module.memory(), stack);
            if metered {
                module.consume_fuel(work.saturating_add(get(ctx).take_work()));
            }
            ended.map_err(trap)
        };
        let (params, results) = types(function);
        let builder = std::mem::replace(&mut self.builder, HostModuleBuilder::new(""));
        self.builder = named(builder.new_function().with_raw_module_function(params, results, raw), function);
    }
}

/// What is the same for all functions is compiled once, and not into the registration of each.
#[inline(never)]
fn types(function: &Function) -> (Vec<Engines>, Vec<Engines>) {
    let params = function.params.iter().map(|param| match param.kind.ty() {
        ValType::I32 => Engines::I32,
        ValType::I64 => Engines::I64,
    });
    (params.collect(), function.result.then_some(Engines::I32).into_iter().collect())
}

#[inline(never)]
fn named<T>(builder: HostFunctionBuilder<T>, function: &Function) -> HostModuleBuilder<T> {
    builder
        .with_parameter_names(function.params.iter().map(|param| param.name))
        .with_result_names(function.result.then_some("errno"))
        .export(function.name)
}

/// An exit and an interruption are the engine's own kinds of end; a cancellation is found again by downcasting the trap.
#[cold]
fn trap(ended: Ended) -> Trap {
    match ended {
        Ended::Exit(status) => Trap::exit(status),
        Ended::Canceled(Canceled::ByInterrupt) => Trap::from(TrapCode::Interrupted).resumable(),
        Ended::Canceled(Canceled::OutOfFuel) => Trap::from(TrapCode::OutOfFuel).resumable(),
        Ended::Canceled(canceled) => Trap::new(canceled),
    }
}

/// The host modules `wasi_snapshot_preview1` and `wasi_unstable`, for stores whose data contain a [`WasiCtx`] where `get`
/// finds it. They are compiled once and can be given to any number of linkers.
///
/// # Errors
///
/// None of the embedder's making: whatever [`HostModuleBuilder::compile`] finds wrong with our table.
pub fn host_modules<T, G>(engine: &Engine, get: G) -> Result<[HostModule<T>; 2], Error>
where
    T: 'static,
    G: Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
{
    Ok([preview1(engine, get)?, preview0(engine, get)?])
}

fn preview1<T: 'static, G>(engine: &Engine, get: G) -> Result<HostModule<T>, Error>
where
    Registration<T, G>: Registrar,
{
    let mut registration = Registration::new(engine, PREVIEW1, get);
    functions::register(&mut registration);
    registration.builder.compile(engine)
}

fn preview0<T: 'static, G>(engine: &Engine, get: G) -> Result<HostModule<T>, Error>
where
    Registration<T, G>: Registrar,
{
    let mut registration = Registration::new(engine, PREVIEW0, get);
    preview0::register(&mut registration);
    registration.builder.compile(engine)
}

/// Defines all of WASI in a linker, under both module names. Where the engine charges fuel, calls cost what they move: see
/// [`BYTES_PER_UNIT`](crate::BYTES_PER_UNIT) and its neighbours. A definition made later takes the place of one of these.
///
/// ```
/// use hostel_engine::{Engine, Linker, Module, Store};
/// use hostel_wasi::{Capture, WasiCtx, add_to_linker, run};
///
/// let engine = Engine::default();
/// let module = Module::new(&engine, wat::parse_str(r#"(module
///     (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
///     (memory (export "memory") 1)
///     (data (i32.const 0) "\08\00\00\00\03\00\00\00hi\n")
///     (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))"#).unwrap())?;
///
/// struct Data { wasi: WasiCtx }
/// let out = Capture::with_limit(100);
/// let wasi = WasiCtx::builder().stdout(out.clone()).build()?;
/// let mut store = Store::new(&engine, Data { wasi });
/// let mut linker = Linker::new(&engine);
/// add_to_linker(&mut linker, |data: &mut Data| &mut data.wasi)?;
/// let instance = linker.instantiate(&mut store, &module)?;
/// assert_eq!(run(&mut store, instance)?, 0);
/// assert_eq!(out.contents(), b"hi\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`host_modules`].
pub fn add_to_linker<T, G>(linker: &mut Linker<T>, get: G) -> Result<(), Error>
where
    T: 'static,
    G: Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
{
    for module in host_modules(linker.engine(), get)? {
        linker.host_module(&module)?;
    }
    Ok(())
}

/// As [`add_to_linker`], for a linker that instantiates one module: a preview from which it imports nothing is left out, which
/// makes a short-lived process quicker.
///
/// # Errors
///
/// As [`host_modules`].
pub fn add_to_linker_for<T, G>(linker: &mut Linker<T>, module: &Module, get: G) -> Result<(), Error>
where
    T: 'static,
    G: Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
{
    let imports_from = |name| module.imports().any(|import| import.module == name);
    if imports_from(PREVIEW1) {
        linker.host_module(&preview1(linker.engine(), get)?)?;
    }
    if imports_from(PREVIEW0) {
        linker.host_module(&preview0(linker.engine(), get)?)?;
    }
    Ok(())
}

/// Runs a command's `_start` and returns its exit status: what it gave to `proc_exit`, or 0 when it returned.
///
/// # Errors
///
/// No exported function `_start` without parameters and results; a trap, as [`Error::trap`]. When the guest was canceled
/// while it waited, that is a trap from which [`Canceled`] can be downcast.
pub fn run(mut context: impl AsCallContext, instance: Instance) -> Result<u32, Error> {
    let start = instance.get_typed_func::<(), ()>(&context, "_start")?;
    exit_status(start.call(&mut context, ()))
}

/// Starts a reactor: calls its `_initialize`, when it exports one. `Some` is the status of a reactor that ended itself
/// then.
///
/// # Errors
///
/// `_initialize` of another type; a trap.
pub fn initialize(mut context: impl AsCallContext, instance: Instance) -> Result<Option<u32>, Error> {
    if instance.get_export(&context, "_initialize").is_none() {
        return Ok(None);
    }
    let initialize = instance.get_typed_func::<(), ()>(&context, "_initialize")?;
    match initialize.call(&mut context, ()) {
        Ok(()) => Ok(None),
        ended => exit_status(ended).map(Some),
    }
}

/// Instantiates a command in a store of its own, runs it, and returns its exit status with the context, whose counters
/// and descriptors can be looked at.
///
/// ```
/// use hostel_engine::{Engine, Module};
/// use hostel_wasi::{WasiCtx, run_command};
/// let engine = Engine::default();
/// let module = Module::new(&engine, wat::parse_str(r#"(module
///     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
///     (func (export "_start") (call $exit (i32.const 3))))"#).unwrap())?;
/// let (status, _) = run_command(&engine, &module, WasiCtx::builder().build()?)?;
/// assert_eq!(status, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`Linker::instantiate`] and [`run`].
pub fn run_command(engine: &Engine, module: &Module, ctx: WasiCtx) -> Result<(u32, WasiCtx), Error> {
    let mut linker = Linker::new(engine);
    add_to_linker_for(&mut linker, module, |ctx: &mut WasiCtx| ctx)?;
    let mut store = Store::try_new(engine, ctx)?;
    let instance = linker.instantiate(&mut store, module)?;
    let status = run(&mut store, instance)?;
    Ok((status, store.into_data()))
}

/// An exit is a status, and so is coming to the end.
fn exit_status(result: Result<(), Trap>) -> Result<u32, Error> {
    match result {
        Ok(()) => Ok(0),
        Err(trap) => trap.exit_status().ok_or_else(|| trap.into()),
    }
}
