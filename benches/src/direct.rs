//! What WASI's calls come to in the end, done without a guest: on cap-std, or as the system call itself.
//!
//! Not every case has one: arguments, say, are a matter between guest and host alone.

use std::hint::black_box;
use std::io::{Seek, SeekFrom, Write};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, FileExt, OpenOptions};
use rustix::time::{ClockId, Timespec};

use crate::wasi::{Export, WasiCase, WasiGuest};
use crate::world::World;

/// The operation of a case as if it were a guest.
pub fn wasi(case: &WasiCase, world: &World) -> Option<WasiGuest> {
    let dir = |path| Dir::open_ambient_dir(path, ambient_authority()).expect("a directory");
    let (files, list, many) = (dir(world.files()), dir(world.list()), dir(world.many()));
    let mut data = files.open("data").expect("a file");
    let mut buffer = vec![0; 65536];
    Some(match case.name {
        "clock_time_get realtime" => nothing_stored(|| rustix::time::clock_gettime(ClockId::Realtime)),
        "clock_time_get monotonic" => nothing_stored(|| rustix::time::clock_gettime(ClockId::Monotonic)),
        "clock_res_get" => nothing_stored(|| rustix::time::clock_getres(ClockId::Monotonic)),
        "random_get 16" => nothing_stored(move || random(&mut buffer[..16])),
        "random_get 4096" => nothing_stored(move || random(&mut buffer[..4096])),
        "fd_write 1×8, host file" => {
            let mut out = files.open_with("out", OpenOptions::new().write(true)).expect("a file");
            let (calls, mut written) = (case.calls, 0);
            guest(move || {
                // As the guest does before each loop: or the file would grow for as long as the measurement lasts.
                if written == calls {
                    out.seek(SeekFrom::Start(0)).expect("a file");
                    written = 0;
                }
                written += 1;
                out.write(b"xxxxxxxx").expect("room") as u32
            })
        }
        "fd_pread 4 KiB, host file" => guest(move || data.read_at(&mut buffer[..4096], 4096).expect("a file") as u32),
        "fd_pread 64 KiB, host file" => guest(move || data.read_at(&mut buffer, 4096).expect("a file") as u32),
        "fd_fdstat_get, host file" => nothing_stored(move || rustix::fs::fcntl_getfl(&data).expect("a file")),
        "fd_seek, host file" => guest(move || data.seek(SeekFrom::Start(1234)).expect("a file") as u32),
        "fd_readdir, 10 entries" => guest(move || entries(&list)),
        "fd_readdir, 10 000 entries" => guest(move || entries(&many)),
        "path_open + fd_close" => nothing_stored(move || files.open("data").expect("a file")),
        "path_filestat_get" => guest(move || files.metadata("data").expect("a file").len() as u32),
        "poll_oneoff, clock already due" => {
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            guest(move || 1 + rustix::event::poll(&mut [], Some(&now)).expect("no descriptors") as u32)
        }
        "sched_yield" => nothing_stored(rustix::thread::sched_yield),
        _ => return None,
    })
}

/// An operation that returns what a guest's would store.
fn guest(mut operation: impl FnMut() -> u32 + 'static) -> WasiGuest {
    let mut stored = 0;
    WasiGuest::new(move |export, argument| match export {
        Export::Setup => 0,
        Export::Run => {
            for _ in 0..argument {
                stored = operation();
            }
            0
        }
        Export::Stored => stored,
    })
}

/// An operation whose result a guest would not find in the word that cases look at.
fn nothing_stored<T>(mut operation: impl FnMut() -> T + 'static) -> WasiGuest {
    guest(move || {
        black_box(operation());
        0
    })
}

fn random(buffer: &mut [u8]) {
    rustix::rand::getrandom(buffer, rustix::rand::GetRandomFlags::empty()).expect("random bytes");
}

/// Bytes of the records that a guest would be given, of which "." and ".." are left out here.
fn entries(dir: &Dir) -> u32 {
    let mut bytes = 24 + 1 + 24 + 2;
    for entry in dir.entries().expect("a directory") {
        let entry = entry.expect("an entry");
        entry.file_type().expect("a type");
        bytes += 24 + entry.file_name().len() as u32;
    }
    bytes
}
