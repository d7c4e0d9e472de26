//! The host builder: functions of random types that write junk into slots, forge references, grow memories, call back,
//! trap, exit and panic, called by guests in every way there is.
//!
//! The same bytes decide on the guest, the configuration and what each host call does. What happens has to be the same
//! on both backends, and the store has to stay usable.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hostel_engine::{
    AsCallContext, Backend, Caller, CompilationMode, Config, Engine, Extern, ExternRef, ExternType, Func, FuncType,
    FunctionDefinition, FunctionListener, HostModuleBuilder, Instance, Limits, Linker, Module, Store, Trap, TrapCode,
    Val, ValType,
};

use super::{Feed, host_module};

/// Host calls of a run. Chosen, as all numbers here.
const BUDGET: usize = 200;
const FUEL: u64 = 50_000;

/// Runs what `data` stands for on both backends.
///
/// # Panics
///
/// When they differ, or a store is not usable afterwards.
pub fn run(data: &[u8]) {
    let mut first: Option<Vec<String>> = None;
    for backend in [Backend::Loop, Backend::Tail] {
        let mut feed = Feed::new(data);
        let Some(engine) = engine(&mut feed, backend) else { continue };
        let lines = observe(&engine, feed);
        match &first {
            Some(expected) => assert_eq!(expected, &lines),
            None => first = Some(lines),
        }
    }
}

fn engine(feed: &mut Feed, backend: Backend) -> Option<Engine> {
    let mut config = Config::new();
    let modes = [CompilationMode::Eager, CompilationMode::LazyTranslation, CompilationMode::Lazy];
    config.backend(backend).compilation_mode(modes[feed.below(3)]).consume_fuel(true).interruptible(feed.below(2) == 1);
    config.limits(Limits {
        value_stack_bytes: [300, 2 << 10, 64 << 10][feed.below(3)],
        host_reentry: [3, 12][feed.below(2)],
        instances: 4,
        memory_bytes: 3 << 16,
        ..Limits::default()
    });
    if feed.below(4) == 3 {
        let calls = Arc::new(AtomicUsize::new(0));
        let listen = move |_: &FunctionDefinition| {
            Some(Arc::new(Listener { calls: calls.clone() }) as Arc<dyn FunctionListener>)
        };
        config.function_listeners(Arc::new(listen));
    }
    Engine::new(&config).ok()
}

/// The store's data: what is still to be decided, and what was seen.
struct Context {
    feed: Feed,
    budget: usize,
    log: Vec<String>,
    linker: Option<Linker<Context>>,
    module: Option<Module>,
    /// Values that were read, of this store and of another.
    values: Vec<Val>,
}

impl Context {
    fn new(feed: Feed) -> Context {
        Context { feed, budget: BUDGET, log: Vec::new(), linker: None, module: None, values: Vec::new() }
    }

    /// A number that could be taken for something.
    fn junk(&mut self) -> u64 {
        let small = u64::from(self.feed.byte());
        match self.feed.below(8) {
            0 => self.feed.word(),
            1 => small,
            // A function of some instance.
            2 => (small >> 4) << 32 | (small & 15),
            3 => 1 << 32 | small,
            // An exception.
            4 => 0xe8ce_0000_0000_0000 | small,
            5 => u64::MAX - small,
            6 => small << 56 | small,
            _ => 0xdead_beef << 32 | (small & 3),
        }
    }

    /// A value of that type, or nearly.
    fn value(&mut self, ty: ValType, module: Option<Func>) -> Val {
        let choice = self.feed.below(16);
        let of_type = |val: &&Val| std::mem::discriminant(*val) == std::mem::discriminant(&Val::default_for_ty(ty));
        if choice == 15 && !self.values.is_empty() {
            let at = self.feed.below(self.values.len());
            return self.values[at].clone();
        }
        if choice > 7
            && let Some(known) = self.values.iter().filter(of_type).nth(choice - 8)
        {
            return known.clone();
        }
        match Val::default_for_ty(ty) {
            Val::I32(_) => Val::I32(self.junk() as i32),
            Val::I64(_) => Val::I64(self.junk() as i64),
            Val::F32(_) => Val::F32(self.junk() as u32),
            Val::F64(_) => Val::F64(self.junk()),
            Val::FuncRef(_) if choice > 2 => Val::FuncRef(module),
            Val::ExternRef(_) if choice > 2 => Val::ExternRef(Some(ExternRef::new(self.budget))),
            other => other,
        }
    }

