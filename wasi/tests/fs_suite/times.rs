//! Times: set and read back to the nanosecond.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hostel_wasi::abi::{Errno, Filestat};
use hostel_wasi::fs::SetTime;

use crate::kit::*;

/// Odd to the nanosecond, before and after 2001.
const EARLY: u64 = 123_456_789_987_654_321;
const LATE: u64 = 1_999_999_999_000_000_007;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64
}

/// Longer than a tick of the clock that hosts give to files.
fn pause() {
    std::thread::sleep(Duration::from_millis(30));
}

fn times(stat: Filestat) -> (u64, u64) {
    (stat.atim, stat.mtim)
}

pub fn set_on_files(fs: &Fixture) {
    fs.put("file", "1");
    let mut file = fs.file("file", READ);
    file.set_times(SetTime::At(EARLY), SetTime::At(LATE)).unwrap();
    assert_eq!(times(file.stat().unwrap()), (EARLY, LATE));
    assert_eq!(times(fs.stat_at(b"file", true).unwrap()), (EARLY, LATE));
    file.set_times(SetTime::Keep, SetTime::At(EARLY)).unwrap();
    assert_eq!(times(file.stat().unwrap()), (EARLY, EARLY));
    file.set_times(SetTime::At(0), SetTime::Keep).unwrap();
    assert_eq!(times(file.stat().unwrap()), (0, EARLY));
    fs.mkdir("dir");
    let dir = fs.directory("dir");
    dir.set_times(SetTime::At(LATE), SetTime::At(EARLY)).unwrap();
    assert_eq!(times(dir.stat().unwrap()), (LATE, EARLY));
}

pub fn set_through_paths(fs: &Fixture) {
    fs.put("file", "1");
    fs.mkdir("dir");
    fs.put("dir/inner", "1");
    fs.link_to("dir", "to-dir");
    for path in ["file", "dir", "dir/inner", "to-dir/inner", "dir/", "to-dir/", "dir/.", ".", "dir/.."] {
        for follow in [true, false] {
            for (accessed, modified) in [(EARLY, LATE), (LATE, EARLY)] {
                fs.set_times_at(path.as_bytes(), follow, SetTime::At(accessed), SetTime::At(modified)).unwrap();
                assert_eq!(times(fs.stat_at(path.as_bytes(), true).unwrap()), (accessed, modified), "{path}");
            }
        }
    }
    assert_ne!(times(fs.stat_at(b"to-dir", false).unwrap()), (LATE, EARLY));
    fs.link_to("loop", "loop");
    for (path, expected) in [
        ("missing", Errno::Noent),
        ("missing/x", Errno::Noent),
        ("file/", Errno::Notdir),
        ("file/x", Errno::Notdir),
        ("loop", Errno::Loop),
        ("..", Errno::Perm),
        ("../secret", Errno::Perm),
    ] {
        assert_eq!(fs.set_times_at(path.as_bytes(), true, SetTime::Now, SetTime::Now), Err(expected), "{path}");
    }
}

pub fn set_on_links(fs: &Fixture) {
    fs.put("file", "1");
    fs.mkdir("dir");
    for (target, path) in [("file", "link"), ("nowhere", "dangling"), ("../file", "dir/link"), ("loop", "loop")] {
        fs.link_to(target, path);
        let before = times(fs.stat_at(b"file", true).unwrap());
        fs.set_times_at(path.as_bytes(), false, SetTime::At(EARLY), SetTime::At(LATE)).unwrap();
        assert_eq!(times(fs.stat_at(path.as_bytes(), false).unwrap()), (EARLY, LATE), "{path}");
        assert_eq!(times(fs.stat_at(b"file", true).unwrap()), before, "{path}");
    }
    fs.set_times_at(b"dir/link", true, SetTime::At(LATE), SetTime::At(LATE)).unwrap();
    assert_eq!(times(fs.stat_at(b"file", true).unwrap()), (LATE, LATE));
    assert_eq!(times(fs.stat_at(b"dir/link", false).unwrap()).1, LATE);
    assert_eq!(fs.set_times_at(b"dangling", true, SetTime::Now, SetTime::Now), Err(Errno::Noent));
}

