//! Preopens below preopens: where the guest's name of one lies below that of another, the outer one shows it.
//!
//! ```text
//! preopens  /  /data  /srv/a/b        below "/":  data   ──► the directory of /data, with its permissions
//!                                                 srv    ──► the directory's own srv, or else an empty one
//!                                                   a        (as srv)
//!                                                     b  ──► the directory of /srv/a/b
//! ```
//!
//! What it does: a path from the outer directory that begins with these names leads into the inner one, for every
//! function, and counts there: permissions, EXDEV, "not out of it". Listings show the names, with the numbers that
//! `path_filestat_get` reports. They hide what the outer directory itself has under the names, and cannot be removed,
//! moved or replaced (EBUSY, EEXIST). Nothing is ever written to the outer directory for it.
//!
//! What it does not: names are taken as they are written. A path gets here by names and `.` alone, neither through
//! `..` nor through a symbolic link; those are the outer file system's, which knows of no other. Closing the inner
//! preopen's descriptor leaves the way through the outer one. Of preopens with one name the last counts, as with libc.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Mount, OpenDirectory, Perms};
use crate::abi::{Errno, Filetype};
use crate::fs::{Directory, DirectoryEntry, Entries, OpenOptions, Opened};

/// The names below a directory that lead to other mounts.
#[derive(Clone, Default)]
pub(crate) struct Nested {
    children: BTreeMap<Box<[u8]>, Arc<Nested>>,
    /// What has this name; `None` when the outer directory has a directory there itself.
    place: Option<(Arc<dyn Directory>, Mount)>,
}

/// Where a path leads once the names of mounts are taken off its beginning.
pub(crate) struct Way<'a> {
    pub(crate) dir: &'a Arc<dyn Directory>,
    pub(crate) mount: Mount,
    /// The rest of the path, for `dir`.
    pub(crate) path: &'a [u8],
    /// The names below the place where the path ends, if there are any.
    pub(crate) nested: Option<&'a Arc<Nested>>,
    /// Whether the path is the name of a mount, or on the way to one.
    pub(crate) is_mount: bool,
}

impl Way<'_> {
    /// EROFS unless changes are allowed there.
    pub(crate) fn check_writable(&self) -> Result<(), Errno> {
        self.mount.perms.check_writable()
    }

    /// `errno` if the path is the name of a mount: there is no other thing to be done to it.
    pub(crate) fn check_not_mount(&self, errno: Errno) -> Result<(), Errno> {
        if self.is_mount { Err(errno) } else { Ok(()) }
    }
}

impl OpenDirectory {
    /// Where a path from here leads. The path has been checked.
    pub(crate) fn way<'a>(&'a self, path: &'a [u8]) -> Way<'a> {
        let mut way = Way { dir: &self.dir, mount: self.mount, path, nested: None, is_mount: false };
        let Some(mut node) = self.nested.as_ref() else { return way };
        let mut rest = path;
        loop {
            let start = rest.iter().position(|&byte| byte != b'/').unwrap_or(rest.len());
            let name = &rest[start..];
            let name = &name[..name.iter().position(|&byte| byte == b'/').unwrap_or(name.len())];
            rest = &rest[start + name.len()..];
            match name {
                b"" => {
                    way.nested = Some(node);
                    return way;
                }
                b"." => {}
                name => {
                    let Some(child) = node.children.get(name) else {
                        way.is_mount = false;
                        return way;
                    };
                    node = child;
                    way.is_mount = true;
                    if let Some((dir, mount)) = &child.place {
                        let text = rest.iter().position(|&byte| byte != b'/').map_or(&b"."[..], |start| &rest[start..]);
                        way = Way { dir, mount: *mount, path: text, ..way };
                    }
                }
            }
        }
    }
}

