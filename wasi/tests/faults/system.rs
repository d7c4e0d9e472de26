//! Faults of the real system.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio as Pipe};

use hostel_wasi::abi::{Errno, Rights};
use hostel_wasi::{Perms, Stdio, WasiCtx};

use crate::kit::*;

fn on_host(dir: &Path) -> Guest {
    guest(WasiCtx::builder().preopened_dir(dir, "/", Perms::READ_WRITE))
}

/// A small file system of its own, unmounted in the end.
struct Small(tempfile::TempDir);

impl Small {
    const BYTES: usize = 256 << 10;

    /// `None` where mounting is not permitted.
    fn mount() -> Option<Small> {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={},nr_inodes=12", Small::BYTES), "tmpfs"]).arg(dir.path());
        let mounted = command.stderr(Pipe::null()).status().is_ok_and(|status| status.success());
        mounted.then(|| Small(dir))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_enospc_and_what_was_counted_is_there() {
    let Some(disk) = Small::mount() else {
        eprintln!("skipped: mounting a small tmpfs is not permitted here");
        return;
    };
    let mut guest = on_host(disk.0.path());
    let fd = guest.open(ROOT, "f", CREAT, ALL);
    let chunk: Vec<u8> = (0..0x3000u32).map(|n| n as u8).collect();
    let mut told = Vec::new();
    let end = loop {
        match guest.write(fd, &chunk) {
            Ok(count) => told.extend_from_slice(&chunk[..count as usize]),
            Err(errno) => break errno,
        }
        assert!(told.len() <= Small::BYTES, "more than the disk has");
    };
    assert_eq!(end, Errno::Nospc);
    assert!(told.len() > Small::BYTES / 2);
    assert!(fs::read(disk.0.path().join("f")).unwrap() == told, "what the guest was told is written is there");
    guest.fails("fd_allocate", &[fd, 0, 2 * Small::BYTES as u64], Errno::Nospc);
    // Inodes too: links, files and directories.
    let mut made = 0;
    let refused = loop {
        match guest.try_open(ROOT, &format!("n{made}"), CREAT, 0) {
            Ok(fd) => guest.ok("fd_close", &[fd]),
            Err(errno) => break errno,
        }
        made += 1;
        assert!(made < 12);
    };
    assert_eq!(refused, Errno::Nospc);
    let [ptr, len] = guest.path("d");
    guest.fails("path_create_directory", &[ROOT, ptr, len], Errno::Nospc);
    // Room again, and everything goes on.
    guest.ok("fd_filestat_set_size", &[fd, 10]);
    guest.ok("fd_seek", &[fd, 0, 2, RESULT]);
    assert_eq!(guest.write(fd, b"after"), Ok(5));
    assert_eq!(guest.file("f").unwrap(), [&told[..10], b"after"].concat());
}

#[test]
fn a_directory_deleted_under_the_guest_is_enoent() {
    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().join("mount");
    fs::create_dir(&dir).unwrap();
    let mut guest = on_host(&dir);
    guest.make_file("kept", b"before");
    guest.make_dir("sub");
    let (file, sub) = (guest.open(ROOT, "kept", 0, ALL), guest.open(ROOT, "sub", DIRECTORY, 0));
    fs::remove_dir_all(&dir).unwrap();
    for directory in [ROOT, sub] {
        let [ptr, len] = guest.path("new");
        guest.fails("path_open", &[directory, 0, ptr, len, CREAT, ALL, ALL, 0, RESULT], Errno::Noent);
        guest.fails("path_create_directory", &[directory, ptr, len], Errno::Noent);
        guest.fails("path_filestat_get", &[directory, 0, ptr, len, RESULT], Errno::Noent);
        guest.ok("fd_filestat_get", &[directory, RESULT]);
        assert_eq!(
            guest.call("fd_readdir", &[directory, DATA, 0x400, 0, RESULT]).err(),
            None,
            "nothing is left to list"
        );
    }
    // The open file lives as long as it is open.
    assert_eq!(guest.write(file, b"AFTER!"), Ok(6));
    guest.ok("fd_seek", &[file, 0, 0, RESULT]);
    assert_eq!(guest.read(file, 10), Ok(b"AFTER!".to_vec()));
    // The name may be used again, by another directory that the guest does not get to see.
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("secret"), "x").unwrap();
    assert_eq!(guest.try_open(ROOT, "secret", 0, READ), Err(Errno::Noent));
}

#[test]
fn a_pipe_that_nobody_reads_is_epipe() {
    let (reader, writer) = std::io::pipe().unwrap();
    let out = fs::File::from(std::os::fd::OwnedFd::from(writer));
    let mut guest = guest(WasiCtx::builder().stdout(Stdio::from(out)));
    assert_eq!(guest.write(1, b"heard"), Ok(5));
    drop(reader);
    for _ in 0..3 {
        assert_eq!(guest.write(1, b"not heard"), Err(Errno::Pipe));
    }
}

/// A real EIO: nothing lies at address 0 of a process.
#[cfg(target_os = "linux")]
#[test]
fn what_the_system_cannot_read_is_eio() {
    let mut guest = guest(WasiCtx::builder().preopened_dir("/proc/self", "/", Perms::READ_ONLY));
    let fd = guest.open(ROOT, "mem", 0, Rights::FD_READ.union(Rights::FD_SEEK).bits());
    // One buffer, and several: each has its system call.
    for list in [&[(DATA, 8)][..], &[(DATA, 8), (DATA + 8, 8)]] {
        let [iovs, len] = guest.iovs(list);
        guest.fails("fd_pread", &[fd, iovs, len, 0, RESULT], Errno::Io);
        guest.fails("fd_read", &[fd, iovs, len, RESULT], Errno::Io);
    }
}

/// Runs the ignored test `name` of this binary in a process of its own, behind a shell command that limits it.
fn in_a_limited_process(name: &str, limit: &str) {
    let binary = std::env::current_exe().unwrap();
    let script = format!("{limit}; exec \"$0\" --exact system::{name} --ignored --nocapture --test-threads 1");
    let output = Command::new("sh").arg("-c").arg(script).arg(binary).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), None, "{text}");
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn descriptors_that_the_process_does_not_have_are_emfile() {
    in_a_limited_process("uses_up_descriptors", "ulimit -n 40");
}

