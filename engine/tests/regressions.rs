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
        let mut results = vec![Val::default_for(ValType::I32); expected.len()];
        func.call(&mut store, &params, &mut results).expect("no trap");
        let results: Vec<i32> = results.iter().map(|result| result.i32().expect("an i32")).collect();
        assert_eq!(results, expected);
    }
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
