//! Sockets, of both families.
#![cfg(unix)]

mod kit;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};

use hostel_wasi::abi::{Errno, Rights};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, WasiCtx};
use kit::*;

trait Peer: Read + Write + Send {}
impl<T: Read + Write + Send> Peer for T {}

const LISTENER: u64 = 4;
const RD: u64 = 1;
const WR: u64 = 2;
const PEEK: u64 = 1;
const WAITALL: u64 = 2;

/// A guest with a directory at 3 and a listener at 4, and a way to connect.
fn on_each_family(test: impl Fn(&mut Guest, &dyn Fn() -> Box<dyn Peer>)) {
    let builder = || WasiCtx::builder().in_memory_dir(&MemoryFs::new(), "/", Perms::READ_WRITE);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    test(&mut guest(builder().preopened_listener(listener)), &|| Box::new(TcpStream::connect(address).unwrap()));

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    test(&mut guest(builder().preopened_listener(listener)), &|| Box::new(UnixStream::connect(&path).unwrap()));
}

fn accept(guest: &mut Guest, flags: u64) -> u64 {
    guest.ok("sock_accept", &[LISTENER, flags, RESULT]);
    guest.u32_at(RESULT).into()
}

fn recv(guest: &mut Guest, fd: u64, list: &[(u64, u64)], flags: u64) -> Result<u32, Errno> {
    guest.clear(RESULT..RESULT + 8);
    let iovs = guest.iovs(list);
    guest.call("sock_recv", &[fd, iovs[0], iovs[1], flags, RESULT, RESULT + 4])?;
    assert_eq!((guest.u16_at(RESULT + 4), guest.memory[RESULT as usize + 6]), (0, SENTINEL));
    Ok(guest.u32_at(RESULT))
}

fn send(guest: &mut Guest, fd: u64, list: &[(u64, u64)]) -> Result<u32, Errno> {
    let iovs = guest.iovs(list);
    guest.call("sock_send", &[fd, iovs[0], iovs[1], 0, RESULT])?;
    Ok(guest.u32_at(RESULT))
}

#[test]
fn a_conversation() {
    on_each_family(|guest, connect| {
        let mut peer = connect();
        let fd = accept(guest, 0);
        assert_eq!(fd, 5);
        let (filetype, flags, base, inheriting) = guest.fdstat(fd);
        assert_eq!((filetype, flags, inheriting), (6, 0, 0));
        assert_eq!(base & (READ | WRITE), READ | WRITE);

        peer.write_all(b"hello, guest").unwrap();
        // WAITALL here and below: what was written may arrive in pieces.
        assert_eq!(recv(guest, fd, &[(DATA, 5), (DATA + 16, 2)], PEEK | WAITALL), Ok(7));
        assert_eq!((guest.bytes(DATA, 5), guest.bytes(DATA + 16, 2)), (&b"hello"[..], &b", "[..]));
        assert_eq!(recv(guest, fd, &[(DATA, 12)], WAITALL), Ok(12));
        assert_eq!(guest.bytes(DATA, 12), b"hello, guest");

        guest.put(DATA, b"hello, peer");
        assert_eq!(send(guest, fd, &[(DATA, 5), (DATA + 5, 6)]), Ok(11));
        assert_eq!(guest.write(fd, b"!"), Ok(1));
        let mut buf = [0; 12];
        peer.read_exact(&mut buf).unwrap();
        assert_eq!(&buf, b"hello, peer!");
        peer.write_all(b"x").unwrap();
        assert_eq!(guest.read(fd, 9), Ok(b"x".to_vec()));

        guest.ok("sock_shutdown", &[fd, WR]);
        assert_eq!(peer.read(&mut buf).unwrap(), 0);
        assert_eq!(send(guest, fd, &[(DATA, 1)]), Err(Errno::Pipe));
        peer.write_all(b"last").unwrap();
        assert_eq!(recv(guest, fd, &[(DATA, 4)], WAITALL), Ok(4));
        drop(peer);
        assert_eq!(recv(guest, fd, &[(DATA, 4)], 0), Ok(0));
        guest.ok("fd_close", &[fd]);
    });
}

#[test]
fn not_waiting() {
    on_each_family(|guest, connect| {
        guest.ok("fd_fdstat_set_flags", &[LISTENER, NONBLOCK]);
        guest.fails("sock_accept", &[LISTENER, 0, RESULT], Errno::Again);
        let mut peer = connect();
        let fd = accept(guest, NONBLOCK);
        assert_eq!(guest.fdstat(fd).1, NONBLOCK as u16);
        assert_eq!(recv(guest, fd, &[(DATA, 4)], 0), Err(Errno::Again));
        assert_eq!(recv(guest, fd, &[(DATA, 4)], WAITALL), Err(Errno::Again));
        assert_eq!(guest.read(fd, 4), Err(Errno::Again));
        guest.ok("fd_fdstat_set_flags", &[fd, 0]);
        peer.write_all(b"data").unwrap();
        assert_eq!(recv(guest, fd, &[(DATA, 4)], WAITALL), Ok(4));
        // Overlapping buffers of a stream: the first entry is the transfer.
        peer.write_all(b"data").unwrap();
        assert_eq!(recv(guest, fd, &[(DATA, 4), (DATA, 4)], WAITALL), Ok(4));
        // As on Linux, these change nothing.
        guest.ok("fd_fdstat_set_flags", &[fd, SYNC]);
        assert_eq!(guest.fdstat(fd).1, 0);
    });
}