pub fn changes_move_times(fs: &Fixture) {
    fs.put("file", "1");
    fs.mkdir("dir");
    let old = |path: &str| {
        fs.set_times_at(path.as_bytes(), false, SetTime::At(EARLY), SetTime::At(EARLY)).unwrap();
    };
    let mtim = |path: &str| fs.stat_at(path.as_bytes(), false).unwrap().mtim;
    let changes: [(&str, &dyn Fn()); 12] = [
        ("file", &|| assert_eq!(write(&mut *fs.file("file", BOTH), b"2"), Ok(1))),
        ("file", &|| assert_eq!(fs.file("file", BOTH).set_size(5), Ok(5))),
        ("file", &|| drop(fs.file("file", hostel_wasi::fs::OpenOptions { truncate: true, ..BOTH }))),
        ("dir", &|| fs.put("dir/new", "1")),
        ("dir", &|| fs.mkdir("dir/sub")),
        ("dir", &|| fs.link_to("x", "dir/link")),
        ("dir", &|| fs.link(b"file", &*fs.root, b"dir/hard").unwrap()),
        ("dir", &|| fs.rename(b"dir/new", &*fs.root, b"dir/newer").unwrap()),
        ("dir", &|| fs.rename(b"dir/newer", &*fs.root, b"out").unwrap()),
        ("dir", &|| fs.rename(b"out", &*fs.root, b"dir/back").unwrap()),
        ("dir", &|| fs.unlink_file(b"dir/back").unwrap()),
        ("dir", &|| fs.remove_directory(b"dir/sub").unwrap()),
    ];
    for (number, (path, change)) in changes.into_iter().enumerate() {
        old(path);
        change();
        assert!(mtim(path) > EARLY, "change {number}");
    }
    old("file");
    old("dir");
    fs.directory("dir").names();
    assert_eq!(read(&mut *fs.file("file", READ), 1).map(|_| ()), Ok(()));
    assert_eq!((mtim("file"), mtim("dir")), (EARLY, EARLY), "reading changes nothing");
    let before = fs.stat_at(b"file", false).unwrap().ctim;
    pause();
    fs.link(b"file", &*fs.root, b"twin").unwrap();
    let after = fs.stat_at(b"file", false).unwrap();
    assert!(after.ctim > before);
    assert_eq!(after.mtim, EARLY, "a name more is no change of the data");
}

pub fn keep_is_nothing(fs: &Fixture) {
    fs.put("file", "1");
    let mut file = fs.file("file", BOTH);
    file.set_times(SetTime::At(EARLY), SetTime::At(LATE)).unwrap();
    let before = file.stat().unwrap();
    pause();
    file.set_times(SetTime::Keep, SetTime::Keep).unwrap();
    fs.set_times_at(b"file", true, SetTime::Keep, SetTime::Keep).unwrap();
    assert_eq!(file.stat().unwrap(), before);
}

pub fn now_is_now(fs: &Fixture) {
    fs.put("file", "1");
    let mut file = fs.file("file", BOTH);
    file.set_times(SetTime::At(EARLY), SetTime::At(EARLY)).unwrap();
    // The clock of files may be a tick behind.
    let before = now() - 20_000_000;
    file.set_times(SetTime::Now, SetTime::Keep).unwrap();
    let stat = file.stat().unwrap();
    assert!((before..=now()).contains(&stat.atim), "{before} {stat:?}");
    assert_eq!(stat.mtim, EARLY);
    fs.set_times_at(b"file", false, SetTime::Keep, SetTime::Now).unwrap();
    let stat = file.stat().unwrap();
    assert!((before..=now()).contains(&stat.mtim), "{before} {stat:?}");
    assert!((before..=now()).contains(&stat.ctim), "{before} {stat:?}");
}
