//! `hostel wast`, and the runner's judgement of each kind of directive.

mod kit;

use hostel_cli::wast::{Report, Runner, Verdict};
use hostel_engine::Config;
use kit::{Scratch, hostel};

fn run(script: &str) -> Report {
    Runner::new(&Config::new()).unwrap().run(script).unwrap()
}

/// Asserts which directives fail, by the parts of their reasons.
#[track_caller]
fn fails(script: &str, reasons: &[&str]) {
    let report = run(script);
    let failures: Vec<String> = report.failures().map(ToString::to_string).collect();
    assert_eq!(failures.len(), reasons.len(), "{failures:#?}");
    for (failure, reason) in failures.iter().zip(reasons) {
        assert!(failure.contains(reason), "expected {reason:?} in {failure:?}");
    }
}

#[test]
fn the_command() {
    let scratch = Scratch::new();
    let good = scratch.file("good.wast", "(module (func (export \"f\")))\n(assert_return (invoke \"f\"))");
    let bad = scratch.file("bad.wast", "(module)\n\n(invoke \"g\")");
    let wrong = scratch.file("wrong.wast", "(module");
    hostel(["wast", &good]).exits(0).prints(&format!("{good}: 2 of 2 directives pass\n"));
    let expected = format!(
        "{good}: 2 of 2 directives pass\n{bad}:3: invoke: no exported function \"g\"\n{bad}: 1 of 2 directives pass\n"
    );
    hostel(["wast", &good, &bad]).exits(1).prints(&expected);
    hostel(["wast", &wrong]).exits(1).complains(&["wrong.wast:1:"]);
}

#[test]
fn results() {
    fails(
        r#"(module
            (func (export "i") (result i32 i64) (i32.const 1) (i64.const -1))
            (func (export "nan") (result f32) (f32.const nan))
            (func (export "payload") (result f64) (f64.const nan:0x8000000000001))
            (func (export "null") (result externref) (ref.null extern))
            (func $f (export "func") (result funcref) (ref.func $f))
            (func (export "id") (param externref) (result externref) (local.get 0)))
        (assert_return (invoke "i") (i32.const 1) (i64.const -1))
        (assert_return (invoke "i") (i32.const 1) (i64.const 1))
        (assert_return (invoke "i") (i32.const 1))
        (assert_return (invoke "nan") (f32.const nan:canonical))
        (assert_return (invoke "nan") (f32.const nan:arithmetic))
        (assert_return (invoke "nan") (f32.const nan))
        (assert_return (invoke "nan") (f32.const 0))
        (assert_return (invoke "payload") (f64.const nan:arithmetic))
        (assert_return (invoke "payload") (f64.const nan:canonical))
        (assert_return (invoke "null") (ref.null extern))
        (assert_return (invoke "null") (ref.null func))
        (assert_return (invoke "null") (ref.null))
        (assert_return (invoke "func") (ref.func))
        (assert_return (invoke "func") (ref.null func))
        (assert_return (invoke "id" (ref.extern 7)) (ref.extern 7))
        (assert_return (invoke "id" (ref.extern 7)) (ref.extern 8))
        (assert_return (invoke "id" (ref.extern 7)) (ref.extern))
        (assert_return (invoke "nan") (either (f32.const 1) (f32.const nan:canonical)))
        (assert_return (invoke "nan") (either (f32.const 1) (f32.const 2)))"#,
        &[
            "result 1: expected i64 1, found i64 -1",
            "expected 1 results, found 2",
            "expected f32 0 (0x00000000), found f32 NaN (0x7fc00000)",
            "expected f64 nan:canonical",
            "found null externref",
            "found funcref",
            "found externref 7",
            "expected f32 1 (0x3f800000) or f32 2 (0x40000000)",
        ],
    );
}

#[test]
fn traps() {
    fails(
        r#"(module
            (func (export "t") unreachable)
            (func (export "ok"))
            (func $r (export "r") (call $r)))
        (assert_trap (invoke "t") "unreachable")
        (assert_trap (invoke "t") "integer overflow")
        (assert_trap (invoke "ok") "unreachable")
        (assert_return (invoke "t"))
        (invoke "t")
        (assert_exhaustion (invoke "r") "call stack exhausted")
        (assert_exhaustion (invoke "ok") "call stack exhausted")
        (assert_trap (module (func $s unreachable) (start $s)) "unreachable")
        (assert_trap (module) "unreachable")"#,
        &[
            "expected \"integer overflow\", found \"unreachable\"",
            "expected a trap",
            "found a trap: unreachable",
            "trapped: unreachable",
            "expected a trap",
            "expected a trap",
        ],
    );
}

#[test]
fn refusals() {
    fails(
        r#"(assert_invalid (module (func i32.add drop)) "type mismatch")
        (assert_invalid (module (func i32.add drop)) "unknown local")
        (assert_invalid (module) "type mismatch")
        (assert_malformed (module quote "(module (func") "expected")
        (assert_malformed (module quote "(func (nonsense))") "unknown operator")
        (assert_malformed (module quote "(func)") "unknown operator")
        (assert_malformed (module binary "\00asm\01\00\00") "unexpected end")
        (assert_malformed (module binary "\00asm\01\00\00\00") "unexpected end")
        (assert_unlinkable (module (import "a" "b" (func))) "unknown import")
        (assert_unlinkable (module (import "spectest" "global_i32" (global i64))) "incompatible import type")
        (assert_unlinkable (module (import "spectest" "global_i32" (global i32))) "incompatible import type")"#,
        &["expected \"unknown local\"", "that it loads", "that it loads", "that it loads", "found that it does"],
    );
}

