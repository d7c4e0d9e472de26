//! A proxy guest, what it sees, and how its calls are judged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use hostel_cli::trace;
use hostel_engine::{Config, Engine, FunctionDefinition, Instance, Linker, Memory, Store, Trap, proxy_module};
use hostel_wasi::abi::{Errno, Rights};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{
    Capture, Function, PREVIEW0, PREVIEW1, Perms, Stdio, ValType, WasiCtx, WasiLimits, host_modules, preview0,
};
use tempfile::TempDir;

pub const SENTINEL: u8 = 0xa5;
pub const PAGE: u64 = 0x1_0000;

/// Where a call's results go, its lists of buffers lie, its data.
pub const RESULT: u64 = 0x1000;
pub const IOVS: u64 = 0x2000;
pub const DATA: u64 = 0x3000;
const PATHS: u64 = 0x4000;
/// A pointer that nothing fits at.
pub const BAD: u64 = 0xffff_ffff;

/// Preopened: a writable directory named `/`, and the same read-only, named `ro`.
pub const ROOT: u64 = 3;
pub const READ_ONLY: u64 = 4;

pub const READ: u64 = Rights::FD_READ.bits();
pub const WRITE: u64 = Rights::FD_WRITE.bits();
pub const ALL: u64 = Rights::all().bits();
pub const CREAT: u64 = 1;
pub const DIRECTORY: u64 = 2;

#[derive(Clone, Copy, PartialEq)]
pub enum Fs {
    Host,
    Memory,
}

pub struct Proxy {
    store: Store<WasiCtx>,
    instance: Instance,
    memory: Memory,
    functions: &'static [Function],
    lines: Arc<Mutex<Vec<String>>>,
    /// Calls that succeeded and that failed, by function.
    called: BTreeMap<&'static str, [u32; 2]>,
    /// Where the next path goes.
    paths: u64,
    pub stdout: Capture,
    _host: Option<TempDir>,
}

impl Proxy {
    pub fn new(module: &str, fs: Fs) -> Proxy {
        let stdout = Capture::with_limit(1 << 16);
        let builder = WasiCtx::builder().args(["prog", "-x"]).env("A", "1").env("LANG", "C").stdout(stdout.clone());
        let builder =
            builder.stdin(Stdio::bytes(*b"input")).limits(WasiLimits { open_fds: 16, ..WasiLimits::default() });
        let (builder, host) = match fs {
            Fs::Host => {
                let host = tempfile::tempdir().unwrap();
                let builder = builder.preopened_dir(host.path(), "/", Perms::READ_WRITE);
                (builder.preopened_dir(host.path(), "ro", Perms::READ_ONLY), Some(host))
            }
            Fs::Memory => {
                let memory = MemoryFs::new();
                let builder = builder.in_memory_dir(&memory, "/", Perms::READ_WRITE);
                (builder.in_memory_dir(&memory, "ro", Perms::READ_ONLY), None)
            }
        };
        Proxy { _host: host, ..Proxy::with(module, builder.deterministic(0).build().unwrap(), stdout) }
    }

    pub fn with(module: &str, ctx: WasiCtx, stdout: Capture) -> Proxy {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink: trace::Sink = {
            let lines = lines.clone();
            Arc::new(move |line: &str| lines.lock().unwrap().push(line.to_owned()))
        };
        let mut config = Config::new();
        config.function_listeners(Arc::new(move |definition: &FunctionDefinition| {
            trace::listener(definition, sink.clone())
        }));
        let engine = Engine::new(&config).unwrap();
        let hosts = host_modules(&engine, |ctx: &mut WasiCtx| ctx).unwrap();
        let (host, functions) = match module {
            PREVIEW1 => (&hosts[0], &hostel_wasi::FUNCTIONS[..]),
            PREVIEW0 => (&hosts[1], &preview0::FUNCTIONS[..]),
            other => panic!("no module {other}"),
        };
        let mut linker = Linker::new(&engine);
        linker.host_module(host).unwrap();
        let mut store = Store::new(&engine, ctx);
        let instance = linker.instantiate(&mut store, &proxy_module(host, 1).unwrap()).unwrap();
        let memory = instance.get_memory(&store, "memory").unwrap();
        memory.data_mut(&mut store).fill(SENTINEL);
        Proxy { store, instance, memory, functions, lines, called: BTreeMap::new(), paths: PATHS, stdout, _host: None }
    }

    /// Makes the call; what it returned, its line, and memory as it was.
    fn call(&mut self, name: &str, args: &[u64]) -> (Result<Option<u16>, Trap>, String, Vec<u8>) {
        let function = self.functions.iter().find(|function| function.name == name).unwrap();
        assert_eq!(function.params.len(), args.len(), "{name}");
        let mut slots: Vec<u64> = args.to_vec();
        for (slot, param) in slots.iter_mut().zip(function.params) {
            // What is above an i32 means nothing.
            *slot = if param.kind.ty() == ValType::I32 { *slot & 0xffff_ffff | 0xdead_beef_0000_0000 } else { *slot };
        }
        slots.resize(slots.len().max(1), 0);
        let before = self.memory.data(&self.store).to_vec();
        let func = self.instance.get_func(&self.store, name).unwrap();
        let result = func.call_with_stack(&mut self.store, &mut slots);
        let result = result.map(|()| function.result.then(|| u16::try_from(slots[0]).expect("an errno")));
        let mut lines = std::mem::take(&mut *self.lines.lock().unwrap());
        assert_eq!(lines.len(), 1, "{name}: {lines:?}");
        self.called.entry(function.name).or_default()[usize::from(!matches!(result, Ok(Some(0))))] += 1;
        (result, lines.remove(0), before)
    }

