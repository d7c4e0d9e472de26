//! The host module `spectest` that every script of the suite may import.
//!
//! Source: the specification's interpreter, `host/spectest.ml`, all names of it. What is printed goes nowhere. Wasmtime's runner
//! has one more, `shared_memory`, for proposals with shared memories, which this engine does not have.

use hostel_engine::{
    AsContextMut, Error, Global, GlobalType, Linker, Memory, MemoryType, Table, TableType, Val, ValType,
};

/// Defines `spectest` in a linker, its memory, tables and globals in the store of `context`.
pub(super) fn define(linker: &mut Linker<()>, mut context: impl AsContextMut) -> Result<(), Error> {
    const NAME: &str = "spectest";
    linker
        .func_wrap(NAME, "print", || {})
        .func_wrap(NAME, "print_i32", |_: i32| {})
        .func_wrap(NAME, "print_i64", |_: i64| {})
        .func_wrap(NAME, "print_f32", |_: f32| {})
        .func_wrap(NAME, "print_f64", |_: f64| {})
        .func_wrap(NAME, "print_i32_f32", |_: i32, _: f32| {})
        .func_wrap(NAME, "print_f64_f64", |_: f64, _: f64| {});
    let globals = [
        ("global_i32", Val::I32(666)),
        ("global_i64", Val::I64(666)),
        ("global_f32", Val::from(666.6f32)),
        ("global_f64", Val::from(666.6f64)),
    ];
    for (name, value) in globals {
        let ty = GlobalType { content: value.ty(), mutable: false };
        linker.define(NAME, name, Global::new(&mut context, ty, value)?);
    }
    let ty = TableType { max: Some(20), ..TableType::new(ValType::FuncRef, 10) };
    linker.define(NAME, "table", Table::new(&mut context, ty, Val::FuncRef(None))?);
    let ty = TableType { table64: true, ..ty };
    linker.define(NAME, "table64", Table::new(&mut context, ty, Val::FuncRef(None))?);
    let ty = MemoryType { max: Some(2), ..MemoryType::new(1) };
    linker.define(NAME, "memory", Memory::new(&mut context, ty)?);
    Ok(())
}
