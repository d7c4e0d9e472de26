//! The system's clocks through `clock_gettime`, which Linux answers without entering the kernel for the first two.

use std::sync::OnceLock;

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
    static STEPS: [OnceLock<Result<u64, Errno>>; 4] = [const { OnceLock::new() }; 4];
    *STEPS[id as usize].get_or_init(|| nanoseconds(clock_getres(host_id(id))).map(|step| step.max(1)))
}
