//! `open`: what is found × whether links are followed × what is asked for.

use hostel_wasi::abi::{Fdflags, Filetype};
use hostel_wasi::fs::{File, OpenOptions};

use crate::kit::*;

/// One of each: what a path can name.
fn scene(fs: &Fixture) {
    fs.put("file", "123");
    fs.mkdir("dir");
    fs.put("dir/inner", "4");
    fs.link_to("file", "to-file");
    fs.link_to("dir", "to-dir");
    fs.link_to("nowhere", "dangling");
    fs.link_to("loop", "loop");
}

const KINDS: [&str; 7] = ["file", "dir", "to-file", "to-dir", "dangling", "loop", "missing"];

pub fn the_matrix(fs: &Fixture) {
    scene(fs);
    // In the order of KINDS; first followed, then not.
    let matrix: [(&str, OpenOptions, [&str; 7], [&str; 7]); 7] = [
        (
            "read",
            READ,
            ["file", "directory", "file", "directory", "ENOENT", "ELOOP", "ENOENT"],
            ["file", "directory", "ELOOP", "ELOOP", "ELOOP", "ELOOP", "ENOENT"],
        ),
        (
            "nothing",
            NOTHING,
            ["file", "directory", "file", "directory", "ENOENT", "ELOOP", "ENOENT"],
            ["file", "directory", "ELOOP", "ELOOP", "ELOOP", "ELOOP", "ENOENT"],
        ),
        (
            "write",
            WRITE,
            ["file", "EISDIR", "file", "EISDIR", "ENOENT", "ELOOP", "ENOENT"],
            ["file", "EISDIR", "ELOOP", "ELOOP", "ELOOP", "ELOOP", "ENOENT"],
        ),
        (
            "truncate",
            OpenOptions { truncate: true, ..WRITE },
            ["file", "EISDIR", "file", "EISDIR", "ENOENT", "ELOOP", "ENOENT"],
            ["file", "EISDIR", "ELOOP", "ELOOP", "ELOOP", "ELOOP", "ENOENT"],
        ),
        (
            "directory",
            DIRECTORY,
            ["ENOTDIR", "directory", "ENOTDIR", "directory", "ENOENT", "ELOOP", "ENOENT"],
            ["ENOTDIR", "directory", "ENOTDIR", "ENOTDIR", "ENOTDIR", "ENOTDIR", "ENOENT"],
        ),
        (
            // So the WASI suite has it too (path_open_preopen).
            "directory, write",
            OpenOptions { directory: true, ..BOTH },
            ["ENOTDIR", "EISDIR", "ENOTDIR", "EISDIR", "ENOENT", "ELOOP", "ENOENT"],
            ["ENOTDIR", "EISDIR", "ENOTDIR", "ENOTDIR", "ENOTDIR", "ENOTDIR", "ENOENT"],
        ),
        (
            "exclusive",
            NEW,
            ["EEXIST", "EEXIST", "EEXIST", "EEXIST", "EEXIST", "EEXIST", "file"],
            ["EEXIST", "EEXIST", "EEXIST", "EEXIST", "EEXIST", "EEXIST", "file"],
        ),
    ];
    for (what, options, followed, not) in matrix {
        for (follow, expected) in [(true, followed), (false, not)] {
            for (kind, expected) in KINDS.into_iter().zip(expected) {
                let found = fs.outcome(kind, OpenOptions { follow, ..options });
                assert_eq!(found, expected, "{what} {kind}, follow {follow}");
                if kind == "missing" && found == "file" {
                    fs.unlink_file(b"missing").unwrap();
                }
            }
        }
    }
    assert_eq!(fs.names(), ["dangling", "dir", "file", "loop", "to-dir", "to-file"]);
}

