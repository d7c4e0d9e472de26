//! Attempts to get out. Beside the root there is `secret` and `outside/secret`; nobody may learn that they exist.

use std::sync::atomic::{AtomicBool, Ordering};

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::{OpenOptions, Opened, SetTime};

use crate::kit::*;

/// As [`all_refused`], where creating meets a slash after the last name, on the path or in a link's text. Before it is
/// known where that leads, it is no name for a file: EISDIR, or EINVAL from cap-std's walk by components.
fn all_refused_at_slash(errors: Vec<(&'static str, Errno)>, path: &str) {
    for (function, error) in errors {
        let create = function == "open to create" && matches!(error, Errno::Isdir | Errno::Inval);
        assert!(error == Errno::Perm || create, "{function} {path}: {error}");
    }
}

/// What each function that takes a path says to `path`. None of them may succeed.
fn everything(fs: &Fixture, path: &str) -> Vec<(&'static str, Errno)> {
    let bytes = path.as_bytes();
    let open = |options: OpenOptions| fs.open(bytes, &options).map(|_| ()).unwrap_err();
    fs.put("local", "local");
    let errors = vec![
        ("open to read", open(READ)),
        ("open to write", open(BOTH)),
        ("open to create", open(CREATE)),
        ("open to truncate", open(OpenOptions { truncate: true, ..WRITE })),
        ("open a directory", open(DIRECTORY)),
        ("stat", fs.stat_at(bytes, true).unwrap_err()),
        ("set times", fs.set_times_at(bytes, true, SetTime::Now, SetTime::Now).unwrap_err()),
    ];
    fs.unlink_file(b"local").unwrap();
    errors
}

/// What the functions that act on names say to `path`, which goes through a link and on.
fn everything_on_names(fs: &Fixture, path: &str) -> Vec<(&'static str, Errno)> {
    let bytes = path.as_bytes();
    let mut errors = everything(fs, path);
    fs.put("local", "local");
    errors.extend([
        ("open exclusively", fs.open(bytes, &NEW).map(|_| ()).unwrap_err()),
        ("lstat", fs.stat_at(bytes, false).unwrap_err()),
        ("set times of a link", fs.set_times_at(bytes, false, SetTime::Now, SetTime::Now).unwrap_err()),
        ("create directory", fs.create_directory(bytes).unwrap_err()),
        ("remove directory", fs.remove_directory(bytes).unwrap_err()),
        ("unlink", fs.unlink_file(bytes).unwrap_err()),
        ("symlink", fs.symlink(b"x", bytes).unwrap_err()),
        ("read link", fs.read_link(bytes).unwrap_err()),
        ("rename from", fs.rename(bytes, &*fs.root, b"x").unwrap_err()),
        ("rename to", fs.rename(b"local", &*fs.root, bytes).unwrap_err()),
        ("link from", fs.link(bytes, &*fs.root, b"x").unwrap_err()),
        ("link to", fs.link(b"local", &*fs.root, bytes).unwrap_err()),
    ]);
    fs.unlink_file(b"local").unwrap();
    errors
}

fn all_refused(errors: Vec<(&'static str, Errno)>, path: &str) {
    for (function, error) in errors {
        assert_eq!(error, Errno::Perm, "{function} {path}");
    }
}

pub fn parents(fs: &Fixture) {
    fs.mkdir("a");
    fs.mkdir("a/b");
    for path in [
        "../secret",
        "../outside/secret",
        "../outside",
        "../root",
        "../root/a",
        "a/../../secret",
        "a/b/../../../secret",
        "./../secret",
        "a/./..//../secret",
        "../missing",
        "..//..//..//..//etc/passwd",
    ] {
        all_refused(everything_on_names(fs, path), path);
    }
    for path in ["..", "../", "../.", "a/../..", "a/b/../../.."] {
        all_refused(everything(fs, path), path);
    }
    // Below a directory of its own, the way up is as closed.
    let a = fs.directory("a");
    assert_eq!(a.outcome("..", READ), "EPERM");
    assert_eq!(a.outcome("b/../..", READ), "EPERM");
    assert_eq!(a.outcome("../a", READ), "EPERM");
    assert_eq!(a.outcome("b/..", READ), "directory");
    for path in ["/", "/etc/passwd", "//", "/.", "/secret"] {
        all_refused(everything_on_names(fs, path), path);
    }
}

pub fn absolute_links(fs: &Fixture) {
    fs.put("file", "inside");
    fs.mkdir("dir");
    for (target, path) in [("/", "root"), ("/file", "file-link"), ("/etc", "etc"), ("//file", "double")] {
        fs.link_to(target, path);
        // Even if there is a file of that name inside, or none outside.
        all_refused(everything(fs, path), path);
        all_refused(everything_on_names(fs, &format!("{path}/passwd")), path);
        all_refused(everything(fs, &format!("dir/../{path}")), path);
        assert_eq!(fs.read_link(path.as_bytes()).unwrap(), target.as_bytes());
        assert_eq!(fs.outcome(path, OpenOptions { follow: false, ..READ }), "ELOOP");
    }
}

pub fn links_outwards(fs: &Fixture) {
    fs.mkdir("a");
    fs.mkdir("a/b");
    for (target, path) in [
        ("..", "up"),
        ("../secret", "to-secret"),
        ("../outside", "to-outside"),
        ("../missing", "to-missing"),
        ("a/../../secret", "winding"),
        ("../../secret", "a/deep"),
        ("../../../secret", "a/b/deeper"),
        ("up/secret", "by-way-of-up"),
        ("a/deep", "chain"),
        (".//../secret", "dotted"),
    ] {
        fs.link_to(target, path);
        all_refused(everything(fs, path), path);
    }
    for path in
        ["up/secret", "to-outside/secret", "to-outside/new", "up/root/a", "a/../up/secret", "to-outside/../root"]
    {
        all_refused(everything_on_names(fs, path), path);
    }
    // Upwards but inside is no escape.
    fs.put("here", "1");
    fs.link_to("../../here", "a/b/fine");
    assert_eq!(fs.get("a/b/fine"), "1");
    assert_eq!(fs.directory("a").outcome("b/fine", READ), "EPERM", "it is one for whoever starts further down");
}

pub fn links_with_trailing_slashes(fs: &Fixture) {
    // RUSTSEC-2026-0269: the slash was put after the resolved link again, and then followed.
    let mut depth = String::new();
    let mut up = "..".to_string();
    for level in 1..=3 {
        for (number, end) in
            ["/", "//", "/./", "/.", "/outside/", "/outside//", "/secret/", "/missing/"].iter().enumerate()
        {
            let target = format!("{up}{end}");
            let path = format!("{depth}link-{number}");
            fs.link_to(&target, &path);
            all_refused(everything(fs, &path), &format!("{path} at {level}, {target}"));
            all_refused_at_slash(everything(fs, &format!("{path}/")), &format!("{path}/"));
            all_refused(everything_on_names(fs, &format!("{path}/x")), &path);
            all_refused(everything_on_names(fs, &format!("{path}//secret")), &path);
            let chain = format!("{depth}chain-{number}");
            fs.link_to(&format!("link-{number}/"), &chain);
            all_refused_at_slash(everything(fs, &chain), &format!("{chain} {target}"));
            all_refused(everything_on_names(fs, &format!("{chain}/secret")), &chain);
        }
        let next = format!("{depth}d");
        fs.mkdir(&next);
        depth = format!("{next}/");
        up = format!("../{up}");
    }
    // And inside they work.
    fs.mkdir("inner");
    fs.put("inner/f", "f");
    fs.link_to("inner/", "good");
    assert_eq!(fs.get("good/f"), "f");
    assert_eq!(fs.outcome("good", DIRECTORY), "directory");
    fs.link_to("inner/f/", "bad");
    assert_eq!(fs.outcome("bad", READ), "ENOTDIR");
    fs.link_to("fresh/", "creates");
    assert!(fs.try_open("creates", CREATE).is_err());
    assert_eq!(fs.kind("fresh"), Err(Errno::Noent));
}

pub fn chains_of_links(fs: &Fixture) {
    fs.put("link-0", "end");
    for number in 1..=41 {
        fs.link_to(&format!("link-{}", number - 1), &format!("link-{number}"));
    }
    assert_eq!(fs.get("link-40"), "end");
    assert_eq!(fs.outcome("link-41", READ), "ELOOP");
    assert_eq!(fs.outcome("link-41", CREATE), "ELOOP");
    assert_eq!(fs.stat_at(b"link-41", true), Err(Errno::Loop));
    assert!(fs.stat_at(b"link-41", false).is_ok());
    // Links on the way count like links at its end.
    fs.mkdir("dir");
    fs.put("dir/f", "f");
    fs.link_to("dir", "d");
    fs.link_to(&("d/../".repeat(39) + "d/f"), "forty-one");
    assert_eq!(fs.outcome("forty-one", READ), "ELOOP");
    assert_eq!(fs.get(&("d/../".repeat(39) + "d/f")), "f");
    assert_eq!(fs.outcome(&("d/../".repeat(40) + "d/f"), READ), "ELOOP");
    assert_eq!(fs.unlink_file(("d/../".repeat(40) + "d/f").as_bytes()), Err(Errno::Loop));
    fs.link_to("pong", "ping");
    fs.link_to("ping", "pong");
    assert_eq!(fs.outcome("ping", READ), "ELOOP");
    assert_eq!(fs.outcome("ping/x", READ), "ELOOP");
}

pub fn nul_and_empty(fs: &Fixture) {
    fs.put("file", "1");
    for (function, error) in everything_on_names(fs, "fi\0le") {
        assert_eq!(error, Errno::Inval, "{function}");
    }
    for (function, error) in everything_on_names(fs, "file\0") {
        assert_eq!(error, Errno::Inval, "{function}");
    }
    for (function, error) in everything_on_names(fs, "") {
        assert_eq!(error, Errno::Noent, "{function}");
    }
    assert_eq!(fs.symlink(b"a\0b", b"link"), Err(Errno::Inval));
    assert_eq!(fs.names(), ["file"]);
}

pub fn moved_directories(fs: &Fixture) {
    // `..` leads back the way one came, not to where the directory has been moved meanwhile.
    fs.mkdir("a");
    fs.mkdir("a/b");
    fs.mkdir("c");
    let a = fs.directory("a");
    let b = fs.directory("a/b");
    fs.rename(b"a", &*fs.root, b"c/a").unwrap();
    assert_eq!(a.outcome("..", READ), "EPERM");
    assert_eq!(a.outcome("b/..", READ), "directory");
    assert_eq!(b.outcome("..", READ), "EPERM");
    a.rename(b"b", &*fs.root, b"top").unwrap();
    assert_eq!(b.outcome("..", READ), "EPERM");
    assert_eq!(b.stat().unwrap().ino, fs.stat_at(b"top", false).unwrap().ino);
}

pub fn racing_swaps(fs: &Fixture) {
    // While one thread swaps a directory and a link that leads out, the other never gets out.
    fs.mkdir("dir");
    fs.put("dir/secret", "inside");
    fs.link_to("../outside", "link");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for (old, new) in [("dir", "aside"), ("link", "dir"), ("dir", "link"), ("aside", "dir")] {
                    fs.rename(old.as_bytes(), &*fs.root, new.as_bytes()).unwrap();
                }
            }
        });
        for _ in 0..2000 {
            if let Ok(Opened::File(mut file)) = fs.try_open("dir/secret", READ) {
                assert_eq!(read(&mut *file, 99).unwrap(), b"inside");
            }
            if let Ok(stat) = fs.stat_at(b"dir/../dir/secret", true) {
                assert_eq!(stat.size, 6);
                assert_eq!(stat.nlink, 1);
            }
            assert!(fs.create_directory(b"link/../../new").is_err());
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(fs.names(), ["dir", "link"]);
}
