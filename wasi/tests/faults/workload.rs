//! A guest's work on files with every function that asks the file system something, and a model of what it was told.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;

use crate::faulty::Plan;
use crate::kit::*;

/// One call of the guest's.
#[derive(Debug)]
pub struct Step {
    pub name: &'static str,
    pub result: Result<(), Errno>,
    /// The numbers of the file system's calls it made.
    pub calls: Range<usize>,
    /// Whether it wrote less than it was to.
    pub short: bool,
}

pub struct Workload {
    guest: Guest,
    plan: Arc<Plan>,
    pub log: Vec<Step>,
    /// Descriptors that the guest has been given and has not closed.
    open: usize,
    /// How many bytes were written or allocated.
    counted: u64,
    /// Bytes that the guest was told are written, by file.
    written: BTreeMap<&'static str, BTreeMap<u64, u8>>,
}

impl Workload {
    pub fn new(guest: Guest, plan: Arc<Plan>) -> Workload {
        let open = guest.ctx.usage().open_fds;
        Workload { guest, plan, log: Vec::new(), open, counted: 0, written: BTreeMap::new() }
    }

    /// Makes a call and compares the table with what the guest knows.
    fn call(&mut self, name: &'static str, args: &[u64]) -> Result<(), Errno> {
        let before = self.plan.calls();
        self.guest.clear(RESULT..RESULT + 0x100);
        let mut result = self.guest.call(name, args);
        if name == "poll_oneoff" && result.is_ok() {
            // What is wrong with a file is its event's.
            result = Errno::from_raw(self.guest.u16_at(DATA + 0x108)).map_or(Ok(()), Err);
        } else if result.is_err() {
            let untouched = self.guest.bytes(RESULT, 0x100).iter().all(|&byte| byte == SENTINEL);
            assert!(untouched, "{name} failed with {result:?} and has stored a result");
        }
        match name {
            "path_open" if result.is_ok() => self.open += 1,
            "fd_close" | "fd_renumber" if result.is_ok() => self.open -= 1,
            _ => {}
        }
        assert_eq!(self.guest.ctx.usage().open_fds, self.open, "descriptors after {name}");
        self.log.push(Step { name, result, calls: before + 1..self.plan.calls() + 1, short: false });
        result
    }

    fn on_path(&mut self, name: &'static str, path: &str, before: &[u64], after: &[u64]) -> Result<(), Errno> {
        let path = self.guest.path(path);
        self.call(name, &[before, &path, after].concat())
    }

    fn open(&mut self, path: &str, oflags: u64, rights: u64) -> Option<u64> {
        self.on_path("path_open", path, &[ROOT, FOLLOW], &[oflags, rights, ALL, 0, RESULT]).ok()?;
        Some(self.guest.u32_at(RESULT).into())
    }

    /// Writes at `at` in several buffers, and remembers what the guest is told. `name` is `fd_write` or `fd_pwrite`.
    fn write(&mut self, file: &'static str, fd: u64, name: &'static str, at: u64, bytes: &[u8]) -> u64 {
        self.guest.put(DATA, bytes);
        let third = bytes.len() as u64 / 3;
        let list = [
            (DATA, third),
            (DATA + third, 0),
            (DATA + third, third),
            (DATA + 2 * third, bytes.len() as u64 - 2 * third),
        ];
        let [iovs, len] = self.guest.iovs(&list);
        let offset = if name == "fd_pwrite" { vec![at] } else { vec![] };
        if self.call(name, &[&[fd, iovs, len][..], &offset, &[RESULT]].concat()).is_err() {
            return 0;
        }
        let count = u64::from(self.guest.u32_at(RESULT));
        assert!(count <= bytes.len() as u64);
        self.log.last_mut().unwrap().short = count < bytes.len() as u64;
        self.counted += count;
        assert_eq!(self.guest.ctx.usage().bytes_written, self.counted);
        let places = (at..at + count).zip(bytes.iter().copied());
        self.written.entry(file).or_default().extend(places);
        count
    }

    fn read(&mut self, file: &'static str, fd: u64, at: Option<u64>, from: u64) {
        let [iovs, len] = self.guest.iovs(&[(DATA, 7), (DATA + 7, 25)]);
        let offset = at.into_iter().collect::<Vec<_>>();
        let name = if at.is_some() { "fd_pread" } else { "fd_read" };
        if self.call(name, &[&[fd, iovs, len][..], &offset, &[RESULT]].concat()).is_ok() {
            let count = u64::from(self.guest.u32_at(RESULT));
            let known = self.written.get(file);
            for (at, &byte) in (from..from + count).zip(self.guest.bytes(DATA, count as usize)) {
                assert!(known.and_then(|known| known.get(&at)).is_none_or(|&told| told == byte), "{name} of byte {at}");
            }
        }
    }

    /// Every byte that the guest was told is written is there.
    pub fn check_written(&self, fs: &MemoryFs) {
        for (file, bytes) in self.written.iter().filter(|(_, bytes)| !bytes.is_empty()) {
            let contents = fs.read_file(file).unwrap_or_else(|errno| panic!("{file}: {errno}"));
            for (&at, &byte) in bytes {
                assert_eq!(contents.get(at as usize), Some(&byte), "{file}, byte {at}");
            }
        }
    }

