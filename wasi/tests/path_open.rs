//! Opening by path: what there is × how it is asked for × what the mount allows.

mod kit;

use hostel_wasi::abi::{Errno, Rights};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, WasiCtx};
use kit::*;

/// A file, a directory, and links to each, to nothing and to itself.
fn furnish(guest: &mut Guest) {
    guest.make_dir("dir");
    guest.make_file("dir/inner", b"inner");
    guest.make_file("file", b"file");
    for (target, path) in [("file", "to-file"), ("dir", "to-dir"), ("missing", "dangling"), ("loop", "loop")] {
        guest.symlink(target, path);
    }
}

fn open(guest: &mut Guest, dir: u64, path: &str, follow: u64, oflags: u64, base: u64) -> Result<(), Errno> {
    let [ptr, len] = guest.path(path);
    let open = guest.ctx.usage().open_fds;
    let result = guest.call("path_open", &[dir, follow, ptr, len, oflags, base, 0, 0, RESULT]);
    match result {
        Ok(()) => guest.ok("fd_close", &[guest.u32_at(RESULT).into()]),
        Err(_) => assert_eq!(guest.ctx.usage().open_fds, open),
    }
    result
}

#[test]
fn the_matrix() {
    use Errno::*;
    on_each_fs(|guest| {
        furnish(guest);
        for (path, nofollow, follow, directory, directory_follow) in [
            ("file", Ok(()), Ok(()), Err(Notdir), Err(Notdir)),
            ("dir", Ok(()), Ok(()), Ok(()), Ok(())),
            ("to-file", Err(Loop), Ok(()), Err(Notdir), Err(Notdir)),
            ("to-dir", Err(Loop), Ok(()), Err(Notdir), Ok(())),
            ("dangling", Err(Loop), Err(Noent), Err(Notdir), Err(Noent)),
            ("loop", Err(Loop), Err(Loop), Err(Notdir), Err(Loop)),
            ("missing", Err(Noent), Err(Noent), Err(Noent), Err(Noent)),
            ("file/", Err(Notdir), Err(Notdir), Err(Notdir), Err(Notdir)),
            ("file///", Err(Notdir), Err(Notdir), Err(Notdir), Err(Notdir)),
            ("dir/", Ok(()), Ok(()), Ok(()), Ok(())),
            ("file/x", Err(Notdir), Err(Notdir), Err(Notdir), Err(Notdir)),
            ("to-dir/inner", Ok(()), Ok(()), Err(Notdir), Err(Notdir)),
            (".", Ok(()), Ok(()), Ok(()), Ok(())),
            ("dir/.//../dir/inner", Ok(()), Ok(()), Err(Notdir), Err(Notdir)),
        ] {
            // A link where a directory is required: either word is a fair one.
            let fair = |found: Result<(), Errno>| if found == Err(Loop) { Err(Notdir) } else { found };
            for mount in [ROOT, READ_ONLY] {
                assert_eq!(open(guest, mount, path, 0, 0, READ), nofollow, "{path}");
                assert_eq!(open(guest, mount, path, FOLLOW, 0, READ), follow, "{path} follow");
                assert_eq!(fair(open(guest, mount, path, 0, DIRECTORY, READ)), directory, "{path} directory");
                let found = open(guest, mount, path, FOLLOW, DIRECTORY, READ);
                assert_eq!(found, directory_follow, "{path} directory follow");
            }
        }
    });
}

