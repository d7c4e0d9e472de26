//! Creating and removing names.

use hostel_wasi::abi::{Errno, Filetype};
use hostel_wasi::fs::OpenOptions;

use crate::kit::*;

/// `file`, `dir` (with `dir/inner`), `empty`, and links to each kind of thing.
fn scene(fs: &Fixture) {
    fs.put("file", "123");
    fs.mkdir("dir");
    fs.put("dir/inner", "4");
    fs.mkdir("empty");
    for (target, path) in
        [("file", "to-file"), ("dir", "to-dir"), ("empty", "to-empty"), ("nowhere", "dangling"), ("loop", "loop")]
    {
        fs.link_to(target, path);
    }
}

type Act = fn(&Fixture, &str) -> Result<(), Errno>;

fn table(fs: &Fixture, act: Act, rows: &[(&str, Result<(), Errno>)]) {
    for (path, expected) in rows {
        assert_eq!(act(fs, path), *expected, "{path}");
    }
}

pub fn create_directory(fs: &Fixture) {
    scene(fs);
    let act: Act = |fs, path| fs.create_directory(path.as_bytes());
    table(
        fs,
        act,
        &[
            ("a", Ok(())),
            ("a/b/", Ok(())),
            ("a/b/c//", Ok(())),
            ("to-dir/d", Ok(())),
            ("a", Err(Errno::Exist)),
            ("a/", Err(Errno::Exist)),
            ("file", Err(Errno::Exist)),
            ("file/", Err(Errno::Exist)),
            ("dangling", Err(Errno::Exist)),
            ("dangling/", Err(Errno::Exist)),
            ("loop", Err(Errno::Exist)),
            ("to-dir", Err(Errno::Exist)),
            (".", Err(Errno::Exist)),
            ("a/.", Err(Errno::Exist)),
            ("a/..", Err(Errno::Exist)),
            ("..", Err(Errno::Perm)),
            ("../x", Err(Errno::Perm)),
            ("a/../../x", Err(Errno::Perm)),
            ("missing/x", Err(Errno::Noent)),
            ("missing/.", Err(Errno::Noent)),
            ("file/x", Err(Errno::Notdir)),
            ("loop/x", Err(Errno::Loop)),
            ("dangling/x", Err(Errno::Noent)),
        ],
    );
    assert_eq!(fs.kind("a/b/c"), Ok(Filetype::Directory));
    assert_eq!(fs.kind("dir/d"), Ok(Filetype::Directory));
    assert_eq!(fs.directory("a/b/c").names(), [""; 0]);
}

pub fn remove_directory(fs: &Fixture) {
    scene(fs);
    fs.mkdir("gone");
    fs.mkdir("dir/sub");
    let act: Act = |fs, path| fs.remove_directory(path.as_bytes());
    table(
        fs,
        act,
        &[
            ("gone/", Ok(())),
            ("gone", Err(Errno::Noent)),
            ("gone/", Err(Errno::Noent)),
            ("to-dir/sub//", Ok(())),
            ("dir", Err(Errno::Notempty)),
            ("dir/", Err(Errno::Notempty)),
            ("file", Err(Errno::Notdir)),
            ("file/", Err(Errno::Notdir)),
            ("to-empty", Err(Errno::Notdir)),
            ("to-empty/", Err(Errno::Notdir)),
            ("dangling", Err(Errno::Notdir)),
            (".", Err(Errno::Inval)),
            ("empty/.", Err(Errno::Inval)),
            ("empty/..", Err(Errno::Notempty)),
            ("..", Err(Errno::Perm)),
            ("missing/x", Err(Errno::Noent)),
            ("file/x", Err(Errno::Notdir)),
            ("empty", Ok(())),
        ],
    );
    assert_eq!(fs.kind("empty"), Err(Errno::Noent));
    assert_eq!(fs.kind("to-empty"), Ok(Filetype::SymbolicLink));
}

