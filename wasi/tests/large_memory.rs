//! A guest with a 64-bit memory of 6 GiB: the pointers of preview1 have 32 bits, so its first 4 GiB are what WASI sees. Up to
//! their last byte everything works; what would cross it is EFAULT, as at the end of any memory, and nothing panics, wraps
//! around, or stores beyond.
//!
//! The memory is sparse. Where the system does not even reserve the addresses, a test says so and is skipped.

mod kit;

use hostel_engine::{Config, Engine, ErrorKind, Instance, Limits, Linker, Memory, Module, Store, Val};
use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Capture, FUNCTIONS, Kind, PREVIEW1, Perms, ValType, WasiCtx, add_to_linker};
use kit::is_pointer;

/// Where pointers end.
const END: u64 = 1 << 32;

struct Guest {
    store: Store<WasiCtx>,
    instance: Instance,
    memory: Memory,
    out: Capture,
}

/// A guest that passes calls of all functions on; `None`, after a message, when the system has no room for it.
fn guest(metered: bool) -> Option<Guest> {
    let (mut imports, mut exports) = (String::new(), String::new());
    for function in &FUNCTIONS {
        let params = function.params.iter().map(|param| match param.kind.ty() {
            ValType::I32 => " i32",
            ValType::I64 => " i64",
        });
        let ty = format!("(param{}) {}", params.collect::<String>(), if function.result { "(result i32)" } else { "" });
        let args: String = (0..function.params.len()).map(|index| format!("(local.get {index})")).collect();
        let name = function.name;
        imports += &format!("(import {PREVIEW1:?} {name:?} (func ${name} {ty}))\n");
        // A call from the host itself would come from no instance, and so have no memory.
        exports += &format!("(func (export {name:?}) {ty} (call ${name} {args}))\n");
    }
    let text = format!("(module {imports} (memory (export \"memory\") i64 98304)\n{exports})");
    let mut config = Config::new();
    config.consume_fuel(metered).limits(Limits { memory_bytes: 6 << 30, ..Limits::default() });
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
    let out = Capture::with_limit(1 << 20);
    let ctx = WasiCtx::builder()
        .args(["prog", "one", "two"])
        .env("A", "1")
        .env("B", "2")
        .stdin(hostel_wasi::Stdio::bytes(*b"standard input"))
        .stdout(out.clone())
        .in_memory_dir(&MemoryFs::new(), "/", Perms::READ_WRITE)
        .deterministic(0)
        .build()
        .unwrap();
    let mut store = Store::new(&engine, ctx);
    if metered {
        store.set_fuel(u64::MAX).unwrap();
    }
    match linker.instantiate(&mut store, &module) {
        Ok(instance) => {
            let memory = instance.get_memory(&store, "memory").unwrap();
            Some(Guest { store, instance, memory, out })
        }
        Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory(_)) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

impl Guest {
    fn try_call(&mut self, name: &str, args: &[u64]) -> Result<Option<Errno>, hostel_engine::Error> {
        let func = self.instance.get_func(&self.store, name).unwrap();
        let ty = func.ty(&self.store);
        let params = args.iter().zip(ty.params()).map(|(&arg, ty)| match ty {
            hostel_engine::ValType::I64 => Val::I64(arg as i64),
            _ => Val::I32(arg as i32),
        });
        let params: Vec<Val> = params.collect();
        let mut results: Vec<Val> = ty.results().iter().copied().map(Val::default_for_ty).collect();
        func.call(&mut self.store, &params, &mut results)?;
        let raw = results.first().and_then(Val::i32).unwrap_or(0);
        Ok(if raw == 0 { None } else { Some(Errno::from_raw(raw as u16).expect("a known errno")) })
    }

    #[track_caller]
    fn ok(&mut self, name: &str, args: &[u64]) {
        assert_eq!(self.try_call(name, args).unwrap(), None, "{name}{args:x?}");
        self.nothing_beyond(name);
    }

    /// The call is EFAULT, and has stored nothing at either end.
    #[track_caller]
    fn faults(&mut self, name: &str, args: &[u64]) {
        let before: [u8; 4096] = self.bytes(END - 4096);
        assert_eq!(self.try_call(name, args).unwrap(), Some(Errno::Fault), "{name}{args:x?}");
        assert_eq!(self.bytes(END - 4096), before, "{name}{args:x?}");
        self.nothing_beyond(name);
    }

    /// Neither beyond what pointers reach nor, by one that wrapped around, at the beginning.
    #[track_caller]
    fn nothing_beyond(&self, what: &str) {
        let data = self.memory.data(&self.store);
        assert!(data[END as usize..][..1 << 16].iter().all(|&byte| byte == 0), "{what}: beyond 4 GiB");
        assert!(data[..4096].iter().all(|&byte| byte == 0), "{what}: at the beginning");
    }

    fn put(&mut self, at: u64, bytes: &[u8]) {
        self.memory.write(&mut self.store, at as usize, bytes).unwrap();
    }

    fn bytes<const N: usize>(&self, at: u64) -> [u8; N] {
        let mut bytes = [0; N];
        self.memory.read(&self.store, at as usize, &mut bytes).unwrap();
        bytes
    }

    fn u32(&self, at: u64) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }

    fn iovec(&mut self, at: u64, ptr: u64, len: u64) {
        self.put(at, &[(ptr as u32).to_le_bytes(), (len as u32).to_le_bytes()].concat());
    }
}

