//! How long a guest goes on after it was asked to stop, in loops, in large instructions and in large host calls.
//!
//! ```console
//! $ cargo run --release -p hostel-benches --bin interruptions
//! $ cargo run --release -p hostel-benches --bin interruptions -- allocate      # rows whose names say so
//! ```
//!
//! What can be stopped half way is made again and again, until another thread asks, at another moment in each round: the time
//! is from there to the return of the guest's call. What cannot, as it is done at once or is a system call, is made once, and
//! the time is its own: nobody waits longer. Milliseconds of wall time; a busy machine adds to them.
//!
//! On `host` the files are in `/dev/shm` where there is one, as pages of memory are what a system call takes longest over.

use std::error::Error;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use hostel_engine::{Config, Engine, Instance, Linker, Module, Store};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, StopHandle, WasiCtx, add_to_linker};
use tempfile::TempDir;

/// Chosen: all rows together take two minutes.
const ROUNDS: u32 = 10;

/// Where the guest's files are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fs {
    None,
    Memory,
    Host,
    /// The host's, seen deterministically.
    Sorted,
}

struct Row {
    name: &'static str,
    fs: Fs,
    /// What comes first.
    prepare: &'static str,
    body: &'static str,
    /// Whether `body` is made again and again until the guest is asked to stop, or once.
    stopped: bool,
}

const fn stopped(name: &'static str, fs: Fs, prepare: &'static str, body: &'static str) -> Row {
    Row { name, fs, prepare, body, stopped: true }
}

const fn once(name: &'static str, fs: Fs, prepare: &'static str, body: &'static str) -> Row {
    Row { name, fs, prepare, body, stopped: false }
}

/// The functions besides, and a memory with 700 MiB from 65536 on. `$write` and `$read` move these.
const MODULE: &str = r#"
    (memory (export "memory") 11201)
    (data (i32.const 0) "file") (data (i32.const 8) "d") (data (i32.const 16) "d/../") (data (i32.const 64) "\00\00\01\00\00\00\c0\2b")
    (table $t 5000000 funcref) (tag $e)
    (global $n (mut i32) (i32.const 0))
    (func $must (param i32) (if (local.get 0) (then unreachable)))
    (func $open (param $oflags i32) (result i32)
        (call $must (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (local.get $oflags)
            (i64.const 0x1fffffff) (i64.const 0x1fffffff) (i32.const 0) (i32.const 32)))
        (i32.load (i32.const 32)))
    (func $write (drop (call $fd_pwrite (global.get $n) (i32.const 64) (i32.const 1) (i64.const 0) (i32.const 32))))
    (func $read (drop (call $fd_pread (global.get $n) (i32.const 64) (i32.const 1) (i64.const 0) (i32.const 32))))
    (func $fill (global.set $n (call $open (i32.const 9))) (call $write))
    (func $recurse (param $n i32)
        (if (local.get $n) (then
            (call $recurse (i32.sub (local.get $n) (i32.const 1)))
            (call $recurse (i32.sub (local.get $n) (i32.const 1))))))
    ;; Down to where the value stack has little room left, and waits there.
    (func $descend (param $n i32)
        (if (local.get $n) (then (call $descend (i32.sub (local.get $n) (i32.const 1)))) (else (loop $ever (br $ever)))))
    (func $dive (param $n i32)
        (if (local.get $n) (then (call $dive (i32.sub (local.get $n) (i32.const 1)))) (else (throw $e))))
    (func $raise (throw $e))
    ;; A thousand files, and many more: names of six digits.
    (func $populate (local $i i32)
        (local.set $i (i32.const 100000))
        (loop $more
            (i32.store8 (i32.const 0) (i32.add (i32.const 48) (i32.div_u (local.get $i) (i32.const 100000))))
            (i32.store8 (i32.const 1) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $i) (i32.const 10000)) (i32.const 10))))
            (i32.store8 (i32.const 2) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $i) (i32.const 1000)) (i32.const 10))))
            (i32.store8 (i32.const 3) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $i) (i32.const 100)) (i32.const 10))))
            (i32.store8 (i32.const 4) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $i) (i32.const 10)) (i32.const 10))))
            (i32.store8 (i32.const 5) (i32.add (i32.const 48) (i32.rem_u (local.get $i) (i32.const 10))))
            (call $must (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 9) (i64.const 64)
                (i64.const 0) (i32.const 0) (i32.const 32)))
            (call $must (call $fd_close (i32.load (i32.const 32))))
            (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
    (func $list (param $cookie i64)
        (drop (call $fd_readdir (i32.const 3) (i32.const 65536) (i32.const 100000000) (local.get $cookie) (i32.const 32))))
    ;; Forty links in a row, `0` the first, each by 1600 names to the next.
    (func $chain (local $i i32)
        (call $must (call $path_create_directory (i32.const 3) (i32.const 8) (i32.const 1)))
        (loop $more
            (memory.copy (i32.add (i32.const 65536) (i32.mul (local.get $i) (i32.const 5))) (i32.const 16) (i32.const 5))
            (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 800))))
        (local.set $i (i32.const 48))
        (loop $more
            (i32.store8 (i32.const 0) (local.get $i))
            (i32.store8 (i32.const 69536) (i32.add (local.get $i) (i32.const 1)))
            (call $must (call $path_symlink (i32.const 65536) (i32.const 4001) (i32.const 3) (i32.const 0) (i32.const 1)))
            (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 88))))
        (i32.store8 (i32.const 0) (i32.const 48)))
    ;; Directories in directories, 200 000 of them; the last one is open.
    (func $deep (local $fd i32) (local $last i32)
        (global.set $n (i32.const 200000)) (local.set $fd (i32.const 3))
        (loop $more
            (call $must (call $path_create_directory (local.get $fd) (i32.const 8) (i32.const 1)))
            (call $must (call $path_open (local.get $fd) (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 2)
                (i64.const 0x32200) (i64.const 0x1fffffff) (i32.const 0) (i32.const 32)))
            (local.set $last (local.get $fd)) (local.set $fd (i32.load (i32.const 32)))
            (if (i32.ne (local.get $last) (i32.const 3)) (then (call $must (call $fd_close (local.get $last)))))
            (global.set $n (i32.sub (global.get $n) (i32.const 1)))
            (br_if $more (global.get $n)))
        (global.set $n (local.get $fd)))
