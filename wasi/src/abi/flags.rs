//! Flag sets of the witx. Unknown bits are refused where a guest passes them (`from_bits`), each in its function.

use bitflags::bitflags;

bitflags! {
    /// `fdflags`: status flags of a file descriptor.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Fdflags: u16 {
        /// Writes go to the end.
        const APPEND = 1 << 0;
        /// Data is on the medium when a write returns.
        const DSYNC = 1 << 1;
        /// Reads do not wait: EAGAIN.
        const NONBLOCK = 1 << 2;
        /// Like `DSYNC`/`SYNC` for reads.
        const RSYNC = 1 << 3;
        /// Data and metadata are on the medium when a write returns.
        const SYNC = 1 << 4;
    }

    /// `oflags` of `path_open`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Oflags: u16 {
        /// Create the file if it does not exist.
        const CREAT = 1 << 0;
        /// Fail if not a directory.
        const DIRECTORY = 1 << 1;
        /// Fail if the file exists.
        const EXCL = 1 << 2;
        /// Truncate the file to size 0.
        const TRUNC = 1 << 3;
    }

    /// `lookupflags`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Lookupflags: u32 {
        /// Follow a symbolic link in the last component.
        const SYMLINK_FOLLOW = 1 << 0;
    }

    /// `fstflags` of `*_filestat_set_times`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Fstflags: u16 {
        /// Set the access time to the value given.
        const ATIM = 1 << 0;
        /// Set the access time to now.
        const ATIM_NOW = 1 << 1;
        /// Set the modification time to the value given.
        const MTIM = 1 << 2;
        /// Set the modification time to now.
        const MTIM_NOW = 1 << 3;
    }

    /// `eventrwflags`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Eventrwflags: u16 {
        /// The peer has closed or disconnected.
        const FD_READWRITE_HANGUP = 1 << 0;
    }

    /// `subclockflags`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Subclockflags: u16 {
        /// The timeout is a point on the clock, not a span.
        const SUBSCRIPTION_CLOCK_ABSTIME = 1 << 0;
    }

    /// `riflags` of `sock_recv`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Riflags: u16 {
        /// Leave the data in the queue.
        const RECV_PEEK = 1 << 0;
        /// Wait until the buffers are full.
        const RECV_WAITALL = 1 << 1;
    }

    /// `siflags` of `sock_send`: none is defined.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Siflags: u16 {}

    /// `sdflags` of `sock_shutdown`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Sdflags: u8 {
        /// No more receptions.
        const RD = 1 << 0;
        /// No more transmissions.
        const WR = 1 << 1;
    }

    /// `rights`: what may be done with a descriptor (`base`), or with those opened through it (`inheriting`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Rights: u64 {
        /// `fd_datasync`.
        const FD_DATASYNC = 1 << 0;
        /// `fd_read`, `sock_recv`.
        const FD_READ = 1 << 1;
        /// `fd_seek`; implies `fd_tell`.
        const FD_SEEK = 1 << 2;
        /// `fd_fdstat_set_flags`.
        const FD_FDSTAT_SET_FLAGS = 1 << 3;
        /// `fd_sync`.
        const FD_SYNC = 1 << 4;
        /// `fd_tell`.
        const FD_TELL = 1 << 5;
        /// `fd_write`, `sock_send`.
        const FD_WRITE = 1 << 6;
        /// `fd_advise`.
        const FD_ADVISE = 1 << 7;
        /// `fd_allocate`.
        const FD_ALLOCATE = 1 << 8;
        /// `path_create_directory`.
        const PATH_CREATE_DIRECTORY = 1 << 9;
        /// `path_open` with `creat`.
        const PATH_CREATE_FILE = 1 << 10;
        /// `path_link` with this descriptor as the source directory.
        const PATH_LINK_SOURCE = 1 << 11;
        /// `path_link` with this descriptor as the target directory.
        const PATH_LINK_TARGET = 1 << 12;
        /// `path_open`.
        const PATH_OPEN = 1 << 13;
        /// `fd_readdir`.
        const FD_READDIR = 1 << 14;
        /// `path_readlink`.
        const PATH_READLINK = 1 << 15;
        /// `path_rename` with this descriptor as the source directory.
        const PATH_RENAME_SOURCE = 1 << 16;
        /// `path_rename` with this descriptor as the target directory.
        const PATH_RENAME_TARGET = 1 << 17;
        /// `path_filestat_get`.
        const PATH_FILESTAT_GET = 1 << 18;
        /// `path_open` with `trunc`.
        const PATH_FILESTAT_SET_SIZE = 1 << 19;
        /// `path_filestat_set_times`.
        const PATH_FILESTAT_SET_TIMES = 1 << 20;
        /// `fd_filestat_get`.
        const FD_FILESTAT_GET = 1 << 21;
        /// `fd_filestat_set_size`.
        const FD_FILESTAT_SET_SIZE = 1 << 22;
        /// `fd_filestat_set_times`.
        const FD_FILESTAT_SET_TIMES = 1 << 23;
        /// `path_symlink`.
        const PATH_SYMLINK = 1 << 24;
        /// `path_remove_directory`.
        const PATH_REMOVE_DIRECTORY = 1 << 25;
        /// `path_unlink_file`.
        const PATH_UNLINK_FILE = 1 << 26;
        /// `poll_oneoff` on this descriptor.
        const POLL_FD_READWRITE = 1 << 27;
        /// `sock_shutdown`.
        const SOCK_SHUTDOWN = 1 << 28;
        /// `sock_accept`.
        const SOCK_ACCEPT = 1 << 29;
    }
}
