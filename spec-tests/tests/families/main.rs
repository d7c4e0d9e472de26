//! Every WASI function, called by a guest: a file for each family, with at least one call of each function that succeeds
//! and one that fails. Each call is judged by its errno, its line in a trace, and all of the guest's memory, which is full
//! of sentinels: what the call has to store is there, and nothing else has changed.
//!
//! The guest is a proxy that the engine generates; the world it sees is deterministic, so every number is known. All of it
//! runs on a directory of the host's and on one in memory.
#![cfg(unix)]

mod args;
mod clock;
mod environ;
mod fd_io;
mod fd_life;
mod fd_readdir;
mod fd_stat;
mod kit;
mod path_entry;
mod path_open;
mod path_stat;
mod poll;
mod preview0;
mod proc;
mod random;
mod sched;
mod sock;

use std::collections::BTreeSet;

use hostel_wasi::{FUNCTIONS, PREVIEW0, PREVIEW1};
use kit::{Fs, Proxy};

/// A test for each family and file system; a family has to have called its functions, each with both outcomes.
macro_rules! families {
    ($($family:ident $module:ident: $($function:ident)*;)*) => {
        $(mod $family {
            fn run(fs: crate::Fs) {
                let mut proxy = crate::Proxy::new(crate::$module, fs);
                crate::$family::calls(&mut proxy);
                proxy.check_called(&[$(stringify!($function)),*]);
            }

            #[test]
            fn host() {
                run(crate::Fs::Host);
            }

            #[test]
            fn memory() {
                run(crate::Fs::Memory);
            }
        })*

        const COVERED: &[(&str, &[&str])] = &[$(($module, &[$(stringify!($function)),*])),*];
    };
}

mod tests {
    use super::*;

    families! {
        args PREVIEW1: args_get args_sizes_get;
        environ PREVIEW1: environ_get environ_sizes_get;
        clock PREVIEW1: clock_res_get clock_time_get;
        fd_io PREVIEW1: fd_advise fd_allocate fd_datasync fd_pread fd_pwrite fd_read fd_seek fd_sync fd_tell fd_write;
        fd_life PREVIEW1: fd_close fd_renumber fd_prestat_get fd_prestat_dir_name;
        fd_readdir PREVIEW1: fd_readdir;
        fd_stat PREVIEW1: fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get fd_filestat_set_size
            fd_filestat_set_times;
        path_entry PREVIEW1: path_create_directory path_link path_readlink path_remove_directory path_rename path_symlink
            path_unlink_file;
        path_open PREVIEW1: path_open;
        path_stat PREVIEW1: path_filestat_get path_filestat_set_times;
        poll PREVIEW1: poll_oneoff;
        proc PREVIEW1: proc_exit proc_raise;
        random PREVIEW1: random_get;
        sched PREVIEW1: sched_yield;
        sock PREVIEW1: sock_accept sock_recv sock_send sock_shutdown;
        preview0 PREVIEW0: fd_seek fd_filestat_get path_filestat_get poll_oneoff;
    }

    #[test]
    fn no_function_is_left_out() {
        let covered = COVERED.iter().filter(|(module, _)| *module == PREVIEW1).flat_map(|(_, names)| *names);
        let covered: Vec<&str> = covered.copied().collect();
        assert_eq!(covered.len(), 46);
        let all: BTreeSet<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
        assert_eq!(covered.into_iter().collect::<BTreeSet<_>>(), all);
    }
}