    /// A call that succeeds, with this trace of arguments and outcome, and that stores just this.
    #[track_caller]
    pub fn ok(&mut self, name: &str, args: &[u64], shown: &str, outcome: &str, stored: &[(u64, &[u8])]) {
        let (result, line, mut memory) = self.call(name, args);
        assert_eq!(line, format!("{name}({shown}) -> {outcome}"));
        assert_eq!(result.unwrap(), Some(0), "{line}");
        for (at, bytes) in stored {
            memory[*at as usize..][..bytes.len()].copy_from_slice(bytes);
        }
        let now = self.memory.data(&self.store);
        if let Some(at) = (0..memory.len()).find(|&at| memory[at] != now[at]) {
            let end = (at + 16).min(memory.len());
            panic!("{line}: at {at:#x} is {:x?}, not {:x?}", &now[at..end], &memory[at..end]);
        }
    }

    /// A call that fails and stores nothing.
    #[track_caller]
    pub fn fails(&mut self, name: &str, args: &[u64], errno: Errno, shown: &str) {
        let (result, line, memory) = self.call(name, args);
        assert_eq!(line, format!("{name}({shown}) -> {}", errno.name()));
        assert_eq!(result.unwrap(), Some(errno as u16), "{line}");
        assert!(memory == self.memory.data(&self.store), "{line}: memory has changed");
    }

    /// A call that does not return.
    #[track_caller]
    pub fn ends(&mut self, name: &str, args: &[u64], shown: &str, outcome: &str) -> Trap {
        let (result, line, memory) = self.call(name, args);
        assert_eq!(line, format!("{name}({shown}) -> {outcome}"));
        assert!(memory == self.memory.data(&self.store), "{line}: memory has changed");
        result.expect_err(&line)
    }

    /// A call whose outcome another test looks at; it only has to succeed. What it stored at [`RESULT`], which is then
    /// full of sentinels again.
    #[track_caller]
    pub fn done(&mut self, name: &str, args: &[u64]) -> u64 {
        let (result, line, _) = self.call(name, args);
        assert_eq!(result.unwrap(), Some(0), "{line}");
        let at = RESULT as usize;
        let memory = self.memory.data_mut(&mut self.store);
        let stored = u64::from(u32::from_le_bytes(memory[at..at + 4].try_into().unwrap()));
        memory[at..at + 128].fill(SENTINEL);
        stored
    }

    /// Each of these has succeeded, if it can, and failed.
    pub fn check_called(&self, names: &[&str]) {
        for name in names {
            let [succeeded, failed] = self.called.get(name).copied().unwrap_or_default();
            let both = match *name {
                "proc_exit" | "proc_raise" => failed > 0,
                // There is nothing that could be wrong.
                "sched_yield" => succeeded > 0,
                _ => succeeded > 0 && failed > 0,
            };
            assert!(both, "{name}: {succeeded} succeeded, {failed} failed");
        }
    }

    /// Another guest has called a function in this one's stead.
    pub fn vouch(&mut self, name: &'static str) {
        let [succeeded, failed] = self.called.entry(name).or_default();
        (*succeeded, *failed) = (*succeeded + 1, *failed + 1);
    }

    pub fn put(&mut self, at: u64, bytes: &[u8]) {
        self.memory.write(&mut self.store, at as usize, bytes).unwrap();
    }

    pub fn bytes(&self, at: u64, len: usize) -> &[u8] {
        &self.memory.data(&self.store)[at as usize..][..len]
    }

    /// Puts a path somewhere; the slots of its pointer and length.
    pub fn path(&mut self, path: &str) -> [u64; 2] {
        let at = self.paths;
        self.paths += 0x100;
        assert!(self.paths < PAGE);
        self.put(at, path.as_bytes());
        [at, path.len() as u64]
    }

    /// Puts a list of buffers at [`IOVS`]; the slots of its pointer and length.
    pub fn iovs(&mut self, list: &[(u64, u64)]) -> [u64; 2] {
        for (index, (ptr, len)) in list.iter().enumerate() {
            let entry = [(*ptr as u32).to_le_bytes(), (*len as u32).to_le_bytes()].concat();
            self.put(IOVS + 8 * index as u64, &entry);
        }
        [IOVS, list.len() as u64]
    }

    /// Opens below the writable root.
    pub fn open(&mut self, path: &str, oflags: u64, rights: u64) -> u64 {
        let [ptr, len] = self.path(path);
        self.done("path_open", &[ROOT, 0, ptr, len, oflags, rights, 0, 0, RESULT])
    }

    /// A file with contents, and a descriptor for all that can be done with it.
    pub fn file(&mut self, path: &str, contents: &str) -> u64 {
        let fd = self.open(path, CREAT, ALL);
        if !contents.is_empty() {
            self.put(DATA, contents.as_bytes());
            let [iovs, len] = self.iovs(&[(DATA, contents.len() as u64)]);
            self.done("fd_pwrite", &[fd, iovs, len, 0, RESULT]);
            self.put(DATA, &vec![SENTINEL; contents.len()]);
        }
        fd
    }

    pub fn make_dir(&mut self, path: &str) {
        let [ptr, len] = self.path(path);
        self.done("path_create_directory", &[ROOT, ptr, len]);
    }

    pub fn symlink(&mut self, target: &str, path: &str) {
        let ([old, old_len], [new, new_len]) = (self.path(target), self.path(path));
        self.done("path_symlink", &[old, old_len, ROOT, new, new_len]);
    }
}

/// A `filestat` as the guest reads it; the device is the deterministic world's.
pub fn filestat(ino: u64, filetype: u64, nlink: u64, size: u64, times: [u64; 3]) -> Vec<u8> {
    let words = [2, ino, filetype, nlink, size, times[0], times[1], times[2]];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
