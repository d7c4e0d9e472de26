//! Making, removing, moving and linking entries; and what read-only mounts and borders between mounts refuse.

mod kit;

use hostel_wasi::abi::{Errno, Rights};
use hostel_wasi::{Perms, WasiCtx};
use kit::*;

fn one(guest: &mut Guest, name: &str, dir: u64, path: &str) -> Result<(), Errno> {
    let [ptr, len] = guest.path(path);
    guest.call(name, &[dir, ptr, len])
}

/// `path_link` and `path_rename`.
fn two(guest: &mut Guest, name: &str, from: (u64, &str), to: (u64, &str)) -> Result<(), Errno> {
    let [old, old_len] = guest.path(from.1);
    let [new, new_len] = guest.path2(to.1);
    match name {
        "path_link" => guest.call(name, &[from.0, 0, old, old_len, to.0, new, new_len]),
        _ => guest.call(name, &[from.0, old, old_len, to.0, new, new_len]),
    }
}

fn symlink(guest: &mut Guest, target: &str, dir: u64, path: &str) -> Result<(), Errno> {
    let [old, old_len] = guest.path(target);
    let [new, new_len] = guest.path2(path);
    guest.call("path_symlink", &[old, old_len, dir, new, new_len])
}

#[test]
fn directories() {
    use Errno::*;
    on_each_fs(|guest| {
        assert_eq!(one(guest, "path_create_directory", ROOT, "dir"), Ok(()));
        assert_eq!(one(guest, "path_create_directory", ROOT, "dir"), Err(Exist));
        assert_eq!(one(guest, "path_create_directory", ROOT, "dir/sub/"), Ok(()));
        assert_eq!(one(guest, "path_create_directory", ROOT, "no/sub"), Err(Noent));
        guest.make_file("file", b"");
        guest.symlink("nothing", "dangling");
        assert_eq!(one(guest, "path_create_directory", ROOT, "file"), Err(Exist));
        assert_eq!(one(guest, "path_create_directory", ROOT, "dangling"), Err(Exist));
        assert_eq!(one(guest, "path_remove_directory", ROOT, "dir"), Err(Notempty));
        assert_eq!(one(guest, "path_remove_directory", ROOT, "file"), Err(Notdir));
        assert_eq!(one(guest, "path_remove_directory", ROOT, "file/"), Err(Notdir));
        assert_eq!(one(guest, "path_remove_directory", ROOT, "missing"), Err(Noent));
        assert_eq!(one(guest, "path_remove_directory", ROOT, "dir/sub/"), Ok(()));
        assert_eq!(one(guest, "path_remove_directory", ROOT, "dir"), Ok(()));
        assert_eq!(guest.lstat("dir"), Err(Noent));
    });
}

#[test]
fn unlinking() {
    use Errno::*;
    on_each_fs(|guest| {
        guest.make_dir("dir");
        guest.make_file("file", b"");
        guest.symlink("dir", "to-dir");
        assert_eq!(one(guest, "path_unlink_file", ROOT, "dir"), Err(Isdir));
        assert_eq!(one(guest, "path_unlink_file", ROOT, "dir/"), Err(Isdir));
        assert_eq!(one(guest, "path_unlink_file", ROOT, "file/"), Err(Notdir));
        assert_eq!(one(guest, "path_unlink_file", ROOT, "missing"), Err(Noent));
        assert_eq!(one(guest, "path_unlink_file", ROOT, "to-dir"), Ok(()));
        assert_eq!(guest.lstat("dir").unwrap().0, 3, "the link is gone, not the directory");
        let fd = guest.open(ROOT, "file", 0, READ | WRITE);
        assert_eq!(one(guest, "path_unlink_file", ROOT, "file"), Ok(()));
        assert_eq!(guest.write(fd, b"still"), Ok(5));
    });
}

