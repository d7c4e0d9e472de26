//! Runs a case on wasmi.

use wasmi::{
    Config, Engine, Error, Extern, F32, F64, FuncType, Instance, Linker, Module, Nullable, Store, TrapCode, V128, Val,
    ValType,
};

use crate::cases::{Call, Case, FUEL, Guest, IMPORTS, Report, Seen, Ty, Value, host_function};

pub fn run(case: &Case) -> Report {
    let mut report = Report::default();
    if let Err(error) = run_into(case, &mut report) {
        match error.as_trap_code() {
            Some(_) => report.trap("instantiation", reason(&error)),
            // A segment that does not fit is no trap to wasmi, but it is called one.
            None if error.to_string().starts_with("out of bounds table access") => {
                report.trap("instantiation", "out of bounds table access");
            }
            None => report.line(format!("refused: {error}")),
        }
    }
    report
}

fn run_into(case: &Case, report: &mut Report) -> Result<(), Error> {
    let mut config = Config::default();
    config.wasm_custom_page_sizes(true).wasm_wide_arithmetic(true).wasm_memory64(true).wasm_multi_memory(true);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, &case.wasm)?;
    let mut store = Store::new(&engine, Vec::<u64>::new());
    let mut linker = Linker::new(&engine);
    for (index, (name, params, results)) in IMPORTS.iter().enumerate() {
        let types = |types: &[Ty]| types.iter().map(|&ty| val_type(ty)).collect::<Vec<_>>();
        let ty = FuncType::new(types(params), types(results));
        linker.func_new("host", name, ty, move |mut caller: wasmi::Caller<'_, Vec<u64>>, args, out| {
            let args: Vec<Value> = args.iter().map(value).collect();
            let (hash, values) = host_function(index, &args);
            caller.data_mut().push(hash);
            values.iter().zip(out).for_each(|(result, out)| *out = val(result));
            Ok(())
        })?;
    }
    let instance = linker.instantiate_and_start(&mut store, &module)?;
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
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        match func.call(&mut self.store, &args, &mut results) {
            Ok(()) => Ok(results.iter().map(value).collect()),
            Err(error) => Err(reason(&error).to_owned()),
        }
    }

    fn export(&mut self, name: &str) -> Seen<'_> {
        match self.instance.get_export(&self.store, name) {
            Some(Extern::Func(_)) => Seen::Func,
            Some(Extern::Memory(memory)) => Seen::Memory(memory.data(&self.store)),
            Some(Extern::Global(global)) => Seen::Global(value(&global.get(&self.store))),
            Some(Extern::Table(table)) => {
                let null = |index| table.get(&self.store, index).is_none_or(|element| element.is_null());
                Seen::Table((0..table.size(&self.store)).map(null).collect())
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
        Ty::Func => ValType::FuncRef,
        Ty::Extern => ValType::ExternRef,
        Ty::Exn => unreachable!("cases for wasmi have no exceptions"),
    }
}

fn val(value: &Value) -> Val {
    match *value {
        Value::I32(bits) => Val::I32(bits as i32),
        Value::I64(bits) => Val::I64(bits as i64),
        Value::F32(bits) => Val::F32(F32::from_bits(bits)),
        Value::F64(bits) => Val::F64(F64::from_bits(bits)),
        Value::V128(bits) => Val::V128(V128::from(bits)),
        Value::Null(Ty::Extern) => Val::ExternRef(Nullable::Null),
        Value::Null(_) => Val::FuncRef(Nullable::Null),
        Value::Reference => unreachable!("cases have no references to give"),
    }
}

fn value(val: &Val) -> Value {
    match val {
        Val::I32(value) => Value::I32(*value as u32),
        Val::I64(value) => Value::I64(*value as u64),
        Val::F32(value) => Value::F32(value.to_bits()),
        Val::F64(value) => Value::F64(value.to_bits()),
        Val::V128(value) => Value::V128(value.as_u128()),
        Val::FuncRef(Nullable::Null) => Value::Null(Ty::Func),
        Val::ExternRef(Nullable::Null) => Value::Null(Ty::Extern),
        _ => Value::Reference,
    }
}

/// The trap in hostel's words.
fn reason(error: &Error) -> &'static str {
    match error.as_trap_code() {
        Some(TrapCode::UnreachableCodeReached) => "unreachable",
        Some(TrapCode::MemoryOutOfBounds) => "out of bounds memory access",
        Some(TrapCode::TableOutOfBounds) => "out of bounds table access",
        Some(TrapCode::IndirectCallToNull) => "uninitialized element",
        Some(TrapCode::IntegerDivisionByZero) => "integer divide by zero",
        Some(TrapCode::IntegerOverflow) => "integer overflow",
        Some(TrapCode::BadConversionToInteger) => "invalid conversion to integer",
        Some(TrapCode::StackOverflow) => "call stack exhausted",
        Some(TrapCode::BadSignature) => "indirect call type mismatch",
        _ => "another error of wasmi's",
    }
}
