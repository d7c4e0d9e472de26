//! The ground that guests walk on: trees planted in a real file system, and how they look afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use hostel_wasi::abi::Filetype;
use hostel_wasi::fs::{Directory, OpenOptions, Opened};

use crate::kit::tree::{Id, Node, Tree};

/// A directory's whole tree as text, with times of change.
pub(super) fn snapshot(dir: &dyn Directory) -> String {
    let mut text = format!("{}\n", dir.stat().unwrap().mtim);
    describe(dir, "", true, &mut text);
    text
}

/// Names, types, contents, texts of links.
pub(super) fn describe(dir: &dyn Directory, at: &str, times: bool, text: &mut String) {
    let mut entries: Vec<_> = dir.entries().unwrap().map(Result::unwrap).collect();
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    for entry in entries {
        let stat = dir.stat_at(&entry.name, false).unwrap();
        let path = format!("{at}/{}", entry.name.escape_ascii());
        *text += &path;
        if times {
            *text += &format!(" {} {}", stat.size, stat.mtim);
        }
        let options = OpenOptions { read: true, ..OpenOptions::default() };
        match stat.filetype {
            Filetype::SymbolicLink => *text += &format!(" -> {}\n", dir.read_link(&entry.name).unwrap().escape_ascii()),
            _ => match dir.open(&entry.name, &options).unwrap() {
                Opened::Directory(below) => {
                    *text += "\n";
                    describe(&*below, &path, times, text);
                }
                Opened::File(mut file) => {
                    let mut bytes = vec![0; stat.size as usize + 1];
                    let count = file.read(&mut [std::io::IoSliceMut::new(&mut bytes)]).unwrap();
                    *text += &format!(" = {}\n", bytes[..count].escape_ascii());
                }
            },
        }
    }
}

pub(super) fn below(dir: &dyn Directory, name: &str) -> Arc<dyn Directory> {
    match dir.open(name.as_bytes(), &OpenOptions { directory: true, ..OpenOptions::default() }).unwrap() {
        Opened::Directory(dir) => dir,
        Opened::File(_) => unreachable!(),
    }
}

/// Plants a directory and the model of it.
pub(super) fn plant(dir: &dyn Directory, tree: &mut Tree) -> Id {
    let root = tree.root();
    let mut grow = |path: &str, node: Node| {
        let place = tree.resolve(root, path.as_bytes(), false).unwrap();
        let id = tree.add(node);
        tree.put(&place, id);
    };
    for path in ["a", "a/b", "a/b/c"] {
        dir.create_directory(path.as_bytes()).unwrap();
        grow(path, Node::Directory { parent: root, entries: BTreeMap::new() });
    }
    for path in ["f", "a/f", "g"] {
        put_file(dir, path);
        grow(path, Node::File(path.into()));
    }
    for (target, path) in
        [("a", "link"), ("nothing", "dangling"), ("loop", "loop"), ("../outside", "out"), ("../../outside", "a/out")]
    {
        dir.symlink(target.as_bytes(), path.as_bytes()).unwrap();
        grow(path, Node::Link(target.into()));
    }
    root
}

/// Puts a file that contains its path.
pub(super) fn put_file(dir: &dyn Directory, path: &str) {
    let options = OpenOptions { write: true, create: true, ..OpenOptions::default() };
    let Opened::File(mut file) = dir.open(path.as_bytes(), &options).unwrap() else { unreachable!() };
    assert_eq!(file.write(&[std::io::IoSlice::new(path.as_bytes())]), Ok(path.len()));
}