"#;

const FUNCTIONS: [(&str, &str); 15] = [
    ("path_symlink", "i32 i32 i32 i32 i32"),
    ("path_filestat_get", "i32 i32 i32 i32 i32"),
    ("path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32"),
    ("path_create_directory", "i32 i32 i32"),
    ("path_unlink_file", "i32 i32 i32"),
    ("path_rename", "i32 i32 i32 i32 i32 i32"),
    ("fd_close", "i32"),
    ("fd_pwrite", "i32 i32 i32 i64 i32"),
    ("fd_pread", "i32 i32 i32 i64 i32"),
    ("fd_allocate", "i32 i64 i64"),
    ("fd_filestat_set_size", "i32 i64"),
    ("fd_readdir", "i32 i32 i32 i64 i32"),
    ("random_get", "i32 i32"),
    ("poll_oneoff", "i32 i32 i32 i32"),
    ("fd_read", "i32 i32 i32 i32"),
];

const ALLOCATE: &str = "(drop (call $fd_allocate (global.get $n) (i64.const 0) (i64.const 900000000)))
    (drop (call $fd_filestat_set_size (global.get $n) (i64.const 0)))";
const CUT: &str = "(call $must (call $fd_filestat_set_size (global.get $n) (i64.const 0)))";
const UNLINK: &str = "(call $must (call $path_unlink_file (i32.const 3) (i32.const 0) (i32.const 4)))";
const CLOSE: &str = "(call $must (call $fd_close (global.get $n)))";
const REMOVE_OPEN: &str =
    "(call $fill) (call $must (call $path_unlink_file (i32.const 3) (i32.const 0) (i32.const 4)))";
const REMOVE_CLOSED: &str = "(call $fill) (call $must (call $fd_close (global.get $n)))";
const OPEN: &str = "(global.set $n (call $open (i32.const 9)))";
const FOLLOW: &str =
    "(if (i32.ne (call $path_filestat_get (i32.const 3) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 128))
    (i32.const 44)) (then unreachable))";
