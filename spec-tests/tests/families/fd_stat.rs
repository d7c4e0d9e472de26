//! What is known of a descriptor.

use crate::kit::*;
use hostel_wasi::VirtualClocks;
use hostel_wasi::abi::Errno;

const START: u64 = VirtualClocks::START;
/// What a regular file can have, and what is left of it below.
const FILE: u64 = 0x8e0_01ff;
const LEFT: u64 = 0x2a;

fn fdstat(filetype: u8, flags: u8, base: u64) -> Vec<u8> {
    let mut bytes = vec![filetype, 0, flags, 0, 0, 0, 0, 0];
    bytes.extend(base.to_le_bytes());
    bytes.extend([0; 8]);
    bytes
}

pub fn calls(proxy: &mut Proxy) {
    assert_eq!(proxy.file("file", "12345"), 5);
    let outcome = "{regular_file, flags=0, rights_base=0x8e001ff, rights_inheriting=0}";
    proxy.ok("fd_fdstat_get", &[5, RESULT + 1], "fd=5", outcome, &[(RESULT + 1, &fdstat(4, 0, FILE))]);
    proxy.fails("fd_fdstat_get", &[5, PAGE - 23], Errno::Fault, "fd=5");
    proxy.fails("fd_fdstat_get", &[99, RESULT], Errno::Badf, "fd=99");

    proxy.ok("fd_fdstat_set_flags", &[5, 5], "fd=5, flags=APPEND|NONBLOCK", "ok", &[]);
    let outcome = "{regular_file, flags=APPEND|NONBLOCK, rights_base=0x8e001ff, rights_inheriting=0}";
    proxy.ok("fd_fdstat_get", &[5, RESULT], "fd=5", outcome, &[(RESULT, &fdstat(4, 5, FILE))]);
    // As `F_SETFL` does: the sync flags are ignored, and a directory takes what means nothing to it.
    proxy.ok("fd_fdstat_set_flags", &[5, 21], "fd=5, flags=APPEND|NONBLOCK|SYNC", "ok", &[]);
    proxy.fails("fd_fdstat_set_flags", &[5, 32], Errno::Inval, "fd=5, flags=0x20");
    proxy.ok("fd_fdstat_set_flags", &[ROOT, 0], "fd=3, flags=0", "ok", &[]);

    sizes_and_times(proxy);

    let shown = "fd=5, fs_rights_base=FD_READ|FD_FDSTAT_SET_FLAGS|FD_TELL, fs_rights_inheriting=0";
    proxy.ok("fd_fdstat_set_rights", &[5, LEFT, 0], shown, "ok", &[]);
    let outcome =
        "{regular_file, flags=APPEND|NONBLOCK, rights_base=FD_READ|FD_FDSTAT_SET_FLAGS|FD_TELL, rights_inheriting=0}";
    proxy.ok("fd_fdstat_get", &[5, RESULT], "fd=5", outcome, &[(RESULT, &fdstat(4, 5, LEFT))]);
    let shown = "fd=5, fs_rights_base=FD_READ|FD_WRITE, fs_rights_inheriting=0";
    proxy.fails("fd_fdstat_set_rights", &[5, READ | WRITE, 0], Errno::Notcapable, shown);
    let shown = "fd=5, fs_rights_base=0, fs_rights_inheriting=FD_READ";
    proxy.fails("fd_fdstat_set_rights", &[5, 0, READ], Errno::Notcapable, shown);
    proxy.fails("fd_filestat_get", &[5, RESULT], Errno::Notcapable, "fd=5");
    proxy.fails("fd_filestat_set_size", &[5, 1], Errno::Notcapable, "fd=5, size=1");
}

fn sizes_and_times(proxy: &mut Proxy) {
    proxy.ok("fd_filestat_set_size", &[5, 9], "fd=5, size=9", "ok", &[]);
    proxy.fails("fd_filestat_set_size", &[5, 1 << 63], Errno::Fbig, "fd=5, size=9223372036854775808");
    proxy.fails("fd_filestat_set_size", &[ROOT, 0], Errno::Isdir, "fd=3, size=0");
    proxy.fails("fd_filestat_set_size", &[1, 0], Errno::Inval, "fd=1, size=0");

    let record = filestat(5, 4, 1, 9, [START; 3]);
    let outcome = "{regular_file, size=9, nlink=1, ino=5}";
    proxy.ok("fd_filestat_get", &[5, RESULT], "fd=5", outcome, &[(RESULT, &record)]);
    proxy.fails("fd_filestat_get", &[5, PAGE - 63], Errno::Fault, "fd=5");

    let times = |fd, flags| [fd, 1_000_000_007, 2_000_000_009, flags];
    let shown = |fd: u64, flags: &str| format!("fd={fd}, atim=1000000007, mtim=2000000009, fst_flags={flags}");
    proxy.ok("fd_filestat_set_times", &times(5, 5), &shown(5, "ATIM|MTIM"), "ok", &[]);
    let record = filestat(5, 4, 1, 9, [1_000_000_007, 2_000_000_009, START]);
    proxy.ok("fd_filestat_get", &[5, RESULT], "fd=5", outcome, &[(RESULT, &record)]);
    proxy.fails("fd_filestat_set_times", &times(5, 3), Errno::Inval, &shown(5, "ATIM|ATIM_NOW"));
    proxy.fails("fd_filestat_set_times", &times(READ_ONLY, 5), Errno::Rofs, &shown(4, "ATIM|MTIM"));
    proxy.ok("fd_filestat_get", &[5, RESULT], "fd=5", outcome, &[(RESULT, &record)]);
}
