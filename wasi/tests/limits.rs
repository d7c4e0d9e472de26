//! Every limit holds, and the counters say what was used.

mod kit;

use std::time::{Duration, Instant};

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Capture, Perms, Stdio, Usage, WasiCtx, WasiLimits};
use kit::*;

fn limited(limits: WasiLimits) -> Guest {
    let fs = MemoryFs::new();
    guest(WasiCtx::builder().in_memory_dir(&fs, "/", Perms::READ_WRITE).stdin(Stdio::bytes(*b"input")).limits(limits))
}

#[test]
fn a_fresh_context_has_used_nothing() {
    let usage = guest(WasiCtx::builder()).ctx.usage();
    assert_eq!((usage.open_fds, usage.bytes_read, usage.bytes_written, usage.stdio_bytes), (3, 0, 0, 0));
    assert_eq!((usage.random_bytes, usage.waited, usage.sockets_accepted), (0, Duration::ZERO, 0));
    assert_eq!((usage.memory_bytes, usage.memory_inodes, usage.captured_bytes), (0, 0, 0));
    assert_ne!(usage, Usage::default(), "descriptors");
}

#[test]
fn open_fds() {
    let mut guest = limited(WasiLimits { open_fds: 5, ..WasiLimits::default() });
    assert_eq!(guest.try_open(ROOT, "f", CREAT, WRITE), Ok(4));
    assert_eq!(guest.try_open(ROOT, "g", CREAT, WRITE), Err(Errno::Mfile));
    assert_eq!(guest.ctx.usage().open_fds, 5);
    guest.ok("fd_close", &[4]);
    assert_eq!(guest.try_open(ROOT, "f", 0, READ), Ok(4));
}

#[test]
fn bytes_written() {
    let mut guest = limited(WasiLimits { bytes_written: Some(20), ..WasiLimits::default() });
    let fd = guest.open(ROOT, "f", CREAT, ALL);
    assert_eq!(guest.write(fd, b"0123456789"), Ok(10));
    assert_eq!(guest.write(1, b"four"), Ok(4));
    // Cut short where the limit is, over several buffers and at an offset as well.
    guest.put(DATA, b"abcdefgh");
    let [iovs, len] = guest.iovs(&[(DATA, 2), (DATA + 2, 0), (DATA + 2, 3), (DATA + 5, 3)]);
    guest.ok("fd_pwrite", &[fd, iovs, len, 10, RESULT]);
    assert_eq!(guest.u32_at(RESULT), 6);
    assert_eq!(guest.file("f"), Ok(b"0123456789abcdef".to_vec()));
    assert_eq!(guest.write(fd, b"x"), Err(Errno::Dquot));
    assert_eq!(guest.write(2, b"x"), Err(Errno::Dquot));
    assert_eq!(guest.write(fd, b""), Ok(0));
    guest.fails("fd_allocate", &[fd, 0, 1], Errno::Dquot);
    let usage = guest.ctx.usage();
    assert_eq!((usage.bytes_written, usage.stdio_bytes, usage.bytes_read), (20, 4, 16));
}

#[test]
fn bytes_allocated() {
    let mut guest = limited(WasiLimits { bytes_written: Some(20), ..WasiLimits::default() });
    let fd = guest.open(ROOT, "f", CREAT, ALL);
    guest.fails("fd_allocate", &[fd, 0, 21], Errno::Dquot);
    guest.ok("fd_allocate", &[fd, 0, 15]);
    guest.fails("fd_allocate", &[fd, 15, i64::MAX as u64 - 15], Errno::Dquot);
    assert_eq!(guest.write(fd, b"0123456789"), Ok(5));
    assert_eq!(guest.ctx.usage().bytes_written, 20);
}

