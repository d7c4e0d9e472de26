//! What only the host has: FIFOs, devices, pipes, descriptors from outside, and the price of it all in system calls.
#![cfg(unix)]

use std::io::{IoSlice, IoSliceMut, Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use hostel_wasi::abi::{Errno, Fdflags, Filetype};
use hostel_wasi::fs::host::{HostDirectory, HostFile};
use hostel_wasi::fs::{Directory, File, OpenOptions, Opened, SetTime};
use rustix::fs::{CWD, Mode, OFlags, fcntl_getfl, mkfifoat};

fn options(read: bool, write: bool, flags: Fdflags) -> OpenOptions {
    OpenOptions { read, write, flags, follow: true, ..OpenOptions::default() }
}

fn open(dir: &dyn Directory, path: &str, options: OpenOptions) -> Result<Box<dyn File>, Errno> {
    match dir.open(path.as_bytes(), &options)? {
        Opened::File(file) => Ok(file),
        Opened::Directory(_) => panic!("{path} is a directory"),
    }
}

fn read(file: &mut dyn File, len: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; len];
    let count = file.read(&mut [IoSliceMut::new(&mut bytes)])?;
    bytes.truncate(count);
    Ok(bytes)
}

fn write(file: &mut dyn File, bytes: &[u8]) -> Result<usize, Errno> {
    file.write(&[IoSlice::new(bytes)])
}

/// Fails instead of hanging.
fn within_seconds<R: Send + 'static>(what: &str, act: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(act()));
    receiver.recv_timeout(Duration::from_secs(20)).unwrap_or_else(|_| panic!("{what} hangs"))
}

fn nonblocking(file: &dyn File) -> bool {
    fcntl_getfl(file.pollable().unwrap()).unwrap().contains(OFlags::NONBLOCK)
}

#[test]
fn fifos_do_not_block_the_open() {
    let temporary = tempfile::tempdir().unwrap();
    mkfifoat(CWD, temporary.path().join("fifo"), Mode::RUSR | Mode::WUSR).unwrap();
    let root = HostDirectory::open_ambient(temporary.path()).unwrap();
    root.symlink(b"fifo", b"link").unwrap();
    within_seconds("a FIFO", move || {
        for path in ["fifo", "link"] {
            let alone = open(&root, path, options(false, true, Fdflags::empty()));
            assert_eq!(alone.err(), Some(Errno::Nxio), "nobody reads");
            let mut reader = open(&root, path, options(true, false, Fdflags::empty())).unwrap();
            assert_eq!(read(&mut *reader, 1), Ok(vec![]), "nobody writes");
            assert!(nonblocking(&*reader), "whoever reads does the waiting");
            let mut writer = open(&root, path, options(false, true, Fdflags::NONBLOCK)).unwrap();
            assert!(nonblocking(&*writer));
            assert_eq!((reader.filetype(), writer.filetype()), (Filetype::Unknown, Filetype::Unknown));
            assert_eq!(reader.bytes_readable(), Ok(None));
            assert_eq!(write(&mut *writer, b"123"), Ok(3));
            assert_eq!(reader.bytes_readable(), Ok(Some(3)));
            assert_eq!(read(&mut *reader, 9).unwrap(), b"123");
            reader.set_flags(Fdflags::NONBLOCK).unwrap();
            assert_eq!(read(&mut *reader, 9), Err(Errno::Again));
            while write(&mut *writer, &[0; 4096]).is_ok() {}
            assert_eq!(write(&mut *writer, &[0; 4096]), Err(Errno::Again));
            assert_eq!(reader.seek(std::io::SeekFrom::Start(0)), Err(Errno::Spipe));
            assert_eq!(writer.write_at(&[IoSlice::new(b"x")], 0), Err(Errno::Spipe));
            assert_eq!(writer.allocate(0, 1), Err(Errno::Spipe));
            drop(reader);
            assert_eq!(write(&mut *writer, b"x"), Err(Errno::Pipe));
            // Neither its status nor its times need it opened.
            assert_eq!(root.stat_at(path.as_bytes(), true).unwrap().filetype, Filetype::Unknown);
            root.set_times_at(path.as_bytes(), true, SetTime::Now, SetTime::At(7)).unwrap();
            assert_eq!(root.stat_at(b"fifo", true).unwrap().mtim, 7);
        }
        let directory = OpenOptions { directory: true, follow: true, ..OpenOptions::default() };
        assert_eq!(root.open(b"fifo", &directory).err(), Some(Errno::Notdir));
        assert_eq!(root.open(b"fifo/", &directory).err(), Some(Errno::Notdir));
    });
}

