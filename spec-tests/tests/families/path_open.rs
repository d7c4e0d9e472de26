//! Opening by path.

use crate::kit::*;
use hostel_wasi::abi::Errno;

/// An open as asked for.
struct Open<'p> {
    fd: u64,
    follow: u64,
    path: &'p str,
    oflags: u64,
    rights: u64,
    fdflags: u64,
    /// The trace of the last three.
    shown: &'p str,
}

impl Open<'_> {
    fn call(&self, proxy: &mut Proxy, result: u64) -> ([u64; 9], String) {
        let [ptr, len] = proxy.path(self.path);
        let follow = if self.follow == 1 { "SYMLINK_FOLLOW" } else { "0" };
        let shown = format!("fd={}, dirflags={follow}, path={:?}, {}", self.fd, self.path, self.shown);
        ([self.fd, self.follow, ptr, len, self.oflags, self.rights, 0, self.fdflags, result], shown)
    }

    fn ok(&self, proxy: &mut Proxy, new: u32) {
        let (args, shown) = self.call(proxy, RESULT);
        proxy.ok("path_open", &args, &shown, &format!("fd={new}"), &[(RESULT, &new.to_le_bytes())]);
    }

    fn fails(&self, proxy: &mut Proxy, errno: Errno) {
        let (args, shown) = self.call(proxy, RESULT);
        proxy.fails("path_open", &args, errno, &shown);
    }
}

const PLAIN: &str = "oflags=0, fs_rights_base=FD_READ, fs_rights_inheriting=0, fdflags=0";
const READING: Open<'_> = Open { fd: ROOT, follow: 0, path: "file", oflags: 0, rights: READ, fdflags: 0, shown: PLAIN };
const CREATING: &str = "oflags=CREAT, fs_rights_base=FD_READ|FD_WRITE, fs_rights_inheriting=0, fdflags=APPEND";

pub fn calls(proxy: &mut Proxy) {
    READING.fails(proxy, Errno::Noent);
    let create = Open { oflags: 1, rights: READ | WRITE, fdflags: 1, shown: CREATING, ..READING };
    create.ok(proxy, 5);
    Open { fd: READ_ONLY, ..create }.fails(proxy, Errno::Rofs);
    Open { fd: READ_ONLY, ..READING }.ok(proxy, 6);
    let exclusive = "oflags=CREAT|EXCL, fs_rights_base=FD_READ, fs_rights_inheriting=0, fdflags=0";
    Open { oflags: 5, shown: exclusive, ..READING }.fails(proxy, Errno::Exist);
    let directory = "oflags=DIRECTORY, fs_rights_base=FD_READ, fs_rights_inheriting=0, fdflags=0";
    Open { oflags: DIRECTORY, shown: directory, ..READING }.fails(proxy, Errno::Notdir);
    proxy.make_dir("dir");
    proxy.symlink("dir", "link");
    Open { oflags: DIRECTORY, shown: directory, path: "dir", ..READING }.ok(proxy, 7);
    Open { path: "link", ..READING }.fails(proxy, Errno::Loop);
    Open { path: "link", follow: 1, ..READING }.ok(proxy, 8);
    for path in ["/file", "../file", "dir/../../file"] {
        Open { path, ..READING }.fails(proxy, Errno::Perm);
    }
    for (fd, errno) in [(5, Errno::Notdir), (0, Errno::Notdir), (99, Errno::Badf)] {
        Open { fd, ..READING }.fails(proxy, errno);
    }
    let unknown = "oflags=0x10, fs_rights_base=FD_READ, fs_rights_inheriting=0, fdflags=0";
    Open { oflags: 16, shown: unknown, ..READING }.fails(proxy, Errno::Inval);
    let (args, shown) = READING.call(proxy, PAGE - 3);
    proxy.fails("path_open", &args, Errno::Fault, &shown);
    // The lowest free number; sixteen are allowed.
    proxy.done("fd_close", &[6]);
    for new in [6, 9, 10, 11, 12, 13, 14, 15] {
        READING.ok(proxy, new);
    }
    READING.fails(proxy, Errno::Mfile);
}
