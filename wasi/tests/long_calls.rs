//! Calls that move much are looked into while they do: a guest can be stopped in the middle of one. What was moved is the
//! count of a success; what has no count ends the call. Unless somebody asks, they do what a call in one piece would.

mod kit;

use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hostel_engine::{Config, Engine, Instance, InterruptHandle, Linker, Module, ResumableCall, Store, TrapCode};
use hostel_wasi::abi::{Errno, Filetype};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{
    Canceled, Capture, Ended, Perms, RandomSource, Stdio, WasiCtx, WasiCtxBuilder, WasiLimits, add_to_linker, fs,
};
use kit::*;

/// What is moved without a look.
const PIECE: u64 = 1 << 20;
/// A long transfer: some pieces and a bit.
const LONG: u64 = 3 * PIECE + 12_345;
/// Where its bytes lie.
const BUFFER: u64 = 0x10_0000;

const STOPPED: Result<u16, Ended> = Err(Ended::Canceled(Canceled::ByHandle));

/// A byte for each place, with no period that a piece could hide behind.
fn pattern(at: u64) -> u8 {
    (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
}

/// Two buffers of [`LONG`] bytes: the pattern, and nothing.
fn with_buffers(guest: &mut Guest) {
    guest.memory.resize((BUFFER + 2 * LONG) as usize, 0);
    guest.memory[BUFFER as usize..][..LONG as usize].iter_mut().zip(0..).for_each(|(byte, at)| *byte = pattern(at));
    guest.memory[(BUFFER + LONG) as usize..].fill(0);
}

/// Lists of buffers that are `len` bytes from `at` on: whole, and cut where it hurts.
fn cuts(at: u64, len: u64) -> [Vec<(u64, u64)>; 3] {
    let cut = |ends: &[u64]| {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let ends = ends.iter().copied().chain([len]);
        starts.zip(ends).map(|(start, end)| (at + start, end - start)).collect()
    };
    [cut(&[]), cut(&[0, 1, PIECE, PIECE, PIECE + 1, 3 * PIECE - 1, len]), cut(&[PIECE - 1, PIECE - 1, 2 * PIECE + 7])]
}

/// The count of one transfer of `list`; at an offset when there is one.
fn transfer(guest: &mut Guest, name: &str, fd: u64, list: &[(u64, u64)], offset: Option<u64>) -> Result<u64, Errno> {
    let [iovs, len] = guest.iovs(list);
    match offset {
        None => guest.call(name, &[fd, iovs, len, RESULT])?,
        Some(offset) => guest.call(name, &[fd, iovs, len, offset, RESULT])?,
    }
    Ok(guest.u32_at(RESULT).into())
}

fn tell(guest: &mut Guest, fd: u64) -> u64 {
    guest.ok("fd_tell", &[fd, RESULT]);
    guest.u64_at(RESULT)
}

#[track_caller]
fn assert_copied(guest: &Guest, len: u64) {
    let (from, to) = guest.memory[BUFFER as usize..].split_at(LONG as usize);
    assert!(from[..len as usize] == to[..len as usize]);
    assert!(to[len as usize..].iter().all(|&byte| byte == 0), "nothing beyond the count");
}

#[test]
fn long_transfers_are_what_they_would_be_in_one_piece() {
    on_each_fs(|guest| {
        for (written, read) in [(0, 1), (1, 2), (2, 0)] {
            with_buffers(guest);
            let fd = guest.open(ROOT, "file", CREAT | TRUNC, ALL);
            let list = &cuts(BUFFER, LONG)[written];
            assert_eq!(transfer(guest, "fd_write", fd, list, None), Ok(LONG));
            assert_eq!(tell(guest, fd), LONG);
            assert_eq!(transfer(guest, "fd_pwrite", fd, list, Some(LONG)), Ok(LONG));
            assert_eq!(tell(guest, fd), LONG);
            guest.ok("fd_seek", &[fd, 5, 0, RESULT]);
            // The second copy begins where the first one ends.
            assert_eq!(transfer(guest, "fd_read", fd, &cuts(BUFFER + LONG, LONG)[read], None), Ok(LONG));
            assert_eq!((tell(guest, fd), guest.memory[(BUFFER + LONG) as usize]), (LONG + 5, pattern(5)));
            guest.ok("fd_seek", &[fd, 0, 0, RESULT]);
            assert_eq!(transfer(guest, "fd_read", fd, &cuts(BUFFER + LONG, LONG)[read], None), Ok(LONG));
            assert_copied(guest, LONG);
            guest.memory[(BUFFER + LONG) as usize..].fill(0);
            assert_eq!(transfer(guest, "fd_pread", fd, &cuts(BUFFER + LONG, LONG)[read], Some(LONG)), Ok(LONG));
            assert_copied(guest, LONG);
            // The file's end is within the second piece.
            guest.memory[(BUFFER + LONG) as usize..].fill(0);
            let offset = 2 * LONG - PIECE - 7;
            let list = &cuts(BUFFER + LONG, LONG)[read];
            assert_eq!(transfer(guest, "fd_pread", fd, list, Some(offset)), Ok(PIECE + 7));
            assert!(guest.memory[(BUFFER + LONG + PIECE + 7) as usize..].iter().all(|&byte| byte == 0));
            // At the end, with `append`, wherever the cursor is.
            guest.ok("fd_seek", &[fd, 0, 0, RESULT]);
            guest.ok("fd_fdstat_set_flags", &[fd, APPEND]);
            assert_eq!(transfer(guest, "fd_write", fd, &cuts(BUFFER, LONG)[written], None), Ok(LONG));
            assert_eq!(tell(guest, fd), 3 * LONG);
            guest.ok("fd_close", &[fd]);
        }
    });
}

/// Overlapping buffers are read one after the other, each from where the one before has ended.
#[test]
fn overlapping_buffers() {
    on_each_fs(|guest| {
        with_buffers(guest);
        let fd = guest.open(ROOT, "file", CREAT, ALL);
        for _ in 0..2 {
            assert_eq!(transfer(guest, "fd_write", fd, &[(BUFFER, LONG)], None), Ok(LONG));
        }
        let list = [(BUFFER + LONG, 2 * PIECE), (BUFFER + LONG + PIECE, 2 * PIECE)];
        assert_eq!(transfer(guest, "fd_pread", fd, &list, Some(3)), Ok(4 * PIECE));
        for (at, expected) in [(0, 3), (PIECE - 1, PIECE + 2), (PIECE, 2 * PIECE + 3), (3 * PIECE - 1, 4 * PIECE + 2)] {
            assert_eq!(guest.memory[(BUFFER + LONG + at) as usize], pattern(expected % LONG), "{at}");
        }
    });
}

#[test]
fn who_is_asked_to_stop_tells_what_was_moved() {
    on_each_fs(|guest| {
        with_buffers(guest);
        let fd = guest.open(ROOT, "file", CREAT, ALL);
        let handle = guest.ctx.cancel_handle().unwrap();
        let all = [(BUFFER, LONG)];
        handle.cancel();
        // A piece with each call.
        for k in 1..=3 {
            let rest = [(BUFFER + (k - 1) * PIECE, LONG - (k - 1) * PIECE)];
            assert_eq!(transfer(guest, "fd_write", fd, &rest, None), Ok(PIECE));
            assert_eq!(tell(guest, fd), k * PIECE);
        }
        // What is no longer than a piece is not concerned.
        assert_eq!(
            transfer(guest, "fd_write", fd, &[(BUFFER + 3 * PIECE, LONG - 3 * PIECE)], None),
            Ok(LONG - 3 * PIECE)
        );
        assert_eq!(transfer(guest, "fd_pwrite", fd, &all, Some(LONG)), Ok(PIECE));
        assert_eq!(guest.lstat("file").unwrap().1, LONG + PIECE);
        assert_eq!(guest.ctx.usage().bytes_written, LONG + PIECE);
        guest.ok("fd_seek", &[fd, 0, 0, RESULT]);
        let back = [(BUFFER + LONG, LONG)];
        assert_eq!(transfer(guest, "fd_read", fd, &back, None), Ok(PIECE));
        assert_eq!(tell(guest, fd), PIECE);
        assert_copied(guest, PIECE);
        assert_eq!(transfer(guest, "fd_pread", fd, &back, Some(0)), Ok(PIECE));
        let twice = [(BUFFER + LONG, LONG), (BUFFER + LONG, LONG)];
        assert_eq!(transfer(guest, "fd_pread", fd, &twice, Some(0)), Ok(PIECE));
        // Buffers that overlap are read one by one, and stopped between them, however short they are.
        let same = [(BUFFER + LONG, 1000); 3];
        assert_eq!(transfer(guest, "fd_pread", fd, &same, Some(0)), Ok(1000));
        assert_eq!(transfer(guest, "fd_read", fd, &same, None), Ok(1000));
        handle.reset();
        assert_eq!(transfer(guest, "fd_pread", fd, &same, Some(0)), Ok(3000));
        assert_eq!(transfer(guest, "fd_pread", fd, &back, Some(0)), Ok(LONG));
        assert_copied(guest, LONG);
    });
}

#[test]
fn limits_and_full_file_systems_cut_as_ever() {
    let limits = WasiLimits { bytes_written: Some(2 * PIECE + 100), ..WasiLimits::default() };
    let fs = MemoryFs::new();
    let mut limited = guest(WasiCtx::builder().limits(limits).in_memory_dir(&fs, "/", Perms::READ_WRITE));
    let fs = MemoryFs::builder().max_bytes(2 * PIECE + 10_000).build();
    let mut full = guest(WasiCtx::builder().in_memory_dir(&fs, "/", Perms::READ_WRITE));
    for (guest, errno) in [(&mut limited, Errno::Dquot), (&mut full, Errno::Nospc)] {
        with_buffers(guest);
        let fd = guest.open(ROOT, "file", CREAT, ALL);
        let written = transfer(guest, "fd_write", fd, &[(BUFFER, LONG)], None).unwrap();
        assert!((2 * PIECE..2 * PIECE + 10_000).contains(&written), "{written}");
        assert_eq!((tell(guest, fd), guest.lstat("file").unwrap().1), (written, written));
        assert_eq!(transfer(guest, "fd_write", fd, &[(BUFFER, LONG)], None), Err(errno));
        assert_eq!(transfer(guest, "fd_pread", fd, &[(BUFFER + LONG, LONG)], Some(0)), Ok(written));
        assert_copied(guest, written);
    }
    // A capture's limit lies where two pieces meet.
    let capture = Capture::with_limit(2 * PIECE as usize);
    let mut captured = guest(WasiCtx::builder().stdout(capture.clone()));
    with_buffers(&mut captured);
    assert_eq!(transfer(&mut captured, "fd_write", 1, &[(BUFFER, LONG)], None), Ok(2 * PIECE));
    assert_eq!(transfer(&mut captured, "fd_write", 1, &[(BUFFER, LONG)], None), Err(Errno::Nospc));
    assert!(capture.take() == captured.bytes(BUFFER, 2 * PIECE as usize));
}

#[test]
fn randomness() {
    let random = |guest: &mut Guest, len| guest.try_call("random_get", &[BUFFER, len]);
    let mut whole = guest(WasiCtx::builder().random_seed(1));
    with_buffers(&mut whole);
    assert_eq!(random(&mut whole, LONG), Ok(0));
    // As a seed's bytes are known, in pieces as in one.
    let mut pieces = guest(WasiCtx::builder().random_seed(1));
    with_buffers(&mut pieces);
    for (at, len) in [(0, PIECE), (PIECE, PIECE), (2 * PIECE, LONG - 2 * PIECE)] {
        assert_eq!(pieces.try_call("random_get", &[BUFFER + at, len]), Ok(0));
    }
    assert!(whole.memory == pieces.memory);

    let mut guest = guest(WasiCtx::builder());
    with_buffers(&mut guest);
    let handle = guest.ctx.cancel_handle().unwrap();
    handle.cancel();
    assert_eq!(random(&mut guest, LONG), STOPPED);
    assert_eq!(guest.ctx.usage().random_bytes, PIECE, "what was made counts");
    assert_eq!(random(&mut guest, PIECE), Ok(0), "what is no longer than a piece is not concerned");
    handle.reset();
    assert_eq!(random(&mut guest, LONG), Ok(0));
    assert_eq!(guest.ctx.usage().random_bytes, 2 * PIECE + LONG);
}

#[test]
fn listings() {
    on_each_fs(|guest| {
        for k in 0..600 {
            let fd = guest.open(ROOT, &format!("{k}"), CREAT, ALL);
            guest.ok("fd_close", &[fd]);
        }
        guest.memory.resize(0x20_0000, 0);
        let (buf, len) = (0x10_0000, 0x10_0000);
        let handle = guest.ctx.cancel_handle().unwrap();
        handle.cancel();
        assert_eq!(guest.try_call("fd_readdir", &[ROOT, buf, len, 0, RESULT]), STOPPED);
        guest.ok("fd_readdir", &[ROOT, buf, 1024, 0, RESULT]);
        assert_eq!(guest.u32_at(RESULT), 1024, "a short listing is not concerned");
        handle.reset();
        guest.ok("fd_readdir", &[ROOT, buf, len, 0, RESULT]);
        let names: usize = (0..600).map(|k: i32| k.to_string().len()).sum();
        assert_eq!(guest.u32_at(RESULT) as usize, 602 * 24 + 3 + names);
    });
}

/// Two GiB of zeros that another thread does not wait for.
#[cfg(unix)]
#[test]
fn from_another_thread() {
    let dev = "/dev";
    let mut guest = guest(WasiCtx::builder().preopened_dir(dev, "/", Perms::READ_WRITE).random_seed(1));
    guest.memory = vec![0; 2 << 30];
    let zero = guest.open(ROOT, "zero", 0, READ);
    let handle = guest.ctx.cancel_handle().unwrap();
    let buffer = [(BUFFER, (2 << 30) - BUFFER)];
    for name in ["random_get", "fd_read"] {
        let canceling = std::thread::spawn({
            let handle = handle.clone();
            move || {
                std::thread::sleep(Duration::from_millis(10));
                handle.cancel();
                Instant::now()
            }
        });
        if name == "fd_read" {
            let count = transfer(&mut guest, name, zero, &buffer, None).unwrap();
            assert!((PIECE..=buffer[0].1).contains(&count));
        } else {
            assert_eq!(guest.try_call(name, &[buffer[0].0, buffer[0].1]), STOPPED);
        }
        let ended = Instant::now();
        // Generous: on a busy machine threads wait for their turn.
        assert!(ended - canceling.join().unwrap() < Duration::from_secs(2), "{name}");
        handle.reset();
    }
}

const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
    (memory (export "memory") 80)
    (data (i32.const 0) "\00\00\10\00\00\00\40\00")
    (func (export "random") (result i32)
        (if (call $random_get (i32.const 0x100000) (i32.const 0x400000)) (then unreachable))
        (i32.load8_u (i32.const 0x4fffff)))
    (func $look)
    (func (export "write") (result i32)
        (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
        (call $look)
        (i32.load (i32.const 8))))"#;

/// Asks the guest to stop, by the handle that it finds here, while the guest's call is under way.
type Asker = Arc<Mutex<Option<InterruptHandle>>>;

fn ask(asker: &Asker) {
    if let Some(handle) = asker.lock().unwrap().take() {
        handle.interrupt();
    }
}

struct Ones(Asker);

impl RandomSource for Ones {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        assert!(bytes.len() as u64 <= PIECE);
        bytes.fill(1);
        ask(&self.0);
        Ok(())
    }
}

