//! Waiting.

mod kit;

use std::cell::Cell;
use std::time::Duration;

use hostel_wasi::abi::{Clockid, Errno, Rights};
use hostel_wasi::{Clocks, Stdio, WasiCtx};
use kit::*;

const MILLISECOND: u64 = 1_000_000;
const OUT: u64 = DATA + 0x1000;

#[derive(Clone, Copy)]
enum Sub {
    Relative(u64, u64),
    Absolute(u64, u64),
    Read(u64),
    Write(u64),
}
use Sub::*;

/// Subscriptions at [`DATA`], with their places as userdata plus 100.
fn put(guest: &mut Guest, subs: &[Sub]) {
    for (index, sub) in subs.iter().enumerate() {
        let mut bytes = [0xee; 48];
        bytes[0..8].copy_from_slice(&(index as u64 + 100).to_le_bytes());
        let (tag, id, timeout, flags) = match *sub {
            Relative(id, timeout) => (0, id, timeout, 0),
            Absolute(id, timeout) => (0, id, timeout, 1),
            Read(fd) => (1, fd, 0, 0),
            Write(fd) => (2, fd, 0, 0),
        };
        bytes[8] = tag;
        bytes[16..20].copy_from_slice(&(id as u32).to_le_bytes());
        if tag == 0 {
            bytes[24..32].copy_from_slice(&timeout.to_le_bytes());
            bytes[40..42].copy_from_slice(&[flags, 0]);
        }
        guest.put(DATA + 48 * index as u64, &bytes);
    }
}

#[derive(Debug, PartialEq)]
struct Event {
    sub: usize,
    errno: u16,
    tag: u8,
    nbytes: u64,
    hangup: bool,
}

fn poll(guest: &mut Guest, subs: &[Sub]) -> Vec<Event> {
    put(guest, subs);
    guest.clear(OUT..OUT + 32 * subs.len() as u64 + 32);
    guest.ok("poll_oneoff", &[DATA, OUT, subs.len() as u64, RESULT]);
    let count = u64::from(guest.u32_at(RESULT));
    assert!((1..=subs.len() as u64).contains(&count));
    assert_eq!(guest.memory[(OUT + 32 * count) as usize], SENTINEL, "no more than was said");
    let event = |at: u64| {
        assert_eq!((guest.bytes(at + 11, 5), guest.bytes(at + 26, 6)), (&[0; 5][..], &[0; 6][..]), "padding");
        Event {
            sub: guest.u64_at(at) as usize - 100,
            errno: guest.u16_at(at + 8),
            tag: guest.memory[at as usize + 10],
            nbytes: guest.u64_at(at + 16),
            hangup: guest.u16_at(at + 24) == 1,
        }
    };
    (0..count).map(|index| event(OUT + 32 * index)).collect()
}

fn clock(sub: usize) -> Event {
    Event { sub, errno: 0, tag: 0, nbytes: 0, hangup: false }
}

fn readable(sub: usize, nbytes: u64) -> Event {
    Event { sub, errno: 0, tag: 1, nbytes, hangup: false }
}

fn failed(sub: usize, tag: u8, errno: Errno) -> Event {
    Event { sub, errno: errno as u16, tag, nbytes: 0, hangup: false }
}

fn now(guest: &mut Guest, id: u64) -> u64 {
    guest.ok("clock_time_get", &[id, 0, RESULT]);
    guest.u64_at(RESULT)
}

