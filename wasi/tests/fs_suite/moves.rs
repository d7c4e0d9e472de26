//! `rename` and `link`.

use hostel_wasi::abi::{Errno, Filetype};

use crate::kit::*;

fn rename(fs: &Fixture, old: &str, new: &str) -> Result<(), Errno> {
    fs.rename(old.as_bytes(), &*fs.root, new.as_bytes())
}

fn link(fs: &Fixture, old: &str, new: &str) -> Result<(), Errno> {
    fs.link(old.as_bytes(), &*fs.root, new.as_bytes())
}

fn scene(fs: &Fixture) {
    fs.put("file", "123");
    fs.put("other", "456");
    fs.mkdir("dir");
    fs.put("dir/inner", "4");
    fs.mkdir("empty");
    for (target, path) in [("file", "to-file"), ("dir", "to-dir"), ("nowhere", "dangling"), ("loop", "loop")] {
        fs.link_to(target, path);
    }
}

pub fn rename_files(fs: &Fixture) {
    scene(fs);
    let ino = fs.stat_at(b"file", false).unwrap().ino;
    rename(fs, "file", "moved").unwrap();
    assert_eq!(fs.kind("file"), Err(Errno::Noent));
    assert_eq!(fs.stat_at(b"moved", false).unwrap().ino, ino);
    let mut replaced = fs.file("other", READ);
    rename(fs, "moved", "other").unwrap();
    assert_eq!(fs.get("other"), "123");
    assert_eq!(read(&mut *replaced, 9).unwrap(), b"456", "what was replaced lives on while it is open");
    assert_eq!(replaced.stat().unwrap().nlink, 0);
    rename(fs, "other", "dir/inner").unwrap();
    assert_eq!(fs.get("dir/inner"), "123");
    rename(fs, "dir/inner", "dir/inner").unwrap();
    assert_eq!(fs.get("dir/inner"), "123");
    // Links are moved, not what they name, and replaced likewise.
    rename(fs, "dangling", "still-dangling").unwrap();
    assert_eq!(fs.read_link(b"still-dangling").unwrap(), b"nowhere");
    fs.put("file", "789");
    rename(fs, "file", "to-dir").unwrap();
    assert_eq!(fs.kind("to-dir"), Ok(Filetype::RegularFile));
    assert_eq!(fs.directory("dir").names(), ["inner"]);
    // Two names of one file: both stay.
    link(fs, "to-dir", "twin").unwrap();
    rename(fs, "to-dir", "twin").unwrap();
    assert_eq!(fs.stat_at(b"to-dir", false).unwrap().nlink, 2);
    assert_eq!(fs.get("twin"), "789");
}

pub fn rename_directories(fs: &Fixture) {
    scene(fs);
    rename(fs, "dir", "moved").unwrap();
    assert_eq!(fs.get("moved/inner"), "4");
    rename(fs, "moved", "empty").unwrap();
    assert_eq!(fs.get("empty/inner"), "4");
    assert_eq!(fs.kind("moved"), Err(Errno::Noent));
    fs.mkdir("a");
    fs.mkdir("a/b");
    rename(fs, "empty", "a/b/c").unwrap();
    assert_eq!(fs.get("a/b/c/inner"), "4");
    assert_eq!(fs.outcome("a/b/c/../..", READ), "directory");
    rename(fs, "a/b/c/", "a/d/").unwrap();
    assert_eq!(fs.get("a/d/inner"), "4");
    rename(fs, "a", "a").unwrap();
}

