//! Generated modules under random limits, fuel and interruptions: the same on both backends and in every mode.
//!
//! The first eight bytes decide on limits, fuel, interruptions and arguments, the rest is what `wasm-smith` makes a module
//! of. Nothing but fuel ends these modules' loops.

use arbitrary::Unstructured;
use hostel_engine::{
    Backend, CompilationMode, Config, Engine, Error, Extern, Func, HostModuleBuilder, InterruptHandle, Limits, Linker,
    Module, ResumableCall, Store, Trap, TrapCode, Val,
};

use crate::cases::generate::{self, Profile, Words};
use crate::cases::hostel::{val, val_type, value};
use crate::cases::{Export, IMPORTS, Ty, Value, dense, memory_line};

/// What is decided about a run.
struct Plan {
    wasm: Vec<u8>,
    limits: Limits,
    fuel: Vec<u64>,
    /// The host call that asks for an interruption, counted over the whole run; every later one of the same distance too.
    interrupt: usize,
    /// How often a call that paused goes on.
    slices: usize,
    calls: Vec<(String, Vec<Value>)>,
    exports: Vec<(String, Export)>,
}

/// Runs what `data` stands for in each setup. False where `wasm-smith` makes nothing of it.
///
/// # Panics
///
/// When two setups differ.
pub fn run(data: &[u8]) -> bool {
    let Some(plan) = plan(data) else { return false };
    let mut first: Option<(String, Vec<String>)> = None;
    for mode in [CompilationMode::Eager, CompilationMode::LazyTranslation, CompilationMode::Lazy] {
        if plan.limits.frame_slots < Limits::default().frame_slots {
            // Too large a function is refused when it is translated: at another moment in each mode.
            first = None;
        }
        for backend in [Backend::Loop, Backend::Tail] {
            let mut config = Config::new();
            config.backend(backend).compilation_mode(mode).consume_fuel(true).interruptible(true);
            config.limits(plan.limits.clone());
            let Ok(engine) = Engine::new(&config) else { continue };
            let mut lines = Vec::new();
            if let Err(error) = observe(&engine, &plan, &mut lines) {
                lines.push(format!("refused: {}", reason(&error)));
            }
            let name = format!("{backend:?} {mode:?}");
            match &first {
                Some((other, expected)) => assert_eq!(expected, &lines, "{other} and {name}"),
                None => first = Some((name, lines)),
            }
        }
    }
    true
}

fn plan(data: &[u8]) -> Option<Plan> {
    let (seed, rest) = data.split_first_chunk::<8>()?;
    let mut words = Words(u64::from_le_bytes(*seed));
    let words = &mut words;
    let wasm = if words.one_in(4) {
        dense::module(words, Profile::ALL)
    } else {
        let config = generate::config(words, Profile::ALL);
        wasm_smith::Module::new(config, &mut Unstructured::new(rest)).ok()?.to_bytes()
    };
    let exports = generate::exports(&wasm);
    let mut calls = Vec::new();
    for _ in 0..2 {
        for (name, export) in &exports {
            if let Export::Func { params } = export {
                calls.push((name.clone(), params.iter().map(|&ty| generate::argument(words, ty)).collect()));
            }
        }
    }
    calls.truncate(40);
    let limits = Limits {
        memory_bytes: [1 << 16, 1 << 17, 3 << 16, 1 << 20][words.below(4)],
        table_elements: [3, 20, 100, 10_000][words.below(4)],
        value_stack_bytes: [256, 4 << 10, 64 << 10, 1 << 20][words.below(4)],
        host_reentry: [1, 2, 10][words.below(3)],
        frame_slots: [16, 100, 1000, u16::MAX as usize][words.below(4)],
        ..Limits::default()
    };
    let fuel = calls.iter().map(|_| [0, 1, 50, 1000, 20_000][words.below(5)] + words.below(50) as u64).collect();
    let (interrupt, slices) = (1 + words.below(20), [0, 1, 4][words.below(3)]);
    Some(Plan { wasm, limits, fuel, interrupt, slices, calls, exports })
}

/// The store's data.
#[derive(Default)]
struct Context {
    calls: usize,
    log: u64,
    interrupt: Option<InterruptHandle>,
}

