//! `..` in a listing: below the root of a mount it has the number of the directory above, at the root its own.

mod kit;

use std::collections::BTreeMap;

use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, WasiCtx};
use kit::*;

/// Names and numbers of a listing.
fn numbers(guest: &mut Guest, fd: u64) -> BTreeMap<String, u64> {
    guest.ok("fd_readdir", &[fd, DATA, 0x1000, 0, RESULT]);
    let (mut at, end) = (DATA, DATA + u64::from(guest.u32_at(RESULT)));
    let mut numbers = BTreeMap::new();
    while at < end {
        let len = guest.u32_at(at + 16) as usize;
        let name = String::from_utf8(guest.bytes(at + 24, len).to_vec()).unwrap();
        assert_eq!(numbers.insert(name, guest.u64_at(at + 8)), None, "twice");
        at += 24 + len as u64;
    }
    numbers
}

fn inode(guest: &mut Guest, fd: u64) -> u64 {
    guest.ok("fd_filestat_get", &[fd, RESULT]);
    guest.u64_at(RESULT + 8)
}

/// Opens a directory, following links.
fn directory(guest: &mut Guest, path: &str) -> u64 {
    let [ptr, len] = guest.path(path);
    guest.ok("path_open", &[ROOT, FOLLOW, ptr, len, DIRECTORY, READ, ALL, 0, RESULT]);
    guest.u32_at(RESULT).into()
}

#[track_caller]
fn check(guest: &mut Guest, path: &str, above: &str) {
    let (fd, parent) = (directory(guest, path), directory(guest, above));
    let listed = numbers(guest, fd);
    let (own, above) = (inode(guest, fd), inode(guest, parent));
    assert_ne!((own, above), (0, 0));
    assert_eq!((listed["."], listed[".."]), (own, above), "{path}: its own number, and that of the one above");
}

#[test]
fn below_the_root_and_at_it() {
    on_each_fs(|guest| {
        for path in ["a", "a/b", "a/b/c", "z"] {
            guest.make_dir(path);
        }
        guest.symlink("../a/b", "z/link");
        // Each of them by several ways; the last one by a link.
        for (path, above) in [(".", "."), ("a/..", "."), ("a", "."), ("a/b", "a"), ("a/b/c", "a/b"), ("a/b/c/..", "a")]
        {
            check(guest, path, above);
        }
        check(guest, "z/link", "a");
        for preopen in [ROOT, READ_ONLY] {
            let (listed, own) = (numbers(guest, preopen), inode(guest, preopen));
            assert_eq!((listed["."], listed[".."]), (own, own), "preopen {preopen}");
        }
    });
}

#[test]
fn after_a_move() {
    on_each_fs(|guest| {
        for path in ["from", "from/moved", "to"] {
            guest.make_dir(path);
        }
        let fd = directory(guest, "from/moved");
        let ([old, old_len], [new, new_len]) = (guest.path("from/moved"), guest.path2("to/moved"));
        guest.ok("path_rename", &[ROOT, old, old_len, ROOT, new, new_len]);
        let to = directory(guest, "to");
        let above = inode(guest, to);
        assert_eq!(numbers(guest, fd)[".."], above, "by a descriptor from before");
        check(guest, "to/moved", "to");
    });
}

/// The root of a mount has its own number, by whatever way; the directory that holds it is another file system's.
#[test]
fn at_the_root_of_an_inner_mount() {
    let (host, memory) = (tempfile::tempdir().unwrap(), MemoryFs::new());
    std::fs::create_dir_all(host.path().join("m/hidden")).unwrap();
    std::fs::create_dir(host.path().join("x")).unwrap();
    memory.create_dir_all("dir/below").unwrap();
    for host_is_outer in [true, false] {
        let builder = WasiCtx::builder();
        let (outer_name, inner_name) = ("/", "/x/m");
        let mut guest = guest(if host_is_outer {
            let builder = builder.preopened_dir(host.path(), outer_name, Perms::READ_WRITE);
            builder.in_memory_dir(&memory, inner_name, Perms::READ_ONLY)
        } else {
            let builder = builder.in_memory_dir(&memory, outer_name, Perms::READ_WRITE);
            builder.preopened_dir(host.path(), inner_name, Perms::READ_ONLY)
        });
        check(&mut guest, "x/m", "x/m");
        check(&mut guest, "x/../x/m/.", "x/m");
        check(&mut guest, ".", ".");
        if host_is_outer {
            check(&mut guest, "x", ".");
            check(&mut guest, "m", ".");
            check(&mut guest, "x/m/dir", "x/m");
            check(&mut guest, "x/m/dir/below", "x/m/dir");
            check(&mut guest, "x/m/dir/below/..", "x/m");
        } else {
            // `x` is no one's directory: a file system of its own.
            check(&mut guest, "x", "x");
            check(&mut guest, "x/m/m", "x/m");
            check(&mut guest, "x/m/m/hidden", "x/m/m");
        }
        // What the outer listing says of the name is the root's number too.
        let (above, root) = (directory(&mut guest, "x"), directory(&mut guest, "x/m"));
        assert_eq!(numbers(&mut guest, above)["m"], inode(&mut guest, root));
    }
}