/// Somewhere in the middle.
const HERE: u64 = 1 << 20;

#[test]
fn lists_of_arguments_and_variables() {
    for metered in [false, true] {
        let Some(mut guest) = guest(metered) else { return };
        for (sizes, get, strings) in [
            ("args_sizes_get", "args_get", &b"prog\0one\0two\0"[..]),
            ("environ_sizes_get", "environ_get", b"A=1\0B=2\0"),
        ] {
            let count = strings.iter().filter(|&&byte| byte == 0).count() as u64;
            let size = strings.len() as u64;
            guest.ok(sizes, &[END - 8, END - 4]);
            assert_eq!((guest.u32(END - 8) as u64, guest.u32(END - 4) as u64), (count, size), "{sizes}");
            guest.faults(sizes, &[END - 8, END - 3]);
            guest.faults(sizes, &[END - 1, HERE]);
            // The strings up to the last byte, then the pointers to them.
            guest.ok(get, &[HERE, END - size]);
            let mut found = vec![0; strings.len()];
            guest.memory.read(&guest.store, (END - size) as usize, &mut found).unwrap();
            assert_eq!(found, strings, "{get}");
            let mut expected = END - size;
            for (number, string) in strings.split_inclusive(|&byte| byte == 0).enumerate() {
                assert_eq!(guest.u32(HERE + 4 * number as u64) as u64, expected, "{get}");
                expected += string.len() as u64;
            }
            guest.ok(get, &[END - 4 * count, HERE]);
            assert_eq!(guest.u32(END - 4 * count) as u64, HERE, "{get}");
            // One byte or one element farther.
            guest.faults(get, &[HERE, END - size + 1]);
            guest.faults(get, &[HERE, END - 1]);
            guest.faults(get, &[END - 4 * count + 1, HERE]);
            guest.faults(get, &[END - 4 * (count - 1), HERE]);
            guest.faults(get, &[END - 1, END - 1]);
        }
    }
}

#[test]
fn lists_of_buffers() {
    for metered in [false, true] {
        let Some(mut guest) = guest(metered) else { return };
        // The list and its buffer up to the last byte.
        guest.put(END - 16, b"12345678");
        guest.iovec(END - 8, END - 16, 8);
        guest.ok("fd_write", &[1, END - 8, 1, HERE]);
        assert_eq!(guest.u32(HERE), 8);
        // Two entries, of which the second would be beyond; one that begins in the last bytes.
        guest.faults("fd_write", &[1, END - 8, 2, HERE]);
        guest.faults("fd_write", &[1, END - 7, 1, HERE]);
        guest.faults("fd_read", &[0, END - 8, 2, HERE]);
        guest.faults("fd_write", &[1, END - 8, 1, END - 3]);
        guest.put(END - 16, &[0; 16]);
        // A buffer that ends with the last byte, and one that does not; alone and in a list.
        guest.put(END - 4, b"last");
        for others in 0..3 {
            for other in 0..others {
                guest.iovec(HERE + 64 + 8 * other, HERE, 0);
            }
            let (last, count) = (HERE + 64 + 8 * others, others + 1);
            guest.iovec(last, END - 4, 4);
            guest.ok("fd_write", &[1, HERE + 64, count, HERE]);
            guest.iovec(last, END - 4, 5);
            guest.faults("fd_write", &[1, HERE + 64, count, HERE]);
            guest.faults("fd_read", &[0, HERE + 64, count, HERE]);
            guest.iovec(last, END - 1, END - 1);
            guest.faults("fd_write", &[1, HERE + 64, count, HERE]);
            guest.faults("fd_read", &[0, HERE + 64, count, HERE]);
            // All that a length can say, from the beginning: one byte less than there is.
            guest.iovec(last, 1, END - 1);
            assert_ne!(guest.try_call("fd_read", &[99, HERE + 64, count, HERE]).unwrap(), None);
        }
        assert_eq!(guest.out.contents(), b"12345678lastlastlast");
        // Read to there.
        guest.put(END - 4, &[0; 4]);
        guest.iovec(HERE, END - 4, 4);
        guest.ok("fd_read", &[0, HERE, 1, HERE + 64]);
        assert_eq!(&guest.bytes(END - 4), b"stan");
        // Overlapping buffers are read one after the other.
        guest.iovec(HERE, END - 4, 4);
        guest.iovec(HERE + 8, END - 6, 4);
        guest.ok("fd_read", &[0, HERE, 2, HERE + 64]);
        assert_eq!(&guest.bytes(END - 4), b"dard");
    }
}

