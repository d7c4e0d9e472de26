//! From a seed to a module with calls to make. The same seed makes the same case for the same version of `wasm-smith`.

use arbitrary::Unstructured;
use wasm_encoder::{ExportKind, RawSection};
use wasm_smith::{Config, InstructionKind, InstructionKinds};
use wasmparser::types::EntityType;
use wasmparser::{AbstractHeapType, ExternalKind, HeapType, Parser, Payload, ValType, Validator, WasmFeatures};

use super::{Call, Case, Export, FUEL, IMPORTS, Ty, Value, dense};

/// What engines have to know to take part.
#[derive(Clone, Copy)]
pub struct Profile {
    pub exceptions: bool,
    pub custom_page_sizes: bool,
    pub wide_arithmetic: bool,
    pub function_references: bool,
}

impl Profile {
    /// Everything that is generated. `wasm-smith` makes typed function references only together with garbage collected
    /// types, and atomics only together with shared memories: neither.
    pub const ALL: Profile =
        Profile { exceptions: true, custom_page_sizes: true, wide_arithmetic: true, function_references: true };
}

/// A stream of words: splitmix64.
pub struct Words(pub u64);

impl Words {
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.word() % bound as u64) as usize
    }

    pub fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }
}

/// The case of a seed; `None` where `wasm-smith` makes nothing of it. Odd seeds are [`dense`]'s.
pub fn case(seed: u64, profile: Profile) -> Option<Case> {
    let mut words = Words(seed.wrapping_mul(0xd134_2543_de82_ef95));
    let wasm = if seed % 2 == 1 { dense::module(&mut words, profile) } else { smith(&mut words, profile)? };
    let exports = exports(&wasm);
    let mut calls = Vec::new();
    for _ in 0..3 {
        for (name, export) in &exports {
            if let Export::Func { params } = export {
                let args = params.iter().map(|&ty| argument(&mut words, ty)).collect();
                calls.push(Call { name: name.clone(), args });
            }
        }
    }
    Some(Case { seed, wasm, exports, calls })
}

/// A module of `wasm-smith`'s that ends and exports how much it may still do.
fn smith(words: &mut Words, profile: Profile) -> Option<Vec<u8>> {
    let config = config(words, profile);
    let length = 1 << (10 + words.below(6));
    let mut bytes = vec![0; length];
    bytes.fill_with(|| words.word() as u8);
    let mut module = wasm_smith::Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    let fuel_global = module.ensure_termination(1000).expect("bodies are generated");
    Some(export_global(&module.to_bytes(), FUEL, fuel_global))
}

pub fn config(words: &mut Words, profile: Profile) -> Config {
    let mut kinds = InstructionKinds::all();
    // A module of few kinds of instructions has more of them next to each other.
    if words.one_in(3) {
        use InstructionKind::{Control, MemoryInt, Numeric, NumericInt, Parametric, Variable, VectorInt};
        let numbers = [Numeric, NumericInt, VectorInt][words.below(3)];
        let mut few = vec![Control, Parametric, Variable, numbers];
        if words.one_in(2) {
            few.push(MemoryInt);
        }
        kinds = InstructionKinds::new(&few);
    }
    Config {
        available_imports: Some(available_imports()),
        max_imports: 4,
        export_everything: true,
        max_exports: 1000,
        min_funcs: 1,
        max_funcs: [2, 6, 20][words.below(3)],
        max_instructions: [20, 100, 600][words.below(3)],
        max_nesting_depth: 12,
        max_types: 12,
        max_globals: 8,
        max_memories: if words.one_in(2) { 1 } else { 3 },
        max_tables: if words.one_in(2) { 1 } else { 3 },
        max_tags: 4,
        max_data_segments: 6,
        max_element_segments: 6,
        max_elements: 20,
        min_memories: 1,
        max_memory32_bytes: 3 << 16,
        max_memory64_bytes: 3 << 16,
        memory_max_size_required: true,
        max_table_elements: 100,
        table_max_size_required: true,
        allowed_instructions: kinds,
        allow_floats: !words.one_in(5),
        canonicalize_nans: true,
        disallow_traps: words.one_in(2),
        allow_start_export: words.one_in(4),
        exceptions_enabled: profile.exceptions,
        custom_page_sizes_enabled: profile.custom_page_sizes,
        wide_arithmetic_enabled: profile.wide_arithmetic,
        gc_enabled: false,
        compact_imports_enabled: false,
        custom_descriptors_enabled: false,
        generate_custom_sections: false,
        memory64_enabled: true,
        relaxed_simd_enabled: false,
        simd_enabled: true,
        tail_call_enabled: true,
        threads_enabled: false,
        shared_everything_threads_enabled: false,
        ..Config::default()
    }
}

