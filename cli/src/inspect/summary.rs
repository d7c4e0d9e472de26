//! What is to be known of a module. It is read with `wasmparser` and not through the engine, so that modules which the
//! engine refuses can be looked at, too.

use hostel_engine::{Engine, Escaped, Module};
use wasmparser::{
    CompositeInnerType, ExternalKind, GlobalType, KnownCustom, MemoryType, Name, Parser, Payload, TableType, TypeRef,
    Validator, WasmFeatures,
};

use crate::run::HINT;
use crate::{engine, wasi};

/// The summary of a module.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub bytes: usize,
    /// From the name section.
    pub name: Option<String>,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    /// Functions that the module defines.
    pub functions: usize,
    /// Types; imported ones first, as in the index space.
    pub memories: Vec<String>,
    pub tables: Vec<String>,
    /// Proposals beyond version 1 that it makes use of, by their names.
    pub features: Vec<String>,
    /// Why `hostel run` does not run it; `None` when it can.
    pub problem: Option<String>,
}

/// An import.
#[derive(Debug)]
pub(super) struct Import {
    pub module: String,
    pub name: String,
    pub ty: String,
    pub function: bool,
    /// For names in WASI's modules.
    pub wasi: Option<Wasi>,
}

/// What hostel has for an import from a module of WASI's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wasi {
    Known,
    Unknown,
    /// There is such a function, of another type.
    OtherType,
}

/// An export.
#[derive(Debug)]
pub(super) struct Export {
    pub name: String,
    pub ty: String,
}

impl Summary {
    /// Reads a module.
    pub(super) fn new(bytes: &[u8]) -> Result<Summary, String> {
        let engine = Engine::new(&engine::config()).map_err(|error| error.to_string())?;
        let problem = Module::new(&engine, bytes).err().map(|error| error.to_string());
        // The engine has the clearer words for what is no module at all, and for what is not valid whatever is allowed.
        let features = match features(bytes) {
            Ok(features) if Parser::is_core_wasm(bytes) => features,
            Ok(_) => return Err(problem.unwrap_or_else(|| "not a core module".into())),
            Err(error) => return Err(problem.unwrap_or(error)),
        };
        let mut summary = Summary { bytes: bytes.len(), features, problem, ..Summary::default() };
        summary.read(bytes).map_err(message)?;
        let missing: Vec<&Import> = summary.imports.iter().filter(|import| import.wasi != Some(Wasi::Known)).collect();
        if summary.problem.is_none() && !missing.is_empty() {
            let mut problem = format!("of its {} imports, {} are not there", summary.imports.len(), missing.len());
            let may_trap = |import: &&Import| import.function && import.wasi != Some(Wasi::OtherType);
            if missing.iter().all(may_trap) {
                problem += &format!("; {HINT}");
            }
            summary.problem = Some(problem);
        }
        Ok(summary)
    }

