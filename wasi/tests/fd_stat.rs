//! What is known of descriptors, and what of it can be changed.

mod kit;

use hostel_wasi::abi::{Errno, Filetype, Rights};
use hostel_wasi::{Stdio, WasiCtx};
use kit::*;

#[test]
fn fdstat_of_each_kind() {
    on_each_fs(|guest| {
        guest.clear(RESULT..RESULT + 32);
        let before = guest.memory.clone();
        guest.ok("fd_fdstat_get", &[1, RESULT + 1]);
        guest.assert_only(&before, RESULT + 1..RESULT + 25);
        assert_eq!((guest.memory[RESULT as usize + 2], guest.u32_at(RESULT + 5)), (0, 0), "padding");

        let (filetype, flags, base, _) = guest.fdstat(1);
        assert_eq!((filetype, flags), (Filetype::Unknown as u8, 0));
        let base = Rights::from_bits(base).unwrap();
        assert!(base.contains(Rights::FD_WRITE | Rights::POLL_FD_READWRITE));
        assert!(!base.intersects(Rights::FD_READ | Rights::FD_SEEK | Rights::FD_TELL));
        assert!(guest.fdstat(0).2 & (READ | WRITE) == READ);

        let (filetype, flags, base, inheriting) = guest.fdstat(ROOT);
        assert_eq!((filetype, flags), (Filetype::Directory as u8, 0));
        let (base, inheriting) = (Rights::from_bits(base).unwrap(), Rights::from_bits(inheriting).unwrap());
        assert!(!base.intersects(Rights::FD_SEEK | Rights::FD_FILESTAT_SET_SIZE | Rights::FD_WRITE));
        assert!(inheriting.contains(base | Rights::FD_READ | Rights::FD_WRITE | Rights::POLL_FD_READWRITE));
        // `access` in wasi-libc reads the answer for W_OK off them.
        let (_, _, base, inheriting) = guest.fdstat(READ_ONLY);
        let changes = Rights::FD_WRITE | Rights::FD_ALLOCATE | Rights::FD_FILESTAT_SET_SIZE | Rights::PATH_CREATE_FILE;
        assert_eq!((base | inheriting) & changes.bits(), 0);
        assert_eq!(inheriting & READ, READ);

        let fd = guest.open(ROOT, "f", CREAT, READ | Rights::FD_SEEK.bits());
        let (filetype, flags, base, inheriting) = guest.fdstat(fd);
        assert_eq!((filetype, flags, base, inheriting), (4, 0, READ | Rights::FD_SEEK.bits(), 0));
        guest.fails("fd_fdstat_get", &[99, RESULT], Errno::Badf);
        guest.fails("fd_fdstat_get", &[fd, MEMORY as u64 - 23], Errno::Fault);
    });
}

#[cfg(unix)]
#[test]
fn what_the_host_connects_is_what_the_guest_sees() {
    let file = tempfile::tempfile().unwrap();
    let builder = WasiCtx::builder().stdin(std::fs::File::open("/dev/null").unwrap()).stdout(Stdio::from(file));
    let (reader, writer) = std::io::pipe().unwrap();
    let mut guest = guest(builder.stderr(std::fs::File::from(std::os::fd::OwnedFd::from(writer))));
    // isatty in libc: a character device without these two rights.
    let tty = (Rights::FD_SEEK | Rights::FD_TELL).bits();
    let (filetype, _, base, _) = guest.fdstat(0);
    assert_eq!(filetype, Filetype::CharacterDevice as u8);
    assert_eq!(base & tty, tty, "a null device is no terminal");
    let (filetype, _, base, _) = guest.fdstat(1);
    assert_eq!((filetype, base & tty), (Filetype::RegularFile as u8, tty));
    assert_eq!(guest.fdstat(2).0, Filetype::Unknown as u8);
    guest.fails("fd_filestat_set_times", &[0, 0, 0, 5], Errno::Notcapable);
    guest.fails("fd_seek", &[0, 0, 0, RESULT], Errno::Spipe);
    guest.fails("fd_tell", &[2, RESULT], Errno::Spipe);
    drop(reader);
    assert_eq!(guest.write(2, b"x"), Err(Errno::Pipe));
}

