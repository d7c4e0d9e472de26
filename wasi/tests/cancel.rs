//! Every wait ends when it is told to, by a handle from another thread or by the deadline, and the context works on.
#![cfg(unix)]

mod kit;

use std::fs::File as StdFile;
use std::io::{IoSliceMut, PipeReader, PipeWriter, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use hostel_engine::{Config, Engine, Linker, Module, Store, TrapCode};
use hostel_wasi::abi::{Errno, Filetype};
use hostel_wasi::{Canceled, Ended, Perms, Stdio, StopHandle, WasiCtx, WasiCtxBuilder, add_to_linker, fs};
use kit::*;

/// A call that waits.
type Call<'c> = &'c dyn Fn(&mut Guest) -> Result<u16, Ended>;

const BY_HANDLE: Result<u16, Ended> = Err(Ended::Canceled(Canceled::ByHandle));
const BY_DEADLINE: Result<u16, Ended> = Err(Ended::Canceled(Canceled::ByDeadline));

/// Fails instead of hanging.
fn within_a_minute(test: impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        test();
        sender.send(()).unwrap();
    });
    match receiver.recv_timeout(Duration::from_secs(60)) {
        Ok(()) => {}
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("still waiting"),
        Err(mpsc::RecvTimeoutError::Disconnected) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}

/// The call ends in every way, and has stored nothing.
#[track_caller]
fn ends(guest: &mut Guest, call: Call<'_>) {
    // Generous: on a busy machine threads wait for their turn.
    let soon = Duration::from_secs(2);
    let handle = guest.ctx.cancel_handle().unwrap();
    let canceling = std::thread::spawn({
        let handle = handle.clone();
        move || {
            std::thread::sleep(Duration::from_millis(10));
            let moment = Instant::now();
            handle.cancel();
            moment
        }
    });
    let open = guest.ctx.usage().open_fds;
    assert_eq!(call(guest), BY_HANDLE);
    let ended = Instant::now();
    assert!(ended - canceling.join().unwrap() < soon);
    assert!(handle.is_canceled());
    assert_eq!(call(guest), BY_HANDLE, "a request stands");
    handle.reset();
    assert!(!handle.is_canceled());

    let deadline = Instant::now() + Duration::from_millis(10);
    guest.ctx.set_deadline(deadline);
    assert_eq!(call(guest), BY_DEADLINE);
    assert!((deadline..deadline + soon).contains(&Instant::now()));
    assert_eq!(call(guest), BY_DEADLINE, "it has passed");
    guest.ctx.clear_deadline();
    assert_eq!(guest.bytes(RESULT, 8), [SENTINEL; 8], "nothing is stored");
    assert_eq!(guest.ctx.usage().open_fds, open);
}

const HOUR: u64 = 3_600_000_000_000;

fn read(guest: &mut Guest, fd: u64) -> Result<u16, Ended> {
    let [iovs, len] = guest.iovs(&[(DATA, 10), (DATA + 0x100, 10)]);
    guest.try_call("fd_read", &[fd, iovs, len, RESULT])
}

fn write(guest: &mut Guest, fd: u64, len: u64) -> Result<u16, Ended> {
    let [iovs, count] = guest.iovs(&[(0, 1), (1, len - 1)]);
    guest.try_call("fd_write", &[fd, iovs, count, RESULT])
}

fn file(fd: impl Into<OwnedFd>) -> Stdio {
    Stdio::from(StdFile::from(fd.into()))
}

fn piped() -> (Guest, PipeWriter, PipeReader) {
    let (stdin, to_guest) = std::io::pipe().unwrap();
    let (from_guest, stdout) = std::io::pipe().unwrap();
    (guest(WasiCtx::builder().stdin(file(stdin)).stdout(file(stdout))), to_guest, from_guest)
}

#[test]
fn sleeping() {
    within_a_minute(|| {
        let mut guest = guest(WasiCtx::builder());
        ends(&mut guest, &|guest| guest.sleep(HOUR));
        assert_eq!(guest.sleep(1), Ok(0));
    });
}