#[test]
fn modules_by_name() {
    fails(
        r#"(module $a (global (export "g") i32 (i32.const 1)) (func (export "f") (result i32) (i32.const 1)))
        (module $b (func (export "f") (result i32) (i32.const 2)))
        (assert_return (invoke "f") (i32.const 2))
        (assert_return (invoke $a "f") (i32.const 1))
        (assert_return (get $a "g") (i32.const 1))
        (register "first" $a)
        (module (import "first" "f" (func (result i32))) (export "again" (func 0)))
        (assert_return (invoke "again") (i32.const 1))
        (module definition $d (global (export "n") (mut i32) (i32.const 5)))
        (module instance $i $d)
        (assert_return (get $i "n") (i32.const 5))
        (invoke $none "f")"#,
        &["no instance $none"],
    );
}

#[test]
fn a_module_that_fails_is_not_mistaken_for_the_one_before() {
    fails(
        r#"(module (func (export "f")))
        (module (import "absent" "f" (func)))
        (assert_return (invoke "f"))"#,
        &["unknown import", "no instance before this directive"],
    );
}

/// All names of the specification's `spectest`, each by its type and its use.
#[test]
fn the_module_spectest() {
    fails(
        r#"(module
            (import "spectest" "print" (func $print))
            (import "spectest" "print_i32" (func $print_i32 (param i32)))
            (import "spectest" "print_i64" (func $print_i64 (param i64)))
            (import "spectest" "print_f32" (func $print_f32 (param f32)))
            (import "spectest" "print_f64" (func $print_f64 (param f64)))
            (import "spectest" "print_i32_f32" (func $print_i32_f32 (param i32 f32)))
            (import "spectest" "print_f64_f64" (func $print_f64_f64 (param f64 f64)))
            (import "spectest" "table" (table $table 10 20 funcref))
            (import "spectest" "table64" (table $table64 i64 10 20 funcref))
            (import "spectest" "memory" (memory 1 2))
            (global (export "i32") (import "spectest" "global_i32") i32)
            (global (export "i64") (import "spectest" "global_i64") i64)
            (global (export "f32") (import "spectest" "global_f32") f32)
            (global (export "f64") (import "spectest" "global_f64") f64)
            (func (export "print")
                (call $print)
                (call $print_i32 (i32.const 1))
                (call $print_i64 (i64.const 1))
                (call $print_f32 (f32.const 1))
                (call $print_f64 (f64.const 1))
                (call $print_i32_f32 (i32.const 1) (f32.const 1))
                (call $print_f64_f64 (f64.const 1) (f64.const 1)))
            (elem (table $table64) (i64.const 9) func 0)
            (func (export "size") (result i32) (table.size $table))
            (func (export "size64") (result i64) (table.size $table64))
            (func (export "get64") (param i64) (result funcref) (table.get $table64 (local.get 0)))
            (func (export "grow64") (param i64) (result i64) (table.grow $table64 (ref.null func) (local.get 0)))
            (func (export "pages") (result i32) (memory.size)))
        (invoke "print")
        (assert_return (get "i32") (i32.const 666))
        (assert_return (get "i64") (i64.const 666))
        (assert_return (get "f32") (f32.const 666.6))
        (assert_return (get "f64") (f64.const 666.6))
        (assert_return (invoke "size") (i32.const 10))
        (assert_return (invoke "size64") (i64.const 10))
        (assert_return (invoke "get64" (i64.const 9)) (ref.func))
        (assert_return (invoke "get64" (i64.const 8)) (ref.null func))
        (assert_trap (invoke "get64" (i64.const 0x100000009)) "out of bounds table access")
        (assert_return (invoke "grow64" (i64.const 11)) (i64.const -1))
        (assert_return (invoke "grow64" (i64.const 10)) (i64.const 10))
        (assert_return (invoke "pages") (i32.const 1))
        (assert_unlinkable (module (import "spectest" "table64" (table 10 20 funcref))) "incompatible import type")
        (assert_unlinkable (module (import "spectest" "table" (table i64 10 20 funcref))) "incompatible import type")
        (assert_unlinkable (module (import "spectest" "shared_memory" (memory 1))) "unknown import")"#,
        &[],
    );
}

#[test]
fn exceptions() {
    fails(
        r#"(module (tag $t) (func (export "throw") (throw $t)) (func (export "trap") unreachable) (func (export "f")))
        (assert_exception (invoke "throw"))
        (assert_exception (invoke "trap"))
        (assert_exception (invoke "f"))
        (assert_trap (invoke "throw") "unreachable")"#,
        &["expected an exception, found a trap: unreachable", "found results", "found \"uncaught exception\""],
    );
}

#[test]
fn what_is_not_there_is_unsupported() {
    let report = run(r#"(module (func (export "f")))
        (thread $t (invoke "f"))
        (wait $t)
        (assert_suspension (invoke "f") "unhandled tag")"#);
    let verdicts: Vec<&Verdict> = report.failures().map(|failure| &failure.verdict).collect();
    assert_eq!(verdicts.len(), 3);
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Unsupported(_))), "{verdicts:?}");
}

#[test]
fn a_script_that_is_none() {
    let error = Runner::new(&Config::new()).unwrap().run("(module)\n(assert_nonsense)").unwrap_err();
    assert_eq!((error.line, error.column), (2, 2));
}
