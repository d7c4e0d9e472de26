//! Files without a disk: a file system in this process's memory, filled before the run, shared by two guests, read
//! after it, and bounded.

use std::error::Error;

use hostel_engine::{Engine, Module};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Capture, Perms, WasiCtx, run_command};

/// Copies `data/in` to a new file `data/out`: up to 100 bytes of it, and without a look at the errors.
const COPY: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    ;; an iovec { 100, length 100 }, and the names
    (data (i32.const 0) "\64\00\00\00\64\00\00\00")
    (data (i32.const 16) "data/in") (data (i32.const 24) "data/out")
    (func (export "_start")
        ;; directory 3, name at 16, to read (right 2)
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 7)
            (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)))
        (drop (call $read (i32.load (i32.const 32)) (i32.const 0) (i32.const 1) (i32.const 4)))
        ;; name at 24, created (1), to write (right 64)
        (drop (call $open (i32.const 3) (i32.const 0) (i32.const 24) (i32.const 8)
            (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 32)))
        (drop (call $write (i32.load (i32.const 32)) (i32.const 0) (i32.const 1) (i32.const 4)))))"#;

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let fs = MemoryFs::builder().max_bytes(1 << 20).build();
    fs.create_dir_all("data")?;
    fs.write_file("data/in", "one line\nand another\n")?;

    let engine = Engine::default();
    let copy = Module::new(&engine, wat::parse_str(COPY)?)?;
    run_command(&engine, &copy, WasiCtx::builder().in_memory_dir(&fs, "/m", Perms::READ_WRITE).build()?)?;
    let written = fs.read_file("data/out")?;
    println!("the first guest wrote {} bytes", written.len());
    assert_eq!(written, b"one line\nand another\n");

    let wc = Module::new(&engine, include_bytes!("../guests/wasm/wc.wasm"))?;
    let out = Capture::with_limit(1024);
    let wasi = WasiCtx::builder().args(["wc", "/m/data/out"]).stdout(out.clone());
    run_command(&engine, &wc, wasi.in_memory_dir(&fs, "/m", Perms::READ_ONLY).build()?)?;
    println!("the second counted lines, words, bytes: {}", out.contents().trim_ascii().escape_ascii());
    assert_eq!(out.contents(), b"      2       4      21 /m/data/out\n");

    println!("{} bytes in {} files and directories", fs.bytes_used(), fs.inodes_used());
    assert_eq!(fs.inodes_used(), 4);
    Ok(())
}
