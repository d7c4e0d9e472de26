//! Clocks that go by what the guest does, so that two runs read the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::Clocks;
use crate::abi::{Clockid, Errno};

/// Virtual clocks. Time does not pass while the guest computes: each reading moves all clocks on by
/// [`STEP`](Self::STEP), and a sleep moves the realtime and the monotonic clock to its end, at once. The realtime clock
/// begins at [`START`](Self::START), the others at 0. Clones are the same clocks.
///
/// ```
/// use hostel_wasi::{Clocks, VirtualClocks, abi::Clockid};
/// let clocks = VirtualClocks::new();
/// assert_eq!(clocks.now(Clockid::Realtime), Ok(VirtualClocks::START + VirtualClocks::STEP));
/// clocks.sleep_until(Clockid::Monotonic, 5_000_000_000);
/// assert_eq!(clocks.now(Clockid::Monotonic), Ok(5_000_000_000 + VirtualClocks::STEP));
/// assert_eq!(clocks.now(Clockid::ProcessCputimeId), Ok(3 * VirtualClocks::STEP));
/// ```
#[derive(Clone, Debug, Default)]
pub struct VirtualClocks(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Since the start, in nanoseconds.
    elapsed: AtomicU64,
    /// Without what was slept: that much work was done.
    worked: AtomicU64,
}

impl VirtualClocks {
    /// What the realtime clock begins with, in nanoseconds since 1970-01-01T00:00:00Z: 2025-01-01T00:00:00Z (chosen: a time
    /// that certificates and file formats take for real).
    pub const START: u64 = 1_735_689_600_000_000_000;
    /// How far a reading moves the clocks, in nanoseconds: a microsecond (chosen: loops that wait for a clock end, and no program takes its
    /// own speed for implausible). It is also what they report as their resolution.
    pub const STEP: u64 = 1_000;

    /// New clocks, at the start.
    pub fn new() -> VirtualClocks {
        VirtualClocks::default()
    }

    /// The realtime clock's time; it does not move by this.
    pub(crate) fn present(&self) -> u64 {
        Self::START.saturating_add(self.0.elapsed.load(Relaxed))
    }
}

/// Adds a step; the clock stays at the end of time.
fn advance(clock: &AtomicU64) -> u64 {
    let next = |now: u64| now.saturating_add(VirtualClocks::STEP);
    match clock.fetch_update(Relaxed, Relaxed, |now| Some(next(now))) {
        Ok(before) | Err(before) => next(before),
    }
}

impl Clocks for VirtualClocks {
    fn now(&self, id: Clockid) -> Result<u64, Errno> {
        let (elapsed, worked) = (advance(&self.0.elapsed), advance(&self.0.worked));
        Ok(match id {
            Clockid::Realtime => Self::START.saturating_add(elapsed),
            Clockid::Monotonic => elapsed,
            Clockid::ProcessCputimeId | Clockid::ThreadCputimeId => worked,
        })
    }

    fn resolution(&self, _id: Clockid) -> Result<u64, Errno> {
        Ok(Self::STEP)
    }

    fn host_span(&self, _id: Clockid, _until: u64) -> Duration {
        Duration::ZERO
    }

    fn sleep_until(&self, id: Clockid, until: u64) {
        let until = if id == Clockid::Realtime { until.saturating_sub(Self::START) } else { until };
        self.0.elapsed.fetch_max(until, Relaxed);
    }
}
