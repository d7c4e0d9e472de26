//! The clocks a guest reads and sleeps on: the system's, or whatever the embedder puts in their place.
//!
//! Times are nanoseconds in a `u64`. The realtime clock counts from 1970-01-01T00:00:00Z; the start of the others means
//! nothing. Not here: subscriptions and descriptors, which are `p1/poll`'s.

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;
mod virtual_clocks;

use std::time::Duration;

use crate::abi::{Clockid, Errno};

pub use virtual_clocks::VirtualClocks;

#[cfg(not(unix))]
use elsewhere as system;
#[cfg(unix)]
use unix as system;

/// Clocks that replace the system's, for virtual time or for repeatable runs.
///
/// All times are nanoseconds, as the guest gets them: of [`Clockid::Realtime`] since 1970-01-01T00:00:00Z, of
/// [`Clockid::Monotonic`] since a moment that the clocks choose, of [`Clockid::ProcessCputimeId`] and
/// [`Clockid::ThreadCputimeId`] spent computing.
///
/// The defaults of the provided methods suit clocks that go at the host's pace. A virtual clock overrides both:
/// [`host_span`](Self::host_span) returns zero, so that a poll does not wait on the host, and
/// [`sleep_until`](Self::sleep_until) moves the time forward.
///
/// ```
/// use std::cell::Cell;
/// use std::time::Duration;
/// use hostel_wasi::abi::{Clockid, Errno};
/// use hostel_wasi::{Clocks, WasiCtx};
///
/// struct Virtual(Cell<u64>);
/// impl Clocks for Virtual {
///     fn now(&self, _: Clockid) -> Result<u64, Errno> { Ok(self.0.get()) }
///     fn resolution(&self, _: Clockid) -> Result<u64, Errno> { Ok(1) }
///     fn host_span(&self, _: Clockid, _: u64) -> Duration { Duration::ZERO }
///     fn sleep_until(&self, _: Clockid, until: u64) { self.0.set(self.0.get().max(until)) }
/// }
/// let ctx = WasiCtx::builder().clocks(Virtual(Cell::new(1_000_000_000))).build()?;
/// # Ok::<(), hostel_wasi::BuildError>(())
/// ```
pub trait Clocks: Send {
    /// What the clock reads, in nanoseconds since its start, which is 1970-01-01T00:00:00Z for the realtime clock and any
    /// moment for the others. The monotonic clock never goes back and never reads 0 (Go's runtime takes 0 for a fault).
    ///
    /// # Errors
    ///
    /// They are the guest's: ENOTSUP for a clock that there is not, EOVERFLOW for a time that a `u64` does not hold.
    fn now(&self, id: Clockid) -> Result<u64, Errno>;

    /// The clock's step in nanoseconds, at least 1: a guest is told 1 for 0.
    ///
    /// # Errors
    ///
    /// Those of [`now`](Self::now).
    fn resolution(&self, id: Clockid) -> Result<u64, Errno>;

    /// How long the host may wait for descriptors, in its own time, before the clock reads `until`: nanoseconds since the
    /// clock's start, like [`now`](Self::now).
    fn host_span(&self, id: Clockid, until: u64) -> Duration {
        Duration::from_nanos(until.saturating_sub(self.now(id).unwrap_or(until)))
    }

    /// Returns when the clock reads at least `until`, which is nanoseconds since the clock's start. Asked only of the realtime and the monotonic clock, and only when
    /// there is nothing else to wait for, [`host_span`](Self::host_span) is zero and the moment has still not come.
    fn sleep_until(&self, id: Clockid, until: u64) {
        while let Ok(now) = self.now(id) {
            match until.checked_sub(now) {
                None | Some(0) => return,
                Some(left) => std::thread::sleep(Duration::from_nanos(left)),
            }
        }
    }
}

/// The host's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClocks;

impl Clocks for SystemClocks {
    #[inline]
    fn now(&self, id: Clockid) -> Result<u64, Errno> {
        system::now(id)
    }

    #[inline]
    fn resolution(&self, id: Clockid) -> Result<u64, Errno> {
        system::resolution(id)
    }
}

/// The clocks of a context. An enum rather than a boxed trait object: reading the system's clock is a hot path.
pub(crate) enum ClockSource {
    System,
    Custom(Box<dyn Clocks>),
}

impl ClockSource {
    #[inline]
    pub(crate) fn now(&self, id: Clockid) -> Result<u64, Errno> {
        match self {
            ClockSource::System => system::now(id),
            ClockSource::Custom(clocks) => clocks.now(id),
        }
    }

    #[inline]
    pub(crate) fn resolution(&self, id: Clockid) -> Result<u64, Errno> {
        match self {
            ClockSource::System => system::resolution(id),
            ClockSource::Custom(clocks) => clocks.resolution(id).map(|resolution| resolution.max(1)),
        }
    }

    pub(crate) fn host_span(&self, id: Clockid, until: u64) -> Duration {
        match self {
            ClockSource::System => SystemClocks.host_span(id, until),
            ClockSource::Custom(clocks) => clocks.host_span(id, until),
        }
    }

    pub(crate) fn sleep_until(&self, id: Clockid, until: u64) {
        match self {
            ClockSource::System => SystemClocks.sleep_until(id, until),
            ClockSource::Custom(clocks) => clocks.sleep_until(id, until),
        }
    }
}
