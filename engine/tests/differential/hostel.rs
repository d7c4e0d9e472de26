//! Runs a case on this engine.

use hostel_engine::{
    Backend, CompilationMode, Config, Engine, Error, ErrorKind, Extern, Func, HostModuleBuilder, Instance, Linker,
    Module, ResumableCall, Store, Trap, Val, ValType,
};

use super::{Call, Case, FUEL, Guest, IMPORTS, Report, Seen, Ty, Value, host_function};

/// A configuration with its name.
pub struct Setup {
    pub name: String,
    pub config: Config,
}

/// Each backend of this build, each compilation mode, and with fuel, which comes in slices.
pub fn setups() -> Vec<Setup> {
    let mut setups = Vec::new();
    for backend in [Backend::Loop, Backend::Tail] {
        for mode in [CompilationMode::Eager, CompilationMode::Lazy, CompilationMode::LazyTranslation] {
            for fuel in [false, true] {
                let mut config = Config::new();
                config.backend(backend).compilation_mode(mode).consume_fuel(fuel).interruptible(fuel);
                if Engine::new(&config).is_ok() {
                    setups.push(Setup { name: format!("{backend:?} {mode:?} fuel {fuel}"), config });
                }
            }
        }
    }
    setups
}

/// Runs a case: instantiates, makes its calls, looks at what is exported.
pub fn run(setup: &Setup, case: &Case) -> Report {
    let mut report = Report::default();
    if let Err(error) = run_into(setup, case, &mut report) {
        if let Some(trap) = error.trap() {
            report.trap("instantiation", &reason(trap));
        } else {
            report.cut = matches!(error.kind(), ErrorKind::Limit { .. } | ErrorKind::OutOfMemory(_));
            if !report.cut {
                report.line(format!("refused: {error}"));
            }
        }
    }
    report
}

fn run_into(setup: &Setup, case: &Case, report: &mut Report) -> Result<(), Error> {
    let engine = Engine::new(&setup.config)?;
    let module = Module::new(&engine, case.wasm.clone())?;
    let mut store = Store::new(&engine, Vec::<u64>::new());
    if let Ok(fuel) = store.get_fuel() {
        assert_eq!(fuel, 0, "a store starts without fuel");
        store.set_fuel(u64::MAX)?;
    }
    let mut linker = Linker::new(&engine);
    linker.host_module(&host_module(&engine)?)?;
    let instance = linker.instantiate(&mut store, &module)?;
    report.observe(case, &mut Running { store, instance });
    Ok(())
}

struct Running {
    store: Store<Vec<u64>>,
    instance: Instance,
}

impl Guest for Running {
    fn set_fuel(&mut self, fuel: i32) {
        let global = self.instance.get_global(&self.store, FUEL).expect("it is exported");
        global.set(&mut self.store, Val::I32(fuel)).expect("it is mutable");
    }

    fn call(&mut self, call: &Call) -> Result<Vec<Value>, String> {
        let func = self.instance.get_func(&self.store, &call.name).expect("it is exported");
        let args: Vec<Val> = call.args.iter().map(val).collect();
        let results = if self.store.get_fuel().is_ok() {
            call_in_slices(func, &mut self.store, &args)
        } else {
            let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
            func.call(&mut self.store, &args, &mut results).map(|()| results)
        };
        match results {
            Ok(results) => Ok(results.iter().map(value).collect()),
            Err(error) => Err(error.trap().map_or_else(|| error.to_string(), reason)),
        }
    }

    fn export(&mut self, name: &str) -> Seen<'_> {
        let store = &self.store;
        match self.instance.get_export(store, name).expect("it is exported") {
            Extern::Func(_) => Seen::Func,
            Extern::Memory(memory) => Seen::Memory(memory.data(store)),
            Extern::Global(global) => Seen::Global(value(&global.get(store))),
            Extern::Table(table) => {
                let null = |index| table.get(store, index).is_none_or(|element| element.is_null());
                Seen::Table((0..table.size(store)).map(null).collect())
            }
            _ => Seen::Other,
        }
    }

    fn host_calls(&self) -> &[u64] {
        self.store.data()
    }
}

