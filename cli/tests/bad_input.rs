//! Whatever is wrong with what the command is given is one clear line and the right exit status, never a panic.

mod kit;

use std::fs;

use kit::{Scratch, exit_with, guest, hostel, start};

#[test]
fn no_file() {
    hostel(["run", "none.wasm"]).exits(1).complains(&["none.wasm: No such file or directory"]);
    hostel(["inspect", "none.wasm"]).exits(1).complains(&["none.wasm: No such file or directory"]);
    hostel(["wast", "none.wast"]).exits(1).complains(&["none.wast: No such file or directory"]);
}

#[test]
fn a_directory_for_a_file() {
    let scratch = Scratch::new();
    for command in ["run", "inspect", "wast"] {
        hostel([command, scratch.path().to_str().unwrap()]).exits(1).complains(&["is a directory"]);
    }
}

#[test]
fn no_module_at_all() {
    let scratch = Scratch::new();
    for command in ["run", "inspect"] {
        hostel([command, &scratch.file("a.wasm", "")]).exits(1).complains(&["a.wasm: the file is empty"]);
        hostel([command, &scratch.file("b.wasm", "Dear guest")]).exits(1).complains(&["not a WebAssembly module"]);
        hostel([command, &scratch.file("c.wasm", [1; 64])]).exits(1).complains(&["not a WebAssembly module"]);
    }
}

#[test]
fn a_component() {
    let scratch = Scratch::new();
    for command in ["run", "inspect"] {
        let binary = scratch.file("binary.wasm", b"\0asm\x0d\0\x01\0");
        hostel([command, &binary]).exits(1).complains(&["this is a WebAssembly component"]);
        let text = scratch.file("text.wat", "(component)");
        hostel([command, &text]).exits(1).complains(&["this is a WebAssembly component"]);
    }
}

#[test]
fn every_truncation_is_refused() {
    let scratch = Scratch::new();
    let whole = fs::read(guest("hello")).unwrap();
    // Custom sections at the end may be missing.
    let code = whole.windows(4).rposition(|bytes| bytes == b"name").unwrap_or(whole.len());
    for len in (0..code).step_by(3) {
        let file = scratch.file("part.wasm", &whole[..len]);
        let outcome = hostel(["run", &file]);
        assert!(outcome.status == 1 || outcome.status == 0 && len > 8, "{len} bytes: {outcome:?}");
        if outcome.status == 1 {
            outcome.complains(&["part.wasm"]);
        }
    }
    hostel(["run", &scratch.file("part.wasm", &whole[..20])]).exits(1).complains(&["unexpected end", "offset"]);
}

#[test]
fn an_invalid_module() {
    let scratch = Scratch::new();
    scratch
        .run("(module (func (export \"_start\")) (export \"f\" (func 7)))")
        .exits(1)
        .complains(&["unknown function 7"]);
    // A body is validated when it is first called: the line is the same, and says in which function.
    let body = "(module (func $wrong i32.add drop) (func (export \"_start\") (call $wrong)))";
    scratch.run(body).exits(1).complains(&["type mismatch", "offset", "in wrong"]);
}

#[test]
fn wrong_text() {
    let scratch = Scratch::new();
    scratch.run("(module\n  (func (nonsense)))").exits(1).complains(&["test.wat:2:10: unknown operator"]);
    scratch.run("(module").exits(1).complains(&["test.wat:1:"]);
    scratch.run("nothing like it").exits(1).complains(&["test.wat:1:1: expected `(`"]);
    let file = scratch.file("latin1.wat", b"(module) ;; \xe9\n");
    hostel(["run", &file]).exits(1).complains(&["not UTF-8 at byte 12"]);
}

#[test]
fn what_the_engine_does_not_run() {
    let scratch = Scratch::new();
    let module = r#"(module (memory 1 2 shared) (func (export "_start")))"#;
    scratch.run(module).exits(1).complains(&["shared memor", "offset"]);
}

#[test]
fn a_missing_import() {
    let scratch = Scratch::new();
    let one = r#"(module (import "env" "absent" (func (param i32))) (func (export "_start")))"#;
    scratch.run(one).exits(1).complains(&[
        "import \"env\" \"absent\": unknown",
        "function (i32) -> ()",
        "; with `--unknown-imports trap` it runs until it calls one",
    ]);
    let three = r#"(module (import "env" "a" (func)) (import "env" "b" (global i32)) (import "env" "c" (memory 1)))"#;
    scratch.run(three).exits(1).complains(&["import \"env\" \"a\": unknown", "and 2 more", "hostel inspect"]);
}

