//! Numbers that make no sense: nothing panics.
#![cfg(unix)]

mod kit;

use std::collections::BTreeMap;
use std::net::TcpListener;

use hostel_wasi::abi::Clockid;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Capture, Clocks, FUNCTIONS, Function, Kind, Perms, Stdio, WasiCtx, WasiCtxBuilder, preview0};
use kit::*;

/// SplitMix64: a seed names a run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A parameter: often plausible, so that calls get far, and often not.
    fn slot(&mut self, kind: Kind) -> u64 {
        const EDGES: [u64; 10] = [0, 1, 7, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 63, u64::MAX];
        match (self.below(8), kind) {
            (0, _) => self.next(),
            (1, _) => EDGES[self.below(10) as usize],
            (2..5, Kind::Fd) => ROOT,
            (_, Kind::Fd) => self.below(10),
            (_, Kind::PathLen) => self.below(5),
            (_, Kind::BufferLen | Kind::IovecsLen | Kind::SubscriptionsLen) => self.below(24),
            (_, Kind::Rights) => [0, READ, ALL, u64::MAX][self.below(4) as usize],
            (_, Kind::Filesize | Kind::Filedelta | Kind::Dircookie) => self.below(64),
            (_, Kind::Path) => PATHS + self.below(64),
            (_, kind) if is_pointer(kind) => self.below(MEMORY as u64 + 8),
            (2..5, kind) if is_decoded(kind) => 0,
            (_, kind) if is_decoded(kind) => self.below(8),
            _ => self.next() >> self.below(64),
        }
    }
}

/// Time that never makes a poll wait.
struct Instant;
impl Clocks for Instant {
    fn now(&self, _: Clockid) -> Result<u64, hostel_wasi::abi::Errno> {
        Ok(u64::MAX)
    }
    fn resolution(&self, _: Clockid) -> Result<u64, hostel_wasi::abi::Errno> {
        Ok(1)
    }
}

/// Random calls of random functions on contexts that `builder` makes; a new one whenever the guest has closed too much.
/// Nothing here can be waited for: what there is is ready. Counts the successes of each function.
fn run(
    functions: &'static [Function],
    builder: impl Fn() -> WasiCtxBuilder,
    seed: u64,
    succeeded: &mut BTreeMap<&str, u32>,
) {
    let mut numbers = Numbers(seed);
    let fresh = || {
        let builder = builder().args(["a", "b"]).env("A", "1").stdin(Stdio::bytes(vec![7; 1000])).random(seed);
        let mut guest = guest(builder.stdout(Capture::with_limit(1 << 16)).clocks(Instant).max_fds(64));
        guest.functions = functions;
        let _ = [guest.try_open(ROOT, "b", CREAT, ALL), guest.try_open(READ_ONLY, "b", 0, READ)];
        guest
    };
    let mut guest = fresh();
    for round in 0..3000 {
        if guest.ctx.open_fds() < 6 {
            guest = fresh();
        }
        if round % 64 == 0 {
            // Memory of numbers, too: iovecs, subscriptions; paths of few letters, so that some lead somewhere.
            let spread = numbers.below(64);
            for chunk in guest.memory.chunks_exact_mut(8) {
                let number = numbers.next() >> spread;
                chunk.copy_from_slice(&number.to_le_bytes());
            }
            for at in 0..128 {
                guest.memory[PATHS as usize + at] = b"ab./l"[numbers.below(5) as usize];
            }
        }
        let function = &functions[numbers.below(functions.len() as u64) as usize];
        let args: Vec<u64> = function.params.iter().map(|param| numbers.slot(param.kind)).collect();
        // Sizes between these the host would truly reserve.
        if function.name == "fd_allocate" && (1 << 20..1 << 50).contains(&args[1].saturating_add(args[2])) {
            continue;
        }
        // An errno or an exit, and no panic.
        if guest.try_call(function.name, &args) == Ok(0) {
            *succeeded.entry(function.name).or_default() += 1;
        }
        assert!(guest.ctx.open_fds() <= 64);
    }
}

#[test]
fn no_number_panics() {
    let mut succeeded = BTreeMap::new();
    for seed in 0..30 {
        let functions: &'static [Function] = if seed % 3 == 0 { &preview0::FUNCTIONS } else { &FUNCTIONS };
        let fs = MemoryFs::new();
        fs.create_dir_all("a/b").unwrap();
        fs.write_file("b", "contents").unwrap();
        let builder = || WasiCtx::builder().in_memory_dir(&fs, "/", Perms::READ_WRITE);
        run(functions, || builder().in_memory_dir(&fs, "/ro", Perms::READ_ONLY), seed, &mut succeeded);

        let host = tempfile::tempdir().unwrap();
        std::fs::create_dir(host.path().join("a")).unwrap();
        std::fs::write(host.path().join("b"), "contents").unwrap();
        let builder = || WasiCtx::builder().preopened_dir(host.path(), "/", Perms::READ_WRITE);
        run(functions, || builder().preopened_dir(host.path(), "/ro", Perms::READ_ONLY), seed, &mut succeeded);
    }
    // The numbers are good enough to get behind all the checks.
    let never = ["proc_exit", "proc_raise", "sock_accept", "sock_recv", "sock_send", "sock_shutdown"];
    for function in FUNCTIONS.iter().filter(|function| !never.contains(&function.name)) {
        assert!(succeeded.contains_key(function.name), "{} never succeeded", function.name);
    }
}

#[test]
fn every_function_takes_every_edge() {
    let edges = [0, 1, MEMORY as u64 - 1, MEMORY as u64, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 63, u64::MAX];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let builder = WasiCtx::builder().in_memory_dir(&MemoryFs::new(), "/", Perms::READ_WRITE).clocks(Instant);
    let mut guest = guest(builder.preopened_listener(listener));
    for function in &FUNCTIONS {
        for first in [0, 1, 3, 4, u64::MAX] {
            for edge in edges {
                for place in 0..function.params.len().max(1) {
                    let mut args = vec![edge; function.params.len()];
                    if let Some(arg) = args.first_mut() {
                        *arg = first;
                    }
                    if let Some(arg) = args.get_mut(place) {
                        *arg = arg.rotate_left(1);
                    }
                    let accepts = function.name == "sock_accept" && args[0] as u32 == 4 && args[1] as u32 & !4 == 0;
                    let closes = ["fd_close", "fd_renumber"].contains(&function.name);
                    // The one would wait for ever, the others leave nothing for those that follow.
                    if !accepts && !closes {
                        let _ = guest.try_call(function.name, &args);
                    }
                }
            }
        }
    }
}
