//! `hostel inspect`: text and JSON.

mod kit;

use kit::{Scratch, guest, hostel};

const MODULE: &str = r#"(module $house
    (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_frobnicate" (func))
    (import "wasi_snapshot_preview1" "sched_yield" (func (param i32)))
    (import "env" "g" (global (mut i64)))
    (memory (export "memory") 2 5)
    (table 1 funcref)
    (func (export "_start"))
    (func (export "sum") (param i32 i32) (result i32) (i32.extend8_s (i32.add (local.get 0) (local.get 1)))))"#;

#[test]
fn text() {
    let scratch = Scratch::new();
    let file = scratch.file("test.wat", MODULE);
    let expected = "\
module    house, BYTES bytes, 2 functions
runs here no: of its 4 imports, 3 are not there
needs     mutable-global, sign-extension
WASI      wasi_snapshot_preview1: 3 functions, 2 not known
memories  2..=5 pages
tables    1.. funcref

imports (4)
  wasi_snapshot_preview1  fd_close       function (i32) -> (i32)
  wasi_snapshot_preview1  fd_frobnicate  function () -> ()  <- unknown
  wasi_snapshot_preview1  sched_yield    function (i32) -> ()  <- of another type here
  env                     g              global mut i64  <- not WASI

exports (3)
  memory  memory 2..=5 pages
  _start  function () -> ()
  sum     function (i32, i32) -> (i32)
";
    let outcome = hostel(["inspect", &file]).exits(0);
    let bytes = outcome.stdout.split_whitespace().nth(2).unwrap_or_default().to_owned();
    outcome.prints(&expected.replace("BYTES", &bytes));
}

#[test]
fn json() {
    let scratch = Scratch::new();
    let outcome = hostel(["inspect", "--json", &scratch.file("test.wat", MODULE)]).exits(0);
    let value: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(value["name"], "house");
    assert_eq!(value["runs"], false);
    assert_eq!(value["functions"], 2);
    assert_eq!(value["features"], serde_json::json!(["mutable-global", "sign-extension"]));
    assert_eq!(value["memories"], serde_json::json!(["2..=5 pages"]));
    let wasi: Vec<Option<&str>> =
        value["imports"].as_array().unwrap().iter().map(|import| import["wasi"].as_str()).collect();
    assert_eq!(wasi, [Some("known"), Some("unknown"), Some("other type"), None]);
    assert_eq!(value["exports"][2], serde_json::json!({ "name": "sum", "type": "function (i32, i32) -> (i32)" }));
}

#[test]
fn all_guests_run_here() {
    for name in ["cat", "clock", "env", "exit", "files", "hello", "primes", "reactor", "sleep", "trap", "walk", "wc"] {
        let outcome = hostel(["inspect", "--json", &guest(name)]).exits(0);
        let value: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(value["runs"], true, "{name}: {value}");
    }
}

#[test]
fn modules_that_do_not_run_here_can_be_looked_at() {
    let scratch = Scratch::new();
    let file =
        scratch.file("test.wat", "(module (memory (export \"m\") 1 2 shared) (func (export \"f\") (param v128)))");
    let outcome = hostel(["inspect", &file]).exits(0);
    assert!(outcome.stdout.contains("runs here no: "), "{outcome:?}");
    assert!(outcome.stdout.contains("\nneeds     simd, threads\n"), "{outcome:?}");
    assert!(outcome.stdout.contains("m  memory 1..=2 pages, shared\n"), "{outcome:?}");
    assert!(outcome.stdout.contains("f  function (v128) -> ()\n"), "{outcome:?}");
}

#[test]
fn invalid_modules_are_refused() {
    let scratch = Scratch::new();
    let file = scratch.file("test.wat", "(module (func i32.add drop))");
    hostel(["inspect", &file]).exits(1).complains(&["test.wat: type mismatch", "offset"]);
}
