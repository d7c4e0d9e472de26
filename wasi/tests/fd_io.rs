//! Reading, writing, seeking, sizes.

mod kit;

use hostel_wasi::abi::{Errno, Rights};
use hostel_wasi::{Capture, Stdio, WasiCtx};
use kit::*;

const SET: u64 = 0;
const CUR: u64 = 1;
const END: u64 = 2;

#[test]
fn stdio_carries_bytes() {
    let out = Capture::with_limit(12);
    let mut guest =
        guest(WasiCtx::builder().stdin(Stdio::bytes(*b"some input")).stdout(out.clone()).stderr(out.clone()));
    assert_eq!(guest.read(0, 4), Ok(b"some".to_vec()));
    let iovs = guest.iovs(&[(DATA, 3), (DATA + 16, 100)]);
    guest.ok("fd_read", &[0, iovs[0], iovs[1], RESULT]);
    assert_eq!((guest.u32_at(RESULT), guest.bytes(DATA, 3), guest.bytes(DATA + 16, 3)), (6, &b" in"[..], &b"put"[..]));
    assert_eq!(guest.memory[DATA as usize + 19], SENTINEL);
    assert_eq!(guest.read(0, 4), Ok(vec![]), "the end");

    assert_eq!(guest.write(1, b"out "), Ok(4));
    assert_eq!(guest.write(2, b"err "), Ok(4));
    assert_eq!(guest.write(1, b"and no more"), Ok(4), "a partial write reports its count");
    assert_eq!(guest.write(1, b"!"), Err(Errno::Nospc), "and the error comes next time");
    assert_eq!(out.take(), b"out err and ");
    assert_eq!(guest.write(1, b"room"), Ok(4));

    assert_eq!(guest.read(1, 1), Err(Errno::Badf));
    assert_eq!(guest.write(0, b""), Err(Errno::Badf), "the wrong mode is wrong with nothing to write as well");
    for (name, args) in [
        ("fd_seek", &[1, 0, SET, RESULT][..]),
        ("fd_tell", &[0, RESULT]),
        ("fd_pread", &[0, IOVS, 1, 0, RESULT]),
        ("fd_pwrite", &[1, IOVS, 1, 0, RESULT]),
        ("fd_advise", &[0, 0, 0, 0]),
        ("fd_allocate", &[1, 0, 1]),
    ] {
        guest.fails(name, args, Errno::Spipe);
    }
    guest.fails("fd_filestat_set_size", &[1, 0], Errno::Inval);
    guest.fails("fd_sync", &[1], Errno::Inval);
}

#[test]
fn lists_of_buffers_are_one_transfer() {
    on_each_fs(|guest| {
        let fd = guest.open(ROOT, "f", CREAT, READ | WRITE | ALL);
        guest.put(DATA, b"abcdefghij");
        // In any order, empty and dangling entries among them; more than fit the native stack.
        let iovs = guest.iovs(&[(DATA + 5, 5), (0xffff_ffff, 0), (DATA, 5)]);
        guest.ok("fd_write", &[fd, iovs[0], iovs[1], RESULT]);
        assert_eq!(guest.u32_at(RESULT), 10);
        let many: Vec<(u64, u64)> = (0..300).map(|i| (DATA + i % 10, 1)).collect();
        let iovs = guest.iovs(&many);
        guest.ok("fd_write", &[fd, iovs[0], iovs[1], RESULT]);
        assert_eq!(guest.u32_at(RESULT), 300);
        guest.ok("fd_seek", &[fd, 0, SET, RESULT]);

        let many: Vec<(u64, u64)> = (0..40).map(|i| (DATA + 0x400 - 2 * i, 1)).collect();
        let iovs = guest.iovs(&many);
        let before = guest.memory.clone();
        guest.ok("fd_read", &[fd, iovs[0], iovs[1], RESULT]);
        assert_eq!(guest.u32_at(RESULT), 40);
        let read: Vec<u8> = many.iter().map(|(at, _)| guest.memory[*at as usize]).collect();
        assert_eq!(read, b"fghijabcdeabcdefghijabcdefghijabcdefghij");
        assert_eq!(guest.memory[DATA as usize + 0x3ff], SENTINEL);
        assert_eq!(before[DATA as usize + 0x400], SENTINEL);

        // Overlapping: one after the other.
        guest.ok("fd_seek", &[fd, 0, SET, RESULT]);
        let iovs = guest.iovs(&[(DATA, 4), (DATA + 2, 4)]);
        guest.ok("fd_read", &[fd, iovs[0], iovs[1], RESULT]);
        assert_eq!((guest.u32_at(RESULT), guest.bytes(DATA, 6)), (8, &b"fgjabc"[..]));
        guest.ok("fd_pread", &[fd, iovs[0], iovs[1], 2, RESULT]);
        assert_eq!((guest.u32_at(RESULT), guest.bytes(DATA, 6)), (8, &b"hibcde"[..]));

        for name in ["fd_write", "fd_read"] {
            guest.ok(name, &[fd, u64::MAX, 0, RESULT]);
            assert_eq!(guest.u32_at(RESULT), 0);
        }
    });
}

