//! The rights that toolchains ask for, and what a native program could do that had opened the same.

mod kit;

use hostel_wasi::abi::{Errno, Rights};
use kit::*;

/// What each toolchain opens directories with: base and inheriting.
const DIRECTORIES: [(&str, u64, u64); 5] = [
    ("Go", 0x0ff7_febe, 0x0fff_ffff),
    ("Rust std", 0x0fa7_febe, 0x0fff_ffff),
    ("Zig", 0x07bf_fe08, 0x07bf_fe08),
    ("everything but writing", ALL & !WRITE, ALL),
    ("nothing", 0, 0),
];

fn open(guest: &mut Guest, fd: u64, path: &str, oflags: u64, rights: [u64; 2]) -> Result<u64, Errno> {
    let [path, len] = guest.path(path);
    guest.call("path_open", &[fd, FOLLOW, path, len, oflags, rights[0], rights[1], 0, RESULT])?;
    Ok(u64::from(guest.u32_at(RESULT)))
}

/// POSIX: what O_CREAT and O_TRUNC need is the right to write, of the file and of the directory, and not how the directory
/// was opened.
#[test]
fn files_below_any_directory_can_be_created_and_truncated() {
    on_each_fs(|guest| {
        guest.make_dir("dir");
        for (toolchain, base, inheriting) in DIRECTORIES {
            let dir = open(guest, ROOT, "dir", DIRECTORY, [base, inheriting]).unwrap();
            let file = open(guest, dir, "new", CREAT | TRUNC, [READ | WRITE, 0]);
            let file = file.unwrap_or_else(|errno| panic!("{toolchain}: {errno:?}"));
            assert_eq!(guest.write(file, b"text"), Ok(4), "{toolchain}");
            let again = open(guest, dir, "new", TRUNC, [WRITE, 0]).unwrap();
            let [path, len] = guest.path("new");
            guest.ok("path_filestat_get", &[dir, 0, path, len, DATA]);
            assert_eq!(guest.u64_at(DATA + 32), 0, "{toolchain}");
            let [path, len] = guest.path("new");
            guest.ok("path_unlink_file", &[dir, path, len]);
            for fd in [again, file, dir] {
                guest.ok("fd_close", &[fd]);
            }
        }
    });
}

/// What is dropped on purpose stays dropped.
#[test]
fn dropped_rights_are_enforced() {
    on_each_fs(|guest| {
        guest.make_dir("dir");
        let dir = open(guest, ROOT, "dir", DIRECTORY, [ALL & !WRITE, ALL]).unwrap();
        let kept = Rights::all() - Rights::PATH_FILESTAT_SET_SIZE;
        let shown = guest.fdstat(dir);
        guest.ok("fd_fdstat_set_rights", &[dir, shown.2 & kept.bits(), shown.3]);
        assert_eq!(open(guest, dir, "new", CREAT | TRUNC, [WRITE, 0]), Err(Errno::Notcapable));
        assert!(open(guest, dir, "new", CREAT, [WRITE, 0]).is_ok());
        let reader = open(guest, ROOT, "dir", DIRECTORY, [ALL & !WRITE, READ]).unwrap();
        assert_eq!(open(guest, reader, "new", 0, [WRITE, 0]), Err(Errno::Notcapable), "a narrower inheriting set");
    });
}

/// `access(path, W_OK)` in wasi-libc reads the rights shown; `open` cuts what it wants by them, and is to be told EROFS all the
/// same.
#[test]
fn a_read_only_mount_shows_that_it_cannot_be_changed() {
    const LIBC_READ: Rights = Rights::FD_READ.union(Rights::FD_READDIR).union(Rights::FD_SEEK).union(Rights::FD_TELL);
    const LIBC_WRITE: Rights =
        Rights::FD_DATASYNC.union(Rights::FD_WRITE).union(Rights::FD_ALLOCATE).union(Rights::FD_FILESTAT_SET_SIZE);
    on_each_fs(|guest| {
        guest.make_file("file", b"text");
        let (_, _, base, inheriting) = guest.fdstat(READ_ONLY);
        for shown in [base, inheriting] {
            let shown = Rights::from_bits_retain(shown);
            assert!(
                !shown.intersects(Rights::FD_WRITE | Rights::PATH_CREATE_FILE | Rights::PATH_UNLINK_FILE),
                "{shown:?}"
            );
        }
        for wanted in [LIBC_WRITE, LIBC_READ | LIBC_WRITE] {
            for rights in [wanted.bits() & inheriting, wanted.bits()] {
                assert_eq!(open(guest, READ_ONLY, "file", 0, [rights, inheriting]), Err(Errno::Rofs), "{wanted:?}");
            }
        }
        let read = open(guest, READ_ONLY, "file", 0, [LIBC_READ.bits() & inheriting, inheriting]).unwrap();
        assert_eq!(guest.read(read, 9), Ok(b"text".to_vec()));
        let [path, len] = guest.path("file");
        guest.fails("path_unlink_file", &[READ_ONLY, path, len], Errno::Rofs);
    });
}
