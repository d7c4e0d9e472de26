//! Calls of WASI functions cost fuel, from the budget that guests' own instructions use.

use hostel_engine::{Config, Engine, Instance, Linker, Module, ResumableCall, Store, TrapCode};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{BYTES_PER_UNIT, Perms, UNITS_PER_COMPONENT, UNITS_PER_ENTRY, WasiCtx, add_to_linker};

const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
    (memory (export "memory") 40)
    (data (i32.const 0) "dir/./file") (data (i32.const 64) "\00\00\10\00")
    (func (export "nothing") (param i32) (result i32) (i32.const 0))
    (func (export "open") (param i32) (result i32)
        (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (local.get 0) (i32.const 1) (i64.const 0x66) (i64.const 0) (i32.const 0) (i32.const 128)))
    (func (export "write") (param i32) (result i32)
        (i32.store (i32.const 68) (local.get 0))
        (call $fd_write (i32.load (i32.const 128)) (i32.const 64) (i32.const 1) (i32.const 132)))
    (func (export "read") (param i32) (result i32)
        (drop (call $fd_seek (i32.load (i32.const 128)) (i64.const 0) (i32.const 0) (i32.const 136)))
        (i32.store (i32.const 68) (local.get 0))
        (call $fd_read (i32.load (i32.const 128)) (i32.const 64) (i32.const 1) (i32.const 132)))
    (func (export "random") (param i32) (result i32) (call $random_get (i32.const 0x100000) (local.get 0)))
    (func (export "list") (param i32) (result i32) (call $fd_readdir (i32.const 3) (i32.const 0x100000) (local.get 0) (i64.const 0) (i32.const 132)))
    (func (export "args") (param i32) (result i32) (call $args_get (i32.const 0x100000) (local.get 0)))
    (func (export "environ") (param i32) (result i32) (call $environ_get (i32.const 0x100000) (local.get 0)))
    (func (export "name") (param i32) (result i32) (call $fd_prestat_dir_name (i32.const 4) (i32.const 0x100000) (local.get 0)))
    (func (export "much") (param i32) (result i32)
        (drop (call $random_get (i32.const 0x100000) (i32.const 0x100000)))
        (drop (call $random_get (i32.const 0x100000) (i32.const 0x100000)))
        (call $random_get (i32.const 0x100000) (local.get 0))))"#;

/// How many arguments, each of a byte, how long a variable's value, and how long a directory's name.
const ARGS: usize = 2000;
const VARIABLE: usize = 30_000;
const DIR_NAME: usize = 40_000;

