//! Files that take long to allocate, to cut or to give back: a guest can be stopped meanwhile, and loses nothing by it.

mod kit;

use std::io::IoSlice;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Canceled, Ended, Perms, WasiCtx, fs};
use kit::*;

const MIB: u64 = 1 << 20;
const STOPPED: Result<u16, Ended> = Err(Ended::Canceled(Canceled::ByHandle));

#[test]
fn allocating_goes_on_where_it_was_stopped() {
    on_each_fs(|guest| {
        let fd = guest.open(ROOT, "file", CREAT, ALL);
        let handle = guest.ctx.cancel_handle().unwrap();
        handle.cancel();
        let (offset, len) = (3, 40 * MIB);
        let mut before = 0;
        for _ in 0..3 {
            assert_eq!(guest.try_call("fd_allocate", &[fd, offset, len]), STOPPED);
            let size = guest.lstat("file").unwrap().1;
            assert!((before.max(MIB)..len).contains(&size), "{size}");
            before = size;
        }
        assert_eq!(guest.ctx.usage().bytes_written, 0);
        assert!(guest.ctx.take_work() >= 3 * MIB / 64, "it was work all the same");
        handle.reset();
        guest.ok("fd_allocate", &[fd, offset, len]);
        assert_eq!((guest.lstat("file").unwrap().1, guest.ctx.usage().bytes_written), (offset + len, len));
    });
}

/// What has no room is refused, and the file is what it was, though a part of it had been allocated.
#[test]
fn allocating_what_there_is_no_room_for() {
    let fs = MemoryFs::builder().max_bytes(5 * MIB).build();
    let mut guest = guest(WasiCtx::builder().in_memory_dir(&fs, "/", Perms::READ_WRITE));
    let fd = guest.open(ROOT, "file", CREAT, ALL);
    guest.ok("fd_filestat_set_size", &[fd, 3 * MIB + 5]);
    guest.ctx.take_work();
    guest.fails("fd_allocate", &[fd, 0, 5 * MIB], Errno::Nospc);
    assert_eq!(guest.lstat("file").unwrap().1, 3 * MIB + 5);
    assert!(fs.bytes_used() < 4 * MIB, "what lies beyond is free again");
    assert_eq!(guest.ctx.usage().bytes_written, 0);
    assert!(guest.ctx.take_work() >= 4 * MIB / 64, "it was work all the same");
    // Of what is one hole, the first look tells.
    let other = guest.open(ROOT, "other", CREAT, ALL);
    guest.ctx.take_work();
    guest.fails("fd_allocate", &[other, 0, 3 * MIB], Errno::Nospc);
    assert_eq!(guest.ctx.take_work(), 0);
}

#[test]
fn cutting_goes_on_where_it_was_stopped() {
    on_each_fs(|guest| {
        let (fd, other) = (guest.open(ROOT, "file", CREAT, ALL), guest.open(ROOT, "other", CREAT, ALL));
        guest.ok("fd_allocate", &[fd, 0, 150 * MIB]);
        // So long, and all of it a hole: a system call.
        guest.ok("fd_filestat_set_size", &[other, 900 * MIB]);
        let handle = guest.ctx.cancel_handle().unwrap();
        handle.cancel();
        guest.ok("fd_filestat_set_size", &[other, 7]);
        assert_eq!(guest.lstat("other").unwrap().1, 7);
        let mut before = 150 * MIB;
        for _ in 0..100 {
            let ended = guest.try_call("fd_filestat_set_size", &[fd, 5]);
            let size = guest.lstat("file").unwrap().1;
            assert!((5..before).contains(&size), "{before} {size}");
            before = size;
            match ended {
                Ok(0) => break,
                ended => assert_eq!(ended, STOPPED),
            }
        }
        assert_eq!(before, 5);
    });
}

/// The room of what is removed is there at once, though its memory is given back piece by piece.
#[test]
fn removing_and_writing_again() {
    let fs = MemoryFs::builder().max_bytes(50 * MIB).build();
    let mut guest = guest(WasiCtx::builder().in_memory_dir(&fs, "/", Perms::READ_WRITE));
    guest.memory = vec![1; 40 << 20];
    for round in 0..6 {
        let fd = guest.open(ROOT, "file", CREAT | TRUNC, ALL);
        let [iovs, len] = guest.iovs(&[(0x10000, 39 * MIB)]);
        guest.ok("fd_write", &[fd, iovs, len, RESULT]);
        assert_eq!(u64::from(guest.u32_at(RESULT)), 39 * MIB, "{round}");
        assert!((39 * MIB..40 * MIB).contains(&guest.ctx.usage().memory_bytes));
        match round % 3 {
            // Cut off by the next `TRUNC`; by hand; and gone with its last descriptor.
            0 => {}
            1 => guest.ok("fd_filestat_set_size", &[fd, 0]),
            _ => {
                let path = guest.path("file");
                guest.ok("path_unlink_file", &[ROOT, path[0], path[1]]);
                assert!(guest.ctx.usage().memory_bytes >= 39 * MIB, "it is open");
            }
        }
        guest.ok("fd_close", &[fd]);
        if round % 3 > 0 {
            assert!(guest.ctx.usage().memory_bytes < 1000);
        }
    }
    fs.trim();
    let mut file = match fs.root().open(b"last", &fs::OpenOptions { write: true, create: true, ..Default::default() }) {
        Ok(fs::Opened::File(file)) => file,
        _ => panic!(),
    };
    assert_eq!(file.write(&[IoSlice::new(b"x")]), Ok(1));
}