/// A module that imports all of [`IMPORTS`]: how `wasm-smith` is told of them.
fn available_imports() -> Vec<u8> {
    let list = |types: &[Ty]| types.iter().map(|ty| format!("{ty:?} ").to_lowercase()).collect::<String>();
    let import = |(name, params, results): &(&str, &[Ty], &[Ty])| {
        format!("(import \"host\" \"{name}\" (func (param {}) (result {})))", list(params), list(results))
    };
    wat::parse_str(format!("(module {})", IMPORTS.iter().map(import).collect::<String>())).expect("well-formed")
}

/// The module with one more export.
fn export_global(wasm: &[u8], name: &str, index: u32) -> Vec<u8> {
    let mut module = wasm_encoder::Module::new();
    let mut section = wasm_encoder::ExportSection::new();
    section.export(name, ExportKind::Global, index);
    let mut pending = Some(section);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.expect("generated modules parse");
        if let Payload::ExportSection(reader) = &payload {
            let mut section = pending.take().expect("one export section");
            for export in reader.clone() {
                let export = export.expect("generated modules parse");
                section.export(export.name, export_kind(export.kind), export.index);
            }
            module.section(&section);
            continue;
        }
        let Some((id, range)) = payload.as_section() else { continue };
        // Sections from the start section on stand behind the exports.
        if id >= 8
            && id != 13
            && let Some(section) = pending.take()
        {
            module.section(&section);
        }
        module.section(&RawSection { id, data: &wasm[range.start as usize..range.end as usize] });
    }
    if let Some(section) = pending.take() {
        module.section(&section);
    }
    module.finish()
}

fn export_kind(kind: ExternalKind) -> ExportKind {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
        ExternalKind::Table => ExportKind::Table,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        ExternalKind::Tag => ExportKind::Tag,
    }
}

/// What a module exports, but tags and functions that only non-null references satisfy.
pub fn exports(wasm: &[u8]) -> Vec<(String, Export)> {
    let features = WasmFeatures::all();
    let types = Validator::new_with_features(features).validate_all(wasm).expect("generated modules are valid");
    let types = types.as_ref();
    let mut exports = Vec::new();
    for (name, entity) in types.core_exports().expect("a core module") {
        let export = match entity {
            EntityType::Func(id) | EntityType::FuncExact(id) => {
                let Some(params) = types[id].unwrap_func().params().iter().map(ty).collect() else { continue };
                Export::Func { params }
            }
            EntityType::Memory(_) => Export::Memory,
            EntityType::Table(_) => Export::Table,
            EntityType::Global(_) => Export::Global,
            _ => continue,
        };
        exports.push((name.to_owned(), export));
    }
    exports
}

fn ty(ty: &ValType) -> Option<Ty> {
    Some(match ty {
        ValType::I32 => Ty::I32,
        ValType::I64 => Ty::I64,
        ValType::F32 => Ty::F32,
        ValType::F64 => Ty::F64,
        ValType::V128 => Ty::V128,
        ValType::Ref(ty) if ty.is_nullable() => match ty.heap_type() {
            HeapType::Abstract { ty: AbstractHeapType::Extern, .. } => Ty::Extern,
            HeapType::Abstract { ty: AbstractHeapType::Exn, .. } => Ty::Exn,
            _ => Ty::Func,
        },
        ValType::Ref(_) => return None,
    })
}

/// A value, often one where something changes.
pub fn argument(words: &mut Words, ty: Ty) -> Value {
    const INTS: [u64; 10] =
        [0, 1, 2, u64::MAX, 31, 64, 0x7fff_ffff, 0x8000_0000, 0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000];
    const FLOATS: [f64; 12] =
        [0.0, -0.0, 1.0, -1.5, 0.5, 1e300, -2147483649.0, 4294967296.0, 1e19, f64::INFINITY, f64::NAN, 5e-324];
    let random = words.word();
    let pick = words.below(16);
    let int = INTS.get(pick).copied().unwrap_or(random);
    match ty {
        Ty::I32 => Value::I32(int as u32),
        Ty::I64 => Value::I64(int),
        Ty::F32 => Value::F32(FLOATS.get(pick).map_or(random as i32 as f32, |&float| float as f32).to_bits()),
        Ty::F64 => Value::F64(FLOATS.get(pick).map_or(random as i64 as f64, |&float| float).to_bits()),
        Ty::V128 => Value::V128(u128::from(int) << 64 | u128::from(random >> (pick * 4))),
        ty => Value::Null(ty),
    }
}