#[test]
fn flags_on_files() {
    on_each_fs(|guest| {
        guest.make_file("f", b"0123456789");
        let fd = guest.open(ROOT, "f", 0, ALL);
        guest.ok("fd_fdstat_set_flags", &[fd, APPEND | NONBLOCK]);
        assert_eq!(guest.fdstat(fd).1, (APPEND | NONBLOCK) as u16);
        assert_eq!(guest.write(fd, b"ab"), Ok(2));
        guest.ok("fd_seek", &[fd, 0, 0, RESULT]);
        guest.ok("fd_fdstat_set_flags", &[fd, 0]);
        assert_eq!(guest.fdstat(fd).1, 0);
        assert_eq!(guest.write(fd, b"cd"), Ok(2));
        assert_eq!(guest.file("f"), Ok(b"cd23456789ab".to_vec()));
        // The system's F_SETFL ignores the sync flags, too.
        guest.ok("fd_fdstat_set_flags", &[fd, SYNC]);
        guest.fails("fd_fdstat_set_flags", &[fd, 32], Errno::Inval);
        guest.fails("fd_fdstat_set_flags", &[fd, 0x1_0000], Errno::Inval);
        assert_eq!(guest.fdstat(fd).1, 0);

        // A sync flag from the opening stays.
        let [ptr, len] = guest.path("f");
        guest.ok("path_open", &[ROOT, 0, ptr, len, 0, ALL, 0, SYNC | APPEND, RESULT]);
        let fd = guest.u32_at(RESULT).into();
        assert_eq!(guest.fdstat(fd).1, (SYNC | APPEND) as u16);
        guest.ok("fd_fdstat_set_flags", &[fd, SYNC]);
        guest.ok("fd_fdstat_set_flags", &[fd, 0]);
        assert_eq!(guest.fdstat(fd).1, SYNC as u16);
        guest.ok("fd_fdstat_set_flags", &[fd, APPEND]);
        assert_eq!(guest.fdstat(fd).1, (SYNC | APPEND) as u16);
        guest.ok("fd_fdstat_set_flags", &[fd, SYNC]);
        assert_eq!(guest.write(fd, b"ef"), Ok(2));
        assert_eq!(guest.file("f"), Ok(b"ef23456789ab".to_vec()));
    });
    let mut guest = guest(WasiCtx::builder().stdin(Stdio::bytes(*b"x")));
    guest.ok("fd_fdstat_set_flags", &[0, NONBLOCK]);
    assert_eq!(guest.fdstat(0).1, NONBLOCK as u16);
    guest.ok("fd_fdstat_set_flags", &[0, SYNC]);
    assert_eq!(guest.fdstat(0).1, 0);
    // A directory takes them, as Linux's does.
    on_each_fs(|guest| {
        for fd in [ROOT, READ_ONLY] {
            guest.ok("fd_fdstat_set_flags", &[fd, APPEND | NONBLOCK | SYNC]);
            assert_eq!(guest.fdstat(fd).1, (APPEND | NONBLOCK) as u16);
        }
        guest.drop_rights(ROOT, Rights::FD_FDSTAT_SET_FLAGS);
        guest.fails("fd_fdstat_set_flags", &[ROOT, 0], Errno::Notcapable);
    });
}

#[cfg(unix)]
#[test]
fn nonblock_on_a_pipe() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let stdin = std::fs::File::from(std::os::fd::OwnedFd::from(reader));
    let mut guest = guest(WasiCtx::builder().stdin(stdin));
    guest.ok("fd_fdstat_set_flags", &[0, NONBLOCK]);
    assert_eq!(guest.read(0, 8), Err(Errno::Again));
    std::io::Write::write_all(&mut writer, b"hi").unwrap();
    assert_eq!(guest.read(0, 8), Ok(b"hi".to_vec()));
    drop(writer);
    assert_eq!(guest.read(0, 8), Ok(vec![]));
}

#[test]
fn rights_go_one_way() {
    on_each_fs(|guest| {
        guest.make_file("f", b"x");
        let fd = guest.open(ROOT, "f", 0, READ | WRITE);
        guest.ok("fd_fdstat_set_rights", &[fd, READ, 0]);
        assert_eq!((guest.fdstat(fd).2, guest.fdstat(fd).3), (READ, 0));
        guest.fails("fd_fdstat_set_rights", &[fd, READ | WRITE, 0], Errno::Notcapable);
        guest.fails("fd_fdstat_set_rights", &[fd, 0, READ], Errno::Notcapable);
        guest.fails("fd_fdstat_set_rights", &[fd, READ | 1 << 40, 0], Errno::Notcapable);
        assert_eq!(guest.fdstat(fd).2, READ);

        // What a directory does not pass on cannot be had below it.
        let (_, _, base, inheriting) = guest.fdstat(ROOT);
        guest.ok("fd_fdstat_set_rights", &[ROOT, base, inheriting & !WRITE]);
        assert_eq!(guest.try_open(ROOT, "f", 0, WRITE), Err(Errno::Notcapable));
        let fd = guest.open(ROOT, "f", 0, 0);
        assert_eq!(guest.fdstat(fd).2 & (READ | WRITE), READ);
        let below = guest.open(ROOT, ".", DIRECTORY, 0);
        assert_eq!(guest.fdstat(below).3, inheriting & !WRITE);
        assert_eq!(guest.try_open(below, "f", 0, WRITE), Err(Errno::Notcapable));
        guest.fails("fd_fdstat_set_rights", &[below, 0, inheriting], Errno::Notcapable);
    });
}

