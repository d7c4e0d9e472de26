//! From the system's errors to the guest's: the one place where that conversion is made.
//!
//! Error numbers of the system become the witx's of the same name. What the witx has no word for becomes EIO, never
//! success and never a number the guest cannot know.

use std::io;

use crate::abi::Errno;

/// The guest's word for an [`io::Error`].
///
/// An error with a number of the system's becomes the [`Errno`] of that name. An error without one was made up on the
/// way: cap-std's "a path led outside" arrives as [`io::ErrorKind::PermissionDenied`] and becomes [`Errno::Perm`].
///
/// ```
/// use hostel_wasi::{abi::Errno, fs::errno_from_io};
/// use std::io::{Error, ErrorKind};
/// let escape = Error::new(ErrorKind::PermissionDenied, "a path led outside of the filesystem");
/// assert_eq!(errno_from_io(&escape), Errno::Perm);
/// let missing = std::fs::File::open("no such file, surely").unwrap_err();
/// assert_eq!(errno_from_io(&missing), Errno::Noent);
/// ```
#[cold]
pub fn errno_from_io(error: &io::Error) -> Errno {
    #[cfg(unix)]
    if let Some(errno) = rustix::io::Errno::from_io_error(error) {
        return errno_from_system(errno);
    }
    errno_from_kind(error.kind())
}

/// Errors that carry no number, or whose number this platform's table does not hold.
fn errno_from_kind(kind: io::ErrorKind) -> Errno {
    use io::ErrorKind as Kind;
    match kind {
        Kind::NotFound => Errno::Noent,
        Kind::PermissionDenied => Errno::Perm,
        Kind::ConnectionRefused => Errno::Connrefused,
        Kind::ConnectionReset => Errno::Connreset,
        Kind::ConnectionAborted => Errno::Connaborted,
        Kind::NotConnected => Errno::Notconn,
        Kind::HostUnreachable => Errno::Hostunreach,
        Kind::NetworkUnreachable => Errno::Netunreach,
        Kind::NetworkDown => Errno::Netdown,
        Kind::AddrInUse => Errno::Addrinuse,
        Kind::AddrNotAvailable => Errno::Addrnotavail,
        Kind::BrokenPipe => Errno::Pipe,
        Kind::AlreadyExists => Errno::Exist,
        Kind::WouldBlock => Errno::Again,
        Kind::NotADirectory => Errno::Notdir,
        Kind::IsADirectory => Errno::Isdir,
        Kind::DirectoryNotEmpty => Errno::Notempty,
        Kind::ReadOnlyFilesystem => Errno::Rofs,
        Kind::InvalidInput | Kind::InvalidData => Errno::Inval,
        Kind::TimedOut => Errno::Timedout,
        Kind::StorageFull => Errno::Nospc,
        Kind::NotSeekable => Errno::Spipe,
        Kind::QuotaExceeded => Errno::Dquot,
        Kind::FileTooLarge => Errno::Fbig,
        Kind::ResourceBusy => Errno::Busy,
        Kind::ExecutableFileBusy => Errno::Txtbsy,
        Kind::Deadlock => Errno::Deadlk,
        Kind::CrossesDevices => Errno::Xdev,
        Kind::TooManyLinks => Errno::Mlink,
        Kind::StaleNetworkFileHandle => Errno::Stale,
        Kind::InvalidFilename => Errno::Nametoolong,
        Kind::ArgumentListTooLong => Errno::TooBig,
        Kind::Interrupted => Errno::Intr,
        Kind::Unsupported => Errno::Notsup,
        Kind::OutOfMemory => Errno::Nomem,
        _ => Errno::Io,
    }
}

#[cfg(unix)]
macro_rules! same_names {
    ($($system:ident $ours:ident,)*) => {
        /// The guest's word for a number of the system's.
        #[cold]
        pub(crate) fn errno_from_system(errno: rustix::io::Errno) -> Errno {
            // EAGAIN and EWOULDBLOCK, ENOTSUP and EOPNOTSUPP are one number on some systems and two on others.
            #[allow(unreachable_patterns)]
            match errno {
                $(rustix::io::Errno::$system => Errno::$ours,)*
                _ => Errno::Io,
            }
        }
    };
}