#[test]
fn links_of_both_kinds() {
    use Errno::*;
    on_each_fs(|guest| {
        guest.make_file("file", b"contents");
        guest.make_dir("dir");
        assert_eq!(two(guest, "path_link", (ROOT, "file"), (ROOT, "other")), Ok(()));
        assert_eq!(guest.lstat("file").unwrap().3, guest.lstat("other").unwrap().3);
        assert_eq!(two(guest, "path_link", (ROOT, "file"), (ROOT, "other")), Err(Exist));
        assert_eq!(two(guest, "path_link", (ROOT, "file"), (ROOT, "new/")), Err(Noent));
        assert_eq!(two(guest, "path_link", (ROOT, "missing"), (ROOT, "new")), Err(Noent));
        assert!(matches!(two(guest, "path_link", (ROOT, "dir"), (ROOT, "new")), Err(Perm | Acces)));
        let [old, old_len] = guest.path("file");
        let [new, new_len] = guest.path2("new");
        guest.fails("path_link", &[ROOT, FOLLOW, old, old_len, ROOT, new, new_len], Inval);
        guest.fails("path_link", &[99, 2, old, old_len, ROOT, new, new_len], Inval);

        assert_eq!(symlink(guest, "nothing", ROOT, "dangling"), Ok(()));
        assert_eq!(two(guest, "path_link", (ROOT, "dangling"), (ROOT, "dangling-2")), Ok(()));
        assert_eq!(guest.lstat("dangling-2").unwrap().0, 7, "the link itself is linked");
        assert_eq!(symlink(guest, "nothing", ROOT, "dangling"), Err(Exist));
        assert_eq!(symlink(guest, "nothing", ROOT, "new/"), Err(Noent));
        assert_eq!(symlink(guest, "nothing", ROOT, "dir/"), Err(Exist));
        assert_eq!(symlink(guest, "nothing", ROOT, "file/"), Err(Notdir));
        assert_eq!(symlink(guest, "/", ROOT, "new"), Err(Perm));
        assert_eq!(symlink(guest, "", ROOT, "new"), Err(Noent));
        assert_eq!(symlink(guest, "a\0b", ROOT, "new"), Err(Inval));
        assert_eq!(symlink(guest, "a", ROOT, ""), Err(Noent));
        assert_eq!(guest.lstat("new"), Err(Noent));
    });
}

#[test]
fn reading_links() {
    on_each_fs(|guest| {
        guest.make_file("file", b"");
        guest.symlink("some/target", "link");
        let [ptr, len] = guest.path("link");
        for (room, used) in [(100, 11), (11, 11), (4, 4), (0, 0)] {
            guest.clear(DATA..DATA + 200);
            let before = guest.memory.clone();
            guest.ok("path_readlink", &[ROOT, ptr, len, DATA, room, RESULT]);
            assert_eq!(guest.u32_at(RESULT), used);
            assert_eq!(guest.bytes(DATA, used as usize), &b"some/target"[..used as usize]);
            let rest = (DATA as usize + used as usize)..RESULT as usize;
            assert!(guest.memory[rest.clone()] == before[rest], "what is left over is not touched");
        }
        guest.fails("path_readlink", &[ROOT, ptr, len, 1, 0xffff_ffff, RESULT], Errno::Fault);
        guest.fails("path_readlink", &[ROOT, ptr, len, DATA, 9, MEMORY as u64 - 3], Errno::Fault);
        let [ptr, len] = guest.path("file");
        guest.fails("path_readlink", &[ROOT, ptr, len, DATA, 9, RESULT], Errno::Inval);
        let [ptr, len] = guest.path("missing");
        guest.fails("path_readlink", &[ROOT, ptr, len, DATA, 9, RESULT], Errno::Noent);
        guest.drop_rights(ROOT, Rights::PATH_READLINK);
        guest.fails("path_readlink", &[ROOT, ptr, len, DATA, 9, RESULT], Errno::Notcapable);
    });
}

#[test]
fn renaming() {
    use Errno::*;
    on_each_fs(|guest| {
        guest.make_file("file", b"contents");
        guest.make_dir("dir");
        guest.make_dir("full");
        guest.make_file("full/inner", b"");
        let mut rename = |from, to| two(guest, "path_rename", (ROOT, from), (ROOT, to));
        assert_eq!(rename("file", "dir"), Err(Isdir));
        assert_eq!(rename("dir", "file"), Err(Notdir));
        assert_eq!(rename("dir", "full"), Err(Notempty));
        assert_eq!(rename("missing", "x"), Err(Noent));
        assert_eq!(rename("full", "full/sub"), Err(Inval));
        assert_eq!(rename("dir/", "dir2/"), Ok(()));
        assert_eq!(rename("full", "dir2"), Ok(()));
        assert_eq!(rename("file", "dir2/inner"), Ok(()));
        assert_eq!(rename("../file", "x"), Err(Perm));
        assert_eq!(rename("dir2", "/x"), Err(Perm));
        assert_eq!(guest.file("dir2/inner"), Ok(b"contents".to_vec()));
        // From one descriptor of the mount to another.
        let dir = guest.open(ROOT, "dir2", DIRECTORY, 0);
        assert_eq!(two(guest, "path_rename", (dir, "inner"), (ROOT, "out")), Ok(()));
        assert_eq!(guest.file("out"), Ok(b"contents".to_vec()));
    });
}

