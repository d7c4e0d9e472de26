//! Preopens whose names lie below those of others.

mod kit;

use hostel_wasi::abi::{Errno, Filetype};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, WasiCtx, WasiCtxBuilder};
use kit::*;

const OUTER: u64 = ROOT;
const DATA_MOUNT: u64 = 4;
/// What a directory can be opened with.
const LOOK: u64 = ALL & !WRITE;

fn memory(files: &[(&str, &str)]) -> MemoryFs {
    let fs = MemoryFs::new();
    for (path, text) in files {
        fs.create_dir_all(path.rsplit_once('/').map_or(".", |(above, _)| above)).unwrap();
        fs.write_file(path, text).unwrap();
    }
    fs
}

/// `/` with a file, a directory `srv` and something of its own at `data`; `/data`, read-only; `/srv/a/b`, deep below.
fn scene() -> WasiCtxBuilder {
    WasiCtx::builder()
        .in_memory_dir(&memory(&[("zoo", "z"), ("srv/own", "o"), ("data/hidden", "h")]), "/", Perms::READ_WRITE)
        .in_memory_dir(&memory(&[("file", "four"), ("sub/x", "x")]), "/data/", Perms::READ_ONLY)
        .in_memory_dir(&memory(&[("deep", "d")]), "/srv/a/b", Perms::READ_WRITE)
}

/// Names, types and numbers of a listing.
fn listing(guest: &mut Guest, fd: u64) -> Vec<(String, u8, u64)> {
    guest.ok("fd_readdir", &[fd, DATA, 0x1000, 0, RESULT]);
    let (mut at, end) = (DATA, DATA + u64::from(guest.u32_at(RESULT)));
    let mut entries = Vec::new();
    while at < end {
        let len = guest.u32_at(at + 16) as usize;
        let name = String::from_utf8(guest.bytes(at + 24, len).to_vec()).unwrap();
        entries.push((name, guest.bytes(at + 20, 1)[0], guest.u64_at(at + 8)));
        at += 24 + len as u64;
    }
    entries
}

fn names(guest: &mut Guest, fd: u64) -> Vec<String> {
    listing(guest, fd).into_iter().map(|(name, ..)| name).collect()
}

/// `dev`, `ino`, type of a path.
fn stat(guest: &mut Guest, fd: u64, path: &str) -> Result<(u64, u64, u8), Errno> {
    let [path, len] = guest.path(path);
    guest.call("path_filestat_get", &[fd, 0, path, len, RESULT])?;
    Ok((guest.u64_at(RESULT), guest.u64_at(RESULT + 8), guest.bytes(RESULT + 16, 1)[0]))
}

fn open(guest: &mut Guest, path: &str, oflags: u64, rights: u64) -> Result<u64, Errno> {
    let [path, len] = guest.path(path);
    guest.call("path_open", &[OUTER, 0, path, len, oflags, rights, ALL, 0, RESULT])?;
    Ok(u64::from(guest.u32_at(RESULT)))
}

fn one(guest: &mut Guest, name: &str, path: &str) -> Result<(), Errno> {
    let [path, len] = guest.path(path);
    guest.call(name, &[OUTER, path, len])
}

fn two(guest: &mut Guest, name: &str, old: &str, new: &str) -> Result<(), Errno> {
    let ([old, old_len], [new, new_len]) = (guest.path(old), guest.path2(new));
    match name {
        "path_link" => guest.call(name, &[OUTER, 0, old, old_len, OUTER, new, new_len]),
        "path_symlink" => guest.call(name, &[old, old_len, OUTER, new, new_len]),
        _ => guest.call(name, &[OUTER, old, old_len, OUTER, new, new_len]),
    }
}

#[test]
fn listings_show_mounts_with_their_numbers() {
    let mut guest = guest(scene());
    let entries = listing(&mut guest, OUTER);
    assert_eq!(entries.iter().map(|entry| entry.0.as_str()).collect::<Vec<_>>(), [".", "..", "data", "srv", "zoo"]);
    for (name, filetype, ino) in &entries[2..] {
        let (_, found, kind) = stat(&mut guest, OUTER, name).unwrap();
        assert_eq!((*filetype, *ino), (kind, found), "{name}");
    }
    let through = stat(&mut guest, OUTER, "data").unwrap();
    assert_eq!(through, stat(&mut guest, DATA_MOUNT, ".").unwrap());
    assert_eq!(stat(&mut guest, OUTER, "./data//."), Ok(through));
    assert_ne!(through.0, stat(&mut guest, OUTER, ".").unwrap().0, "another file system");

    // `srv` is the outer one's own, `a` is nobody's.
    let srv = open(&mut guest, "srv", DIRECTORY, LOOK).unwrap();
    assert_eq!(names(&mut guest, srv), [".", "..", "a", "own"]);
    let a = open(&mut guest, "srv/a/", DIRECTORY, LOOK).unwrap();
    assert_eq!(names(&mut guest, a), [".", "..", "b"]);
    let [path, len] = guest.path("b/deep");
    guest.ok("path_open", &[a, 0, path, len, 0, READ, 0, 0, RESULT]);
    assert_eq!(stat(&mut guest, a, "b").unwrap().2, Filetype::Directory as u8);
    let dot = open(&mut guest, ".", DIRECTORY, LOOK).unwrap();
    assert_eq!(names(&mut guest, dot), names(&mut guest, OUTER));
}

