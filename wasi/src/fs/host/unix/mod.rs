//! The host file system of Unix. Where Linux has something better than POSIX, the two bodies are twin files
//! (`linux.rs`, `portable.rs`) with the same surface.

mod directory;
mod file;
mod listing;
mod node;
mod open;
mod place;
mod stat;
mod transfer;

pub use directory::HostDirectory;
pub use file::HostFile;

use rustix::fs::{Nsecs, Secs, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

use crate::fs::SetTime;

/// `utimensat`'s pair of times.
fn timestamps(accessed: SetTime, modified: SetTime) -> Timestamps {
    let timespec = |time| match time {
        SetTime::Keep => Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        SetTime::Now => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
        SetTime::At(nanoseconds) => Timespec {
            // Neither cast loses: u64::MAX nanoseconds are 2⁶⁴/10⁹ seconds, and the rest is below 10⁹.
            tv_sec: (nanoseconds / 1_000_000_000) as Secs,
            tv_nsec: (nanoseconds % 1_000_000_000) as Nsecs,
        },
    };
    Timestamps { last_access: timespec(accessed), last_modification: timespec(modified) }
}
