//! Faults: a file system that fails on its n-th call, for every n; a full disk; descriptors and memory that the system
//! refuses; pipes that nobody reads; a directory that is deleted under the guest. The guest gets the right errno, the
//! table stays as the guest knows it, and nothing is lost that it was told is written.

mod faulty;
#[path = "../kit/mod.rs"]
mod kit;
#[cfg(unix)]
mod system;
mod workload;

use std::sync::Arc;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, WasiCtx};

use faulty::{Fault, FaultyDirectory, Plan};
use workload::Workload;

/// Runs the workload on a file system with that fault.
fn run(plan: &Arc<Plan>) -> (MemoryFs, Workload) {
    let fs = MemoryFs::new();
    let root = Arc::new(FaultyDirectory { inner: fs.root(), plan: plan.clone() });
    let guest = kit::guest(WasiCtx::builder().preopened(root, "/", Perms::READ_WRITE));
    let mut workload = Workload::new(guest, plan.clone());
    workload.run();
    (fs, workload)
}

/// How many calls a workload makes that nothing goes wrong with.
fn calls() -> usize {
    let plan = Plan::new(0, false, Fault::Short);
    let (fs, workload) = run(&plan);
    let failed: Vec<_> = workload.log.iter().filter(|step| step.result.is_err()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    workload.check_written(&fs);
    assert!(plan.calls() > 40, "the workload makes {} calls", plan.calls());
    plan.calls()
}

#[test]
fn the_call_that_fails_says_why_and_nothing_else_is_harmed() {
    for errno in [Errno::Io, Errno::Intr, Errno::Nospc, Errno::Dquot] {
        for at in 1..=calls() {
            let (fs, workload) = run(&Plan::new(at, false, Fault::Errno(errno)));
            let hit: Vec<_> = workload.log.iter().filter(|step| step.calls.contains(&at)).collect();
            assert_eq!(hit.len(), 1, "call {at}");
            assert_eq!(hit[0].result, Err(errno), "call {at}, of {}", hit[0].name);
            workload.check_written(&fs);
        }
    }
}

#[test]
fn a_file_system_that_stays_broken_is_survived() {
    for at in 1..=calls() {
        let (fs, workload) = run(&Plan::new(at, true, Fault::Errno(Errno::Io)));
        for step in &workload.log {
            let broken = step.calls.contains(&at) || step.calls.start >= at && !step.calls.is_empty();
            assert!(!broken || step.result == Err(Errno::Io), "broken from call {at} on: {step:?}");
        }
        workload.check_written(&fs);
    }
}

#[test]
fn short_transfers_are_counted() {
    for at in 1..=calls() {
        let (fs, workload) = run(&Plan::new(at, false, Fault::Short));
        let failed: Vec<_> = workload.log.iter().filter(|step| step.result.is_err()).collect();
        assert!(failed.is_empty(), "call {at}: {failed:?}");
        workload.check_written(&fs);
    }
}
