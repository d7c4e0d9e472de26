//! `hostel run --invoke`: names, parameters, arguments, results.

mod kit;

use kit::{Scratch, exit_with, guest, hostel};

/// Prints the guest's arguments, each on a line, when `main` is invoked; `sum` adds its parameters to their number.
const ARGUMENTS: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "main")
        (local $i i32) (local $end i32)
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (drop (call $get (i32.const 16) (i32.const 1024)))
        (local.set $i (i32.const 1024))
        (local.set $end (i32.add (i32.const 1024) (i32.load (i32.const 4))))
        (block $done (loop $next
            (br_if $done (i32.ge_u (local.get $i) (local.get $end)))
            (if (i32.eqz (i32.load8_u (local.get $i))) (then (i32.store8 (local.get $i) (i32.const 10))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next)))
        (i32.store (i32.const 8) (i32.const 1024))
        (i32.store (i32.const 12) (i32.load (i32.const 4)))
        (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0))))
    (func (export "sum") (param i32 i32) (result i32)
        (drop (call $sizes (i32.const 0) (i32.const 4)))
        (i32.add (i32.load (i32.const 0)) (i32.add (local.get 0) (local.get 1)))))"#;

#[test]
fn arguments_reach_a_guest_whose_function_is_invoked() {
    let scratch = Scratch::new();
    let file = scratch.file("test.wat", ARGUMENTS);
    hostel(["run", "--invoke", "main", &file]).exits(0).prints("test.wat\n");
    hostel([
        "run",
        "--arg",
        "a",
        "--arg=b c",
        "--arg",
        "",
        "--arg",
        "--help",
        "--arg",
        "--",
        "--invoke",
        "main",
        &file,
    ])
    .exits(0)
    .prints("test.wat\na\nb c\n\n--help\n--\n");
    hostel(["run", "--argv0", "-me", "--arg", "a", "--invoke", "main", &file]).exits(0).prints("-me\na\n");
    // What follows the file is the function's.
    hostel(["run", "--arg", "a", "--invoke", "sum", &file, "20", "30"]).exits(0).prints("52\n");
    hostel(["run", "--arg", "20", "--invoke", "sum", &file, "30"])
        .exits(2)
        .complains(&["expected 2 arguments, found 1"]);
    // Without --invoke, what follows the file comes after them.
    let env = guest("env");
    let expected = "argv[0]=env.wasm\nargv[1]=a\nargv[2]=-b\nargv[3]=c\nargv[4]=--arg\nargv[5]=d\n";
    hostel(["run", "--arg", "a", "--arg", "-b", &env, "c", "--arg", "d"]).exits(0).prints(expected);
    let help = hostel(["run", "--help"]).exits(0).stdout;
    assert!(help.contains("--arg <ARG>"), "{help}");
}

#[test]
fn invoke_calls_by_the_functions_types() {
    let scratch = Scratch::new();
    let module = r#"(module
        (func (export "id") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
            (local.get 3) (local.get 2) (local.get 1) (local.get 0))
        (func (export "nothing"))
        (func (export "ref") (param externref) (result funcref) (ref.null func)))"#;
    let file = scratch.file("test.wat", module);
    hostel(["run", "--invoke", "id", &file, "-1", "0xff", "1.5", "-inf"]).exits(0).prints("-inf\n1.5\n255\n-1\n");
    hostel(["run", "--invoke", "nothing", &file]).exits(0).prints("");
    hostel(["run", "--invoke", "ref", &file, "null"]).exits(0).prints("null\n");
    hostel(["run", "--invoke", "id", &file, "1"]).exits(2).complains(&["expected 4 arguments, found 1"]);
    hostel(["run", "--invoke", "id", &file, "x", "0", "0", "0"])
        .exits(2)
        .complains(&["argument 1", "expected i32, found \"x\""]);
    hostel(["run", "--invoke", "none", &file])
        .exits(1)
        .complains(&["no exported function \"none\"", "\"id\", \"nothing\", \"ref\""]);
}

/// Real modules export functions under an empty name; names with commas, spaces and dashes are legal as well.
#[test]
fn invoke_takes_any_name() {
    let scratch = Scratch::new();
    let names = ["", " ", "a, b", "-", "--", "--help", "-x", "=", "a=b", "\"", "'", "é", "\n", "_start", "--invoke"];
    let mut text = String::from("(module");
    for (number, name) in names.iter().enumerate() {
        let name: String = name.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        text += &format!("(func (export \"{name}\") (result i32) (i32.const {number}))");
    }
    let file = scratch.file("test.wat", text + ")");
    for (number, name) in names.iter().enumerate() {
        let option = format!("--invoke={name}");
        hostel(["run", &option, &file]).exits(0).prints(&format!("{number}\n"));
        hostel(["run", "--invoke", name, &file]).exits(0).prints(&format!("{number}\n"));
    }
    let outcome = hostel(["run", "--invoke", "absent", &file]).exits(1);
    outcome.complains(&[r#"--invoke can call "", " ", "a, b", "-", "--", "--help", "-x", "=", and 7 more"#]);
    // A name that is not Unicode is no export's.
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"\xff");
        let args = [std::ffi::OsStr::new("run"), "--invoke".as_ref(), name, file.as_ref()];
        hostel(args).exits(2).complains(&["invalid UTF-8"]);
    }
}

#[test]
fn invoke_initializes_a_library_first() {
    let reactor = guest("reactor");
    hostel(["run", "--invoke", "add", &reactor, "2", "40"]).exits(0).prints("42\n");
    hostel(["run", "--invoke", "calls", &reactor]).exits(0);
    hostel(["run", "--invoke", "_initialize", &reactor]).exits(0).prints("");
}

#[test]
fn invoke_reports_exits_and_traps() {
    let scratch = Scratch::new();
    let module = exit_with(9).replace("_start", "leave");
    hostel(["run", "--invoke", "leave", &scratch.file("exit.wat", module)]).exits(9).prints("");
    hostel(["run", "--invoke", "divide", &guest("trap")])
        .exits(134)
        .says(&["integer divide by zero"])
        .says(&["trap_divide"]);
}