pub fn trailing_slashes(fs: &Fixture) {
    scene(fs);
    // A slash follows links, whatever the flag says.
    for follow in [true, false] {
        let expected = ["ENOTDIR", "directory", "ENOTDIR", "directory", "ENOENT", "ELOOP", "ENOENT"];
        for slashes in ["/", "//", "/.", "/./"] {
            for (kind, expected) in KINDS.into_iter().zip(expected) {
                let path = format!("{kind}{slashes}");
                assert_eq!(fs.outcome(&path, OpenOptions { follow, ..READ }), expected, "{path}");
                assert_eq!(fs.outcome(&path, OpenOptions { follow, ..DIRECTORY }), expected, "{path}");
            }
        }
        for kind in KINDS {
            for options in [CREATE, NEW, OpenOptions { truncate: true, ..CREATE }] {
                assert_eq!(fs.outcome(&format!("{kind}/"), OpenOptions { follow, ..options }), "EISDIR", "{kind}");
            }
        }
    }
    assert_eq!(fs.outcome("missing/x/", CREATE), "ENOENT");
    assert_eq!(fs.outcome("file/x/", CREATE), "ENOTDIR");
    assert_eq!(fs.outcome("../x/", CREATE), "EPERM");
    assert_eq!(fs.get("file"), "123");
    assert_eq!(fs.kind("missing"), Err(hostel_wasi::abi::Errno::Noent));
}

pub fn creating(fs: &Fixture) {
    scene(fs);
    for (kind, follow, expected) in [
        ("file", true, "file"),
        ("dir", true, "EISDIR"),
        ("to-file", true, "file"),
        ("to-file", false, "ELOOP"),
        ("to-dir", true, "EISDIR"),
        ("to-dir", false, "ELOOP"),
        ("dangling", false, "ELOOP"),
        ("loop", true, "ELOOP"),
        ("loop", false, "ELOOP"),
    ] {
        assert_eq!(fs.outcome(kind, OpenOptions { follow, ..CREATE }), expected, "{kind}, follow {follow}");
    }
    assert_eq!(fs.get("file"), "123", "what was there stays as it was");
    // Through a dangling link, the file it names is created.
    assert_eq!(fs.outcome("dangling", CREATE), "file");
    assert_eq!(fs.kind("nowhere"), Ok(Filetype::RegularFile));
    assert_eq!(fs.kind("dangling"), Ok(Filetype::SymbolicLink));
    // The witx wants no leave to write for creating.
    assert_eq!(fs.outcome("read-only", OpenOptions { create: true, ..READ }), "file");
    assert_eq!(fs.outcome("no-mode", OpenOptions { create: true, exclusive: true, ..NOTHING }), "file");
    assert_eq!(fs.outcome("dir/new", CREATE), "file");
    assert_eq!(fs.outcome("to-dir/newer", NEW), "file");
    assert_eq!(fs.outcome("missing/new", CREATE), "ENOENT");
    assert_eq!(fs.outcome("file/new", CREATE), "ENOTDIR");
    assert_eq!(fs.directory("dir").names(), ["inner", "new", "newer"]);
    fs.link_to("dir/linked", "to-linked");
    write(&mut *fs.file("to-linked", CREATE), b"5").unwrap();
    assert_eq!(fs.get("dir/linked"), "5");
}

pub fn truncating(fs: &Fixture) {
    scene(fs);
    let truncate = OpenOptions { truncate: true, ..WRITE };
    assert_eq!(fs.outcome("to-file", OpenOptions { follow: false, ..truncate }), "ELOOP");
    assert_eq!(fs.outcome("file", OpenOptions { create: true, exclusive: true, ..truncate }), "EEXIST");
    assert_eq!(fs.get("file"), "123", "a failed open cuts nothing");
    assert_eq!(fs.outcome("to-file", truncate), "file");
    assert_eq!(fs.get("file"), "");
    fs.put("file", "123");
    // `oflags::trunc` comes without leave to write too, from guests that ask for no rights.
    assert_eq!(fs.outcome("file", OpenOptions { truncate: true, ..READ }), "file");
    assert_eq!(fs.get("file"), "");
    assert_eq!(fs.outcome("dir", OpenOptions { truncate: true, ..READ }), "EISDIR");
}