pub fn unlink_file(fs: &Fixture) {
    scene(fs);
    let act: Act = |fs, path| fs.unlink_file(path.as_bytes());
    table(
        fs,
        act,
        &[
            ("file/", Err(Errno::Notdir)),
            ("to-dir/", Err(Errno::Notdir)),
            ("to-file/", Err(Errno::Notdir)),
            ("dangling/", Err(Errno::Notdir)),
            ("dir", Err(Errno::Isdir)),
            ("dir/", Err(Errno::Isdir)),
            ("empty", Err(Errno::Isdir)),
            (".", Err(Errno::Isdir)),
            ("dir/..", Err(Errno::Isdir)),
            ("..", Err(Errno::Perm)),
            ("../secret", Err(Errno::Perm)),
            ("missing", Err(Errno::Noent)),
            ("missing/", Err(Errno::Noent)),
            ("missing/x", Err(Errno::Noent)),
            ("file/x", Err(Errno::Notdir)),
            ("loop/x", Err(Errno::Loop)),
        ],
    );
    // A link is removed itself, whatever it names.
    for path in ["to-dir", "to-file", "dangling", "loop"] {
        fs.unlink_file(path.as_bytes()).unwrap();
        assert_eq!(fs.kind(path), Err(Errno::Noent), "{path}");
    }
    assert_eq!(fs.get("dir/inner"), "4");
    fs.unlink_file(b"file").unwrap();
    assert_eq!(fs.names(), ["dir", "empty", "to-empty"]);
}

pub fn symlink(fs: &Fixture) {
    scene(fs);
    let act: Act = |fs, path| fs.symlink(b"target", path.as_bytes());
    table(
        fs,
        act,
        &[
            ("new", Ok(())),
            ("to-dir/new", Ok(())),
            ("new", Err(Errno::Exist)),
            ("file", Err(Errno::Exist)),
            ("dir", Err(Errno::Exist)),
            ("dangling", Err(Errno::Exist)),
            ("fresh/", Err(Errno::Noent)),
            ("dir/", Err(Errno::Exist)),
            ("file/", Err(Errno::Notdir)),
            ("dangling/", Err(Errno::Exist)),
            (".", Err(Errno::Exist)),
            ("dir/..", Err(Errno::Exist)),
            ("..", Err(Errno::Perm)),
            ("../x", Err(Errno::Perm)),
            ("missing/x", Err(Errno::Noent)),
            ("file/x", Err(Errno::Notdir)),
        ],
    );
    assert_eq!(fs.symlink(b"", b"empty-text"), Err(Errno::Noent));
    assert_eq!(fs.symlink(&[b'a'; 4096], b"long-text"), Err(Errno::Nametoolong));
    // The longest text a file system takes differs; this much all do.
    let long = [b'a'; 3000];
    fs.symlink(&long, b"long").unwrap();
    assert_eq!(fs.read_link(b"long").unwrap(), long);
    assert_eq!(fs.stat_at(b"long", false).unwrap().size, 3000);
    assert_eq!(fs.kind("dir/new"), Ok(Filetype::SymbolicLink));
    // Texts are kept as they are.
    for text in ["../..//x/", "a b\tc", "."] {
        fs.link_to(text, "text");
        assert_eq!(fs.read_link(b"text").unwrap(), text.as_bytes());
        fs.unlink_file(b"text").unwrap();
    }
}

pub fn read_link(fs: &Fixture) {
    scene(fs);
    let act: Act = |fs, path| fs.read_link(path.as_bytes()).map(|_| ());
    table(
        fs,
        act,
        &[
            ("file", Err(Errno::Inval)),
            ("dir", Err(Errno::Inval)),
            (".", Err(Errno::Inval)),
            ("dir/..", Err(Errno::Inval)),
            ("to-dir/", Err(Errno::Inval)),
            ("dir/", Err(Errno::Inval)),
            ("to-file/", Err(Errno::Notdir)),
            ("file/", Err(Errno::Notdir)),
            ("dangling/", Err(Errno::Noent)),
            ("loop/", Err(Errno::Loop)),
            ("missing", Err(Errno::Noent)),
            ("missing/x", Err(Errno::Noent)),
            ("..", Err(Errno::Perm)),
            ("../secret", Err(Errno::Perm)),
        ],
    );
    assert_eq!(fs.read_link(b"loop").unwrap(), b"loop");
    assert_eq!(fs.read_link(b"to-dir").unwrap(), b"dir");
    assert_eq!(fs.read_link(b"dir/../dangling").unwrap(), b"nowhere");
}

