//! The same random operations on a directory of the host's and on one in memory: every answer must be the same, and at
//! the end the two trees. The kernel is the judge; nothing here knows what is right.

use std::io::IoSlice;
use std::sync::Arc;

use hostel_wasi::abi::{Errno, Fdflags, Filetype};
use hostel_wasi::fs::host::HostDirectory;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::fs::{Directory, OpenOptions, Opened, SetTime};

/// Enough to meet every pair of operations on every kind of thing many times; a second or two.
const ROUNDS: u64 = 150;
const STEPS: usize = 400;

/// A generator of our own: the same numbers everywhere, for ever.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn path(&mut self) -> String {
        let mut path = String::new();
        let components = [1, 1, 1, 2, 2, 3][self.below(6) as usize];
        for _ in 0..components {
            path += match self.below(24) {
                0 => "..",
                1 => ".",
                letter => ["a", "b", "c", "d"][letter as usize % 4],
            };
            path += if self.one_in(8) { "//" } else { "/" };
        }
        if !self.one_in(8) {
            path.truncate(path.trim_end_matches('/').len());
        }
        path
    }

    fn target(&mut self) -> String {
        match self.below(12) {
            0 => "/a".into(),
            1 => String::new(),
            _ => self.path(),
        }
    }
}

/// What an operation answered, without what may differ: numbers of inodes, sizes and link counts of directories.
type Answer = Result<String, Errno>;

#[derive(Debug)]
enum Step {
    Open(String, OpenOptions, Vec<u8>),
    CreateDirectory(String),
    RemoveDirectory(String),
    Unlink(String),
    Symlink(String, String),
    ReadLink(String),
    /// From the given directory to the other or the same.
    Rename(String, usize, String),
    Link(String, usize, String),
    Stat(String, bool),
    SetTimes(String, bool, u64),
    /// Replaces an open directory.
    Keep(usize, String),
    List(String),
}

fn step(dice: &mut Dice) -> Step {
    match dice.below(14) {
        0..3 => {
            let options = OpenOptions {
                read: dice.one_in(2),
                write: dice.one_in(2),
                create: dice.one_in(2),
                exclusive: dice.one_in(4),
                truncate: dice.one_in(4),
                directory: dice.one_in(6),
                follow: !dice.one_in(3),
                flags: if dice.one_in(3) { Fdflags::APPEND } else { Fdflags::empty() },
            };
            Step::Open(dice.path(), options, vec![b'a' + dice.below(26) as u8; dice.below(5) as usize])
        }
        3 | 4 => Step::CreateDirectory(dice.path()),
        5 => Step::RemoveDirectory(dice.path()),
        6 => Step::Unlink(dice.path()),
        7 => Step::Symlink(dice.target(), dice.path()),
        8 => Step::ReadLink(dice.path()),
        9 | 10 => Step::Rename(dice.path(), dice.below(3) as usize, dice.path()),
        11 => Step::Link(dice.path(), dice.below(3) as usize, dice.path()),
        12 => match dice.below(3) {
            0 => Step::Keep(1 + dice.below(2) as usize, dice.path()),
            1 => Step::SetTimes(dice.path(), dice.one_in(2), dice.below(1 << 50)),
            _ => Step::List(dice.path()),
        },
        _ => Step::Stat(dice.path(), dice.one_in(2)),
    }
}