#[test]
fn deadlines_of_the_builder() {
    within_a_minute(|| {
        let span = Duration::from_millis(5);
        for builder in [WasiCtx::builder().deadline(span), WasiCtx::builder().deadline(Instant::now() + span)] {
            assert_eq!(guest(builder).sleep(HOUR), BY_DEADLINE);
        }
        let mut guest = guest(WasiCtx::builder().deadline(Duration::MAX));
        assert_eq!(guest.sleep(1000), Ok(0));
    });
}

/// Polls that need not wait end too: a guest may do nothing else.
#[test]
fn polling_without_waiting() {
    let mut guest = guest(WasiCtx::builder().deadline(Duration::ZERO));
    assert_eq!(guest.sleep(0), BY_DEADLINE);
    // What is ready may still be written.
    assert_eq!(guest.write(1, b"x"), Ok(1));
}

#[test]
fn pipes() {
    within_a_minute(|| {
        let (mut guest, mut to_guest, mut from_guest) = piped();
        ends(&mut guest, &|guest| read(guest, 0));
        ends(&mut guest, &|guest| {
            guest.put(DATA, &[subscription(1, 0, 0), subscription(0, 0, HOUR)].concat());
            guest.try_call("poll_oneoff", &[DATA, DATA + 0x100, 2, RESULT])
        });
        to_guest.write_all(b"hello").unwrap();
        assert_eq!((read(&mut guest, 0), guest.u32_at(RESULT)), (Ok(0), 5));
        guest.clear(RESULT..RESULT + 8);
        // More than there is room for, then no room at all.
        let capacity = 1 << 20;
        guest.memory.resize(capacity as usize, 1);
        ends(&mut guest, &|guest| write(guest, 1, capacity));
        let arrived = rustix::io::ioctl_fionread(&from_guest).unwrap();
        let usage = guest.ctx.usage();
        assert!(arrived > 0);
        assert_eq!((usage.bytes_written, usage.stdio_bytes), (arrived, arrived), "what went through counts");

        // All of a write arrives, though in pieces.
        let reading = std::thread::spawn(move || std::io::copy(&mut from_guest, &mut std::io::sink()).unwrap());
        assert_eq!((write(&mut guest, 1, capacity), guest.u32_at(RESULT)), (Ok(0), capacity as u32));
        drop(guest);
        assert!(reading.join().unwrap() > capacity);
    });
}

#[test]
fn a_write_that_nobody_reads_to_its_end() {
    within_a_minute(|| {
        let (mut guest, _, from_guest) = piped();
        guest.memory.resize(1 << 20, 1);
        let closing = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(10));
            drop(from_guest);
        });
        assert_eq!(write(&mut guest, 1, 1 << 20), Ok(0));
        assert!((1..1 << 20).contains(&guest.u32_at(RESULT)), "what went through is told");
        assert_eq!(write(&mut guest, 1, 5), Ok(Errno::Pipe as u16), "and the error with the next");
        closing.join().unwrap();
    });
}

#[test]
fn fifos() {
    use rustix::fs::{CWD, Mode, mkfifoat};
    within_a_minute(|| {
        let dir = tempfile::tempdir().unwrap();
        mkfifoat(CWD, dir.path().join("fifo"), Mode::RUSR | Mode::WUSR).unwrap();
        let mut guest = guest(WasiCtx::builder().preopened_dir(dir.path(), "/", Perms::READ_WRITE));
        let reader = guest.open(ROOT, "fifo", 0, READ);
        let writer = guest.open(ROOT, "fifo", 0, WRITE);
        guest.clear(RESULT..RESULT + 8);
        ends(&mut guest, &|guest| read(guest, reader));
        guest.memory.resize(1 << 20, 1);
        ends(&mut guest, &|guest| write(guest, writer, 1 << 20));
        assert_eq!((read(&mut guest, reader), guest.u32_at(RESULT)), (Ok(0), 20));
    });
}

#[test]
fn sockets() {
    within_a_minute(|| {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        sockets_of(WasiCtx::builder().preopened_listener(tcp), &|| TcpStream::connect(address).unwrap());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let unix = UnixListener::bind(&path).unwrap();
        sockets_of(WasiCtx::builder().preopened_listener(unix), &|| UnixStream::connect(&path).unwrap());
    });
}

