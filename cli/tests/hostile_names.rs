//! A guest, or a script, that writes lines of ours: whatever a name contains, what the command prints of it stays on the
//! line that it was put in, and reaches the terminal without escape sequences and bidirectional overrides.

mod kit;

use std::fs;

use kit::{Outcome, Scratch, hostel};

/// A line end, an escape sequence, DEL, a C1 control, a bidirectional override, a line separator.
const NAME: &str = "x\nhostel: forged\r\u{1b}[2J\x7f\u{9b}2J\u{202e}\u{2028}";
/// As text modules write it.
const WAT: &str = r"x\nhostel: forged\r\1b[2J\7f\c2\9b2J\e2\80\ae\e2\80\a8";
/// As messages show it.
const SHOWN: &str = r"x\nhostel: forged\r\u{1b}[2J\u{7f}\u{9b}2J\u{202e}\u{2028}";

/// Asserts that nothing printed is forged or steers the terminal.
#[track_caller]
fn harmless(outcome: Outcome) -> Outcome {
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(!text.lines().any(|line| line.starts_with("hostel: forged")), "{outcome:?}");
        assert!(text.chars().all(|c| matches!(c, '\n' | ' ' | '…') || c.is_ascii_graphic()), "{outcome:?}");
    }
    outcome
}

/// A module with the name wherever `NAME` stands.
fn named(module: &str) -> String {
    module.replace("NAME", WAT)
}

