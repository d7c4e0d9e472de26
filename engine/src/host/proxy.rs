//! Proxies: a generated guest module that re-exports a host module, so that tests and embedders call host functions as
//! guests do, through the same instructions.

use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, ImportSection, Instruction, MemorySection,
    MemoryType, Module as Encoder, NameMap, NameSection, TypeSection, ValType as Encoded,
};

use crate::error::Error;
use crate::host::builder::HostModule;
use crate::module::Module;
use crate::types::ValType;

/// Generates a guest module that imports every function of `host` and exports, under the same name, a function that
/// calls it; and a memory of `memory_pages` pages exported as `memory`.
///
/// ```
/// use hostel_engine::{Engine, HostModuleBuilder, Linker, Store, proxy_module};
/// let engine = Engine::default();
/// let host = HostModuleBuilder::<()>::new("env").new_function().with_func(|x: i32| x + 1).export("inc").compile(&engine)?;
/// let proxy = proxy_module(&host, 1)?;
/// let mut store = Store::new(&engine, ());
/// let mut linker = Linker::new(&engine);
/// linker.host_module(&host)?;
/// let instance = linker.instantiate(&mut store, &proxy)?;
/// assert_eq!(instance.get_typed_func::<i32, i32>(&store, "inc")?.call(&mut store, 41)?, 42);
/// # Ok::<(), hostel_engine::Error>(())
/// ```
///
/// # Errors
///
/// A host function exported as `memory`, or limits of the engine.
pub fn proxy_module<T: 'static>(host: &HostModule<T>, memory_pages: u32) -> Result<Module, Error> {
    let mut types = TypeSection::new();
    let mut imports = ImportSection::new();
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    let mut names = NameMap::new();
    let count = host.functions().count() as u32;
    for (number, (name, function)) in host.functions().enumerate() {
        let number = number as u32;
        let ty = function.ty();
        types.ty().function(ty.params().iter().map(encoded), ty.results().iter().map(encoded));
        imports.import(host.name(), name, wasm_encoder::EntityType::Function(number));
        functions.function(number);
        exports.export(name, ExportKind::Func, count + number);
        names.append(count + number, name);
        let mut body = Function::new([]);
        for param in 0..ty.params().len() as u32 {
            body.instruction(&Instruction::LocalGet(param));
        }
        body.instruction(&Instruction::Call(number)).instruction(&Instruction::End);
        code.function(&body);
    }
    exports.export("memory", ExportKind::Memory, 0);
    let mut memories = MemorySection::new();
    let minimum = memory_pages as u64;
    memories.memory(MemoryType { minimum, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut name_section = NameSection::new();
    name_section.module(&format!("{}-proxy", host.name()));
    name_section.functions(&names);

    let mut module = Encoder::new();
    module.section(&types).section(&imports).section(&functions).section(&memories).section(&exports);
    module.section(&code).section(&name_section);
    Module::new(host.engine(), module.finish())
}

fn encoded(ty: &ValType) -> Encoded {
    match ty {
        ValType::I32 => Encoded::I32,
        ValType::I64 => Encoded::I64,
        ValType::F32 => Encoded::F32,
        ValType::F64 => Encoded::F64,
        ValType::V128 => Encoded::V128,
        ValType::FuncRef => Encoded::FUNCREF,
        ValType::ExternRef => Encoded::EXTERNREF,
        ValType::ExnRef => Encoded::Ref(wasm_encoder::RefType::EXNREF),
        // Host functions are made with Rust types or by embedders who name the types above; a concrete type's number
        // means nothing outside of the engine.
        ValType::Ref(_) => Encoded::FUNCREF,
    }
}