#[test]
fn filestat_is_one_record() {
    on_each_fs(|guest| {
        guest.make_file("f", b"12345");
        let fd = guest.open(ROOT, "f", 0, ALL);
        guest.clear(RESULT..RESULT + 100);
        let before = guest.memory.clone();
        guest.ok("fd_filestat_get", &[fd, RESULT + 1]);
        guest.assert_only(&before, RESULT + 1..RESULT + 65);
        let by_fd = guest.bytes(RESULT + 1, 64).to_vec();
        assert_eq!((by_fd[16], &by_fd[17..24], by_fd[24], by_fd[32]), (4, &[0; 7][..], 1, 5));
        let [ptr, len] = guest.path("f");
        guest.ok("path_filestat_get", &[ROOT, 0, ptr, len, RESULT + 1]);
        assert_eq!(guest.bytes(RESULT + 1, 64), by_fd);
        guest.ok("fd_filestat_get", &[ROOT, RESULT]);
        assert_eq!(guest.memory[RESULT as usize + 16], 3);
        guest.ok("fd_filestat_get", &[1, RESULT]);
        assert_eq!(guest.bytes(RESULT, 64), [0; 64]);
        guest.fails("fd_filestat_get", &[fd, MEMORY as u64 - 63], Errno::Fault);
        guest.fails("fd_filestat_get", &[99, RESULT], Errno::Badf);
    });
}

#[test]
fn sizes_and_times() {
    on_each_fs(|guest| {
        guest.make_file("f", b"12345");
        let fd = guest.open(ROOT, "f", 0, ALL);
        guest.ok("fd_filestat_set_size", &[fd, 2]);
        assert_eq!(guest.file("f"), Ok(b"12".to_vec()));
        guest.ok("fd_filestat_set_size", &[fd, 4]);
        assert_eq!(guest.file("f"), Ok(b"12\0\0".to_vec()));
        guest.fails("fd_filestat_set_size", &[fd, 1 << 63], Errno::Fbig);
        let read_only = guest.open(ROOT, "f", 0, ALL & !WRITE);
        // As ftruncate and posix_fallocate of a descriptor for reading; a right that was dropped is another matter.
        guest.fails("fd_filestat_set_size", &[read_only, 0], Errno::Inval);
        guest.fails("fd_allocate", &[read_only, 0, 1], Errno::Badf);
        let dropped = guest.open(ROOT, "f", 0, ALL);
        guest.drop_rights(dropped, Rights::FD_FILESTAT_SET_SIZE | Rights::FD_ALLOCATE);
        guest.fails("fd_filestat_set_size", &[dropped, 0], Errno::Notcapable);
        guest.fails("fd_allocate", &[dropped, 0, 1], Errno::Notcapable);
        guest.drop_rights(read_only, Rights::all());
        guest.fails("fd_filestat_set_size", &[read_only, 0], Errno::Inval);
        guest.fails("fd_allocate", &[read_only, 0, 1], Errno::Badf);

        let times = |guest: &mut Guest| {
            guest.ok("fd_filestat_get", &[fd, RESULT]);
            (guest.u64_at(RESULT + 40), guest.u64_at(RESULT + 48))
        };
        guest.ok("fd_filestat_set_times", &[fd, 1_000_000_001, 2_000_000_003, 1 | 4]);
        assert_eq!(times(guest), (1_000_000_001, 2_000_000_003), "nanoseconds are kept");
        guest.ok("fd_filestat_set_times", &[fd, 5, 6, 4]);
        assert_eq!(times(guest), (1_000_000_001, 6));
        guest.ok("fd_filestat_set_times", &[fd, 5, 6, 0]);
        assert_eq!(times(guest), (1_000_000_001, 6));
        for flags in [3, 12, 15, 16, 0x1_0000] {
            guest.fails("fd_filestat_set_times", &[fd, 5, 6, flags], Errno::Inval);
        }
        assert_eq!(times(guest), (1_000_000_001, 6));
        guest.ok("fd_filestat_set_times", &[fd, 0, 0, 2]);
        assert!(times(guest).0 > 1_600_000_000_000_000_000, "now");
        let below_read_only = guest.open(READ_ONLY, "f", 0, ALL & !WRITE);
        guest.fails("fd_filestat_set_times", &[below_read_only, 5, 6, 5], Errno::Rofs);
        guest.fails("fd_filestat_set_times", &[READ_ONLY, 5, 6, 5], Errno::Rofs);
        guest.ok("fd_filestat_set_times", &[ROOT, 5, 6, 5]);
        assert_eq!(guest.lstat(".").unwrap().2, 6);
    });
}