#[test]
fn bad_lists_move_nothing() {
    on_each_fs(|guest| {
        guest.make_file("f", b"contents");
        let fd = guest.open(ROOT, "f", 0, ALL);
        let end = MEMORY as u64;
        for (list, count) in [
            (&[(DATA, 4), (end - 1, 2)][..], 2),
            (&[(DATA, 4), (1, 0xffff_ffff)], 2),
            (&[(0xffff_ffff, 1)], 1),
            (&[], 0xffff_ffff),
            (&[], 0x2000_0000),
        ] {
            guest.iovs(list);
            for (name, offset) in [("fd_read", None), ("fd_write", None), ("fd_pread", Some(0)), ("fd_pwrite", Some(0))]
            {
                let mut args = vec![fd, IOVS, count];
                args.extend(offset);
                args.push(RESULT);
                guest.fails(name, &args, Errno::Fault);
            }
        }
        guest.fails("fd_write", &[fd, 0, 1025, RESULT], Errno::Inval);
        guest.iovs(&[(DATA, 4)]);
        guest.fails("fd_write", &[fd, IOVS, 1, end - 3], Errno::Fault);
        guest.fails("fd_read", &[fd, IOVS, 1, end - 3], Errno::Fault);
        guest.fails("fd_read", &[fd, end - 7, 1, RESULT], Errno::Fault);
        assert_eq!(guest.file("f"), Ok(b"contents".to_vec()));
        guest.ok("fd_tell", &[fd, RESULT]);
        assert_eq!(guest.u64_at(RESULT), 0, "the cursor has not moved");
    });
}

#[test]
fn more_than_a_count_can_say_is_refused() {
    let mut guest = guest(WasiCtx::builder().stdin(Stdio::bytes(*b"input")));
    guest.memory.resize(5 << 20, SENTINEL);
    let iovs = guest.iovs(&vec![(0, 5 << 20); 1024]);
    guest.fails("fd_write", &[1, iovs[0], iovs[1], RESULT], Errno::Inval);
    guest.fails("fd_read", &[0, iovs[0], iovs[1], RESULT], Errno::Inval);
    assert_eq!(guest.read(0, 9), Ok(b"input".to_vec()));
}

#[test]
fn positions() {
    on_each_fs(|guest| {
        guest.make_file("f", b"0123456789");
        let fd = guest.open(ROOT, "f", 0, ALL);
        for (offset, whence, expected) in
            [(4, SET, Ok(4)), (2, CUR, Ok(6)), (-6i64, CUR, Ok(0)), (-1, END, Ok(9)), (1000, END, Ok(1010))]
        {
            guest.clear(RESULT..RESULT + 16);
            let result = guest.call("fd_seek", &[fd, offset as u64, whence, RESULT]);
            assert_eq!(result.map(|()| guest.u64_at(RESULT)), expected, "{offset} {whence}");
            assert_eq!(guest.memory[RESULT as usize + 8], SENTINEL);
        }
        assert_eq!(guest.read(fd, 5), Ok(vec![]), "beyond the end is the end");
        for (offset, whence) in
            [(-1i64, SET), (i64::MIN, SET), (-2000, CUR), (-11, END), (i64::MIN, CUR), (i64::MAX, CUR)]
        {
            guest.fails("fd_seek", &[fd, offset as u64, whence, RESULT], Errno::Inval);
        }
        guest.ok("fd_tell", &[fd, RESULT]);
        assert_eq!(guest.u64_at(RESULT), 1010);
        guest.fails("fd_seek", &[fd, 0, 3, RESULT], Errno::Inval);
        guest.fails("fd_seek", &[fd, 0, SET, MEMORY as u64 - 7], Errno::Fault);

        // Transfers at an offset leave the cursor.
        let iovs = guest.iovs(&[(DATA, 3)]);
        guest.put(DATA, b"xyz");
        guest.ok("fd_pwrite", &[fd, iovs[0], iovs[1], 2, RESULT]);
        guest.ok("fd_pread", &[fd, iovs[0], iovs[1], 1, RESULT]);
        assert_eq!((guest.u32_at(RESULT), guest.bytes(DATA, 3)), (3, &b"1xy"[..]));
        guest.ok("fd_pread", &[fd, iovs[0], iovs[1], 9, RESULT]);
        assert_eq!(guest.u32_at(RESULT), 1);
        guest.ok("fd_pread", &[fd, iovs[0], iovs[1], 1 << 62, RESULT]);
        assert_eq!(guest.u32_at(RESULT), 0);
        for name in ["fd_pread", "fd_pwrite"] {
            guest.fails(name, &[fd, iovs[0], iovs[1], 1 << 63, RESULT], Errno::Inval);
        }
        guest.ok("fd_tell", &[fd, RESULT]);
        assert_eq!(guest.u64_at(RESULT), 1010);
        assert_eq!(guest.file("f"), Ok(b"01xyz56789".to_vec()));
    });
}