#[test]
fn exports() {
    let scratch = Scratch::new();
    let library = scratch.file("library.wat", named(r#"(module (func (export "NAME")))"#));
    harmless(hostel(["run", &library])).exits(1).complains(&["--invoke can call", SHOWN]);
    harmless(hostel(["run", "--invoke", "absent", &library])).exits(1).complains(&["--invoke can call", SHOWN]);
    // The name as the command's user has it.
    harmless(hostel(["run", "--invoke", NAME, &library])).exits(0).prints("");
    harmless(hostel(["run", "--invoke", NAME, &library, "1"])).exits(2).complains(&[SHOWN, "expected 0 arguments"]);
    let memory = scratch.file("memory.wat", named(r#"(module (memory (export "NAME") 1))"#));
    harmless(hostel(["run", "--invoke", NAME, &memory])).exits(1).complains(&[SHOWN, "expected a function"]);
    let typed = scratch.file("typed.wat", named(r#"(module (func (export "NAME") (param i32)))"#));
    harmless(hostel(["run", "--invoke", NAME, &typed, NAME])).exits(2).complains(&["argument 1", SHOWN]);
    // Twice: the validator has it in its message.
    let twice = scratch.file("twice.wat", named(r#"(module (func (export "NAME")) (func (export "NAME")))"#));
    for command in ["run", "inspect"] {
        harmless(hostel([command, &twice])).exits(1).complains(&["duplicate export name", SHOWN]);
    }
}

#[test]
fn imports() {
    let scratch = Scratch::new();
    let start = r#"(func (export "_start"))"#;
    for import in [
        r#"(import "NAME" "NAME" (func))"#,
        r#"(import "NAME" "NAME" (memory 1))"#,
        r#"(import "wasi_snapshot_preview1" "NAME" (func))"#,
        r#"(import "NAME" "fd_close" (func))"#,
    ] {
        let file = scratch.file("test.wat", named(&format!("(module {import} {start})")));
        harmless(hostel(["run", &file])).exits(1).complains(&["import", SHOWN]);
        let outcome = harmless(hostel(["inspect", &file])).exits(0);
        assert!(outcome.stdout.contains(SHOWN), "{outcome:?}");
    }
}

#[test]
fn imports_that_trap() {
    let scratch = Scratch::new();
    let module = r#"(module (import "NAME" "NAME" (func $f)) (func (export "_start") (call $f)))"#;
    let file = scratch.file("test.wat", named(module));
    let outcome = harmless(hostel(["run", "--unknown-imports", "trap", &file])).exits(134).says(&["trap:", SHOWN]);
    assert_eq!(outcome.stderr.lines().count(), 2, "{outcome:?}");
}

#[test]
fn frames_of_a_backtrace() {
    let scratch = Scratch::new();
    let module = r#"(module $"NAME" (func $"NAME" unreachable) (func (export "_start") (call $"NAME")))"#;
    let frame = format!("    0: {SHOWN}!{SHOWN} @ 0x");
    let outcome = harmless(scratch.run(&named(module))).exits(134).says(&[&frame]);
    assert_eq!(outcome.stderr.lines().count(), 3, "{outcome:?}");
    // An export's name, where the name section has none.
    let outcome = harmless(hostel([
        "run",
        "--invoke",
        NAME,
        &scratch.file("export.wat", named(r#"(module (func (export "NAME") unreachable))"#)),
    ]));
    outcome.exits(134).says(&[&format!("    0: {SHOWN} @ 0x")]);
    // A body that turns out to be invalid when it is called.
    let module = r#"(module (func $"NAME" i32.add drop) (func (export "_start") (call $"NAME")))"#;
    harmless(scratch.run(&named(module))).exits(1).complains(&["type mismatch", SHOWN]);
}

#[test]
fn the_name_of_a_module() {
    let scratch = Scratch::new();
    let module = named(r#"(module $"NAME" (import "NAME" "a b" (global i32)) (func (export "NAME")))"#);
    let file = scratch.file("test.wat", module);
    let outcome = harmless(hostel(["inspect", &file])).exits(0);
    assert_eq!(outcome.stdout.matches("hostel: forged").count(), 3, "{outcome:?}");
    // Programs get it as it is.
    let outcome = harmless(hostel(["inspect", "--json", &file])).exits(0);
    let value: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&value["name"], &value["exports"][0]["name"]), (&NAME.into(), &NAME.into()));
}

/// Sections that nobody knows are passed over, also broken ones of a known name.
#[test]
fn custom_sections() {
    let scratch = Scratch::new();
    for section in [NAME, "name", "producers"] {
        let mut contents = vec![section.len() as u8];
        contents.extend(section.bytes());
        // What would be a list is a name.
        contents.extend([1, NAME.len() as u8]);
        contents.extend(NAME.bytes());
        let mut bytes = b"\0asm\x01\0\0\0\0".to_vec();
        bytes.push(contents.len() as u8);
        bytes.extend(contents);
        let file = scratch.file("test.wasm", bytes);
        harmless(hostel(["run", &file])).exits(1).complains(&["no function \"_start\""]);
        harmless(hostel(["inspect", &file])).exits(0);
    }
}

#[test]
fn identifiers_of_text() {
    let scratch = Scratch::new();
    let file = scratch.file("test.wat", named(r#"(module (func (call $"NAME")))"#));
    for command in ["run", "inspect"] {
        harmless(hostel([command, &file])).exits(1).complains(&["test.wat:1:", SHOWN]);
    }
    harmless(hostel(["wast", &file])).exits(1);
}

#[test]
fn scripts() {
    let scratch = Scratch::new();
    for (directive, parts) in [
        (r#"(invoke $"NAME" "f")"#, &["no instance $"][..]),
        (r#"(invoke "NAME")"#, &["no exported function"]),
        (r#"(assert_return (get "NAME"))"#, &["no exported global"]),
        (r#"(module (import "NAME" "NAME" (func)))"#, &["import", "unknown import"]),
        (r#"(module (func (export "NAME")) (func (export "NAME")))"#, &["duplicate export name"]),
        (r#"(module (func (call $"NAME")))"#, &["does not parse", "unknown func"]),
        (r#"(assert_invalid (module) "NAME")"#, &["expected it to be refused"]),
        (r#"(assert_trap (invoke "trap") "NAME")"#, &["found \"unreachable\""]),
        (r#"(assert_unlinkable (module) "NAME")"#, &["expected it not to link"]),
    ] {
        let script = named(&format!("(module (func (export \"trap\") unreachable))\n{directive}"));
        let file = scratch.file("test.wast", script);
        let outcome = harmless(hostel(["wast", &file])).exits(1);
        let line = outcome.stdout.lines().next().unwrap_or_default();
        let parts = parts.iter().copied().chain([SHOWN, "test.wast:2:"]);
        assert_eq!(outcome.stdout.lines().count(), 2, "{outcome:?}");
        for part in parts {
            assert!(line.contains(part), "expected {part:?}: {outcome:?}");
        }
    }
}

/// A guest that may write files chooses their names.
#[test]
#[cfg(unix)]
fn files() {
    let scratch = Scratch::new();
    let trap = scratch.file(NAME, "(module (func (export \"_start\") unreachable))");
    harmless(hostel(["run", &trap])).exits(134).says(&["hostel: ", SHOWN, "unreachable"]);
    let spin = scratch.file(NAME, "(module (func (export \"_start\") (loop (br 0))))");
    harmless(hostel(["run", "--fuel", "10", &spin])).exits(124).complains(&[SHOWN, "out of fuel"]);
    harmless(hostel(["run", "--timeout", "10ms", &spin])).exits(124).complains(&[SHOWN, "timeout"]);
    let script = scratch.file(NAME, "(module) (invoke \"f\")");
    let outcome = harmless(hostel(["wast", &script])).exits(1);
    assert_eq!(outcome.stdout.matches(SHOWN).count(), 2, "{outcome:?}");
    let wrong = scratch.file(NAME, "(wrong");
    for command in ["run", "inspect", "wast"] {
        harmless(hostel([command, &wrong])).exits(1).complains(&[SHOWN]);
    }
    fs::remove_file(&wrong).unwrap();
    for command in ["run", "inspect", "wast"] {
        harmless(hostel([command, &wrong])).exits(1).complains(&[SHOWN, "No such file"]);
    }
}

#[test]
fn options() {
    let scratch = Scratch::new();
    let file = scratch.file("test.wat", "(module (func (export \"_start\")))");
    for (option, status) in [("--dir", 1), ("--tcplisten", 1), ("--seed", 2), ("--timeout", 2), ("--trace", 0)] {
        let argument = if option == "--trace" { file.clone() } else { NAME.to_owned() };
        harmless(hostel(["run", option, &argument, &file])).exits(status);
    }
    harmless(hostel(["run", &format!("--{NAME}"), &file])).exits(2);
    harmless(hostel([NAME])).exits(2);
}

/// The trace decodes paths and buffers of the guest's.
#[test]
fn traces() {
    let scratch = Scratch::new();
    let module = named(
        r#"(module
        (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 0) "NAME")
        (func (export "_start") (drop (call $unlink (i32.const 3) (i32.const 0) (i32.const LENGTH)))))"#,
    );
    let file = scratch.file("test.wat", module.replace("LENGTH", &NAME.len().to_string()));
    let outcome = harmless(hostel(["run", "--trace", &file])).exits(0).says(&["path_unlink_file(", SHOWN]);
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
}
