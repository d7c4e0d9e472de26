//! The listeners are of both families; the file systems play no part.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};

use hostel_wasi::abi::Errno;
use hostel_wasi::{Capture, PREVIEW1, WasiCtx};

use crate::kit::*;

pub fn calls(proxy: &mut Proxy) {
    proxy.fails("sock_accept", &[ROOT, 0, RESULT], Errno::Notsock, "fd=3, flags=0");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut guest = with(WasiCtx::builder().preopened_listener(listener));
    conversation(&mut guest, || TcpStream::connect(address).unwrap());
    guest.check_called(&["sock_accept", "sock_recv", "sock_send", "sock_shutdown"]);

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let mut guest = with(WasiCtx::builder().preopened_listener(listener));
    conversation(&mut guest, || UnixStream::connect(&path).unwrap());

    // The family's own account: what the two guests did is checked above.
    for name in ["sock_accept", "sock_recv", "sock_send", "sock_shutdown"] {
        proxy.vouch(name);
    }
}

fn with(builder: hostel_wasi::WasiCtxBuilder) -> Proxy {
    Proxy::with(PREVIEW1, builder.build().unwrap(), Capture::with_limit(0))
}

fn conversation<S: Read + Write>(guest: &mut Proxy, connect: impl Fn() -> S) {
    guest.ok("fd_fdstat_set_flags", &[3, 4], "fd=3, flags=NONBLOCK", "ok", &[]);
    guest.fails("sock_accept", &[3, 0, RESULT], Errno::Again, "fd=3, flags=0");
    let mut peer = connect();
    guest.fails("sock_accept", &[3, 4, PAGE - 3], Errno::Fault, "fd=3, flags=NONBLOCK");
    guest.fails("sock_accept", &[3, 1, RESULT], Errno::Inval, "fd=3, flags=APPEND");
    guest.fails("sock_accept", &[0, 0, RESULT], Errno::Notsock, "fd=0, flags=0");
    guest.ok("sock_accept", &[3, 0, RESULT], "fd=3, flags=0", "fd=4", &[(RESULT, &4u32.to_le_bytes())]);

    guest.fails("sock_recv", &[3, IOVS, 0, 0, RESULT, RESULT + 4], Errno::Notconn, "fd=3, ri_data=[], ri_flags=0");
    peer.write_all(b"hello").unwrap();
    let [iovs, len] = guest.iovs(&[(DATA, 4), (DATA + 8, 1)]);
    let results: &[(u64, &[u8])] =
        &[(DATA, b"hell"), (DATA + 8, b"o"), (RESULT, &5u32.to_le_bytes()), (RESULT + 4, &0u16.to_le_bytes())];
    let (shown, args) = ("fd=4, ri_data=[4, 1], ri_flags=", |flags| [4, iovs, len, flags, RESULT, RESULT + 4]);
    let outcome = "ro_datalen=5, ro_flags=0x0";
    guest.ok("sock_recv", &args(3), &format!("{shown}RECV_PEEK|RECV_WAITALL"), outcome, results);
    guest.ok("sock_recv", &args(2), &format!("{shown}RECV_WAITALL"), outcome, results);
    guest.fails("sock_recv", &[4, iovs, len, 0, RESULT, BAD], Errno::Fault, &format!("{shown}0"));

    guest.put(DATA, b"answer");
    let [iovs, len] = guest.iovs(&[(DATA, 6)]);
    let stored: &[(u64, &[u8])] = &[(RESULT, &6u32.to_le_bytes())];
    let shown = "fd=4, si_data=[\"answer\"], si_flags=0";
    guest.ok("sock_send", &[4, iovs, len, 0, RESULT], shown, "so_datalen=6", stored);
    guest.fails("sock_send", &[4, iovs, len, 0, BAD], Errno::Fault, shown);
    guest.fails("sock_send", &[4, iovs, len, 1, RESULT], Errno::Inval, "fd=4, si_data=[\"answer\"], si_flags=0x1");
    guest.ok("sock_shutdown", &[4, 2], "fd=4, how=WR", "ok", &[]);
    guest.fails("sock_shutdown", &[4, 0], Errno::Inval, "fd=4, how=0");
    guest.fails("sock_shutdown", &[0, 1], Errno::Notsock, "fd=0, how=RD");
    guest.fails("sock_send", &[4, iovs, len, 0, RESULT], Errno::Pipe, shown);
    let mut answer = String::new();
    peer.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "answer");
    drop(peer);
    let ended: &[(u64, &[u8])] = &[(RESULT, &[0; 4]), (RESULT + 4, &[0; 2])];
    let shown = "fd=4, ri_data=[6], ri_flags=0";
    guest.ok("sock_recv", &[4, iovs, len, 0, RESULT, RESULT + 4], shown, "ro_datalen=0, ro_flags=0x0", ended);
}