#[test]
fn creating_and_cutting() {
    use Errno::*;
    on_each_fs(|guest| {
        furnish(guest);
        for path in ["file", "dir", "to-file", "dangling", "loop"] {
            for follow in [0, FOLLOW] {
                assert_eq!(open(guest, ROOT, path, follow, CREAT | EXCL, WRITE), Err(Exist), "{path}");
            }
        }
        assert_eq!(guest.lstat("missing"), Err(Noent), "EXCL follows no link");
        assert_eq!(open(guest, ROOT, "new", 0, CREAT | EXCL, 0), Ok(()));
        assert_eq!(guest.file("new"), Ok(vec![]));
        assert_eq!(open(guest, ROOT, "file", 0, CREAT, READ), Ok(()));
        assert_eq!(guest.file("file"), Ok(b"file".to_vec()));
        // Truncating needs no right to write, and gives none.
        let fd = guest.open(ROOT, "file", TRUNC, 0);
        assert_eq!(guest.fdstat(fd).2 & WRITE, 0);
        assert_eq!(guest.file("file"), Ok(vec![]));
        assert_eq!(open(guest, ROOT, "dangling", FOLLOW, CREAT, WRITE), Ok(()));
        assert_eq!(guest.file("missing"), Ok(vec![]));
        assert_eq!(open(guest, ROOT, "nowhere/new", 0, CREAT, WRITE), Err(Noent));
        for flags in [CREAT, EXCL, TRUNC, CREAT | EXCL | TRUNC] {
            assert_eq!(open(guest, ROOT, "dir", 0, DIRECTORY | flags, 0), Err(Inval));
        }
        assert_eq!(open(guest, ROOT, "dir", 0, 0, WRITE), Err(Isdir));
        assert_eq!(open(guest, ROOT, ".", 0, DIRECTORY, READ | WRITE), Err(Isdir));
        assert_eq!(open(guest, ROOT, "dir", 0, TRUNC, 0), Err(Isdir));
    });
}

/// Every combination of flags and rights, on everything there is: what a read-only mount shows stays as it is, and no
/// descriptor for writing comes of it.
#[test]
fn a_read_only_mount_holds() {
    on_each_fs(|guest| {
        furnish(guest);
        let image = |guest: &mut Guest| {
            let paths = ["file", "dir", "to-file", "to-dir", "dangling", "loop", "missing", "new", "dir/inner"];
            let stats: Vec<_> = paths.iter().map(|path| guest.lstat(path)).collect();
            (stats, guest.file("file"), guest.file("dir/inner"))
        };
        let before = image(guest);
        for oflags in 0..16 {
            for base in [0, READ, WRITE, READ | WRITE, ALL, u64::MAX] {
                for follow in [0, FOLLOW] {
                    for path in ["file", "dir", "to-file", "to-dir", "dangling", "loop", "missing", "new", "dir/inner"]
                    {
                        let found = open(guest, READ_ONLY, path, follow, oflags, base);
                        let changes = oflags & (CREAT | TRUNC) != 0 || base & WRITE != 0;
                        let what = format!("{path} {oflags} {base:x} {follow}");
                        let create = oflags & CREAT != 0;
                        let (is_link, target) = match path {
                            "to-file" => (true, "file"),
                            "to-dir" => (true, "dir"),
                            "dangling" => (true, "missing"),
                            path => (path == "loop", path),
                        };
                        let followed = follow == FOLLOW && oflags & (CREAT | EXCL) != CREAT | EXCL;
                        let expected = if oflags & DIRECTORY != 0 && oflags & !DIRECTORY != 0 {
                            Err(Errno::Inval)
                        } else if !changes {
                            continue;
                        } else if create && oflags & EXCL != 0 && (is_link || !matches!(target, "missing" | "new")) {
                            Err(Errno::Exist)
                        } else if is_link && !followed && oflags & DIRECTORY != 0 {
                            Err(Errno::Notdir)
                        } else if is_link && (!followed || path == "loop") {
                            Err(Errno::Loop)
                        } else {
                            match target {
                                "missing" | "new" => Err(if create { Errno::Rofs } else { Errno::Noent }),
                                "dir" => Err(Errno::Isdir),
                                _ if oflags & DIRECTORY != 0 => Err(Errno::Notdir),
                                _ if oflags & TRUNC != 0 || base & WRITE != 0 => Err(Errno::Rofs),
                                _ => Ok(()),
                            }
                        };
                        assert_eq!(found, expected, "{what}");
                    }
                }
            }
        }
        assert!(image(guest) == before);
        // A directory opened through it is as read-only.
        let dir = guest.open(READ_ONLY, "dir", DIRECTORY, 0);
        assert_eq!(guest.try_open(dir, "inner", 0, WRITE), Err(Errno::Rofs));
        assert_eq!(guest.try_open(dir, "new", CREAT, 0), Err(Errno::Rofs));
        let fd = guest.open(dir, "inner", 0, ALL & !WRITE);
        assert_eq!(guest.write(fd, b"x"), Err(Errno::Badf));
        guest.fails("fd_filestat_set_size", &[fd, 0], Errno::Inval);
    });
}

