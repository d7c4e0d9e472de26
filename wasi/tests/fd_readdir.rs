//! Listings.

mod kit;

use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hostel_wasi::abi::{Errno, Filestat, Rights};
use hostel_wasi::fs::host::HostDirectory;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::fs::{Directory, Entries, OpenOptions, Opened, SetTime};
use hostel_wasi::{Canceled, Ended, Perms, WasiCtx};
use kit::*;

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    next: u64,
    ino: u64,
    filetype: u8,
    name: String,
}

/// One call; whole entries, and the bytes used.
fn read(guest: &mut Guest, fd: u64, cookie: u64, len: u64) -> (Vec<Entry>, u32) {
    guest.ok("fd_readdir", &[fd, DATA, len, cookie, RESULT]);
    let used = guest.u32_at(RESULT);
    let (mut entries, mut at) = (Vec::new(), DATA);
    while at + 24 <= DATA + u64::from(used) {
        let (next, ino, name_len) = (guest.u64_at(at), guest.u64_at(at + 8), guest.u32_at(at + 16));
        assert_eq!(guest.bytes(at + 21, 3), [0; 3], "padding");
        if at + 24 + u64::from(name_len) > DATA + u64::from(used) {
            break;
        }
        let name = String::from_utf8(guest.bytes(at + 24, name_len as usize).to_vec()).unwrap();
        entries.push(Entry { next, ino, filetype: guest.memory[at as usize + 20], name });
        at += 24 + u64::from(name_len);
    }
    (entries, used)
}

/// The whole listing, by buffers of that length.
fn read_all(guest: &mut Guest, fd: u64, len: u64) -> Vec<Entry> {
    let (mut all, mut cookie) = (Vec::new(), 0);
    loop {
        let (entries, used) = read(guest, fd, cookie, len);
        cookie = entries.last().map_or(cookie, |entry| entry.next);
        all.extend(entries);
        if u64::from(used) < len {
            return all;
        }
    }
}

#[test]
fn entries_agree_with_the_rest() {
    on_each_fs(|guest| {
        guest.make_file("file", b"x");
        guest.make_dir("dir");
        guest.symlink("file", "link");
        let fd = guest.open(ROOT, ".", DIRECTORY, 0);
        let all = read_all(guest, fd, 0x1000);
        assert_eq!((all[0].name.as_str(), all[1].name.as_str()), (".", ".."));
        guest.ok("fd_filestat_get", &[fd, RESULT]);
        assert_eq!(all[0].ino, guest.u64_at(RESULT + 8));
        assert!(all.iter().enumerate().all(|(index, entry)| entry.next == index as u64 + 1));
        let types: BTreeSet<_> = all[2..].iter().map(|entry| (entry.name.as_str(), entry.filetype)).collect();
        assert_eq!(types, BTreeSet::from([("file", 4), ("dir", 3), ("link", 7)]));
        for entry in &all[2..] {
            assert_eq!(guest.lstat(&entry.name).unwrap().3, entry.ino);
        }
    });
}

#[test]
fn buffers_of_every_size_give_the_same() {
    on_each_fs(|guest| {
        for index in 0..20 {
            guest.make_file(&format!("name-{index:0index$}"), b"");
        }
        let all = read_all(guest, ROOT, 0x1000);
        assert_eq!(all.len(), 22);
        for len in [56, 57, 63, 100, 255, 256] {
            assert_eq!(read_all(guest, ROOT, len), all, "by {len}");
        }
        // What does not fit is cut off, the buffer is full to the last byte, and no further.
        for len in [1, 23, 24, 25, 50] {
            guest.clear(DATA..DATA + 0x1000);
            let before = guest.memory.clone();
            let (_, used) = read(guest, ROOT, 2, len);
            assert_eq!(u64::from(used), len);
            assert!(
                guest.memory[(DATA + len) as usize..RESULT as usize] == before[(DATA + len) as usize..RESULT as usize]
            );
        }
        assert_eq!(read(guest, ROOT, 0, 0).1, 0);
        // Exactly to the end of the last entry: full, so the guest asks again and gets nothing.
        let exact: u64 = all.iter().map(|entry| 24 + entry.name.len() as u64).sum();
        assert_eq!(u64::from(read(guest, ROOT, 0, exact).1), exact);
        assert_eq!(read(guest, ROOT, 22, 0x1000), (vec![], 0));
    });
}

