//! Wide things: many parameters, results, locals, globals, imports, exports.

use hostel_engine::{Engine, Global, Linker, Module, Store, Val};
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, ImportSection, RefType, TableSection, TableType, TypeSection, ValType,
};

use super::{Builder, call, everywhere};
use crate::kit::configs;

/// Parameters, and results, of the widest function: as many as a function may have.
const WIDTH: u32 = 1000;

#[test]
fn a_thousand_parameters_and_results() {
    const TYPES: [ValType; 4] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];
    let at = |index: u32| TYPES[index as usize % 4];
    let forward: Vec<ValType> = (0..WIDTH).map(at).collect();
    let backward: Vec<ValType> = (0..WIDTH).rev().map(at).collect();
    let mut builder = Builder::default();
    let reverse = builder.ty(&forward, &backward);
    let keep = builder.ty(&forward, &forward);
    let back = builder.ty(&backward, &forward);
    let table_type =
        TableType { element_type: RefType::FUNCREF, minimum: 2, maximum: None, table64: false, shared: false };
    let (mut table, mut elements) = (TableSection::new(), ElementSection::new());
    table.table(table_type);
    elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(vec![0, 1].into()));
    builder.table = Some((table, elements));
    // 0 and 1 reverse; 2 reverses twice, the second time by way of the table, as a tail call.
    for ty in [reverse, back] {
        builder.function(ty, &[], |body| {
            (0..WIDTH).rev().for_each(|index| {
                body.local_get(index);
            });
        });
    }
    builder.function(keep, &[], |body| {
        (0..WIDTH).for_each(|index| {
            body.local_get(index);
        });
        body.call(0).i32_const(1).return_call_indirect(0, back);
    });
    let args: Vec<Val> = (0..WIDTH)
        .map(|index| match index % 4 {
            0 => Val::I32(index as i32),
            1 => Val::I64(i64::from(index) << 33),
            2 => Val::F32((index as f32).to_bits()),
            _ => Val::F64(f64::from(index).to_bits()),
        })
        .collect();
    everywhere(&builder.finish(), |store, instance| {
        let mut results = vec![Val::I32(0); WIDTH as usize];
        let func = instance.get_func(&*store, "f").expect("exported");
        func.call(store, &args, &mut results).expect("no trap");
        assert_eq!(format!("{results:?}"), format!("{args:?}"));
    });
}

#[test]
fn many_locals() {
    const LOCALS: u32 = 9_400;
    let mut builder = Builder::default();
    let ty = builder.ty(&[ValType::I32], &[ValType::I32]);
    // Every local is zero at first, whatever a call before left there; then each holds the one before plus one.
    builder.function(ty, &[(LOCALS - 1, ValType::I32), (1, ValType::I32)], |body| {
        body.local_get(LOCALS).local_get(LOCALS / 2).i32_or();
        (1..=LOCALS).for_each(|index| {
            body.local_get(index - 1).i32_const(1).i32_add().local_set(index);
        });
        body.local_get(LOCALS).i32_add();
    });
    everywhere(&builder.finish(), |store, instance| {
        assert_eq!(call(store, instance, "f", &[5]), Ok(LOCALS as i32 + 5));
        assert_eq!(call(store, instance, "f", &[-1]), Ok(LOCALS as i32 - 1));
    });
}

#[test]
fn many_globals_and_exports() {
    const GLOBALS: u32 = 10_000;
    const EXPORTS: u32 = 1_000;
    let mut types = TypeSection::new();
    types.ty().function([ValType::I64], [ValType::I64]);
    let (mut functions, mut globals, mut exports, mut code) =
        (FunctionSection::new(), GlobalSection::new(), ExportSection::new(), CodeSection::new());
    for index in 0..GLOBALS {
        let ty = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        globals.global(ty, &ConstExpr::i64_const(index.into()));
    }
    // Each function swaps its own global with its parameter.
    for index in 0..EXPORTS {
        functions.function(0);
        let global = index * (GLOBALS / EXPORTS) + 9;
        let mut function = Function::new([]);
        function.instructions().global_get(global).local_get(0).global_set(global).end();
        code.function(&function);
        exports.export(&format!("swap {index}"), ExportKind::Func, index);
        exports.export(&format!("global {index}"), ExportKind::Global, global);
    }
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&functions).section(&globals).section(&exports).section(&code);
    everywhere(&module.finish(), |store, instance| {
        assert_eq!(instance.exports(&*store).count(), 2 * EXPORTS as usize);
        for index in 0..EXPORTS {
            let swap = instance.get_typed_func::<i64, i64>(&*store, &format!("swap {index}")).expect("exported");
            let first = i64::from(index * (GLOBALS / EXPORTS) + 9);
            assert_eq!(swap.call(&mut *store, -first).expect("no trap"), first);
            let global = instance.get_global(&*store, &format!("global {index}")).expect("exported");
            assert_eq!(global.get(&*store).i64(), Some(-first));
        }
    });
}

#[test]
fn the_same_import_many_times() {
    const TIMES: u32 = 1_000;
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    let mut imports = ImportSection::new();
    (0..TIMES).for_each(|_| {
        imports.import("host", "next", EntityType::Function(0));
    });
    let (mut functions, mut exports, mut code) = (FunctionSection::new(), ExportSection::new(), CodeSection::new());
    functions.function(0);
    exports.export("f", ExportKind::Func, TIMES);
    let mut function = Function::new([]);
    function.instructions().local_get(0);
    (0..TIMES).for_each(|index| {
        function.instructions().call(index);
    });
    function.instructions().end();
    code.function(&function);
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    let wasm = module.finish();
    for config in configs() {
        let engine = Engine::new(&config).expect("valid");
        let module = Module::new(&engine, wasm.clone()).expect("valid");
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "next", |value: i32| value + 3);
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).expect("it instantiates");
        assert_eq!(call(&mut store, instance, "f", &[7]), Ok(3007));
    }
}

#[test]
fn many_globals_that_begin_with_an_imported_one() {
    const GLOBALS: u32 = 600_000;
    let mut imports = ImportSection::new();
    let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
    imports.import("host", "first", EntityType::Global(ty));
    let (mut globals, mut exports) = (GlobalSection::new(), ExportSection::new());
    for _ in 0..GLOBALS {
        globals.global(ty, &ConstExpr::global_get(0));
    }
    exports.export("last", ExportKind::Global, GLOBALS);
    let mut module = wasm_encoder::Module::new();
    module.section(&imports).section(&globals).section(&exports);
    let wasm = module.finish();
    let engine = Engine::default();
    let module = Module::new(&engine, wasm).expect("the module is valid");
    let mut store = Store::new(&engine, ());
    let ty = hostel_engine::GlobalType { content: hostel_engine::ValType::I32, mutable: false };
    let first = Global::new(&mut store, ty, Val::I32(7)).expect("a value of the type");
    let instance =
        Linker::new(&engine).define("host", "first", first).instantiate(&mut store, &module).expect("it instantiates");
    assert_eq!(instance.get_global(&store, "last").expect("exported").get(&store).i32(), Some(7));
}
