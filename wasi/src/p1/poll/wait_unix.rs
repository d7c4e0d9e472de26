//! Waiting on descriptors of Unix: one `poll` for all of them.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags};

use super::{Ready, Waiting};
use crate::abi::{Errno, Eventrwflags};
use crate::fs::File;
use crate::table::FdTable;
use crate::wait::Waits;

/// Whether reading or writing the file may wait at all.
pub(super) fn may_wait(file: &dyn File) -> bool {
    file.pollable().is_some()
}

/// Which of `waiting` are ready within `span` (`None`: whenever), by their places there, with flags or an error. None:
/// the time is over, or the wait was interrupted.
pub(super) fn wait(
    waits: &Waits,
    table: &FdTable,
    waiting: &[Waiting],
    span: Option<Duration>,
) -> Result<Vec<Ready>, Errno> {
    let mut fds = Vec::with_capacity(waiting.len() + 1);
    for entry in waiting {
        let fd = table.get(entry.fd)?.as_file().and_then(|file| file.pollable()).ok_or(Errno::Badf)?;
        fds.push(PollFd::from_borrowed_fd(fd, if entry.write { PollFlags::OUT } else { PollFlags::IN }));
    }
    waits.poll(&mut fds, span)?;
    let ready = fds.iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty());
    Ok(ready.map(|(index, fd)| (index, readiness(fd.revents()))).collect())
}

fn readiness(revents: PollFlags) -> Result<Eventrwflags, Errno> {
    if revents.contains(PollFlags::NVAL) {
        return Err(Errno::Badf);
    }
    let mut flags = Eventrwflags::empty();
    // ERR is a pipe without a reader or a connection that was reset: nobody is there any more.
    flags.set(Eventrwflags::FD_READWRITE_HANGUP, revents.intersects(PollFlags::HUP | PollFlags::ERR));
    Ok(flags)
}