/// Attempts used up the counter, and after two of the largest a guest could not write any more, limit or not.
#[test]
fn what_could_not_be_allocated_does_not_count() {
    let fs = MemoryFs::builder().max_bytes(1000).build();
    let mut guest = guest(WasiCtx::builder().in_memory_dir(&fs, "/", Perms::READ_WRITE));
    let fd = guest.open(ROOT, "f", CREAT, ALL);
    for _ in 0..3 {
        assert!(guest.call("fd_allocate", &[fd, 0, i64::MAX as u64]).is_err());
    }
    assert_eq!(guest.write(fd, b"0123456789"), Ok(10));
    assert_eq!(guest.ctx.usage().bytes_written, 10);
}

#[test]
fn stdio_bytes() {
    let mut guest = limited(WasiLimits { stdio_bytes: Some(10), ..WasiLimits::default() });
    assert_eq!(guest.read(0, 3), Ok(b"inp".to_vec()));
    let fd = guest.open(ROOT, "f", CREAT, WRITE);
    assert_eq!(guest.write(fd, b"more than ten bytes"), Ok(19));
    assert_eq!(guest.write(1, b"seven b"), Ok(7));
    assert_eq!(guest.write(2, b"seven b"), Ok(3));
    assert_eq!(guest.write(1, b"x"), Err(Errno::Dquot));
    // It is what was connected that counts, not its number.
    guest.ok("fd_renumber", &[1, fd]);
    assert_eq!(guest.write(fd, b"x"), Err(Errno::Dquot));
    let fd = guest.open(ROOT, "g", CREAT, WRITE);
    guest.ok("fd_renumber", &[fd, 2]);
    assert_eq!(guest.write(2, b"x"), Ok(1));
    let usage = guest.ctx.usage();
    assert_eq!((usage.stdio_bytes, usage.bytes_written, usage.bytes_read), (10, 30, 3));
}

#[test]
fn random_bytes() {
    let mut guest = limited(WasiLimits { random_bytes: Some(100), ..WasiLimits::default() });
    guest.ok("random_get", &[DATA, 60]);
    guest.fails("random_get", &[DATA, 41], Errno::Dquot);
    guest.fails("random_get", &[u64::MAX, 41], Errno::Fault);
    guest.ok("random_get", &[DATA, 40]);
    guest.fails("random_get", &[DATA, 1], Errno::Dquot);
    guest.ok("random_get", &[DATA, 0]);
    assert_eq!(guest.ctx.usage().random_bytes, 100);
}

#[test]
fn waiting() {
    const MILLISECOND: u64 = 1_000_000;
    let used_up = Ok(Errno::Dquot as u16);
    let limit = Duration::from_millis(30);
    let mut guest = limited(WasiLimits { waiting: Some(limit), ..WasiLimits::default() });
    assert_eq!(guest.sleep(5 * MILLISECOND), Ok(0));
    let waited = guest.ctx.usage().waited;
    assert!((Duration::from_millis(5)..limit).contains(&waited) || waited >= limit, "the machine may be slow");
    let before = Instant::now();
    assert_eq!(guest.sleep(3_600_000 * MILLISECOND), used_up);
    assert!(before.elapsed() < Duration::from_secs(10));
    assert!(guest.ctx.usage().waited >= limit);
    assert_eq!(guest.sleep(MILLISECOND), used_up);
    assert_eq!(guest.sleep(0), Ok(0), "that is not waiting");
}

#[cfg(unix)]
#[test]
fn waiting_for_others() {
    use std::io::Write as _;
    let (reader, mut writer) = std::io::pipe().unwrap();
    let limits = WasiLimits { waiting: Some(Duration::from_millis(5)), ..WasiLimits::default() };
    let stdin = std::fs::File::from(std::os::fd::OwnedFd::from(reader));
    let mut guest = guest(WasiCtx::builder().stdin(stdin).limits(limits));
    assert_eq!(guest.read(0, 5), Err(Errno::Dquot));
    writer.write_all(b"x").unwrap();
    assert_eq!(guest.read(0, 5), Ok(b"x".to_vec()), "what is there needs no waiting");
    assert_eq!(guest.read(0, 5), Err(Errno::Dquot));
}