    fn note(&mut self, what: String) {
        // Enough to find a difference.
        if self.log.len() < 2000 {
            self.log.push(what);
        }
    }
}

/// The slots of values of these types, as far as they are defined.
fn defined(types: &[ValType], slots: &[u64]) -> Vec<u64> {
    let mut at = 0;
    let mut defined = Vec::new();
    for ty in types {
        for slot in &slots[at..at + ty.slots()] {
            defined.push(if matches!(ty, ValType::I32 | ValType::F32) { *slot as u32 as u64 } else { *slot });
        }
        at += ty.slots();
    }
    defined
}

fn observe(engine: &Engine, mut feed: Feed) -> Vec<String> {
    let wasm = host_module::module(&mut feed);
    let module = match Module::new(engine, wasm) {
        Ok(module) => module,
        Err(error) => panic!("the guest is refused: {error}"),
    };
    let mut linker = Linker::new(engine);
    linker.host_module(&hosts(engine, &module)).expect("of the same engine");

    // Values of a store that is not the one that gets them: they have to be refused.
    let mut elsewhere = Store::try_new(engine, Context::new(feed.clone())).expect("a small store");
    let mut values = Vec::new();
    elsewhere.set_fuel(FUEL).expect("fuel is on");
    if feed.below(2) == 1
        && let Ok(instance) = linker.instantiate(&mut elsewhere, &module)
    {
        drive(&mut elsewhere, instance, 3);
        values = read_all(&elsewhere, instance);
    }

    let mut context = Context::new(feed);
    (context.linker, context.module, context.values) = (Some(linker.clone()), Some(module.clone()), values);
    let mut store = Store::try_new(engine, context).expect("a small store");
    store.set_fuel(FUEL).expect("fuel is on");
    let mut instances = Vec::new();
    for _ in 0..2 {
        match linker.instantiate(&mut store, &module) {
            Ok(instance) => instances.push(instance),
            Err(error) => store.data_mut().note(format!("instantiation: {error}")),
        }
    }
    // The second instance's functions in the first one's table and the other way round.
    if let [a, b] = instances[..] {
        for (from, to) in [(a, b), (b, a)] {
            let (func, table) = (from.get_func(&store, "f1"), to.get_table(&store, "t0"));
            if let (Some(func), Some(table)) = (func, table) {
                table.set(&mut store, 5, Val::FuncRef(Some(func))).expect("it has six elements");
            }
        }
    }
    for &instance in &instances {
        drive(&mut store, instance, 8);
    }
    for &instance in &instances {
        let values = read_all(&store, instance);
        store.data_mut().note(format!("{:?}", values.iter().map(Val::is_null).collect::<Vec<_>>()));
        usable(&mut store, instance);
    }
    let fuel = store.get_fuel().expect("fuel is on");
    let mut context = store.into_data();
    context.note(format!("{fuel} fuel left"));
    context.log
}

/// Calls the instance's functions with junk.
fn drive(store: &mut Store<Context>, instance: Instance, calls: usize) {
    for _ in 0..calls {
        let name = format!("f{}", store.data_mut().feed.below(14));
        let Some(func) = instance.get_func(&*store, &name) else { continue };
        let ended = catch_unwind(AssertUnwindSafe(|| call(&mut *store, func)));
        let what = ended.unwrap_or_else(|_| "panicked".to_owned());
        store.data_mut().note(format!("{name}: {what}"));
    }
}

