//! Waiting on Unix: one `poll` for everything, the bell included.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Direction, Waits};
use crate::abi::Errno;
use crate::fs::{File, errno_from_system};

/// After how many fruitless waits on one file the next ones are slowed down, and to what. Several readers of one pipe may
/// snatch the data from each other, and a file may be wrong about being ready; neither is to keep a processor busy. Chosen.
const FRUITLESS: u32 = 16;
const PAUSE: Duration = Duration::from_millis(1);

impl Waits {
    /// Waits until one of `fds` is ready, or `span` is over (`None`: for ever), or the waiting was interrupted. The entries
    /// say what is ready.
    pub(crate) fn poll<'f>(&'f self, fds: &mut Vec<PollFd<'f>>, span: Option<Duration>) -> Result<(), Errno> {
        let wait = self.begin(span)?;
        let bell = self.bell().map(|bell| PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN));
        fds.extend(bell);
        // The longest time there is, 2⁶⁴ ns, fits.
        let timeout = wait.span.map(Timespec::try_from).transpose().map_err(|_| Errno::Inval)?;
        let polled = poll(fds, timeout.as_ref());
        if self.bell().is_some() && fds.pop().is_some_and(|bell| !bell.revents().is_empty()) {
            self.heard();
        }
        match polled {
            Ok(ready) => self.end(&wait, ready == 0),
            Err(rustix::io::Errno::INTR) => self.end(&wait, false),
            Err(errno) => Err(errno_from_system(errno)),
        }
    }

    /// Waits until reading or writing `file` is worth another attempt; `fruitless` counts the attempts. EAGAIN when it has
    /// no descriptor to wait on.
    #[cold]
    pub(crate) fn for_file(&self, file: &dyn File, direction: Direction, fruitless: &mut u32) -> Result<(), Errno> {
        let fd = file.pollable().ok_or(Errno::Again)?;
        *fruitless += 1;
        if *fruitless > FRUITLESS {
            self.poll(&mut Vec::new(), Some(PAUSE))?;
        }
        let events = match direction {
            Direction::Read => PollFlags::IN,
            Direction::Write => PollFlags::OUT,
        };
        let mut fds = Vec::with_capacity(2);
        fds.push(PollFd::from_borrowed_fd(fd, events));
        self.poll(&mut fds, None)?;
        if fds[0].revents().contains(PollFlags::NVAL) { Err(Errno::Badf) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_rung(waits: &Waits) -> bool {
        let bell = waits.bell().unwrap().as_fd();
        poll(&mut [PollFd::from_borrowed_fd(bell, PollFlags::IN)], Some(&Timespec::default())) == Ok(1)
    }

    #[test]
    fn a_ring_that_comes_after_the_reset_ends_one_wait() {
        let mut waits = Waits::default();
        let handle = waits.handle().unwrap();
        // What another thread's `cancel` leaves that has asked, was reset, and rings now.
        handle.0.bell.ring();
        assert!(is_rung(&waits) && !handle.is_canceled());
        waits.poll(&mut Vec::new(), Some(Duration::from_secs(60))).unwrap();
        assert!(!is_rung(&waits), "no later wait ends at once");
        // A request is one all the same, and its bell is left to the reset.
        handle.cancel();
        assert_eq!(waits.poll(&mut Vec::new(), None), Err(Errno::Canceled));
        assert!(is_rung(&waits));
        handle.reset();
        assert!(!is_rung(&waits));
    }
}
