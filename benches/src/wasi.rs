//! WASI functions, one case each, and the guests that call them in a loop.
//!
//! ```text
//! memory   0     what the call stores (a count, a time, …)
//!          8     the descriptor that `setup` opened
//!          16..  the image: iovecs, paths, a subscription
//!          1024  the buffer, 400 KB and more
//! ```
//!
//! A guest exports three functions of type `(i32) -> i32`: `setup` opens what the case needs, `run` calls N times and
//! returns all errnos or'ed together, `stored` returns the u32 at 0.

use std::fmt::Write;

use hostel_wasi::{FUNCTIONS, PREVIEW1, ValType};

use crate::world::{FILES_FD, LIST_FD, MANY_FD};

const OUT: i64 = 0;
const OPENED_AT: i64 = 8;
const IOV_8: i64 = 16;
const IOV_2X16: i64 = 24;
const IOV_4K: i64 = 40;
const IOV_64K: i64 = 48;
const DATA_PATH: i64 = 64;
const OUT_PATH: i64 = 72;
const SUBSCRIPTION: i64 = 80;
const EVENT: i64 = 128;
const BUFFER: i64 = 1024;

/// As an argument: the descriptor that was opened last.
const OPENED: i64 = i64::MIN;

const FD_READ: i64 = 1 << 1;
const FD_SEEK: i64 = 1 << 2;
const FD_TELL: i64 = 1 << 5;
const FD_WRITE: i64 = 1 << 6;

/// A call of a WASI function with constant arguments.
type Call = (&'static str, &'static [i64]);

/// One row of the table.
pub struct WasiCase {
    /// What it measures.
    pub name: &'static str,
    /// Calls per iteration: fewer where one call is long.
    pub calls: u32,
    /// Done once.
    setup: Option<Call>,
    /// Done before each loop.
    before: Option<Call>,
    /// Done in the loop.
    body: &'static [Call],
    /// What the call stores, where that is known. A host may transfer less at a time, but more than nothing.
    stores: Option<u32>,
}

const CASE: WasiCase = WasiCase { name: "", calls: 1000, setup: None, before: None, body: &[], stores: None };

const OPEN_DATA: Call = ("path_open", &[FILES_FD, 1, DATA_PATH, 4, 0, FD_READ | FD_SEEK | FD_TELL, 0, 0, OPENED_AT]);
const OPEN_OUT: Call = ("path_open", &[FILES_FD, 1, OUT_PATH, 3, 0, FD_WRITE | FD_SEEK | FD_TELL, 0, 0, OPENED_AT]);

