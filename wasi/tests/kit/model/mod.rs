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

mod ground;
mod outcomes;

use std::collections::BTreeMap;
use std::sync::Arc;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::Directory;
use hostel_wasi::{Capture, FUNCTIONS, Function, Kind, Perms, Stdio, WasiCtx, WasiLimits};

use super::numbers::{Instant, Numbers};
use super::tree::{Id, Node, Tree};
use super::{ALL, DATA, Guest, IOVS, MEMORY, PATHS, READ, READ_ONLY, RESULT, ROOT, WRITE, guest, is_decoded};
use ground::{below, describe, plant, put_file, snapshot};

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
    pub done: Done,
}

/// How far the guests got.
#[derive(Debug, Default)]
pub struct Done {
    pub bytes_written: u64,
    pub bytes_read: u64,
    /// The most descriptors that were open at once.
    pub open: usize,
    /// Calls that succeeded.
    pub succeeded: u64,
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
        World { base, absolute: absolute.into(), tree, inside, fixed, before, done: Done::default() }
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
        self.done.bytes_written += usage.bytes_written;
        self.done.bytes_read += usage.bytes_read;
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
            self.world.done.succeeded += 1;
            self.succeeded(function.name, &args, &memory);
        } else {
            assert!(Errno::from_raw(errno).is_some(), "{call}");
            self.failed(function.name, &args, &memory, errno);
        }
        assert_eq!(self.guest.ctx.usage().open_fds, self.open.len(), "{}", self.call);
        self.world.done.open = self.world.done.open.max(self.open.len());
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
}
