//! Modules that are large in one direction, as compilers and adversaries make them: they load in every mode and run right.
//!
//! Nothing here looks at a clock. Where work could grow with the square of a size, the size is such that this would take
//! minutes.

#[path = "../kit/mod.rs"]
mod kit;
mod translator;
mod wide;

use hostel_engine::{CompilationMode, Config, Engine, Instance, Linker, Module, Store, TrapCode, Val};
use kit::configs;
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection, Function, FunctionSection, RefType,
    TableSection, TableType, TypeSection, ValType,
};

/// Functions of the largest module: in a dev build fewer, for it validates slowly.
const FUNCTIONS: u32 = if cfg!(debug_assertions) { 100_000 } else { 600_000 };

/// Bytes of code of the module that has most; less in a dev build, as above.
const CODE_BYTES: usize = if cfg!(debug_assertions) { 4 << 20 } else { 75 << 20 };

/// Elements of the largest table.
const ELEMENTS: u32 = 700_000;

/// A module of functions with the given types and bodies; the last is exported as `f`.
#[derive(Default)]
struct Builder {
    types: TypeSection,
    functions: FunctionSection,
    code: CodeSection,
    table: Option<(TableSection, ElementSection)>,
}

impl Builder {
    fn ty(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        self.types.ty().function(params.iter().copied(), results.iter().copied());
        self.types.len() - 1
    }

    /// Adds a function; the body's last `end` is added here.
    fn function(
        &mut self,
        ty: u32,
        locals: &[(u32, ValType)],
        body: impl FnOnce(&mut wasm_encoder::InstructionSink<'_>),
    ) {
        let mut function = Function::new(locals.iter().copied());
        let mut sink = function.instructions();
        body(&mut sink);
        sink.end();
        self.functions.function(ty);
        self.code.function(&function);
    }

    fn finish(self) -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        let last = self.functions.len() - 1;
        module.section(&self.types).section(&self.functions);
        let elements = self.table.map(|(table, elements)| {
            module.section(&table);
            elements
        });
        module.section(ExportSection::new().export("f", ExportKind::Func, last));
        elements.iter().for_each(|elements| {
            module.section(elements);
        });
        module.section(&self.code);
        module.finish()
    }
}

/// Instances of a module without imports, on every backend and in every mode.
fn everywhere(wasm: &[u8], mut look: impl FnMut(&mut Store<()>, Instance)) {
    for config in configs() {
        let engine = Engine::new(&config).expect("the configuration is valid");
        let module = Module::new(&engine, wasm.to_vec()).expect("the module is valid");
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &module).expect("it instantiates");
        look(&mut store, instance);
    }
}

/// Calls an export with `i32`s, for one `i32`.
fn call(store: &mut Store<()>, instance: Instance, name: &str, params: &[i32]) -> Result<i32, TrapCode> {
    let func = instance.get_func(&*store, name).expect("it is exported");
    let params: Vec<Val> = params.iter().map(|&param| Val::I32(param)).collect();
    let mut results = [Val::I32(0)];
    match func.call(store, &params, &mut results) {
        Ok(()) => Ok(results[0].i32().expect("an i32")),
        Err(error) => Err(error.trap().and_then(|trap| trap.code()).expect("a trap")),
    }
}

#[test]
fn many_functions() {
    let mut builder = Builder::default();
    let ty = builder.ty(&[], &[ValType::I32]);
    for index in 0..FUNCTIONS {
        builder.function(ty, &[], |body| {
            body.i32_const(index as i32);
        });
    }
    builder.function(ty, &[], |body| {
        body.call(0).call(FUNCTIONS / 2).i32_add().call(FUNCTIONS - 1).i32_add();
    });
    everywhere(&builder.finish(), |store, instance| {
        assert_eq!(call(store, instance, "f", &[]), Ok((FUNCTIONS / 2 + FUNCTIONS - 1) as i32));
    });
}

/// Bodies of 32 KB, of which a few are called. Not translated eagerly: what is called then is all that costs more than
/// its bytes.
#[test]
fn much_code() {
    const STEPS: i32 = 3_200;
    let bodies = (CODE_BYTES / STEPS as usize / 10) as i32;
    let mut builder = Builder::default();
    let ty = builder.ty(&[ValType::I32], &[ValType::I32]);
    for index in 0..bodies {
        builder.function(ty, &[], |body| {
            for step in 0..STEPS {
                body.local_get(0).i32_const(step ^ index).i32_xor().i32_const(0x0101_0101).i32_mul().local_set(0);
            }
            body.local_get(0);
        });
    }
    let called = [0, bodies / 2, bodies - 1];
    builder.function(ty, &[], |body| {
        body.local_get(0);
        called.iter().for_each(|&index| {
            body.call(index as u32);
        });
    });
    let wasm = builder.finish();
    assert!(wasm.len() > CODE_BYTES);
    let body = |param: i32, &index: &i32| {
        (0..STEPS).fold(param, |value, step| (value ^ step ^ index).wrapping_mul(0x0101_0101))
    };
    let expected = called.iter().fold(5, body);
    for mode in [CompilationMode::Lazy, CompilationMode::LazyTranslation] {
        let mut config = Config::new();
        let engine = Engine::new(config.compilation_mode(mode)).expect("the configuration is valid");
        let module = Module::new(&engine, wasm.clone()).expect("the module is valid");
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &module).expect("it instantiates");
        assert_eq!(call(&mut store, instance, "f", &[5]), Ok(expected));
    }
}

#[test]
fn a_large_table() {
    let mut builder = Builder::default();
    let ty = builder.ty(&[], &[ValType::I32]);
    let take = builder.ty(&[ValType::I32], &[ValType::I32]);
    for index in 0..7 {
        builder.function(ty, &[], |body| {
            body.i32_const(index * 10);
        });
    }
    builder.function(take, &[], |body| {
        body.local_get(0).call_indirect(0, ty);
    });
    let (mut table, mut elements) = (TableSection::new(), ElementSection::new());
    let (minimum, element_type) = (ELEMENTS.into(), RefType::FUNCREF);
    table.table(TableType { element_type, minimum, maximum: None, table64: false, shared: false });
    let functions: Vec<u32> = (0..ELEMENTS).map(|index| index % 7).collect();
    elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(functions.into()));
    builder.table = Some((table, elements));
    everywhere(&builder.finish(), |store, instance| {
        for index in [0, 1, ELEMENTS / 2, ELEMENTS - 1] {
            assert_eq!(call(store, instance, "f", &[index as i32]), Ok((index % 7 * 10) as i32));
        }
        for index in [ELEMENTS as i32, -1] {
            assert_eq!(call(store, instance, "f", &[index]), Err(TrapCode::UndefinedElement));
        }
    });
}

#[test]
fn deep_recursion() {
    let mut builder = Builder::default();
    let ty = builder.ty(&[ValType::I32], &[ValType::I32]);
    builder.function(ty, &[], |body| {
        body.local_get(0).i32_eqz();
        body.if_(wasm_encoder::BlockType::Result(ValType::I32)).i32_const(0);
        body.else_().local_get(0).i32_const(1).i32_sub().call(0).i32_const(1).i32_add().end();
    });
    everywhere(&builder.finish(), |store, instance| {
        assert_eq!(call(store, instance, "f", &[100_000]), Ok(100_000));
        assert_eq!(call(store, instance, "f", &[-1]), Err(TrapCode::StackOverflow));
        // The stack is as good as new.
        assert_eq!(call(store, instance, "f", &[100_000]), Ok(100_000));
    });
}
