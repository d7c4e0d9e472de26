//! The 46 functions of `wasi_snapshot_preview1`, one file per family.
//!
//! Each takes the context, the calling instance's memory and the witx's parameters in the witx's order. Results go
//! through guest pointers as in the C ABI. All check in one order, and nothing has happened when a check fails:
//!
//! ```text
//! flags and enums   EINVAL                      by their types, before the function is entered
//! fd                EBADF
//! its kind          ENOTDIR EISDIR ESPIPE ENOTSOCK
//! rights            ENOTCAPABLE, EBADF          EBADF: not open for reading or writing
//! guest memory      EFAULT                      every buffer and result pointer
//! path text         ENOENT ENAMETOOLONG EINVAL EPERM     empty, too long, NUL, absolute
//! the deed          EXDEV, EROFS, …             a link or rename across mounts; what is found on the way and at the place;
//!                                               a read-only mount; whatever else the file system says
//! ```
//!
//! Errors that these checks give are not repeated with each function; only what is particular to it.

// The parameters are the witx's.
#![allow(clippy::too_many_arguments)]

mod args;
mod clock;
mod environ;
mod fd_io;
mod fd_life;
mod fd_readdir;
mod fd_stat;
mod path_entry;
mod path_open;
mod path_stat;
mod pieces;
mod poll;
mod proc;
mod random;
mod sched;
mod sock;
mod transfer;

pub use args::{args_get, args_sizes_get};
pub use clock::{clock_res_get, clock_time_get};
pub use environ::{environ_get, environ_sizes_get};
pub use fd_io::{
    fd_advise, fd_allocate, fd_datasync, fd_pread, fd_pwrite, fd_read, fd_seek, fd_sync, fd_tell, fd_write,
};
pub use fd_life::{fd_close, fd_prestat_dir_name, fd_prestat_get, fd_renumber};
pub use fd_readdir::fd_readdir;
pub use fd_stat::{
    fd_fdstat_get, fd_fdstat_set_flags, fd_fdstat_set_rights, fd_filestat_get, fd_filestat_set_size,
    fd_filestat_set_times,
};
pub use path_entry::{
    path_create_directory, path_link, path_readlink, path_remove_directory, path_rename, path_symlink, path_unlink_file,
};
pub use path_open::path_open;
pub use path_stat::{path_filestat_get, path_filestat_set_times};
pub use poll::{SUBSCRIPTIONS_MAX, poll_oneoff};
pub use proc::{proc_exit, proc_raise};
pub use random::random_get;
pub use sched::sched_yield;
pub use sock::{sock_accept, sock_recv, sock_send, sock_shutdown};

pub(crate) use fd_stat::fd_filestat;
pub(crate) use path_stat::path_filestat;
pub(crate) use poll::{Layout, poll_with};
