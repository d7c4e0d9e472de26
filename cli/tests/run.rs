//! `hostel run`: statuses, options, budgets, `--invoke`.

mod kit;

use std::io::Read;
use std::process::Stdio;

use kit::{Scratch, command, exit_with, guest, hostel, start};

#[test]
fn the_guests_status_is_the_commands() {
    let scratch = Scratch::new();
    scratch.run(&start("")).exits(0).prints("");
    for status in [0, 1, 2, 42, 126, 134, 255] {
        scratch.run(&exit_with(status)).exits(status as i32);
    }
    // Only eight bits arrive, but a failure stays one.
    scratch.run(&exit_with(256)).exits(1);
    scratch.run(&exit_with(0x0102)).exits(2);
    scratch.run(&exit_with(u32::MAX)).exits(255);
}

#[test]
fn an_exit_while_instantiating_is_one() {
    let scratch = Scratch::new();
    let module = exit_with(7).replace("(func (export \"_start\")", "(func (export \"_start\")) (start $s) (func $s");
    scratch.run(&module).exits(7);
}

#[test]
fn a_trap_has_a_backtrace() {
    let scratch = Scratch::new();
    let module = r#"(module $prog (func $inner unreachable) (func $outer (call $inner)) (func (export "_start") (call $outer)))"#;
    let outcome = scratch.run(module).exits(134).says(&["hostel: ", "test.wat: trap: unreachable"]);
    let frames: Vec<&str> = outcome.stderr.lines().skip(1).collect();
    assert_eq!(frames.len(), 3, "{outcome:?}");
    for (frame, name) in frames.iter().zip(["0: prog!inner @ 0x", "1: prog!outer @ 0x", "2: prog!_start @ 0x"]) {
        assert!(frame.contains(name), "{outcome:?}");
    }
}

#[test]
fn a_trap_while_instantiating_is_a_trap() {
    let scratch = Scratch::new();
    let module = r#"(module (func $s unreachable) (start $s) (func (export "_start")))"#;
    scratch.run(module).exits(134).says(&["trap while instantiating: unreachable"]);
    let module = r#"(module (memory 1) (data (i32.const 65536) "x") (func (export "_start")))"#;
    scratch.run(module).exits(134).complains(&["while instantiating: out of bounds memory access"]);
}

#[test]
fn a_long_backtrace_is_cut() {
    let scratch = Scratch::new();
    let module = r#"(module (func $f (export "_start") (call $f)))"#;
    let outcome = scratch.run(module).exits(134).says(&["call stack exhausted"]).says(&["and ", " more"]);
    assert!(outcome.stderr.lines().count() < 100, "{outcome:?}");
}

#[test]
fn text_is_known_by_its_content() {
    let scratch = Scratch::new();
    for text in ["(module", "  \n;; a comment\n(module", "(; a comment ;)(module"] {
        let file = scratch.file("noextension", format!("{text} (func (export \"_start\")))"));
        hostel(["run", &file]).exits(0);
    }
    // And a binary by its own.
    let file = scratch.file("binary.wat", std::fs::read(guest("hello")).unwrap());
    hostel(["run", &file]).exits(0).prints("hello from hostel\n");
}

#[test]
fn what_follows_the_file_is_the_guests() {
    let env = guest("env");
    let args = ["run", "--argv0", "me", &env, "--env", "A=1", "--", "-h", "--help", "", "b c"];
    let expected =
        "argv[0]=me\nargv[1]=--env\nargv[2]=A=1\nargv[3]=--\nargv[4]=-h\nargv[5]=--help\nargv[6]=\nargv[7]=b c\n";
    hostel(args).exits(0).prints(expected);
    hostel(["run", "--argv0", "me", "--", &env, "--argv0"]).exits(0).prints("argv[0]=me\nargv[1]=--argv0\n");
    hostel(["run", &env]).exits(0).prints("argv[0]=env.wasm\n");
}

#[test]
fn the_environment_is_empty_but_for_what_is_given() {
    let env = guest("env");
    let output = command()
        .args(["run", "--argv0", "", "--env", "A=b=c", "--env", "PASSED", "--env", "UNSET", "--env", "E=", &env])
        .envs([("PASSED", "through"), ("SECRET", "kept")])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "argv[0]=\nenv A=b=c\nenv PASSED=through\nenv E=\n");
}

