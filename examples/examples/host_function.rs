//! One host function three ways. All three are the same to the guest, and cost the same: between its `call` and the
//! first line of the closure nothing is allocated, copied or looked up.

use std::error::Error;

use hostel_engine::{Caller, Engine, HostModuleBuilder, Linker, Module, Store, ValType::I32};

const GUEST: &str = r#"(module $guest
    (import "env" "raw"    (func $raw    (param i32 i32) (result i32)))
    (import "env" "module" (func $module (param i32 i32) (result i32)))
    (import "env" "typed"  (func $typed  (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "run") (result i32)
        (call $typed (call $module (call $raw (i32.const 1) (i32.const 2)) (i32.const 3)) (i32.const 4))))"#;

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let env = HostModuleBuilder::new("env")
        // Raw: the store's data, and the call's slots on the engine's own stack. Parameters come in them, results go
        // into them. Of an i32 the low 32 bits count.
        .new_function()
        .with_raw_function([I32, I32], [I32], |calls: &mut Vec<String>, stack| {
            calls.push("raw".to_owned());
            stack[0] = u64::from((stack[0] as u32).wrapping_add(stack[1] as u32));
            Ok(())
        })
        .export("raw")
        // Raw with the module: the instance that called as well, and with it the guest's memory, exports and name.
        .new_function()
        .with_raw_module_function([I32, I32], [I32], |calls: &mut Vec<String>, module: &mut Caller<'_>, stack| {
            let bytes = module.memory().map_or(0, |memory| memory.len());
            calls.push(format!("module, called by {:?} with {bytes} bytes of memory", module.module_name()));
            stack[0] = u64::from((stack[0] as u32).wrapping_add(stack[1] as u32));
            Ok(())
        })
        .export("module")
        // Typed: a closure with Rust's numbers, whose types make the function's type. `&mut Vec` could be left out.
        .new_function()
        .with_func(|calls: &mut Vec<String>, a: i32, b: i32| {
            calls.push("typed".to_owned());
            a.wrapping_add(b)
        })
        .with_parameter_names(["a", "b"])
        .export("typed")
        .compile(&engine)?;

    let mut linker = Linker::new(&engine);
    linker.host_module(&env)?;
    let mut store = Store::new(&engine, Vec::new());
    let guest = linker.instantiate(&mut store, &Module::new(&engine, wat::parse_str(GUEST)?)?)?;
    let sum = guest.get_typed_func::<(), i32>(&store, "run")?.call(&mut store, ())?;

    println!("1 + 2 + 3 + 4 = {sum}\n{}", store.data().join("\n"));
    assert_eq!(sum, 10);
    assert_eq!(store.data()[1], r#"module, called by Some("guest") with 65536 bytes of memory"#);
    Ok(())
}
