//! Every limit holds, and whoever goes beyond it is told its name: one row for each field of [`Limits`].

mod kit;

use std::collections::BTreeSet;

use hostel_engine::{
    Caller, CompilationMode, Config, Engine, Error, ErrorKind, Extern, Instance, Limits, Linker, Memory, MemoryType,
    Module, Store, Table, TableType, TrapCode, Val, ValType,
};
use kit::{call, configs, guest, guest_of, instantiate, wasm};

fn limited(limits: Limits) -> Config {
    let mut config = Config::new();
    config.limits(limits);
    config
}

fn load(config: &Config, bytes: Vec<u8>) -> Result<(Store<()>, Instance), Error> {
    let engine = Engine::new(config)?;
    let module = Module::new(&engine, bytes)?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    Ok((store, instance))
}

#[track_caller]
fn is_limit<T>(result: Result<T, Error>, name: &str) {
    let error = result.err().unwrap_or_else(|| panic!("{name}: nothing was refused"));
    assert!(matches!(error.kind(), ErrorKind::Limit { limit, .. } if *limit == name), "{name}: {error:?}");
    assert!(error.to_string().contains(&format!("(limit `{name}`)")), "{error}");
}

/// What modules ask for when they are loaded or instantiated: just enough is fine, one more is refused.
#[test]
fn modules() {
    let many = |count: usize, one: &str| one.repeat(count);
    let blocks = |depth: usize| format!("(module (func {}{}))", "(block ".repeat(depth), ")".repeat(depth));
    let table = |targets: usize| format!("(module (func (br_table {} (i32.const 0))))", "0 ".repeat(targets + 1));
    let code = |count: usize| format!("(module (func (param i32) {}))", many(count, "(call 0 (local.get 0))"));
    let types = many(100, "i32 ");
    let wide = |blocks: usize| {
        let blocks = many(blocks, &format!("(block (param {types}) (result {types}))"));
        format!("(module (func $f (result {types}) unreachable) (func (call $f) {blocks} {}))", many(100, "drop "))
    };
    let default = Limits::default;
    #[rustfmt::skip]
    let rows: Vec<(&str, Limits, String, String)> = vec![
        ("memory_bytes", Limits { memory_bytes: 65536, ..default() }, "(module (memory 1))".into(), "(module (memory 2))".into()),
        ("store_memory_bytes", Limits { store_memory_bytes: 3 * 65536, ..default() },
            "(module (memory 1) (memory 2))".into(), "(module (memory 2) (memory 2))".into()),
        ("table_elements", Limits { table_elements: 10, ..default() }, "(module (table 10 funcref))".into(), "(module (table 11 funcref))".into()),
        ("store_table_elements", Limits { store_table_elements: 15, ..default() },
            "(module (table 10 funcref) (table 5 funcref))".into(), "(module (table 10 funcref) (table 6 externref))".into()),
        ("memories", Limits { memories: 2, ..default() }, "(module (memory 0) (memory 0))".into(), "(module (memory 0) (memory 0) (memory 0))".into()),
        ("tables", Limits { tables: 1, ..default() }, "(module (table 0 funcref))".into(), "(module (table 0 funcref) (table 0 funcref))".into()),
        ("module_bytes", Limits { module_bytes: 100, ..default() },
            "(module)".into(), format!("(module (memory 1) (data (i32.const 0) \"{}\"))", many(100, "x"))),
        ("functions", Limits { functions: 3, ..default() }, format!("(module {})", many(3, "(func)")), format!("(module {})", many(4, "(func)"))),
        ("function_bytes", Limits { function_bytes: 100, ..default() },
            format!("(module (func {}))", many(98, "nop ")), format!("(module (func {}))", many(99, "nop "))),
        ("locals", Limits { locals: 20, ..default() },
            format!("(module (func (param i32 i32) (local {})))", many(18, "i32 ")), format!("(module (func (param i32 i32) (local {})))", many(19, "i32 "))),
        ("nesting", Limits { nesting: 10, ..default() }, blocks(10), blocks(11)),
        // A hundred values for two ends of a block, and for the call's results; 8 for each of some thirty bytes besides.
        ("passed_values", Limits { passed_values: 1000, ..default() }, wide(3), wide(20)),
        ("br_table_targets", Limits { br_table_targets: 30, ..default() }, table(30), table(31)),
        ("frame_slots", Limits { frame_slots: 20, ..default() },
            format!("(module (func (local {})))", many(18, "i64 ")), format!("(module (func (local {})))", many(19, "i64 "))),
        ("loaded_bytes", Limits { loaded_bytes: 20_000, ..default() }, "(module (func))".into(), format!("(module {})", many(200, "(func)"))),
        ("code_bytes", Limits { code_bytes: 10_000, ..default() }, code(100), code(1000)),
    ];
    for (name, limits, fine, more) in &rows {
        let config = limited(limits.clone());
        load(&config, wasm(fine)).unwrap_or_else(|error| panic!("{name}: {error}"));
        is_limit(load(&config, wasm(more)), name);
    }
    let imports = format!("(module (import \"a\" \"f\" (func)) {})", "(func)".repeat(3));
    is_limit(load(&limited(Limits { functions: 3, ..default() }), wasm(&imports)), "functions");
    let imports = format!("(module {})", "(import \"a\" \"f\" (func))".repeat(4));
    is_limit(load(&limited(Limits { functions: 3, ..default() }), wasm(&imports)), "functions");

    // Every field is in this file, or in that of exceptions.
    let elsewhere = ["instances", "value_stack_bytes", "host_reentry", "name_bytes", "exceptions"];
    let here: BTreeSet<&str> = rows.iter().map(|row| row.0).chain(elsewhere).collect();
    let text = format!("{:?}", Limits::default());
    let fields = text.trim_start_matches("Limits {").split(',').filter_map(|field| field.split_once(':'));
    for (field, _) in fields {
        assert!(here.contains(field.trim()), "{field} has no test");
    }
}

