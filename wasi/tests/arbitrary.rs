//! Numbers that make no sense: nothing panics.
#![cfg(unix)]

mod kit;

use std::collections::BTreeMap;
use std::net::TcpListener;

use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Capture, FUNCTIONS, Function, Perms, Stdio, WasiCtx, WasiCtxBuilder, WasiLimits, preview0};
use kit::numbers::{Instant, Numbers};
use kit::*;

/// Random calls of random functions on contexts that `builder` makes; a new one whenever the guest has closed too much.
/// Nothing here can be waited for: what there is is ready. Counts the successes of each function.
fn run(
    functions: &'static [Function],
    builder: impl Fn() -> WasiCtxBuilder,
    seed: u64,
    succeeded: &mut BTreeMap<&str, u32>,
) {
    let mut numbers = Numbers::Seed(seed);
    let fresh = || {
        let builder = builder().args(["a", "b"]).env("A", "1").stdin(Stdio::bytes(vec![7; 1000])).random_seed(seed);
        let mut guest = guest(
            builder
                .stdout(Capture::with_limit(1 << 16))
                .clocks(Instant)
                .limits(WasiLimits { open_fds: 64, ..WasiLimits::default() }),
        );
        guest.functions = functions;
        let _ = [guest.try_open(ROOT, "b", CREAT, ALL), guest.try_open(READ_ONLY, "b", 0, READ)];
        guest
    };
    let mut guest = fresh();
    for round in 0..3000 {
        if guest.ctx.usage().open_fds < 6 {
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
        assert!(guest.ctx.usage().open_fds <= 64);
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
