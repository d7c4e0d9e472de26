//! What only the file system in memory has: limits, a clock of one's own, an embedder's conveniences.

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hostel_wasi::abi::{Errno, Fdflags};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::fs::{Directory, File, OpenOptions, Opened, SetTime};

const CREATE: OpenOptions = OpenOptions {
    read: true,
    write: true,
    create: true,
    exclusive: false,
    truncate: false,
    directory: false,
    follow: true,
    flags: Fdflags::empty(),
};

fn file(fs: &MemoryFs, path: &str, options: OpenOptions) -> Box<dyn File> {
    match fs.root().open(path.as_bytes(), &options).unwrap() {
        Opened::File(file) => file,
        Opened::Directory(_) => panic!("{path} is a directory"),
    }
}

fn write(file: &mut dyn File, bytes: &[u8]) -> Result<usize, Errno> {
    file.write(&[IoSlice::new(bytes)])
}

#[test]
fn an_embedders_words() {
    let fs = MemoryFs::new();
    assert_eq!(fs.write_file("a/b", "x"), Err(Errno::Noent));
    fs.create_dir_all("a/b/c").unwrap();
    fs.create_dir_all("/a/b//c/d/").unwrap();
    fs.create_dir_all("/").unwrap();
    fs.write_file("/a/b/file", "one").unwrap();
    fs.write_file("a/b/file", b"2").unwrap();
    assert_eq!(fs.read_file("a/b/file").unwrap(), b"2");
    assert_eq!(fs.clone().read_file("//a/b/../b/file").unwrap(), b"2");
    assert_eq!(fs.create_dir_all("a/b/file"), Err(Errno::Notdir));
    assert_eq!(fs.create_dir_all("a/b/file/x"), Err(Errno::Notdir));
    assert_eq!(fs.write_file("a", "x"), Err(Errno::Isdir));
    assert_eq!(fs.read_file("a"), Err(Errno::Isdir));
    assert_eq!(fs.read_file("../x"), Err(Errno::Perm));
    let large = vec![7; 1_000_000];
    fs.write_file("large", &large).unwrap();
    assert!(fs.read_file("large").unwrap() == large);
    fs.root().symlink(b"a/b", b"link").unwrap();
    fs.create_dir_all("link/c/e").unwrap();
    assert!(fs.root().stat_at(b"a/b/c/e", false).is_ok());
}

#[test]
fn bytes_have_a_limit() {
    let fs = MemoryFs::builder().max_bytes(100_000).build();
    assert_eq!(fs.write_file("large", vec![1; 200_000]), Err(Errno::Nospc));
    let stored = fs.root().stat_at(b"large", true).unwrap().size;
    assert!((99_000..=100_000).contains(&stored), "what fitted is there: {stored}");
    assert!(fs.bytes_used() <= 100_000);
    let used = fs.bytes_used();
    let root = fs.root();
    let long = "n".repeat(200);
    assert_eq!(root.create_directory(long.as_bytes()), Err(Errno::Nospc));
    assert_eq!(root.symlink(long.as_bytes(), b"l"), Err(Errno::Nospc));
    assert_eq!(root.link(b"large", &*root, long.as_bytes()), Err(Errno::Nospc));
    assert_eq!(root.rename(b"large", &*root, long.as_bytes()), Err(Errno::Nospc));
    assert_eq!(root.open(long.as_bytes(), &CREATE).err(), Some(Errno::Nospc));
    assert_eq!((fs.bytes_used(), fs.inodes_used()), (used, 2), "what failed is not charged");
    root.unlink_file(b"large").unwrap();
    assert_eq!((fs.bytes_used(), fs.inodes_used()), (0, 1));
    // A partial transfer is a success; the next one is the failure.
    let mut file = file(&fs, "again", CREATE);
    let (one, two) = (vec![1; 60_000], vec![2; 60_000]);
    let written = file.write(&[IoSlice::new(&one), IoSlice::new(&two)]).unwrap();
    assert!((99_000..100_000).contains(&written));
    assert_eq!(write(&mut *file, b"x"), Err(Errno::Nospc));
    assert_eq!(write(&mut *file, b""), Ok(0));
    assert_eq!(file.write_at(&[IoSlice::new(b"xyz")], 0), Ok(3), "what is stored already can be written over");
    file.set_size(0).unwrap();
    assert_eq!(write(&mut *file, b"x"), Ok(1));
}

