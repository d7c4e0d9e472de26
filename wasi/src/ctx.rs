//! What one guest sees of the world.

use std::fmt;

use crate::builder::WasiCtxBuilder;
use crate::clocks::ClockSource;
use crate::random::Random;
use crate::strings::Strings;
use crate::table::FdTable;

/// The state of one guest: its arguments and environment, open descriptors, clocks, randomness. Every function takes
/// it by `&mut`. Two contexts share nothing but what the embedder puts into both.
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
/// assert_eq!(ctx.open_fds(), 4);
/// # Ok::<(), hostel_wasi::BuildError>(())
/// ```
pub struct WasiCtx {
    pub(crate) args: Strings,
    pub(crate) environ: Strings,
    pub(crate) table: FdTable,
    pub(crate) clocks: ClockSource,
    pub(crate) random: Random,
}

impl WasiCtx {
    /// A builder with nothing granted.
    pub fn builder() -> WasiCtxBuilder {
        WasiCtxBuilder::new()
    }

    /// How many descriptors the guest has open, stdio and preopens included.
    pub fn open_fds(&self) -> usize {
        self.table.open()
    }
}

impl fmt::Debug for WasiCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasiCtx")
            .field("args", &self.args.sizes().0)
            .field("environ", &self.environ.sizes().0)
            .field("open_fds", &self.open_fds())
            .field("random", &self.random)
            .finish_non_exhaustive()
    }
}
