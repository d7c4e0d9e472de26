//! Waiting, and being told to stop: the one place where a call of a guest's may block.
//!
//! ```text
//! p1 (sleep, poll, read, write, accept, receive, send)  ──►  Waits  ──►  poll(what is waited for, bell, time left)
//! another thread: CancelHandle::cancel  ──────────────────────────────────────────────►  ring
//! ```
//!
//! Files never wait themselves: what would is EAGAIN, and the function then comes here, unless the guest asked for
//! `nonblock`. So what is ready costs nothing more. A stop does not return to the guest: [`Waits`] keeps why, the function
//! gives ECANCELED, and the raw function (`functions.rs`) turns the two into [`Ended`](crate::Ended).
//!
//! A context nobody asked for a handle has no bell and costs no descriptor. A stop lasts: every wait ends at once until
//! [`CancelHandle::reset`], or until there is another deadline.

mod bell;
#[cfg_attr(not(unix), path = "elsewhere.rs")]
#[cfg_attr(unix, path = "unix.rs")]
mod system;

use std::cell::Cell;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::abi::Errno;
use crate::stop::Interrupt;
use bell::Bell;

/// Why a guest's call did not return: it was waiting, and was told not to. In an engine's trap it is found by
/// downcasting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canceled {
    /// By a [`CancelHandle`].
    ByHandle,
    /// By the context's deadline.
    ByDeadline,
    /// By the engine, in the middle of a long call which may be made again.
    ByInterrupt,
    /// By the engine, as the call costs more fuel than is left; it may be made again.
    OutOfFuel,
}

impl fmt::Display for Canceled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Canceled::ByHandle => "canceled while waiting",
            Canceled::ByDeadline => "the deadline passed while waiting",
            Canceled::ByInterrupt => "interrupted in the middle of a call",
            Canceled::OutOfFuel => "a call costs more fuel than is left",
        })
    }
}

impl std::error::Error for Canceled {}

/// Ends the waiting of a context's guest from another thread: sleeping, polling, reading, writing, accepting. The call
/// ends with [`Canceled::ByHandle`]. Clones are the same handle.
///
/// It does not end computing; [`StopHandle`](crate::StopHandle) does both.
///
/// ```
/// use hostel_wasi::{Canceled, Ended, FUNCTIONS, WasiCtx};
/// let mut ctx = WasiCtx::builder().build()?;
/// let handle = ctx.cancel_handle()?;
/// let canceling = std::thread::spawn({
///     let handle = handle.clone();
///     move || handle.cancel()
/// });
/// // A sleep of an hour: one subscription of zeros but for the clock, 1, and the timeout.
/// let mut memory = vec![0; 65536];
/// memory[16] = 1;
/// memory[24..32].copy_from_slice(&3_600_000_000_000u64.to_le_bytes());
/// let poll_oneoff = FUNCTIONS.iter().find(|function| function.name == "poll_oneoff").unwrap();
/// let ended = (poll_oneoff.call)(&mut ctx, Some(&mut memory), &mut [0, 64, 1, 128]);
/// assert_eq!(ended, Err(Ended::Canceled(Canceled::ByHandle)));
/// canceling.join().unwrap();
/// handle.reset();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct CancelHandle(Arc<Signal>);

/// The bell wakes those who wait; `asked` tells those who are about to.
struct Signal {
    asked: AtomicBool,
    bell: Bell,
}

impl CancelHandle {
    fn new() -> io::Result<Self> {
        Ok(CancelHandle(Arc::new(Signal { asked: AtomicBool::new(false), bell: Bell::new()? })))
    }

    /// Ends the wait that is under way, and all later ones. May be called from a signal handler on Unix.
    pub fn cancel(&self) {
        self.0.asked.store(true, Ordering::Release);
        self.0.bell.ring();
    }

    /// Takes the request back: the context can be used again.
    pub fn reset(&self) {
        self.0.bell.silence();
        self.0.asked.store(false, Ordering::Release);
    }

    /// Whether the request stands.
    pub fn is_canceled(&self) -> bool {
        self.0.asked.load(Ordering::Acquire)
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle").field("is_canceled", &self.is_canceled()).finish()
    }
}

/// Until when a guest may wait: a moment, or a span from when it is set, which is when the context is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(DeadlineKind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DeadlineKind {
    At(Instant),
    After(Duration),
}

impl Deadline {
    /// The moment; `None` when it is too far away for the clock to name it.
    pub(crate) fn moment(self) -> Option<Instant> {
        match self.0 {
            DeadlineKind::At(moment) => Some(moment),
            DeadlineKind::After(span) => Instant::now().checked_add(span),
        }
    }
}

impl From<Instant> for Deadline {
    fn from(moment: Instant) -> Self {
        Deadline(DeadlineKind::At(moment))
    }
}

impl From<Duration> for Deadline {
    fn from(span: Duration) -> Self {
        Deadline(DeadlineKind::After(span))
    }
}

/// What is waited for on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

/// A context's waiting.
#[derive(Default)]
pub(crate) struct Waits {
    handle: Option<CancelHandle>,
    /// The engine's request to stop.
    pub(crate) interrupt: Interrupt,
    /// The units of work that the call may cost; `None`: as many as it likes.
    pub(crate) budget: Cell<Option<u64>>,
    pub(crate) deadline: Option<Instant>,
    /// Why the last ECANCELED was given.
    ended: Cell<Option<Canceled>>,
    /// How many bytes that call had moved.
    moved: Cell<u32>,
    waited: Cell<Duration>,
    /// How long it may be in all.
    limit: Option<Duration>,
}

