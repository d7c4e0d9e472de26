//! What a call has done, by its arguments and memory: the model does the same, or finds that it cannot be.

use std::collections::BTreeMap;

use hostel_wasi::abi::{Errno, Filetype};

use super::{MAX_FDS, Model, Open};
use crate::kit::tree::{Id, Node, Place};
use crate::kit::{APPEND, CREAT, DIRECTORY, EXCL, FOLLOW, TRUNC};

impl Model<'_> {
    /// Where a path in guest memory leads, which the call has found to lead somewhere.
    fn place(&self, fd: u64, memory: &[u8], path: &[u64], follow: bool) -> Place {
        let resolved = self.world.tree.resolve(self.directory(fd), text(memory, path), follow);
        resolved.unwrap_or_else(|why| panic!("{}: {:?} is {why}", self.call, text(memory, path).escape_ascii()))
    }

    /// As [`place`](Self::place), for a call that has changed something there.
    fn changed(&self, fd: u64, memory: &[u8], path: &[u64], follow: bool) -> Place {
        let place = self.place(fd, memory, path, follow);
        let mut at = place.directory;
        while let Node::Directory { parent, .. } = self.world.tree.0[at] {
            assert_ne!(at, self.world.fixed, "{}: changed what is read-only", self.call);
            if parent == at {
                break;
            }
            at = parent;
        }
        place
    }

    pub(super) fn succeeded(&mut self, name: &str, args: &[u64], memory: &[u8]) {
        let call = self.call.clone();
        match name {
            "fd_close" => {
                self.open.remove(&(args[0] as u32));
            }
            "fd_renumber" if args[0] as u32 != args[1] as u32 => {
                let moved = self.open.remove(&(args[0] as u32)).unwrap();
                self.open.insert(args[1] as u32, moved);
            }
            "path_open" => self.opened(args, memory),
            "path_create_directory" => {
                let place = self.changed(args[0], memory, &args[1..], false);
                assert!(place.node.is_none(), "{call}: it was there");
                let new = self.world.tree.add(Node::Directory { parent: place.directory, entries: BTreeMap::new() });
                self.world.tree.put(&place, new);
            }
            "path_symlink" => {
                let place = self.changed(args[2], memory, &args[3..], false);
                assert!(place.node.is_none(), "{call}: it was there");
                let new = self.world.tree.add(Node::Link(text(memory, args).to_vec()));
                self.world.tree.put(&place, new);
            }
            "path_unlink_file" | "path_remove_directory" => {
                let place = self.changed(args[0], memory, &args[1..], false);
                let gone = self.world.tree.remove(&place).unwrap_or_else(|| panic!("{call}: it was not there"));
                let is_directory = self.world.tree.filetype(gone) == Filetype::Directory;
                assert_eq!(is_directory, name == "path_remove_directory", "{call}");
                assert!(self.world.tree.entries(gone).is_none_or(BTreeMap::is_empty), "{call}: it was not empty");
            }
            "path_link" => {
                let old = self.place(args[0], memory, &args[2..], false);
                let new = self.changed(args[4], memory, &args[5..], false);
                assert!(new.node.is_none(), "{call}: it was there");
                self.world.tree.put(&new, old.node.unwrap_or_else(|| panic!("{call}: nothing is linked")));
            }
            "path_rename" => {
                let old = self.changed(args[0], memory, &args[1..], false);
                let new = self.changed(args[3], memory, &args[4..], false);
                let moved = old.node.unwrap_or_else(|| panic!("{call}: nothing is moved"));
                // Two names of one file are both left, says POSIX.
                if new.node != Some(moved) {
                    self.world.tree.remove(&old);
                    self.world.tree.put(&new, moved);
                }
            }
            "path_readlink" => {
                let place = self.place(args[0], memory, &args[1..], false);
                let Some(Node::Link(target)) = place.node.map(|node| &self.world.tree.0[node]) else {
                    panic!("{call}: no link")
                };
                let used = self.guest.u32_at(args[5] as u32 as u64) as usize;
                assert_eq!(used, target.len().min(args[4] as u32 as usize), "{call}");
            }
            "path_filestat_get" => {
                let place = self.place(args[0], memory, &args[2..], args[1] & 1 == 1);
                let node = place.node.unwrap_or_else(|| panic!("{call}: nothing is there"));
                self.check_filestat(node, args[4]);
            }
            "fd_filestat_get" => match self.open[&(args[0] as u32)] {
                Open::File { node, .. } | Open::Directory(node) => self.check_filestat(node, args[1]),
                Open::Stream => {}
            },
            "fd_fdstat_set_flags" => {
                if let Some(Open::File { append, .. }) = self.open.get_mut(&(args[0] as u32)) {
                    *append = args[1] & APPEND != 0;
                }
            }
            "fd_readdir" => self.listed(args),
            _ => {
                if let Some(Open::File { node, position, append }) =
                    self.open.get(&(args.first().copied().unwrap_or(0) as u32))
                {
                    let file = (*node, *position, *append);
                    self.file_call(name, args, memory, file);
                }
            }
        }
    }

    fn opened(&mut self, args: &[u64], memory: &[u8]) {
        let (oflags, call) = (args[4], self.call.clone());
        let new = self.guest.u32_at(args[8] as u32 as u64);
        assert_eq!(new, self.lowest_free(), "{call}");
        assert!(new < MAX_FDS, "{call}");
        let (exclusive, follow) = (is_exclusive(args), args[1] & FOLLOW != 0 && !is_exclusive(args));
        let place = self.place(args[0], memory, &args[2..], follow);
        if oflags & TRUNC != 0 || place.node.is_none() {
            self.changed(args[0], memory, &args[2..], follow);
        }
        let node = place.node.unwrap_or_else(|| {
            assert!(oflags & CREAT != 0, "{call}: nothing was there");
            let new = self.world.tree.add(Node::File(Vec::new()));
            self.world.tree.put(&place, new);
            new
        });
        assert!(place.node.is_none() || !exclusive, "{call}: it was there");
        let open = match &mut self.world.tree.0[node] {
            Node::Directory { .. } => Open::Directory(node),
            Node::File(contents) => {
                assert!(oflags & DIRECTORY == 0, "{call}: a file");
                if oflags & TRUNC != 0 {
                    contents.clear();
                }
                Open::File { node, position: 0, append: args[7] & APPEND != 0 }
            }
            Node::Link(_) => panic!("{call}: a link was opened"),
        };
        self.open.insert(new, open);
    }

    fn check_filestat(&self, node: Id, at: u64) {
        let (at, tree) = (at as u32 as u64, &self.world.tree);
        assert_eq!(self.guest.memory[at as usize + 16], tree.filetype(node) as u8, "{}", self.call);
        let size = match &tree.0[node] {
            Node::File(bytes) | Node::Link(bytes) => bytes.len() as u64,
            Node::Directory { .. } => return,
        };
        assert_eq!(self.guest.u64_at(at + 32), size, "{}", self.call);
    }

    /// A listing from its start has nothing that is not there, and all of it when there was room.
    fn listed(&self, args: &[u64]) {
        let (buf, len, cookie) = (args[1] as u32 as u64, args[2] as u32 as u64, args[3]);
        let (used_at, entries) = (args[4] as u32 as u64, self.world.tree.entries(self.directory(args[0])).unwrap());
        if cookie != 0 || used_at + 4 > buf && used_at < buf + len {
            return;
        }
        let (used, mut at, mut seen) = (u64::from(self.guest.u32_at(used_at)), buf, 0);
        while at + 24 <= buf + used {
            let name_len = u64::from(self.guest.u32_at(at + 16));
            let Some(name) =
                self.guest.memory[..(buf + used) as usize].get(at as usize + 24..(at + 24 + name_len) as usize)
            else {
                break;
            };
            assert!(matches!(name, b"." | b"..") || entries.contains_key(name), "{}: {name:?}", self.call);
            (at, seen) = (at + 24 + name_len, seen + 1);
        }
        assert!(used == len || seen == entries.len() + 2, "{}: {seen} of {}", self.call, entries.len());
    }

    /// What a call did to an open file.
    fn file_call(&mut self, name: &str, args: &[u64], memory: &[u8], (node, position, append): (Id, u64, bool)) {
        let call = self.call.clone();
        let contents = self.world.tree.contents(node);
        let size = contents.len() as u64;
        let count = |at: u64| u64::from(self.guest.u32_at(at as u32 as u64));
        let now = match name {
            "fd_write" | "fd_pwrite" => {
                let bytes = gathered(memory, args);
                let positioned = name == "fd_pwrite";
                let count = count(args[if positioned { 4 } else { 3 }]) as usize;
                assert!(count <= bytes.len(), "{call}");
                let at = if positioned {
                    args[3]
                } else if append {
                    size
                } else {
                    position
                };
                let end = at as usize + count;
                if count > 0 {
                    contents.resize(contents.len().max(end), 0);
                    contents[at as usize..end].copy_from_slice(&bytes[..count]);
                }
                // Nothing written moves nothing, also when appending.
                if positioned || count == 0 { position } else { end as u64 }
            }
            "fd_read" | "fd_pread" => {
                let positioned = name == "fd_pread";
                let at = if positioned { args[3] } else { position };
                let (count_at, buffers) = (args[if positioned { 4 } else { 3 }], buffers(memory, args));
                let room: u64 = buffers.iter().map(|(_, len)| len).sum();
                let expected = room.min(size.saturating_sub(at));
                assert_eq!(count(count_at), expected, "{call}: of {size} from {at}");
                if apart(&buffers, count_at as u32 as u64) {
                    let read: Vec<u8> =
                        buffers.iter().flat_map(|&(ptr, len)| self.guest.bytes(ptr, len as usize)).copied().collect();
                    let from = at.min(size) as usize;
                    assert!(
                        read[..expected as usize] == contents[from..from + expected as usize],
                        "{call}: other bytes"
                    );
                }
                if positioned { position } else { position + expected }
            }
            "fd_seek" => {
                let base = [0, position, size][args[2] as u32 as usize];
                let told = self.guest.u64_at(args[3] as u32 as u64);
                assert_eq!(told, base.wrapping_add(args[1]), "{call}");
                told
            }
            "fd_tell" => {
                assert_eq!(self.guest.u64_at(args[1] as u32 as u64), position, "{call}");
                position
            }
            "fd_filestat_set_size" => {
                contents.resize(args[1] as usize, 0);
                position
            }
            "fd_allocate" => {
                contents.resize(contents.len().max((args[1] + args[2]) as usize), 0);
                position
            }
            _ => return,
        };
        self.open.insert(args[0] as u32, Open::File { node, position: now, append });
    }

    /// Errnos that say what the model knows.
    pub(super) fn failed(&self, name: &str, args: &[u64], memory: &[u8], errno: u16) {
        let (path, follow) = match name {
            "path_open" => (&args[2..4], args[1] & FOLLOW != 0 && !is_exclusive(args)),
            "path_filestat_get" => (&args[2..4], args[1] & FOLLOW != 0),
            "path_create_directory" | "path_unlink_file" | "path_readlink" => (&args[1..3], false),
            _ => return,
        };
        let Some(Open::Directory(start)) = self.open.get(&(args[0] as u32)) else { return };
        if path[1] as u32 == 0 {
            return;
        }
        let Some(path) =
            memory.get(path[0] as u32 as usize..(path[0] as u32 as usize).saturating_add(path[1] as u32 as usize))
        else {
            return assert!(errno != Errno::Noent as u16 && errno != Errno::Exist as u16, "{}", self.call);
        };
        let known = self.world.tree.resolve(*start, path, follow);
        if let Ok(Place { node: Some(node), .. }) = known {
            assert_ne!(errno, Errno::Noent as u16, "{}: {node} is there", self.call);
        } else if errno == Errno::Exist as u16 && !path.ends_with(b"/") {
            panic!("{}: {known:?}", self.call);
        }
    }
}