#[test]
fn an_import_of_the_wrong_type() {
    let scratch = Scratch::new();
    let params = r#"(module (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32))))"#;
    let parts = ["\"fd_close\": expected function (i64) -> (i32)", "function (i32) -> (i32)"];
    scratch.run(params).exits(1).complains(&parts);
    let kind = r#"(module (import "wasi_unstable" "fd_close" (memory 1)))"#;
    scratch.run(kind).exits(1).complains(&["\"fd_close\": expected memory 1.. pages"]);
}

#[test]
fn no_start() {
    let scratch = Scratch::new();
    let library = r#"(module (func (export "add")) (func (export "sub")) (func (export "_initialize")))"#;
    scratch.run(library).exits(1).complains(&["no function \"_start\"", "--invoke can call \"add\", \"sub\""]);
    scratch.run("(module)").exits(1).complains(&["no function \"_start\"", "it exports no functions"]);
    let typed = r#"(module (func (export "_start") (param i32)))"#;
    scratch.run(typed).exits(1).complains(&["\"_start\": expected function () -> ()", "(i32) -> ()"]);
    let global = r#"(module (global (export "_start") i32 (i32.const 0)))"#;
    scratch.run(global).exits(1).complains(&["\"_start\": expected a function", "global i32"]);
}

#[test]
fn no_memory() {
    let scratch = Scratch::new();
    let import = r#"(import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))"#;
    let module = format!(r#"(module {import} (memory 1) (func (export "_start")))"#);
    scratch.run(&module).exits(1).complains(&["no memory is exported as \"memory\"", "random_get"]);
    // Where there are no pointers, none is needed.
    scratch.run(&exit_with(0)).exits(0);
}

#[test]
fn a_directory_that_cannot_be_opened() {
    let scratch = Scratch::new();
    let file = scratch.file("test.wat", start(""));
    hostel(["run", "--dir", "absent", &file]).exits(1).complains(&["absent: No such file or directory"]);
    hostel(["run", "--dir", &file, &file]).exits(1).complains(&["test.wat: Not a directory"]);
}

#[test]
fn an_address_that_cannot_be_listened_on() {
    let scratch = Scratch::new();
    let file = scratch.file("test.wat", start(""));
    hostel(["run", "--tcplisten", "nonsense", &file]).exits(1).complains(&["cannot listen on nonsense"]);
}

#[test]
fn wrong_options() {
    for (args, part) in [
        (&["--no-such-option"][..], "--no-such-option"),
        (&[], "FILE"),
        (&["--fuel"], "--fuel"),
        (&["--fuel", "-1"], "-1"),
        (&["--fuel", "many"], "many"),
        (&["--timeout", "5"], "time unit needed"),
        (&["--max-memory", "1T"], "unknown unit"),
        (&["--dir", "a::b::c"], "HOST::GUEST"),
        (&["--dir", "::b"], "empty"),
        (&["--env", "=value"], "name is empty"),
        (&["--trace=files"], "files"),
        (&["--seed", "0x7"], "0x7"),
        (&["--unknown-imports", "ignore"], "ignore"),
        (&["--unknown-imports"], "--unknown-imports"),
    ] {
        let args = ["run"].iter().chain(args).copied();
        hostel(args).exits(2).complains(&[part, "hostel run --help"]);
    }
    hostel([""; 0]).exits(2).complains(&["expected a subcommand"]);
    hostel(["walk"]).exits(2).complains(&["walk"]);
    hostel(["inspect"]).exits(2).complains(&["FILE"]);
    hostel(["run", "--fuel", "1", "--fuel", "2", "a"]).exits(2).complains(&["--fuel"]);
}

#[test]
fn names_from_the_guest_do_not_steer_the_terminal() {
    let scratch = Scratch::new();
    let module = r#"(module (func $a\1b (export "\1b[2J") unreachable))"#.replace("$a\\1b", "$\"a\\1b\"");
    let file = scratch.file("test.wat", module);
    for args in [&["run", &file][..], &["inspect", &file], &["run", "--invoke", "\x1b[2J", &file]] {
        let outcome = hostel(args);
        assert!(!outcome.stdout.contains('\x1b') && !outcome.stderr.contains('\x1b'), "{outcome:?}");
    }
}
