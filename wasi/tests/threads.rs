//! What threads share: a file system in memory, captured output, virtual clocks, a handle. Much of it for the thread
//! sanitizer's eyes, the rest for the books.

mod kit;

use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use hostel_wasi::abi::{Clockid, Errno, Fdflags, Filetype};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::fs::{Directory, File, OpenOptions, Opened, SetTime};
use hostel_wasi::{Canceled, Capture, Clocks, Ended, Perms, VirtualClocks, WasiCtx};
use kit::numbers::Numbers;
use kit::*;

/// Bytes that are written together, all the same; the length divides no power of two.
const LINE: usize = 7;
/// More than is given back at once when it is removed.
const MANY: usize = LINE * (200 << 10);

fn files(create: bool) -> OpenOptions {
    OpenOptions { read: true, write: true, create, follow: true, flags: Fdflags::APPEND, ..OpenOptions::default() }
}

/// Everything that can be done to a file, on few names that may be files, directories, links or nothing.
fn change(root: &dyn Directory, numbers: &mut Numbers, letter: u8) -> Result<(), Errno> {
    let mut path = || {
        let depth = [1, 1, 1, 2, 2, 3][numbers.below(6) as usize];
        (0..depth).map(|_| ["a", "b", "c"][numbers.below(3) as usize]).collect::<Vec<_>>().join("/").into_bytes()
    };
    let (path, other) = (path(), path());
    let open = |create| match root.open(&path, &files(create))? {
        Opened::File(file) => Ok::<_, Errno>(file),
        Opened::Directory(_) => panic!("a directory was opened to be written"),
    };
    match numbers.below(64) {
        0..12 => {
            assert_eq!(open(true)?.write(&[IoSlice::new(&[letter; 3]), IoSlice::new(&[letter; LINE - 3])]), Ok(LINE))
        }
        12 => assert_eq!(open(true)?.write(&[IoSlice::new(&vec![letter; MANY])]), Ok(MANY)),
        13..18 => {
            let mut file = open(false)?;
            let lines = file.stat()?.size / LINE as u64;
            file.set_size(lines / 2 * LINE as u64)?;
            file.allocate(0, LINE as u64 * 3)?;
        }
        18..26 => whole_lines(&mut *open(false)?),
        26..32 => root.unlink_file(&path)?,
        32..36 => root.remove_directory(&path)?,
        36..42 => root.create_directory(&path)?,
        42..50 => root.rename(&path, root, &other)?,
        50..54 => root.link(&path, root, &other)?,
        54..56 => root.symlink(b"../a", &path)?,
        56..58 => root.set_times_at(&path, false, SetTime::Now, SetTime::At(5))?,
        58..60 => assert!(root.stat_at(&path, false)?.nlink < 100),
        _ => {
            let options = OpenOptions { directory: true, follow: true, ..OpenOptions::default() };
            let Opened::Directory(directory) = root.open(&path, &options)? else { panic!("{path:?} is a file") };
            let names: Vec<_> = directory.entries()?.map(|entry| entry.unwrap().name).collect();
            assert!(names.is_sorted() && names.len() <= 3, "{names:?}");
        }
    }
    Ok(())
}

/// What was written together is read together, whatever else is done to the file meanwhile.
fn whole_lines(file: &mut dyn File) {
    let mut bytes = vec![0; 64 * LINE];
    let count = file.read_at(&mut [IoSliceMut::new(&mut bytes)], 0).unwrap();
    assert_eq!(count % LINE, 0);
    assert!(bytes[..count].chunks(LINE).all(|line| line.iter().all(|byte| *byte == line[0])));
}

/// Counts each inode's names below `directory`, and looks at the counts of directories.
fn survey(directory: &dyn Directory, names: &mut BTreeMap<u64, (u64, u64)>) {
    let mut directories = 0;
    for entry in directory.entries().unwrap() {
        let entry = entry.unwrap();
        let stat = directory.stat_at(&entry.name, false).unwrap();
        assert_eq!((stat.ino, stat.filetype), (entry.ino, entry.filetype));
        if entry.filetype == Filetype::Directory {
            directories += 1;
            let options = OpenOptions { directory: true, ..OpenOptions::default() };
            let Opened::Directory(below) = directory.open(&entry.name, &options).unwrap() else { panic!() };
            survey(&*below, names);
        } else {
            names.entry(stat.ino).or_insert((stat.nlink, 0)).1 += 1;
        }
    }
    let stat = directory.stat().unwrap();
    assert_eq!(stat.nlink, 2 + directories);
    assert_eq!(names.insert(stat.ino, (1, 1)), None, "a directory has one name");
}

