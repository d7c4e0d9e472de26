//! Clocks, randomness, scheduling, the process.

mod kit;

use hostel_wasi::abi::{Clockid, Errno};
use hostel_wasi::{Clocks, Ended, RandomSource, WasiCtx};
use kit::*;

struct Fixed;
impl Clocks for Fixed {
    fn now(&self, id: Clockid) -> Result<u64, Errno> {
        if id == Clockid::ThreadCputimeId { Err(Errno::Notsup) } else { Ok(0x1122_3344_5566_7788 + id as u64) }
    }
    fn resolution(&self, _: Clockid) -> Result<u64, Errno> {
        Ok(0)
    }
}

#[test]
fn clocks_store_eight_bytes() {
    let mut guest = guest(WasiCtx::builder().clocks(Fixed));
    for id in 0..3 {
        let before = guest.memory.clone();
        guest.ok("clock_time_get", &[id, u64::MAX, RESULT + 1]);
        assert_eq!(guest.u64_at(RESULT + 1), 0x1122_3344_5566_7788 + id);
        guest.assert_only(&before, RESULT + 1..RESULT + 9);
        guest.ok("clock_res_get", &[id, RESULT + 1]);
        assert_eq!(guest.u64_at(RESULT + 1), 1, "a step of 0 means nothing");
    }
    guest.fails("clock_time_get", &[3, 0, RESULT], Errno::Notsup);
}

#[test]
fn the_systems_clocks() {
    let mut guest = guest(WasiCtx::builder());
    for id in 0..4 {
        guest.ok("clock_res_get", &[id, RESULT]);
        assert_ne!(guest.u64_at(RESULT), 0);
        let mut last = 0;
        for _ in 0..1000 {
            guest.ok("clock_time_get", &[id, 0, RESULT]);
            assert!(id == 0 || guest.u64_at(RESULT) >= last, "clock {id} went back");
            last = guest.u64_at(RESULT);
        }
        assert_ne!(last, 0);
    }
    let unix = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    guest.ok("clock_time_get", &[0, 0, RESULT]);
    assert!(guest.u64_at(RESULT) >= unix.as_nanos() as u64);
}

#[test]
fn clock_errors() {
    let mut guest = guest(WasiCtx::builder());
    for id in [4, 0xffff_ffff] {
        guest.fails("clock_time_get", &[id, 0, u64::MAX], Errno::Inval);
        guest.fails("clock_res_get", &[id, u64::MAX], Errno::Inval);
    }
    guest.fails("clock_time_get", &[0, 0, MEMORY as u64 - 7], Errno::Fault);
    guest.fails("clock_res_get", &[0, MEMORY as u64 - 7], Errno::Fault);
    guest.ok("clock_time_get", &[0, 0, MEMORY as u64 - 8]);
}

#[test]
fn random_fills_exactly() {
    let mut one = guest(WasiCtx::builder().random_seed(7));
    let before = one.memory.clone();
    one.ok("random_get", &[DATA + 1, 333]);
    one.assert_only(&before, DATA + 1..DATA + 334);
    assert!(one.bytes(DATA + 1, 333).windows(32).all(|window| window != [SENTINEL; 32]));

    let mut same = guest(WasiCtx::builder().random_seed(7));
    same.ok("random_get", &[DATA + 1, 333]);
    assert!(same.memory == one.memory, "a seed repeats");
    let mut other = guest(WasiCtx::builder().random_seed(8));
    other.ok("random_get", &[DATA + 1, 333]);
    assert!(other.memory != one.memory);
    // Pinned: the bytes of a seed are part of the interface. xoshiro256++ seeded by SplitMix64 from 0 begins so.
    let mut pinned = guest(WasiCtx::builder().random_seed(0));
    pinned.ok("random_get", &[DATA, 8]);
    assert_eq!(pinned.u64_at(DATA), 0x5317_5d61_490b_23df);
}

#[test]
fn random_without_a_seed_differs() {
    let fill = || {
        let mut guest = guest(WasiCtx::builder());
        guest.ok("random_get", &[DATA, 32]);
        guest.bytes(DATA, 32).to_vec()
    };
    assert_ne!(fill(), fill());
}

#[test]
fn random_lengths_and_errors() {
    let mut guest = guest(WasiCtx::builder());
    let before = guest.memory.clone();
    guest.ok("random_get", &[DATA, 0]);
    guest.ok("random_get", &[u64::MAX, 0]);
    assert!(guest.memory == before);
    guest.fails("random_get", &[0, MEMORY as u64 + 1], Errno::Fault);
    guest.fails("random_get", &[1, 0xffff_ffff], Errno::Fault);
    guest.fails("random_get", &[0xffff_ffff, 2], Errno::Fault);
    guest.ok("random_get", &[0, MEMORY as u64]);

    struct Dry;
    impl RandomSource for Dry {
        fn fill(&mut self, _: &mut [u8]) -> Result<(), Errno> {
            Err(Errno::Io)
        }
    }
    kit::guest(WasiCtx::builder().random_source(Dry)).fails("random_get", &[DATA, 1], Errno::Io);
}

#[test]
fn the_process() {
    let mut guest = guest(WasiCtx::builder());
    for code in [0, 1, 255, 256, 0xffff_ffff] {
        assert_eq!(guest.try_call("proc_exit", &[code]), Err(Ended::Exit(code as u32)));
    }
    guest.fails("proc_raise", &[9], Errno::Notsup);
    guest.fails("proc_raise", &[0], Errno::Notsup);
    guest.fails("proc_raise", &[31], Errno::Inval);
    guest.ok("sched_yield", &[]);
}