pub fn rename_refuses(fs: &Fixture) {
    scene(fs);
    fs.mkdir("dir/sub");
    for (old, new, expected) in [
        ("missing", "x", Errno::Noent),
        ("missing", "file", Errno::Noent),
        ("file", "missing/x", Errno::Noent),
        ("file", "other/x", Errno::Notdir),
        ("file/x", "y", Errno::Notdir),
        ("file", "empty", Errno::Isdir),
        ("file", "dir", Errno::Isdir),
        ("dir", "file", Errno::Notdir),
        ("dir", "to-dir", Errno::Notdir),
        ("empty", "dir", Errno::Notempty),
        ("dir", "dir/x", Errno::Inval),
        ("dir", "dir/sub/x", Errno::Inval),
        ("dir", "to-dir/sub/x", Errno::Inval),
        ("dir/sub", "dir", Errno::Notempty),
        ("dir/inner", "dir", Errno::Notempty),
        (".", "x", Errno::Busy),
        ("dir/.", "x", Errno::Busy),
        ("dir/..", "x", Errno::Busy),
        ("dir", ".", Errno::Busy),
        ("dir", "empty/..", Errno::Busy),
        ("..", "x", Errno::Perm),
        ("file", "..", Errno::Perm),
        ("file", "../x", Errno::Perm),
        ("../secret", "x", Errno::Perm),
        ("loop/x", "y", Errno::Loop),
        ("file", "", Errno::Noent),
        ("", "x", Errno::Noent),
    ] {
        assert_eq!(rename(fs, old, new), Err(expected), "{old} {new}");
    }
    assert_eq!(fs.names(), ["dangling", "dir", "empty", "file", "loop", "other", "to-dir", "to-file"]);
    assert_eq!(fs.directory("dir").names(), ["inner", "sub"]);
}

pub fn rename_with_slashes(fs: &Fixture) {
    scene(fs);
    for (old, new, expected) in [
        ("file/", "x", Err(Errno::Notdir)),
        ("file", "x/", Err(Errno::Notdir)),
        ("file", "other/", Err(Errno::Notdir)),
        ("file", "empty/", Err(Errno::Notdir)),
        ("to-dir/", "x", Err(Errno::Notdir)),
        ("missing/", "x", Err(Errno::Noent)),
        ("dir", "to-dir/", Err(Errno::Notdir)),
        ("dir/", "file/", Err(Errno::Notdir)),
        ("empty/", "y", Ok(())),
        ("y", "z//", Ok(())),
        ("dir/", "z", Ok(())),
    ] {
        assert_eq!(rename(fs, old, new), expected, "{old} {new}");
    }
    assert_eq!(fs.get("z/inner"), "4");
    assert_eq!(fs.get("file"), "123");
}

pub fn rename_between_directories(fs: &Fixture) {
    scene(fs);
    let (dir, empty) = (fs.directory("dir"), fs.directory("empty"));
    dir.rename(b"inner", &*empty, b"moved").unwrap();
    assert_eq!(fs.get("empty/moved"), "4");
    assert_eq!(dir.names(), [""; 0]);
    assert_eq!(dir.rename(b"../file", &*empty, b"x"), Err(Errno::Perm), "each path has its own start");
    assert_eq!(fs.rename(b"file", &*empty, b"../x"), Err(Errno::Perm));
    assert_eq!(fs.rename(b"empty", &*empty, b"x"), Err(Errno::Inval));
    fs.rename(b"dir", &*empty, b"deep").unwrap();
    // The directory moved under its descriptor; it is still the same.
    dir.create_directory(b"new").unwrap();
    assert_eq!(fs.kind("empty/deep/new"), Ok(Filetype::Directory));
    assert_eq!(fs.rename(b"empty", &*dir, b"x"), Err(Errno::Inval));
    empty.rename(b"deep/new", &*fs.root, b"up").unwrap();
    assert_eq!(fs.kind("up"), Ok(Filetype::Directory));
}

