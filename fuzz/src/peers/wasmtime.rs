//! Runs a case on wasmtime.

use wasmtime::{
    Config, Engine, Extern, ExternRef, FuncType, Instance, Linker, Module, Store, Trap, V128, Val, ValType,
};

use crate::cases::{Call, Case, FUEL, Guest, IMPORTS, Report, Seen, Ty, Value, host_function};

type Fallible<T> = Result<T, wasmtime::Error>;

/// `canonical`: whether NaNs that arithmetic makes are to be the canonical one. The specification leaves a choice that a
/// module can look at; without it, the processor makes it, for hostel as for wasmtime.
pub fn run(case: &Case, canonical: bool) -> Report {
    let mut report = Report::default();
    if let Err(error) = run_into(case, canonical, &mut report) {
        match error.downcast_ref::<Trap>() {
            Some(_) => report.trap("instantiation", &reason(&error)),
            None if error.is::<wasmtime::ThrownException>() => report.trap("instantiation", "uncaught exception"),
            None => report.line(format!("refused: {error:?}")),
        }
    }
    report
}

fn config(canonical: bool) -> Config {
    let mut config = Config::new();
    config.wasm_exceptions(true).wasm_custom_page_sizes(true).wasm_wide_arithmetic(true).wasm_memory64(true);
    config
        .wasm_multi_memory(true)
        .wasm_function_references(true)
        .wasm_tail_call(true)
        .cranelift_nan_canonicalization(canonical);
    config.cranelift_opt_level(wasmtime::OptLevel::None);
    config
}

fn run_into(case: &Case, canonical: bool, report: &mut Report) -> Fallible<()> {
    let engine = Engine::new(&config(canonical))?;
    let module = Module::new(&engine, &case.wasm)?;
    let mut store = Store::new(&engine, Vec::<u64>::new());
    let mut linker = Linker::new(&engine);
    for (index, (name, params, results)) in IMPORTS.iter().enumerate() {
        let types = |types: &[Ty]| types.iter().map(|&ty| val_type(ty)).collect::<Vec<_>>();
        let ty = FuncType::new(&engine, types(params), types(results));
        linker.func_new("host", name, ty, move |mut caller, args, out| {
            let args: Vec<Value> = args.iter().map(value).collect();
            let (hash, values) = host_function(index, &args);
            let log: &mut Vec<u64> = caller.data_mut();
            log.push(hash);
            values.iter().zip(out).for_each(|(result, out)| *out = val(result));
            Ok(())
        })?;
    }
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
        let global = self.instance.get_global(&mut self.store, FUEL).expect("it is exported");
        global.set(&mut self.store, Val::I32(fuel)).expect("it is mutable");
    }

    fn call(&mut self, call: &Call) -> Result<Vec<Value>, String> {
        let func = self.instance.get_func(&mut self.store, &call.name).expect("it is exported");
        let args: Vec<Val> = call.args.iter().map(val).collect();
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => Ok(results.iter().map(value).collect()),
            Err(error) => Err(reason(&error)),
        }
    }

    fn export(&mut self, name: &str) -> Seen<'_> {
        match self.instance.get_export(&mut self.store, name) {
            Some(Extern::Func(_)) => Seen::Func,
            Some(Extern::Memory(memory)) => Seen::Memory(memory.data(&self.store)),
            Some(Extern::Global(global)) => Seen::Global(value(&global.get(&mut self.store))),
            Some(Extern::Table(table)) => {
                let size = table.size(&self.store);
                let null = |index| table.get(&mut self.store, index).is_none_or(|element| element.is_null());
                Seen::Table((0..size).map(null).collect())
            }
            _ => Seen::Other,
        }
    }

    fn host_calls(&self) -> &[u64] {
        self.store.data()
    }
}

fn val_type(ty: Ty) -> ValType {
    match ty {
        Ty::I32 => ValType::I32,
        Ty::I64 => ValType::I64,
        Ty::F32 => ValType::F32,
        Ty::F64 => ValType::F64,
        Ty::V128 => ValType::V128,
        Ty::Func => ValType::FUNCREF,
        Ty::Extern => ValType::EXTERNREF,
        Ty::Exn => ValType::EXNREF,
    }
}

fn val(value: &Value) -> Val {
    match *value {
        Value::I32(bits) => Val::I32(bits as i32),
        Value::I64(bits) => Val::I64(bits as i64),
        Value::F32(bits) => Val::F32(bits),
        Value::F64(bits) => Val::F64(bits),
        Value::V128(bits) => Val::V128(V128::from(bits)),
        Value::Null(Ty::Extern) => Val::ExternRef(None::<wasmtime::Rooted<ExternRef>>),
        Value::Null(Ty::Exn) => Val::ExnRef(None),
        Value::Null(_) => Val::FuncRef(None),
        Value::Reference => unreachable!("cases have no references to give"),
    }
}

fn value(val: &Val) -> Value {
    match val {
        Val::I32(value) => Value::I32(*value as u32),
        Val::I64(value) => Value::I64(*value as u64),
        Val::F32(bits) => Value::F32(*bits),
        Val::F64(bits) => Value::F64(*bits),
        Val::V128(value) => Value::V128(value.as_u128()),
        Val::FuncRef(None) => Value::Null(Ty::Func),
        Val::ExternRef(None) => Value::Null(Ty::Extern),
        Val::ExnRef(None) => Value::Null(Ty::Exn),
        _ => Value::Reference,
    }
}

/// The trap in hostel's words.
fn reason(error: &wasmtime::Error) -> String {
    if error.is::<wasmtime::ThrownException>() {
        return "uncaught exception".to_owned();
    }
    let word = match error.downcast_ref::<Trap>() {
        Some(Trap::UnreachableCodeReached) => "unreachable",
        Some(Trap::MemoryOutOfBounds) => "out of bounds memory access",
        Some(Trap::TableOutOfBounds) => "out of bounds table access",
        Some(Trap::IndirectCallToNull) => "uninitialized element",
        Some(Trap::IntegerDivisionByZero) => "integer divide by zero",
        Some(Trap::IntegerOverflow) => "integer overflow",
        Some(Trap::BadConversionToInteger) => "invalid conversion to integer",
        Some(Trap::StackOverflow) => "call stack exhausted",
        Some(Trap::BadSignature) => "indirect call type mismatch",
        Some(Trap::NullReference) => "null reference",
        _ => return format!("{error:?}"),
    };
    word.to_owned()
}
