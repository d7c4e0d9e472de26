//! `cargo fuzz`: the input is a seed, or rather eight bytes of it; all of hostel's configurations and wasmi agree.
#![no_main]

use hostel_fuzz::{Peer, judge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|seed: u64| {
    if let Some(verdict) = judge(seed, Peer::Wasmi, Peer::Wasmi.profile()) {
        assert!(verdict.differences.is_empty(), "{}", verdict.differences.join("\n"));
    }
});
