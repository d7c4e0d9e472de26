//! Lengths that a guest names size nothing in the host. A file of its own, as it watches the whole process.
#![cfg(target_os = "linux")]

mod kit;

use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{FUNCTIONS, Kind, Perms, WasiCtx};
use kit::*;

/// Peak memory of this process stays where it is, whatever lengths are named.
#[test]
fn no_number_sizes_an_allocation() {
    let peak = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmPeak")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let builder = WasiCtx::builder().in_memory_dir(&MemoryFs::new(), "/", Perms::READ_WRITE);
    let mut guest = guest(builder);
    let before = peak();
    for function in &FUNCTIONS {
        let has_length = function.params.iter().any(|param| {
            matches!(param.kind, Kind::PathLen | Kind::BufferLen | Kind::IovecsLen | Kind::SubscriptionsLen)
        });
        if !has_length {
            continue;
        }
        for length in [0xffff_ffff, 0x8000_0000, 0x1fff_ffff, 0x0fff_ffff, 0x0555_5555, MEMORY as u64 + 1] {
            let arg = |kind| match kind {
                Kind::Fd => 3,
                Kind::PathLen | Kind::BufferLen | Kind::IovecsLen | Kind::SubscriptionsLen => length,
                _ => 0,
            };
            let args: Vec<u64> = function.params.iter().map(|param| arg(param.kind)).collect();
            let errno = guest.try_call(function.name, &args).unwrap();
            assert_ne!(errno, 0, "{} of {length:x}", function.name);
        }
    }
    assert!(peak() < before + 1024, "grew by {} KiB", peak() - before);
}
