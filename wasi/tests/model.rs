//! Random sequences of calls against a model of the descriptor table, on a small tree with ways out of it: what the table
//! answers is what the model says, and nothing outside the preopened directories or below the read-only one changes.
#![cfg(unix)]

mod kit;

use std::collections::BTreeSet;
use std::sync::Arc;

use hostel_wasi::abi::{Errno, Filetype};
use hostel_wasi::fs::host::HostDirectory;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::fs::{Directory, OpenOptions, Opened};
use hostel_wasi::{Capture, FUNCTIONS, Function, Kind, Perms, Stdio, WasiCtx};
use kit::numbers::{Instant, Numbers};
use kit::*;

/// Contexts of a seed, one after the other on the same tree, and calls of each: guests drop their rights and close what
/// they have, so no context is of use for long.
const CONTEXTS: u64 = 12;
const CALLS: usize = 800;
const MAX_FDS: u32 = 24;

/// Names that lead somewhere, some of them out. `abs` is put in place of an absolute path to what is outside.
const NAMES: [&str; 24] = [
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
    "dangling",
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

/// A directory's whole tree as text: names, types, times of change, contents, texts of links.
fn snapshot(dir: &dyn Directory) -> String {
    let mut text = String::new();
    describe(dir, "", &mut text);
    text
}

fn describe(dir: &dyn Directory, at: &str, text: &mut String) {
    *text += &format!("{at}/ {}\n", dir.stat().unwrap().mtim);
    let mut entries: Vec<_> = dir.entries().unwrap().map(Result::unwrap).collect();
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    for entry in entries {
        let name = String::from_utf8(entry.name).unwrap();
        let stat = dir.stat_at(name.as_bytes(), false).unwrap();
        *text += &format!("{at}/{name} {:?} {} {}", stat.filetype, stat.size, stat.mtim);
        let options = OpenOptions { read: true, ..OpenOptions::default() };
        match stat.filetype {
            Filetype::SymbolicLink => *text += &format!(" {:?}\n", dir.read_link(name.as_bytes()).unwrap()),
            _ => match dir.open(name.as_bytes(), &options).unwrap() {
                Opened::Directory(below) => {
                    *text += "\n";
                    describe(&*below, &format!("{at}/{name}"), text);
                }
                Opened::File(mut file) => {
                    let mut bytes = [0; 64];
                    let count = file.read(&mut [std::io::IoSliceMut::new(&mut bytes)]).unwrap();
                    *text += &format!(" {:?}\n", &bytes[..count]);
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

fn put_file(dir: &dyn Directory, path: &str, contents: &str) {
    let options = OpenOptions { write: true, create: true, ..OpenOptions::default() };
    let Opened::File(mut file) = dir.open(path.as_bytes(), &options).unwrap() else { unreachable!() };
    assert_eq!(file.write(&[std::io::IoSlice::new(contents.as_bytes())]), Ok(contents.len()));
}

/// Three directories beside each other: `inside`, `fixed`, `outside`; the first two with the same tree.
fn plant(base: &dyn Directory) {
    for name in ["inside", "fixed", "outside"] {
        base.create_directory(name.as_bytes()).unwrap();
    }
    put_file(base, "outside/secret", "secret");
    for name in ["inside", "fixed"] {
        let dir = below(base, name);
        for path in ["a", "a/b", "a/b/c"] {
            dir.create_directory(path.as_bytes()).unwrap();
        }
        for path in ["f", "a/f", "g"] {
            put_file(&*dir, path, path);
        }
        for (target, path) in [
            ("a", "link"),
            ("nothing", "dangling"),
            ("loop", "loop"),
            ("../outside", "out"),
            ("../../outside", "a/out"),
        ] {
            dir.symlink(target.as_bytes(), path.as_bytes()).unwrap();
        }
    }
}

struct Model {
    guest: Guest,
    numbers: Numbers,
    open: BTreeSet<u32>,
    absolute: String,
    seed: u64,
}

impl Model {
    fn new(base: &dyn Directory, absolute: &str, seed: u64, numbers: Numbers) -> Self {
        let builder = WasiCtx::builder().stdin(Stdio::bytes(vec![7; 1000])).stdout(Capture::with_limit(1 << 16));
        let builder = builder.preopened(below(base, "inside"), "/", Perms::READ_WRITE);
        let builder = builder.preopened(below(base, "fixed"), "/fixed", Perms::READ_ONLY);
        let guest = guest(builder.clocks(Instant).random(seed).max_fds(MAX_FDS));
        let mut model = Model { guest, numbers, open: (0..5).collect(), absolute: absolute.into(), seed };
        model.write_memory();
        model
    }

    /// Memory of small numbers, and the names.
    fn write_memory(&mut self) {
        let spread = self.numbers.below(64);
        for at in (0..MEMORY as u64).step_by(8) {
            let number = self.numbers.next() >> spread;
            self.guest.put(at, &number.to_le_bytes());
        }
        let absolute = self.absolute.clone();
        for (index, name) in NAMES.iter().enumerate() {
            let name = if *name == "abs" { &absolute } else { *name };
            self.guest.put(PATHS + NAME_ROOM * index as u64, name.as_bytes());
        }
        // A list of buffers that makes sense.
        self.guest.iovs(&[(DATA, 8), (DATA + 0x100, 3)]);
    }

    fn args(&mut self, function: &Function) -> Vec<u64> {
        let mut name = NAMES[0];
        let absolute = self.absolute.len();
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

    fn lowest_free(&self) -> u32 {
        (3..).find(|number| !self.open.contains(number)).unwrap()
    }

    fn step(&mut self, functions: &'static [Function]) {
        if self.numbers.below(32) == 0 {
            self.write_memory();
        }
        let function = match self.numbers.below(4) {
            0 => self.guest.function("path_open"),
            1 => self.guest.function(["fd_write", "fd_read", "fd_pwrite"][self.numbers.below(3) as usize]),
            _ => &functions[self.numbers.below(functions.len() as u64) as usize],
        };
        // Closing more than is opened would leave nothing to be done.
        let keeps = ["fd_close", "fd_renumber"].contains(&function.name) && self.open.len() < 14;
        let args = self.args(function);
        // Sizes that a host would truly reserve.
        if keeps || function.name == "fd_allocate" && (1 << 16..1 << 50).contains(&args[1].saturating_add(args[2])) {
            return;
        }
        let outcome = self.guest.try_call(function.name, &args);
        self.check(function, &args, outcome.ok());
    }

    fn check(&mut self, function: &Function, args: &[u64], errno: Option<u16>) {
        let what = format!("seed {}: {}{args:x?} -> {errno:?}", self.seed, function.name);
        let Some(errno) = errno else {
            assert_eq!(function.name, "proc_exit", "{what}");
            return;
        };
        assert!(errno == 0 || Errno::from_raw(errno).is_some(), "{what}");
        let fds =
            function.params.iter().zip(args).filter(|(param, _)| param.kind == Kind::Fd).map(|(_, arg)| *arg as u32);
        let fds: Vec<u32> = fds.collect();
        let all_open = fds.iter().all(|fd| self.open.contains(fd));
        if !all_open {
            // Flags are looked at before descriptors; of two descriptors the first may have another fault.
            assert_ne!(errno, 0, "{what}");
            let decoded = function.params.iter().any(|param| is_decoded(param.kind));
            assert!(errno == Errno::Badf as u16 || decoded || fds.len() > 1, "{what}");
        }
        match function.name {
            "fd_close" | "fd_renumber" => {
                assert_eq!(errno, if all_open { 0 } else { Errno::Badf as u16 }, "{what}");
                if all_open && fds.get(1) != Some(&fds[0]) {
                    self.open.remove(&fds[0]);
                }
            }
            "path_open" if errno == 0 => {
                let new = self.guest.u32_at(u64::from(args[8] as u32));
                assert_eq!(new, self.lowest_free(), "{what}");
                assert!(new < MAX_FDS, "{what}");
                self.open.insert(new);
            }
            "path_open" if errno == Errno::Mfile as u16 => assert!(self.lowest_free() >= MAX_FDS, "{what}"),
            "fd_fdstat_get" => {
                assert!(
                    errno == if all_open { 0 } else { Errno::Badf as u16 } || errno == Errno::Fault as u16,
                    "{what}"
                );
            }
            _ => {}
        }
        assert_eq!(self.guest.ctx.open_fds(), self.open.len(), "{what}");
    }
}

fn run(base: &dyn Directory, absolute: &str, seed: u64) {
    plant(base);
    let (outside, fixed) = (below(base, "outside"), below(base, "fixed"));
    let before = (snapshot(&*outside), snapshot(&*fixed));
    let (mut numbers, mut written, mut read, mut most) = (Numbers(seed), 0, 0, 0);
    for _ in 0..CONTEXTS {
        let mut model = Model::new(base, absolute, seed, numbers);
        for _ in 0..CALLS {
            model.step(&FUNCTIONS);
            most = most.max(model.open.len());
        }
        let usage = model.guest.ctx.usage();
        (written, read) = (written + usage.bytes_written, read + usage.bytes_read);
        numbers = model.numbers;
    }
    assert_eq!(snapshot(&*outside), before.0, "seed {seed}: outside");
    assert_eq!(snapshot(&*fixed), before.1, "seed {seed}: read-only");
    let names: Vec<_> = base.entries().unwrap().map(|entry| entry.unwrap().name).collect();
    assert_eq!(names.len(), 3, "seed {seed}: {names:?}");
    // The calls got far enough to have done something.
    assert!(written > 0 && read > 0 && most > 5, "seed {seed}: {written} {read} {most}");
}

#[test]
fn on_the_host() {
    for seed in 0..10 {
        let temporary = tempfile::tempdir().unwrap();
        let base = HostDirectory::open_ambient(temporary.path()).unwrap();
        run(&base, temporary.path().join("outside/secret").to_str().unwrap(), seed);
    }
}

#[test]
fn in_memory() {
    for seed in 100..110 {
        run(&*MemoryFs::new().root(), "/outside/secret", seed);
    }
}
