//! Closing, renumbering, names of what is preopened.

use crate::kit::*;
use hostel_wasi::abi::Errno;

pub fn calls(proxy: &mut Proxy) {
    let prestat: &[(u64, &[u8])] = &[(RESULT, &[0, 0, 0, 0, 1, 0, 0, 0])];
    proxy.ok("fd_prestat_get", &[ROOT, RESULT], "fd=3", "{dir, name_len=1}", prestat);
    let prestat: &[(u64, &[u8])] = &[(RESULT + 1, &[0, 0, 0, 0, 2, 0, 0, 0])];
    proxy.ok("fd_prestat_get", &[READ_ONLY, RESULT + 1], "fd=4", "{dir, name_len=2}", prestat);
    // libc's scan ends here, at nothing else.
    proxy.fails("fd_prestat_get", &[5, RESULT], Errno::Badf, "fd=5");
    proxy.fails("fd_prestat_get", &[1, RESULT], Errno::Badf, "fd=1");
    proxy.fails("fd_prestat_get", &[ROOT, PAGE - 7], Errno::Fault, "fd=3");

    proxy.ok("fd_prestat_dir_name", &[ROOT, DATA, 1], "fd=3, path=0x3000[1]", "path=\"/\"", &[(DATA, b"/")]);
    proxy.fails("fd_prestat_dir_name", &[READ_ONLY, DATA, 1], Errno::Nametoolong, "fd=4, path=0x3000[1]");
    proxy.fails("fd_prestat_dir_name", &[5, DATA, 1], Errno::Badf, "fd=5, path=0x3000[1]");
    proxy.fails("fd_prestat_dir_name", &[ROOT, BAD, 1], Errno::Fault, "fd=3, path=0xffffffff[1]");

    let (one, other) = (proxy.file("one", "1"), proxy.file("other", "2"));
    assert_eq!((one, other), (5, 6));
    proxy.ok("fd_renumber", &[6, 5], "fd=6, to=5", "ok", &[]);
    proxy.fails("fd_renumber", &[6, 5], Errno::Badf, "fd=6, to=5");
    proxy.fails("fd_renumber", &[5, 6], Errno::Badf, "fd=5, to=6");
    proxy.ok("fd_renumber", &[5, 5], "fd=5, to=5", "ok", &[]);
    let [iovs, len] = proxy.iovs(&[(DATA, 1)]);
    let stored: &[(u64, &[u8])] = &[(DATA, b"2"), (RESULT, &1u32.to_le_bytes())];
    proxy.ok("fd_read", &[5, iovs, len, RESULT], "fd=5, iovs=[1]", "nread=1", stored);

    for fd in [5, ROOT, 0] {
        proxy.ok("fd_close", &[fd], &format!("fd={fd}"), "ok", &[]);
        proxy.fails("fd_close", &[fd], Errno::Badf, &format!("fd={fd}"));
    }
}