pub fn access_modes(fs: &Fixture) {
    fs.put("file", "123");
    for (options, reads, writes) in
        [(READ, true, false), (WRITE, false, true), (BOTH, true, true), (NOTHING, true, false)]
    {
        let mut file = fs.file("file", options);
        assert_eq!(read(&mut *file, 3).is_ok(), reads);
        assert_eq!(write(&mut *file, b"4").is_ok(), writes);
        assert_eq!(file.filetype(), Filetype::RegularFile);
        assert_eq!(file.stat().unwrap().filetype, Filetype::RegularFile);
    }
    fs.mkdir("dir");
    // A directory is opened as one even if nobody said that it is.
    assert_eq!(fs.outcome("dir", NOTHING), "directory");
    assert_eq!(fs.outcome("dir", OpenOptions { read: false, ..DIRECTORY }), "directory");
}

pub fn flags_that_exclude_each_other(fs: &Fixture) {
    scene(fs);
    for kind in KINDS {
        for options in [
            OpenOptions { create: true, ..DIRECTORY },
            OpenOptions { exclusive: true, ..DIRECTORY },
            OpenOptions { truncate: true, ..DIRECTORY },
            OpenOptions { directory: true, truncate: true, ..NEW },
        ] {
            assert_eq!(fs.outcome(kind, options), "EINVAL", "{kind}");
        }
    }
    // Exclusive is a word about creating.
    assert_eq!(fs.outcome("file", OpenOptions { exclusive: true, ..READ }), "file");
    assert_eq!(fs.get("file"), "123");
}

pub fn dots(fs: &Fixture) {
    fs.mkdir("a");
    fs.mkdir("a/b");
    fs.put("a/f", "f");
    assert_eq!(fs.get("a/.//b/../../a/f"), "f");
    for path in [".", "./", "a/.", "a/..", "a/b/..", "./.", "a/../a/b/../../."] {
        assert_eq!(fs.outcome(path, OpenOptions { directory: true, ..BOTH }), "EISDIR", "{path}");
        assert_eq!(fs.outcome(path, READ), "directory", "{path}");
        assert_eq!(fs.outcome(path, DIRECTORY), "directory", "{path}");
        assert_eq!(fs.outcome(path, WRITE), "EISDIR", "{path}");
        assert_eq!(fs.outcome(path, CREATE), "EISDIR", "{path}");
    }
    for path in [".", "./", "a/.", "a/./", "a/..", "a/../"] {
        assert_eq!(fs.outcome(path, NEW), "EEXIST", "{path}");
    }
    assert_eq!(fs.outcome("missing/..", READ), "ENOENT");
    assert_eq!(fs.outcome("a/f/..", READ), "ENOTDIR");
    assert_eq!(fs.outcome("a/f/.", READ), "ENOTDIR");
    assert_eq!(fs.directory("a/..").stat().unwrap().ino, fs.stat().unwrap().ino);
}

pub fn the_start_is_a_file_in_the_path(fs: &Fixture) {
    scene(fs);
    for path in ["file/x", "to-file/x", "file/../file", "dir/inner/x"] {
        assert_eq!(fs.outcome(path, READ), "ENOTDIR", "{path}");
        assert_eq!(fs.outcome(path, CREATE), "ENOTDIR", "{path}");
    }
    for path in ["missing/x", "dangling/x", "missing/../file"] {
        assert_eq!(fs.outcome(path, READ), "ENOENT", "{path}");
    }
    assert_eq!(fs.outcome("loop/x", READ), "ELOOP");
    assert_eq!(fs.outcome("to-dir/inner", OpenOptions { follow: false, ..READ }), "file");
}

pub fn nothing_leaks_after_failures(fs: &Fixture) {
    scene(fs);
    fs.put("file", "123");
    for _ in 0..300 {
        // More than the usual limit on descriptors.
        for kind in ["to-dir", "loop", "missing", "dir/../..", "file/x", "dir/missing"] {
            assert!(fs.try_open(kind, OpenOptions { write: true, ..READ }).is_err());
        }
    }
    let mut file: Box<dyn File> = fs.file("file", OpenOptions { flags: Fdflags::NONBLOCK, ..BOTH });
    assert_eq!(read(&mut *file, 9).unwrap(), b"123");
}
