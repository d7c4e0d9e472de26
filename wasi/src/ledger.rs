//! What a guest may use up and what it has used: the limits the embedder sets, the counters it can read.
//!
//! Kept here are bytes moved, random bytes and accepted connections; time spent waiting is `wait/`'s, descriptors are the
//! table's, room in memory is each [`MemoryFs`]'s and each [`Capture`]'s own. [`Usage`] puts them together.
//!
//! A counter never exceeds its limit. Counting is one addition to what a call costs.

use std::time::Duration;

use crate::abi::Errno;
use crate::fs::memory::MemoryFs;
use crate::stdio::Capture;
use crate::work::{BYTES_PER_UNIT, UNITS_PER_ENTRY};

/// What a guest may use up over the life of its context, except descriptors, of which so many may be open at a time.
/// `None` is without limit, and the default wherever no number would suit most guests.
///
/// File systems in memory and captured output have limits of their own, which are
/// [`MemoryFsBuilder`](crate::fs::memory::MemoryFsBuilder)'s and [`Capture::with_limit`]'s; what exceeds those is ENOSPC.
///
/// ```
/// use std::time::Duration;
/// use hostel_wasi::{WasiCtx, WasiLimits};
/// let limits = WasiLimits {
///     stdio_bytes: Some(1 << 20),
///     waiting: Some(Duration::from_secs(10)),
///     ..WasiLimits::default()
/// };
/// let ctx = WasiCtx::builder().limits(limits).build()?;
/// assert_eq!(ctx.usage().stdio_bytes, 0);
/// # Ok::<(), hostel_wasi::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WasiLimits {
    /// Descriptors open at a time, stdio and preopens included; numbers stay below it. One more is EMFILE. Default:
    /// 65 536, above every libc's own limit and small enough that a full table is a few MiB.
    pub open_fds: u32,
    /// Bytes written to all descriptors together: files, streams, connections; and bytes that `fd_allocate` asks for. The
    /// write that crosses the limit is cut short, the next is EDQUOT; an allocation that would cross it is EDQUOT. Default:
    /// none.
    pub bytes_written: Option<u64>,
    /// Of those, bytes written to what stdout and stderr are connected to. Default: none.
    pub stdio_bytes: Option<u64>,
    /// Bytes from `random_get`. A call that would cross the limit is EDQUOT. Default: none.
    pub random_bytes: Option<u64>,
    /// Time spent waiting: sleeping, polling, reading, writing, accepting. A wait that reaches the limit ends with EDQUOT.
    /// Not included is time that virtual clocks skip. Default: none; see also
    /// [`WasiCtxBuilder::deadline`](crate::WasiCtxBuilder::deadline).
    pub waiting: Option<Duration>,
    /// Connections accepted. One more is EDQUOT. Default: none.
    pub sockets_accepted: Option<u64>,
}

impl Default for WasiLimits {
    fn default() -> Self {
        WasiLimits {
            open_fds: 65_536,
            bytes_written: None,
            stdio_bytes: None,
            random_bytes: None,
            waiting: None,
            sockets_accepted: None,
        }
    }
}

/// What a guest has used so far. Bytes that a call had moved when it was canceled count too, though the guest was not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Descriptors open now, stdio and preopens included.
    pub open_fds: usize,
    /// Bytes read from all descriptors.
    pub bytes_read: u64,
    /// Bytes written to all descriptors or allocated.
    pub bytes_written: u64,
    /// Of those, bytes written to what stdout and stderr are connected to.
    pub stdio_bytes: u64,
    /// Random bytes.
    pub random_bytes: u64,
    /// Time spent waiting.
    pub waited: Duration,
    /// Connections accepted.
    pub sockets_accepted: u64,
    /// Bytes now in file systems in memory, those of [`in_memory_dir`](crate::WasiCtxBuilder::in_memory_dir), each
    /// counted once: [`MemoryFs::bytes_used`].
    pub memory_bytes: u64,
    /// Inodes there: [`MemoryFs::inodes_used`].
    pub memory_inodes: u64,
    /// Bytes now in the captures that the standard streams are connected to, each counted once.
    pub captured_bytes: u64,
}

/// One counter and its limit.
#[derive(Clone, Copy, Debug)]
struct Meter {
    used: u64,
    limit: u64,
}

impl Meter {
    fn new(limit: Option<u64>) -> Self {
        Meter { used: 0, limit: limit.unwrap_or(u64::MAX) }
    }

    #[inline]
    fn room(&self) -> u64 {
        self.limit - self.used
    }

    /// Counts what there was [`room`](Self::room) for.
    #[inline]
    fn add(&mut self, count: u64) {
        debug_assert!(count <= self.room());
        self.used += count;
    }

