//! Where there is no `poll`: every descriptor counts as ready, so nothing ever waits on one.

use std::time::Duration;

use super::{Ready, Waiting};
use crate::abi::Errno;
use crate::fs::File;
use crate::table::FdTable;
use crate::wait::Waits;

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
