//! Differential testing: one generated module, several engines or configurations, one [`Report`] each, no difference.
//!
//! [`generate`] makes a [`Case`] from a seed, of `wasm-smith`'s modules and of [`dense`]'s; [`hostel`] runs it on this
//! engine. `fuzz/` shares these files by path and runs the same cases on other engines, each of which is a [`Guest`] to
//! them. What is here does not judge which of two reports is right.
#![allow(dead_code)]

pub mod dense;
pub mod generate;
pub mod hostel;

/// A type, as far as engines agree on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ty {
    I32,
    I64,
    F32,
    F64,
    V128,
    Func,
    Extern,
    Exn,
}

/// A value, as far as engines agree on it: of references, whether they are null.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
    V128(u128),
    Null(Ty),
    Reference,
}

impl Value {
    /// All NaNs are one.
    pub fn canonical(self) -> Value {
        match self {
            Value::F32(bits) if f32::from_bits(bits).is_nan() => Value::F32(f32::NAN.to_bits()),
            Value::F64(bits) if f64::from_bits(bits).is_nan() => Value::F64(f64::NAN.to_bits()),
            other => other,
        }
    }
}

/// Something exported.
pub enum Export {
    Func { params: Vec<Ty> },
    Memory,
    Table,
    Global,
}

/// A call to make.
pub struct Call {
    pub name: String,
    pub args: Vec<Value>,
}

/// A module and what to do with it.
pub struct Case {
    pub seed: u64,
    pub wasm: Vec<u8>,
    pub exports: Vec<(String, Export)>,
    pub calls: Vec<Call>,
}

/// The export that holds how many calls and loop turns a call may make; an `i32`, set before each call.
pub const FUEL: &str = "differential fuel";

/// What a call may use of it. Chosen.
pub const FUEL_PER_CALL: i32 = 2000;

/// An instance of a case's module on some engine.
pub trait Guest {
    /// Sets the global [`FUEL`].
    fn set_fuel(&mut self, fuel: i32);
    /// The results, or the trap in the specification's words.
    fn call(&mut self, call: &Call) -> Result<Vec<Value>, String>;
    fn export(&mut self, name: &str) -> Seen<'_>;
    /// The hashes of all [`host_function`]s' calls.
    fn host_calls(&self) -> &[u64];
}

/// What there is to be seen of an export.
pub enum Seen<'a> {
    Func,
    Memory(&'a [u8]),
    /// Which elements are null.
    Table(Vec<bool>),
    Global(Value),
    Other,
}

/// What was observed, in order.
#[derive(Default)]
pub struct Report {
    pub lines: Vec<String>,
    /// Why the rest is not to be compared: a limit of the engine's own, such as its stack.
    pub cut: bool,
}

impl Report {
    pub fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// A call or the instantiation trapped, in the specification's words. Running out of stack ends the report.
    pub fn trap(&mut self, what: &str, trap: &str) {
        match trap {
            "call stack exhausted" => self.cut = true,
            _ => self.line(format!("{what} trapped: {trap}")),
        }
    }

    /// Makes the case's calls, and looks at what the guest, which has been instantiated, exports.
    pub fn observe(&mut self, case: &Case, guest: &mut impl Guest) {
        self.line("instantiated".to_owned());
        for (number, call) in case.calls.iter().enumerate() {
            guest.set_fuel(FUEL_PER_CALL);
            let what = format!("call {number} of {:?}{:?}", call.name, call.args);
            match guest.call(call) {
                Ok(values) => {
                    let values: Vec<Value> = values.into_iter().map(Value::canonical).collect();
                    self.line(format!("{what} = {values:?}"));
                }
                Err(trap) => self.trap(&what, &trap),
            }
            if self.cut {
                return;
            }
        }
        for (name, export) in &case.exports {
            let line = match (export, guest.export(name)) {
                (Export::Func { .. }, Seen::Func) => continue,
                (Export::Memory, Seen::Memory(bytes)) => memory_line(name, bytes),
                (Export::Global, Seen::Global(value)) => format!("global {name:?} is {:?}", value.canonical()),
                (Export::Table, Seen::Table(nulls)) => format!("table {name:?} has nulls at {nulls:?}"),
                _ => format!("export {name:?} is of another kind"),
            };
            self.line(line);
        }
        self.line(format!("host calls: {:x?}", guest.host_calls()));
    }