    #[inline]
    fn take(&mut self, count: u64) -> Result<(), Errno> {
        if count > self.room() {
            return Err(Errno::Dquot);
        }
        self.used += count;
        Ok(())
    }
}

/// The counters of a context, and what else is to be asked for [`Usage`].
pub(crate) struct Ledger {
    read: u64,
    written: Meter,
    stdio: Meter,
    random: Meter,
    accepted: Meter,
    /// Bytes moved that no other counter has.
    otherwise_moved: u64,
    /// Entries of directories.
    entries: u64,
    /// The work that has been told to somebody who charges for it.
    charged: u64,
    pub(crate) memory: Vec<MemoryFs>,
    pub(crate) captures: Vec<Capture>,
}

impl Ledger {
    pub(crate) fn new(limits: &WasiLimits) -> Self {
        Ledger {
            read: 0,
            written: Meter::new(limits.bytes_written),
            stdio: Meter::new(limits.stdio_bytes),
            random: Meter::new(limits.random_bytes),
            accepted: Meter::new(limits.sockets_accepted),
            otherwise_moved: 0,
            entries: 0,
            charged: 0,
            memory: Vec::new(),
            captures: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn read(&mut self, count: u32) {
        self.read += u64::from(count);
    }

    /// How many bytes may be written, to the standard streams or elsewhere.
    #[inline]
    pub(crate) fn room(&self, standard: bool) -> u64 {
        if standard { self.written.room().min(self.stdio.room()) } else { self.written.room() }
    }

    /// Counts a write for which there was [`room`](Self::room).
    #[inline]
    pub(crate) fn wrote(&mut self, count: u32, standard: bool) {
        self.written.add(count.into());
        if standard {
            self.stdio.add(count.into());
        }
    }

    /// Whether so many bytes may be allocated, or EDQUOT.
    pub(crate) fn check_allocate(&self, count: u64) -> Result<(), Errno> {
        if count > self.written.room() { Err(Errno::Dquot) } else { Ok(()) }
    }

    /// Counts bytes that have been allocated after [`check_allocate`](Self::check_allocate).
    pub(crate) fn allocated(&mut self, count: u64) {
        self.written.add(count);
    }

    /// Counts bytes that nothing else here counts, such as those that were allocated by a call which failed or was stopped then:
    /// work, but no limit is on them.
    #[inline]
    pub(crate) fn moved(&mut self, count: u64) {
        self.otherwise_moved += count;
    }

    /// Takes random bytes, or EDQUOT.
    #[inline]
    pub(crate) fn random(&mut self, count: usize) -> Result<(), Errno> {
        self.random.take(count as u64)
    }

    /// Gives random bytes back that were [taken](Self::random) and then not made.
    pub(crate) fn random_left(&mut self, count: usize) {
        self.random.used -= count as u64;
    }

    /// Counts entries of directories that were looked at or given out.
    pub(crate) fn entries(&mut self, count: u64) {
        self.entries += count;
    }

    /// The units of work since this was last asked; see `work.rs`.
    pub(crate) fn take_work(&mut self) -> u64 {
        let bytes = [self.written.used, self.random.used, self.otherwise_moved];
        let bytes = bytes.into_iter().fold(self.read, u64::saturating_add);
        let units = (bytes / BYTES_PER_UNIT).saturating_add(self.entries.saturating_mul(UNITS_PER_ENTRY));
        units - std::mem::replace(&mut self.charged, units)
    }

    /// Whether one more connection may be accepted, or EDQUOT.
    pub(crate) fn check_accept(&self) -> Result<(), Errno> {
        if self.accepted.room() > 0 { Ok(()) } else { Err(Errno::Dquot) }
    }

    pub(crate) fn accepted(&mut self) {
        self.accepted.add(1);
    }

    pub(crate) fn usage(&self, open_fds: usize, waited: Duration) -> Usage {
        Usage {
            open_fds,
            bytes_read: self.read,
            bytes_written: self.written.used,
            stdio_bytes: self.stdio.used,
            random_bytes: self.random.used,
            waited,
            sockets_accepted: self.accepted.used,
            memory_bytes: self.memory.iter().map(MemoryFs::bytes_used).sum(),
            memory_inodes: self.memory.iter().map(MemoryFs::inodes_used).sum(),
            captured_bytes: self.captures.iter().map(Capture::len).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meters_stop_at_their_limits() {
        let mut meter = Meter::new(Some(10));
        assert_eq!(
            (meter.take(11), meter.take(u64::MAX), meter.take(4)),
            (Err(Errno::Dquot), Err(Errno::Dquot), Ok(()))
        );
        meter.add(6);
        assert_eq!((meter.used, meter.room(), meter.take(1)), (10, 0, Err(Errno::Dquot)));
    }
}
