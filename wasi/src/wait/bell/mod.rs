//! What wakes a waiting thread: rung by any thread, it stays rung until it is silenced.

#[cfg(not(unix))]
mod condvar;
#[cfg(any(target_os = "linux", target_os = "android"))]
mod eventfd;
#[cfg(all(unix, any(test, not(any(target_os = "linux", target_os = "android")))))]
mod pipe;

#[cfg(not(unix))]
pub(super) use condvar::Bell;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use eventfd::Bell;
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(super) use pipe::Bell;

#[cfg(all(test, unix))]
mod tests {
    use std::os::fd::BorrowedFd;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    fn rung(fd: BorrowedFd<'_>) -> bool {
        poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&Timespec::default())) == Ok(1)
    }

    macro_rules! behaves {
        ($($name:ident: $bell:ty;)*) => {$(
            #[test]
            fn $name() {
                let bell = <$bell>::new().unwrap();
                assert!(!rung(bell.as_fd()));
                // More often than a pipe has room for.
                (0..100_000).for_each(|_| bell.ring());
                assert!(rung(bell.as_fd()) && rung(bell.as_fd()));
                bell.silence();
                assert!(!rung(bell.as_fd()));
                bell.silence();
                bell.ring();
                assert!(rung(bell.as_fd()));
            }
        )*};
    }

    behaves! {
        the_one_in_use: super::Bell;
        the_pipe: super::pipe::Bell;
    }
}