#[test]
fn devices_are_what_they_are() {
    let dev = HostDirectory::open_ambient("/dev").unwrap();
    let mut null = open(&dev, "null", options(true, true, Fdflags::empty())).unwrap();
    assert_eq!(null.filetype(), Filetype::CharacterDevice);
    assert_eq!(null.stat().unwrap().filetype, Filetype::CharacterDevice);
    assert!(nonblocking(&*null));
    assert_eq!(write(&mut *null, b"123"), Ok(3));
    assert_eq!(read(&mut *null, 3), Ok(vec![]));
    assert_eq!(null.seek(std::io::SeekFrom::Current(0)), Err(Errno::Spipe), "not to be taken for a file");
    assert_eq!(null.set_size(0), Err(Errno::Inval));
    assert_eq!(dev.stat_at(b"null", true).unwrap().filetype, Filetype::CharacterDevice);
    let entry = dev.entries().unwrap().map(|entry| entry.unwrap()).find(|entry| entry.name == b"null").unwrap();
    assert_eq!(entry.filetype, Filetype::CharacterDevice);
}

#[test]
fn sockets_are_not_opened() {
    let temporary = tempfile::tempdir().unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(temporary.path().join("socket")).unwrap();
    let root = HostDirectory::open_ambient(temporary.path()).unwrap();
    assert_eq!(open(&root, "socket", options(true, false, Fdflags::empty())).err(), Some(Errno::Nxio));
    assert_eq!(root.stat_at(b"socket", true).unwrap().filetype, Filetype::SocketStream);
}

#[test]
fn ambient_paths() {
    let temporary = tempfile::tempdir().unwrap();
    std::fs::write(temporary.path().join("file"), "1").unwrap();
    let missing = HostDirectory::open_ambient(temporary.path().join("missing")).unwrap_err();
    assert_eq!(missing.kind(), std::io::ErrorKind::NotFound);
    let file = HostDirectory::open_ambient(temporary.path().join("file")).unwrap_err();
    assert_eq!(file.kind(), std::io::ErrorKind::NotADirectory);
}

/// cap-std opens directories with `O_PATH`, which not every call takes.
#[test]
fn a_directory_from_cap_std_can_do_all_that_others_can() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = cap_std::fs::Dir::open_ambient_dir(temporary.path(), cap_std::ambient_authority()).unwrap();
    let root = HostDirectory::from_cap(dir);
    root.create_directory(b"dir").unwrap();
    assert_eq!(root.entries().unwrap().count(), 1);
    root.set_times(SetTime::At(1), SetTime::At(2)).unwrap();
    assert_eq!(root.stat().unwrap().mtim, 2);
    root.sync(true).unwrap();
    root.sync(false).unwrap();
    root.rename(b"dir", &root, b"moved").unwrap();
    assert_eq!(root.stat_at(b"moved", true).unwrap().filetype, Filetype::Directory);
}

#[test]
fn files_from_outside() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"12345").unwrap();
    file.rewind().unwrap();
    let mut ours = HostFile::from_std(file.try_clone().unwrap());
    assert_eq!((ours.filetype(), ours.flags()), (Filetype::RegularFile, Fdflags::empty()));
    assert!(ours.pollable().is_none());
    assert_eq!(read(&mut ours, 2).unwrap(), b"12");
    ours.set_flags(Fdflags::APPEND | Fdflags::NONBLOCK).unwrap();
    assert_eq!(write(&mut ours, b"6"), Ok(1));
    assert!(!fcntl_getfl(&file).unwrap().intersects(OFlags::APPEND | OFlags::NONBLOCK), "shared flags are let be");
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "123456");
}

#[test]
fn appending_files_from_outside() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("log");
    std::fs::write(&path, "12345").unwrap();
    let file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    let mut ours = HostFile::from_std(file);
    assert_eq!(ours.flags(), Fdflags::APPEND);
    assert_eq!(write(&mut ours, b"6"), Ok(1));
    assert_eq!(ours.write_at(&[IoSlice::new(b"X")], 0), Ok(1));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "X23456");
}