fn guest(fuel: bool) -> (Store<WasiCtx>, Instance) {
    let engine = Engine::new(Config::new().consume_fuel(fuel)).unwrap();
    let module = Module::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
    let fs = MemoryFs::new();
    fs.create_dir_all("dir").unwrap();
    fs.write_file("dir/file", b"").unwrap();
    for name in ["a", "b", "c"] {
        fs.write_file(name, b"").unwrap();
    }
    let builder = WasiCtx::builder().args(["a"; ARGS]).env("NAME", "x".repeat(VARIABLE)).random_seed(7);
    let builder = builder.in_memory_dir(&fs, "/", Perms::READ_WRITE);
    let wasi = builder.in_memory_dir(&fs, "n".repeat(DIR_NAME), Perms::READ_WRITE).build().unwrap();
    let mut store = Store::new(&engine, wasi);
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

#[test]
fn bytes_components_and_entries_are_paid_for() {
    let (mut store, instance) = guest(true);
    store.set_fuel(10_000_000).unwrap();
    let mut cost = |name: &str, argument: i32| {
        let function = instance.get_typed_func::<i32, i32>(&store, name).unwrap();
        let before = store.fuel_consumed().unwrap();
        assert_eq!(function.call(&mut store, argument).unwrap(), 0, "{name}");
        store.fuel_consumed().unwrap() - before
    };
    let instructions = 30;
    let mut costs = |name: &str, argument: i32, units: u64| {
        let cost = cost(name, argument);
        assert!((units..units + instructions).contains(&cost), "{name}: {cost}, expected {units} and some");
    };
    costs("nothing", 0, 0);
    costs("open", 10, 3 * UNITS_PER_COMPONENT);
    costs("write", 640_000, 640_000 / BYTES_PER_UNIT);
    costs("read", 64_000, 64_000 / BYTES_PER_UNIT);
    costs("random", 6_400, 6_400 / BYTES_PER_UNIT);
    // A byte, a NUL and a pointer each; "NAME=" and a NUL.
    costs("args", 0x120000, ARGS as u64 * 6 / BYTES_PER_UNIT);
    costs("environ", 0x120000, (VARIABLE as u64 + 6 + 4) / BYTES_PER_UNIT);
    costs("name", 50_000, DIR_NAME as u64 / BYTES_PER_UNIT);
    // `.` and `..` are given out; the file system is asked for four more, and gives them.
    costs("list", 4096, (6 + 4) * UNITS_PER_ENTRY);
    costs("list", 24, UNITS_PER_ENTRY);
}

/// What one call takes beyond the budget is owed: no further call is made until it is paid.
#[test]
fn a_call_that_costs_too_much_is_the_last() {
    let (mut store, instance) = guest(true);
    let much = instance.get_typed_func::<i32, i32>(&store, "much").unwrap();
    store.set_fuel(100).unwrap();
    let mut call = much.call_resumable(&mut store, 0x100000).unwrap();
    let mut random = Vec::new();
    while let ResumableCall::Paused(guest) = call {
        assert_eq!(guest.trap().code(), Some(TrapCode::OutOfFuel));
        random.push(store.data().usage().random_bytes >> 20);
        store.add_fuel(0x100000 / BYTES_PER_UNIT).unwrap();
        call = guest.resume(&mut store).unwrap();
    }
    assert_eq!((call.finished(), random), (Some(0), vec![1, 2]));
    store.set_fuel(100).unwrap();
    assert_eq!(much.call(&mut store, 1).unwrap_err().code(), Some(TrapCode::OutOfFuel));
    assert_eq!(store.data().usage().random_bytes >> 20, 4);
}

/// A call that could move 256 MiB on a budget for little moves a piece of 1 MiB at most; one that has no count to report is
/// not begun.
#[test]
fn a_call_stops_when_the_fuel_is_spent() {
    const LARGE: i32 = 256 << 20;
    const PIECE: u64 = 1 << 20;
    let (mut store, instance) = guest(true);
    store.set_fuel(1 << 40).unwrap();
    let memory = instance.get_memory(&store, "memory").unwrap();
    memory.grow(&mut store, (LARGE as u64 >> 16) + 16).unwrap();
    let call = |store: &mut Store<WasiCtx>, name: &str, argument: i32| {
        instance.get_typed_func::<i32, i32>(&*store, name).unwrap().call(&mut *store, argument)
    };
    assert_eq!(call(&mut store, "open", 10).unwrap(), 0);

    for (budget, most) in [(1_000, PIECE), (5 * PIECE / BYTES_PER_UNIT, 6 * PIECE)] {
        let written = |store: &Store<WasiCtx>| store.data().usage().bytes_written;
        let before = written(&store);
        store.set_fuel(budget).unwrap();
        // A short transfer; what it took is owed.
        assert_eq!(call(&mut store, "write", LARGE).unwrap(), 0);
        assert_eq!(store.get_fuel().unwrap(), 0);
        let moved = written(&store) - before;
        assert!((1..=most).contains(&moved), "{moved} bytes written for {budget}");

        store.set_fuel(1 << 40).unwrap();
        assert_eq!(call(&mut store, "write", LARGE / 16).unwrap(), 0);
        let before = store.data().usage().bytes_read;
        store.set_fuel(budget).unwrap();
        // A short transfer; what it took is owed.
        assert_eq!(call(&mut store, "read", LARGE).unwrap(), 0);
        assert_eq!(store.get_fuel().unwrap(), 0);
        let moved = store.data().usage().bytes_read - before;
        assert!((1..=most).contains(&moved), "{moved} bytes read for {budget}");

        let before = store.data().usage().random_bytes;
        store.set_fuel(budget).unwrap();
        assert_eq!(call(&mut store, "random", LARGE).unwrap_err().code(), Some(TrapCode::OutOfFuel));
        assert_eq!(store.data().usage().random_bytes, before);
        assert!(store.get_fuel().unwrap() > budget - 100, "what was not begun costs nothing");
    }
}

/// It goes on when there is enough for the whole call.
#[test]
fn a_call_that_was_not_begun_can_be_resumed() {
    let (mut store, instance) = guest(true);
    store.set_fuel(1 << 40).unwrap();
    let memory = instance.get_memory(&store, "memory").unwrap();
    memory.grow(&mut store, 200).unwrap();
    let random = instance.get_typed_func::<i32, i32>(&store, "random").unwrap();
    store.set_fuel(1000).unwrap();
    let mut call = random.call_resumable(&mut store, 8 << 20).unwrap();
    let mut pauses = 0;
    while let ResumableCall::Paused(guest) = call {
        assert_eq!(guest.trap().code(), Some(TrapCode::OutOfFuel));
        assert_eq!(store.data().usage().random_bytes, 0);
        pauses += 1;
        store.add_fuel((3 << 20) / BYTES_PER_UNIT).unwrap();
        call = guest.resume(&mut store).unwrap();
    }
    assert_eq!((call.finished(), pauses, store.data().usage().random_bytes), (Some(0), 3, 8 << 20));
}

#[test]
fn the_same_happens_without_fuel() {
    let (mut store, instance) = guest(false);
    for (name, argument) in [
        ("open", 10),
        ("write", 10),
        ("read", 10),
        ("random", 10),
        ("list", 10),
        ("much", 10),
        ("args", 0x120000),
        ("environ", 0x120000),
        ("name", 50_000),
    ] {
        let function = instance.get_typed_func::<i32, i32>(&store, name).unwrap();
        assert_eq!(function.call(&mut store, argument).unwrap(), 0, "{name}");
    }
}