impl Nested {
    /// The rest of a listing of `dir`, with these names in it.
    pub(crate) fn entries(&self, dir: &dyn Directory) -> Result<Entries, Errno> {
        let mut own = Vec::new();
        for (name, child) in &self.children {
            if let Some((place, _)) = &child.place {
                let ino = place.stat()?.ino;
                own.push(DirectoryEntry { name: name.to_vec(), ino, filetype: Filetype::Directory });
            }
        }
        let hidden: Vec<Vec<u8>> = own.iter().map(|entry| entry.name.clone()).collect();
        let shown = dir.entries()?.filter(move |entry| match entry {
            // Sorted, as they come from a sorted map.
            Ok(entry) => hidden.binary_search(&entry.name).is_err(),
            Err(_) => true,
        });
        Ok(Box::new(own.into_iter().map(Ok).chain(shown)))
    }

    fn insert(&mut self, names: &[&[u8]], place: &(Arc<dyn Directory>, Mount)) {
        match names {
            [] => self.place = Some(place.clone()),
            [name, rest @ ..] => {
                Arc::make_mut(self.children.entry((*name).into()).or_default()).insert(rest, place);
            }
        }
    }

    /// Gives names between mounts a directory, an empty one unless `outer`, the next mount above, has one at `path`.
    fn fill(&mut self, outer: &dyn Directory, path: &[u8], next_id: &mut u32, empty: &dyn Fn() -> Arc<dyn Directory>) {
        for (name, child) in &mut self.children {
            let child = Arc::make_mut(child);
            let path = [path, name].concat();
            let options = OpenOptions { read: true, directory: true, follow: true, ..OpenOptions::default() };
            if child.place.is_none() && !matches!(outer.open(&path, &options), Ok(Opened::Directory(_))) {
                child.place = Some((empty(), Mount { id: *next_id, perms: Perms::READ_ONLY }));
                *next_id += 1;
            }
            match child.place.clone() {
                Some((place, _)) => child.fill(&*place, b"", next_id, empty),
                None => child.fill(outer, &[&path, &b"/"[..]].concat(), next_id, empty),
            }
        }
    }
}

/// For each of some preopens, in their order, the names below it that are those of others. `empty` makes the empty
/// directories.
pub(crate) fn nest(
    preopens: &[(Vec<u8>, Arc<dyn Directory>, Mount)],
    empty: &dyn Fn() -> Arc<dyn Directory>,
) -> Vec<Option<Arc<Nested>>> {
    let paths: Vec<Option<Vec<&[u8]>>> = preopens.iter().map(|(name, ..)| names(name)).collect();
    let mut next_id = u32::try_from(preopens.len()).unwrap_or(u32::MAX / 2);
    let mut nested = Vec::with_capacity(preopens.len());
    for (outer, (_, dir, _)) in paths.iter().zip(preopens) {
        let mut root = Nested::default();
        for (inner, (_, dir, mount)) in paths.iter().zip(preopens) {
            let below = outer.as_ref().zip(inner.as_ref()).and_then(|(outer, inner)| inner.strip_prefix(&outer[..]));
            if let Some(below @ [_, ..]) = below {
                root.insert(below, &(Arc::clone(dir), *mount));
            }
        }
        root.fill(&**dir, b"", &mut next_id, empty);
        nested.push(if root.children.is_empty() { None } else { Some(Arc::new(root)) });
    }
    nested
}

/// A preopen's name cut into names, the first of which tells absolute from relative; `None` when there is a `..` in it.
fn names(name: &[u8]) -> Option<Vec<&[u8]>> {
    let root: &[u8] = if name.starts_with(b"/") { b"/" } else { b"." };
    let parts = name.split(|&byte| byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
    let names: Vec<&[u8]> = std::iter::once(root).chain(parts).collect();
    if names.contains(&&b".."[..]) { None } else { Some(names) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_below_what() {
        type Case<'a> = (&'a [u8], Option<&'a [&'a [u8]]>);
        let cases: [Case<'_>; 7] = [
            (b"/", Some(&[b"/"])),
            (b".", Some(&[b"."])),
            (b"a", Some(&[b".", b"a"])),
            (b"./a//b/", Some(&[b".", b"a", b"b"])),
            (b"//a/./b", Some(&[b"/", b"a", b"b"])),
            (b"/a/..", None),
            (b"..", None),
        ];
        for (name, expected) in cases {
            assert_eq!(names(name).as_deref(), expected, "{}", name.escape_ascii());
        }
    }
}