/// A WAITALL that may wait no longer gives what came; the error comes with the next.
#[cfg(unix)]
#[test]
fn waiting_for_all_of_it() {
    use std::io::Write as _;
    use std::net::{TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let limits = WasiLimits { waiting: Some(Duration::from_millis(20)), ..WasiLimits::default() };
    let mut guest = guest(WasiCtx::builder().preopened_listener(listener).limits(limits));
    peer.write_all(b"half").unwrap();
    guest.ok("sock_accept", &[3, 0, RESULT]);
    let [iovs, len] = guest.iovs(&[(DATA, 10)]);
    guest.ok("sock_recv", &[4, iovs, len, 2, RESULT, RESULT + 4]);
    assert_eq!((guest.u32_at(RESULT), guest.bytes(DATA, 4)), (4, &b"half"[..]));
    guest.fails("sock_recv", &[4, iovs, len, 2, RESULT, RESULT + 4], Errno::Dquot);
}

#[cfg(unix)]
#[test]
fn sockets_accepted() {
    use std::io::Read as _;
    use std::net::{TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let limits = WasiLimits { sockets_accepted: Some(1), bytes_written: Some(3), ..WasiLimits::default() };
    let mut guest = guest(WasiCtx::builder().preopened_listener(listener).limits(limits));
    let mut peers = [TcpStream::connect(address).unwrap(), TcpStream::connect(address).unwrap()];
    guest.ok("sock_accept", &[3, 0, RESULT]);
    guest.put(DATA, b"12345");
    let [iovs, len] = guest.iovs(&[(DATA, 5)]);
    guest.ok("sock_send", &[4, iovs, len, 0, RESULT]);
    assert_eq!(guest.u32_at(RESULT), 3);
    guest.fails("sock_send", &[4, iovs, len, 0, RESULT], Errno::Dquot);
    guest.ok("fd_close", &[4]);
    let mut received = String::new();
    peers[0].read_to_string(&mut received).unwrap();
    assert_eq!(received, "123");
    guest.fails("sock_accept", &[3, 0, RESULT], Errno::Dquot);
    let usage = guest.ctx.usage();
    assert_eq!((usage.sockets_accepted, usage.bytes_written), (1, 3));
}

#[test]
fn memory_and_captures_are_counted_once() {
    let (fs, other) = (MemoryFs::builder().max_bytes(1400).build(), MemoryFs::new());
    let (out, err) = (Capture::with_limit(8), Capture::with_limit(8));
    let builder = WasiCtx::builder().in_memory_dir(&fs, "/a", Perms::READ_WRITE);
    let builder = builder.in_memory_dir(&fs, "/b", Perms::READ_ONLY).in_memory_dir(&other, "/c", Perms::READ_WRITE);
    let mut guest = guest(builder.stdout(out.clone()).stderr(err.clone()));
    let fd = guest.open(ROOT, "f", CREAT, WRITE);
    assert_eq!(guest.write(fd, &[1; 500]), Ok(500));
    assert!(guest.write(fd, &[1; 500]).unwrap() < 500);
    assert_eq!(guest.write(fd, &[1; 500]), Err(Errno::Nospc));
    assert_eq!((guest.write(1, b"hello"), guest.write(2, b"hello, world")), (Ok(5), Ok(8)));
    assert_eq!(guest.write(2, b"!"), Err(Errno::Nospc));
    let usage = guest.ctx.usage();
    assert_eq!(usage.memory_bytes, fs.bytes_used() + other.bytes_used());
    assert_eq!(usage.memory_inodes, 3, "two roots and a file");
    assert_eq!((usage.captured_bytes, usage.stdio_bytes), (13, 13));
    out.take();
    assert_eq!((guest.ctx.usage().captured_bytes, guest.ctx.usage().stdio_bytes), (8, 13));

    let shared = Capture::with_limit(8);
    let ctx = WasiCtx::builder().stdout(shared.clone()).stderr(shared).build().unwrap();
    let mut both = Guest { ctx, ..guest };
    assert_eq!((both.write(1, b"a"), both.write(2, b"b")), (Ok(1), Ok(1)));
    assert_eq!(both.ctx.usage().captured_bytes, 2);
}
