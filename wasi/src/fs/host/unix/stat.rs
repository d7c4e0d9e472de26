//! The system's `stat` and file types in the witx's words.

use rustix::fs::{FileType, Stat};

use crate::abi::{Filestat, Filetype};

/// The witx's word for a file type. It has none for a FIFO; of a socket's name it cannot be told which kind, so that
/// entry, `stat` and descriptor agree only on "a socket".
pub(super) fn filetype(system: FileType) -> Filetype {
    match system {
        FileType::RegularFile => Filetype::RegularFile,
        FileType::Directory => Filetype::Directory,
        FileType::Symlink => Filetype::SymbolicLink,
        FileType::CharacterDevice => Filetype::CharacterDevice,
        FileType::BlockDevice => Filetype::BlockDevice,
        FileType::Socket => Filetype::SocketStream,
        FileType::Fifo | FileType::Unknown => Filetype::Unknown,
    }
}

/// The record the guest gets, from the record the system gave.
// The fields' types differ between platforms; here the casts are idle.
#[allow(clippy::unnecessary_cast)]
pub(super) fn filestat(stat: &Stat) -> Filestat {
    Filestat {
        dev: stat.st_dev as u64,
        ino: stat.st_ino as u64,
        filetype: filetype(FileType::from_raw_mode(stat.st_mode)),
        nlink: stat.st_nlink as u64,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        atim: nanoseconds(stat.st_atime as i64, stat.st_atime_nsec as u64),
        mtim: nanoseconds(stat.st_mtime as i64, stat.st_mtime_nsec as u64),
        ctim: nanoseconds(stat.st_ctime as i64, stat.st_ctime_nsec as u64),
    }
}

/// A time since 1970 as the witx counts it. Before 1970 is 0, after 2554 the last moment it can say.
fn nanoseconds(seconds: i64, rest: u64) -> u64 {
    u64::try_from(seconds).map_or(0, |seconds| seconds.saturating_mul(1_000_000_000).saturating_add(rest))
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn times_keep_their_nanoseconds_and_never_wrap() {
        assert_eq!(nanoseconds(1, 2), 1_000_000_002);
        assert_eq!(nanoseconds(-1, 5), 0);
        assert_eq!(nanoseconds(i64::MAX, 999_999_999), u64::MAX);
    }
}