#[test]
fn sizes_have_a_limit_and_allocate_nothing() {
    let fs = MemoryFs::new();
    let mut file = file(&fs, "file", CREATE);
    let used = fs.bytes_used();
    for size in [1 << 60, (1 << 44) + 1, i64::MAX as u64] {
        assert_eq!(file.set_size(size), Err(Errno::Fbig));
        assert_eq!(file.allocate(0, size), Err(Errno::Fbig));
        assert_eq!(file.allocate(size - 1, 2), Err(Errno::Fbig));
        assert_eq!(file.write_at(&[IoSlice::new(b"x")], size), Err(Errno::Fbig));
    }
    assert_eq!(file.set_size(u64::MAX), Err(Errno::Inval));
    assert_eq!(file.stat().unwrap().size, 0);
    file.set_size(1 << 44).unwrap();
    assert_eq!(fs.bytes_used(), used, "a hole is free");
    // It ends where files end, far beyond what all files together may store.
    assert_eq!(file.write_at(&[IoSlice::new(b"xyz")], (1 << 44) - 2), Ok(2));
    assert_eq!(file.write_at(&[IoSlice::new(b"x")], 1 << 44), Err(Errno::Fbig));
    let mut bytes = [0; 3];
    assert_eq!(file.read_at(&mut [IoSliceMut::new(&mut bytes)], (1 << 44) - 3), Ok(3));
    assert_eq!(&bytes, b"\0xy");
    assert!(fs.bytes_used() - used < 70_000);
    // The host does not make room for the holes.
    assert_eq!(fs.read_file("file"), Err(Errno::Fbig));
}

/// However deep a tree is, a guest that moves a directory is not away for long.
#[test]
fn moving_in_a_very_deep_tree() {
    let fs = MemoryFs::new();
    let options = OpenOptions { directory: true, ..OpenOptions::default() };
    let root = fs.root();
    let mut directories = vec![root.clone()];
    for level in 0..=MemoryFs::LEVELS_MAX {
        directories[level].create_directory(b"d").unwrap();
        let Opened::Directory(next) = directories[level].open(b"d", &options).unwrap() else { panic!() };
        directories.push(next);
    }
    root.create_directory(b"moved").unwrap();
    let [.., last_but_two, last_but_one, last] = &directories[..] else { panic!() };
    assert_eq!(root.rename(b"moved", &**last, b"here"), Err(Errno::Nametoolong));
    assert_eq!(root.rename(b"moved", &**last_but_one, b"here"), Err(Errno::Nametoolong));
    assert_eq!(root.rename(b"moved", &**last_but_two, b"here"), Ok(()));
    // Where it is found on the way up, and for files, the depth does not matter.
    assert_eq!(last_but_one.rename(b"d", &**last, b"inside"), Err(Errno::Inval));
    fs.write_file("file", "x").unwrap();
    assert_eq!(root.rename(b"file", &**last, b"file"), Ok(()));
    assert_eq!(last.stat_at(b"file", false).map(|stat| stat.size), Ok(1));
}

#[test]
fn one_byte_per_chunk_is_not_free() {
    let fs = MemoryFs::builder().max_bytes(1 << 20).max_inodes(3).build();
    let mut pieces = 0;
    'files: for name in ["a", "b"] {
        let mut file = file(&fs, name, CREATE);
        for at in (0..1 << 20).step_by(64 << 10) {
            match file.write_at(&[IoSlice::new(b"x")], at) {
                Ok(_) => pieces += 1,
                Err(_) => break 'files,
            }
        }
    }
    assert!(fs.bytes_used() >= pieces * 64, "{pieces} {fs:?}");
}

#[test]
fn inodes_have_a_limit() {
    let fs = MemoryFs::builder().max_inodes(4).build();
    let root = fs.root();
    fs.write_file("file", "").unwrap();
    root.create_directory(b"dir").unwrap();
    root.symlink(b"x", b"link").unwrap();
    let used = fs.bytes_used();
    assert_eq!(fs.write_file("more", ""), Err(Errno::Nospc));
    assert_eq!(root.create_directory(b"more"), Err(Errno::Nospc));
    assert_eq!(root.symlink(b"x", b"more"), Err(Errno::Nospc));
    root.link(b"file", &*root, b"twin").unwrap();
    root.unlink_file(b"twin").unwrap();
    assert_eq!((fs.bytes_used(), fs.inodes_used()), (used, 4));
    // An open file keeps its inode and bytes after the last name is gone.
    let mut open = file(&fs, "file", CREATE);
    write(&mut *open, &[1; 1000]).unwrap();
    root.unlink_file(b"file").unwrap();
    assert_eq!(fs.write_file("more", ""), Err(Errno::Nospc));
    assert!(fs.bytes_used() > used + 1000);
    drop(open);
    fs.write_file("more", "").unwrap();
    assert_eq!(fs.bytes_used(), used, "one empty file is as another");
    // The root is there whatever the limit says.
    let none = MemoryFs::builder().max_inodes(0).max_bytes(0).build();
    assert_eq!(none.write_file("x", ""), Err(Errno::Nospc));
    assert!(none.root().stat().is_ok());
}