#[test]
fn buffers_and_paths() {
    for metered in [false, true] {
        let Some(mut guest) = guest(metered) else { return };
        guest.ok("random_get", &[END - 16, 16]);
        assert_ne!(guest.bytes(END - 16), [0; 16]);
        guest.faults("random_get", &[END - 16, 17]);
        guest.faults("random_get", &[END - 1, END - 1]);
        guest.faults("random_get", &[1 << 31, (1 << 31) + 1]);
        guest.ok("clock_time_get", &[1, 0, END - 8]);
        guest.faults("clock_time_get", &[1, 0, END - 7]);
        // A path that ends with the last byte.
        guest.put(END - 4, b"name");
        let open = |ptr, len, opened| [3, 0, ptr, len, 1, 1 << 6, 0, 0, opened];
        guest.ok("path_open", &open(END - 4, 4, HERE));
        guest.faults("path_open", &open(END - 4, 5, HERE));
        guest.faults("path_open", &open(END - 1, 4095, HERE));
        guest.faults("path_open", &open(END - 4, 4, END - 3));
        guest.ok("fd_close", &[guest.u32(HERE) as u64]);
        guest.faults("path_filestat_get", &[3, 0, END - 4, 5, HERE]);
        guest.ok("path_filestat_get", &[3, 0, END - 4, 4, END - 128]);
        guest.faults("path_filestat_get", &[3, 0, END - 4, 4, END - 63]);
        guest.ok("fd_readdir", &[3, END - 100, 100, 0, HERE]);
        guest.faults("fd_readdir", &[3, END - 100, 101, 0, HERE]);
        // One subscription to a clock, of 48 bytes, and one event, of 32.
        let mut subscription = [0; 48];
        subscription[16] = 1;
        guest.put(END - 48, &subscription);
        guest.ok("poll_oneoff", &[END - 48, HERE, 1, HERE + 64]);
        guest.faults("poll_oneoff", &[END - 48, HERE, 2, HERE + 64]);
        guest.faults("poll_oneoff", &[END - 48, END - 31, 1, HERE + 64]);
    }
}

/// Every function, with every pointer at the very end and every length as large as can be.
#[test]
fn no_function_panics_or_stores_beyond() {
    for metered in [false, true] {
        let Some(mut guest) = guest(metered) else { return };
        for function in &FUNCTIONS {
            for (pointer, len) in [(END - 1, END - 1), (END - 1, 1), (END - 4, 8), (END - 64, 65), (END - 8, 2)] {
                let args: Vec<u64> = function
                    .params
                    .iter()
                    .map(|param| match param.kind {
                        Kind::PathLen | Kind::BufferLen | Kind::IovecsLen | Kind::SubscriptionsLen => len,
                        Kind::Fd => 3,
                        Kind::Signal | Kind::Clockid | Kind::Whence | Kind::Advice => 1,
                        kind if kind.ty() == ValType::I64 => 0,
                        kind => {
                            if is_pointer(kind) {
                                pointer
                            } else {
                                0
                            }
                        }
                    })
                    .collect();
                // An exit is no errno, and all the rest comes back.
                let _ = guest.try_call(function.name, &args);
                guest.nothing_beyond(function.name);
            }
        }
    }
}
