//! From a path to an entry. `..` goes back along the way that was taken, so it cannot lead above the directory that the
//! path started from, wherever that may have been moved meanwhile.

use std::sync::Arc;

use super::inode::{Body, Inode};
use super::tree::Tree;
use crate::abi::Errno;
use crate::fs::path::{self, Follow, LINKS_MAX, NAME_MAX};

/// Where a path ended.
#[derive(Debug)]
pub(super) enum Target<'t> {
    /// At a name.
    Entry {
        /// The directory it is in.
        parent: u64,
        name: &'t [u8],
        /// Whether slashes followed it.
        slash: bool,
        /// What has that name now.
        inode: Option<&'t Arc<Inode>>,
    },
    /// At a directory that was not named but meant, by `.` or `..`.
    Directory { directory: u64, dot_dot: bool },
}

/// Text still to be walked: of the path, and of each link that is being followed the text after it. In each of the outer
/// ones is a component, so that what is left need not be read through to see whether another follows.
struct Rest<'t> {
    text: &'t [u8],
    outer: Vec<&'t [u8]>,
    /// Whether slashes stand between `text` and the last of the outer ones.
    slashes: bool,
}

impl<'t> Rest<'t> {
    /// The next component, or `None` at the end of all text.
    fn next(&mut self) -> Option<&'t [u8]> {
        loop {
            match self.text.iter().position(|&byte| byte != b'/') {
                Some(start) => {
                    let text = &self.text[start..];
                    let end = text.iter().position(|&byte| byte == b'/').unwrap_or(text.len());
                    let (component, text) = text.split_at(end);
                    self.text = text;
                    return Some(component);
                }
                None => {
                    self.text = self.outer.pop()?;
                    self.slashes = false;
                }
            }
        }
    }

    /// No component follows.
    fn is_over(&self) -> bool {
        self.outer.is_empty() && is_slashes(self.text)
    }

    /// Slashes follow; asked after the last component.
    fn has_slash(&self) -> bool {
        self.slashes || !self.text.is_empty()
    }

    /// Puts a link's text before what is left.
    fn push(&mut self, text: &'t [u8]) {
        if !is_slashes(self.text) {
            self.outer.push(self.text);
            self.slashes = false;
        } else if !self.text.is_empty() {
            self.slashes = true;
        }
        self.text = text;
    }
}

fn is_slashes(text: &[u8]) -> bool {
    text.iter().all(|&byte| byte == b'/')
}

/// Walks `path` from the directory `start`.
///
/// # Errors
/// As [`path::check`], and on the way [`Errno::Noent`], [`Errno::Notdir`], [`Errno::Loop`] (more than 40 links),
/// [`Errno::Nametoolong`], [`Errno::Perm`] (out of `start`).
pub(super) fn walk<'t>(tree: &'t Tree, start: u64, path: &'t [u8], follow: Follow) -> Result<Target<'t>, Errno> {
    path::check(path)?;
    let mut rest = Rest { text: path, outer: Vec::new(), slashes: false };
    let mut here = start;
    let mut above = Vec::new();
    let mut dot_dot = false;
    let mut links = 0;
    while let Some(component) = rest.next() {
        dot_dot = component == b"..";
        match component {
            b"." => continue,
            b".." => {
                here = above.pop().ok_or(Errno::Perm)?;
                continue;
            }
            name if name.len() > NAME_MAX => return Err(Errno::Nametoolong),
            _ => {}
        }
        // In a directory that was removed while it is open there is nothing, but a name is still a name.
        let inode = tree.names(here).ok().and_then(|names| names.entries.get(component));
        let last = rest.is_over();
        let slash = last && rest.has_slash();
        match inode.map(|inode| (inode, &inode.body)) {
            Some((_, Body::Link(text))) if !last || follow.follows(slash) => {
                links += 1;
                if links > LINKS_MAX {
                    return Err(Errno::Loop);
                }
                if text.starts_with(b"/") {
                    return Err(Errno::Perm);
                }
                rest.push(text);
            }
            _ if last => return Ok(Target::Entry { parent: here, name: component, slash, inode }),
            Some((inode, Body::Directory)) => {
                above.push(here);
                here = inode.ino;
            }
            Some(_) => return Err(Errno::Notdir),
            None => return Err(Errno::Noent),
        }
    }
    Ok(Target::Directory { directory: here, dot_dot })
}