#[test]
fn paths_that_lead_out_or_nowhere() {
    on_each_fs(|guest| {
        furnish(guest);
        for path in ["/", "/file", "..", "../file", "dir/../../file", "dir/../..", "to-dir/../../file"] {
            assert_eq!(open(guest, ROOT, path, FOLLOW, 0, READ), Err(Errno::Perm), "{path}");
        }
        assert_eq!(open(guest, ROOT, "", 0, 0, READ), Err(Errno::Noent));
        assert_eq!(open(guest, ROOT, "file\0", 0, 0, READ), Err(Errno::Inval));
        assert_eq!(open(guest, ROOT, "\0", 0, CREAT, READ), Err(Errno::Inval));
        assert_eq!(open(guest, ROOT, &"x".repeat(256), 0, CREAT, WRITE), Err(Errno::Nametoolong));
        assert_eq!(open(guest, ROOT, &"x".repeat(255), 0, CREAT, WRITE), Ok(()));
        guest.fails("path_open", &[ROOT, 0, 0, 4096, 0, 0, 0, 0, RESULT], Errno::Nametoolong);
        guest.fails("path_open", &[ROOT, 0, 0, 0xffff, 0, 0, 0, 0, RESULT], Errno::Nametoolong);
        guest.fails("path_open", &[ROOT, 0, 1, 0xffff_ffff, 0, 0, 0, 0, RESULT], Errno::Fault);
        let [ptr, len] = guest.path(b"\xff\xfe\x80");
        guest.ok("path_open", &[ROOT, 0, ptr, len, CREAT, ALL, 0, 0, RESULT]);
    });
}

#[test]
fn checks_come_in_order() {
    on_each_fs(|guest| {
        furnish(guest);
        let bad = u64::MAX;
        let file = guest.open(ROOT, "file", 0, READ);
        let args = |fd, dirflags, oflags, base, fdflags| [fd, dirflags, bad, 4, oflags, base, 0, fdflags, bad];
        guest.fails("path_open", &args(99, 2, 0, 0, 0), Errno::Inval);
        guest.fails("path_open", &args(99, 0, 16, 0, 0), Errno::Inval);
        guest.fails("path_open", &args(99, 0, 0, 0, 32), Errno::Inval);
        guest.fails("path_open", &args(99, 0, 0x1_0000, 0, 0), Errno::Inval);
        guest.fails("path_open", &args(99, 0, 0, 0, 0), Errno::Badf);
        guest.fails("path_open", &args(file, 0, 0, 0, 0), Errno::Notdir);
        guest.fails("path_open", &args(1, 0, 0, 0, 0), Errno::Notdir);
        guest.fails("path_open", &args(READ_ONLY, 0, CREAT, 0, 0), Errno::Fault);
        guest.fails("path_open", &args(ROOT, 0, CREAT, 0, 0), Errno::Fault);
        // Either address alone is enough, and no file comes of it.
        let [ptr, len] = guest.path("new");
        guest.fails("path_open", &[ROOT, 0, ptr, len, CREAT, WRITE, 0, 0, MEMORY as u64 - 3], Errno::Fault);
        guest.fails("path_open", &[ROOT, 0, bad, len, CREAT, WRITE, 0, 0, RESULT], Errno::Fault);
        assert_eq!(guest.lstat("new"), Err(Errno::Noent));
        // Bad text does not hide a bad result pointer.
        guest.fails("path_open", &[ROOT, 0, ptr, 0, 0, 0, 0, 0, bad], Errno::Fault);
    });
}

