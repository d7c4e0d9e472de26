//! How hostel's time grows with what is asked for: each operation at three sizes, ten times larger each.
//!
//! ```console
//! $ cargo run --release -p hostel-benches --bin growth
//! ```
//!
//! Linear growth shows as the same time for each element. The time is processor time of the thread, the least of several
//! runs.

use std::error::Error;
use std::fs;

use hostel_benches::kernels::cpu_time;
use hostel_benches::start::generate;
use hostel_engine::{CompilationMode, Config, Engine, Linker, Module, Store};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, Stdio, WasiCtx, WasiLimits, add_to_linker};
use tempfile::TempDir;

fn main() -> Result<(), Box<dyn Error>> {
    println!("| operation | elements | µs | ns per element | ÷ the smallest's |");
    println!("|---|---:|---:|---:|---:|");
    row("fd_readdir, entries", [100, 1000, 10_000], readdir)?;
    row("path_open, descriptors open at once", [100, 1000, 10_000], |count| open(count, false))?;
    row("path_open, the same beside an inner mount", [100, 1000, 10_000], |count| open(count, true))?;
    row("environ_get, variables", [10, 100, 1000], environment)?;
    row("fd_write to a sink, iovecs", [10, 100, 1000], iovecs)?;
    row("loading lazily, bytes of module", [50_000, 500_000, 5_000_000], |bytes| load(bytes, CompilationMode::Lazy))?;
    row("loading eagerly, bytes of module", [50_000, 500_000, 5_000_000], |bytes| load(bytes, CompilationMode::Eager))
}

type Operation = Box<dyn FnMut() -> Result<(), Box<dyn Error>>>;

fn row<const N: usize>(
    name: &str,
    sizes: [usize; N],
    make: impl Fn(usize) -> Result<Operation, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut smallest = None;
    for size in sizes {
        let mut operation = make(size)?;
        let mut least = f64::INFINITY;
        for _ in 0..9 {
            let start = cpu_time();
            operation()?;
            least = least.min((cpu_time() - start).as_secs_f64());
        }
        let each = least * 1e9 / size as f64;
        let ratio = each / *smallest.get_or_insert(each);
        println!("| {name} | {size} | {:.1} | {each:.2} | {ratio:.2} |", least * 1e6);
    }
    Ok(())
}

/// A guest with `run: () -> i32`, the errno, given a context.
fn guest(imports: &str, body: &str, ctx: WasiCtx) -> Result<Operation, Box<dyn Error>> {
    let text = format!(
        r#"(module {imports} (memory (export "memory") 64) (data (i32.const 0) "file")
            (func (export "run") (result i32) (local $i i32) (local $errno i32) {body}))"#
    );
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(&text)?)?;
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    let mut store = Store::new(&engine, ctx);
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<(), u32>(&store, "run")?;
    Ok(Box::new(move || match run.call(&mut store, ())? {
        0 => Ok(()),
        errno => Err(format!("errno {errno}").into()),
    }))
}

/// An operation that its directory lives as long as.
fn keeping(dir: TempDir, mut operation: Operation) -> Operation {
    Box::new(move || {
        let _lives = &dir;
        operation()
    })
}

const WASI: &str = r#"import "wasi_snapshot_preview1""#;

fn readdir(entries: usize) -> Result<Operation, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    for number in 0..entries {
        fs::write(dir.path().join(format!("{number:08}")), "")?;
    }
    let imports = format!(r#"({WASI} "fd_readdir" (func $f (param i32 i32 i32 i64 i32) (result i32)))"#);
    let body = "(call $f (i32.const 3) (i32.const 1024) (i32.const 4000000) (i64.const 0) (i32.const 16))";
    let ctx = WasiCtx::builder().preopened_dir(dir.path(), "/", Perms::READ_ONLY).build()?;
    Ok(keeping(dir, guest(&imports, body, ctx)?))
}

/// With an inner mount in the directory, paths are resolved component by component.
fn open(descriptors: usize, inner_mount: bool) -> Result<Operation, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("file"), "")?;
    let imports = format!(
        r#"({WASI} "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        ({WASI} "fd_close" (func $close (param i32) (result i32)))"#
    );
    // All are opened, then all are closed, the last one first.
    let before = if inner_mount { 4 } else { 3 };
    let body = format!(
        "(loop $open
            (local.set $errno (i32.or (local.get $errno) (call $open (i32.const 3) (i32.const 1) (i32.const 0) (i32.const 4)
                (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16))))
            (br_if $open (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {descriptors}))))
        (loop $close
            (local.set $errno (i32.or (local.get $errno) (call $close (i32.add (local.get $i) (i32.const {before})))))
            (br_if $close (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (local.get $errno)"
    );
    let limits = WasiLimits { open_fds: 20_000, ..WasiLimits::default() };
    let mut builder = WasiCtx::builder().preopened_dir(dir.path(), "/", Perms::READ_ONLY).limits(limits);
    if inner_mount {
        builder = builder.in_memory_dir(&MemoryFs::new(), "/inner", Perms::READ_WRITE);
    }
    let ctx = builder.build()?;
    Ok(keeping(dir, guest(&imports, &body, ctx)?))
}

fn environment(variables: usize) -> Result<Operation, Box<dyn Error>> {
    let imports = format!(r#"({WASI} "environ_get" (func $f (param i32 i32) (result i32)))"#);
    let variables = (0..variables).map(|number| (format!("NAME_{number:04}"), "value"));
    let ctx = WasiCtx::builder().envs(variables).build()?;
    guest(&imports, "(call $f (i32.const 1024) (i32.const 65536))", ctx)
}

fn iovecs(count: usize) -> Result<Operation, Box<dyn Error>> {
    let imports = format!(r#"({WASI} "fd_write" (func $f (param i32 i32 i32 i32) (result i32)))"#);
    // Buffers of 8 bytes, set up by the guest; ten calls.
    let body = format!(
        "(loop $fill
            (i32.store (i32.add (i32.const 1024) (i32.shl (local.get $i) (i32.const 3))) (i32.const 65536))
            (i32.store offset=4 (i32.add (i32.const 1024) (i32.shl (local.get $i) (i32.const 3))) (i32.const 8))
            (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {count}))))
        (local.set $i (i32.const 10))
        (loop $write
            (local.set $errno (i32.or (local.get $errno)
                (call $f (i32.const 1) (i32.const 1024) (i32.const {count}) (i32.const 16))))
            (br_if $write (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (local.get $errno)"
    );
    guest(&imports, &body, WasiCtx::builder().stdout(Stdio::null()).build()?)
}

fn load(bytes: usize, mode: CompilationMode) -> Result<Operation, Box<dyn Error>> {
    let wasm = generate(bytes);
    let mut config = Config::new();
    config.compilation_mode(mode);
    let engine = Engine::new(&config)?;
    Ok(Box::new(move || {
        Module::new(&engine, wasm.clone())?;
        Ok(())
    }))
}