    /// How a call went, for each that returned.
    pub fn returned(&self) -> usize {
        self.lines.iter().filter(|line| line.starts_with("call") && line.contains(" = ")).count()
    }
}

/// The first difference between two reports.
pub fn difference(a: &Report, b: &Report) -> Option<String> {
    let longest = a.lines.len().max(b.lines.len());
    let ends = |report: &Report, at: usize| report.cut && at >= report.lines.len();
    for at in 0..longest {
        if ends(a, at) || ends(b, at) {
            return None;
        }
        let (a, b) = (a.lines.get(at), b.lines.get(at));
        if a != b {
            return Some(format!("{}\n  or {}", a.map_or("nothing", |a| a), b.map_or("nothing", |b| b)));
        }
    }
    None
}

/// Functions that generated modules may import from `"host"`: name, parameters, results.
pub const IMPORTS: &[(&str, &[Ty], &[Ty])] = &[
    ("none", &[], &[]),
    ("mix", &[Ty::I32, Ty::I64], &[Ty::I32]),
    ("floats", &[Ty::F32, Ty::F64], &[Ty::F64, Ty::F32]),
    ("many", &[Ty::I64, Ty::I32, Ty::F32, Ty::I32], &[Ty::I32, Ty::F64, Ty::I64]),
    ("wide", &[Ty::V128, Ty::I32], &[Ty::V128]),
    ("grown", &[], &[Ty::I64, Ty::I32, Ty::F32, Ty::F64, Ty::I32]),
];

/// What an imported function does: its results are a hash of its name and arguments. The hash comes first, for the log.
pub fn host_function(index: usize, args: &[Value]) -> (u64, Vec<Value>) {
    let mut hash = hash(index as u64, 0);
    for arg in args {
        hash = match arg.canonical() {
            Value::I32(bits) | Value::F32(bits) => self::hash(hash, bits.into()),
            Value::I64(bits) | Value::F64(bits) => self::hash(hash, bits),
            Value::V128(bits) => self::hash(self::hash(hash, bits as u64), (bits >> 64) as u64),
            Value::Null(_) | Value::Reference => hash,
        };
    }
    let result = |(number, ty): (usize, &Ty)| {
        let bits = self::hash(hash, number as u64);
        match ty {
            Ty::I32 => Value::I32(bits as u32),
            Ty::I64 => Value::I64(bits),
            Ty::F32 => Value::F32((f32::from(bits as i16) / 8.0).to_bits()),
            Ty::F64 => Value::F64((f64::from(bits as i32) / 8.0).to_bits()),
            Ty::V128 => Value::V128(u128::from(bits) << 64 | u128::from(!bits)),
            ty => Value::Null(*ty),
        }
    };
    (hash, IMPORTS[index].2.iter().enumerate().map(result).collect())
}

/// One step of a hash; good enough to see a difference.
pub fn hash(state: u64, word: u64) -> u64 {
    let mixed = (state ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ mixed >> 29
}

/// A memory's bytes as a line.
pub fn memory_line(name: &str, bytes: &[u8]) -> String {
    let mut state = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let word = u64::from_le_bytes(*word);
        // Most of it is zero.
        if word != 0 {
            state = hash(state, word);
        }
        state = state.wrapping_add(1);
    }
    for &byte in rest {
        state = hash(state, byte.into());
    }
    format!("memory {name:?}: {} bytes, {state:x}", bytes.len())
}