fn sockets_of<S: std::io::Write>(builder: WasiCtxBuilder, connect: &dyn Fn() -> S) {
    const LISTENER: u64 = 3;
    const WAITALL: u64 = 2;
    let mut guest = guest(builder);
    ends(&mut guest, &|guest| guest.try_call("sock_accept", &[LISTENER, 0, RESULT]));
    let mut peer = connect();
    guest.ok("sock_accept", &[LISTENER, 0, RESULT]);
    let fd = guest.u32_at(RESULT).into();
    guest.clear(RESULT..RESULT + 8);
    let receive = |guest: &mut Guest, flags| {
        let [iovs, len] = guest.iovs(&[(DATA, 10), (DATA + 0x100, 10)]);
        guest.try_call("sock_recv", &[fd, iovs, len, flags, RESULT, RESULT + 4])
    };
    ends(&mut guest, &|guest| receive(guest, 0));
    ends(&mut guest, &|guest| read(guest, fd));
    ends(&mut guest, &|guest| {
        guest.put(DATA, &subscription(1, fd, 0));
        guest.try_call("poll_oneoff", &[DATA, DATA + 0x100, 1, RESULT])
    });
    peer.write_all(b"half").unwrap();
    // Each attempt takes what is there: the data of a call that was ended is gone.
    let before = guest.ctx.usage().bytes_read;
    ends(&mut guest, &|guest| receive(guest, WAITALL));
    assert_eq!(guest.ctx.usage().bytes_read, before + 4, "and counted");
    peer.write_all(b"0123456789abcdefghij").unwrap();
    assert_eq!((receive(&mut guest, WAITALL), guest.u32_at(RESULT)), (Ok(0), 20));
    assert_eq!((guest.bytes(DATA, 10), guest.bytes(DATA + 0x100, 10)), (&b"0123456789"[..], &b"abcdefghij"[..]));
    guest.clear(RESULT..RESULT + 8);

    guest.memory.resize(1 << 25, 1);
    let written = guest.ctx.usage().bytes_written;
    ends(&mut guest, &|guest| {
        let [iovs, len] = guest.iovs(&[(0, 1 << 25)]);
        guest.try_call("sock_send", &[fd, iovs, len, 0, RESULT])
    });
    assert!((written + 1..written + (1 << 25)).contains(&guest.ctx.usage().bytes_written));
    ends(&mut guest, &|guest| write(guest, fd, 1 << 25));
    // WAITALL ends with the connection.
    peer.write_all(b"last").unwrap();
    drop(peer);
    match receive(&mut guest, WAITALL) {
        Ok(0) => assert_eq!(guest.u32_at(RESULT), 4),
        // With data of ours on their way TCP says that there is nobody to take them.
        other => assert_eq!(other, Ok(Errno::Connreset as u16)),
    }
}

/// A terminal cannot be read without waiting, so it is asked first.
#[test]
fn terminals() {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    within_a_minute(|| {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let terminal = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let stdout = terminal.try_clone().unwrap();
        let mut guest = guest(WasiCtx::builder().stdin(file(terminal)).stdout(file(stdout)));
        ends(&mut guest, &|guest| read(guest, 0));
        let mut keyboard = StdFile::from(master);
        keyboard.write_all(b"line\n").unwrap();
        assert_eq!((read(&mut guest, 0), guest.u32_at(RESULT)), (Ok(0), 5));
        assert_eq!(guest.bytes(DATA, 5), b"line\n");
        assert_eq!(guest.write(1, b"answer"), Ok(6));
    });
}

/// A file of the embedder's, which has something to read once its pipe is readable.
struct Mailbox(PipeReader);

impl fs::File for Mailbox {
    fn filetype(&self) -> Filetype {
        Filetype::Unknown
    }

    fn read(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        if rustix::io::ioctl_fionread(&self.0).unwrap() == 0 {
            return Err(Errno::Again);
        }
        bufs[0][0] = b'!';
        Ok(1)
    }

    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }
}

