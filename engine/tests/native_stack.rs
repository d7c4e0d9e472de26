//! Running a guest takes no native stack, however long: every way from one function's code to another's is taken a million
//! times on a thread whose stack is small. An engine whose handlers called each other would overflow it at once. What
//! continues in the same function is run by a test of the engine's own, handler by handler (`src/exec/chains.rs`).

mod kit;

use std::thread;

use hostel_engine::{Caller, Config, Engine, Extern, Linker, Store, Trap, TypedFunc};
use kit::{configs, instantiate};

/// Enough for an activation, too little for one native frame in each of the rounds. Functions are translated before, as a
/// dev build's validator takes more.
const STACK: usize = 64 << 10;
const ROUNDS: i32 = 1_000_000;

#[test]
fn every_way_to_continue_leaves_the_native_stack_alone() {
    for mut config in configs() {
        config.wasm_legacy_exceptions(true);
        for metered in [false, true] {
            let mut config = config.clone();
            config.interruptible(metered).consume_fuel(metered);
            let (store, functions) = prepare(&config, metered);
            thread::Builder::new().stack_size(STACK).spawn(move || run(store, &functions)).unwrap().join().unwrap();
        }
    }
}

/// By the way that it takes, a function that takes it so often.
type Functions = Vec<(&'static str, TypedFunc<i32, i32>)>;

fn run(mut store: Store<()>, functions: &Functions) {
    for (name, function) in functions {
        // The slow ways go fewer rounds, which still would be far too many.
        let rounds = if name.starts_with("thrown") || cfg!(debug_assertions) { ROUNDS / 20 } else { ROUNDS };
        assert_eq!(function.call(&mut store, rounds).unwrap(), rounds, "{name}");
    }
}

/// A function for each way, which has been called once.
fn prepare(config: &Config, metered: bool) -> (Store<()>, Functions) {
    let engine = Engine::new(config).unwrap();
    let mut linker = Linker::<()>::new(&engine);
    linker.func_wrap("h", "host", |x: i32| x + 1);
    linker.func_wrap("h", "trap", |_: &mut (), module: &mut Caller<'_>, x: i32| -> Result<i32, Trap> {
        // An exception that comes from a guest called by the host, or a result.
        let Some(Extern::Func(inner)) = module.get_export("inner") else { return Ok(x) };
        inner.call_with_stack(module.with(&mut ()), &mut [x as u64])?;
        Ok(x)
    });
    let mut store = Store::new(&engine, ());
    if metered {
        store.set_fuel(u64::MAX).unwrap();
    }
    let a = instantiate(
        &linker,
        &mut store,
        r#"(module (type $t (func (param i32) (result i32))) (import "h" "host" (func $host (type $t)))
            (memory 1) (global (export "g") (mut i32) (i32.const 0)) (tag (export "tag") (param i32))
            (func $inc (export "inc") (type $t) (i32.add (local.get 0) (i32.const 1)))
            (func (export "tail_host") (type $t) (return_call $host (local.get 0)))
            (func (export "throw") (type $t) (throw 0 (i32.add (local.get 0) (i32.const 1))))
            (table (export "table") funcref (elem $inc $host)))"#,
    )
    .unwrap();
    linker.instance(&store, "a", a);
    let body = |name: &str, call: &str| {
        format!(
            r#"(func (export "{name}") (param i32) (result i32) (local i32)
                (loop $l (local.set 1 {call}) (br_if $l (i32.lt_u (local.get 1) (local.get 0)))) (local.get 1))"#
        )
    };
    let x = "(local.get 1)";
    let caught = |throw: &str| format!("(block $h (result i32) (try_table (catch $tag $h) {throw}) (unreachable))");
    let bodies = [
        ("local", format!("(call $inc {x})")),
        ("instance", format!("(call $foreign {x})")),
        ("host", format!("(call $host {x})")),
        ("own_element", format!("(call_indirect $own (type $t) {x} (i32.const 0))")),
        ("other_element", format!("(call_indirect $table (type $t) {x} (i32.const 0))")),
        ("host_element", format!("(call_indirect $table (type $t) {x} (i32.const 1))")),
        ("own_reference", format!("(call_ref $t {x} (ref.func $inc))")),
        ("other_reference", format!("(call_ref $t {x} (ref.func $foreign))")),
        ("host_reference", format!("(call_ref $t {x} (ref.func $host))")),
        ("tail", format!("(call $tail {x})")),
        ("tail_instance", format!("(call $tail_foreign {x})")),
        ("tail_element", format!("(call $tail_element {x})")),
        ("tail_host_element", format!("(call $tail_host_element {x})")),
        ("tail_reference", format!("(call $tail_reference {x})")),
        ("foreign_tail_host", format!("(call $foreign_tail_host {x})")),
        ("thrown", caught(&format!("(throw $tag (i32.add {x} (i32.const 1)))"))),
        ("thrown_by_other", caught(&format!("(drop (call $throw {x}))"))),
        (
            "memory",
            format!(
                "(block (result i32) (drop (memory.grow (i32.const 0))) (i32.store (i32.const 8) {x}) (memory.fill (i32.const 16) (i32.const 1) (i32.const 4)) (memory.copy (i32.const 32) (i32.const 16) (i32.const 8)) (table.fill $own (i32.const 0) (ref.func $inc) (i32.const 1)) (table.copy $own $own (i32.const 0) (i32.const 0) (i32.const 1)) (drop (table.grow $own (ref.null func) (i32.const 0))) (i32.add (i32.load (i32.const 8)) (i32.const 1)))"
            ),
        ),
        ("vector", format!("(i32x4.extract_lane 2 (i32x4.add (i32x4.splat {x}) (i32x4.splat (i32.const 1))))")),
        ("float", format!("(i32.trunc_f64_s (f64.add (f64.floor (f64.convert_i32_s {x})) (f64.const 1)))")),
        ("divide", format!("(i32.add (i32.div_s (i32.mul {x} (i32.const 1)) (i32.const 1)) (i32.const 1))")),
        ("table", format!("(block (result i32) (br_table 0 0 0 (i32.add {x} (i32.const 1)) {x}))")),
        ("global", format!("(block (result i32) (global.set $g (i32.add {x} (i32.const 1))) (global.get $g))")),
    ];
    let functions: String = bodies.iter().map(|(name, call)| body(name, call)).collect();
    let text = format!(
        r#"(module (type $t (func (param i32) (result i32)))
            (import "h" "host" (func $host (type $t))) (import "h" "trap" (func $trap (type $t))) (import "a" "inc" (func $foreign (type $t)))
            (import "a" "tail_host" (func $foreign_tail_host (type $t))) (import "a" "throw" (func $throw (type $t)))
            (import "a" "table" (table $table 2 funcref)) (import "a" "g" (global $g (mut i32))) (import "a" "tag" (tag $tag (param i32)))
            (table $own funcref (elem $inc)) (memory 1)
            (elem declare func $inc $foreign $host)
            (func $inc (type $t) (i32.add (local.get 0) (i32.const 1)))
            (func $tail (type $t) (return_call $inc (local.get 0)))
            (func $tail_foreign (type $t) (return_call $foreign (local.get 0)))
            (func $tail_element (type $t) (return_call_indirect $table (type $t) (local.get 0) (i32.const 0)))
            (func $tail_host_element (type $t) (return_call_indirect $table (type $t) (local.get 0) (i32.const 1)))
            (func $tail_reference (type $t) (return_call_ref $t (local.get 0) (ref.func $foreign)))
            (func (export "inner") (param i32) (throw $tag (i32.add (local.get 0) (i32.const 1))))
            {functions} {})"#,
        body("thrown_through_host", &caught(&format!("(drop (call $trap {x}))")))
    );
    let b = instantiate(&linker, &mut store, &text).unwrap();
    let names = bodies.iter().map(|(name, _)| *name).chain(["thrown_through_host"]);
    let functions = names.map(|name| (name, b.get_typed_func::<i32, i32>(&store, name).unwrap())).collect::<Vec<_>>();
    for (_, function) in &functions {
        assert_eq!(function.call(&mut store, 1).unwrap(), 1);
    }
    (store, functions)
}