const TRUNCATE: &str = "(drop (call $open (i32.const 8)))";
const LIST: &str = "(call $list (i64.const 0))";
const FAR: &str = "(call $list (i64.const 0)) (call $list (i64.const 0x7fffffff))";

const ROWS: &[Row] = &[
    stopped("an empty loop", Fs::None, "", "nop"),
    stopped("recursion", Fs::None, "", "(call $recurse (i32.const 60))"),
    stopped("a loop below 250 000 frames", Fs::None, "", "(call $descend (i32.const 250000))"),
    stopped(
        "throwing through 250 000 frames",
        Fs::None,
        "",
        "(block $b (try_table (catch $e $b) (call $dive (i32.const 250000))))",
    ),
    stopped(
        "memory.fill, 700 MiB",
        Fs::None,
        "",
        "(memory.fill (i32.const 65536) (i32.const 1) (i32.const 734003200))",
    ),
    stopped(
        "memory.copy, 350 MiB",
        Fs::None,
        "",
        "(memory.copy (i32.const 65536) (i32.const 367001600) (i32.const 360000000))",
    ),
    stopped("table.fill, 5 × 10⁶", Fs::None, "", "(table.fill $t (i32.const 0) (ref.null func) (i32.const 5000000))"),
    stopped(
        "table.copy, 2.5 × 10⁶",
        Fs::None,
        "",
        "(table.copy $t $t (i32.const 0) (i32.const 2500000) (i32.const 2500000))",
    ),
    stopped("throwing", Fs::None, "", "(block $b (try_table (catch $e $b) (call $raise)))"),
    stopped("random_get, 700 MiB", Fs::None, "", "(drop (call $random_get (i32.const 65536) (i32.const 734003200)))"),
    stopped("fd_pwrite, 700 MiB", Fs::Memory, OPEN, "(call $write)"),
    stopped("fd_pwrite, 700 MiB", Fs::Host, OPEN, "(call $write)"),
    stopped("fd_pread, 700 MiB", Fs::Memory, "(call $fill)", "(call $read)"),
    stopped("fd_pread, 700 MiB", Fs::Host, "(call $fill)", "(call $read)"),
    stopped("fd_allocate, 858 MiB, and cut to 0", Fs::Memory, OPEN, ALLOCATE),
    stopped("fd_allocate, 858 MiB, and cut to 0", Fs::Host, OPEN, ALLOCATE),
    stopped("fd_readdir, 10⁵ entries", Fs::Memory, "(call $populate)", LIST),
    stopped("fd_readdir, 10⁵ entries", Fs::Host, "(call $populate)", LIST),
    stopped("fd_readdir, 10⁵ entries", Fs::Sorted, "(call $populate)", LIST),
    stopped("fd_readdir, a cookie beyond 10⁵", Fs::Host, "(call $populate)", FAR),
    once("fd_filestat_set_size, 700 MiB to 0", Fs::Memory, "(call $fill)", CUT),
    once("path_unlink_file, 700 MiB", Fs::Memory, REMOVE_CLOSED, UNLINK),
    once("path_unlink_file, 700 MiB", Fs::Host, REMOVE_CLOSED, UNLINK),
    once("fd_close, 700 MiB without a name", Fs::Memory, REMOVE_OPEN, CLOSE),
    once("fd_close, 700 MiB without a name", Fs::Host, REMOVE_OPEN, CLOSE),
    once("path_open, truncating 700 MiB", Fs::Memory, "(call $fill)", TRUNCATE),
    once("path_open, truncating 700 MiB", Fs::Host, "(call $fill)", TRUNCATE),
    once("path_filestat_get by 40 links of 4000 bytes", Fs::Memory, "(call $chain)", FOLLOW),
    once("path_filestat_get by 40 links of 4000 bytes", Fs::Host, "(call $chain)", FOLLOW),
    once(
        "path_rename, 200 000 levels deep",
        Fs::Memory,
        "(call $deep)",
        "(drop (call $path_rename (i32.const 3) (i32.const 8) (i32.const 1) (global.get $n) (i32.const 8) (i32.const 1)))",
    ),
    once("memory.grow, 3 GiB", Fs::None, "", "(drop (memory.grow (i32.const 49152)))"),
];