#[test]
fn rights_are_enforced_and_modes_told_apart() {
    on_each_fs(|guest| {
        guest.make_file("f", b"contents");
        let read_only = guest.open(ROOT, "f", 0, READ);
        let write_only = guest.open(ROOT, "f", 0, WRITE);
        assert_eq!(guest.write(read_only, b"x"), Err(Errno::Badf));
        assert_eq!(guest.read(write_only, 1), Err(Errno::Badf));
        guest.fails("fd_seek", &[read_only, 0, CUR, RESULT], Errno::Notcapable);
        guest.fails("fd_pread", &[read_only, IOVS, 0, 0, RESULT], Errno::Notcapable);
        guest.fails("fd_allocate", &[write_only, 0, 1], Errno::Notcapable);

        let fd = guest.open(ROOT, "f", 0, ALL);
        guest.drop_rights(fd, Rights::FD_READ | Rights::FD_WRITE | Rights::FD_SEEK | Rights::FD_SYNC);
        assert_eq!(guest.write(fd, b"x"), Err(Errno::Notcapable));
        assert_eq!(guest.read(fd, 1), Err(Errno::Notcapable));
        guest.fails("fd_seek", &[fd, 1, CUR, RESULT], Errno::Notcapable);
        guest.ok("fd_seek", &[fd, 0, CUR, RESULT]);
        guest.ok("fd_tell", &[fd, RESULT]);
        guest.fails("fd_sync", &[fd], Errno::Notcapable);
        guest.ok("fd_datasync", &[fd]);
        guest.drop_rights(fd, Rights::all());
        for (name, args) in [
            ("fd_tell", &[fd, RESULT][..]),
            ("fd_advise", &[fd, 0, 0, 0]),
            ("fd_allocate", &[fd, 0, 1]),
            ("fd_datasync", &[fd]),
            ("fd_fdstat_set_flags", &[fd, 0]),
            ("fd_filestat_get", &[fd, RESULT]),
            ("fd_filestat_set_size", &[fd, 0]),
            ("fd_filestat_set_times", &[fd, 0, 0, 0]),
        ] {
            guest.fails(name, args, Errno::Notcapable);
        }
        assert_eq!(guest.file("f"), Ok(b"contents".to_vec()));
    });
}

#[test]
fn directories_are_no_files() {
    on_each_fs(|guest| {
        let iovs = guest.iovs(&[(DATA, 3)]);
        for (name, args, errno) in [
            ("fd_read", &[ROOT, iovs[0], iovs[1], RESULT][..], Errno::Isdir),
            ("fd_write", &[ROOT, iovs[0], iovs[1], RESULT], Errno::Isdir),
            ("fd_pread", &[ROOT, iovs[0], iovs[1], 0, RESULT], Errno::Isdir),
            ("fd_pwrite", &[ROOT, iovs[0], iovs[1], 0, RESULT], Errno::Isdir),
            ("fd_seek", &[ROOT, 0, CUR, RESULT], Errno::Isdir),
            ("fd_tell", &[ROOT, RESULT], Errno::Isdir),
            ("fd_allocate", &[ROOT, 0, 1], Errno::Isdir),
            ("fd_filestat_set_size", &[ROOT, 0], Errno::Isdir),
            ("fd_advise", &[ROOT, 0, 0, 0], Errno::Badf),
        ] {
            guest.fails(name, args, errno);
        }
        guest.ok("fd_sync", &[ROOT]);
        guest.ok("fd_datasync", &[ROOT]);
    });
}

#[test]
fn sizes_and_hints() {
    on_each_fs(|guest| {
        guest.make_file("f", b"0123456789");
        let fd = guest.open(ROOT, "f", 0, ALL);
        for (offset, len, size) in [(0, 5, 10), (8, 4, 12), (20, 1, 21)] {
            match guest.call("fd_allocate", &[fd, offset, len]) {
                Ok(()) => assert_eq!(guest.lstat("f").unwrap().1, size),
                Err(errno) => panic!("allocate: {errno}"),
            }
        }
        guest.fails("fd_allocate", &[fd, 0, 0], Errno::Inval);
        for (offset, len) in [(u64::MAX, 1), (1 << 63, 1), (i64::MAX as u64, 1), (1, i64::MAX as u64)] {
            guest.fails("fd_allocate", &[fd, offset, len], Errno::Fbig);
        }
        for advice in 0..6 {
            guest.ok("fd_advise", &[fd, 0, 0, advice]);
            guest.ok("fd_advise", &[fd, 5, 1000, advice]);
        }
        guest.fails("fd_advise", &[fd, 0, 0, 6], Errno::Inval);
        guest.fails("fd_advise", &[fd, 1 << 63, 0, 0], Errno::Inval);
        guest.fails("fd_advise", &[fd, 0, 1 << 63, 0], Errno::Inval);
        assert_eq!(guest.lstat("f").unwrap().1, 21);
        let read_only = guest.open(READ_ONLY, "f", 0, READ | Rights::FD_SYNC.bits());
        guest.ok("fd_sync", &[read_only]);
        guest.ok("fd_datasync", &[read_only]);
    });
}