    fn read(&mut self, bytes: &[u8]) -> wasmparser::Result<()> {
        let mut spaces = Spaces::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::TypeSection(reader) => {
                    for group in reader {
                        spaces.types.extend(group?.types().map(|ty| func_type(&ty.composite_type.inner)));
                    }
                }
                Payload::ImportSection(reader) => {
                    for import in reader.into_imports() {
                        let import = import?;
                        let function = matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
                        let ty = spaces.import(import.ty);
                        let wasi = wasi_import(import.module, import.name, &ty);
                        self.imports.push(Import {
                            module: import.module.into(),
                            name: import.name.into(),
                            ty,
                            function,
                            wasi,
                        });
                    }
                }
                Payload::FunctionSection(reader) => {
                    for ty in reader {
                        let ty = spaces.func_type(ty?);
                        spaces.functions.push(ty);
                        self.functions += 1;
                    }
                }
                Payload::TableSection(reader) => {
                    for table in reader {
                        spaces.tables.push(table_type(&table?.ty));
                    }
                }
                Payload::MemorySection(reader) => {
                    for memory in reader {
                        spaces.memories.push(memory_type(&memory?));
                    }
                }
                Payload::GlobalSection(reader) => {
                    for global in reader {
                        spaces.globals.push(global_type(&global?.ty));
                    }
                }
                Payload::TagSection(reader) => {
                    for tag in reader {
                        let ty = spaces.func_type(tag?.func_type_idx);
                        spaces.tags.push(ty);
                    }
                }
                Payload::ExportSection(reader) => {
                    for export in reader {
                        let export = export?;
                        let ty = spaces.export(export.kind, export.index);
                        self.exports.push(Export { name: export.name.into(), ty });
                    }
                }
                Payload::CustomSection(reader) => {
                    if let KnownCustom::Name(names) = reader.as_known() {
                        for name in names.into_iter().map_while(Result::ok) {
                            if let Name::Module { name, .. } = name {
                                self.name = Some(name.into());
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        self.memories = spaces.memories;
        self.tables = spaces.tables;
        Ok(())
    }
}

/// Types in words, in the order of their index spaces.
#[derive(Default)]
struct Spaces {
    types: Vec<String>,
    functions: Vec<String>,
    tables: Vec<String>,
    memories: Vec<String>,
    globals: Vec<String>,
    tags: Vec<String>,
}

impl Spaces {
    fn func_type(&self, index: u32) -> String {
        self.types.get(index as usize).cloned().unwrap_or_default()
    }

    /// The word for a kind of things, and their space.
    fn space(&mut self, kind: ExternalKind) -> (&'static str, &mut Vec<String>) {
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => ("function", &mut self.functions),
            ExternalKind::Table => ("table", &mut self.tables),
            ExternalKind::Memory => ("memory", &mut self.memories),
            ExternalKind::Global => ("global", &mut self.globals),
            ExternalKind::Tag => ("tag", &mut self.tags),
        }
    }

    fn import(&mut self, ty: TypeRef) -> String {
        let (kind, ty) = match ty {
            TypeRef::Func(ty) | TypeRef::FuncExact(ty) => (ExternalKind::Func, self.func_type(ty)),
            TypeRef::Table(ty) => (ExternalKind::Table, table_type(&ty)),
            TypeRef::Memory(ty) => (ExternalKind::Memory, memory_type(&ty)),
            TypeRef::Global(ty) => (ExternalKind::Global, global_type(&ty)),
            TypeRef::Tag(ty) => (ExternalKind::Tag, self.func_type(ty.func_type_idx)),
        };
        let (word, space) = self.space(kind);
        let text = format!("{word} {ty}");
        space.push(ty);
        text
    }

    fn export(&mut self, kind: ExternalKind, index: u32) -> String {
        let (word, space) = self.space(kind);
        format!("{word} {}", space.get(index as usize).map_or("", String::as_str))
    }
}

fn func_type(ty: &CompositeInnerType) -> String {
    let CompositeInnerType::Func(ty) = ty else { return "of another kind".into() };
    let list = |types: &[wasmparser::ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("({}) -> ({})", list(ty.params()), list(ty.results()))
}

fn limits(min: u64, max: Option<u64>) -> String {
    max.map_or_else(|| format!("{min}.."), |max| format!("{min}..={max}"))
}

fn table_type(ty: &TableType) -> String {
    format!("{} {}{}", limits(ty.initial, ty.maximum), ty.element_type, if ty.table64 { ", 64-bit" } else { "" })
}

fn memory_type(ty: &MemoryType) -> String {
    let mut text = limits(ty.initial, ty.maximum) + " pages";
    for (is, word) in [(ty.memory64, ", 64-bit"), (ty.shared, ", shared")] {
        text += if is { word } else { "" };
    }
    text + &ty.page_size_log2.map_or(String::new(), |log| format!(" of {} bytes", 1u64 << log.min(63)))
}

fn global_type(ty: &GlobalType) -> String {
    format!("{}{}", if ty.mutable { "mut " } else { "" }, ty.content_type)
}

/// What hostel has for an import, when it is from a module of WASI's.
fn wasi_import(module: &str, name: &str, ty: &str) -> Option<Wasi> {
    wasi::functions(module)?;
    let Some(function) = wasi::function(module, name) else { return Some(Wasi::Unknown) };
    let params: Vec<&str> = function
        .params
        .iter()
        .map(|param| match param.kind.ty() {
            hostel_wasi::ValType::I32 => "i32",
            hostel_wasi::ValType::I64 => "i64",
        })
        .collect();
    let result = if function.result { "i32" } else { "" };
    let known = format!("function ({}) -> ({result})", params.join(", "));
    Some(if known == ty { Wasi::Known } else { Wasi::OtherType })
}

/// The proposals that a module needs, found by adding what the validator misses until it is content.
fn features(bytes: &[u8]) -> Result<Vec<String>, String> {
    let mut features = WasmFeatures::MVP;
    loop {
        let error = match Validator::new_with_features(features).validate_all(bytes) {
            Ok(_) => break,
            Err(error) => error,
        };
        let missing = error.missing_wasm_feature().filter(|missing| !features.contains(*missing));
        match missing.or_else(|| helpful(features, bytes, error.offset())) {
            Some(missing) => features |= missing,
            None => return Err(message(error)),
        }
    }
    let needed = features.difference(WasmFeatures::MVP);
    Ok(needed.iter_names().map(|(name, _)| proposal(name)).collect())
}

/// The validator's message, which may contain names of the module's.
fn message(error: wasmparser::BinaryReaderError) -> String {
    Escaped(&error.to_string()).to_string()
}

/// A feature that takes validation beyond an error which does not name it.
fn helpful(features: WasmFeatures, bytes: &[u8], offset: u64) -> Option<WasmFeatures> {
    WasmFeatures::all().difference(features).iter().find(|&feature| {
        let result = Validator::new_with_features(features | feature).validate_all(bytes);
        result.map_or_else(|error| error.offset() > offset, |_| true)
    })
}

/// A feature's name as its proposal is called.
fn proposal(name: &str) -> String {
    match name {
        "BULK_MEMORY_OPT" => "bulk-memory".into(),
        "SATURATING_FLOAT_TO_INT" => "nontrapping-float-to-int".into(),
        "SIGN_EXTENSION" => "sign-extension".into(),
        name => name.to_lowercase().replace('_', "-"),
    }
}
