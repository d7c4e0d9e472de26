//! What one guest sees of the world.

use std::fmt;
use std::io;

use crate::builder::WasiCtxBuilder;
use crate::clocks::ClockSource;
use crate::ledger::{Ledger, Usage};
use crate::random::Random;
use crate::strings::Strings;
use crate::table::FdTable;
use crate::wait::{CancelHandle, Deadline, Waits};

/// The state of one guest: its arguments and environment, open descriptors, clocks, randomness. Every function takes
/// it by `&mut`. Two contexts share nothing but what the embedder puts into both. A context can move between threads.
///
/// A context without settings has no authority at all: no files, no environment, stdin at its end, output into
/// nothing. Time and randomness are all it gets.
///
/// ```
/// use hostel_wasi::{Perms, WasiCtx};
/// let ctx = WasiCtx::builder()
///     .args(["prog", "--verbose"])
///     .env("LANG", "C.UTF-8")
///     .inherit_stdio()
///     .preopened_dir(std::env::temp_dir(), "/tmp", Perms::READ_ONLY)
///     .build()?;
/// assert_eq!(ctx.usage().open_fds, 4);
/// # Ok::<(), hostel_wasi::BuildError>(())
/// ```
pub struct WasiCtx {
    pub(crate) args: Strings,
    pub(crate) environ: Strings,
    pub(crate) table: FdTable,
    pub(crate) clocks: ClockSource,
    pub(crate) random: Random,
    pub(crate) waits: Waits,
    pub(crate) ledger: Ledger,
    /// Calls of `sched_yield`.
    pub(crate) yields: u32,
}

impl WasiCtx {
    /// A builder with nothing granted.
    pub fn builder() -> WasiCtxBuilder {
        WasiCtxBuilder::new()
    }

    /// What the guest has used so far of what [`WasiLimits`](crate::WasiLimits) can limit.
    pub fn usage(&self) -> Usage {
        self.ledger.usage(self.table.open(), self.waits.waited())
    }

    /// A handle that ends this guest's waiting from another thread. The first call makes it; all others give clones.
    ///
    /// # Errors
    /// The host has no descriptor left for it.
    pub fn cancel_handle(&mut self) -> io::Result<CancelHandle> {
        self.waits.handle()
    }

    /// Sets another deadline: the moment, or the span from now on, after which waiting ends with
    /// [`Canceled::ByDeadline`](crate::Canceled). Calls that need not wait are not concerned.
    pub fn set_deadline(&mut self, deadline: impl Into<Deadline>) {
        self.waits.deadline = deadline.into().moment();
    }

    /// Takes the deadline away.
    pub fn clear_deadline(&mut self) {
        self.waits.deadline = None;
    }
}

impl fmt::Debug for WasiCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasiCtx")
            .field("args", &self.args.sizes().0)
            .field("environ", &self.environ.sizes().0)
            .field("open_fds", &self.table.open())
            .field("random", &self.random)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    fn is_send<T: Send>() {}

    #[test]
    fn contexts_move_between_threads() {
        is_send::<super::WasiCtx>();
        is_send::<super::WasiCtxBuilder>();
    }
}