/// Whether an open is to create what it opens; links are then not followed.
fn is_exclusive(open: &[u64]) -> bool {
    open[4] & (CREAT | EXCL) == CREAT | EXCL
}

/// The bytes at a pointer and length.
fn text<'m>(memory: &'m [u8], slots: &[u64]) -> &'m [u8] {
    &memory[slots[0] as u32 as usize..][..slots[1] as u32 as usize]
}

/// The buffers of a call's list, which is its second and third parameter.
fn buffers(memory: &[u8], args: &[u64]) -> Vec<(u64, u64)> {
    let count = args[2] as u32 as usize;
    let list = if count == 0 { &[] } else { &memory[args[1] as u32 as usize..][..8 * count] };
    let word = |entry: &[u8]| u64::from(u32::from_le_bytes(entry.try_into().unwrap()));
    let entries = list.chunks(8).map(|entry| (word(&entry[..4]), word(&entry[4..])));
    entries.filter(|(_, len)| *len > 0).collect()
}

fn gathered(memory: &[u8], args: &[u64]) -> Vec<u8> {
    buffers(memory, args).iter().flat_map(|&(ptr, len)| &memory[ptr as usize..][..len as usize]).copied().collect()
}

/// Whether no buffer lies on another, or on the count.
fn apart(buffers: &[(u64, u64)], count_at: u64) -> bool {
    let mut spans: Vec<_> = buffers.iter().copied().chain([(count_at, 4)]).collect();
    spans.sort_unstable();
    spans.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0)
}