#[test]
fn directories_have_the_names_they_are_given() {
    let scratch = Scratch::new();
    scratch.file("a.txt", "text\n");
    let dir = scratch.path().to_str().unwrap();
    let cat = guest("cat");
    hostel(["run", "--dir", dir, &cat, &format!("{dir}/a.txt")]).exits(0).prints("text\n");
    hostel(["run", "--dir", &format!("{dir}::/data"), &cat, "/data/a.txt"]).exits(0).prints("text\n");
    hostel(["run", "--dir", &format!("{dir}::."), &cat, "a.txt"]).exits(0).prints("text\n");
    hostel(["run", &cat, "a.txt"]).exits(1).prints("");
}

#[test]
fn a_read_only_directory_stays_as_it_is() {
    let scratch = Scratch::new();
    let dir = scratch.path().to_str().unwrap();
    let outcome = hostel(["run", "--dir", &format!("{dir}::/s::ro"), &guest("files"), "/s"]).exits(1);
    assert!(outcome.stdout.starts_with("FAILED: mkdir hostel-files: "), "{outcome:?}");
    assert_eq!(scratch.path().read_dir().unwrap().count(), 0);
}

#[test]
fn seeded_randomness_repeats() {
    let draw = |seed: &str| hostel(["run", "--seed", seed, &guest("clock"), "random"]).exits(0).stdout;
    assert_eq!(draw("7"), draw("7"));
    assert_ne!(draw("7"), draw("8"));
}

#[test]
fn a_socket_is_preopened() {
    let scratch = Scratch::new();
    // Exits with the file type of descriptor 3: 6 is a stream socket.
    let module = r#"(module
        (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fdstat (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (drop (call $fdstat (i32.const 3) (i32.const 0)))
            (call $exit (i32.load8_u (i32.const 0)))))"#;
    let file = scratch.file("test.wat", module);
    hostel(["run", "--tcplisten", "127.0.0.1:0", &file]).exits(6);
}

#[test]
fn time_is_bounded() {
    let scratch = Scratch::new();
    let spin = scratch.file("spin.wat", start("(loop (br 0))"));
    hostel(["run", "--timeout", "50ms", &spin]).exits(124).complains(&["spin.wat: timeout", "50ms"]);
    let spin = scratch.file("start.wat", r#"(module (func $s (loop (br 0))) (start $s) (func (export "_start")))"#);
    hostel(["run", "--timeout", "50ms", &spin]).exits(124).complains(&["timeout"]);
    // Waiting is ended as computing is: a sleep, and a read of what nobody writes.
    hostel(["run", "--timeout", "50ms", &guest("sleep"), "60000"])
        .exits(124)
        .complains(&["sleep.wasm: timeout", "50ms"]);
    let read = scratch.file(
        "read.wat",
        r#"(module
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1) (data (i32.const 0) "\10\00\00\00\01\00\00\00")
            (func (export "_start") (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
    );
    let mut child = command()
        .args(["run", "--timeout", "50ms", &read])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let stdin = child.stdin.take();
    let output = child.wait_with_output().expect("the command ends");
    drop(stdin);
    assert_eq!(output.status.code(), Some(124));
    assert!(String::from_utf8_lossy(&output.stderr).contains("read.wat: timeout"), "{output:?}");
    // A guest that is done in time is not disturbed, and not waited for.
    hostel(["run", "--timeout", "1h", &guest("hello")]).exits(0).prints("hello from hostel\n");
}

/// The time begins before the module is loaded, and ends that too.
#[test]
fn time_is_bounded_while_a_module_is_loaded() {
    fn section(id: u8, contents: &[u8]) -> Vec<u8> {
        let length = contents.len() as u32;
        let leb: Vec<u8> = (0..5).map(|at| (length >> (7 * at)) as u8 & 0x7f | if at < 4 { 0x80 } else { 0 }).collect();
        [&[id][..], &leb, contents].concat()
    }
    let scratch = Scratch::new();
    // 900 000 functions take far longer than a millisecond; what follows them would be another error.
    let count = [0xa0, 0xf7, 0x36];
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[&count[..], &vec![0; 900_000]].concat()),
        section(10, &[&count[..], &[2, 0, 0x0b].repeat(900_000)].concat()),
        vec![77],
    ];
    let slow = scratch.file("slow.wasm", module.concat());
    hostel(["run", &slow]).exits(1).complains(&["slow.wasm: ", "offset"]);
    hostel(["run", "--timeout", "1ms", &slow]).exits(124).complains(&["slow.wasm: timeout", "1ms"]);
    // A file that never comes.
    #[cfg(unix)]
    {
        let pipe = scratch.path().join("pipe.wasm");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        let pipe = pipe.to_str().expect("a path in UTF-8");
        hostel(["run", "--timeout", "50ms", pipe]).exits(124).complains(&["pipe.wasm: timeout", "50ms"]);
    }
}