    pub fn run(&mut self) {
        let _ = self.on_path("path_create_directory", "d", &[ROOT], &[]);
        if let Some(fd) = self.open("f", CREAT, ALL) {
            self.file(fd);
        }
        if let Some(fd) = self.open("log", CREAT, ALL) {
            self.appending(fd);
        }
        self.names();
        if let Some(fd) = self.open("d", DIRECTORY, 0) {
            self.directory(fd);
        }
        if let Some(fd) = self.open("scratch", CREAT | TRUNC, ALL) {
            let _ = self.write("scratch", fd, "fd_write", 0, b"scratch");
            if let Some(other) = self.open("other", CREAT | EXCL, ALL) {
                let _ = self.call("fd_renumber", &[fd, other]);
                let _ = self.call("fd_close", &[other]);
            } else {
                let _ = self.call("fd_close", &[fd]);
            }
        }
    }

    fn file(&mut self, fd: u64) {
        let mut at = 0;
        for text in ["what is told ", "to be written ", "is written"] {
            at += self.write("f", fd, "fd_write", at, text.as_bytes());
        }
        self.write("f", fd, "fd_pwrite", 5, b"HAS TO");
        if self.call("fd_allocate", &[fd, 0, 60]).is_ok() {
            self.counted += 60;
        }
        let _ = self.call("fd_seek", &[fd, 0, 0, RESULT]);
        // The cursor is where it was when seeking has failed: then what is read is not compared.
        let sought = self.log.last().is_some_and(|step| step.result.is_ok());
        self.read(if sought { "f" } else { "" }, fd, None, 0);
        self.read("f", fd, Some(3), 3);
        let _ = self.call("fd_tell", &[fd, RESULT]);
        let _ = self.call("fd_advise", &[fd, 0, 0, 0]);
        let _ = self.call("fd_filestat_get", &[fd, RESULT]);
        for size in [100, 70] {
            let _ = self.call("fd_filestat_set_size", &[fd, size]);
        }
        let _ = self.call("fd_filestat_set_times", &[fd, 5, 6, 5]);
        let _ = self.call("fd_fdstat_get", &[fd, RESULT]);
        let _ = self.call("fd_sync", &[fd]);
        let _ = self.call("fd_datasync", &[fd]);
        // Ready for reading, with how many bytes.
        self.guest.put(DATA, &subscription(1, fd, 0));
        let _ = self.call("poll_oneoff", &[DATA, DATA + 0x100, 1, RESULT]);
        let _ = self.call("fd_close", &[fd]);
    }

    fn appending(&mut self, fd: u64) {
        let mut at = self.write("log", fd, "fd_write", 0, b"first ");
        if self.call("fd_fdstat_set_flags", &[fd, APPEND]).is_ok() {
            for _ in 0..2 {
                at += self.write("log", fd, "fd_write", at, b"next ");
            }
        }
        let _ = self.call("fd_close", &[fd]);
    }

    fn names(&mut self) {
        let _ = self.on_path("path_filestat_get", "f", &[ROOT, FOLLOW], &[RESULT]);
        let _ = self.on_path("path_filestat_set_times", "f", &[ROOT, FOLLOW], &[7, 8, 5]);
        let target = self.guest.path2("f");
        let _ = self.on_path("path_symlink", "link", &[target[0], target[1], ROOT], &[]);
        if self.log.last().is_some_and(|step| step.result.is_ok()) {
            let _ = self.on_path("path_readlink", "link", &[ROOT], &[DATA, 10, RESULT]);
            let _ = self.on_path("path_unlink_file", "link", &[ROOT], &[]);
        }
        let name = self.guest.path2("copy");
        if self.log.iter().any(|step| step.name == "path_open" && step.result.is_ok()) {
            let file = if self.written.contains_key("f") { "f" } else { "log" };
            if self.on_path("path_link", file, &[ROOT, 0], &[ROOT, name[0], name[1]]).is_ok() {
                let moved = self.guest.path2("moved");
                if self.on_path("path_rename", "copy", &[ROOT], &[ROOT, moved[0], moved[1]]).is_ok() {
                    let _ = self.on_path("path_unlink_file", "moved", &[ROOT], &[]);
                }
            }
        }
        if self.on_path("path_create_directory", "d/empty", &[ROOT], &[]).is_ok() {
            let _ = self.on_path("path_remove_directory", "d/empty", &[ROOT], &[]);
        }
    }

    fn directory(&mut self, fd: u64) {
        for name in ["d/a", "d/b", "d/c"] {
            if let Some(fd) = self.open(name, CREAT, WRITE) {
                let _ = self.call("fd_close", &[fd]);
            }
        }
        let _ = self.call("fd_readdir", &[fd, DATA, 0x400, 0, RESULT]);
        let _ = self.call("fd_readdir", &[fd, DATA, 0x400, 3, RESULT]);
        let _ = self.call("fd_filestat_get", &[fd, RESULT]);
        let _ = self.call("fd_filestat_set_times", &[fd, 1, 2, 5]);
        let _ = self.call("fd_sync", &[fd]);
        let _ = self.call("fd_close", &[fd]);
    }
}
