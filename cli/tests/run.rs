//! `hostel run`: statuses, options, budgets.

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

/// As with a shell and with `env`.
#[test]
fn of_variables_with_one_name_the_last_one_counts() {
    let env = guest("env");
    let run = |variables: &[&str]| {
        let options = variables.iter().flat_map(|variable| ["--env", variable]);
        let args = ["run", "--argv0", ""].into_iter().chain(options).chain([&*env]);
        let output = command().args(args).env("HOST", "host").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).replacen("argv[0]=\n", "", 1)
    };
    assert_eq!(run(&["A=1", "B=2", "A=3"]), "env A=3\nenv B=2\n");
    assert_eq!(run(&["A=1", "A="]), "env A=\n");
    assert_eq!(run(&["HOST=mine", "HOST"]), "env HOST=host\n");
    assert_eq!(run(&["HOST", "HOST=mine"]), "env HOST=mine\n");
    // What is not set in the host is not passed on, and takes nothing away.
    assert_eq!(run(&["A=1", "A"]), "env A=1\n");
    // Names are compared as they are.
    assert_eq!(run(&["a=1", "A=2", "AA=3"]), "env a=1\nenv A=2\nenv AA=3\n");
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

/// The option sets the limit: it can be more than the default, too.
#[test]
fn memory_beyond_4_gib() {
    let scratch = Scratch::new();
    let text = r#"(module (memory (export "memory") i64 65537)
        (func (export "last") (result i64)
            (i64.store offset=0x100000000 (i64.const 65528) (i64.const 42))
            (i64.load (i64.sub (i64.shl (memory.size) (i64.const 16)) (i64.const 8))))
        (func (export "low") (result i64) (drop (call 0)) (i64.load (i64.const 65528)))
        (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0))))"#;
    let file = scratch.file("test.wat", text);
    for options in [&[][..], &["--max-memory", "4G"]] {
        let args = ["run"].iter().chain(options).copied().chain(["--invoke", "last", &file]);
        hostel(args).exits(1).complains(&[
            "4295032832 bytes (65537 pages)",
            "the limit is 4294967296",
            "`memory_bytes`",
        ]);
    }
    let outcome = hostel(["run", "--max-memory", "8G", "--invoke", "last", &file]);
    if outcome.stderr.contains("the system has no room") {
        return eprintln!("skipped: {outcome:?}");
    }
    outcome.exits(0).prints("42\n");
    hostel(["run", "--max-memory", "8G", "--invoke", "low", &file]).exits(0).prints("0\n");
    // Exactly as much as it asks for, and not a page more.
    hostel(["run", "--max-memory", "4295032832", "--invoke", "grow", &file, "0"]).exits(0).prints("65537\n");
    hostel(["run", "--max-memory", "4295032832", "--invoke", "grow", &file, "1"]).exits(0).prints("-1\n");
    hostel(["run", "--max-memory", "4295032831", "--invoke", "grow", &file, "0"])
        .exits(1)
        .complains(&["`memory_bytes`"]);
    // A 32-bit memory has 4 GiB at most, whatever is allowed.
    let file = scratch.file(
        "narrow.wat",
        r#"(module (memory 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))"#,
    );
    hostel(["run", "--max-memory", "8G", "--invoke", "grow", &file, "65536"]).exits(0).prints("-1\n");
}

/// All memories of a guest have no more together than one may have.
#[test]
fn several_memories_share_what_there_is() {
    let scratch = Scratch::new();
    let text = r#"(module (memory $a 1) (memory $b 1)
        (func (export "a") (param i32) (result i32) (memory.grow $a (local.get 0)))
        (func (export "both") (param i32) (result i32 i32)
            (memory.grow $a (local.get 0)) (memory.grow $b (local.get 0))))"#;
    let file = scratch.file("test.wat", text);
    hostel(["run", "--max-memory", "1M", "--invoke", "a", &file, "14"]).exits(0).prints("1\n");
    hostel(["run", "--max-memory", "1M", "--invoke", "a", &file, "15"]).exits(0).prints("-1\n");
    hostel(["run", "--max-memory", "1M", "--invoke", "both", &file, "7"]).exits(0).prints("1\n1\n");
    hostel(["run", "--max-memory", "1M", "--invoke", "both", &file, "8"]).exits(0).prints("1\n-1\n");
    hostel(["run", "--max-memory", "64K", "--invoke", "a", &file, "0"])
        .exits(1)
        .complains(&["more than is left of 65536", "`store_memory_bytes`"]);
}

#[test]
fn unknown_imports_trap_when_that_is_wanted() {
    let scratch = Scratch::new();
    let module = |imports: &str| {
        format!(
            r#"(module
            (import "env" "absent" (func $absent (param i32 f64) (result i64)))
            (import "wasi_snapshot_preview1" "fd_frobnicate" (func $frobnicate (param v128)))
            {imports}
            (memory (export "memory") 1)
            (func (export "_start"))
            (func $call (export "call") (drop (call $absent (i32.const 1) (f64.const 2))))
            (func (export "wasi") (call $frobnicate (v128.const i64x2 1 2))))"#
        )
    };
    let file = scratch.file("test.wat", module(""));
    for options in [&[][..], &["--unknown-imports", "error"], &["--unknown-imports=error"]] {
        hostel(["run"].iter().chain(options).copied().chain([&*file])).exits(1).complains(&[
            "\"absent\": unknown",
            "and 1 more",
            "; with `--unknown-imports trap` it runs until",
        ]);
    }
    hostel(["run", "--unknown-imports", "trap", &file]).exits(0).prints("");
    hostel(["run", "--unknown-imports=trap", "--invoke", "call", &file])
        .exits(134)
        .says(&["hostel: ", "test.wat: trap: unknown import \"env\" \"absent\" was called"])
        .says(&["    0: call @ 0x"]);
    hostel(["run", "--unknown-imports=trap", "--invoke", "wasi", &file])
        .exits(134)
        .says(&["trap: unknown import \"wasi_snapshot_preview1\" \"fd_frobnicate\" was called"]);
    // inspect says the same of it.
    let outcome = hostel(["inspect", &file]).exits(0);
    let runs =
        "runs here no: of its 2 imports, 2 are not there; with `--unknown-imports trap` it runs until it calls one";
    assert!(outcome.stdout.lines().any(|line| line == runs), "{outcome:?}");
    // What is no function, or of another type, is an error all the same, and there is no hint.
    for (imports, part) in [
        (r#"(import "env" "g" (global i32))"#, "\"g\": unknown, hostel has no such global i32"),
        (r#"(import "env" "m" (memory 1))"#, "\"m\": unknown, hostel has no such memory"),
        (r#"(import "wasi_snapshot_preview1" "fd_close" (func (param i64)))"#, "\"fd_close\": expected function"),
    ] {
        let file = scratch.file("test.wat", module(imports));
        hostel(["run", "--unknown-imports", "trap", &file]).exits(1).complains(&[part]);
        for args in [&["run", &file][..], &["inspect", &file]] {
            let outcome = hostel(args);
            let shown = outcome.stdout.clone() + &outcome.stderr;
            assert!(!shown.contains("--unknown-imports"), "{outcome:?}");
        }
    }
    // And a memory is needed as before.
    let module = r#"(module (import "env" "f" (func))
        (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
        (func (export "_start")))"#;
    let file = scratch.file("test.wat", module);
    hostel(["run", "--unknown-imports", "trap", &file]).exits(1).complains(&["no memory is exported"]);
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
