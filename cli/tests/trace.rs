//! `--trace`: the lines on stderr.

mod kit;

use kit::{Scratch, guest, hostel, hostel_with_stdin};

/// stderr's lines, asserting that the guest fared as without a trace.
fn trace(args: &[&str], status: i32, stdout: &str) -> Vec<String> {
    let outcome = hostel(["run"].iter().chain(args)).exits(status).prints(stdout);
    outcome.stderr.lines().map(str::to_owned).collect()
}

#[test]
fn a_write() {
    let lines = trace(&["--trace", &guest("hello")], 0, "hello from hostel\n");
    assert_eq!(lines, [r#"fd_write(fd=1, iovs=["hello from hostel\n"]) -> nwritten=18"#]);
}

#[test]
fn a_read_and_the_end() {
    let outcome = hostel_with_stdin(["run", "--trace", &guest("cat")], "piped\n").exits(0).prints("piped\n");
    let outcome = outcome.says(&["fd_read(fd=0, iovs=[", "]) -> nread=6"]).says(&["fd_read(fd=0", "-> nread=0"]);
    outcome.says(&["args_sizes_get() -> argc=1, argv_buf_size=9"]).says(&["fd_prestat_get(fd=3) -> EBADF"]);
}

#[test]
fn paths_flags_and_errors() {
    let scratch = Scratch::new();
    scratch.file("a.txt", "text\n");
    let dir = format!("{}::/d", scratch.path().display());
    let args = ["run", "--trace", "--dir", &dir, &guest("cat"), "/d/a.txt", "/d/b.txt"];
    let outcome = hostel(args).exits(1).prints("text\n");
    outcome
        .says(&["fd_prestat_get(fd=3) -> {dir, name_len=2}"])
        .says(&["fd_prestat_dir_name(fd=3, ", "-> path=\"/d\""])
        .says(&["path_open(fd=3, dirflags=SYMLINK_FOLLOW, path=\"a.txt\", oflags=0, ", ") -> fd=4"])
        .says(&["path_open(fd=3, ", "path=\"b.txt\"", ") -> ENOENT"])
        .says(&["fd_close(fd=4) -> ok"])
        .says(&["proc_exit(rval=1) -> exit"]);
}

#[test]
fn files_of_all_kinds() {
    let scratch = Scratch::new();
    let dir = format!("{}::/s", scratch.path().display());
    let outcome = hostel(["run", "--trace=fs", "--dir", &dir, &guest("files"), "/s"]).exits(0);
    outcome
        .says(&["oflags=CREAT", ") -> fd="])
        .says(&["fd_seek(fd=", "whence=", ") -> newoffset="])
        .says(&["path_filestat_get(", ") -> {regular_file, size=", "nlink="])
        .says(&["fst_flags=ATIM|MTIM) -> ok"])
        .says(&["path_readlink(", "-> buf=\"a\", bufused=1"])
        .says(&["path_rename(fd=3, old_path=\"hostel-files/a\", new_fd=3, new_path="]);
}

#[test]
fn clocks_and_polls() {
    let outcome = hostel(["run", "--trace=clock,poll", &guest("sleep"), "1"]).exits(0);
    let outcome = outcome
        .says(&["clock_time_get(id=monotonic, precision=", ") -> time="])
        .says(&["poll_oneoff(in=[clock(", ", 1ms)]) -> out=[clock], nevents=1"])
        .says(&["poll_oneoff(in=[clock(", ", at "]);
    assert!(outcome.stderr.lines().all(|line| line.starts_with("clock_") || line.starts_with("poll_")), "{outcome:?}");
}

#[test]
fn scopes_leave_out_the_rest() {
    let args = trace(&["--trace=args", &guest("env")], 0, "argv[0]=env.wasm\n");
    assert!(
        !args.is_empty() && args.iter().all(|line| line.starts_with("args_") || line.starts_with("environ_")),
        "{args:?}"
    );
    assert_eq!(trace(&["--trace=random", &guest("hello")], 0, "hello from hostel\n"), [""; 0]);
    assert_eq!(trace(&["--trace=proc", &guest("exit"), "3"], 3, ""), ["proc_exit(rval=3) -> exit"]);
}

#[test]
fn pointers_that_point_nowhere_are_shown() {
    let scratch = Scratch::new();
    let module = r#"(module
        (import "wasi_snapshot_preview1" "path_unlink_file" (func $unlink (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (drop (call $unlink (i32.const 3) (i32.const -1) (i32.const -1)))
            (drop (call $write (i32.const 1) (i32.const 65532) (i32.const 1) (i32.const 0)))
            (drop (call $seek (i32.const 1) (i64.const -5) (i32.const 9) (i32.const 0)))))"#;
    let lines = trace(&["--trace", &scratch.file("test.wat", module)], 0, "");
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].starts_with("path_unlink_file(fd=3, path=0xffffffff[4294967295]?) -> E"), "{lines:?}");
    assert_eq!(lines[1], "fd_write(fd=1, iovs=[?]) -> EFAULT");
    assert_eq!(lines[2], "fd_seek(fd=1, offset=-5, whence=9?) -> EINVAL");
}

#[test]
fn preview0_has_its_own_layouts() {
    let scratch = Scratch::new();
    let module = r#"(module
        (import "wasi_unstable" "fd_filestat_get" (func $stat (param i32 i32) (result i32)))
        (import "wasi_unstable" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (drop (call $seek (i32.const 99) (i64.const 0) (i32.const 0) (i32.const 0)))
            (drop (call $stat (i32.const 3) (i32.const 0)))))"#;
    let file = scratch.file("test.wat", module);
    let dir = format!("{}::/d", scratch.path().display());
    let lines = trace(&["--trace", "--dir", &dir, &file], 0, "");
    assert_eq!(lines[0], "fd_seek(fd=99, offset=0, whence=cur) -> EBADF");
    assert!(lines[1].starts_with("fd_filestat_get(fd=3) -> {directory, size="), "{lines:?}");
    assert!(!lines[1].contains("nlink=0,"), "{lines:?}");
}