pub fn link_files(fs: &Fixture) {
    scene(fs);
    link(fs, "file", "twin").unwrap();
    let (one, two) = (fs.stat_at(b"file", false).unwrap(), fs.stat_at(b"twin", false).unwrap());
    assert_eq!((one.ino, one.nlink), (two.ino, 2));
    write(&mut *fs.file("twin", WRITE), b"9").unwrap();
    assert_eq!(fs.get("file"), "923");
    fs.unlink_file(b"file").unwrap();
    assert_eq!(fs.stat_at(b"twin", false).unwrap().nlink, 1);
    assert_eq!(fs.get("twin"), "923");
    fs.directory("dir").link(b"inner", &*fs.directory("empty"), b"linked").unwrap();
    assert_eq!(fs.get("empty/linked"), "4");
    link(fs, "to-dir/inner", "through").unwrap();
    assert_eq!(fs.stat_at(b"dir/inner", false).unwrap().nlink, 3);
}

pub fn link_links(fs: &Fixture) {
    scene(fs);
    for (path, twin, text) in
        [("to-file", "l1", "file"), ("to-dir", "l2", "dir"), ("dangling", "l3", "nowhere"), ("loop", "l4", "loop")]
    {
        link(fs, path, twin).unwrap();
        assert_eq!(fs.read_link(twin.as_bytes()).unwrap(), text.as_bytes());
        assert_eq!(fs.stat_at(twin.as_bytes(), false).unwrap().nlink, 2, "{path}");
    }
    assert_eq!(fs.stat_at(b"file", false).unwrap().nlink, 1);
}

pub fn link_refuses(fs: &Fixture) {
    scene(fs);
    for (old, new, expected) in [
        ("missing", "x", Errno::Noent),
        ("missing", "file", Errno::Noent),
        ("missing/", "x", Errno::Noent),
        ("file", "other", Errno::Exist),
        ("file", "file", Errno::Exist),
        ("file", "dir", Errno::Exist),
        ("file", "dangling", Errno::Exist),
        ("file", "x/", Errno::Noent),
        ("file", "dir/", Errno::Exist),
        ("file", "other/", Errno::Notdir),
        ("file", ".", Errno::Exist),
        ("file", "dir/..", Errno::Exist),
        ("file/", "x", Errno::Notdir),
        ("to-file/", "x", Errno::Notdir),
        ("dangling/", "x", Errno::Noent),
        ("loop/", "x", Errno::Loop),
        ("dir", "x", Errno::Perm),
        ("dir/", "x", Errno::Perm),
        ("to-dir/", "x", Errno::Perm),
        (".", "x", Errno::Perm),
        ("dir/..", "x", Errno::Perm),
        ("dir", "file", Errno::Exist),
        ("dir/", "file", Errno::Exist),
        ("dir/", "x/", Errno::Noent),
        ("file", "missing/x", Errno::Noent),
        ("file", "other/x", Errno::Notdir),
        ("file/x", "y", Errno::Notdir),
        ("../secret", "x", Errno::Perm),
        ("file", "../x", Errno::Perm),
        ("..", "x", Errno::Perm),
        ("file", "..", Errno::Perm),
    ] {
        assert_eq!(link(fs, old, new), Err(expected), "{old} {new}");
    }
    assert_eq!(fs.names(), ["dangling", "dir", "empty", "file", "loop", "other", "to-dir", "to-file"]);
}

pub fn other_file_systems(fs: &Fixture) {
    scene(fs);
    assert_eq!(fs.rename(b"file", &*fs.elsewhere, b"x"), Err(Errno::Xdev));
    assert_eq!(fs.link(b"file", &*fs.elsewhere, b"x"), Err(Errno::Xdev));
    fs.elsewhere.put("e", "e");
    assert_eq!(fs.elsewhere.rename(b"e", &*fs.root, b"x"), Err(Errno::Xdev));
    assert_eq!(fs.elsewhere.link(b"e", &*fs.root, b"x"), Err(Errno::Xdev));
    assert_ne!(fs.stat().unwrap().dev, fs.elsewhere.stat().unwrap().dev);
    assert_eq!(fs.get("file"), "123");
    assert_eq!(fs.elsewhere.names(), ["e"]);
}