pub fn names_that_are_too_long(fs: &Fixture) {
    let fits = "x".repeat(255);
    let long = "x".repeat(256);
    fs.put(&fits, "1");
    assert_eq!(fs.get(&fits), "1");
    assert_eq!(fs.outcome(&long, READ), "ENAMETOOLONG");
    assert_eq!(fs.outcome(&long, CREATE), "ENAMETOOLONG");
    assert_eq!(fs.outcome(&format!("{long}/x"), READ), "ENAMETOOLONG");
    let name = long.as_bytes();
    assert_eq!(fs.create_directory(name), Err(Errno::Nametoolong));
    assert_eq!(fs.remove_directory(name), Err(Errno::Nametoolong));
    assert_eq!(fs.unlink_file(name), Err(Errno::Nametoolong));
    assert_eq!(fs.symlink(b"x", name), Err(Errno::Nametoolong));
    assert_eq!(fs.read_link(name), Err(Errno::Nametoolong));
    assert_eq!(fs.stat_at(name, true), Err(Errno::Nametoolong));
    assert_eq!(fs.rename(fits.as_bytes(), &*fs.root, name), Err(Errno::Nametoolong));
    assert_eq!(fs.link(fits.as_bytes(), &*fs.root, name), Err(Errno::Nametoolong));
    assert_eq!(fs.names(), [fits]);
}

pub fn paths_that_are_too_long(fs: &Fixture) {
    fs.mkdir("a");
    fs.put("a/f", "f");
    for length in [4096, 65_536, 1 << 20] {
        let path = "a/../".repeat(length / 5 + 1) + "a/f";
        assert_eq!(fs.outcome(&path, READ), "ENAMETOOLONG");
        assert_eq!(fs.outcome(&path, CREATE), "ENAMETOOLONG");
        let path = path.as_bytes();
        assert_eq!(fs.stat_at(path, true), Err(Errno::Nametoolong));
        assert_eq!(fs.create_directory(path), Err(Errno::Nametoolong));
        assert_eq!(fs.unlink_file(path), Err(Errno::Nametoolong));
        assert_eq!(fs.read_link(path), Err(Errno::Nametoolong));
        assert_eq!(fs.symlink(path, b"x"), Err(Errno::Nametoolong));
        assert_eq!(fs.rename(path, &*fs.root, b"x"), Err(Errno::Nametoolong));
        assert_eq!(fs.link(b"a/f", &*fs.root, path), Err(Errno::Nametoolong));
    }
    // The longest that is none too long.
    let path = "./".repeat(2046) + "a/f";
    assert_eq!(path.len(), 4095);
    assert_eq!(fs.get(&path), "f");
    fs.unlink_file(path.as_bytes()).unwrap();
    assert_eq!(fs.directory("a").names(), [""; 0]);
}

pub fn removed_but_open(fs: &Fixture) {
    fs.put("file", "123");
    let mut file = fs.file("file", BOTH);
    fs.unlink_file(b"file").unwrap();
    assert_eq!(file.stat().unwrap().nlink, 0);
    assert_eq!(read(&mut *file, 9).unwrap(), b"123");
    assert_eq!(write(&mut *file, b"456"), Ok(3));
    assert_eq!(read_at(&mut *file, 9, 0).unwrap(), b"123456");
    fs.put("file", "other");
    assert_eq!(read_at(&mut *file, 9, 0).unwrap(), b"123456");

    fs.mkdir("dir");
    let dir = fs.directory("dir");
    fs.remove_directory(b"dir").unwrap();
    assert_eq!(dir.create_directory(b"x"), Err(Errno::Noent));
    assert_eq!(dir.symlink(b"y", b"x"), Err(Errno::Noent));
    assert_eq!(dir.outcome("x", CREATE), "ENOENT");
    assert_eq!(dir.outcome("x", READ), "ENOENT");
    assert_eq!(fs.rename(b"file", &*dir, b"x"), Err(Errno::Noent));
    assert_eq!(dir.stat().unwrap().filetype, Filetype::Directory);
    assert_eq!(dir.outcome(".", READ), "directory");
    assert_eq!(dir.names(), [""; 0]);
    fs.mkdir("dir");
    assert_eq!(dir.outcome("x", CREATE), "ENOENT", "another directory of the same name is another");
}

