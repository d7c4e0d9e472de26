//! Attributes by path.

use crate::kit::*;
use hostel_wasi::VirtualClocks;
use hostel_wasi::abi::Errno;

const START: u64 = VirtualClocks::START;

pub fn calls(proxy: &mut Proxy) {
    proxy.file("file", "12345");
    proxy.symlink("file", "link");
    let [ptr, len] = proxy.path("link");
    let record = filestat(6, 7, 1, 4, [START; 3]);
    let shown = |flags: &str, path: &str| format!("fd=3, flags={flags}, path={path:?}");
    let outcome = "{symbolic_link, size=4, nlink=1, ino=6}";
    let args = [ROOT, 0, ptr, len, RESULT];
    proxy.ok("path_filestat_get", &args, &shown("0", "link"), outcome, &[(RESULT, &record)]);
    let record = filestat(5, 4, 1, 5, [START; 3]);
    let outcome = "{regular_file, size=5, nlink=1, ino=5}";
    let args = [ROOT, 1, ptr, len, RESULT + 5];
    proxy.ok("path_filestat_get", &args, &shown("SYMLINK_FOLLOW", "link"), outcome, &[(RESULT + 5, &record)]);
    proxy.fails("path_filestat_get", &[ROOT, 0, ptr, len, PAGE - 63], Errno::Fault, &shown("0", "link"));
    proxy.fails("path_filestat_get", &[ROOT, 2, ptr, len, RESULT], Errno::Inval, &shown("0x2", "link"));

    let times = |fd, flags, ptr, len, fst| [fd, flags, ptr, len, 1_000_000_007, 2_000_000_009, fst];
    let shown_times = |fd: u64, path: &str, fst: &str| {
        format!("fd={fd}, flags=0, path={path:?}, atim=1000000007, mtim=2000000009, fst_flags={fst}")
    };
    let name = "path_filestat_set_times";
    proxy.ok(name, &times(ROOT, 0, ptr, len, 5), &shown_times(ROOT, "link", "ATIM|MTIM"), "ok", &[]);
    let record = filestat(6, 7, 1, 4, [1_000_000_007, 2_000_000_009, START]);
    let outcome = "{symbolic_link, size=4, nlink=1, ino=6}";
    let args = [ROOT, 0, ptr, len, RESULT];
    proxy.ok("path_filestat_get", &args, &shown("0", "link"), outcome, &[(RESULT, &record)]);
    proxy.fails(name, &times(READ_ONLY, 0, ptr, len, 5), Errno::Rofs, &shown_times(READ_ONLY, "link", "ATIM|MTIM"));
    proxy.fails(name, &times(ROOT, 0, ptr, len, 12), Errno::Inval, &shown_times(ROOT, "link", "MTIM|MTIM_NOW"));
    for (path, errno) in [("missing", Errno::Noent), ("..", Errno::Perm), ("file/", Errno::Notdir), ("", Errno::Noent)]
    {
        let [ptr, len] = proxy.path(path);
        proxy.fails("path_filestat_get", &[ROOT, 0, ptr, len, RESULT], errno, &shown("0", path));
        proxy.fails(name, &times(ROOT, 0, ptr, len, 5), errno, &shown_times(ROOT, path, "ATIM|MTIM"));
    }
}
