//! Listings.

use std::collections::BTreeSet;

use hostel_wasi::abi::Filetype;

use crate::kit::*;

pub fn names_numbers_types(fs: &Fixture) {
    fs.put("file", "1");
    fs.mkdir("dir");
    fs.link_to("dir", "link");
    let mut entries: Vec<_> = fs.entries().unwrap().map(|entry| entry.unwrap()).collect();
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    let found: Vec<_> = entries.iter().map(|entry| (&entry.name[..], entry.filetype)).collect();
    assert_eq!(
        found,
        [(&b"dir"[..], Filetype::Directory), (b"file", Filetype::RegularFile), (b"link", Filetype::SymbolicLink)]
    );
    for entry in entries {
        assert_eq!(entry.ino, fs.stat_at(&entry.name, false).unwrap().ino);
    }
}

pub fn deleting_while_listing(fs: &Fixture) {
    // What every `rm -r` does: read a few, delete those, read on. Nothing may be lost, and it must end.
    for number in 0..500 {
        fs.put(&format!("file-{number:03}"), "");
    }
    let mut seen = BTreeSet::new();
    for entry in fs.entries().unwrap() {
        let entry = entry.unwrap();
        assert!(seen.insert(entry.name.clone()), "told twice");
        fs.unlink_file(&entry.name).unwrap();
    }
    assert_eq!(seen.len(), 500);
    assert_eq!(fs.names(), [""; 0]);
    // Others may come and go: those that stay are all told, once.
    for number in 0..500 {
        fs.put(&format!("file-{number:03}"), "");
    }
    let mut stay = 0;
    for (number, entry) in fs.entries().unwrap().enumerate() {
        let entry = entry.unwrap();
        if entry.name.ends_with(b"0") {
            stay += 1;
        }
        let _ = fs.unlink_file(format!("file-{:03}", (number * 10 + 1) % 500).as_bytes());
    }
    assert_eq!(stay, 50);
}

pub fn two_listings(fs: &Fixture) {
    for name in ["a", "b", "c"] {
        fs.mkdir(name);
    }
    let dir = fs.directory(".");
    let (mut one, mut two) = (dir.entries().unwrap(), dir.entries().unwrap());
    let first = one.next().unwrap().unwrap();
    assert_eq!(two.next().unwrap().unwrap(), first, "each has its own position");
    drop(dir);
    assert_eq!(one.count(), 2);
    assert_eq!(two.count(), 2);
    assert_eq!(fs.names(), ["a", "b", "c"]);
    // After the end comes nothing.
    let mut three = fs.entries().unwrap();
    assert_eq!(three.by_ref().count(), 3);
    assert!(three.next().is_none());
    assert!(three.next().is_none());
}

pub fn empty_and_removed(fs: &Fixture) {
    fs.mkdir("dir");
    let dir = fs.directory("dir");
    assert!(dir.entries().unwrap().next().is_none());
    let mut started = dir.entries().unwrap();
    fs.remove_directory(b"dir").unwrap();
    assert!(started.next().is_none());
    assert!(dir.entries().unwrap().next().is_none());
}

pub fn many_entries(fs: &Fixture) {
    fs.mkdir("dir");
    let long = "n".repeat(200);
    for number in 0..2000 {
        fs.link_to("x", &format!("dir/{long}{number}"));
    }
    let names = fs.directory("dir").names();
    assert_eq!(names.len(), 2000);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 2000);
}