struct Guest {
    store: Store<WasiCtx>,
    instance: Instance,
    /// Where its files are on the host.
    _host: TempDir,
}

impl Guest {
    fn new(engine: &Engine, row: &Row) -> Result<Guest, Box<dyn Error>> {
        let shared = Path::new("/dev/shm");
        let host = if shared.is_dir() { tempfile::tempdir_in(shared) } else { tempfile::tempdir() }?;
        let imports = FUNCTIONS.map(|(name, params)| {
            format!(r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param {params}) (result i32)))"#)
        });
        let body = if row.stopped { format!("(loop $again {} (br $again))", row.body) } else { row.body.into() };
        let text = format!(
            r#"(module {} {MODULE} (func (export "prepare") {}) (func (export "go") {body}))"#,
            imports.concat(),
            row.prepare
        );
        let builder = match row.fs {
            Fs::None => WasiCtx::builder(),
            Fs::Memory => WasiCtx::builder().in_memory_dir(&MemoryFs::new(), "/", Perms::READ_WRITE),
            Fs::Host => WasiCtx::builder().preopened_dir(host.path(), "/", Perms::READ_WRITE),
            Fs::Sorted => WasiCtx::builder().preopened_dir(host.path(), "/", Perms::READ_WRITE).deterministic(1),
        };
        let module = Module::new(engine, wat::parse_str(&text)?)?;
        let mut linker = Linker::new(engine);
        add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
        let mut store = Store::new(engine, builder.build()?);
        let instance = linker.instantiate(&mut store, &module)?;
        let mut guest = Guest { store, instance, _host: host };
        guest.call("prepare")?;
        Ok(guest)
    }

    fn call(&mut self, name: &str) -> Result<(), Box<dyn Error>> {
        let function = self.instance.get_typed_func::<(), ()>(&self.store, name)?;
        Ok(function.call(&mut self.store, ())?)
    }

    /// How long it goes on after it was asked to stop, `after` from now.
    fn stopped(&mut self, after: Duration) -> Result<Duration, Box<dyn Error>> {
        let interrupt = self.store.interrupt_handle()?;
        let stop = StopHandle::new(self.store.data_mut(), Some(interrupt))?;
        let asking = thread::spawn({
            let stop = stop.clone();
            move || {
                thread::sleep(after);
                let asked = Instant::now();
                stop.stop();
                asked
            }
        });
        let ended = self.call("go");
        let end = Instant::now();
        let asked = asking.join().map_err(|_| "the other thread has panicked")?;
        stop.reset();
        match ended {
            Err(_) if end >= asked => Ok(end - asked),
            ended => Err(format!("it was not stopped: {ended:?}").into()),
        }
    }

    /// How long it takes.
    fn once(&mut self) -> Result<Duration, Box<dyn Error>> {
        let start = Instant::now();
        self.call("go")?;
        Ok(start.elapsed())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let engine = Engine::new(Config::new().interruptible(true))?;
    println!("| what | files | | median, ms | most, ms |\n|---|---|---|---:|---:|");
    for row in ROWS.iter().filter(|row| row.name.contains(&wanted)) {
        let mut times = Vec::new();
        let mut guest = None;
        for round in 0..ROUNDS {
            if !row.stopped || guest.is_none() {
                guest = Some(Guest::new(&engine, row)?);
            }
            let Some(guest) = &mut guest else { continue };
            // At moments that have nothing to do with each other.
            let after = Duration::from_micros(5_000 + u64::from(round) * 37_919);
            times.push(if row.stopped { guest.stopped(after)? } else { guest.once()? }.as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let files = match row.fs {
            Fs::None => "",
            Fs::Memory => "memory",
            Fs::Host => "host",
            Fs::Sorted => "host, deterministic",
        };
        let kind = if row.stopped { "until it has stopped" } else { "the call" };
        println!("| {} | {files} | {kind} | {:.2} | {:.2} |", row.name, times[times.len() / 2], times[times.len() - 1]);
    }
    Ok(())
}
