//! Signals that arrive while a guest sleeps, reads and writes: the system's EINTR is never the guest's.
//!
//! Without the test harness, as the system delivers a process's signals to its first thread: the guest has to run there.

#[cfg(unix)]
mod kit;

#[cfg(not(unix))]
fn main() {}

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
    println!("signals: ok");
}
