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

    #[test]
    fn numbers_keep_their_names() {
        for (system, ours) in [(2, Errno::Noent), (13, Errno::Acces), (1, Errno::Perm), (17, Errno::Exist)] {
            assert_eq!(errno_from_io(&io::Error::from_raw_os_error(system)), ours);
        }
    }

    #[test]
    fn the_unknown_is_eio() {
        assert_eq!(errno_from_io(&io::Error::other("odd")), Errno::Io);
        assert_eq!(errno_from_io(&io::Error::from_raw_os_error(4000)), Errno::Io);
    }
}