/// A call that is given a little fuel again and again, and is interrupted now and then: it is to do what it does at once.
fn call_in_slices(func: Func, store: &mut Store<Vec<u64>>, args: &[Val]) -> Result<Vec<Val>, Error> {
    let handle = store.interrupt_handle()?;
    store.set_fuel(0)?;
    let mut call = func.call_resumable(&mut *store, args)?;
    let mut slice = 17;
    loop {
        match call {
            ResumableCall::Finished(results) => return Ok(results),
            ResumableCall::Paused(guest) => {
                store.add_fuel(slice)?;
                // Larger and larger, so that long runs are not all pauses.
                slice += slice / 8;
                if slice % 4 == 0 {
                    handle.interrupt();
                }
                call = guest.resume(&mut *store)?;
            }
        }
    }
}

/// The functions of [`IMPORTS`], on the raw interface.
fn host_module(engine: &Engine) -> Result<hostel_engine::HostModule<Vec<u64>>, Error> {
    let mut builder = HostModuleBuilder::new("host");
    for (index, (name, params, results)) in IMPORTS.iter().enumerate() {
        let call = move |log: &mut Vec<u64>, stack: &mut [u64]| {
            let mut slot = 0;
            let args: Vec<Value> = params.iter().map(|&ty| read_slot(stack, &mut slot, ty)).collect();
            let (hash, values) = host_function(index, &args);
            log.push(hash);
            let mut slot = 0;
            values.into_iter().for_each(|value| write_slot(stack, &mut slot, value));
            Ok(())
        };
        let types = |types: &[Ty]| types.iter().map(|&ty| val_type(ty)).collect::<Vec<_>>();
        builder = builder.new_function().with_raw_function(types(params), types(results), call).export(*name);
    }
    builder.compile(engine)
}

fn read_slot(stack: &[u64], slot: &mut usize, ty: Ty) -> Value {
    let low = stack[*slot];
    *slot += 1;
    match ty {
        Ty::I32 => Value::I32(low as u32),
        Ty::I64 => Value::I64(low),
        Ty::F32 => Value::F32(low as u32),
        Ty::F64 => Value::F64(low),
        Ty::V128 => {
            *slot += 1;
            Value::V128(u128::from(stack[*slot - 1]) << 64 | u128::from(low))
        }
        Ty::Func | Ty::Extern | Ty::Exn => Value::Null(ty),
    }
}

/// Writes a value as a careless host would: with something in the bits that do not count.
fn write_slot(stack: &mut [u64], slot: &mut usize, value: Value) {
    const JUNK: u64 = 0xdead_beef << 32;
    stack[*slot] = match value {
        Value::I32(bits) | Value::F32(bits) => JUNK | u64::from(bits),
        Value::I64(bits) | Value::F64(bits) => bits,
        Value::V128(bits) => {
            stack[*slot] = bits as u64;
            *slot += 1;
            (bits >> 64) as u64
        }
        Value::Null(_) | Value::Reference => 0,
    };
    *slot += 1;
}

pub fn val_type(ty: Ty) -> ValType {
    match ty {
        Ty::I32 => ValType::I32,
        Ty::I64 => ValType::I64,
        Ty::F32 => ValType::F32,
        Ty::F64 => ValType::F64,
        Ty::V128 => ValType::V128,
        Ty::Func => ValType::FuncRef,
        Ty::Extern => ValType::ExternRef,
        Ty::Exn => ValType::ExnRef,
    }
}

pub fn val(value: &Value) -> Val {
    match *value {
        Value::I32(bits) => Val::I32(bits as i32),
        Value::I64(bits) => Val::I64(bits as i64),
        Value::F32(bits) => Val::F32(bits),
        Value::F64(bits) => Val::F64(bits),
        Value::V128(bits) => Val::V128(bits),
        Value::Null(ty) => Val::default_for_ty(val_type(ty)),
        Value::Reference => unreachable!("cases have no references to give"),
    }
}

pub fn value(val: &Val) -> Value {
    match val {
        Val::I32(value) => Value::I32(*value as u32),
        Val::I64(value) => Value::I64(*value as u64),
        Val::F32(bits) => Value::F32(*bits),
        Val::F64(bits) => Value::F64(*bits),
        Val::V128(bits) => Value::V128(*bits),
        Val::FuncRef(None) => Value::Null(Ty::Func),
        Val::ExternRef(None) => Value::Null(Ty::Extern),
        Val::ExnRef(None) => Value::Null(Ty::Exn),
        _ => Value::Reference,
    }
}

fn reason(trap: &Trap) -> String {
    trap.code().map_or_else(|| trap.to_string(), |code| code.message().to_owned())
}
