//! The model's judgement (`kit/model/`) of arbitrary calls, from seeds. `fuzz/` has a target that makes up the numbers
//! and knows no end.
#![cfg(unix)]

mod kit;

use std::sync::Arc;

use hostel_wasi::fs::host::HostDirectory;
use hostel_wasi::fs::memory::MemoryFs;
use kit::model::{Done, World};
use kit::numbers::Numbers;

/// Contexts of a seed, one after the other on the same tree, and calls of each: guests drop their rights and close what
/// they have, so no context is of use for long.
const CONTEXTS: u64 = 12;
const CALLS: usize = 800;

fn run(mut world: World, seed: u64) {
    let mut numbers = Numbers::Seed(seed);
    for context in 0..CONTEXTS {
        println!("seed {seed}, context {context}");
        world.guest_calls(&mut numbers, CALLS);
        world.check();
    }
    // The calls got far enough to have done something.
    let Done { bytes_written, bytes_read, open, succeeded } = world.done;
    assert!(bytes_written > 0 && bytes_read > 0 && open > 5 && succeeded > 1000, "seed {seed}: {:?}", world.done);
}

#[test]
fn on_the_host() {
    for seed in 0..10 {
        let temporary = tempfile::tempdir().unwrap();
        let base = Arc::new(HostDirectory::open_ambient(temporary.path()).unwrap());
        run(World::new(base, temporary.path().join("outside/secret").to_str().unwrap()), seed);
    }
}

#[test]
fn in_memory() {
    for seed in 100..110 {
        run(World::new(MemoryFs::new().root(), "/outside/secret"), seed);
    }
}