pub fn stat_follows_when_told(fs: &Fixture) {
    scene(fs);
    let kind = |path: &str, follow| fs.stat_at(path.as_bytes(), follow).map(|stat| stat.filetype);
    for (path, follow, expected) in [
        ("file", true, Ok(Filetype::RegularFile)),
        ("file", false, Ok(Filetype::RegularFile)),
        ("to-file", true, Ok(Filetype::RegularFile)),
        ("to-file", false, Ok(Filetype::SymbolicLink)),
        ("dir/../to-file", false, Ok(Filetype::SymbolicLink)),
        ("to-dir", true, Ok(Filetype::Directory)),
        ("to-dir", false, Ok(Filetype::SymbolicLink)),
        ("to-dir/", false, Ok(Filetype::Directory)),
        ("to-dir/.", false, Ok(Filetype::Directory)),
        ("to-dir/inner", false, Ok(Filetype::RegularFile)),
        ("dangling", true, Err(Errno::Noent)),
        ("dangling", false, Ok(Filetype::SymbolicLink)),
        ("dangling/", false, Err(Errno::Noent)),
        ("loop", true, Err(Errno::Loop)),
        ("loop", false, Ok(Filetype::SymbolicLink)),
        ("loop/", false, Err(Errno::Loop)),
        ("file/", true, Err(Errno::Notdir)),
        ("file/", false, Err(Errno::Notdir)),
        ("to-file/", false, Err(Errno::Notdir)),
        ("file/x", true, Err(Errno::Notdir)),
        ("missing", true, Err(Errno::Noent)),
        ("missing", false, Err(Errno::Noent)),
        (".", false, Ok(Filetype::Directory)),
        ("dir/..", false, Ok(Filetype::Directory)),
        ("..", false, Err(Errno::Perm)),
        ("../secret", true, Err(Errno::Perm)),
    ] {
        assert_eq!(kind(path, follow), expected, "{path}, follow {follow}");
    }
    assert_eq!(fs.stat_at(b"to-file", false).unwrap().size, 4);
    assert_eq!(fs.stat_at(b"to-file", true).unwrap().size, 3);
}

pub fn numbers_are_one_file(fs: &Fixture) {
    scene(fs);
    let whole = fs.stat().unwrap();
    assert_eq!(fs.stat_at(b".", true).unwrap().ino, whole.ino);
    assert_eq!(fs.directory(".").stat().unwrap().ino, whole.ino);
    let mut seen = vec![whole.ino];
    for entry in fs.entries().unwrap() {
        let entry = entry.unwrap();
        let stat = fs.stat_at(&entry.name, false).unwrap();
        assert_eq!((stat.ino, stat.filetype, stat.dev), (entry.ino, entry.filetype, whole.dev));
        assert_ne!(stat.ino, 0);
        assert!(!seen.contains(&stat.ino));
        seen.push(stat.ino);
    }
    let opened = fs.file("file", READ).stat().unwrap();
    let named = fs.stat_at(b"to-file", true).unwrap();
    assert_eq!((opened.dev, opened.ino, opened.nlink), (named.dev, named.ino, 1));
}

pub fn names_are_bytes(fs: &Fixture) {
    let name = b"\xff\xfe \n\x01";
    fs.create_directory(name).unwrap();
    fs.symlink(b"\x80/..", b"\xc3").unwrap();
    assert_eq!(fs.read_link(b"\xc3").unwrap(), b"\x80/..");
    let mut names: Vec<_> = fs.entries().unwrap().map(|entry| entry.unwrap().name).collect();
    names.sort();
    assert_eq!(names, [&b"\xc3"[..], name]);
    let inner = [&name[..], b"/x"].concat();
    assert!(fs.open(&inner, &OpenOptions { follow: false, ..NEW }).is_ok());
    assert_eq!(fs.stat_at(&inner, true).unwrap().filetype, Filetype::RegularFile);
}