#[test]
fn cookies_of_every_age_resume() {
    on_each_fs(|guest| {
        for index in 0..30 {
            guest.make_file(&format!("{index}"), b"");
        }
        let all = read_all(guest, ROOT, 0x1000);
        for cookie in [31, 3, 17, 0, 30, 1] {
            assert_eq!(read(guest, ROOT, cookie, 0x1000).0, all[cookie as usize..], "from {cookie}");
        }
        for cookie in [33, 1 << 40, u64::MAX] {
            assert_eq!(read(guest, ROOT, cookie, 0x1000), (vec![], 0));
        }
        // Another descriptor takes the same cookies, though it has seen nothing.
        let other = guest.open(ROOT, ".", 0, 0);
        assert_eq!(read(guest, other, 20, 0x1000).0, all[20..]);
    });
}

#[test]
fn deleting_what_was_listed_loses_nothing() {
    on_each_fs(|guest| {
        for index in 0..200 {
            guest.make_file(&format!("file-{index}"), b"");
        }
        let (mut cookie, mut deleted) = (0, 0);
        loop {
            let (entries, used) = read(guest, ROOT, cookie, 200);
            for entry in &entries {
                cookie = entry.next;
                if entry.filetype == 4 {
                    let [ptr, len] = guest.path(&entry.name);
                    guest.ok("path_unlink_file", &[ROOT, ptr, len]);
                    deleted += 1;
                }
            }
            if used < 200 {
                break;
            }
        }
        assert_eq!(deleted, 200);
        assert_eq!(read_all(guest, ROOT, 0x1000).len(), 2, "a fresh start sees the present");
        guest.make_file("new", b"");
        assert_eq!(read_all(guest, ROOT, 0x1000).len(), 3);
    });
}

#[test]
fn errors() {
    on_each_fs(|guest| {
        let file = guest.open(ROOT, "f", CREAT, ALL);
        let end = MEMORY as u64;
        guest.fails("fd_readdir", &[99, DATA, 64, 0, RESULT], Errno::Badf);
        guest.fails("fd_readdir", &[file, DATA, 64, 0, RESULT], Errno::Notdir);
        guest.fails("fd_readdir", &[1, DATA, 64, 0, RESULT], Errno::Notdir);
        guest.fails("fd_readdir", &[ROOT, end - 63, 64, 0, RESULT], Errno::Fault);
        guest.fails("fd_readdir", &[ROOT, 1, 0xffff_ffff, 0, RESULT], Errno::Fault);
        guest.fails("fd_readdir", &[ROOT, DATA, 64, 0, end - 3], Errno::Fault);
        let no_listing = guest.open(ROOT, ".", DIRECTORY, READ);
        guest.drop_rights(no_listing, Rights::FD_READDIR);
        guest.fails("fd_readdir", &[no_listing, DATA, 64, 0, RESULT], Errno::Notcapable);
        // Reading a directory is listing it.
        let reading = guest.open(ROOT, ".", DIRECTORY, READ);
        guest.ok("fd_readdir", &[reading, DATA, 64, 0, RESULT]);
        guest.ok("fd_readdir", &[READ_ONLY, DATA, 64, 0, RESULT]);
    });
}

/// A directory that counts what it is asked for.
struct Counted {
    inner: Arc<dyn Directory>,
    listings: AtomicU64,
    entries: Arc<AtomicU64>,
}

