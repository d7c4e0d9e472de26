//! `cargo fuzz`: host functions of random types that write junk, forge references, call back, trap and panic.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    hostel_fuzz::hostile::host::run(bytes);
});
