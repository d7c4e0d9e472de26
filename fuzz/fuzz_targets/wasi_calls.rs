//! `cargo fuzz`: the input is decisions: which file system, which functions, with which arguments and memory. The model of
//! `wasi/tests/kit/model/`, which has seeded twins in `wasi/tests/model.rs`, judges what happens. Nothing the guest
//! says may size an allocation, so the bound is far below what sizes it can name:
//!
//! ```console
//! $ cargo +nightly fuzz run --features libfuzzer -O fuzz_wasi_calls -- -malloc_limit_mb=32 -max_len=8192
//! ```
#![no_main]

#[path = "../../wasi/tests/kit/mod.rs"]
mod kit;

use std::sync::Arc;

use hostel_wasi::fs::host::HostDirectory;
use hostel_wasi::fs::memory::MemoryFs;
use kit::model::World;
use kit::numbers::Numbers;
use libfuzzer_sys::fuzz_target;

/// Calls of one guest; there is another on the same tree while there is input.
const CALLS: usize = 200;

fn judge(mut world: World, mut numbers: Numbers) {
    while !numbers.used_up() {
        world.guest_calls(&mut numbers, CALLS);
    }
    world.check();
}

fuzz_target!(|input: Vec<u8>| {
    let mut numbers = Numbers::Bytes(input.into_iter());
    // The host's file system is a hundred times slower, and what it answers has been judged longer.
    if numbers.below(4) > 0 {
        return judge(World::new(MemoryFs::new().root(), "/outside/secret"), numbers);
    }
    let temporary = tempfile::tempdir().unwrap();
    let base = Arc::new(HostDirectory::open_ambient(temporary.path()).unwrap());
    judge(World::new(base, temporary.path().join("outside/secret").to_str().unwrap()), numbers);
});