impl Directory for Counted {
    fn open(&self, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno> {
        self.inner.open(path, options)
    }

    fn stat(&self) -> Result<Filestat, Errno> {
        self.inner.stat()
    }

    fn entries(&self) -> Result<Entries, Errno> {
        self.listings.fetch_add(1, Relaxed);
        let entries = self.entries.clone();
        Ok(Box::new(self.inner.entries()?.inspect(move |_| {
            entries.fetch_add(1, Relaxed);
        })))
    }

    fn stat_at(&self, _: &[u8], _: bool) -> Result<Filestat, Errno> {
        Err(Errno::Nosys)
    }

    fn set_times(&self, _: SetTime, _: SetTime) -> Result<(), Errno> {
        Err(Errno::Nosys)
    }

    fn set_times_at(&self, _: &[u8], _: bool, _: SetTime, _: SetTime) -> Result<(), Errno> {
        Err(Errno::Nosys)
    }

    fn create_directory(&self, _: &[u8]) -> Result<(), Errno> {
        Err(Errno::Nosys)
    }

    fn remove_directory(&self, _: &[u8]) -> Result<(), Errno> {
        Err(Errno::Nosys)
    }

    fn unlink_file(&self, path: &[u8]) -> Result<(), Errno> {
        self.inner.unlink_file(path)
    }

    fn symlink(&self, _: &[u8], _: &[u8]) -> Result<(), Errno> {
        Err(Errno::Nosys)
    }

    fn read_link(&self, _: &[u8]) -> Result<Vec<u8>, Errno> {
        Err(Errno::Nosys)
    }

    fn rename(&self, _: &[u8], _: &dyn Directory, _: &[u8]) -> Result<(), Errno> {
        Err(Errno::Nosys)
    }

    fn link(&self, _: &[u8], _: &dyn Directory, _: &[u8]) -> Result<(), Errno> {
        Err(Errno::Nosys)
    }

    fn sync(&self, _: bool) -> Result<(), Errno> {
        Err(Errno::Nosys)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Ten thousand entries by small buffers: each is asked for once, in one listing, also while every second one is removed
/// and others come.
#[test]
fn a_long_listing_is_linear() {
    const COUNT: u64 = 10_000;
    let host = tempfile::tempdir().unwrap();
    let memory = MemoryFs::new();
    let on_host: Arc<dyn Directory> = Arc::new(HostDirectory::open_ambient(host.path()).unwrap());
    for inner in [on_host, memory.root()] {
        for number in 0..COUNT {
            let options = OpenOptions { write: true, create: true, ..OpenOptions::default() };
            inner.open(format!("entry-{number}").as_bytes(), &options).unwrap_or_else(|errno| panic!("{errno}"));
        }
        let entries = Arc::new(AtomicU64::new(0));
        let counted = Arc::new(Counted { inner, listings: AtomicU64::new(0), entries: entries.clone() });
        let mut guest = guest(WasiCtx::builder().preopened(counted.clone(), "/", Perms::READ_WRITE));
        let (mut names, mut cookie) = (BTreeSet::new(), 0);
        loop {
            // Some twenty entries at a time.
            let (listed, used) = read(&mut guest, ROOT, cookie, 700);
            for entry in &listed {
                cookie = entry.next;
                assert!(names.insert(entry.name.clone()), "{} twice", entry.name);
                if cookie % 2 == 0 && entry.filetype == 4 {
                    let [ptr, len] = guest.path(&entry.name);
                    guest.ok("path_unlink_file", &[ROOT, ptr, len]);
                    guest.open(ROOT, &format!("new-{cookie}"), CREAT, WRITE);
                    guest.ok("fd_close", &[guest.u32_at(RESULT).into()]);
                }
            }
            if used < 700 {
                break;
            }
        }
        let old = names.iter().filter(|name| name.starts_with("entry-")).count() as u64;
        assert_eq!(old, COUNT, "nothing that was there all the time is left out");
        assert_eq!(counted.listings.load(Relaxed), 1);
        assert_eq!(entries.load(Relaxed), names.len() as u64 - 2, "`.` and `..` are not the file system's");
    }
}

/// Whoever asks that the guest be stopped is heard, wherever in the listing it is going; what was read is not read again.
#[test]
fn a_listing_can_be_stopped_and_goes_on() {
    let inner = MemoryFs::new();
    for number in 0..2_000 {
        inner.write_file(format!("{number}"), "").unwrap();
    }
    let entries = Arc::new(AtomicU64::new(0));
    let counted = Arc::new(Counted { inner: inner.root(), listings: AtomicU64::new(0), entries: entries.clone() });
    let mut guest = guest(WasiCtx::builder().preopened(counted.clone(), "/", Perms::READ_WRITE));
    let handle = guest.ctx.cancel_handle().unwrap();
    let stopped = Err(Ended::Canceled(Canceled::ByHandle));
    // A buffer for all of them, from the start; and a small one, from a place that takes long to find. The first call makes
    // a listing in either case.
    guest.memory.resize(0x10_0000, 0);
    for (listings, cookie, len) in [(1, 0, 0x8_0000), (2, u64::MAX - 1, 100)] {
        handle.cancel();
        entries.store(0, Relaxed);
        if cookie != 0 {
            // The descriptor's listing is at its end: another one.
            guest.ok("fd_readdir", &[ROOT, 0x4_0000, 100, 0, RESULT]);
        }
        let mut before = entries.load(Relaxed);
        for _ in 0..3 {
            assert_eq!(guest.try_call("fd_readdir", &[ROOT, 0x4_0000, len, cookie, RESULT]), stopped);
            let now = entries.load(Relaxed);
            assert!(now - before <= 256 && now >= 250, "{before} {now}");
            before = now;
        }
        handle.reset();
        guest.ok("fd_readdir", &[ROOT, 0x4_0000, len, cookie, RESULT]);
        assert_eq!(guest.u32_at(RESULT), if cookie == 0 { 2 * 24 + 3 + 2_000 * 24 + 6_890 } else { 0 });
        assert_eq!(entries.load(Relaxed), 2_000);
        assert_eq!(counted.listings.load(Relaxed), listings);
    }
    // Who begins again begins again.
    guest.ok("fd_readdir", &[ROOT, 0x4_0000, 100, 0, RESULT]);
    assert_eq!(counted.listings.load(Relaxed), 3);
}
