//! A file tree in the fewest words: what a path names, by the book, with nothing for speed. It judges the file systems.

use std::collections::{BTreeMap, VecDeque};

use hostel_wasi::abi::Filetype;

pub type Id = usize;

#[derive(Clone, Debug)]
pub enum Node {
    Directory { parent: Id, entries: BTreeMap<Vec<u8>, Id> },
    File(Vec<u8>),
    Link(Vec<u8>),
}

/// Where a path leads: an entry of a directory that is there or could be; no name, if it is the directory itself.
#[derive(Clone, Debug)]
pub struct Place {
    pub directory: Id,
    pub name: Option<Vec<u8>>,
    pub node: Option<Id>,
}

/// All nodes there ever were, by number.
#[derive(Clone, Debug, Default)]
pub struct Tree(pub Vec<Node>);

/// The most links one path may lead through, as with Linux.
const LINKS_MAX: u32 = 40;

impl Tree {
    pub fn root(&mut self) -> Id {
        let id = self.0.len();
        self.add(Node::Directory { parent: id, entries: BTreeMap::new() })
    }

    pub fn add(&mut self, node: Node) -> Id {
        self.0.push(node);
        self.0.len() - 1
    }

    pub fn entries(&self, directory: Id) -> Option<&BTreeMap<Vec<u8>, Id>> {
        match &self.0[directory] {
            Node::Directory { entries, .. } => Some(entries),
            _ => None,
        }
    }

    fn entries_mut(&mut self, directory: Id) -> &mut BTreeMap<Vec<u8>, Id> {
        match &mut self.0[directory] {
            Node::Directory { entries, .. } => entries,
            other => panic!("{other:?} is no directory"),
        }
    }

    pub fn filetype(&self, node: Id) -> Filetype {
        match self.0[node] {
            Node::Directory { .. } => Filetype::Directory,
            Node::File(_) => Filetype::RegularFile,
            Node::Link(_) => Filetype::SymbolicLink,
        }
    }

    pub fn contents(&mut self, file: Id) -> &mut Vec<u8> {
        match &mut self.0[file] {
            Node::File(contents) => contents,
            other => panic!("{other:?} is no file"),
        }
    }

    /// Follows a path from a directory that it must not leave. Why it leads nowhere, otherwise.
    pub fn resolve(&self, start: Id, path: &[u8], follow: bool) -> Result<Place, &'static str> {
        if path.is_empty() {
            return Err("an empty path");
        }
        let (mut rest, mut directory, mut links) = (VecDeque::new(), start, 0);
        let mut slash = push(&mut rest, path)?;
        while let Some(name) = rest.pop_front() {
            if name == b".." {
                let Node::Directory { parent, .. } = self.0[directory] else { unreachable!() };
                if directory == start {
                    return Err("a way out");
                }
                directory = parent;
                continue;
            }
            let (last, node) =
                (rest.is_empty(), self.entries(directory).and_then(|entries| entries.get(&name)).copied());
            match node.map(|node| (node, &self.0[node])) {
                Some((_, Node::Link(text))) if !last || follow || slash => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err("too many links");
                    }
                    let ends_in_slash = push(&mut rest, text)?;
                    slash |= last && ends_in_slash;
                }
                Some((below, Node::Directory { .. })) if !last => directory = below,
                Some((_, Node::File(_) | Node::Link(_))) if !last || slash => return Err("not a directory"),
                None if !last => return Err("nothing on the way"),
                _ => return Ok(Place { directory, name: Some(name), node }),
            }
        }
        Ok(Place { directory, name: None, node: Some(directory) })
    }

    /// Puts a node where a path leads to.
    pub fn put(&mut self, place: &Place, node: Id) {
        let name = place.name.clone().expect("a name");
        if let Node::Directory { parent, .. } = &mut self.0[node] {
            *parent = place.directory;
        }
        self.entries_mut(place.directory).insert(name, node);
    }

    pub fn remove(&mut self, place: &Place) -> Option<Id> {
        self.entries_mut(place.directory).remove(place.name.as_deref()?)
    }

    /// Names, types, contents, texts of links: what `model/ground.rs` finds in the file system.
    pub fn describe(&self, directory: Id, at: &str, text: &mut String) {
        for (name, id) in self.entries(directory).into_iter().flatten() {
            *text += &format!("{at}/{}", name.escape_ascii());
            match &self.0[*id] {
                Node::Directory { .. } => {
                    *text += "\n";
                    self.describe(*id, &format!("{at}/{}", name.escape_ascii()), text);
                }
                Node::File(contents) => *text += &format!(" = {}\n", contents.escape_ascii()),
                Node::Link(target) => *text += &format!(" -> {}\n", target.escape_ascii()),
            }
        }
    }
}

/// Puts a path's names in front of the rest; whether the path ends in a slash, or in what means the same.
fn push(rest: &mut VecDeque<Vec<u8>>, path: &[u8]) -> Result<bool, &'static str> {
    if path.starts_with(b"/") {
        return Err("an absolute path");
    }
    let parts: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
    for part in parts.iter().rev().filter(|part| !part.is_empty() && **part != b".") {
        rest.push_front(part.to_vec());
    }
    Ok(parts.last().is_some_and(|last| last.is_empty() || *last == b"."))
}