struct Sink(Asker);

impl fs::File for Sink {
    fn filetype(&self) -> Filetype {
        Filetype::Unknown
    }

    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        ask(&self.0);
        let count = bufs.iter().map(|buf| buf.len()).sum();
        assert!(count as u64 <= PIECE);
        Ok(count)
    }

    fn read(&mut self, _: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        Err(Errno::Badf)
    }
}

fn store(engine: &Engine, ctx: WasiCtx) -> (Store<WasiCtx>, Instance) {
    let module = Module::new(engine, wat::parse_str(GUEST).unwrap()).unwrap();
    let mut store = Store::new(engine, ctx);
    let mut linker = Linker::new(engine);
    add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    (store, instance)
}

fn asked_builder(asker: &Asker) -> WasiCtxBuilder {
    WasiCtx::builder().random_source(Ones(asker.clone())).stdout(Stdio::custom(Box::new(Sink(asker.clone()))))
}

/// By the engine's own handle: a transfer ends with its count, and the guest stops right after it; a call without a count
/// is made again by the guest that goes on.
#[test]
fn the_engines_request_is_seen() {
    for metered in [false, true] {
        let engine = Engine::new(Config::new().interruptible(true).consume_fuel(metered)).unwrap();
        let asker = Asker::default();
        let mut ctx = asked_builder(&asker).build().unwrap();
        // A context knows the store that it is in, not the one that it was in.
        for _ in 0..2 {
            let (mut store, instance) = store(&engine, ctx);
            if metered {
                store.set_fuel(1 << 40).unwrap();
            }
            let [random, write] =
                ["random", "write"].map(|name| instance.get_typed_func::<(), i32>(&store, name).unwrap());
            assert_eq!(random.call(&mut store, ()).unwrap(), 1);
            assert_eq!(write.call(&mut store, ()).unwrap(), 4 << 20);
            for (function, result, moved) in [(&random, 1, 5 * PIECE), (&write, PIECE as i32, PIECE)] {
                let moved_before = (store.data().usage().random_bytes, store.data().usage().bytes_written);
                *asker.lock().unwrap() = Some(store.interrupt_handle().unwrap());
                let ResumableCall::Paused(guest) = function.call_resumable(&mut store, ()).unwrap() else {
                    panic!("it was not stopped");
                };
                assert_eq!(guest.trap().code(), Some(TrapCode::Interrupted));
                let ResumableCall::Finished(finished) = guest.resume(&mut store).unwrap() else {
                    panic!("it was stopped twice");
                };
                assert_eq!(finished, result);
                let usage = store.data().usage();
                assert_eq!(usage.random_bytes - moved_before.0 + usage.bytes_written - moved_before.1, moved);
            }
            // For good.
            *asker.lock().unwrap() = Some(store.interrupt_handle().unwrap());
            assert_eq!(random.call(&mut store, ()).unwrap_err().code(), Some(TrapCode::Interrupted));
            assert_eq!(random.call(&mut store, ()).unwrap(), 1);
            ctx = store.into_data();
        }
    }
}

/// Nobody asks a store whose engine cannot interrupt.
#[test]
fn a_context_that_was_elsewhere() {
    let (asker, engine) = (Asker::default(), Engine::new(Config::new().interruptible(true)).unwrap());
    let (mut interrupted, instance) = store(&engine, asked_builder(&asker).build().unwrap());
    let random = instance.get_typed_func::<(), i32>(&interrupted, "random").unwrap();
    assert_eq!(random.call(&mut interrupted, ()).unwrap(), 1);
    let handle = interrupted.interrupt_handle().unwrap();
    handle.interrupt();
    assert!(handle.is_interrupted());
    let (mut store, instance) = store(&Engine::default(), interrupted.into_data());
    let write = instance.get_typed_func::<(), i32>(&store, "write").unwrap();
    assert_eq!(write.call(&mut store, ()).unwrap(), 4 << 20);
}
