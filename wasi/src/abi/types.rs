//! Enums and records of the witx. Each enum has `from_raw`, which returns `None` for numbers the witx does not know; each
//! record has its size and `to_bytes`, which writes padding as zero.

use super::{Fdflags, Rights};

macro_rules! enums {
    ($($(#[$doc:meta])* $name:ident: $repr:ty { $($(#[$vdoc:meta])* $variant:ident = $value:literal $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr($repr)]
        pub enum $name { $($(#[$vdoc])* #[doc = concat!("`", $text, "`")] $variant = $value,)* }

        impl $name {
            /// The value of that number, if the witx knows it.
            pub const fn from_raw(raw: u32) -> Option<Self> {
                match raw { $($value => Some($name::$variant),)* _ => None }
            }

            /// The witx's word for it.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }
        }
    )*};
}

enums! {
    /// `advice` of `fd_advise`.
    Advice: u8 {
        Normal = 0 "normal", Sequential = 1 "sequential", Random = 2 "random",
        Willneed = 3 "willneed", Dontneed = 4 "dontneed", Noreuse = 5 "noreuse",
    }
    /// `clockid`.
    Clockid: u32 {
        Realtime = 0 "realtime", Monotonic = 1 "monotonic",
        ProcessCputimeId = 2 "process_cputime_id", ThreadCputimeId = 3 "thread_cputime_id",
    }
    /// `eventtype`.
    Eventtype: u8 { Clock = 0 "clock", FdRead = 1 "fd_read", FdWrite = 2 "fd_write", }
    /// `filetype`.
    Filetype: u8 {
        Unknown = 0 "unknown", BlockDevice = 1 "block_device", CharacterDevice = 2 "character_device",
        Directory = 3 "directory", RegularFile = 4 "regular_file", SocketDgram = 5 "socket_dgram",
        SocketStream = 6 "socket_stream", SymbolicLink = 7 "symbolic_link",
    }
    /// `whence` of `fd_seek`.
    Whence: u8 { Set = 0 "set", Cur = 1 "cur", End = 2 "end", }
    /// `signal` of `proc_raise`.
    Signal: u8 {
        None = 0 "none", Hup = 1 "hup", Int = 2 "int", Quit = 3 "quit", Ill = 4 "ill", Trap = 5 "trap", Abrt = 6 "abrt",
        Bus = 7 "bus", Fpe = 8 "fpe", Kill = 9 "kill", Usr1 = 10 "usr1", Segv = 11 "segv", Usr2 = 12 "usr2",
        Pipe = 13 "pipe", Alrm = 14 "alrm", Term = 15 "term", Chld = 16 "chld", Cont = 17 "cont", Stop = 18 "stop",
        Tstp = 19 "tstp", Ttin = 20 "ttin", Ttou = 21 "ttou", Urg = 22 "urg", Xcpu = 23 "xcpu", Xfsz = 24 "xfsz",
        Vtalrm = 25 "vtalrm", Prof = 26 "prof", Winch = 27 "winch", Poll = 28 "poll", Pwr = 29 "pwr", Sys = 30 "sys",
    }
}

/// `filestat`: what is known of a file. Times are nanoseconds since 1970-01-01T00:00:00Z.
///
/// ```text
/// offset  0        8        16         24         32      40      48      56      64
///         dev u64  ino u64  filetype u8 + 7 zero  nlink   size    atim    mtim    ctim
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filestat {
    /// The file system.
    pub dev: u64,
    /// The file within it.
    pub ino: u64,
    /// Its type.
    pub filetype: Filetype,
    /// How many names it has.
    pub nlink: u64,
    /// Length in bytes; of a link, its text's.
    pub size: u64,
    /// Last access.
    pub atim: u64,
    /// Last change of the data.
    pub mtim: u64,
    /// Last change of the status.
    pub ctim: u64,
}

impl Default for Filestat {
    fn default() -> Self {
        Filestat { dev: 0, ino: 0, filetype: Filetype::Unknown, nlink: 0, size: 0, atim: 0, mtim: 0, ctim: 0 }
    }
}

impl Filestat {
    /// Bytes in guest memory.
    pub const SIZE: usize = 64;

    /// The record as the guest reads it.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let words = [self.dev, self.ino, self.filetype as u64, self.nlink, self.size, self.atim, self.mtim, self.ctim];
        for (bytes, word) in bytes.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

/// `fdstat`: what is known of a descriptor.
///
/// ```text
/// offset  0            2          4       8                16                   24
///         filetype u8  flags u16  4 zero  rights_base u64  rights_inheriting u64
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fdstat {
    /// The type of what is open.
    pub filetype: Filetype,
    /// Its status flags.
    pub flags: Fdflags,
    /// What may be done with it.
    pub rights_base: Rights,
    /// What may be done with descriptors opened through it.
    pub rights_inheriting: Rights,
}

impl Fdstat {
    /// Bytes in guest memory.
    pub const SIZE: usize = 24;

    /// The record as the guest reads it.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[0] = self.filetype as u8;
        bytes[2..4].copy_from_slice(&self.flags.bits().to_le_bytes());
        bytes[8..16].copy_from_slice(&self.rights_base.bits().to_le_bytes());
        bytes[16..24].copy_from_slice(&self.rights_inheriting.bits().to_le_bytes());
        bytes
    }
}