/// One wait.
struct Wait {
    /// How long it may be (`None`: for ever).
    span: Option<Duration>,
    /// When it began, if it is one and not just a look.
    began: Option<Instant>,
    /// Whether `limit` makes it shorter than it was to be.
    limited: bool,
}

impl Waits {
    pub(crate) fn new(deadline: Option<Instant>, limit: Option<Duration>) -> Self {
        Waits { deadline, limit, ..Waits::default() }
    }

    /// Whether there is a store's request to stop, or a budget, to be renewed before a call.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.interrupt.is_connected() || self.budget.get().is_some()
    }

    /// How long the guest has waited so far.
    pub(crate) fn waited(&self) -> Duration {
        self.waited.get()
    }

    pub(crate) fn handle(&mut self) -> io::Result<CancelHandle> {
        if let Some(handle) = &self.handle {
            return Ok(handle.clone());
        }
        Ok(self.handle.insert(CancelHandle::new()?).clone())
    }

    /// Whether somebody asks that the guest be stopped, whatever it does, or a call that has cost `units` has used up its
    /// budget: what takes long looks here now and then. The deadline is for waiting only.
    pub(crate) fn asked_to_stop(&self, units: u64) -> Option<Canceled> {
        if self.interrupt.is_asked() {
            return Some(Canceled::ByInterrupt);
        }
        if !self.can_afford(units) {
            return Some(Canceled::OutOfFuel);
        }
        self.handle.as_ref().filter(|handle| handle.is_canceled()).map(|_| Canceled::ByHandle)
    }

    fn can_afford(&self, units: u64) -> bool {
        self.budget.get().is_none_or(|budget| units <= budget)
    }

    /// ECANCELED when the call will cost more than it may.
    pub(crate) fn check_budget(&self, units: u64) -> Result<(), Errno> {
        if self.can_afford(units) {
            return Ok(());
        }
        self.ended.set(Some(Canceled::OutOfFuel));
        Err(Errno::Canceled)
    }

    /// ECANCELED when it is to [stop](Self::asked_to_stop).
    pub(crate) fn check_stop(&self, units: u64) -> Result<(), Errno> {
        match self.asked_to_stop(units) {
            None => Ok(()),
            why => {
                self.ended.set(why);
                Err(Errno::Canceled)
            }
        }
    }

    /// Whether the ECANCELED that a call has just given came from here.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get().is_some()
    }

    /// ECANCELED when the guest may wait no longer: it was canceled, or its deadline has passed.
    pub(crate) fn check(&self) -> Result<(), Errno> {
        let why = if self.handle.as_ref().is_some_and(CancelHandle::is_canceled) {
            Canceled::ByHandle
        } else if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            Canceled::ByDeadline
        } else {
            return Ok(());
        };
        self.ended.set(Some(why));
        Err(Errno::Canceled)
    }

    /// Why the call that has just given ECANCELED did so, if that came from here.
    #[cold]
    pub(crate) fn take_ended(&self) -> Option<Canceled> {
        self.ended.take()
    }

    /// Keeps how many bytes a call has moved that now gives ECANCELED: nobody is told, but they count.
    pub(crate) fn moved_before_ended(&self, count: u32) {
        self.moved.set(count);
    }

    /// That number, once.
    pub(crate) fn take_moved(&self) -> u32 {
        self.moved.take()
    }

    fn bell(&self) -> Option<&Bell> {
        self.handle.as_ref().map(|handle| &handle.0.bell)
    }

    /// Silences the bell if it was rung for a request that has been taken back: [`CancelHandle::cancel`] asks before it rings, and
    /// the guest may have ended and the request be reset in between. Left alone it would end every wait to come. Before
    /// [`check`](Self::check), which then finds the request whose ringing this may have been.
    fn heard(&self) {
        if let Some(handle) = self.handle.as_ref().filter(|handle| !handle.is_canceled()) {
            handle.0.bell.silence();
        }
    }

    /// Begins a wait of `span` (`None`: for ever), or of as much of it as is allowed.
    fn begin(&self, span: Option<Duration>) -> Result<Wait, Errno> {
        self.check()?;
        if span == Some(Duration::ZERO) {
            return Ok(Wait { span, began: None, limited: false });
        }
        let now = Instant::now();
        let left = self.limit.map(|limit| limit.saturating_sub(self.waited.get()));
        let limited = left.is_some_and(|left| span.is_none_or(|span| left < span));
        let until_deadline = self.deadline.map(|deadline| deadline.saturating_duration_since(now));
        let span = [span, left, until_deadline].into_iter().flatten().min();
        Ok(Wait { span, began: Some(now), limited })
    }

    /// Ends a wait. ECANCELED when that is what ended it, EDQUOT when it was the limit.
    fn end(&self, wait: &Wait, over: bool) -> Result<(), Errno> {
        if let Some(began) = wait.began {
            self.waited.set(self.waited.get().saturating_add(began.elapsed()));
        }
        self.check()?;
        let used_up = self.limit.is_some_and(|limit| self.waited.get() >= limit);
        if over && wait.limited && used_up { Err(Errno::Dquot) } else { Ok(()) }
    }
}