#[test]
fn rights_of_what_is_opened() {
    on_each_fs(|guest| {
        furnish(guest);
        // Nothing asked for is reading asked for.
        let fd = guest.open(ROOT, "file", 0, 0);
        assert_eq!(guest.read(fd, 9), Ok(b"file".to_vec()));
        guest.ok("fd_seek", &[fd, 0, 0, RESULT]);
        assert_eq!(guest.fdstat(fd).2 & WRITE, 0);
        // Unknown rights are not granted.
        let fd = guest.open(ROOT, "file", 0, u64::MAX);
        assert_eq!(guest.fdstat(fd).2 & !ALL, 0);
        assert_eq!(guest.fdstat(fd).2 & (READ | WRITE), READ | WRITE);
        let fd = guest.open(ROOT, "dir", DIRECTORY, (Rights::FD_SEEK | Rights::PATH_OPEN).bits());
        assert_eq!(guest.fdstat(fd).2, Rights::PATH_OPEN.bits());

        // No opinion, and one.
        let passed_on = guest.fdstat(ROOT).3;
        let base = Rights::PATH_OPEN.bits();
        let [ptr, len] = guest.path("dir");
        let asked = Rights::FD_READ.bits();
        for (inheriting, expected) in [(0, passed_on), (base, passed_on), (asked, asked), (u64::MAX, passed_on)] {
            guest.ok("path_open", &[ROOT, 0, ptr, len, DIRECTORY, base, inheriting, 0, RESULT]);
            let fd = guest.u32_at(RESULT).into();
            assert_eq!(guest.fdstat(fd).3, expected);
        }

        guest.drop_rights(ROOT, Rights::PATH_FILESTAT_SET_SIZE);
        assert_eq!(open(guest, ROOT, "file", 0, TRUNC, 0), Err(Errno::Notcapable));
        guest.drop_rights(ROOT, Rights::PATH_CREATE_FILE);
        assert_eq!(open(guest, ROOT, "new", 0, CREAT, 0), Err(Errno::Notcapable));
        assert_eq!(open(guest, ROOT, "file", 0, 0, READ), Ok(()));
        guest.drop_rights(ROOT, Rights::PATH_OPEN);
        assert_eq!(open(guest, ROOT, "file", 0, 0, READ), Err(Errno::Notcapable));
    });
}

#[cfg(unix)]
#[test]
fn fifos_and_devices_do_not_block() {
    let host = tempfile::tempdir().unwrap();
    let fifo = host.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut guest = guest(WasiCtx::builder().preopened_dir(host.path(), "/", Perms::READ_WRITE));
    let reader = guest.open(ROOT, "fifo", 0, READ);
    assert_eq!(guest.fdstat(reader).0, 0);
    guest.fails("fd_seek", &[reader, 0, 0, RESULT], Errno::Spipe);
    let writer = guest.open(ROOT, "fifo", 0, WRITE);
    assert_eq!(guest.write(writer, b"through"), Ok(7));
    assert_eq!(guest.read(reader, 9), Ok(b"through".to_vec()));
}

#[test]
fn flags_go_with_the_descriptor() {
    on_each_fs(|guest| {
        guest.make_file("f", b"ab");
        let [ptr, len] = guest.path("f");
        guest.ok("path_open", &[ROOT, 0, ptr, len, 0, READ | WRITE, 0, APPEND, RESULT]);
        let fd = guest.u32_at(RESULT).into();
        assert_eq!(guest.fdstat(fd).1, APPEND as u16);
        assert_eq!(guest.write(fd, b"cd"), Ok(2));
        assert_eq!(guest.file("f"), Ok(b"abcd".to_vec()));
        let [ptr, len] = guest.path(".");
        guest.ok("path_open", &[ROOT, 0, ptr, len, 0, 0, 0, NONBLOCK, RESULT]);
    });
    // The same name through two mounts is two files.
    let (one, other) = (MemoryFs::new(), MemoryFs::new());
    let builder = WasiCtx::builder().in_memory_dir(&one, "/a", Perms::READ_WRITE);
    let mut guest = guest(builder.in_memory_dir(&other, "/b", Perms::READ_WRITE));
    let fd = guest.open(4, "f", CREAT, WRITE);
    assert_eq!(guest.write(fd, b"x"), Ok(1));
    assert_eq!((one.read_file("f"), other.read_file("f")), (Err(Errno::Noent), Ok(b"x".to_vec())));
}