#[test]
fn files_of_the_embedders() {
    within_a_minute(|| {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let mut guest = guest(WasiCtx::builder().stdin(Stdio::custom(Box::new(Mailbox(reader)))));
        ends(&mut guest, &|guest| read(guest, 0));
        writer.write_all(b"x").unwrap();
        assert_eq!((read(&mut guest, 0), guest.u32_at(RESULT)), (Ok(0), 1));
    });
}

#[test]
fn nonblock_is_not_concerned() {
    let (mut guest, _to_guest, _from_guest) = piped();
    guest.ok("fd_fdstat_set_flags", &[0, NONBLOCK]);
    guest.ctx.cancel_handle().unwrap().cancel();
    assert_eq!(read(&mut guest, 0), Ok(Errno::Again as u16));
}

/// A host's own ECANCELED is the guest's to see.
#[test]
fn an_errno_is_an_errno() {
    struct Odd;
    impl fs::File for Odd {
        fn filetype(&self) -> Filetype {
            Filetype::Unknown
        }
        fn read(&mut self, _: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
            Err(Errno::Canceled)
        }
    }
    let mut guest = guest(WasiCtx::builder().stdin(Stdio::custom(Box::new(Odd))));
    assert_eq!(read(&mut guest, 0), Ok(Errno::Canceled as u16));
}

/// Through an engine: the call ends with a trap that says why, and store and instance work on.
#[test]
fn stores_work_on() {
    within_a_minute(|| {
        let engine = Engine::new(Config::new().interruptible(true)).unwrap();
        let module = r#"(module
            (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\08\00\00\00")
            (func (export "read") (result i32)
                (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (i32.load (i32.const 8)))
            (func (export "spin") (loop (br 0)))
            (func (export "nothing")))"#;
        let module = Module::new(&engine, wat::parse_str(module).unwrap()).unwrap();
        let (reader, mut writer) = std::io::pipe().unwrap();
        let mut store = Store::new(&engine, WasiCtx::builder().stdin(file(reader)).build().unwrap());
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx).unwrap();
        let instance = linker.instantiate(&mut store, &module).unwrap();
        let read = instance.get_typed_func::<(), i32>(&store, "read").unwrap();
        let [spin, nothing] = ["spin", "nothing"].map(|name| instance.get_typed_func::<(), ()>(&store, name).unwrap());

        let interrupt = store.interrupt_handle().unwrap();
        let stop = StopHandle::new(store.data_mut(), Some(interrupt)).unwrap();
        let later = || {
            let stop = stop.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(10));
                stop.stop();
            })
        };

        let stopping = later();
        let trap = read.call(&mut store, ()).unwrap_err();
        assert_eq!(trap.downcast_ref(), Some(&Canceled::ByHandle));
        assert_eq!((trap.to_string(), trap.exit_status()), ("canceled while waiting".into(), None));
        assert!(!trap.frames().is_empty());
        stopping.join().unwrap();
        stop.reset();
        // The engine's own request, which was not needed, is gone as well.
        nothing.call(&mut store, ()).unwrap();

        let stopping = later();
        let trap = spin.call(&mut store, ()).unwrap_err();
        assert_eq!(trap.code(), Some(TrapCode::Interrupted));
        stopping.join().unwrap();
        stop.reset();
        nothing.call(&mut store, ()).unwrap();

        // A request that comes before a call stops that one, unless it was taken back.
        stop.stop();
        assert_eq!(spin.call(&mut store, ()).unwrap_err().code(), Some(TrapCode::Interrupted));
        stop.stop();
        stop.reset();
        nothing.call(&mut store, ()).unwrap();

        writer.write_all(b"abc").unwrap();
        assert_eq!(read.call(&mut store, ()).unwrap(), 3);
        store.data_mut().set_deadline(Duration::from_millis(5));
        let trap = read.call(&mut store, ()).unwrap_err();
        assert_eq!(trap.downcast_ref(), Some(&Canceled::ByDeadline));
        store.data_mut().clear_deadline();
        nothing.call(&mut store, ()).unwrap();
    });
}