#[test]
fn clocks_relative_and_absolute() {
    let mut guest = guest(WasiCtx::builder());
    for id in 0..4 {
        let before = now(&mut guest, 1);
        assert_eq!(poll(&mut guest, &[Relative(id, 3 * MILLISECOND)]), [clock(0)]);
        assert!(now(&mut guest, 1) >= before + 3 * MILLISECOND, "clock {id}");
        let until = now(&mut guest, id) + 3 * MILLISECOND;
        let before = now(&mut guest, 1);
        assert_eq!(poll(&mut guest, &[Absolute(id, until)]), [clock(0)]);
        assert!(now(&mut guest, 1) > before);
        assert!(id > 1 || now(&mut guest, id) >= until);
        assert_eq!(poll(&mut guest, &[Absolute(id, 0), Relative(id, 0)]), [clock(0), clock(1)]);
    }
    let hour = 3600 * 1000 * MILLISECOND;
    assert_eq!(poll(&mut guest, &[Relative(1, hour), Relative(0, MILLISECOND), Absolute(0, u64::MAX)]), [clock(1)]);
    assert_eq!(poll(&mut guest, &[Relative(1, u64::MAX), Relative(1, 0)]), [clock(1)]);
}

/// Time that moves only when it is slept on: nothing here may wait on the host.
struct Virtual(Cell<u64>);
impl Clocks for Virtual {
    fn now(&self, _: Clockid) -> Result<u64, Errno> {
        Ok(self.0.get())
    }
    fn resolution(&self, _: Clockid) -> Result<u64, Errno> {
        Ok(1)
    }
    fn host_span(&self, _: Clockid, _: u64) -> Duration {
        Duration::ZERO
    }
    fn sleep_until(&self, _: Clockid, until: u64) {
        self.0.set(until)
    }
}

#[cfg(unix)]
#[test]
fn virtual_time() {
    let (reader, writer) = std::io::pipe().unwrap();
    let stdin = std::fs::File::from(std::os::fd::OwnedFd::from(reader));
    let mut guest = guest(WasiCtx::builder().clocks(Virtual(Cell::new(5))).stdin(stdin));
    let year = 365 * 86_400_000 * MILLISECOND;
    assert_eq!(poll(&mut guest, &[Relative(0, 2 * year), Relative(1, year)]), [clock(1)]);
    assert_eq!(now(&mut guest, 0), 5 + year);
    assert_eq!(poll(&mut guest, &[Read(0), Relative(1, year)]), [clock(1)]);
    assert_eq!(now(&mut guest, 0), 5 + 2 * year);
    std::io::Write::write_all(&mut &writer, b"abc").unwrap();
    assert_eq!(poll(&mut guest, &[Read(0), Relative(1, year)]), [readable(0, 3)]);
    assert_eq!(now(&mut guest, 0), 5 + 2 * year);
}

#[cfg(unix)]
#[test]
fn pipes_are_truly_waited_for() {
    use std::io::Write as _;
    use std::os::fd::OwnedFd;
    let (in_reader, mut in_writer) = std::io::pipe().unwrap();
    let (out_reader, out_writer) = std::io::pipe().unwrap();
    let file = |fd: OwnedFd| Stdio::from(std::fs::File::from(fd));
    let mut guest = guest(WasiCtx::builder().stdin(file(in_reader.into())).stdout(file(out_writer.into())));
    let hour = 3600 * 1000 * MILLISECOND;

    assert_eq!(poll(&mut guest, &[Read(0), Relative(1, MILLISECOND)]), [clock(1)]);
    let events = poll(&mut guest, &[Read(0), Write(1), Relative(1, hour)]);
    assert_eq!((events.len(), events[0].sub, events[0].tag, events[0].errno), (1, 1, 2, 0));
    assert!(events[0].nbytes > 0);

    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        in_writer.write_all(b"late").unwrap();
        in_writer
    });
    assert_eq!(poll(&mut guest, &[Relative(1, hour), Read(0), Read(0)]), [readable(1, 4), readable(2, 4)]);
    assert_eq!(guest.read(0, 9), Ok(b"late".to_vec()));
    drop(writer.join().unwrap());
    let end = Event { hangup: true, ..readable(0, 0) };
    assert_eq!(poll(&mut guest, &[Read(0)]), [end]);
    drop(out_reader);
    let events = poll(&mut guest, &[Write(1)]);
    assert!(events[0].hangup && events[0].errno == 0, "the write says why");
}

