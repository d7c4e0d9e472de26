//! Signals that arrive while a guest sleeps, reads and writes: the system's EINTR is never the guest's. And the signal that a
//! guest's own writing raises, when nobody reads any more: SIGPIPE, from pipes only.
//!
//! Without the test harness, as the system delivers a process's signals to its first thread: the guest has to run there.

#[cfg(unix)]
mod kit;

#[cfg(not(unix))]
fn main() {}

/// Connections whose peer is gone are EPIPE, and no signal; a pipe without a reader is EPIPE, and the process gets SIGPIPE.
#[cfg(unix)]
fn nobody_reads() {
    use std::fs::File;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use std::time::Duration;

    use hostel_wasi::abi::Errno;
    use hostel_wasi::{Stdio, WasiCtx};
    use kit::*;

    const LISTENER: u64 = 3;

    let raised = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGPIPE, raised.clone()).expect("a handler");
    let accept = |guest: &mut Guest| {
        guest.ok("sock_accept", &[LISTENER, 0, RESULT]);
        u64::from(guest.u32_at(RESULT))
    };
    // What the peer has closed the system may learn a moment later.
    let until_refused = |guest: &mut Guest, fd: u64| {
        let [iovs, len] = guest.iovs(&[(DATA, 3), (DATA + 3, 2)]);
        for name in ["sock_send", "fd_write"] {
            let flags = if name == "sock_send" { vec![0] } else { vec![] };
            let args = [&[fd, iovs, len][..], &flags, &[RESULT]].concat();
            let refused = (0..1000).find_map(|_| {
                thread::sleep(Duration::from_millis(1));
                guest.call(name, &args).err()
            });
            assert_eq!(refused, Some(Errno::Pipe), "{name}");
        }
    };

    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address");
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("socket");
    let unix = UnixListener::bind(&path).expect("a listener");
    let mut tcp = guest(WasiCtx::builder().preopened_listener(listener));
    let mut unix = guest(WasiCtx::builder().preopened_listener(unix));
    for (guest, connect) in [
        (&mut tcp, &(|| drop(TcpStream::connect(address).expect("a connection"))) as &dyn Fn()),
        (&mut unix, &|| drop(UnixStream::connect(&path).expect("a connection"))),
    ] {
        // The peer is gone as soon as it has come.
        connect();
        let fd = accept(guest);
        until_refused(guest, fd);
    }
    assert!(!raised.load(Ordering::Relaxed), "connections raise no signal");

    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut guest = guest(WasiCtx::builder().stdout(Stdio::from(File::from(OwnedFd::from(writer)))));
    drop(reader);
    assert_eq!(guest.write(1, b"not heard"), Err(Errno::Pipe));
    assert!(raised.load(Ordering::Relaxed), "pipes raise the signal");
}

#[cfg(unix)]
fn main() {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::OwnedFd;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use hostel_wasi::{Stdio, WasiCtx};
    use kit::*;
    use rustix::process::{Signal, getpid, kill_process};

    let arrived = Arc::new(AtomicUsize::new(0));
    signal_hook::flag::register_usize(signal_hook::consts::SIGUSR1, arrived.clone(), 1).expect("a handler");
    let signal = || {
        kill_process(getpid(), Signal::USR1).expect("a signal to itself");
        thread::sleep(Duration::from_millis(5));
    };
    let seen = |what: &str| assert_eq!(arrived.swap(0, Ordering::Relaxed), 1, "a signal arrives during {what}");

    let (in_reader, mut in_writer) = std::io::pipe().expect("a pipe");
    let (mut out_reader, out_writer) = std::io::pipe().expect("a pipe");
    let file = |fd: OwnedFd| Stdio::from(File::from(fd));
    let builder = WasiCtx::builder().stdin(file(in_reader.into())).stdout(file(out_writer.into()));
    let mut guest = guest(builder);

    // A sleep of 200 ms.
    let before = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| (0..10).for_each(|_| signal()));
        assert_eq!(guest.sleep(200_000_000), Ok(0));
    });
    assert_eq!((guest.u32_at(RESULT), guest.u16_at(DATA + 0x108)), (1, 0));
    assert!(before.elapsed() >= Duration::from_millis(200), "it sleeps as long as it asked for");
    seen("a sleep");

    // A read that waits.
    thread::scope(|scope| {
        scope.spawn(|| {
            (0..10).for_each(|_| signal());
            in_writer.write_all(b"late").expect("the guest reads");
        });
        assert_eq!(guest.read(0, 100), Ok(b"late".to_vec()));
    });
    seen("a read");

    // A write that waits for room: more than a pipe holds.
    let text: Vec<u8> = (0..0x3000u32).map(|n| n as u8).collect();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            (0..10).for_each(|_| signal());
            let mut all = vec![0; 20 * 0x3000];
            out_reader.read_exact(&mut all).expect("the guest writes");
            all
        });
        for _ in 0..20 {
            assert_eq!(guest.write(1, &text), Ok(0x3000));
        }
        assert!(reader.join().expect("the reader reads") == text.repeat(20));
    });
    seen("a write");

    nobody_reads();
    println!("signals: ok");
}
