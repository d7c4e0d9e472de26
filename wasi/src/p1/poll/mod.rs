//! Waiting for time and for descriptors.
//!
//! Every clock subscription is turned into a moment on the realtime or the monotonic clock, every descriptor is either
//! ready at once or handed to the system's `poll`, all of them in one call with the nearest moment as its timeout.
//! Nothing here spins: each turn of the loop waits on the host, or is the last.
//!
//! A subscription that cannot be served (no such descriptor, no right) is an event with its error, not a failed call.

mod subscription;
#[cfg_attr(not(unix), path = "wait_elsewhere.rs")]
#[cfg_attr(unix, path = "wait_unix.rs")]
mod wait;

pub(crate) use subscription::Layout;

use std::time::Duration;

use crate::abi::{Clockid, Errno, Eventrwflags, Filetype, Rights};
use crate::clocks::ClockSource;
use crate::ctx::WasiCtx;
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};
use crate::table::FdTable;
use crate::wait::Waits;
use subscription::{EVENT_SIZE, Event, Subscription, Wish};
use wait::{may_wait, wait};

/// The most subscriptions of one call; more are EINVAL, as with POSIX and its limit of descriptors. Chosen.
pub const SUBSCRIPTIONS_MAX: usize = 4096;

/// What a descriptor that is ready takes without waiting: POSIX's promise for pipes, `PIPE_BUF` on Linux. Files take more.
const WRITABLE_BYTES: u64 = 4096;

/// Waits until at least one of some events has occurred: a moment on a clock, a descriptor ready to be read or written.
/// Stores those that have, in the order of their subscriptions.
///
/// CPU time stands still while waiting, so a moment on a CPU clock is taken as that far away in real time. Regular files
/// and directories are always ready. A read event's `nbytes` is what can be read without waiting.
///
/// - `in`: `nsubscriptions` subscriptions
/// - `out`: room for as many events
/// - `nsubscriptions`: how many
/// - `nevents`: result, `u32`: events stored
///
/// Errors: EINVAL for no subscriptions, for more than [`SUBSCRIPTIONS_MAX`], for unknown clocks, types and flags. An
/// event's own: EBADF, ENOTCAPABLE.
///
/// ```text
/// subscription  0             8       9       16                            24           32             40         48
///               userdata u64  tag u8  7 zero  clock: id u32 + 4 zero        timeout u64  precision u64  flags u16
///                                             fd_read, fd_write: fd u32
/// event         0             8          10       11      16          24                  32
///               userdata u64  errno u16  type u8  5 zero  nbytes u64  flags u16 + 6 zero
/// ```
pub fn poll_oneoff(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    subscriptions: GuestPtr,
    events: GuestPtr,
    nsubscriptions: GuestLen,
    nevents: GuestPtr,
) -> Result<(), Errno> {
    poll_with(Layout::PREVIEW1, ctx, memory, subscriptions, events, nsubscriptions, nevents)
}

/// `poll_oneoff` for a layout of subscriptions.
pub(crate) fn poll_with(
    layout: Layout,
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    subscriptions: GuestPtr,
    events: GuestPtr,
    nsubscriptions: GuestLen,
    nevents: GuestPtr,
) -> Result<(), Errno> {
    let count = nsubscriptions.0 as usize;
    if count == 0 {
        return Err(Errno::Inval);
    }
    let bytes = memory.bytes(subscriptions, count.checked_mul(layout.size).ok_or(Errno::Fault)?)?;
    memory.check(events, count.checked_mul(EVENT_SIZE).ok_or(Errno::Fault)?)?;
    memory.check(nevents, 4)?;
    if count > SUBSCRIPTIONS_MAX {
        return Err(Errno::Inval);
    }
    let subscriptions: Vec<Subscription> =
        bytes.chunks_exact(layout.size).map(|bytes| layout.decode(bytes)).collect::<Result<_, _>>()?;

    // A guest that polls without ever having to wait is ended here.
    ctx.waits.check()?;
    let outcomes = Poll::new(ctx, &subscriptions).run()?;

    let room = memory.bytes_mut(events, count * EVENT_SIZE)?;
    let occurred =
        subscriptions.iter().zip(&outcomes).filter_map(|(subscription, event)| Some((subscription, (*event)?)));
    let mut stored = 0;
    for ((subscription, event), room) in occurred.zip(room.chunks_exact_mut(EVENT_SIZE)) {
        room.copy_from_slice(&event.to_bytes(subscription));
        stored += 1;
    }
    memory.write_u32(nevents, stored)
}

/// A moment on a clock that can be waited for.
#[derive(Clone, Copy)]
struct Moment {
    id: Clockid,
    until: u64,
    /// The subscription's place.
    index: usize,
}

/// A descriptor that is waited for.
#[derive(Clone, Copy)]
struct Waiting {
    /// The subscription's place.
    index: usize,
    fd: Fd,
    write: bool,
}

/// A place in what is waited for, and the flags of its event or the error.
type Ready = (usize, Result<Eventrwflags, Errno>);

/// One call's state: an outcome for each subscription, and what those without one wait for.
struct Poll<'a> {
    waits: &'a Waits,
    table: &'a mut FdTable,
    clocks: &'a ClockSource,
    outcomes: Vec<Option<Event>>,
    moments: Vec<Moment>,
    waiting: Vec<Waiting>,
}