#[test]
fn files_and_errors_are_ready_at_once() {
    on_each_fs(|guest| {
        guest.make_file("f", b"0123456789");
        let fd = guest.open(ROOT, "f", 0, ALL);
        guest.ok("fd_seek", &[fd, 4, 0, RESULT]);
        let forever = Absolute(1, u64::MAX);
        let events = poll(guest, &[forever, Read(fd), Write(fd), Read(99), Read(ROOT), Relative(1, 0)]);
        assert_eq!(events[0], readable(1, 6));
        assert_eq!((events[1].sub, events[1].tag, events[1].errno), (2, 2, 0));
        assert_eq!(events[2..], [failed(3, 1, Errno::Badf), readable(4, 0), clock(5)]);
        // FIONREAD in libc: a read and a clock that is due.
        assert_eq!(poll(guest, &[Read(fd), Relative(1, 0)]), [readable(0, 6), clock(1)]);

        let read_only = guest.open(ROOT, "f", 0, READ | Rights::POLL_FD_READWRITE.bits());
        let write_only = guest.open(ROOT, "f", 0, WRITE | Rights::POLL_FD_READWRITE.bits());
        let events = poll(guest, &[Write(read_only), Read(write_only), Write(ROOT), forever]);
        let seen: Vec<_> = events.iter().map(|event| (event.sub, event.tag, event.errno)).collect();
        assert_eq!(seen, [(0, 2, 0), (1, 1, 0), (2, 2, 0)], "whatever they are open for");
        let no_polling = guest.open(ROOT, "f", 0, READ);
        assert_eq!(poll(guest, &[Read(no_polling), forever]), [failed(0, 1, Errno::Notcapable)]);
    });
    let mut guest = guest(WasiCtx::builder().stdin(Stdio::bytes(*b"abc")));
    let events = poll(&mut guest, &[Read(0), Write(1), Write(2)]);
    assert_eq!((&events[0], events.len()), (&readable(0, 3), 3));
}

#[test]
fn what_is_refused() {
    let mut guest = guest(WasiCtx::builder());
    let end = MEMORY as u64;
    put(&mut guest, &[Relative(1, 0)]);
    guest.fails("poll_oneoff", &[DATA, OUT, 0, RESULT], Errno::Inval);
    guest.fails("poll_oneoff", &[end - 47, OUT, 1, RESULT], Errno::Fault);
    guest.fails("poll_oneoff", &[DATA, end - 31, 1, RESULT], Errno::Fault);
    guest.fails("poll_oneoff", &[DATA, OUT, 1, end - 3], Errno::Fault);
    for count in [0xffff_ffff, 0x0555_5556, 0x0800_0000, 2000] {
        guest.fails("poll_oneoff", &[DATA, OUT, count, RESULT], Errno::Fault);
    }
    for (offset, value) in [(8, 3), (8, 255), (16, 4), (40, 2), (41, 1)] {
        put(&mut guest, &[Relative(1, 0)]);
        guest.put(DATA + offset, &[value]);
        guest.fails("poll_oneoff", &[DATA, OUT, 1, RESULT], Errno::Inval);
    }
    // More than the limit, though memory has room for them.
    guest.memory.resize(1 << 20, 0);
    guest.fails("poll_oneoff", &[0, 0, 4097, RESULT], Errno::Inval);
    guest.memory[..4096 * 48].fill(0);
    guest.ok("poll_oneoff", &[0, 0, 4096, 4096 * 48]);
    assert_eq!(guest.u32_at(4096 * 48), 4096);
}

#[test]
fn events_may_lie_over_their_subscriptions() {
    let mut guest = guest(WasiCtx::builder());
    put(&mut guest, &[Relative(1, 0), Write(1)]);
    guest.ok("poll_oneoff", &[DATA, DATA, 2, RESULT]);
    assert_eq!((guest.u32_at(RESULT), guest.u64_at(DATA), guest.u64_at(DATA + 32)), (2, 100, 101));
}
