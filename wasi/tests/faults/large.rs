//! Calls that ask the file system several times: transfers of more than 1 MiB, and lengths that change step by step. Whichever
//! of these times fails, the guest is told what was moved until then, and the file holds that and nothing else.

use std::ops::Range;
use std::sync::Arc;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, WasiCtx};

use crate::faulty::{Fault, FaultyDirectory, Plan};
use crate::kit::*;

/// What one call of a file moves: a transfer of `LEN` takes three.
const PIECE: u64 = 1 << 20;
const LEN: u64 = 2 * PIECE + 1000;
/// Up to where the file is allocated, and to what it is cut.
const ALLOCATED: u64 = LEN + 2000;
const CUT: u64 = 5;
/// Where the second write begins.
const OFFSET: u64 = 7;

/// Where lies what is written, and where it is read to.
const SOURCE: u64 = 0x1_0000;
const TARGET: u64 = SOURCE + LEN + PIECE;

/// One call of the guest's, with the count it was told.
#[derive(Debug)]
struct Step {
    name: &'static str,
    result: Result<u64, Errno>,
    /// The numbers of the file system's calls it made.
    calls: Range<usize>,
}

struct Large {
    guest: Guest,
    fs: MemoryFs,
    plan: Arc<Plan>,
    log: Vec<Step>,
    /// What is in the file by what the guest was told.
    contents: Vec<u8>,
    /// How many bytes were written or allocated by that.
    counted: u64,
}

impl Large {
    fn run(plan: &Arc<Plan>) -> Vec<Step> {
        let fs = MemoryFs::new();
        let root = Arc::new(FaultyDirectory { inner: fs.root(), plan: plan.clone() });
        let mut guest = guest(WasiCtx::builder().preopened(root, "/", Perms::READ_WRITE));
        guest.memory.resize((TARGET + LEN) as usize, SENTINEL);
        // 251 does not divide `PIECE`, so a piece in the wrong place shows.
        let pattern: Vec<u8> = (0..251).collect();
        guest.put(SOURCE, &pattern.repeat(LEN as usize / pattern.len() + 2));
        plan.arm();
        let plan = plan.clone();
        let mut large = Large { guest, fs, plan, log: Vec::new(), contents: Vec::new(), counted: 0 };
        large.file();
        large.log
    }

    fn call(&mut self, name: &'static str, args: &[u64]) -> Result<u64, Errno> {
        let before = self.plan.calls();
        let result = self.guest.call(name, args).map(|()| u64::from(self.guest.u32_at(RESULT)));
        self.log.push(Step { name, result, calls: before + 1..self.plan.calls() + 1 });
        result
    }

    /// The list of a transfer: three buffers, whose ends are no pieces' ends.
    fn list(&mut self, at: u64) -> [u64; 2] {
        self.guest.iovs(&[(at, 100), (at + 100, PIECE), (at + 100 + PIECE, LEN - 100 - PIECE)])
    }

    fn write(&mut self, name: &'static str, fd: u64, source: u64, at: u64) {
        let [iovs, len] = self.list(source);
        let offset = if name == "fd_pwrite" { vec![at] } else { vec![] };
        if let Ok(count) = self.call(name, &[&[fd, iovs, len][..], &offset, &[RESULT]].concat()) {
            let end = (at + count) as usize;
            self.contents.resize(self.contents.len().max(end), 0);
            self.contents[at as usize..end].copy_from_slice(self.guest.bytes(source, count as usize));
            self.counted += count;
        }
        assert_eq!(self.guest.ctx.usage().bytes_written, self.counted);
    }

    fn read(&mut self, name: &'static str, fd: u64, at: u64) {
        self.guest.clear(TARGET..TARGET + LEN);
        let [iovs, len] = self.list(TARGET);
        let offset = if name == "fd_pread" { vec![at] } else { vec![] };
        let count = self.call(name, &[&[fd, iovs, len][..], &offset, &[RESULT]].concat()).unwrap_or(0) as usize;
        let known = &self.contents[at as usize..];
        assert!(self.guest.bytes(TARGET, count) == &known[..count], "{name} of {count} bytes");
    }

