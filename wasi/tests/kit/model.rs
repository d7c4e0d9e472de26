//! Arbitrary calls against a model of the descriptor table and of a small file tree with ways out of it. What the model
//! knows better than a call is a failure: numbers of descriptors, what a path may lead to, contents, positions, sizes.
//!
//! The tree is planted below one directory, and the guest is given two of the three:
//!
//! ```text
//! inside    writable: the model follows what happens there
//! fixed     read-only: stays as it is, to the times of change
//! outside   not given: stays as it is, and the links that lead there lead nowhere
//! ```
//!
//! Of calls that fail only a few errnos are judged; that a call may fail is the file system's own business.

use std::collections::BTreeMap;
use std::sync::Arc;

use hostel_wasi::abi::{Errno, Filetype};
use hostel_wasi::fs::{Directory, OpenOptions, Opened};
use hostel_wasi::{Capture, FUNCTIONS, Function, Kind, Perms, Stdio, WasiCtx, WasiLimits};

use super::numbers::{Instant, Numbers};
use super::tree::{Id, Node, Place, Tree};
use super::*;

pub const MAX_FDS: u32 = 24;
/// Sizes and positions up to here are followed; calls with larger ones that a file system could grant are not made.
const SIZE_MAX: u64 = 1 << 17;

/// Names that lead somewhere, some of them out. `abs` is put in place of an absolute path to what is outside.
const NAMES: [&str; 26] = [
    "a",
    "a/b",
    "a/b/c",
    "f",
    "a/f",
    "g",
    "a/../f",
    "a/./g",
    ".",
    "a/",
    "f/",
    "new",
    "a/new",
    "link",
    "link/f",
    "dangling",
    "dangling/",
    "loop",
    "..",
    "../outside",
    "../outside/secret",
    "out",
    "out/secret",
    "out/",
    "a/b/../../../outside/secret",
    "abs",
];
/// Bytes from one name to the next.
const NAME_ROOM: u64 = 128;

/// A directory's whole tree as text, with times of change.
pub fn snapshot(dir: &dyn Directory) -> String {
    let mut text = format!("{}\n", dir.stat().unwrap().mtim);
    describe(dir, "", true, &mut text);
    text
}

