//! Closing, renumbering, limits, preopens.

mod kit;

use std::net::TcpListener;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Capture, Perms, WasiCtx, WasiLimits};
use kit::*;

#[test]
fn closing() {
    on_each_fs(|guest| {
        for fd in [0, 1, 2, ROOT] {
            guest.ok("fd_close", &[fd]);
            guest.fails("fd_close", &[fd], Errno::Badf);
        }
        assert_eq!(guest.open(READ_ONLY, ".", 0, 0), 3, "the lowest free number above 2");
        assert_eq!(guest.open(READ_ONLY, ".", 0, 0), 5);
        guest.fails("fd_prestat_get", &[3, RESULT], Errno::Badf);
        guest.fails("fd_close", &[0xffff_ffff], Errno::Badf);
    });
}

#[test]
fn renumbering() {
    let (out, err) = (Capture::with_limit(9), Capture::with_limit(9));
    let fs = MemoryFs::new();
    let builder = WasiCtx::builder().stdout(out.clone()).stderr(err.clone());
    let mut guest = guest(builder.in_memory_dir(&fs, "/", Perms::READ_WRITE));
    guest.ok("fd_renumber", &[1, 2]);
    assert_eq!(guest.write(2, b"moved"), Ok(5));
    assert_eq!(guest.write(1, b"x"), Err(Errno::Badf));
    assert_eq!((out.contents(), err.contents()), (b"moved".to_vec(), vec![]));
    guest.ok("fd_renumber", &[2, 2]);
    guest.fails("fd_renumber", &[2, 1], Errno::Badf);
    guest.fails("fd_renumber", &[1, 2], Errno::Badf);
    guest.fails("fd_renumber", &[1, 1], Errno::Badf);
    guest.fails("fd_renumber", &[2, 0x7fff_ffff], Errno::Badf);
    // A preopen keeps its name wherever it goes, and what replaces it has none.
    guest.ok("fd_renumber", &[ROOT, 0]);
    guest.ok("fd_prestat_get", &[0, RESULT]);
    guest.fails("fd_prestat_get", &[ROOT, RESULT], Errno::Badf);
    guest.ok("fd_renumber", &[2, 0]);
    guest.fails("fd_prestat_get", &[0, RESULT], Errno::Badf);
}

#[cfg(target_os = "linux")]
#[test]
fn a_hundred_thousand_renumbers_leak_nothing() {
    let host = tempfile::tempdir().unwrap();
    let mut guest = guest(WasiCtx::builder().preopened_dir(host.path(), "/", Perms::READ_WRITE));
    guest.make_file("f", b"x");
    // Other tests of this process open and close descriptors meanwhile, though never this many.
    let host_fds = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let target = guest.open(ROOT, "f", 0, READ);
    let before = host_fds();
    for round in 0..100_000 {
        let from = if round % 100 == 0 { guest.open(ROOT, "f", 0, READ) } else { target };
        guest.ok("fd_renumber", &[from, target]);
    }
    assert!(host_fds() < before + 100);
    assert_eq!(guest.ctx.usage().open_fds, 5);
}

#[test]
fn the_table_is_bounded() {
    let fs = MemoryFs::new();
    let mut guest = guest(
        WasiCtx::builder()
            .in_memory_dir(&fs, "/", Perms::READ_WRITE)
            .limits(WasiLimits { open_fds: 6, ..WasiLimits::default() }),
    );
    assert_eq!((guest.open(ROOT, ".", 0, 0), guest.open(ROOT, ".", 0, 0)), (4, 5));
    let [ptr, len] = guest.path("new");
    guest.fails("path_open", &[ROOT, 0, ptr, len, CREAT, ALL, 0, 0, RESULT], Errno::Mfile);
    assert_eq!(fs.read_file("new"), Err(Errno::Noent), "nothing was created");
    guest.ok("fd_close", &[4]);
    assert_eq!(guest.open(ROOT, "new", CREAT, ALL), 4);
}

#[test]
fn preopens_are_directories_then_sockets() {
    let listener = || TcpListener::bind("127.0.0.1:0").unwrap();
    let builder =
        WasiCtx::builder().preopened_listener(listener()).in_memory_dir(&MemoryFs::new(), ".", Perms::READ_ONLY);
    let builder = builder.preopened_listener(listener()).in_memory_dir(&MemoryFs::new(), b"/\xff", Perms::READ_ONLY);
    let mut guest = guest(builder);
    for (fd, name) in [(3, &b"."[..]), (4, b"/\xff")] {
        guest.clear(RESULT..RESULT + 16);
        let before = guest.memory.clone();
        guest.ok("fd_prestat_get", &[fd, RESULT + 1]);
        assert_eq!(guest.bytes(RESULT + 1, 8), [0, 0, 0, 0, name.len() as u8, 0, 0, 0]);
        guest.assert_only(&before, RESULT + 1..RESULT + 9);
        let len = name.len() as u64;
        let before = guest.memory.clone();
        guest.ok("fd_prestat_dir_name", &[fd, DATA, len + 7]);
        assert_eq!(guest.bytes(DATA, name.len()), name);
        guest.assert_only(&before, DATA..DATA + len);
        guest.fails("fd_prestat_dir_name", &[fd, DATA, len - 1], Errno::Nametoolong);
        guest.fails("fd_prestat_dir_name", &[fd, 0, 0], Errno::Nametoolong);
        guest.fails("fd_prestat_dir_name", &[fd, MEMORY as u64 - len + 1, len], Errno::Fault);
        guest.fails("fd_prestat_dir_name", &[fd, DATA, 0xffff_ffff], Errno::Fault);
        guest.fails("fd_prestat_get", &[fd, MEMORY as u64 - 7], Errno::Fault);
    }
    // libc's scan ends here, and only EBADF ends it well.
    for fd in [5, 6, 7, 0] {
        guest.fails("fd_prestat_get", &[fd, RESULT], Errno::Badf);
        guest.fails("fd_prestat_dir_name", &[fd, DATA, 9], Errno::Badf);
    }
    assert_eq!((guest.fdstat(5).0, guest.fdstat(6).0), (6, 6));
}