/// Two limits of a body hold as well where it is only validated, and for code that is not reached, of which nothing else comes:
/// each call of two bytes has a thousand results.
#[test]
fn bodies_that_are_only_validated() {
    let results = "i32 ".repeat(1000);
    let wide = |calls: usize| {
        let calls = "(call $f)".repeat(calls);
        wasm(&format!("(module (func $f (result {results}) unreachable) (func unreachable {calls} unreachable))"))
    };
    let deep = |blocks: usize| wasm(&format!("(module (func {}{}))", "block ".repeat(blocks), "end ".repeat(blocks)));
    for mut config in configs() {
        let limits = Limits { frame_slots: 20_000, nesting: 100, ..Limits::default() };
        let engine = Engine::new(config.limits(limits)).unwrap();
        Module::new(&engine, wide(20)).unwrap();
        Module::new(&engine, deep(100)).unwrap();
        for (bytes, limit) in [(wide(21), "frame_slots"), (deep(101), "nesting")] {
            is_limit(Module::validate(&engine, &bytes), limit);
            match Module::new(&engine, bytes) {
                Ok(module) => {
                    let mut store = Store::new(&engine, ());
                    let text = format!("{:?}", Linker::new(&engine).instantiate(&mut store, &module));
                    assert!(text.starts_with("Ok"), "a body that nobody calls: {text}");
                }
                Err(error) => is_limit(Err::<(), _>(error), limit),
            }
        }
    }
}