fn perform(step: &Step, open: &mut [Arc<dyn Directory>], from: usize) -> Answer {
    let dir = Arc::clone(&open[from]);
    let done = |result: Result<(), Errno>| result.map(|()| String::new());
    match step {
        Step::Open(path, options, bytes) => match dir.open(path.as_bytes(), options)? {
            Opened::Directory(_) => Ok("directory".into()),
            Opened::File(mut file) => {
                let written = file.write(&[IoSlice::new(bytes)]);
                Ok(format!("file, wrote {written:?}, size {}", file.stat()?.size))
            }
        },
        Step::CreateDirectory(path) => done(dir.create_directory(path.as_bytes())),
        Step::RemoveDirectory(path) => done(dir.remove_directory(path.as_bytes())),
        Step::Unlink(path) => done(dir.unlink_file(path.as_bytes())),
        Step::Symlink(target, path) => done(dir.symlink(target.as_bytes(), path.as_bytes())),
        Step::ReadLink(path) => dir.read_link(path.as_bytes()).map(|text| String::from_utf8(text).unwrap()),
        Step::Rename(path, to, new) => done(dir.rename(path.as_bytes(), &*open[*to], new.as_bytes())),
        Step::Link(path, to, new) => done(dir.link(path.as_bytes(), &*open[*to], new.as_bytes())),
        Step::Stat(path, follow) => {
            let stat = dir.stat_at(path.as_bytes(), *follow)?;
            match stat.filetype {
                Filetype::Directory => Ok("directory".into()),
                other => Ok(format!("{other:?}, {} names, {} bytes", stat.nlink, stat.size)),
            }
        }
        Step::SetTimes(path, follow, time) => {
            dir.set_times_at(path.as_bytes(), *follow, SetTime::Keep, SetTime::At(*time))?;
            let stat = dir.stat_at(path.as_bytes(), *follow)?;
            Ok(format!("{}", stat.mtim))
        }
        Step::Keep(slot, path) => {
            let options = OpenOptions { directory: true, follow: true, ..OpenOptions::default() };
            if let Opened::Directory(found) = dir.open(path.as_bytes(), &options)? {
                open[*slot] = found;
            }
            Ok(String::new())
        }
        Step::List(path) => {
            let options = OpenOptions { directory: true, follow: true, ..OpenOptions::default() };
            match dir.open(path.as_bytes(), &options)? {
                Opened::Directory(found) => Ok(list(&*found).join(" ")),
                Opened::File(_) => Ok("file".into()),
            }
        }
    }
}

fn list(dir: &dyn Directory) -> Vec<String> {
    let entries = dir.entries().unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<_> =
        entries.map(|entry| format!("{}:{:?}", String::from_utf8(entry.name).unwrap(), entry.filetype)).collect();
    names.sort();
    names
}

#[test]
fn host_and_memory_answer_alike() {
    let mut succeeded = 0;
    for seed in 0..ROUNDS {
        let temporary = tempfile::tempdir().unwrap();
        let fs = MemoryFs::new();
        let host: Arc<dyn Directory> = Arc::new(HostDirectory::open_ambient(temporary.path()).unwrap());
        let mut hosts = vec![host; 3];
        let mut memories = vec![fs.root(); 3];
        let mut dice = Dice(seed);
        for number in 0..STEPS {
            let step = step(&mut dice);
            let from = dice.below(3) as usize;
            let host = perform(&step, &mut hosts, from);
            let memory = perform(&step, &mut memories, from);
            assert_eq!(host, memory, "seed {seed}, step {number}: {step:?} from {from} (host left, memory right)");
            succeeded += u64::from(host.is_ok());
        }
        for (host, memory) in hosts.iter().zip(&memories) {
            assert_eq!(list(&**host), list(&**memory), "seed {seed}");
        }
        drop(memories);
        empty(&*fs.root());
        assert_eq!((fs.bytes_used(), fs.inodes_used()), (0, 1), "seed {seed}: nothing is charged for nothing");
    }
    assert!(succeeded > ROUNDS * STEPS as u64 / 8, "too little of it does anything: {succeeded}");
}

/// Removes everything below.
fn empty(dir: &dyn Directory) {
    for entry in dir.entries().unwrap() {
        let entry = entry.unwrap();
        if entry.filetype == Filetype::Directory {
            let options = OpenOptions { directory: true, ..OpenOptions::default() };
            let Ok(Opened::Directory(inner)) = dir.open(&entry.name, &options) else { panic!() };
            empty(&*inner);
            dir.remove_directory(&entry.name).unwrap();
        } else {
            dir.unlink_file(&entry.name).unwrap();
        }
    }
}