/// Calls a function with junk in its slots, or with values, and says what came of it.
fn call<C: AsCallContext<Data = Context> + WithData>(mut context: C, func: Func) -> String {
    let ty = func.ty(&context);
    if context.data().feed.below(3) == 0 {
        let args: Vec<Val> = ty.params().iter().map(|&ty| context.data().value(ty, Some(func))).collect();
        let mut results = vec![Val::I32(0); ty.results().len()];
        let outcome = func.call(&mut context, &args, &mut results);
        let said = format!(
            "{:?} {:?}",
            outcome.map_err(|error| error.to_string()),
            results.iter().map(Val::ty).collect::<Vec<_>>()
        );
        context.data().values.extend(results);
        return said;
    }
    let mut slots: Vec<u64> = (0..ty.call_slots()).map(|_| context.data().junk()).collect();
    match func.call_with_stack(&mut context, &mut slots) {
        Ok(()) => format!("{:x?}", defined(ty.results(), &slots)),
        Err(trap) => format!("{trap} {trap:?}"),
    }
}

/// A context whose data can be reached: a store, or what a host function has.
trait WithData {
    fn data(&mut self) -> &mut Context;
}

impl WithData for &mut Store<Context> {
    fn data(&mut self) -> &mut Context {
        self.data_mut()
    }
}

impl WithData for hostel_engine::CallContext<'_, Context> {
    fn data(&mut self) -> &mut Context {
        hostel_engine::CallContext::data(self)
    }
}

/// What globals and tables hold.
fn read_all(store: &Store<Context>, instance: Instance) -> Vec<Val> {
    let mut values = Vec::new();
    for (_, export) in instance.exports(store) {
        match export {
            Extern::Global(global) => values.push(global.get(store)),
            Extern::Table(table) => values.extend((0..table.size(store)).filter_map(|at| table.get(store, at))),
            _ => {}
        }
    }
    values
}

/// The store does what a fresh one does.
fn usable(store: &mut Store<Context>, instance: Instance) {
    let memory = instance.get_memory(&*store, "memory").expect("exported");
    let size = memory.size(&*store);
    assert_eq!(memory.data(&*store).len() as u64, size << 16);
    memory.write(&mut *store, (size << 16) as usize - 1, &[1]).expect("inside");
    let answer = Func::wrap(&mut *store, |x: i32| x + 1).typed::<i32, i32>(&*store).expect("of that type");
    assert_eq!(answer.call(&mut *store, 41).expect("no guest runs"), 42);
}

/// A host function for each of the module's imports.
fn hosts(engine: &Engine, module: &Module) -> hostel_engine::HostModule<Context> {
    let mut builder = HostModuleBuilder::new("h");
    for (number, import) in module.imports().enumerate() {
        let ExternType::Func(ty) = import.ty else { unreachable!("only functions are imported") };
        let (params, results) = (ty.params().to_vec(), ty.results().to_vec());
        let act = move |context: &mut Context, module: &mut Caller<'_>, stack: &mut [u64]| {
            act(context, module, stack, &ty, number)
        };
        builder = builder.new_function().with_raw_module_function(params, results, act).export(import.name);
    }
    builder.compile(engine).expect("every function has a body and a name")
}