#[test]
#[ignore = "in a process of its own, see above"]
fn uses_up_descriptors() {
    let dir = tempfile::tempdir().unwrap();
    let mut guest = on_host(dir.path());
    guest.make_dir("d");
    guest.make_file("f", b"contents");
    let mut open = Vec::new();
    let errno = loop {
        match guest.try_open(ROOT, "f", 0, ALL) {
            Ok(fd) => open.push(fd),
            Err(errno) => break errno,
        }
        assert!(open.len() < 100, "the limit does not hold");
    };
    assert_eq!(errno, Errno::Mfile);
    assert!(open.len() > 10);
    // Nothing is created by a call that cannot give a descriptor, directories and listings are refused the same way,
    // and what is open goes on working.
    assert_eq!(guest.try_open(ROOT, "new", CREAT, ALL), Err(Errno::Mfile));
    assert_eq!(guest.try_open(ROOT, "d", DIRECTORY, 0), Err(Errno::Mfile));
    assert_eq!(guest.call("fd_readdir", &[ROOT, DATA, 0x400, 0, RESULT]), Err(Errno::Mfile));
    assert_eq!(guest.write(open[0], b"CON"), Ok(3));
    for fd in open.drain(..) {
        guest.ok("fd_close", &[fd]);
    }
    assert!(!dir.path().join("new").exists());
    assert_eq!(guest.file("f").unwrap(), b"CONtents");
    guest.ok("fd_readdir", &[ROOT, DATA, 0x400, 0, RESULT]);
}