impl<'a> Poll<'a> {
    fn new(ctx: &'a mut WasiCtx, subscriptions: &[Subscription]) -> Self {
        let outcomes = vec![None; subscriptions.len()];
        let WasiCtx { waits, table, clocks, .. } = ctx;
        let mut poll = Poll { waits, table, clocks, outcomes, moments: Vec::new(), waiting: Vec::new() };
        for (index, subscription) in subscriptions.iter().enumerate() {
            let settled = match subscription.wish {
                Wish::Clock { id, timeout, absolute } => poll.add_clock(index, id, timeout, absolute),
                Wish::Descriptor { fd, write } => poll.add_descriptor(index, fd, write),
            };
            poll.outcomes[index] = settled.unwrap_or_else(|errno| Some(Event::failed(errno)));
        }
        poll
    }

    fn add_clock(&mut self, index: usize, id: Clockid, timeout: u64, absolute: bool) -> Result<Option<Event>, Errno> {
        let (id, until) = match (id, absolute) {
            (Clockid::Realtime | Clockid::Monotonic, true) => (id, timeout),
            // A span is the same on both clocks, but setting the time does not change it on this one.
            (Clockid::Realtime | Clockid::Monotonic, false) => {
                (Clockid::Monotonic, self.clocks.now(Clockid::Monotonic)?.saturating_add(timeout))
            }
            (Clockid::ProcessCputimeId | Clockid::ThreadCputimeId, _) => {
                let now = self.clocks.now(id)?;
                let span = if absolute { timeout.saturating_sub(now) } else { timeout };
                (Clockid::Monotonic, self.clocks.now(Clockid::Monotonic)?.saturating_add(span))
            }
        };
        self.moments.push(Moment { id, until, index });
        Ok(None)
    }

    fn add_descriptor(&mut self, index: usize, fd: Fd, write: bool) -> Result<Option<Event>, Errno> {
        let descriptor = self.table.get_mut(fd)?;
        let Some(file) = descriptor.as_file() else {
            return Ok(Some(Event::default()));
        };
        descriptor.check_rights(Rights::POLL_FD_READWRITE)?;
        if file.filetype() == Filetype::RegularFile {
            // Ready for either, as POSIX has it, also where the file is not open for it.
        } else if write {
            descriptor.check_rights(Rights::FD_WRITE)?;
        } else if descriptor.check_any_right(Rights::SOCK_ACCEPT).is_err() {
            descriptor.check_rights(Rights::FD_READ)?;
        }
        if may_wait(file) {
            self.waiting.push(Waiting { index, fd, write });
            return Ok(None);
        }
        self.ready(fd, write, Eventrwflags::empty()).map(Some)
    }

    /// The event of a descriptor that is ready.
    fn ready(&mut self, fd: Fd, write: bool, flags: Eventrwflags) -> Result<Event, Errno> {
        let nbytes =
            if write { WRITABLE_BYTES } else { self.table.file(fd, Rights::empty())?.bytes_readable()?.unwrap_or(0) };
        Ok(Event { error: None, nbytes, flags })
    }

    /// Waits, and returns what has become of each subscription.
    fn run(mut self) -> Result<Vec<Option<Event>>, Errno> {
        let settled = self.outcomes.iter().any(Option::is_some);
        loop {
            let nearest = self.nearest();
            let span = if settled { Some(Duration::ZERO) } else { nearest.map(|(_, span)| span) };
            self.wait(span)?;
            self.strike();
            if settled || self.outcomes.iter().any(Option::is_some) {
                return Ok(self.outcomes);
            }
            // The host need not wait, yet the moment has not come: such a clock moves when it is slept on.
            if let Some((moment, Duration::ZERO)) = nearest {
                self.clocks.sleep_until(moment.id, moment.until);
                self.outcomes[moment.index] = Some(Event::default());
                self.strike();
                return Ok(self.outcomes);
            }
        }
    }

    /// The moment that comes first, and how long the host may wait for it.
    fn nearest(&self) -> Option<(Moment, Duration)> {
        let spans = self.moments.iter().map(|moment| (*moment, self.clocks.host_span(moment.id, moment.until)));
        // Virtual clocks have no spans of the host's; what they lack themselves decides.
        spans.min_by_key(|(moment, span)| (*span, moment.until.saturating_sub(self.clocks.now(moment.id).unwrap_or(0))))
    }

    /// Waits for descriptors, for `span` at most. Being interrupted is an end of the wait with nothing ready.
    fn wait(&mut self, span: Option<Duration>) -> Result<(), Errno> {
        if self.waiting.is_empty() && span == Some(Duration::ZERO) {
            return Ok(());
        }
        for (index, readiness) in wait(self.waits, self.table, &self.waiting, span)? {
            let Waiting { index, fd, write } = self.waiting[index];
            let event = readiness.and_then(|flags| self.ready(fd, write, flags));
            self.outcomes[index] = Some(event.unwrap_or_else(Event::failed));
        }
        Ok(())
    }

    /// Settles the moments that have come.
    fn strike(&mut self) {
        for moment in &self.moments {
            let outcome = &mut self.outcomes[moment.index];
            if outcome.is_none() {
                match self.clocks.now(moment.id) {
                    Ok(now) if now < moment.until => {}
                    Ok(_) => *outcome = Some(Event::default()),
                    Err(errno) => *outcome = Some(Event::failed(errno)),
                }
            }
        }
    }
}