/// A function that is over a limit and is translated when it is called ends that call.
#[test]
fn lazily() {
    let limits = Limits { locals: 5, ..Limits::default() };
    let mut config = limited(limits);
    config.compilation_mode(CompilationMode::Lazy);
    let (mut store, instance) =
        guest(&config, r#"(module (func (export "f") (local i32 i32 i32 i32 i32 i32)) (func (export "fine")))"#);
    let trap = call::<(), ()>(&mut store, instance, "f", ()).unwrap_err();
    let error = trap.downcast_ref::<Error>().expect("the reason is an error of the module");
    assert!(matches!(error.kind(), ErrorKind::Limit { limit: "locals", .. }), "{error}");
    call::<(), ()>(&mut store, instance, "fine", ()).unwrap();
}

/// Blocks with many parameters and results weigh more, as each open block keeps its types.
#[test]
fn wide_blocks_count_for_several() {
    let types = "i32 ".repeat(80);
    let wide = |depth: usize| {
        let constants = "i32.const 0 ".repeat(80);
        let (open, close) = (format!("block (param {types}) (result {types}) ").repeat(depth), "end ".repeat(depth));
        wasm(&format!("(module (func {constants} {open} {close} {}))", "drop ".repeat(80)))
    };
    let config = limited(Limits { nesting: 110, ..Limits::default() });
    load(&config, wide(10)).unwrap();
    is_limit(load(&config, wide(11)), "nesting");
    // What is closed no longer counts.
    load(&config, wasm(&format!("(module (func {}))", "(block (block (block)))".repeat(500)))).unwrap();
}

/// Two bytes of a body that ask for thousands of bytes of code, again and again.
#[test]
fn code_that_explodes_is_stopped() {
    let types = "i32 ".repeat(500);
    let constants = "i32.const 0 ".repeat(500);
    let text = format!(
        "(module (func (result {types}) block (result {types}) i32.const 0 block (result {types}) {constants} {} end unreachable end))",
        "i32.const 1 br_if 1 ".repeat(20_000)
    );
    let config = limited(Limits { code_bytes: 10 << 20, passed_values: usize::MAX, ..Limits::default() });
    is_limit(load(&config, wasm(&text)), "code_bytes");
    is_limit(load(&Config::new(), wasm(&text)), "passed_values");
    let targets: String = (0..300).map(|n| format!("{n} ")).collect();
    let text = format!(
        "(module (func (result {types}) {} {constants} i32.const 0 br_table {targets} {} unreachable))",
        format!("i32.const 0 block (result {types}) ").repeat(299),
        "end ".repeat(299)
    );
    let config = limited(Limits { code_bytes: 1 << 20, passed_values: usize::MAX, ..Limits::default() });
    is_limit(load(&config, wasm(&text)), "code_bytes");
    is_limit(load(&Config::new(), wasm(&text)), "passed_values");
}

#[test]
fn a_store_has_so_many_instances() {
    let engine = Engine::new(&limited(Limits { instances: 2, ..Limits::default() })).unwrap();
    let mut store = Store::new(&engine, ());
    let linker = Linker::new(&engine);
    for _ in 0..2 {
        instantiate(&linker, &mut store, "(module)").unwrap();
    }
    is_limit(instantiate(&linker, &mut store, "(module)"), "instances");
}

/// What grows while a guest runs is refused with −1, and the sums of a store are the guests' and the host's together.
#[test]
fn sums_of_a_store() {
    let limits = Limits { store_memory_bytes: 10 * 65536, store_table_elements: 100, ..Limits::default() };
    for mut config in configs() {
        for metered in [false, true] {
            config.limits(limits.clone()).interruptible(metered);
            let engine = Engine::new(&config).unwrap();
            let mut store = Store::new(&engine, ());
            let linker = Linker::new(&engine);
            let text = r#"(module (memory (export "memory") 1) (memory $b 1) (table $s (export "table") 10 funcref) (table $t 10 externref)
                (func (export "a") (param i32) (result i32) (memory.grow (local.get 0)))
                (func (export "b") (param i32) (result i32) (memory.grow $b (local.get 0)))
                (func (export "s") (param i32) (result i32) (table.grow $s (ref.null func) (local.get 0)))
                (func (export "t") (param i32) (result i32) (table.grow $t (ref.null extern) (local.get 0))))"#;
            let one = instantiate(&linker, &mut store, text).unwrap();
            let two = instantiate(&linker, &mut store, text).unwrap();
            let grow = |store: &mut Store<()>, instance: Instance, name: &str, delta| {
                instance.get_typed_func::<i32, i32>(&*store, name).unwrap().call(store, delta).unwrap()
            };
            assert_eq!(grow(&mut store, one, "a", 7), -1);
            assert_eq!(grow(&mut store, one, "a", 3), 1);
            assert_eq!(grow(&mut store, two, "b", 4), -1);
            assert_eq!(grow(&mut store, two, "b", 2), 1);
            let memory = MemoryType { max: Some(2), ..MemoryType::new(1) };
            let own = Memory::new(&mut store, memory).unwrap();
            is_limit(own.grow(&mut store, 1), "store_memory_bytes");
            assert_eq!(own.size(&store), 1);
            is_limit(Memory::new(&mut store, memory), "store_memory_bytes");
            assert_eq!(grow(&mut store, one, "a", 0), 4);

            assert_eq!(grow(&mut store, one, "s", 61), -1);
            assert_eq!(grow(&mut store, one, "s", 40), 10);
            assert_eq!(grow(&mut store, two, "t", 15), 10);
            let ty = TableType { table64: false, element: ValType::FuncRef, min: 5, max: None };
            let own = Table::new(&mut store, ty, Val::FuncRef(None)).unwrap();
            is_limit(own.grow(&mut store, 1, Val::FuncRef(None)), "store_table_elements");
            assert_eq!(own.size(&store), 5);
            is_limit(Table::new(&mut store, ty, Val::FuncRef(None)), "store_table_elements");
            is_limit(instantiate(&linker, &mut store, text), "store_memory_bytes");
        }
    }
}

