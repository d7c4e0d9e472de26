//! Guests with exceptions, in the older instructions and in the standard ones: each command runs both.

mod kit;

use kit::{Scratch, hostel};

/// `try`, `catch`, `catch_all`, `rethrow` and `delegate`; `_start` traps when one of them does not do what it should.
const OLDER: &str = r#"(module
    (tag $e (param i32))
    (func $catch (export "catch") (result i32)
        try (result i32) i32.const 42 throw $e catch $e end)
    (func $rethrow (export "rethrow") (result i32)
        try (result i32)
            try $inner (result i32) i32.const 7 throw $e catch_all rethrow $inner end
        catch $e end)
    (func $delegate (export "delegate") (result i32)
        try $outer (result i32)
            try (result i32)
                try (result i32) i32.const 5 throw $e delegate $outer
            catch $e drop i32.const 0 end
        catch $e end)
    (func (export "_start")
        (if (i32.ne (call $catch) (i32.const 42)) (then unreachable))
        (if (i32.ne (call $rethrow) (i32.const 7)) (then unreachable))
        (if (i32.ne (call $delegate) (i32.const 5)) (then unreachable))))"#;

const STANDARD: &str = r#"(module
    (tag $e (param i32))
    (func (export "catch") (result i32)
        (block $h (result i32) (try_table (catch $e $h) (throw $e (i32.const 42))) (i32.const 0)))
    (func (export "_start")))"#;

#[test]
fn run_accepts_both() {
    let scratch = Scratch::new();
    let older = scratch.file("older.wat", OLDER);
    hostel(["run", &older]).exits(0).prints("");
    for (name, result) in [("catch", "42\n"), ("rethrow", "7\n"), ("delegate", "5\n")] {
        hostel(["run", "--invoke", name, &older]).exits(0).prints(result);
        // Code that is metered, or can be interrupted, is translated otherwise.
        hostel(["run", "--fuel", "10000", "--timeout", "1h", "--invoke", name, &older]).exits(0).prints(result);
    }
    hostel(["run", "--invoke", "catch", &scratch.file("standard.wat", STANDARD)]).exits(0).prints("42\n");
}

#[test]
fn run_says_that_an_exception_is_uncaught() {
    let scratch = Scratch::new();
    let module = r#"(module (tag $e)
        (func (export "_start") try throw $e catch_all rethrow 0 end))"#;
    scratch.run(module).exits(134).says(&["trap: uncaught exception"]);
}

#[test]
fn inspect_accepts_both() {
    let scratch = Scratch::new();
    for (name, module, feature) in [("older.wat", OLDER, "legacy-exceptions"), ("standard.wat", STANDARD, "exceptions")]
    {
        let outcome = hostel(["inspect", "--json", &scratch.file(name, module)]).exits(0);
        let value: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(value["runs"], true, "{value}");
        assert!(value["features"].as_array().unwrap().iter().any(|found| found == feature), "{value}");
    }
    // Where it is not valid, it is refused as an invalid module is.
    let wrong = scratch.file("wrong.wat", "(module (func try catch_all i32.const 1 end))");
    hostel(["inspect", &wrong]).exits(1).complains(&["wrong.wat: type mismatch"]);
}

#[test]
fn wast_accepts_both() {
    let scratch = Scratch::new();
    let script = format!(
        r#"{OLDER}
        (assert_return (invoke "catch") (i32.const 42))
        (assert_return (invoke "rethrow") (i32.const 7))
        (assert_return (invoke "delegate") (i32.const 5))
        {STANDARD}
        (assert_return (invoke "catch") (i32.const 42))"#
    );
    let file = scratch.file("both.wast", script);
    hostel(["wast", &file]).exits(0).prints(&format!("{file}: 6 of 6 directives pass\n"));
}

/// The suite says of the older words in a place of their own that they are unexpected; its scripts still pass.
#[test]
fn wast_refuses_the_older_words_where_they_do_not_belong() {
    let scratch = Scratch::new();
    let script = r#"
        (assert_malformed (module quote "(module (func (catch_all)))") "unexpected token")
        (assert_malformed (module quote "(module (tag $e) (func (catch $e)))") "unexpected token")"#;
    let file = scratch.file("words.wast", script);
    hostel(["wast", &file]).exits(0).prints(&format!("{file}: 2 of 2 directives pass\n"));
}