/// The cases, in the tables' order.
pub const CASES: &[WasiCase] = &[
    WasiCase { name: "args_get", body: &[("args_get", &[BUFFER, BUFFER + 64])], ..CASE },
    WasiCase { name: "args_sizes_get", body: &[("args_sizes_get", &[OUT, OUT + 4])], stores: Some(3), ..CASE },
    WasiCase { name: "environ_get", body: &[("environ_get", &[BUFFER, BUFFER + 64])], ..CASE },
    WasiCase { name: "environ_sizes_get", body: &[("environ_sizes_get", &[OUT, OUT + 4])], stores: Some(3), ..CASE },
    WasiCase { name: "clock_time_get realtime", body: &[("clock_time_get", &[0, 1, OUT])], ..CASE },
    WasiCase { name: "clock_time_get monotonic", body: &[("clock_time_get", &[1, 1, OUT])], ..CASE },
    WasiCase { name: "clock_res_get", body: &[("clock_res_get", &[1, OUT])], ..CASE },
    WasiCase { name: "random_get 16", body: &[("random_get", &[BUFFER, 16])], ..CASE },
    WasiCase { name: "random_get 4096", calls: 100, body: &[("random_get", &[BUFFER, 4096])], ..CASE },
    WasiCase { name: "fd_write 1×8, sink", body: &[("fd_write", &[1, IOV_8, 1, OUT])], stores: Some(8), ..CASE },
    WasiCase {
        name: "fd_write 1×8, host file",
        setup: Some(OPEN_OUT),
        // Or the file would grow for as long as the measurement lasts.
        before: Some(("fd_seek", &[OPENED, 0, 0, OUT])),
        body: &[("fd_write", &[OPENED, IOV_8, 1, OUT])],
        stores: Some(8),
        ..CASE
    },
    WasiCase { name: "fd_read 1×8, endless", body: &[("fd_read", &[0, IOV_8, 1, OUT])], stores: Some(8), ..CASE },
    WasiCase { name: "fd_read 2×16, endless", body: &[("fd_read", &[0, IOV_2X16, 2, OUT])], stores: Some(32), ..CASE },
    WasiCase {
        name: "fd_pread 4 KiB, host file",
        calls: 100,
        setup: Some(OPEN_DATA),
        body: &[("fd_pread", &[OPENED, IOV_4K, 1, 4096, OUT])],
        stores: Some(4096),
        ..CASE
    },
    WasiCase {
        name: "fd_pread 64 KiB, host file",
        calls: 20,
        setup: Some(OPEN_DATA),
        body: &[("fd_pread", &[OPENED, IOV_64K, 1, 4096, OUT])],
        stores: Some(65536),
        ..CASE
    },
    WasiCase { name: "fd_fdstat_get, stdout", body: &[("fd_fdstat_get", &[1, BUFFER])], ..CASE },
    WasiCase {
        name: "fd_fdstat_get, host file",
        setup: Some(OPEN_DATA),
        body: &[("fd_fdstat_get", &[OPENED, BUFFER])],
        ..CASE
    },
    WasiCase { name: "fd_prestat_get", body: &[("fd_prestat_get", &[FILES_FD, OUT])], stores: Some(0), ..CASE },
    WasiCase {
        name: "fd_seek, host file",
        setup: Some(OPEN_DATA),
        body: &[("fd_seek", &[OPENED, 1234, 0, OUT])],
        stores: Some(1234),
        ..CASE
    },
    WasiCase {
        name: "fd_readdir, 10 entries",
        calls: 20,
        body: &[("fd_readdir", &[LIST_FD, BUFFER, 4096, 0, OUT])],
        // Twelve records of 24 bytes, names of 7 and 1 and 2.
        stores: Some(361),
        ..CASE
    },
    WasiCase {
        name: "fd_readdir, 10 000 entries",
        calls: 1,
        body: &[("fd_readdir", &[MANY_FD, BUFFER, 400_000, 0, OUT])],
        // 10 002 records of 24 bytes; names of 7 to 10, and 1 and 2.
        stores: Some(338_941),
        ..CASE
    },
    WasiCase { name: "path_open + fd_close", calls: 100, body: &[OPEN_DATA, ("fd_close", &[OPENED])], ..CASE },
    WasiCase {
        name: "path_filestat_get",
        calls: 100,
        body: &[("path_filestat_get", &[FILES_FD, 1, DATA_PATH, 4, BUFFER])],
        ..CASE
    },
    WasiCase {
        name: "poll_oneoff, clock already due",
        body: &[("poll_oneoff", &[SUBSCRIPTION, EVENT, 1, OUT])],
        stores: Some(1),
        ..CASE
    },
    WasiCase { name: "sched_yield", body: &[("sched_yield", &[])], ..CASE },
];

impl WasiCase {
    /// The guest's bytes.
    ///
    /// # Panics
    ///
    /// When a case of the table is wrong.
    pub fn guest(&self) -> Vec<u8> {
        let calls = || self.body.iter().chain(&self.setup).chain(&self.before);
        let mut imports = String::new();
        for function in FUNCTIONS.iter().filter(|function| calls().any(|(name, _)| *name == function.name)) {
            let params: Vec<_> = function.params.iter().map(|param| wat_type(param.kind.ty())).collect();
            let (name, params) = (function.name, params.join(" "));
            writeln!(imports, "(import {PREVIEW1:?} {name:?} (func ${name} (param {params}) (result i32)))")
                .expect("strings take everything");
        }
        let body = self.body.iter().map(call).reduce(|all, one| format!("(i32.or {all} {one})")).expect("a call");
        let setup = self.setup.as_ref().map_or("(i32.const 0)".to_owned(), call);
        let before = self.before.as_ref().map_or("(i32.const 0)".to_owned(), call);
        let image = image().iter().fold(String::new(), |text, byte| text + &format!("\\{byte:02x}"));
        let text = format!(
            r#"(module
                {imports}
                (memory (export "memory") 8)
                (data (i32.const 0) "{image}")
                (func (export "setup") (param i32) (result i32) {setup})
                (func (export "stored") (param i32) (result i32) (i32.load (i32.const {OUT})))
                (func (export "run") (param $calls i32) (result i32) (local $errno i32)
                    (local.set $errno {before})
                    (loop $again
                        (local.set $errno (i32.or (local.get $errno) {body}))
                        (br_if $again (local.tee $calls (i32.sub (local.get $calls) (i32.const 1)))))
                    (local.get $errno)))"#
        );
        wat::parse_str(&text).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

fn wat_type(ty: ValType) -> &'static str {
    match ty {
        ValType::I32 => "i32",
        ValType::I64 => "i64",
    }
}

