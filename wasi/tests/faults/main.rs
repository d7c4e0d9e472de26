//! Faults: a file system that fails on its n-th call, for every n; a full disk; descriptors and memory that the system
//! refuses; pipes that nobody reads; a directory that is deleted under the guest. The guest gets the right errno, the
//! table stays as the guest knows it, and nothing is lost that it was told is written.

mod faulty;
#[path = "../kit/mod.rs"]
mod kit;
mod large;
#[cfg(unix)]
mod system;
mod workload;

use std::sync::Arc;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, WasiCtx};

use faulty::{Fault, FaultyDirectory, Plan};
use workload::{Step, Workload};

/// Runs the workload on a file system with that fault.
fn run(plan: &Arc<Plan>) -> (MemoryFs, Workload) {
    let fs = MemoryFs::new();
    let root = Arc::new(FaultyDirectory { inner: fs.root(), plan: plan.clone() });
    let guest = kit::guest(WasiCtx::builder().preopened(root, "/", Perms::READ_WRITE));
    plan.arm();
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

/// Whether that call of the file system's is one of a listing under way, where EAGAIN means that it takes longer. Its start is
/// three calls.
fn goes_on(step: &Step, at: usize) -> bool {
    step.name == "fd_readdir" && at - step.calls.start >= 3
}

#[test]
fn the_call_that_fails_says_why_and_nothing_else_is_harmed() {
    for errno in [Errno::Io, Errno::Intr, Errno::Nospc, Errno::Dquot, Errno::Again] {
        for at in 1..=calls() {
            let (fs, workload) = run(&Plan::new(at, false, Fault::Errno(errno)));
            let hit: Vec<_> = workload.log.iter().filter(|step| step.calls.contains(&at)).collect();
            assert_eq!(hit.len(), 1, "call {at}");
            let expected = if errno == Errno::Again && goes_on(hit[0], at) { Ok(()) } else { Err(errno) };
            assert_eq!(hit[0].result, expected, "call {at}, of {}", hit[0].name);
            workload.check_written(&fs);
        }
    }
}

/// EAGAIN of a file that can be waited for: the guest's call waits and goes on. What has no cursor, and other calls, do not
/// wait.
#[cfg(unix)]
#[test]
fn what_would_block_is_waited_for() {
    let mut waited = 0;
    for at in 1..=calls() {
        let (fs, workload) = run(&Plan::new(at, false, Fault::Wait));
        for step in workload.log.iter().filter(|step| step.calls.contains(&at)) {
            let waits = matches!(step.name, "fd_read" | "fd_write");
            waited += usize::from(waits);
            let expected = if waits || goes_on(step, at) { Ok(()) } else { Err(Errno::Again) };
            assert_eq!((step.result, step.short), (expected, false), "call {at}, of {}", step.name);
        }
        workload.check_written(&fs);
    }
    assert!(waited > 5, "{waited} calls waited");
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
