//! `errno`: the one way a WASI function fails towards the guest. The numbers are the witx's.

macro_rules! errnos {
    ($($(#[$doc:meta])* $name:ident = $value:literal $text:literal,)*) => {
        /// A preview1 error number, as the guest sees it. `Success` is not among them: a function that succeeds returns
        /// `Ok`.
        ///
        /// Source: `errno` in `wasi_snapshot_preview1.witx`.
        ///
        /// ```
        /// use hostel_wasi::abi::Errno;
        /// assert_eq!(Errno::Noent as u16, 44);
        /// assert_eq!(Errno::Noent.name(), "ENOENT");
        /// ```
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u16)]
        pub enum Errno { $($(#[$doc])* #[doc = concat!("`", $text, "`")] $name = $value,)* }

        impl Errno {
            /// The POSIX name, for traces and messages.
            pub const fn name(self) -> &'static str {
                match self { $(Errno::$name => $text,)* }
            }

            /// The error of that number; `None` for 0 and for numbers the witx does not know.
            pub const fn from_raw(raw: u16) -> Option<Errno> {
                match raw { $($value => Some(Errno::$name),)* _ => None }
            }
        }
    };
}

errnos! {
    TooBig = 1 "E2BIG", Acces = 2 "EACCES", Addrinuse = 3 "EADDRINUSE", Addrnotavail = 4 "EADDRNOTAVAIL",
    Afnosupport = 5 "EAFNOSUPPORT", Again = 6 "EAGAIN", Already = 7 "EALREADY", Badf = 8 "EBADF",
    Badmsg = 9 "EBADMSG", Busy = 10 "EBUSY", Canceled = 11 "ECANCELED", Child = 12 "ECHILD",
    Connaborted = 13 "ECONNABORTED", Connrefused = 14 "ECONNREFUSED", Connreset = 15 "ECONNRESET",
    Deadlk = 16 "EDEADLK", Destaddrreq = 17 "EDESTADDRREQ", Dom = 18 "EDOM", Dquot = 19 "EDQUOT",
    Exist = 20 "EEXIST", Fault = 21 "EFAULT", Fbig = 22 "EFBIG", Hostunreach = 23 "EHOSTUNREACH",
    Idrm = 24 "EIDRM", Ilseq = 25 "EILSEQ", Inprogress = 26 "EINPROGRESS", Intr = 27 "EINTR",
    Inval = 28 "EINVAL", Io = 29 "EIO", Isconn = 30 "EISCONN", Isdir = 31 "EISDIR", Loop = 32 "ELOOP",
    Mfile = 33 "EMFILE", Mlink = 34 "EMLINK", Msgsize = 35 "EMSGSIZE", Multihop = 36 "EMULTIHOP",
    Nametoolong = 37 "ENAMETOOLONG", Netdown = 38 "ENETDOWN", Netreset = 39 "ENETRESET",
    Netunreach = 40 "ENETUNREACH", Nfile = 41 "ENFILE", Nobufs = 42 "ENOBUFS", Nodev = 43 "ENODEV",
    Noent = 44 "ENOENT", Noexec = 45 "ENOEXEC", Nolck = 46 "ENOLCK", Nolink = 47 "ENOLINK", Nomem = 48 "ENOMEM",
    Nomsg = 49 "ENOMSG", Noprotoopt = 50 "ENOPROTOOPT", Nospc = 51 "ENOSPC", Nosys = 52 "ENOSYS",
    Notconn = 53 "ENOTCONN", Notdir = 54 "ENOTDIR", Notempty = 55 "ENOTEMPTY", Notrecoverable = 56 "ENOTRECOVERABLE",
    Notsock = 57 "ENOTSOCK", Notsup = 58 "ENOTSUP", Notty = 59 "ENOTTY", Nxio = 60 "ENXIO",
    Overflow = 61 "EOVERFLOW", Ownerdead = 62 "EOWNERDEAD", Perm = 63 "EPERM", Pipe = 64 "EPIPE",
    Proto = 65 "EPROTO", Protonosupport = 66 "EPROTONOSUPPORT", Prototype = 67 "EPROTOTYPE", Range = 68 "ERANGE",
    Rofs = 69 "EROFS", Spipe = 70 "ESPIPE", Srch = 71 "ESRCH", Stale = 72 "ESTALE", Timedout = 73 "ETIMEDOUT",
    Txtbsy = 74 "ETXTBSY", Xdev = 75 "EXDEV", Notcapable = 76 "ENOTCAPABLE",
}

impl std::fmt::Display for Errno {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::error::Error for Errno {}
