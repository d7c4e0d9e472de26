//! The system's clocks through `clock_gettime`, which Linux answers without entering the kernel for the first two.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustix::time::{ClockId, Timespec, clock_getres, clock_gettime};

use crate::abi::{Clockid, Errno};

#[inline]
fn host_id(id: Clockid) -> ClockId {
    match id {
        Clockid::Realtime => ClockId::Realtime,
        Clockid::Monotonic => ClockId::Monotonic,
        Clockid::ProcessCputimeId => ClockId::ProcessCPUTime,
        Clockid::ThreadCputimeId => ClockId::ThreadCPUTime,
    }
}

/// Times before 1970 read 0, those after the year 2554 are EOVERFLOW.
#[inline]
fn nanoseconds(time: Timespec) -> Result<u64, Errno> {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.checked_mul(1_000_000_000).and_then(|ns| ns.checked_add(time.tv_nsec as u64)).ok_or(Errno::Overflow)
}

#[inline]
pub(super) fn now(id: Clockid) -> Result<u64, Errno> {
    nanoseconds(clock_gettime(host_id(id)))
}

/// Asked of the system once: each time would be a system call with the same answer.
#[inline]
pub(super) fn resolution(id: Clockid) -> Result<u64, Errno> {
    /// 0: not asked yet.
    static STEPS: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];
    let known = &STEPS[id as usize];
    match known.load(Relaxed) {
        0 => ask(id, known),
        step => Ok(step),
    }
}

#[cold]
#[inline(never)]
fn ask(id: Clockid, known: &AtomicU64) -> Result<u64, Errno> {
    let step = nanoseconds(clock_getres(host_id(id)))?.max(1);
    known.store(step, Relaxed);
    Ok(step)
}