#[test]
fn a_path_into_a_mount_counts_there() {
    let mut guest = guest(scene());
    assert!(open(&mut guest, "data/file", 0, READ).is_ok());
    assert_eq!(open(&mut guest, "data/hidden", 0, READ), Err(Errno::Noent));
    // The outer one may be written to, this one not.
    assert_eq!(open(&mut guest, "data/file", 0, READ | WRITE), Err(Errno::Rofs));
    assert_eq!(open(&mut guest, "data/file", TRUNC, READ), Err(Errno::Rofs));
    assert_eq!(open(&mut guest, "data/new", CREAT, READ), Err(Errno::Rofs));
    assert_eq!(one(&mut guest, "path_unlink_file", "data/file"), Err(Errno::Rofs));
    assert_eq!(two(&mut guest, "path_symlink", "x", "data/l"), Err(Errno::Rofs));
    let data = open(&mut guest, "data", DIRECTORY, LOOK).unwrap();
    let [path, len] = guest.path("new");
    guest.fails("path_create_directory", &[data, path, len], Errno::Rofs);
    assert_eq!(open(&mut guest, "srv/a/b/new", CREAT, READ | WRITE).map(drop), Ok(()));
    assert_eq!(open(&mut guest, "srv/a/new", CREAT, READ), Err(Errno::Rofs), "nobody's directory");

    for call in ["path_rename", "path_link"] {
        assert_eq!(two(&mut guest, call, "data/file", "file"), Err(Errno::Xdev), "{call}");
        assert_eq!(two(&mut guest, call, "zoo", "data/zoo"), Err(Errno::Xdev), "{call}");
        assert_eq!(two(&mut guest, call, "zoo", "srv/a/b/zoo"), Err(Errno::Xdev), "{call}");
        assert_eq!(two(&mut guest, call, "srv/a/b/deep", "zoo"), Err(Errno::Xdev), "{call}");
    }
    assert_eq!(two(&mut guest, "path_rename", "srv/a/b/new", "srv/a/b/newer"), Ok(()));
    assert_eq!(two(&mut guest, "path_rename", "zoo", "srv/zoo"), Ok(()), "both are the outer one's");
    assert!(stat(&mut guest, OUTER, "data/../srv/zoo").is_ok(), "back to the outer one");
    assert_eq!(stat(&mut guest, DATA_MOUNT, "../srv"), Err(Errno::Perm), "not out of the mount's own descriptor");
}

#[test]
fn a_mount_stays_where_it_is() {
    let mut guest = guest(scene());
    let before = names(&mut guest, OUTER);
    for path in ["srv", "srv/a/b", "srv/a/b/"] {
        // `srv/a` is nobody's, and cannot be written to.
        let read_only = path.starts_with("srv/a");
        let errno = |errno| Err(if read_only { Errno::Rofs } else { errno });
        assert_eq!(one(&mut guest, "path_remove_directory", path), errno(Errno::Busy), "{path}");
        assert_eq!(one(&mut guest, "path_unlink_file", path), errno(Errno::Isdir), "{path}");
        assert_eq!(one(&mut guest, "path_create_directory", path), Err(Errno::Exist), "{path}");
        assert_eq!(two(&mut guest, "path_symlink", "x", path), Err(Errno::Exist), "{path}");
    }
    assert_eq!(two(&mut guest, "path_rename", "srv", "moved"), Err(Errno::Busy));
    assert_eq!(two(&mut guest, "path_rename", "zoo", "srv"), Err(Errno::Busy));
    assert_eq!(two(&mut guest, "path_link", "zoo", "srv"), Err(Errno::Exist));
    assert_eq!(open(&mut guest, "srv/a/b", CREAT | 4, READ), Err(Errno::Exist));
    assert_eq!(open(&mut guest, "srv/a/b", CREAT, READ), Err(Errno::Isdir));
    assert_eq!(names(&mut guest, OUTER), before);
}

#[test]
fn only_names_below_are_nested() {
    let fs = || memory(&[]);
    let builder = WasiCtx::builder()
        .in_memory_dir(&fs(), ".", Perms::READ_WRITE)
        .in_memory_dir(&fs(), "/data", Perms::READ_WRITE)
        .in_memory_dir(&fs(), "/database", Perms::READ_WRITE)
        .in_memory_dir(&fs(), "sub", Perms::READ_WRITE)
        .in_memory_dir(&fs(), "../up", Perms::READ_WRITE)
        .in_memory_dir(&fs(), "./sub", Perms::READ_ONLY);
    let mut guest = guest(builder);
    assert_eq!(names(&mut guest, 3), [".", "..", "sub"]);
    for fd in 4..9 {
        assert_eq!(names(&mut guest, fd), [".", ".."], "{fd}");
    }
    // The last of two with one name.
    assert_eq!(open(&mut guest, "sub/x", CREAT, WRITE), Err(Errno::Rofs));
}

#[test]
fn the_host_is_not_touched() {
    let (outer, inner) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(outer.path().join("file"), "x").unwrap();
    std::fs::write(inner.path().join("inside"), "x").unwrap();
    let builder = WasiCtx::builder().preopened_dir(outer.path(), "/", Perms::READ_ONLY).preopened_dir(
        inner.path(),
        "/a/b",
        Perms::READ_WRITE,
    );
    let mut guest = guest(builder);
    assert_eq!(names(&mut guest, OUTER), [".", "..", "a", "file"]);
    assert!(open(&mut guest, "a/b/created", CREAT, WRITE).is_ok(), "below a read-only mount");
    assert_eq!(open(&mut guest, "created", CREAT, WRITE), Err(Errno::Rofs));
    assert_eq!(std::fs::read_dir(outer.path()).unwrap().count(), 1);
    assert!(inner.path().join("created").exists());
}