fn empty(directory: &dyn Directory) {
    for entry in directory.entries().unwrap() {
        let entry = entry.unwrap();
        if entry.filetype == Filetype::Directory {
            let options = OpenOptions { directory: true, ..OpenOptions::default() };
            let Opened::Directory(below) = directory.open(&entry.name, &options).unwrap() else { panic!() };
            empty(&*below);
            directory.remove_directory(&entry.name).unwrap();
        } else {
            directory.unlink_file(&entry.name).unwrap();
        }
    }
}

#[test]
fn the_books_of_a_file_system_balance() {
    let inodes = 16;
    let fs = MemoryFs::builder().max_inodes(inodes).build();
    thread::scope(|scope| {
        for letter in b"wxyz" {
            let root = fs.root();
            scope.spawn(move || {
                let mut numbers = Numbers::Seed((*letter).into());
                let mut done = 0;
                for _ in 0..3000 {
                    match change(&*root, &mut numbers, *letter) {
                        Ok(()) => done += 1,
                        Err(errno) => assert!(
                            [
                                Errno::Noent,
                                Errno::Exist,
                                Errno::Notdir,
                                Errno::Isdir,
                                Errno::Notempty,
                                Errno::Inval,
                                Errno::Perm,
                                Errno::Loop,
                                Errno::Nospc,
                            ]
                            .contains(&errno),
                            "{errno:?}"
                        ),
                    }
                }
                assert!(done > 100, "few changes came about: {done}");
            });
        }
    });
    let mut names = BTreeMap::new();
    survey(&*fs.root(), &mut names);
    assert!(names.values().all(|(told, found)| told == found), "{names:?}");
    assert_eq!(fs.inodes_used(), names.len() as u64);
    assert!(names.len() as u64 <= inodes);
    empty(&*fs.root());
    assert_eq!((fs.bytes_used(), fs.inodes_used()), (0, 1));
}

#[test]
fn guests_share_a_directory_captured_output_and_a_clock() {
    let fs = MemoryFs::new();
    let (out, clocks) = (Capture::with_limit(1 << 20), VirtualClocks::new());
    thread::scope(|scope| {
        for letter in b"wxyz" {
            let builder = WasiCtx::builder().stdout(out.clone()).clocks(clocks.clone());
            let builder = builder.in_memory_dir(&fs, "/", Perms::READ_WRITE);
            scope.spawn(move || {
                let mut guest = guest(builder);
                let log = guest.try_open(ROOT, "log", CREAT, ALL).unwrap();
                guest.ok("fd_fdstat_set_flags", &[log, APPEND]);
                let mut last = 0;
                for _ in 0..200 {
                    assert_eq!(guest.write(1, &[*letter; LINE]), Ok(LINE as u32));
                    assert_eq!(guest.write(log, &[*letter; LINE]), Ok(LINE as u32));
                    guest.ok("clock_time_get", &[1, 0, DATA]);
                    assert!(guest.u64_at(DATA) > last, "each look is later");
                    last = guest.u64_at(DATA);
                }
            });
        }
    });
    assert_eq!(clocks.now(Clockid::Monotonic), Ok((4 * 200 + 1) * VirtualClocks::STEP));
    for text in [out.take(), fs.read_file("log").unwrap()] {
        assert_eq!(text.len(), 4 * 200 * LINE);
        for letter in b"wxyz" {
            assert_eq!(text.chunks(LINE).filter(|line| line.iter().all(|byte| byte == letter)).count(), 200);
        }
    }
}

/// Requests and their withdrawal come from several sides while the guest sleeps; the last one counts.
#[test]
fn a_handle_in_many_hands() {
    let mut guest = guest(WasiCtx::builder());
    let handle = guest.ctx.cancel_handle().unwrap();
    let over = AtomicBool::new(false);
    let mut sleep = |span: u64| {
        let mut subscription = [0; 48];
        subscription[16] = 1;
        subscription[24..32].copy_from_slice(&span.to_le_bytes());
        guest.put(DATA, &subscription);
        guest.try_call("poll_oneoff", &[DATA, DATA + 0x100, 1, RESULT])
    };
    thread::scope(|scope| {
        for reset in [false, false, true, true] {
            let (handle, over) = (handle.clone(), &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    if reset {
                        handle.reset()
                    } else {
                        handle.cancel()
                    }
                    thread::sleep(Duration::from_micros(50));
                }
            });
        }
        for _ in 0..500 {
            let slept = sleep(20_000);
            assert!(matches!(slept, Ok(0) | Err(Ended::Canceled(Canceled::ByHandle))), "{slept:?}");
        }
        over.store(true, Ordering::Relaxed);
    });
    handle.cancel();
    assert_eq!(sleep(3_600_000_000_000), Err(Ended::Canceled(Canceled::ByHandle)));
    handle.reset();
    assert_eq!(sleep(1000), Ok(0));
}