fn observe(engine: &Engine, plan: &Plan, lines: &mut Vec<String>) -> Result<(), Error> {
    let module = Module::new(engine, plan.wasm.clone())?;
    let mut store = Store::try_new(engine, Context::default())?;
    store.data_mut().interrupt = Some(store.interrupt_handle()?);
    let mut linker = Linker::new(engine);
    linker.host_module(&host_module(engine, plan.interrupt)?)?;
    store.set_fuel(10_000)?;
    let instance = linker.instantiate(&mut store, &module)?;
    lines.push(format!("instantiated, {} fuel left", store.get_fuel()?));
    for ((name, args), &fuel) in plan.calls.iter().zip(&plan.fuel) {
        store.set_fuel(fuel)?;
        let func = instance.get_func(&store, name).expect("it is exported");
        let args: Vec<Val> = args.iter().map(val).collect();
        let outcome = match in_slices(&mut store, func, &args, plan.slices) {
            Ok(results) => format!("{:?}", results.iter().map(|val| value(val).canonical()).collect::<Vec<_>>()),
            Err(error) => reason(&error),
        };
        let (calls, log) = (store.data().calls, store.data().log);
        lines.push(format!("{name}{args:?}: {outcome}; {} fuel left, {calls} host calls, {log:x}", store.get_fuel()?));
    }
    for (name, export) in &plan.exports {
        if let (Export::Memory, Some(Extern::Memory(memory))) = (export, instance.get_export(&store, name)) {
            lines.push(memory_line(name, memory.data(&store)));
        }
    }
    Ok(())
}

/// Calls a function that may pause; with fuel for another slice, or after an interruption, it goes on, `slices` times.
fn in_slices(store: &mut Store<Context>, func: Func, args: &[Val], slices: usize) -> Result<Vec<Val>, Error> {
    let mut results = vec![Val::I32(0); func.ty(&*store).results().len()];
    if slices == 0 {
        return func.call(store, args, &mut results).map(|()| results);
    }
    let mut call = func.call_resumable(store, args)?;
    for slice in 0..slices {
        match call {
            ResumableCall::Finished(results) => return Ok(results),
            ResumableCall::Paused(paused) => {
                let more = paused.fuel_needed().min(5000) + 97 * slice as u64;
                store.add_fuel(more)?;
                // The stack is free meanwhile, also for a guest that overflows it.
                if slice == 1 {
                    let _ = func.call(&mut *store, args, &mut results);
                    store.add_fuel(1000)?;
                }
                call = paused.resume(store)?;
            }
        }
    }
    match call {
        ResumableCall::Finished(results) => Ok(results),
        ResumableCall::Paused(paused) => Err(paused.into_trap(store)?.into()),
    }
}

/// Why a call ended, with the backtrace, which has to be printable. A call that overflows the stack is the caller's in an
/// eager mode and the callee's in a lazy one.
fn reason(error: &Error) -> String {
    let backtrace = format!("{error:?}");
    let overflow = error.trap().and_then(Trap::code) == Some(TrapCode::StackOverflow);
    if overflow { error.to_string() } else { format!("{error} {backtrace}") }
}

/// The functions of [`IMPORTS`]: they count, and now and then ask that their guest be interrupted.
fn host_module(engine: &Engine, interrupt: usize) -> Result<hostel_engine::HostModule<Context>, Error> {
    let mut builder = HostModuleBuilder::new("host");
    for (index, (name, params, results)) in IMPORTS.iter().enumerate() {
        let types = |types: &[Ty]| types.iter().map(|&ty| val_type(ty)).collect::<Vec<_>>();
        let call = move |context: &mut Context, stack: &mut [u64]| {
            context.calls += 1;
            context.log = crate::cases::hash(context.log, index as u64);
            if context.calls.is_multiple_of(interrupt) {
                context.interrupt.as_ref().expect("set when the store is made").interrupt();
            }
            if context.calls.is_multiple_of(64) {
                return Err(Trap::message("the host has had enough"));
            }
            stack.fill(context.log);
            Ok(())
        };
        builder = builder.new_function().with_raw_function(types(params), types(results), call).export(*name);
    }
    builder.compile(engine)
}