#[test]
fn pipes_from_outside() {
    let (reader, writer) = std::io::pipe().unwrap();
    let shared = reader.try_clone().unwrap();
    let mut reader = HostFile::from_fd(OwnedFd::from(reader));
    let mut writer = HostFile::from_fd(OwnedFd::from(writer));
    assert_eq!(reader.filetype(), Filetype::Unknown);
    assert!(reader.pollable().is_some());
    assert_eq!(writer.write(&[IoSlice::new(b"ab"), IoSlice::new(b"c")]), Ok(3));
    assert_eq!(reader.bytes_readable(), Ok(Some(3)));
    assert_eq!(read(&mut reader, 9).unwrap(), b"abc");
    assert_eq!(read(&mut writer, 1), Err(Errno::Badf));
    assert_eq!(write(&mut reader, b"x"), Err(Errno::Badf));
    // Files never wait, and flags that other processes may share are let be.
    assert_eq!(read(&mut reader, 9), Err(Errno::Again));
    reader.set_flags(Fdflags::NONBLOCK).unwrap();
    assert_eq!(read(&mut reader, 9), Err(Errno::Again));
    let room = std::iter::from_fn(|| write(&mut writer, &[0; 5000]).ok()).sum::<usize>();
    assert_eq!((write(&mut writer, b"x"), rustix::io::ioctl_fionread(&shared)), (Err(Errno::Again), Ok(room as u64)));
    assert!(!fcntl_getfl(&shared).unwrap().contains(OFlags::NONBLOCK));
    drop((reader, shared));
    assert_eq!(write(&mut writer, b"x"), Err(Errno::Pipe));
}

#[test]
fn sockets_from_outside() {
    let (one, two) = std::os::unix::net::UnixStream::pair().unwrap();
    let (mut one, mut two) = (HostFile::from_fd(one.into()), HostFile::from_fd(two.into()));
    assert_eq!(one.filetype(), Filetype::SocketStream);
    assert_eq!(write(&mut one, b"123"), Ok(3));
    assert_eq!(read(&mut two, 9).unwrap(), b"123");
    drop(two);
    assert_eq!(write(&mut one, b"1"), Err(Errno::Pipe));
    assert!(one.pollable().unwrap().as_fd().try_clone_to_owned().is_ok());
}

#[test]
fn descriptors_are_given_back() {
    let temporary = tempfile::tempdir().unwrap();
    let root = HostDirectory::open_ambient(temporary.path()).unwrap();
    root.create_directory(b"dir").unwrap();
    root.symlink(b"loop", b"loop").unwrap();
    std::fs::write(temporary.path().join("dir/file"), "1").unwrap();
    let inside = |path: &Path| {
        std::fs::read_dir("/proc/self/fd").map(|fds| {
            fds.filter(|fd| std::fs::read_link(fd.as_ref().unwrap().path()).is_ok_and(|to| to.starts_with(path)))
                .count()
        })
    };
    let Ok(before) = inside(temporary.path()) else { return };
    for path in ["dir", "dir/", "dir/file", "dir/file/", "dir/missing", "loop", "dir/..", "dir/../..", "dir/file/x"] {
        for bits in 0..128 {
            let options = OpenOptions {
                read: bits & 1 != 0,
                write: bits & 2 != 0,
                create: bits & 4 != 0,
                exclusive: bits & 8 != 0,
                truncate: bits & 16 != 0,
                directory: bits & 32 != 0,
                follow: bits & 64 != 0,
                flags: Fdflags::empty(),
            };
            let _ = root.open(path.as_bytes(), &options);
            let _ = root.unlink_file(b"dir/missing");
        }
        let _ = root.stat_at(path.as_bytes(), true);
        let _ = root.set_times_at(path.as_bytes(), true, SetTime::Now, SetTime::Now);
        let _ = root.read_link(path.as_bytes());
        let _ = root.link(path.as_bytes(), &root, b"dir/file");
        let _ = root.rename(path.as_bytes(), &root, b"dir");
    }
    let mut listing = root.entries().unwrap();
    while listing.next().is_some() {}
    assert_eq!(inside(temporary.path()).unwrap(), before, "a listing at its end holds no descriptor");
}