    #[track_caller]
    fn check_contents(&self) {
        assert!(self.fs.read_file("f").unwrap() == self.contents, "{:?}", self.log);
        assert_eq!(self.guest.ctx.usage().bytes_written, self.counted);
    }

    fn file(&mut self) {
        let [ptr, len] = self.guest.path("f");
        let Ok(fd) = self.call("path_open", &[ROOT, 0, ptr, len, CREAT, ALL, ALL, 0, RESULT]) else { return };
        self.write("fd_write", fd, SOURCE, 0);
        self.write("fd_pwrite", fd, SOURCE + 1, OFFSET);
        if self.call("fd_allocate", &[fd, 0, ALLOCATED]).is_ok() {
            self.contents.resize(ALLOCATED as usize, 0);
            self.counted += ALLOCATED;
        }
        self.check_contents();
        if self.call("fd_seek", &[fd, 0, 0, RESULT]).is_ok() {
            self.read("fd_read", fd, 0);
        }
        self.read("fd_pread", fd, OFFSET);
        let cut = self.call("fd_filestat_set_size", &[fd, CUT]);
        let left = self.fs.read_file("f").unwrap().len();
        match cut {
            Ok(_) => assert_eq!(left as u64, CUT),
            Err(_) => assert!((CUT as usize..=self.contents.len()).contains(&left)),
        }
        self.contents.truncate(left);
        self.check_contents();
        let _ = self.call("fd_close", &[fd]);
    }
}

/// What a step says in which the n-th of its calls of the file system failed.
fn expected(step: &Step, nth: usize, fault: Fault) -> Result<u64, Errno> {
    let before = nth as u64 * PIECE;
    let waits = fault == Fault::Wait && (step.name == "fd_write" || step.name == "fd_read" && nth == 0);
    match (step.name, fault) {
        // Who has got something does not wait for more; who writes does.
        _ if waits => Ok(LEN),
        ("fd_write" | "fd_pwrite" | "fd_read" | "fd_pread", Fault::Short) => Ok(before + PIECE.min(LEN - before) / 2),
        ("fd_write" | "fd_pwrite" | "fd_read" | "fd_pread", _) if nth > 0 => Ok(before),
        (_, Fault::Errno(errno)) => Err(errno),
        (_, Fault::Wait) => Err(Errno::Again),
        (_, Fault::Short) => step.result,
    }
}

#[test]
fn long_calls_that_fail_in_the_middle() {
    let whole = Large::run(&Plan::new(0, false, Fault::Short));
    let transfers = whole.iter().filter(|step| step.calls.len() == 3 && step.result == Ok(LEN)).count();
    assert_eq!(transfers, 4, "{whole:?}");
    for name in ["fd_allocate", "fd_filestat_set_size"] {
        let step = whole.iter().find(|step| step.name == name).unwrap();
        assert!(step.result.is_ok() && step.calls.len() > 3, "{step:?}");
    }
    let calls = whole.last().unwrap().calls.end;
    let mut faults = vec![Fault::Errno(Errno::Io), Fault::Short];
    if cfg!(unix) {
        faults.push(Fault::Wait);
    }
    for (fault, at) in faults.into_iter().flat_map(|fault| (1..calls).map(move |at| (fault, at))) {
        let log = Large::run(&Plan::new(at, false, fault));
        let hit: Vec<_> = log.iter().filter(|step| step.calls.contains(&at)).collect();
        assert_eq!(hit.len(), 1, "{fault:?}, call {at}");
        let nth = at - hit[0].calls.start;
        assert_eq!(hit[0].result, expected(hit[0], nth, fault), "{fault:?}, call {nth} of {}", hit[0].name);
        let others = log.iter().filter(|step| !step.calls.contains(&at));
        assert!(others.clone().all(|step| step.result.is_ok()), "{fault:?}, call {at}: {log:?}");
    }
}
