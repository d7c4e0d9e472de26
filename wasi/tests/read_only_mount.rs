//! A read-only preopen answers as a read-only bind mount of the same tree does on this machine, call for call.
//!
//! The native calls are made by this program in a mount namespace of its own, where the tree is mounted read-only. Where the
//! system does not allow one, that is said, and nothing is compared.
#![cfg(target_os = "linux")]

mod kit;

use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::errno_from_io;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, WasiCtx};
use kit::*;
use rustix::fs::{self as native, AtFlags, Mode, OFlags, Timespec, Timestamps};

/// Says to the child where the tree is.
const TREE: &str = "HOSTEL_TEST_READ_ONLY_TREE";

const PATHS: [&str; 24] = [
    "file",
    "dir",
    "dir/inner",
    "missing",
    "missing/below",
    "file/below",
    "to-file",
    "to-dir",
    "to-dir/inner",
    "dangling",
    "loop",
    "loop/below",
    "file/",
    "dir/",
    "missing/",
    "to-file/",
    "to-dir/",
    "dangling/",
    ".",
    "dir/.",
    "dir/..",
    "file/..",
    "dir/../missing",
    "to-chain",
];

/// A call, by its native name.
#[derive(Clone, Debug)]
enum Call {
    /// Flags as the witx has them, and whether to read and to write.
    Open {
        path: &'static str,
        oflags: u64,
        read: bool,
        write: bool,
    },
    Mkdir(&'static str),
    Rmdir(&'static str),
    Unlink(&'static str),
    Symlink(&'static str),
    Link(&'static str, &'static str),
    Rename(&'static str, &'static str),
    Utimes {
        path: &'static str,
        follow: bool,
    },
    Stat {
        path: &'static str,
        follow: bool,
    },
    Readlink(&'static str),
}

fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for path in PATHS {
        for oflags in [0, CREAT, CREAT | EXCL, TRUNC, CREAT | TRUNC, CREAT | EXCL | TRUNC, DIRECTORY, EXCL] {
            for (read, write) in [(true, false), (false, true), (true, true)] {
                calls.push(Call::Open { path, oflags, read, write });
            }
        }
        calls.extend([
            Call::Mkdir(path),
            Call::Rmdir(path),
            Call::Unlink(path),
            Call::Symlink(path),
            Call::Readlink(path),
        ]);
        for follow in [false, true] {
            calls.extend([Call::Utimes { path, follow }, Call::Stat { path, follow }]);
        }
        for other in PATHS {
            calls.extend([Call::Link(path, other), Call::Rename(path, other)]);
        }
    }
    calls
}

const LINKS: [(&str, &str); 5] =
    [("file", "to-file"), ("dir", "to-dir"), ("nothing", "dangling"), ("loop", "loop"), ("to-file", "to-chain")];

fn make_tree(root: &Path) {
    use std::os::unix::fs::symlink;
    std::fs::create_dir(root.join("dir")).unwrap();
    std::fs::write(root.join("file"), "text").unwrap();
    std::fs::write(root.join("dir/inner"), "inner").unwrap();
    for (target, link) in LINKS {
        symlink(target, root.join(link)).unwrap();
    }
}

fn make_memory_tree() -> MemoryFs {
    let fs = MemoryFs::new();
    fs.create_dir_all("dir").unwrap();
    fs.write_file("file", "text").unwrap();
    fs.write_file("dir/inner", "inner").unwrap();
    for (target, link) in LINKS {
        fs.root().symlink(target.as_bytes(), link.as_bytes()).unwrap();
    }
    fs
}

fn natively(dir: impl AsFd + Copy, call: &Call) -> Result<(), Errno> {
    let follow = |follow: bool| if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    let result = match *call {
        Call::Open { path, oflags, read, write } => {
            let mut flags = match (read, write) {
                (true, true) => OFlags::RDWR,
                (false, true) => OFlags::WRONLY,
                _ => OFlags::RDONLY,
            };
            flags.set(OFlags::CREATE, oflags & CREAT != 0);
            flags.set(OFlags::EXCL, oflags & EXCL != 0);
            flags.set(OFlags::TRUNC, oflags & TRUNC != 0);
            flags.set(OFlags::DIRECTORY, oflags & DIRECTORY != 0);
            native::openat(dir, path, flags, Mode::RWXU).map(drop)
        }
        Call::Mkdir(path) => native::mkdirat(dir, path, Mode::RWXU),
        Call::Rmdir(path) => native::unlinkat(dir, path, AtFlags::REMOVEDIR),
        Call::Unlink(path) => native::unlinkat(dir, path, AtFlags::empty()),
        Call::Symlink(path) => native::symlinkat("text", dir, path),
        Call::Link(old, new) => native::linkat(dir, old, dir, new, AtFlags::empty()),
        Call::Rename(old, new) => native::renameat(dir, old, dir, new),
        Call::Utimes { path, follow: by } => {
            let time = Timespec { tv_sec: 5, tv_nsec: 0 };
            native::utimensat(dir, path, &Timestamps { last_access: time, last_modification: time }, follow(by))
        }
        Call::Stat { path, follow: by } => native::statat(dir, path, follow(by)).map(drop),
        Call::Readlink(path) => native::readlinkat(dir, path, Vec::new()).map(drop),
    };
    result.map_err(|errno| errno_from_io(&errno.into()))
}

fn by_guest(guest: &mut Guest, call: &Call) -> Result<(), Errno> {
    let two = |guest: &mut Guest, old: &str, new: &str| {
        let ([old, old_len], [new, new_len]) = (guest.path(old), guest.path2(new));
        (old, old_len, new, new_len)
    };
    match *call {
        Call::Open { path, oflags, read, write } => {
            let [path, len] = guest.path(path);
            let rights = if read { READ } else { 0 } | if write { WRITE } else { 0 };
            guest.call("path_open", &[ROOT, FOLLOW, path, len, oflags, rights, 0, 0, RESULT])?;
            let fd = u64::from(guest.u32_at(RESULT));
            guest.call("fd_close", &[fd])
        }
        Call::Mkdir(path) | Call::Rmdir(path) | Call::Unlink(path) => {
            let name = match call {
                Call::Mkdir(_) => "path_create_directory",
                Call::Rmdir(_) => "path_remove_directory",
                _ => "path_unlink_file",
            };
            let [path, len] = guest.path(path);
            guest.call(name, &[ROOT, path, len])
        }
        Call::Symlink(path) => {
            let (old, old_len, new, new_len) = two(guest, "text", path);
            guest.call("path_symlink", &[old, old_len, ROOT, new, new_len])
        }
        Call::Link(old, new) => {
            let (old, old_len, new, new_len) = two(guest, old, new);
            guest.call("path_link", &[ROOT, 0, old, old_len, ROOT, new, new_len])
        }
        Call::Rename(old, new) => {
            let (old, old_len, new, new_len) = two(guest, old, new);
            guest.call("path_rename", &[ROOT, old, old_len, ROOT, new, new_len])
        }
        Call::Utimes { path, follow } => {
            let [path, len] = guest.path(path);
            guest.call("path_filestat_set_times", &[ROOT, follow.into(), path, len, 5, 5, 5])
        }
        Call::Stat { path, follow } => {
            let [path, len] = guest.path(path);
            guest.call("path_filestat_get", &[ROOT, follow.into(), path, len, RESULT])
        }
        Call::Readlink(path) => {
            let [path, len] = guest.path(path);
            guest.call("path_readlink", &[ROOT, path, len, DATA, 100, RESULT])
        }
    }
}

/// What this program does as a child: makes all calls natively and prints what came of each.
#[test]
fn child() {
    let Some(tree) = std::env::var_os(TREE) else { return };
    let dir = std::fs::File::open(tree).unwrap();
    for call in calls() {
        println!("outcome {:?}", natively(&dir, &call));
    }
}

/// What a read-only bind mount says to each call; `None` where there can be none.
fn bind_mount(root: &Path, place: &Path) -> Option<Vec<String>> {
    let script = r#"mount --bind "$1" "$2" && mount -o remount,bind,ro "$2" && exec "$3" --exact child --nocapture"#;
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh"]).args([root, place]).arg(program);
    let output = command.env(TREE, place).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let outcomes: Vec<String> =
        text.lines().filter_map(|line| line.split_once("outcome ")).map(|(_, it)| it.into()).collect();
    if outcomes.is_empty() {
        eprintln!("no mount namespace: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    Some(outcomes)
}

#[test]
fn as_a_read_only_bind_mount() {
    let (root, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_tree(root.path());
    let Some(native) = bind_mount(root.path(), place.path()) else { return };
    let calls = calls();
    assert_eq!(native.len(), calls.len());
    assert!(native.iter().filter(|outcome| **outcome == "Err(Rofs)").count() > 200);
    let memory = make_memory_tree();
    let host = guest(WasiCtx::builder().preopened_dir(root.path(), "/", Perms::READ_ONLY));
    let in_memory = guest(WasiCtx::builder().in_memory_dir(&memory, "/", Perms::READ_ONLY));
    let mut differences = Vec::new();
    for (name, mut guest) in [("host", host), ("memory", in_memory)] {
        for (call, native) in calls.iter().zip(&native) {
            let ours = by_guest(&mut guest, call);
            if format!("{ours:?}") != *native {
                differences.push(format!("{name}: {call:?}: {native} natively, {ours:?} here"));
            }
        }
    }
    for line in &differences {
        eprintln!("{line}");
    }
    assert!(differences.is_empty(), "{} differences", differences.len());
}