/// The operations whose system calls are counted, each between two calls that mark it.
#[cfg(target_os = "linux")]
mod system_calls {
    use super::*;

    const VARIABLE: &str = "HOSTEL_FS_COUNTED";
    const MARK: &str = "hostel-mark-";

    fn done<R>(result: Result<R, Errno>) {
        assert!(result.is_ok());
    }

    fn mark(name: &str) {
        let _ = rustix::fs::access(format!("{MARK}{name}"), rustix::fs::Access::EXISTS);
    }

    /// What each operation may cost. Closing is counted too.
    const EXPECTED: &[(&str, &str)] = &[
        ("open a file", "openat2 fstat close"),
        ("open a file three levels down", "openat2 fstat close"),
        ("create a file", "openat2 close"),
        ("open a directory", "openat2 close"),
        ("open what turns out to be a directory", "openat2 fstat close"),
        ("open what is missing", "openat2"),
        ("stat", "fstat"),
        ("stat a name", "newfstatat"),
        ("stat a path", "openat2 fstat close"),
        ("stat through a link", "newfstatat openat2 fstat close"),
        ("set times of a name", "utimensat"),
        ("set times of a path", "openat2 utimensat close"),
        ("create a directory", "mkdirat"),
        ("rename", "renameat"),
        ("remove a directory", "unlinkat"),
        ("unlink", "unlinkat"),
        ("unlink a path", "openat2 unlinkat close"),
        ("symlink", "symlinkat"),
        ("read link", "readlinkat"),
        ("link", "linkat"),
        ("list", "openat getdents64 getdents64 close"),
        ("read", "read"),
        ("read into two", "readv"),
        ("write", "write"),
        ("write two", "writev"),
        ("read at", "pread64"),
        ("write two at", "pwritev"),
        ("append", "pwritev2"),
        ("write at, appending", "pwritev2"),
        ("seek", "lseek"),
        ("set flags", ""),
        ("set size", "fstat ftruncate"),
        ("allocate", "fallocate"),
        ("advise", "fadvise64"),
        ("set times", "utimensat"),
        ("sync", "fdatasync"),
        ("write to nowhere", "write"),
        ("write to a pipe", "pwritev2"),
    ];

