//! Bugs that generated modules found, each reduced to a few lines. They run on every backend and in every mode.

mod kit;

use hostel_engine::{Val, ValType};
use kit::{configs, guest};

/// Calls the export `f` with `i32`s and expects `i32`s.
fn check(text: &str, params: &[i32], expected: &[i32]) {
    for config in configs() {
        let (mut store, instance) = guest(&config, text);
        let func = instance.get_func(&store, "f").expect("exported");
        let params: Vec<Val> = params.iter().map(|&param| Val::I32(param)).collect();
        let mut results = vec![Val::default_for_ty(ValType::I32); expected.len()];
        func.call(&mut store, &params, &mut results).expect("no trap");
        let results: Vec<i32> = results.iter().map(|result| result.i32().expect("an i32")).collect();
        assert_eq!(results, expected);
    }
}

/// A `local.set` behind these changed them: the address or condition was no longer taken from the accumulator, the
/// operand no longer 64 bits wide.
#[test]
fn setting_a_local_changes_only_where_a_result_goes() {
    let locals = |result: &str, set: &str, get: &str| {
        format!(
            r#"(module (memory 1) (memory $wide i64 1 3) (table $wide i64 4 funcref) (data (i32.const 16) "\02\03")
            (func (export "f") (param i32) (result i32) (local $r {result}) (local.set $r {set}) {get}))"#
        )
    };
    let lane = "(i32x4.extract_lane 0 (local.get $r))";
    let address = "(i32.add (local.get 0) (i32.const 8))";
    check(&locals("v128", &format!("(v128.load {address})"), lane), &[8], &[0x302]);
    check(&locals("v128", &format!("(v128.load8_splat offset=1 {address})"), lane), &[8], &[0x0303_0303]);
    let load = format!("(v128.load32_zero $wide (i64.extend_i32_u {address}))");
    check(&locals("v128", &load, lane), &[8], &[0]);
    let vectors = "(v128.const i32x4 1 1 1 1) (v128.const i32x4 2 2 2 2)";
    let select = format!("(select (result v128) {vectors} (i32.eq (local.get 0) (i32.const 5)))");
    check(&locals("v128", &select, lane), &[5], &[1]);
    check(&locals("v128", &select, lane), &[6], &[2]);
    let wide = "(i32.wrap_i64 (local.get $r))";
    check(&locals("i64", "(memory.grow $wide (i64.const 0x100000001))", wide), &[0], &[-1]);
    check(&locals("i64", "(table.grow $wide (ref.null func) (i64.const 0x1000000001))", wide), &[0], &[-1]);
}

/// The landings of a `try_table` cut off what stood on the stack below it: later code popped from an empty stack.
#[test]
fn values_below_a_try_table_stay() {
    let text = r#"(module (func (export "f") (result i32)
        (block $h
            (i32.const 40)
            (try_table (result i32) (catch_all $h) (i32.const 2))
            (i32.add)
            (return))
        (i32.const 7)))"#;
    check(text, &[], &[42]);
}

/// The same, seen from the second landing: its values went to the slots of the ones below.
#[test]
fn the_second_landing_has_its_own_slots() {
    let text = r#"(module (tag $a (param i32)) (tag $b (param i32 i32))
        (func $throw (param i32)
            (if (i32.eqz (local.get 0)) (then (throw $a (i32.const 5))))
            (throw $b (i32.const 6) (i32.const 7)))
        (func (export "f") (param i32) (result i32 i32 i32)
            (i32.const 1)
            (block $b (result i32 i32)
                (block $a (result i32)
                    (i32.mul (local.get 0) (i32.const 100))
                    (try_table (catch $a $a) (catch $b $b) (call $throw (local.get 0)))
                    (drop) (unreachable))
                (i32.const 50))))"#;
    check(text, &[0], &[1, 5, 50]);
    check(text, &[1], &[1, 6, 7]);
}

/// An exception of another store was taken for one of this store's whose tag has the same number, and its values were
/// copied to where that tag's go: beyond the frame.
#[test]
fn an_exception_of_another_store_is_refused() {
    let params = "i64 ".repeat(1000);
    let values = "(i64.const 7) ".repeat(1000);
    let throws = format!(
        r#"(module (tag $t (param {params})) (func (export "f") (result exnref)
            (block $h (result exnref) (try_table (catch_all_ref $h) (throw $t {values})) (unreachable))))"#
    );
    let catches = r#"(module (tag $t)
        (func (export "f") (param exnref) (result i32)
            (block $h (try_table (catch $t $h) (throw_ref (local.get 0))) (unreachable))
            (i32.const 5)))"#;
    for config in configs() {
        let (mut thrower, instance) = guest(&config, &throws);
        let mut exception = [Val::I32(0)];
        instance.get_func(&thrower, "f").unwrap().call(&mut thrower, &[], &mut exception).unwrap();
        let (mut store, instance) = guest(&config, catches);
        let func = instance.get_func(&store, "f").unwrap();
        let error = func.call(&mut store, &exception, &mut [Val::I32(0)]).unwrap_err();
        assert!(error.to_string().contains("another store"), "{error}");
    }
}