/// One call of host function `number`.
fn act(
    context: &mut Context,
    module: &mut Caller<'_>,
    stack: &mut [u64],
    ty: &FuncType,
    number: usize,
) -> Result<(), Trap> {
    assert_eq!(stack.len(), ty.call_slots());
    context.note(format!("h{number}{:x?}", defined(ty.params(), stack)));
    context.budget = context.budget.saturating_sub(1);
    if context.budget == 0 {
        return Err(Trap::message("too many host calls"));
    }
    // What is not written is 0, so that both backends see the same.
    stack[ty.param_slots()..].fill(0);
    for _ in 0..4 {
        let choice = context.feed.below(18);
        match choice {
            0 => break,
            1..=4 if !stack.is_empty() => {
                let at = context.feed.below(stack.len());
                stack[at] = context.junk();
            }
            5 => stack.iter_mut().for_each(|slot| *slot = context.junk()),
            6 => {
                if let Some(memory) = module.memory() {
                    // Both borrows at once: of the memory and of the data.
                    let at = usize::from(context.feed.byte()) << 8;
                    memory[at..at + 8].copy_from_slice(&context.feed.word().to_le_bytes());
                }
            }
            7 => {
                let pages = context.feed.below(3) as u64;
                let grown = module.grow_memory(pages);
                context.note(format!("grown {grown:?}"));
            }
            8..=10 => {
                let name = format!("f{}", context.feed.below(14));
                if let Some(Extern::Func(func)) = module.get_export(&name) {
                    let before = stack.to_vec();
                    let said = call(module.with(context), func);
                    assert_eq!(before, stack, "a nested call leaves the slots alone");
                    context.note(format!("{name} inside: {said}"));
                }
            }
            11 => {
                let name = format!("t{}", context.feed.below(5));
                if let Some(Extern::Table(table)) = module.get_export(&name) {
                    let value = context.value(table.ty(&*module).element, None);
                    let at = context.feed.below(12) as u64;
                    let said = if at < 9 {
                        table.set(&mut *module, at, value).map(|()| 0)
                    } else {
                        table.grow(&mut *module, 1, value)
                    };
                    context.note(format!("{name}: {:?}", said.map_err(|error| error.to_string())));
                }
            }
            12 => {
                let name = format!("g{}", context.feed.below(10));
                if let Some(Extern::Global(global)) = module.get_export(&name) {
                    context.values.push(global.get(&*module));
                    let value = context.value(global.ty(&*module).content, None);
                    let said = global.set(&mut *module, value);
                    context.note(format!("{name}: {:?}", said.map_err(|error| error.to_string())));
                }
            }
            13 => {
                if let (Some(linker), Some(guest)) = (context.linker.clone(), context.module.clone()) {
                    let said = linker.instantiate(module.with(context), &guest).map(|_| ());
                    context.note(format!("another instance: {:?}", said.map_err(|error| error.to_string())));
                }
            }
            14 => return Err(Trap::message("the host says no")),
            15 => return Err(if context.feed.below(2) == 0 { Trap::exit(7) } else { TrapCode::Unreachable.into() }),
            // Past the panic hook: libFuzzer's takes every panic for a finding.
            16 => resume_unwind(Box::new("a host function panics")),
            17 => {
                // A nested call's trap, with whatever exception it carries, becomes this call's.
                if let Some(Extern::Func(func)) = module.get_export("f0") {
                    let mut slots = vec![0; func.ty(&*module).call_slots()];
                    func.call_with_stack(module.with(context), &mut slots)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Grows the memory and calls a function now and then.
struct Listener {
    calls: Arc<AtomicUsize>,
}

impl Listener {
    fn hear(&self, module: &mut Caller<'_>, slots: &[u64]) {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let before = slots.to_vec();
        if number % 16 == 5 {
            let _ = module.grow_memory(1);
        }
        if number % 64 == 7
            && let Some(Extern::Func(func)) = module.get_export("f0")
        {
            let mut context = Context::new(Feed::new(&[]));
            let _ = call(module.with(&mut context), func);
        }
        assert_eq!(before, slots, "calls of a listener leave the slots alone");
    }
}

impl FunctionListener for Listener {
    fn before(&self, module: &mut Caller<'_>, _: &FunctionDefinition, params: &[u64]) {
        self.hear(module, params);
    }

    fn after(&self, module: &mut Caller<'_>, _: &FunctionDefinition, results: &[u64]) {
        self.hear(module, results);
    }

    fn abort(&self, _: &FunctionDefinition, trap: &Trap) {
        assert!(!trap.to_string().is_empty());
    }
}