#[test]
fn read_only_mounts_and_borders() {
    let host = tempfile::tempdir().unwrap();
    let mut builder = WasiCtx::builder();
    // 3 and 4 writable, 5 and 6 read-only, all of one file system of the host's.
    for (name, perms) in
        [("a", Perms::READ_WRITE), ("b", Perms::READ_WRITE), ("c", Perms::READ_ONLY), ("d", Perms::READ_ONLY)]
    {
        let dir = host.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("file"), name).unwrap();
        std::fs::create_dir(dir.join("sub")).unwrap();
        builder = builder.preopened_dir(dir, name, perms);
    }
    let mut guest = guest(builder);
    for name in ["path_link", "path_rename"] {
        for from in 3..7 {
            for to in (3..7).filter(|to| from != *to || *to >= 5) {
                let errno = if from == to { Errno::Rofs } else { Errno::Xdev };
                assert_eq!(two(&mut guest, name, (from, "file"), (to, "new")), Err(errno), "{name} {from} {to}");
                let there = if (name, from) == ("path_link", to) { Errno::Exist } else { errno };
                assert_eq!(two(&mut guest, name, (from, "file"), (to, "file")), Err(there), "{name} {from} {to}");
                // Through a directory below as well.
                let sub = guest.open(to, "sub", DIRECTORY, 0);
                assert_eq!(two(&mut guest, name, (from, "file"), (sub, "new")), Err(errno), "{name} {from} {to}");
                guest.ok("fd_close", &[sub]);
            }
        }
    }
    for mount in [5, 6] {
        assert_eq!(symlink(&mut guest, "x", mount, "new"), Err(Errno::Rofs));
    }
    for name in ["a", "b", "c", "d"] {
        let dir = host.path().join(name);
        assert_eq!(std::fs::read(dir.join("file")).unwrap(), name.as_bytes());
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 2);
        assert_eq!(std::fs::read_dir(dir.join("sub")).unwrap().count(), 0);
    }
}

#[test]
fn every_right_is_asked_for() {
    on_each_fs(|guest| {
        guest.make_file("file", b"");
        guest.make_dir("dir");
        for (right, check) in [
            (Rights::PATH_CREATE_DIRECTORY, "path_create_directory"),
            (Rights::PATH_REMOVE_DIRECTORY, "path_remove_directory"),
            (Rights::PATH_UNLINK_FILE, "path_unlink_file"),
        ] {
            let fd = guest.open(ROOT, ".", DIRECTORY, 0);
            guest.drop_rights(fd, right);
            assert_eq!(one(guest, check, fd, "dir"), Err(Errno::Notcapable));
        }
        let fd = guest.open(ROOT, ".", DIRECTORY, 0);
        guest.drop_rights(fd, Rights::PATH_SYMLINK);
        assert_eq!(symlink(guest, "x", fd, "new"), Err(Errno::Notcapable));
        for (name, source, target) in [
            ("path_link", Rights::PATH_LINK_SOURCE, Rights::PATH_LINK_TARGET),
            ("path_rename", Rights::PATH_RENAME_SOURCE, Rights::PATH_RENAME_TARGET),
        ] {
            let (from, to) = (guest.open(ROOT, ".", DIRECTORY, 0), guest.open(ROOT, ".", DIRECTORY, 0));
            guest.drop_rights(from, source);
            guest.drop_rights(to, target);
            assert_eq!(two(guest, name, (from, "file"), (ROOT, "new")), Err(Errno::Notcapable));
            assert_eq!(two(guest, name, (ROOT, "file"), (to, "new")), Err(Errno::Notcapable));
            assert_eq!(two(guest, name, (to, "file"), (from, "new")), Ok(()));
            assert_eq!(one(guest, "path_unlink_file", ROOT, "new"), Ok(()));
            guest.make_file("file", b"");
        }
    });
}
