//! Where there is no `poll`: every descriptor counts as ready, so nothing ever waits on one.

use std::time::Duration;

use crate::abi::{Errno, Eventrwflags};
use crate::fs::File;
use crate::guest::Fd;
use crate::table::FdTable;
use crate::wait::Waits;

/// A descriptor that is waited for.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    /// The subscription's place.
    pub(super) index: usize,
    pub(super) fd: Fd,
    pub(super) write: bool,
}

/// A place in what is waited for, and the flags of its event or the error.
pub(super) type Ready = (usize, Result<Eventrwflags, Errno>);

pub(super) fn may_wait(_file: &dyn File) -> bool {
    false
}

pub(super) fn wait(
    waits: &Waits,
    _table: &FdTable,
    _waiting: &[Waiting],
    span: Option<Duration>,
) -> Result<Vec<Ready>, Errno> {
    waits.sleep(span)?;
    Ok(Vec::new())
}