#[test]
fn the_clock_is_the_embedders() {
    let ticks = Arc::new(AtomicU64::new(1000));
    let clock = Arc::clone(&ticks);
    let fs = MemoryFs::builder().clock(move || clock.fetch_add(1, Ordering::Relaxed)).build();
    assert_eq!(fs.root().stat().unwrap().mtim, 1000);
    let mut file = file(&fs, "file", CREATE);
    let made = file.stat().unwrap();
    assert_eq!((made.atim, made.mtim, made.ctim), (1001, 1001, 1001));
    write(&mut *file, b"123").unwrap();
    let stat = file.stat().unwrap();
    assert_eq!((stat.atim, stat.mtim, stat.ctim), (1001, 1002, 1002));
    let mut bytes = [0; 3];
    for _ in 0..3 {
        // As `relatime` has it: the first reading since the last change is noted.
        file.read_at(&mut [IoSliceMut::new(&mut bytes)], 0).unwrap();
        let stat = file.stat().unwrap();
        assert_eq!((stat.atim, stat.mtim, stat.ctim), (1003, 1002, 1002));
    }
    file.set_times(SetTime::At(5), SetTime::Keep).unwrap();
    let stat = file.stat().unwrap();
    assert_eq!((stat.atim, stat.mtim, stat.ctim), (5, 1002, 1004));
}

#[test]
fn listings_are_sorted() {
    let fs = MemoryFs::new();
    for name in ["b", "c", "a", "B", "ab"] {
        fs.write_file(name, "").unwrap();
    }
    let names = |fs: &MemoryFs| fs.root().entries().unwrap().map(|entry| entry.unwrap().name).collect::<Vec<_>>();
    assert_eq!(names(&fs), [&b"B"[..], b"a", b"ab", b"b", b"c"]);
    assert_ne!(fs.root().stat().unwrap().dev, MemoryFs::new().root().stat().unwrap().dev);
}

#[test]
fn link_counts_of_directories() {
    let fs = MemoryFs::new();
    let nlink = |path: &str| fs.root().stat_at(path.as_bytes(), false).unwrap().nlink;
    assert_eq!(nlink("."), 2);
    fs.create_dir_all("a/b").unwrap();
    fs.create_dir_all("c").unwrap();
    assert_eq!((nlink("."), nlink("a"), nlink("a/b"), nlink("c")), (4, 3, 2, 2));
    let root = fs.root();
    root.rename(b"a/b", &*root, b"c").unwrap();
    assert_eq!((nlink("."), nlink("a"), nlink("c")), (4, 2, 2));
    root.rename(b"c", &*root, b"a/x").unwrap();
    assert_eq!((nlink("."), nlink("a")), (3, 3));
    root.remove_directory(b"a/x").unwrap();
    root.remove_directory(b"a").unwrap();
    assert_eq!(nlink("."), 2);
    assert_eq!(fs.bytes_used(), 0);
}

#[test]
fn appends_from_threads_are_whole() {
    let fs = MemoryFs::new();
    fs.write_file("log", "").unwrap();
    std::thread::scope(|scope| {
        for letter in [b'a', b'b', b'c', b'd'] {
            let fs = fs.clone();
            scope.spawn(move || {
                let mut file = file(&fs, "log", OpenOptions { flags: Fdflags::APPEND, ..CREATE });
                for _ in 0..500 {
                    assert_eq!(file.write(&[IoSlice::new(&[letter; 3]), IoSlice::new(&[letter; 4])]), Ok(7));
                }
            });
        }
    });
    let log = fs.read_file("log").unwrap();
    assert_eq!(log.len(), 4 * 500 * 7);
    assert!(log.chunks(7).all(|line| line.iter().all(|byte| byte == &line[0])));
}

#[test]
fn depth_is_no_danger() {
    let fs = MemoryFs::new();
    let mut here: Arc<dyn Directory> = fs.root();
    for _ in 0..100_000 {
        here.create_directory(b"d").unwrap();
        let Opened::Directory(next) =
            here.open(b"d", &OpenOptions { directory: true, ..OpenOptions::default() }).unwrap()
        else {
            panic!()
        };
        here = next;
    }
    assert_eq!(here.rename(b".", &*here, b"x"), Err(Errno::Busy));
    assert_eq!(fs.root().rename(b"d", &*here, b"x"), Err(Errno::Nametoolong));
    drop(here);
    drop(fs);
}
