//! Transfers, positions and what else there is to do with an open file.

use crate::kit::*;
use hostel_wasi::abi::Errno;

pub fn calls(proxy: &mut Proxy) {
    streams(proxy);
    let fd = proxy.file("file", "0123456789");
    assert_eq!(fd, 5);
    reading(proxy);
    positions(proxy);
    writing(proxy);
    for (name, errno) in [("fd_sync", Errno::Badf), ("fd_datasync", Errno::Badf)] {
        proxy.ok(name, &[5], "fd=5", "ok", &[]);
        proxy.ok(name, &[READ_ONLY], "fd=4", "ok", &[]);
        proxy.fails(name, &[99], errno, "fd=99");
        proxy.fails(name, &[1], Errno::Inval, "fd=1");
    }
    proxy.ok("fd_advise", &[5, 0, 10, 3], "fd=5, offset=0, len=10, advice=willneed", "ok", &[]);
    proxy.fails("fd_advise", &[5, 0, 0, 6], Errno::Inval, "fd=5, offset=0, len=0, advice=6?");
    proxy.fails("fd_advise", &[ROOT, 0, 0, 0], Errno::Badf, "fd=3, offset=0, len=0, advice=normal");
    proxy.ok("fd_allocate", &[5, 4, 20], "fd=5, offset=4, len=20", "ok", &[]);
    proxy.fails("fd_allocate", &[5, 0, 0], Errno::Inval, "fd=5, offset=0, len=0");
    proxy.fails("fd_allocate", &[5, u64::MAX, 1], Errno::Fbig, "fd=5, offset=18446744073709551615, len=1");
    let size = proxy.done("fd_seek", &[5, 0, 2, RESULT]);
    assert_eq!(size, 24);
}

fn streams(proxy: &mut Proxy) {
    proxy.put(DATA, b"hello, \n\xff");
    let [iovs, len] = proxy.iovs(&[(DATA, 8), (BAD, 0), (DATA + 8, 1)]);
    let (stored, shown) = (9u32.to_le_bytes(), "fd=1, iovs=[\"hello, \\n\", 0xffffffff[0]?, \"\\xff\"]");
    proxy.ok("fd_write", &[1, iovs, len, RESULT], shown, "nwritten=9", &[(RESULT, &stored)]);
    assert_eq!(proxy.stdout.contents(), b"hello, \n\xff");
    proxy.fails("fd_write", &[1, iovs, len, BAD], Errno::Fault, shown);
    proxy.fails("fd_write", &[0, iovs, 0, RESULT], Errno::Badf, "fd=0, iovs=[]");

    let [iovs, len] = proxy.iovs(&[(DATA, 3), (DATA + 8, 9)]);
    let stored: &[(u64, &[u8])] = &[(DATA, b"inp"), (DATA + 8, b"ut"), (RESULT, &5u32.to_le_bytes())];
    proxy.ok("fd_read", &[0, iovs, len, RESULT], "fd=0, iovs=[3, 9]", "nread=5", stored);
    let ended: &[(u64, &[u8])] = &[(RESULT, &[0; 4])];
    proxy.ok("fd_read", &[0, iovs, len, RESULT], "fd=0, iovs=[3, 9]", "nread=0", ended);
    proxy.fails("fd_read", &[ROOT, iovs, len, RESULT], Errno::Isdir, "fd=3, iovs=[3, 9]");
    proxy.fails("fd_seek", &[1, 0, 1, RESULT], Errno::Spipe, "fd=1, offset=0, whence=cur");
    proxy.fails("fd_tell", &[0, RESULT], Errno::Spipe, "fd=0");
    proxy.fails("fd_pread", &[0, iovs, len, 0, RESULT], Errno::Spipe, "fd=0, iovs=[3, 9], offset=0");
    proxy.fails("fd_pwrite", &[1, iovs, 0, 0, RESULT], Errno::Spipe, "fd=1, iovs=[], offset=0");
}

fn reading(proxy: &mut Proxy) {
    let [iovs, len] = proxy.iovs(&[(DATA, 4)]);
    let stored: &[(u64, &[u8])] = &[(DATA, b"0123"), (RESULT, &4u32.to_le_bytes())];
    proxy.ok("fd_read", &[5, iovs, len, RESULT], "fd=5, iovs=[4]", "nread=4", stored);
    let stored: &[(u64, &[u8])] = &[(DATA, b"89"), (RESULT, &2u32.to_le_bytes())];
    proxy.ok("fd_pread", &[5, iovs, len, 8, RESULT], "fd=5, iovs=[4], offset=8", "nread=2", stored);
    proxy.fails(
        "fd_pread",
        &[5, iovs, len, 1 << 63, RESULT],
        Errno::Inval,
        "fd=5, iovs=[4], offset=9223372036854775808",
    );
    let [iovs, len] = proxy.iovs(&[(PAGE - 3, 4)]);
    proxy.fails("fd_read", &[5, iovs, len, RESULT], Errno::Fault, "fd=5, iovs=[4]");
}

fn positions(proxy: &mut Proxy) {
    let stored = |position: u64| position.to_le_bytes();
    proxy.ok("fd_tell", &[5, RESULT], "fd=5", "offset=4", &[(RESULT, &stored(4))]);
    proxy.fails("fd_tell", &[5, PAGE - 7], Errno::Fault, "fd=5");
    let shown = "fd=5, offset=-2, whence=end";
    proxy.ok("fd_seek", &[5, -2i64 as u64, 2, RESULT], shown, "newoffset=8", &[(RESULT, &stored(8))]);
    let shown = "fd=5, offset=-8, whence=cur";
    proxy.ok("fd_seek", &[5, -8i64 as u64, 1, RESULT + 3], shown, "newoffset=0", &[(RESULT + 3, &stored(0))]);
    proxy.fails("fd_seek", &[5, -1i64 as u64, 0, RESULT], Errno::Inval, "fd=5, offset=-1, whence=set");
    proxy.fails("fd_seek", &[5, 0, 3, RESULT], Errno::Inval, "fd=5, offset=0, whence=3?");
}

fn writing(proxy: &mut Proxy) {
    proxy.put(DATA, b"AB");
    let [iovs, len] = proxy.iovs(&[(DATA, 2)]);
    let stored: &[(u64, &[u8])] = &[(RESULT, &2u32.to_le_bytes())];
    proxy.ok("fd_write", &[5, iovs, len, RESULT], "fd=5, iovs=[\"AB\"]", "nwritten=2", stored);
    proxy.ok("fd_pwrite", &[5, iovs, len, 9, RESULT], "fd=5, iovs=[\"AB\"], offset=9", "nwritten=2", stored);
    proxy.fails("fd_pwrite", &[5, iovs, len, 0, BAD], Errno::Fault, "fd=5, iovs=[\"AB\"], offset=0");
    let [iovs, len] = proxy.iovs(&[(DATA, 20)]);
    let stored: &[(u64, &[u8])] = &[(DATA, b"AB2345678AB"), (RESULT, &11u32.to_le_bytes())];
    proxy.ok("fd_pread", &[5, iovs, len, 0, RESULT], "fd=5, iovs=[20], offset=0", "nread=11", stored);
}
