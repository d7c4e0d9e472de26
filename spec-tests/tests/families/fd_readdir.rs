//! Listings.

use crate::kit::*;
use hostel_wasi::abi::Errno;

fn dirent(next: u64, ino: u64, filetype: u32, name: &str) -> Vec<u8> {
    let (next, ino) = (next.to_le_bytes(), ino.to_le_bytes());
    [&next[..], &ino, &(name.len() as u32).to_le_bytes(), &filetype.to_le_bytes(), name.as_bytes()].concat()
}

pub fn calls(proxy: &mut Proxy) {
    // Of the root's, `proxy` sees the numbers in the order in which they are asked for; first of all the root's own, which `..` has too.
    proxy.done("fd_filestat_get", &[ROOT, RESULT]);
    proxy.make_dir("dir");
    proxy.symlink("nothing", "link");
    let all = [dirent(1, 4, 3, "."), dirent(2, 4, 3, ".."), dirent(3, 5, 3, "dir"), dirent(4, 6, 7, "link")];
    let list = all.concat();
    assert_eq!(list.len(), 106);

    let stored: &[(u64, &[u8])] = &[(DATA, &list), (RESULT, &106u32.to_le_bytes())];
    let shown = "fd=3, buf=0x3000[200], cookie=0";
    proxy.ok("fd_readdir", &[ROOT, DATA, 200, 0, RESULT], shown, "bufused=106", stored);
    // The last entry that fits in part fills the buffer to its end, and cookies resume.
    proxy.put(DATA, &[SENTINEL; 200]);
    let stored: &[(u64, &[u8])] = &[(DATA, &list[..60]), (RESULT, &60u32.to_le_bytes())];
    proxy.ok("fd_readdir", &[ROOT, DATA, 60, 0, RESULT], "fd=3, buf=0x3000[60], cookie=0", "bufused=60", stored);
    let rest = all[2..].concat();
    let stored: &[(u64, &[u8])] = &[(DATA, &rest), (RESULT, &55u32.to_le_bytes())];
    proxy.ok("fd_readdir", &[ROOT, DATA, 60, 2, RESULT], "fd=3, buf=0x3000[60], cookie=2", "bufused=55", stored);
    let stored: &[(u64, &[u8])] = &[(RESULT, &[0; 4])];
    proxy.ok("fd_readdir", &[ROOT, DATA, 60, 4, RESULT], "fd=3, buf=0x3000[60], cookie=4", "bufused=0", stored);
    proxy.ok("fd_readdir", &[ROOT, BAD, 0, 0, RESULT], "fd=3, buf=0xffffffff[0], cookie=0", "bufused=0", stored);

    proxy.fails("fd_readdir", &[1, DATA, 9, 0, RESULT], Errno::Notdir, "fd=1, buf=0x3000[9], cookie=0");
    proxy.fails("fd_readdir", &[99, DATA, 9, 0, RESULT], Errno::Badf, "fd=99, buf=0x3000[9], cookie=0");
    proxy.fails("fd_readdir", &[ROOT, PAGE - 1, 9, 0, RESULT], Errno::Fault, "fd=3, buf=0xffff[9], cookie=0");
    proxy.fails("fd_readdir", &[ROOT, DATA, 9, 0, PAGE - 3], Errno::Fault, "fd=3, buf=0x3000[9], cookie=0");
}