/// An embedder that grows a memory or a table is told which bound is in the way: the type's own, or a limit's name.
#[test]
fn growth_from_the_host() {
    #[track_caller]
    fn is_usage<T>(result: Result<T, Error>, words: &str) {
        let error = result.err().unwrap_or_else(|| panic!("{words}: nothing was refused"));
        assert!(matches!(error.kind(), ErrorKind::Usage(_)), "{words}: {error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let limits = Limits { memory_bytes: 8 * 65536, table_elements: 80, ..Limits::default() };
    let mut store = Store::new(&Engine::new(&limited(limits)).unwrap(), ());
    let own = MemoryType { max: Some(3), ..MemoryType::new(1) };
    for (ty, most, limit) in [(own, 3, None), (MemoryType { max: Some(9), ..own }, 8, Some("memory_bytes"))] {
        let memory = Memory::new(&mut store, ty).unwrap();
        for delta in [most, 1 << 48, u64::MAX] {
            match limit {
                Some(limit) if delta == most => is_limit(memory.grow(&mut store, delta), limit),
                // Beyond both bounds it is the type's, which no limit can raise.
                _ => is_usage(memory.grow(&mut store, delta), &format!("its type allows {} pages", ty.max.unwrap())),
            }
        }
        assert_eq!((memory.size(&store), memory.grow(&mut store, most - 1).unwrap()), (1, 1));
        assert_eq!(memory.size(&store), most);
    }
    let wide = Memory::new(&mut store, MemoryType { memory64: true, ..MemoryType::new(1) }).unwrap();
    is_limit(wide.grow(&mut store, 1 << 40), "memory_bytes");
    is_usage(wide.grow(&mut store, u64::MAX), "its type allows 281474976710656 pages");

    let null = Val::FuncRef(None);
    let own = TableType { max: Some(30), ..TableType::new(ValType::FuncRef, 10) };
    for (ty, most, limit) in [(own, 30, None), (TableType { max: None, ..own }, 80, Some("table_elements"))] {
        let table = Table::new(&mut store, ty, null.clone()).unwrap();
        match limit {
            Some(limit) => is_limit(table.grow(&mut store, most - 9, null.clone()), limit),
            None => is_usage(table.grow(&mut store, most - 9, null.clone()), "its type allows 30"),
        }
        is_usage(table.grow(&mut store, 1 << 32, null.clone()), "its type allows");
        assert_eq!(table.grow(&mut store, most - 10, null.clone()).unwrap(), 10);
        assert_eq!(table.size(&store), most);
    }

    // Types that no memory and no table has.
    is_usage(Memory::new(&mut store, MemoryType { max: Some(1), ..MemoryType::new(2) }), "at most it has 1");
    is_usage(Memory::new(&mut store, MemoryType::new(65537)), "at most it has 65536");
    is_usage(Memory::new(&mut store, MemoryType { page_size: 0, ..MemoryType::new(1) }), "pages of 0 bytes");
    is_usage(Table::new(&mut store, TableType { max: Some(9), ..own }, null), "at most it has 9");
}

#[test]
fn depth() {
    let limits = Limits { value_stack_bytes: 1 << 16, host_reentry: 10, ..Limits::default() };
    for mut config in configs() {
        let engine = Engine::new(config.limits(limits.clone())).unwrap();
        let mut linker = Linker::<()>::new(&engine);
        linker.func_wrap("h", "again", |ctx: &mut (), module: &mut Caller<'_>| {
            let Some(Extern::Func(again)) = module.get_export("again") else { return Ok(()) };
            again.call_with_stack(module.with(ctx), &mut [])
        });
        let (mut store, instance) = guest_of(
            &linker,
            (),
            r#"(module (import "h" "again" (func $again)) (func (export "again") (call $again)) (func $deep (export "deep") (call $deep)))"#,
        );
        for (name, code, limit) in
            [("deep", TrapCode::StackOverflow, "value_stack_bytes"), ("again", TrapCode::HostReentry, "host_reentry")]
        {
            let trap = call::<(), ()>(&mut store, instance, name, ()).unwrap_err();
            assert_eq!((trap.code(), code.limit()), (Some(code), Some(limit)));
            assert_eq!(trap.to_string(), format!("{} (limit `{limit}`)", code.message()));
        }
    }
    let huge = Limits { value_stack_bytes: usize::MAX / 2, ..Limits::default() };
    is_limit(Store::try_new(&Engine::new(&limited(huge)).unwrap(), ()), "value_stack_bytes");
}

/// A name section that is too large is passed over: the module runs, its functions have the names of their exports.
#[test]
fn names() {
    let name = "x".repeat(200);
    let text = format!(r#"(module ${name} (func ${name} (export "f") (unreachable)))"#);
    for (bytes, found) in [(1000, Some(&*name)), (300, None)] {
        let config = limited(Limits { name_bytes: bytes, ..Limits::default() });
        let (mut store, instance) = load(&config, wasm(&text)).unwrap();
        let trap = call::<(), ()>(&mut store, instance, "f", ()).unwrap_err();
        assert_eq!(trap.frames()[0].module.as_deref(), found);
        assert_eq!(trap.frames()[0].func_name.as_deref(), found.or(Some("f")));
    }
}
