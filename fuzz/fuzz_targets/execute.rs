//! `cargo fuzz`: generated modules under random limits, fuel and interruptions, the same on both backends.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if hostel_fuzz::hostile::execute::run(bytes) { Corpus::Keep } else { Corpus::Reject }
});