#[test]
fn readiness() {
    on_each_family(|guest, connect| {
        let mut peer = connect();
        guest.put(DATA, &subscription(1, LISTENER, 0));
        guest.ok("poll_oneoff", &[DATA, DATA + 0x100, 1, RESULT]);
        assert_eq!((guest.u16_at(DATA + 0x108), guest.u32_at(RESULT)), (0, 1));
        let fd = accept(guest, 0);
        // Nothing to read yet, but room to write.
        guest.put(DATA, &[subscription(1, fd, 0), subscription(2, fd, 0)].concat());
        guest.ok("poll_oneoff", &[DATA, DATA + 0x100, 2, RESULT]);
        assert_eq!((guest.memory[DATA as usize + 0x10a], guest.u32_at(RESULT)), (2, 1));
        // How much there is to read, and the listener besides.
        peer.write_all(b"five!").unwrap();
        let _second = connect();
        guest.put(DATA + 48, &subscription(1, LISTENER, 0));
        loop {
            // Either may still be on its way.
            guest.ok("poll_oneoff", &[DATA, DATA + 0x100, 2, RESULT]);
            let nbytes = guest.u64_at(DATA + 0x110);
            if guest.u32_at(RESULT) == 2 && nbytes == 5 {
                break;
            }
            assert!(guest.u32_at(RESULT) == 1 || nbytes < 5);
        }
        assert_eq!(guest.read(fd, 9), Ok(b"five!".to_vec()));
        drop(peer);
        guest.ok("poll_oneoff", &[DATA, DATA + 0x100, 1, RESULT]);
        assert_eq!((guest.memory[DATA as usize + 0x10a], guest.u64_at(DATA + 0x110)), (1, 0), "the end can be read");
    });
}

#[test]
fn errors() {
    on_each_family(|guest, connect| {
        let peer = connect();
        let fd = accept(guest, 0);
        let file = guest.open(ROOT, "f", CREAT, ALL);
        for (other, errno) in [(99, Errno::Badf), (0, Errno::Notsock), (ROOT, Errno::Notsock), (file, Errno::Notsock)] {
            // Kinds come before rights and pointers.
            guest.fails("sock_accept", &[other, 0, u64::MAX], errno);
            guest.fails("sock_recv", &[other, u64::MAX, 1, 0, u64::MAX, u64::MAX], errno);
            guest.fails("sock_send", &[other, u64::MAX, 1, 0, u64::MAX], errno);
            guest.fails("sock_shutdown", &[other, RD], errno);
        }
        guest.fails("sock_accept", &[fd, 0, RESULT], Errno::Inval);
        guest.fails("sock_recv", &[LISTENER, IOVS, 0, 0, RESULT, RESULT], Errno::Notconn);
        guest.fails("sock_send", &[LISTENER, IOVS, 0, 0, RESULT], Errno::Notconn);
        guest.fails("sock_shutdown", &[LISTENER, RD], Errno::Notconn);
        guest.fails("fd_read", &[LISTENER, IOVS, 0, RESULT], Errno::Badf);
        guest.fails("fd_seek", &[fd, 0, 0, RESULT], Errno::Spipe);
        for (name, args) in [
            ("sock_accept", &[99, 1, RESULT][..]),
            ("sock_accept", &[99, 32, RESULT]),
            ("sock_recv", &[99, IOVS, 0, 4, RESULT, RESULT]),
            ("sock_send", &[99, IOVS, 0, 1, RESULT]),
            ("sock_shutdown", &[99, 0]),
            ("sock_shutdown", &[99, 4]),
            ("sock_shutdown", &[99, 0x101]),
        ] {
            guest.fails(name, args, Errno::Inval);
        }
        let end = MEMORY as u64;
        guest.iovs(&[(DATA, 1)]);
        guest.fails("sock_accept", &[LISTENER, 0, end - 3], Errno::Fault);
        guest.fails("sock_recv", &[fd, IOVS, 1, 0, end - 3, RESULT], Errno::Fault);
        guest.fails("sock_recv", &[fd, IOVS, 1, 0, RESULT, end - 1], Errno::Fault);
        guest.fails("sock_recv", &[fd, end - 7, 1, 0, RESULT, RESULT], Errno::Fault);
        guest.fails("sock_send", &[fd, IOVS, 1, 0, end - 3], Errno::Fault);
        guest.fails("sock_send", &[fd, IOVS, 0xffff_ffff, 0, RESULT], Errno::Fault);
        guest.drop_rights(fd, Rights::all());
        guest.fails("sock_recv", &[fd, IOVS, 0, 0, RESULT, RESULT], Errno::Notcapable);
        guest.fails("sock_send", &[fd, IOVS, 0, 0, RESULT], Errno::Notcapable);
        guest.fails("sock_shutdown", &[fd, RD], Errno::Notcapable);
        guest.drop_rights(LISTENER, Rights::SOCK_ACCEPT);
        guest.fails("sock_accept", &[LISTENER, 0, RESULT], Errno::Notcapable);
        drop(peer);
    });
}
