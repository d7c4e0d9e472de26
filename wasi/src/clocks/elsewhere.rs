//! Clocks where there is no `clock_gettime`: the standard library's two. CPU time is ENOTSUP.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime};

use crate::abi::{Clockid, Errno};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

pub(super) fn now(id: Clockid) -> Result<u64, Errno> {
    let span = match id {
        Clockid::Realtime => SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
        // The first reading must not be 0; see `Clocks::now`.
        Clockid::Monotonic => START.elapsed() + std::time::Duration::from_secs(1),
        Clockid::ProcessCputimeId | Clockid::ThreadCputimeId => return Err(Errno::Notsup),
    };
    u64::try_from(span.as_nanos()).map_err(|_| Errno::Overflow)
}

pub(super) fn resolution(id: Clockid) -> Result<u64, Errno> {
    now(id).map(|_| 100)
}