/// Names, types, contents, texts of links.
pub fn describe(dir: &dyn Directory, at: &str, times: bool, text: &mut String) {
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

fn below(dir: &dyn Directory, name: &str) -> Arc<dyn Directory> {
    match dir.open(name.as_bytes(), &OpenOptions { directory: true, ..OpenOptions::default() }).unwrap() {
        Opened::Directory(dir) => dir,
        Opened::File(_) => unreachable!(),
    }
}

/// Plants a directory and the model of it.
fn plant(dir: &dyn Directory, tree: &mut Tree) -> Id {
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
fn put_file(dir: &dyn Directory, path: &str) {
    let options = OpenOptions { write: true, create: true, ..OpenOptions::default() };
    let Opened::File(mut file) = dir.open(path.as_bytes(), &options).unwrap() else { unreachable!() };
    assert_eq!(file.write(&[std::io::IoSlice::new(path.as_bytes())]), Ok(path.len()));
}

/// What is behind a descriptor.
#[derive(Clone, Debug)]
enum Open {
    Stream,
    Directory(Id),
    File { node: Id, position: u64, append: bool },
}

/// What is there and what the model thinks of it.
pub struct World {
    base: Arc<dyn Directory>,
    /// Where `outside/secret` is on the host.
    absolute: String,
    tree: Tree,
    inside: Id,
    fixed: Id,
    before: [String; 2],
    /// Bytes written and read, most descriptors, calls that succeeded.
    pub done: (u64, u64, usize, u64),
}

impl World {
    pub fn new(base: Arc<dyn Directory>, absolute: &str) -> World {
        let mut tree = Tree::default();
        for name in ["inside", "fixed", "outside"] {
            base.create_directory(name.as_bytes()).unwrap();
        }
        let [inside, fixed] = ["inside", "fixed"].map(|name| plant(&*below(&*base, name), &mut tree));
        put_file(&*base, "outside/secret");
        let before = ["outside", "fixed"].map(|name| snapshot(&*below(&*base, name)));
        World { base, absolute: absolute.into(), tree, inside, fixed, before, done: (0, 0, 0, 0) }
    }

    /// So many calls of one guest, or as many as there are numbers for.
    pub fn guest_calls(&mut self, numbers: &mut Numbers, calls: usize) {
        let builder = WasiCtx::builder().stdin(Stdio::bytes(vec![7; 1000])).stdout(Capture::with_limit(1 << 16));
        let builder = builder.preopened(below(&*self.base, "inside"), "/", Perms::READ_WRITE);
        // Not below the other's name, or it would be seen there.
        let builder = builder.preopened(below(&*self.base, "fixed"), "fixed", Perms::READ_ONLY);
        let guest = guest(
            builder.clocks(Instant).random_seed(0).limits(WasiLimits { open_fds: MAX_FDS, ..WasiLimits::default() }),
        );
        let mut open: BTreeMap<u32, Open> = (0..3).map(|number| (number, Open::Stream)).collect();
        open.insert(3, Open::Directory(self.inside));
        open.insert(4, Open::Directory(self.fixed));
        let mut model = Model { guest, numbers, open, world: self, call: String::new() };
        model.write_memory();
        for _ in 0..calls {
            if model.numbers.used_up() {
                break;
            }
            model.step();
        }
        let usage = model.guest.ctx.usage();
        self.done.0 += usage.bytes_written;
        self.done.1 += usage.bytes_read;
    }

    /// What must not have changed has not, and what has is as the model has it.
    pub fn check(&self) {
        let after = ["outside", "fixed"].map(|name| snapshot(&*below(&*self.base, name)));
        assert_eq!(after[0], self.before[0], "outside");
        assert_eq!(after[1], self.before[1], "read-only");
        let (mut found, mut expected) = (String::new(), String::new());
        describe(&*below(&*self.base, "inside"), "", false, &mut found);
        self.tree.describe(self.inside, "", &mut expected);
        assert_eq!(found, expected, "the tree");
        assert_eq!(self.base.entries().unwrap().count(), 3);
    }
}

struct Model<'w> {
    guest: Guest,
    numbers: &'w mut Numbers,
    open: BTreeMap<u32, Open>,
    world: &'w mut World,
    /// The call under way, for messages.
    call: String,
}

impl Model<'_> {
    /// Memory of small numbers, and the names.
    fn write_memory(&mut self) {
        let spread = self.numbers.below(64);
        let mut numbers = Numbers::Seed(self.numbers.below(256));
        for at in (0..MEMORY as u64).step_by(8) {
            self.guest.put(at, &(numbers.next() >> spread).to_le_bytes());
        }
        for (index, name) in NAMES.iter().enumerate() {
            let name = if *name == "abs" { &self.world.absolute } else { *name };
            self.guest.put(PATHS + NAME_ROOM * index as u64, name.as_bytes());
        }
        // A list of buffers that makes sense.
        self.guest.iovs(&[(DATA, 8), (DATA + 0x100, 3)]);
    }

    fn args(&mut self, function: &Function) -> Vec<u64> {
        let mut name = NAMES[0];
        let absolute = self.world.absolute.len();
        let numbers = &mut self.numbers;
        let slots = function.params.iter().map(|param| match (numbers.below(16), param.kind) {
            (0, kind) => numbers.slot(kind),
            (1, Kind::Fd) => numbers.below(u64::from(MAX_FDS) + 2),
            (_, Kind::Fd) if function.name.starts_with("path") => [ROOT, READ_ONLY, 5, 6][numbers.below(4) as usize],
            (_, Kind::Fd) => numbers.below(u64::from(MAX_FDS) / 2),
            (_, Kind::Path) => {
                let index = numbers.below(NAMES.len() as u64);
                name = NAMES[index as usize];
                PATHS + NAME_ROOM * index
            }
            (_, Kind::PathLen) => (if name == "abs" { absolute } else { name.len() }) as u64,
            (_, Kind::OutSize | Kind::OutFd) => RESULT,
            (_, Kind::Iovecs | Kind::Ciovecs) => IOVS,
            (_, Kind::IovecsLen) => numbers.below(3),
            (_, Kind::Rights) => [0, READ, READ | WRITE, ALL][numbers.below(4) as usize],
            (_, Kind::Oflags) => numbers.below(16),
            (_, kind) => numbers.slot(kind),
        });
        slots.collect()
    }

    fn step(&mut self) {
        if self.numbers.below(32) == 0 {
            self.write_memory();
        }
        let function = match self.numbers.below(4) {
            0 => self.guest.function("path_open"),
            1 => self.guest.function(["fd_write", "fd_read", "fd_pwrite"][self.numbers.below(3) as usize]),
            _ => &FUNCTIONS[self.numbers.below(FUNCTIONS.len() as u64) as usize],
        };
        let args = self.args(function);
        // Closing more than is opened would leave nothing to be done.
        let keeps = ["fd_close", "fd_renumber"].contains(&function.name) && self.open.len() < 14;
        if keeps || self.is_too_large(function, &args) {
            return;
        }
        let memory = self.guest.memory.clone();
        let outcome = self.guest.try_call(function.name, &args);
        self.call = format!("{}{args:x?} -> {outcome:?}", function.name);
        let call = &self.call;
        let Ok(errno) = outcome else {
            assert_eq!(function.name, "proc_exit", "{call}");
            return;
        };
        self.check_descriptors(function, &args, errno);
        if errno == 0 {
            self.world.done.3 += 1;
            self.succeeded(function.name, &args, &memory);
        } else {
            assert!(Errno::from_raw(errno).is_some(), "{call}");
            self.failed(function.name, &args, &memory, errno);
        }
        assert_eq!(self.guest.ctx.usage().open_fds, self.open.len(), "{}", self.call);
        self.world.done.2 = self.world.done.2.max(self.open.len());
    }

    /// Whether a call would make a file that is too large to follow.
    fn is_too_large(&self, function: &Function, args: &[u64]) -> bool {
        let end = match (function.name, self.open.get(&(*args.first().unwrap_or(&0) as u32))) {
            ("fd_allocate", _) => args[1].saturating_add(args[2]),
            ("fd_filestat_set_size", _) => args[1],
            ("fd_pwrite", _) => args[3],
            ("fd_write", Some(Open::File { position, append: false, .. })) => *position,
            ("fd_write", Some(Open::File { node, append: true, .. })) => match &self.world.tree.0[*node] {
                Node::File(contents) => contents.len() as u64,
                _ => 0,
            },
            _ => 0,
        };
        (SIZE_MAX + 1..1 << 63).contains(&end)
    }

    fn check_descriptors(&self, function: &Function, args: &[u64], errno: u16) {
        let (what, badf) = (&self.call, Errno::Badf as u16);
        let fds = function.params.iter().zip(args).filter(|(param, _)| param.kind == Kind::Fd);
        let fds: Vec<u32> = fds.map(|(_, arg)| *arg as u32).collect();
        let all_open = fds.iter().all(|fd| self.open.contains_key(fd));
        if !all_open {
            // Flags are looked at before descriptors; of two descriptors the first may have another fault.
            assert_ne!(errno, 0, "{what}");
            let decoded = function.params.iter().any(|param| is_decoded(param.kind));
            assert!(errno == badf || decoded || fds.len() > 1, "{what}");
        }
        match function.name {
            "fd_close" | "fd_renumber" => assert_eq!(errno, if all_open { 0 } else { badf }, "{what}"),
            "fd_fdstat_get" => {
                assert!(errno == if all_open { 0 } else { badf } || errno == Errno::Fault as u16, "{what}");
            }
            "path_open" if errno == Errno::Mfile as u16 => assert!(self.lowest_free() >= MAX_FDS, "{what}"),
            _ => {}
        }
    }

    fn lowest_free(&self) -> u32 {
        (3..).find(|number| !self.open.contains_key(number)).unwrap()
    }

    fn directory(&self, fd: u64) -> Id {
        match self.open.get(&(fd as u32)) {
            Some(Open::Directory(id)) => *id,
            other => panic!("{}: {other:?} is no directory", self.call),
        }
    }

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

    fn succeeded(&mut self, name: &str, args: &[u64], memory: &[u8]) {
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
        let place = if oflags & (CREAT | TRUNC) == 0 {
            self.place(args[0], memory, &args[2..], follow)
        } else {
            self.changed(args[0], memory, &args[2..], follow)
        };
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
    fn failed(&self, name: &str, args: &[u64], memory: &[u8], errno: u16) {
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