/// The call as text; its value is the errno.
fn call(&(name, args): &Call) -> String {
    let function = FUNCTIONS.iter().find(|function| function.name == name).expect("a function of the table");
    assert_eq!(function.params.len(), args.len(), "{name}");
    let args = function.params.iter().zip(args).map(|(param, arg)| match *arg {
        OPENED => format!(" (i32.load (i32.const {OPENED_AT}))"),
        arg => format!(" ({}.const {arg})", wat_type(param.kind.ty())),
    });
    format!("(call ${name}{})", args.collect::<String>())
}

/// What memory holds at first, from 0 on.
fn image() -> [u8; 144] {
    let mut image = [0; 144];
    let mut put = |at: i64, bytes: &[u8]| image[at as usize..][..bytes.len()].copy_from_slice(bytes);
    let mut iovec = |at: i64, buffer: i64, len: u32| {
        put(at, &(buffer as u32).to_le_bytes());
        put(at + 4, &len.to_le_bytes());
    };
    iovec(IOV_8, BUFFER, 8);
    iovec(IOV_2X16, BUFFER, 16);
    iovec(IOV_2X16 + 8, BUFFER + 16, 16);
    iovec(IOV_4K, BUFFER, 4096);
    iovec(IOV_64K, BUFFER, 65536);
    put(DATA_PATH, b"data");
    put(OUT_PATH, b"out");
    // userdata u64, tag u8 (0, a clock), at 16: id u32 (1, monotonic), at 24: timeout u64, precision u64, flags u16 (1,
    // absolute). One nanosecond after the clock's start is long past.
    put(SUBSCRIPTION + 16, &[1]);
    put(SUBSCRIPTION + 24, &[1]);
    put(SUBSCRIPTION + 40, &[1]);
    image
}

/// A guest's exports.
#[derive(Clone, Copy)]
pub enum Export {
    /// Opens what the case needs.
    Setup,
    /// Calls that many times.
    Run,
    /// What the last call stored.
    Stored,
}

impl Export {
    /// All of them.
    pub const ALL: [Export; 3] = [Export::Setup, Export::Run, Export::Stored];

    /// The export's name.
    pub fn name(self) -> &'static str {
        match self {
            Export::Setup => "setup",
            Export::Run => "run",
            Export::Stored => "stored",
        }
    }
}

/// A guest in some engine.
pub struct WasiGuest {
    call: Box<dyn FnMut(Export, u32) -> u32>,
}

impl WasiGuest {
    /// A guest whose exports are called like this.
    pub fn new(call: impl FnMut(Export, u32) -> u32 + 'static) -> WasiGuest {
        WasiGuest { call: Box::new(call) }
    }

    /// Runs the case's setup and a few calls.
    ///
    /// # Panics
    ///
    /// When a call fails, or stores something else than it should.
    pub fn check(&mut self, case: &WasiCase, engine: &str) {
        let what = case.name;
        assert_eq!((self.call)(Export::Setup, 0), 0, "{what} in {engine}: setup");
        assert_eq!(self.run(3), 0, "{what} in {engine}: errno");
        if let Some(expected) = case.stores {
            let stored = (self.call)(Export::Stored, 0);
            assert!(stored == expected || (0 < stored && stored < expected), "{what} in {engine}: stored {stored}");
        }
    }

    /// Runs the loop; returns the errnos or'ed together.
    #[inline]
    pub fn run(&mut self, calls: u32) -> u32 {
        (self.call)(Export::Run, calls)
    }
}