#[test]
fn fuel_is_bounded() {
    let scratch = Scratch::new();
    let spin = scratch.file("spin.wat", start("(loop (br 0))"));
    hostel(["run", "--fuel", "1000", &spin]).exits(124).complains(&["spin.wat: out of fuel", "1000"]);
    hostel(["run", "--fuel", "0", &guest("hello")]).exits(124).complains(&["out of fuel"]);
    hostel(["run", "--fuel", "100000", &guest("hello")]).exits(0).prints("hello from hostel\n");
}

#[test]
fn a_report_says_what_was_used() {
    let scratch = Scratch::new();
    hostel(["run", "--report", "--fuel", "100000", &guest("hello")])
        .exits(0)
        .prints("hello from hostel\n")
        .says(&["used: fuel ", " of 100000"])
        .says(&["used: bytes written 18"])
        .says(&["used: random bytes 0"]);
    // Without a budget fuel is counted all the same.
    let nothing = scratch.file("nothing.wat", start("(nop)"));
    hostel(["run", "--report", &nothing]).exits(0).says(&["used: fuel 3"]).says(&["used: bytes read 0"]);
    // Also of a guest that did not come to its end.
    let spin = scratch.file("spin.wat", start("(loop (br 0))"));
    hostel(["run", "--report", "--fuel", "1000", &spin])
        .exits(124)
        .says(&["out of fuel"])
        .says(&["used: fuel 1000 of 1000"]);
}

#[test]
fn memory_is_bounded() {
    let scratch = Scratch::new();
    let large = scratch.file("large.wat", r#"(module (memory 17) (func (export "_start")))"#);
    hostel(["run", "--max-memory", "1M", &large]).exits(1).complains(&["large.wat", "1048576 bytes"]);
    hostel(["run", "--max-memory", "2M", &large]).exits(0);
    // A guest that grows is told -1.
    let grow = scratch
        .file("grow.wat", r#"(module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 16))))"#);
    hostel(["run", "--max-memory", "1MiB", "--invoke", "grow", &grow]).exits(0).prints("-1\n");
    hostel(["run", "--max-memory", "17M", "--invoke", "grow", &grow]).exits(0).prints("1\n");
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
        .complains(&["no exported function \"none\"", "id, nothing, ref"]);
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

#[test]
fn a_closed_stdout_is_no_panic() {
    let mut children = Vec::new();
    for args in [&["inspect", &guest("wc")][..], &["run", "--help"], &["run", "--invoke", "calls", &guest("reactor")]] {
        let mut child = command().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Closes the reading end before, or while, the command writes.
        drop(child.stdout.take());
        children.push(child);
    }
    for mut child in children {
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), &*stderr), (Some(0), ""));
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    for args in [&["--help"][..], &["run", "--help"], &["inspect", "-h"], &["wast", "-h"], &["--version"]] {
        let outcome = hostel(args).exits(0);
        assert!(outcome.stdout.contains("hostel") && outcome.stderr.is_empty(), "{outcome:?}");
    }
    let help = hostel(["run", "--help"]).stdout;
    assert!(help.contains("hostel run [OPTIONS] <FILE> [ARGS]...") && help.contains("Examples:"), "{help}");
}

/// Like other tools behind `| head`: no panic, no message of ours, whatever the guest makes of EPIPE.
#[test]
#[cfg(unix)]
fn a_reader_that_has_gone_away_is_no_panic() {
    let guests = ["hello", "primes", "env"];
    let inspected = ["inspect".to_owned(), guest("hello")];
    let run = guests.map(|name| vec!["run".to_owned(), guest(name)]);
    for args in run.into_iter().chain([inspected.to_vec(), vec!["--help".to_owned()]]) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command().args(&args).stdin(Stdio::null()).stdout(writer).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        // A guest's status is its own, and 101 is a panic's.
        let status = output.status.code().expect("it exits and is not killed");
        assert!(status != 101 && !stderr.contains("cli/src"), "{args:?}: {status} {stderr}");
    }
}
