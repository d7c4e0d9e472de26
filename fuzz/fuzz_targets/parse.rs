//! `cargo fuzz`: arbitrary bytes as a module, loaded eagerly and lazily, and run a little where they are one.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    hostel_fuzz::hostile::bytes::load(bytes);
});