#[cfg(unix)]
same_names! {
    TOOBIG TooBig, ACCESS Acces, ADDRINUSE Addrinuse, ADDRNOTAVAIL Addrnotavail, AFNOSUPPORT Afnosupport,
    AGAIN Again, WOULDBLOCK Again, ALREADY Already, BADF Badf, BADMSG Badmsg, BUSY Busy, CANCELED Canceled,
    CHILD Child, CONNABORTED Connaborted, CONNREFUSED Connrefused, CONNRESET Connreset, DEADLK Deadlk,
    DESTADDRREQ Destaddrreq, DOM Dom, DQUOT Dquot, EXIST Exist, FAULT Fault, FBIG Fbig,
    HOSTUNREACH Hostunreach, IDRM Idrm, ILSEQ Ilseq, INPROGRESS Inprogress, INTR Intr, INVAL Inval, IO Io,
    ISCONN Isconn, ISDIR Isdir, LOOP Loop, MFILE Mfile, MLINK Mlink, MSGSIZE Msgsize, MULTIHOP Multihop,
    NAMETOOLONG Nametoolong, NETDOWN Netdown, NETRESET Netreset, NETUNREACH Netunreach, NFILE Nfile,
    NOBUFS Nobufs, NODEV Nodev, NOENT Noent, NOEXEC Noexec, NOLCK Nolck, NOLINK Nolink, NOMEM Nomem, NOMSG Nomsg,
    NOPROTOOPT Noprotoopt, NOSPC Nospc, NOSYS Nosys, NOTCONN Notconn, NOTDIR Notdir, NOTEMPTY Notempty,
    NOTRECOVERABLE Notrecoverable, NOTSOCK Notsock, NOTSUP Notsup, OPNOTSUPP Notsup, NOTTY Notty, NXIO Nxio,
    OVERFLOW Overflow, OWNERDEAD Ownerdead, PERM Perm, PIPE Pipe, PROTO Proto, PROTONOSUPPORT Protonosupport,
    PROTOTYPE Prototype, RANGE Range, ROFS Rofs, SPIPE Spipe, SRCH Srch, STALE Stale, TIMEDOUT Timedout,
    TXTBSY Txtbsy, XDEV Xdev,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linux's numbers on most of its architectures, in their order, of all names that the witx has too (its ENOTSUP is
    /// EOPNOTSUPP there). Source: the kernel's `asm-generic/errno-base.h` and `asm-generic/errno.h`.
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    const NUMBERS: &[(i32, &[&str])] = &[
        (1, &["EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF", "ECHILD", "EAGAIN"]),
        (12, &["ENOMEM", "EACCES", "EFAULT"]),
        (16, &["EBUSY", "EEXIST", "EXDEV", "ENODEV", "ENOTDIR", "EISDIR", "EINVAL", "ENFILE", "EMFILE", "ENOTTY"]),
        (26, &["ETXTBSY", "EFBIG", "ENOSPC", "ESPIPE", "EROFS", "EMLINK", "EPIPE", "EDOM", "ERANGE", "EDEADLK"]),
        (36, &["ENAMETOOLONG", "ENOLCK", "ENOSYS", "ENOTEMPTY", "ELOOP"]),
        (42, &["ENOMSG", "EIDRM"]),
        (67, &["ENOLINK"]),
        (71, &["EPROTO", "EMULTIHOP"]),
        (74, &["EBADMSG", "EOVERFLOW"]),
        (84, &["EILSEQ"]),
        (88, &["ENOTSOCK", "EDESTADDRREQ", "EMSGSIZE", "EPROTOTYPE", "ENOPROTOOPT", "EPROTONOSUPPORT"]),
        (95, &["ENOTSUP"]),
        (97, &["EAFNOSUPPORT", "EADDRINUSE", "EADDRNOTAVAIL", "ENETDOWN", "ENETUNREACH", "ENETRESET"]),
        (103, &["ECONNABORTED", "ECONNRESET", "ENOBUFS", "EISCONN", "ENOTCONN"]),
        (110, &["ETIMEDOUT", "ECONNREFUSED"]),
        (113, &["EHOSTUNREACH", "EALREADY", "EINPROGRESS", "ESTALE"]),
        (122, &["EDQUOT"]),
        (125, &["ECANCELED"]),
        (130, &["EOWNERDEAD", "ENOTRECOVERABLE"]),
    ];

    /// Every number becomes the errno of its name, every other number EIO.
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    #[test]
    fn numbers_keep_their_names() {
        let known: std::collections::BTreeMap<i32, &str> =
            NUMBERS.iter().flat_map(|(first, names)| (*first..).zip(names.iter().copied())).collect();
        for number in 1..=4095 {
            let ours = errno_from_io(&io::Error::from_raw_os_error(number));
            assert_eq!(ours.name(), *known.get(&number).unwrap_or(&"EIO"), "number {number}");
        }
        // All that the witx has, but the one that is its own.
        let ours = (1..=u16::MAX).filter_map(Errno::from_raw).filter(|&errno| errno != Errno::Notcapable);
        let without: Vec<Errno> = ours.filter(|errno| !known.values().any(|name| *name == errno.name())).collect();
        assert_eq!(without, []);
    }

    /// The standard library's words for the same numbers lead to the same errnos, as far as it has words.
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    #[test]
    fn kinds_mean_the_same() {
        let known = NUMBERS.iter().flat_map(|(first, names)| (*first..).zip(names.iter().copied()));
        for (number, name) in known {
            let kind = io::Error::from_raw_os_error(number).kind();
            let expected = match (name, &*format!("{kind:?}")) {
                // The last two cannot be named by stable programs.
                (_, "Uncategorized" | "FilesystemLoop" | "InProgress") => "EIO",
                // One word for two numbers.
                ("EACCES", _) => "EPERM",
                ("ENOSYS", _) => "ENOTSUP",
                _ => name,
            };
            assert_eq!(errno_from_io(&io::Error::from(kind)).name(), expected, "{name} is {kind:?}");
        }
        assert_eq!(errno_from_io(&io::Error::from(io::ErrorKind::InvalidData)), Errno::Inval);
    }

    #[test]
    fn the_unknown_is_eio() {
        assert_eq!(errno_from_io(&io::Error::other("odd")), Errno::Io);
        assert_eq!(errno_from_io(&io::Error::from_raw_os_error(4000)), Errno::Io);
    }
}