    /// Does nothing unless [`counted`] runs it.
    #[test]
    fn perform() {
        let Some(path) = std::env::var_os(VARIABLE) else { return };
        let root = HostDirectory::open_ambient(path).unwrap();
        let plain = options(true, true, Fdflags::empty());
        let create = OpenOptions { create: true, exclusive: true, ..plain };
        let directory = OpenOptions { directory: true, write: false, ..plain };
        let mut file = open(&root, "file", plain).unwrap();
        let steps: &mut [&mut dyn FnMut()] = &mut [
            &mut || drop(open(&root, "file", plain).unwrap()),
            &mut || drop(open(&root, "a/b/c/file", plain).unwrap()),
            &mut || drop(open(&root, "new", create).unwrap()),
            &mut || drop(root.open(b"a", &directory).unwrap_or_else(|error| panic!("{error}"))),
            &mut || drop(root.open(b"a", &options(true, false, Fdflags::empty())).unwrap_or_else(|e| panic!("{e}"))),
            &mut || assert!(open(&root, "missing", plain).is_err()),
            &mut || assert!(root.stat().is_ok()),
            &mut || assert!(root.stat_at(b"file", true).is_ok()),
            &mut || assert!(root.stat_at(b"a/b/c/file", true).is_ok()),
            &mut || assert!(root.stat_at(b"link", true).is_ok()),
            &mut || root.set_times_at(b"file", false, SetTime::Now, SetTime::Now).unwrap(),
            &mut || root.set_times_at(b"a/b/c/file", true, SetTime::Now, SetTime::Now).unwrap(),
            &mut || root.create_directory(b"dir").unwrap(),
            &mut || root.rename(b"dir", &root, b"moved").unwrap(),
            &mut || root.remove_directory(b"moved").unwrap(),
            &mut || root.unlink_file(b"new").unwrap(),
            &mut || root.unlink_file(b"a/b/c/file").unwrap(),
            &mut || root.symlink(b"x", b"symlink").unwrap(),
            &mut || assert!(root.read_link(b"symlink").is_ok()),
            &mut || root.link(b"symlink", &root, b"twin").unwrap(),
            &mut || assert_eq!(root.entries().unwrap().count(), 5),
        ];
        let mut names = EXPECTED.iter().map(|(name, _)| *name);
        let mut step = |act: &mut dyn FnMut()| {
            let name = names.next().unwrap();
            mark(name);
            act();
            mark("end");
        };
        for act in steps {
            step(act);
        }
        let (one, two) = (&mut [0; 2], &mut [0; 2]);
        step(&mut || done(file.read(&mut [IoSliceMut::new(one)])));
        step(&mut || done(file.read(&mut [IoSliceMut::new(one), IoSliceMut::new(two)])));
        step(&mut || done(file.write(&[IoSlice::new(b"1")])));
        step(&mut || done(file.write(&[IoSlice::new(b"1"), IoSlice::new(b"2")])));
        step(&mut || done(file.read_at(&mut [IoSliceMut::new(one)], 0)));
        step(&mut || done(file.write_at(&[IoSlice::new(b"1"), IoSlice::new(b"2")], 0)));
        file.set_flags(Fdflags::APPEND).unwrap();
        step(&mut || done(file.write(&[IoSlice::new(b"1")])));
        step(&mut || done(file.write_at(&[IoSlice::new(b"1")], 0)));
        step(&mut || done(file.seek(std::io::SeekFrom::Start(0))));
        step(&mut || file.set_flags(Fdflags::empty()).unwrap());
        step(&mut || assert_eq!(file.set_size(4), Ok(4)));
        step(&mut || assert_eq!(file.allocate(0, 8), Ok(8)));
        step(&mut || file.advise(0, 8, hostel_wasi::abi::Advice::Willneed).unwrap());
        step(&mut || file.set_times(SetTime::Now, SetTime::Now).unwrap());
        step(&mut || file.sync(true).unwrap());
        let null = std::fs::File::options().write(true).open("/dev/null").unwrap();
        let mut null = HostFile::from_std(null);
        step(&mut || done(null.write(&[IoSlice::new(b"1")])));
        let (_reader, writer) = std::io::pipe().unwrap();
        let mut pipe = HostFile::from_fd(OwnedFd::from(writer));
        step(&mut || done(pipe.write(&[IoSlice::new(b"1")])));
        assert!(names.next().is_none());
    }

    /// Where `strace` is missing or not allowed, nothing is shown.
    #[test]
    fn counted() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("root");
        std::fs::create_dir_all(root.join("a/b/c")).unwrap();
        std::fs::write(root.join("file"), "123456789").unwrap();
        std::fs::write(root.join("a/b/c/file"), "1").unwrap();
        std::os::unix::fs::symlink("file", root.join("link")).unwrap();
        let log = temporary.path().join("log");
        let run = std::process::Command::new("strace")
            .args(["-f", "-qq", "-e", "trace=%file,%desc", "-o"])
            .arg(&log)
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "system_calls::perform", "--test-threads=1"])
            .env(VARIABLE, &root)
            .output();
        let Ok(run) = run else {
            eprintln!("no strace here: not tested");
            return;
        };
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        if !log.contains(MARK) && String::from_utf8_lossy(&run.stderr).contains("ptrace") {
            eprintln!("strace is not allowed here: not tested");
            return;
        }
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
        let mut found = Vec::new();
        let mut current: Option<(String, Vec<&str>)> = None;
        for line in log.lines() {
            // "1234 openat2(3, …" with the process's number first.
            let call = line.split_once(' ').map_or("", |(_, call)| call.trim_start());
            let name = call.split('(').next().unwrap_or_default();
            if let Some(at) = call.find(MARK) {
                let mark = call[at + MARK.len()..].split('"').next().unwrap_or_default();
                found.extend(current.take().map(|(name, calls)| (name, calls.join(" "))));
                current = (mark != "end").then(|| (mark.to_string(), Vec::new()));
            } else if let Some((_, calls)) = &mut current
                && !call.contains("F_GETFD")
            {
                // That one is std's, in debug builds: a look before each close.
                calls.push(name);
            }
        }
        let found: Vec<_> = found.iter().map(|(name, calls)| (name.as_str(), calls.as_str())).collect();
        assert_eq!(found, EXPECTED);
    }
}
