//! The fuzz targets' bodies on a bounded number of seeds, always the same. `fuzz/` runs them for as long as one likes.
//!
//! ```text
//! HOSTEL_HOSTILE=50000 cargo test --release -p hostel-engine --test hostile
//! ```

#[path = "differential/mod.rs"]
mod cases;
#[path = "hostile/mod.rs"]
mod hostile;

use cases::generate::{Profile, Words, case};

/// How many seeds: what the environment asks for, or a number that takes a few seconds in a dev build.
fn seeds(few: u64) -> std::ops::Range<u64> {
    0..std::env::var("HOSTEL_HOSTILE").map_or(few, |wish| wish.parse().expect("HOSTEL_HOSTILE is a number of seeds"))
}

/// What a fuzzer could have made up.
fn bytes(seed: u64) -> Vec<u8> {
    let mut words = Words(seed);
    let length = 64 << words.below(7);
    (0..length).map(|_| words.word() as u8).collect()
}

#[test]
fn broken_modules_are_errors() {
    let (mut accepted, mut all) = (0, 0);
    for seed in seeds(12) {
        let Some(case) = case(seed, Profile::ALL) else { continue };
        let mut words = Words(seed);
        for _ in 0..20 {
            all += 1;
            accepted += u32::from(hostile::bytes::load(&hostile::bytes::mutate(&case.wasm, &mut words)));
        }
        hostile::bytes::load(&bytes(seed));
    }
    // Else nothing, or nothing but nonsense, is tested.
    assert!(accepted > 0 && accepted < all, "{accepted} of {all} broken modules are accepted");
}

#[test]
fn limits_fuel_and_interruptions_act_alike() {
    let mut run = 0;
    for seed in seeds(40) {
        run += u32::from(hostile::execute::run(&bytes(seed)));
    }
    assert!(run > 10, "only {run} seeds make a module");
}

#[test]
fn junk_of_host_functions_is_harmless() {
    for seed in seeds(300) {
        hostile::host::run(&bytes(seed));
    }
}
