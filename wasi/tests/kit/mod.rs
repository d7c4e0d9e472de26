//! A guest made of a context and some memory, which calls functions of the table by name as an engine would.
//!
//! Memory is full of [`SENTINEL`]s, so that a test sees what a call has stored and what it has not. i32 slots carry
//! garbage in their upper halves.

// Each family uses some of it.
#![allow(dead_code)]

pub mod model;
pub mod numbers;
pub mod tree;

use std::ops::Range;

use hostel_wasi::abi::{Errno, Rights};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Ended, FUNCTIONS, Function, Kind, Perms, ValType, WasiCtx, WasiCtxBuilder};

pub const SENTINEL: u8 = 0xa5;
pub const MEMORY: usize = 0x1_0000;

/// Where things lie by convention; tests use any other place below as they like.
pub const PATHS: u64 = 0x8000;
pub const IOVS: u64 = 0xa000;
pub const DATA: u64 = 0xb000;
pub const RESULT: u64 = 0xf000;

pub const CREAT: u64 = 1;
pub const DIRECTORY: u64 = 2;
pub const EXCL: u64 = 4;
pub const TRUNC: u64 = 8;
pub const FOLLOW: u64 = 1;

pub const APPEND: u64 = 1;
pub const NONBLOCK: u64 = 4;
pub const SYNC: u64 = 16;

pub const READ: u64 = Rights::FD_READ.bits();
pub const WRITE: u64 = Rights::FD_WRITE.bits();
/// Everything a file can have.
pub const ALL: u64 = Rights::all().bits();

/// The first preopened directory.
pub const ROOT: u64 = 3;

pub struct Guest {
    pub ctx: WasiCtx,
    pub memory: Vec<u8>,
    pub functions: &'static [Function],
}

pub fn guest(builder: WasiCtxBuilder) -> Guest {
    Guest { ctx: builder.build().unwrap(), memory: vec![SENTINEL; MEMORY], functions: &FUNCTIONS }
}

/// Runs a test with an empty writable root of each file system, which is [`ROOT`], and with the same tree, read-only,
/// as the descriptor after it. Their names do not lie below each other.
pub fn on_each_fs(test: impl Fn(&mut Guest)) {
    let memory = MemoryFs::new();
    let builder = WasiCtx::builder().in_memory_dir(&memory, "/", Perms::READ_WRITE);
    test(&mut guest(builder.in_memory_dir(&memory, "ro", Perms::READ_ONLY)));

    let host = tempfile::tempdir().unwrap();
    let builder = WasiCtx::builder().preopened_dir(host.path(), "/", Perms::READ_WRITE);
    test(&mut guest(builder.preopened_dir(host.path(), "ro", Perms::READ_ONLY)));
}

/// The same tree as [`ROOT`], read-only.
pub const READ_ONLY: u64 = 4;

impl Guest {
    pub fn function(&self, name: &str) -> &'static Function {
        self.functions.iter().find(|function| function.name == name).unwrap_or_else(|| panic!("no function {name}"))
    }

    /// The errno as a number, 0 for success.
    pub fn try_call(&mut self, name: &str, args: &[u64]) -> Result<u16, Ended> {
        let function = self.function(name);
        assert_eq!(args.len(), function.params.len(), "{name}");
        let mut stack: Vec<u64> = args.to_vec();
        for (slot, param) in stack.iter_mut().zip(function.params) {
            if param.kind.ty() == ValType::I32 {
                *slot = *slot & 0xffff_ffff | 0xdead_beef_0000_0000;
            }
        }
        stack.resize(stack.len().max(1), 0xdead_beef);
        (function.call)(&mut self.ctx, Some(&mut self.memory), &mut stack)?;
        Ok(u16::try_from(stack[0]).expect("an errno"))
    }

    pub fn call(&mut self, name: &str, args: &[u64]) -> Result<(), Errno> {
        match self.try_call(name, args).unwrap() {
            0 => Ok(()),
            raw => Err(Errno::from_raw(raw).expect("a known errno")),
        }
    }

    #[track_caller]
    pub fn ok(&mut self, name: &str, args: &[u64]) {
        assert_eq!(self.call(name, args), Ok(()), "{name}{args:x?}");
    }

    /// The call fails and has touched neither memory nor the table.
    #[track_caller]
    pub fn fails(&mut self, name: &str, args: &[u64], errno: Errno) {
        let (memory, open) = (self.memory.clone(), self.ctx.usage().open_fds);
        assert_eq!(self.call(name, args), Err(errno), "{name}{args:x?}");
        assert!(self.memory == memory, "{name}{args:x?} changed memory");
        assert_eq!(self.ctx.usage().open_fds, open, "{name}{args:x?} changed the table");
    }

    pub fn put(&mut self, at: u64, bytes: &[u8]) {
        self.memory[at as usize..][..bytes.len()].copy_from_slice(bytes);
    }

    pub fn bytes(&self, at: u64, len: usize) -> &[u8] {
        &self.memory[at as usize..][..len]
    }

    pub fn u16_at(&self, at: u64) -> u16 {
        u16::from_le_bytes(self.bytes(at, 2).try_into().unwrap())
    }

    pub fn u32_at(&self, at: u64) -> u32 {
        u32::from_le_bytes(self.bytes(at, 4).try_into().unwrap())
    }

    pub fn u64_at(&self, at: u64) -> u64 {
        u64::from_le_bytes(self.bytes(at, 8).try_into().unwrap())
    }

    pub fn clear(&mut self, range: Range<u64>) {
        self.memory[range.start as usize..range.end as usize].fill(SENTINEL);
    }

    /// Only `range` has been stored to since memory was `before`.
    #[track_caller]
    pub fn assert_only(&self, before: &[u8], range: Range<u64>) {
        let (start, end) = (range.start as usize, range.end as usize);
        assert!(self.memory[..start] == before[..start], "stored before {range:x?}");
        assert!(self.memory[end..] == before[end..], "stored after {range:x?}");
    }

    /// Puts a path somewhere; the slots of its pointer and length. The second is for calls with two.
    pub fn path(&mut self, path: impl AsRef<[u8]>) -> [u64; 2] {
        self.path_at(PATHS, path.as_ref())
    }

    pub fn path2(&mut self, path: impl AsRef<[u8]>) -> [u64; 2] {
        self.path_at(PATHS + 0x1000, path.as_ref())
    }

    fn path_at(&mut self, at: u64, path: &[u8]) -> [u64; 2] {
        self.put(at, path);
        [at, path.len() as u64]
    }

    /// Puts an array of iovecs at [`IOVS`]; the slots of its pointer and length.
    pub fn iovs(&mut self, list: &[(u64, u64)]) -> [u64; 2] {
        for (index, (ptr, len)) in list.iter().enumerate() {
            let entry = [(*ptr as u32).to_le_bytes(), (*len as u32).to_le_bytes()].concat();
            self.put(IOVS + 8 * index as u64, &entry);
        }
        [IOVS, list.len() as u64]
    }

    pub fn try_open(&mut self, dir: u64, path: &str, oflags: u64, base: u64) -> Result<u64, Errno> {
        let [ptr, len] = self.path(path);
        self.call("path_open", &[dir, 0, ptr, len, oflags, base, ALL, 0, RESULT])?;
        Ok(self.u32_at(RESULT).into())
    }

    #[track_caller]
    pub fn open(&mut self, dir: u64, path: &str, oflags: u64, base: u64) -> u64 {
        self.try_open(dir, path, oflags, base).unwrap_or_else(|errno| panic!("open {path}: {errno}"))
    }

    /// One write of one buffer; the count.
    pub fn write(&mut self, fd: u64, bytes: &[u8]) -> Result<u32, Errno> {
        self.put(DATA, bytes);
        let [iovs, len] = self.iovs(&[(DATA, bytes.len() as u64)]);
        self.call("fd_write", &[fd, iovs, len, RESULT])?;
        Ok(self.u32_at(RESULT))
    }

    /// One read into one buffer; what came.
    pub fn read(&mut self, fd: u64, len: u64) -> Result<Vec<u8>, Errno> {
        let [iovs, count] = self.iovs(&[(DATA, len)]);
        self.call("fd_read", &[fd, iovs, count, RESULT])?;
        Ok(self.bytes(DATA, self.u32_at(RESULT) as usize).to_vec())
    }

    /// One relative subscription to the monotonic clock. The event is at `DATA + 0x100`, their number at [`RESULT`].
    pub fn sleep(&mut self, nanoseconds: u64) -> Result<u16, Ended> {
        self.put(DATA, &subscription(0, 1, nanoseconds));
        self.try_call("poll_oneoff", &[DATA, DATA + 0x100, 1, RESULT])
    }

    pub fn make_file(&mut self, path: &str, contents: &[u8]) {
        let fd = self.open(ROOT, path, CREAT | TRUNC, WRITE);
        assert_eq!(self.write(fd, contents), Ok(contents.len() as u32));
        self.ok("fd_close", &[fd]);
    }

    pub fn file(&mut self, path: &str) -> Result<Vec<u8>, Errno> {
        let fd = self.try_open(ROOT, path, 0, READ)?;
        let contents = self.read(fd, 0x1000);
        self.ok("fd_close", &[fd]);
        contents
    }

    pub fn make_dir(&mut self, path: &str) {
        let [ptr, len] = self.path(path);
        self.ok("path_create_directory", &[ROOT, ptr, len]);
    }

    pub fn symlink(&mut self, target: &str, path: &str) {
        let [old, old_len] = self.path(target);
        let [new, new_len] = self.path2(path);
        self.ok("path_symlink", &[old, old_len, ROOT, new, new_len]);
    }

    /// `fd_fdstat_get`: type, flags, base and inheriting rights.
    pub fn fdstat(&mut self, fd: u64) -> (u8, u16, u64, u64) {
        self.ok("fd_fdstat_get", &[fd, RESULT]);
        (self.memory[RESULT as usize], self.u16_at(RESULT + 2), self.u64_at(RESULT + 8), self.u64_at(RESULT + 16))
    }

    /// Leaves the descriptor all its rights but these.
    pub fn drop_rights(&mut self, fd: u64, dropped: Rights) {
        let (_, _, base, inheriting) = self.fdstat(fd);
        let dropped = dropped.bits();
        self.ok("fd_fdstat_set_rights", &[fd, base & !dropped, inheriting & !dropped]);
    }

    /// `path_filestat_get` without following: type, size, mtim, ino; or the errno.
    pub fn lstat(&mut self, path: &str) -> Result<(u8, u64, u64, u64), Errno> {
        let [ptr, len] = self.path(path);
        self.call("path_filestat_get", &[ROOT, 0, ptr, len, RESULT])?;
        let at = RESULT;
        Ok((self.memory[at as usize + 16], self.u64_at(at + 32), self.u64_at(at + 48), self.u64_at(at + 8)))
    }
}

/// A subscription: 0, a clock's id and a span, or 1 or 2 (to read or to write), a descriptor and 0.
pub fn subscription(tag: u8, id: u64, span: u64) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[8] = tag;
    bytes[16..24].copy_from_slice(&id.to_le_bytes());
    bytes[24..32].copy_from_slice(&span.to_le_bytes());
    bytes
}

/// Whether a parameter is an address that is dereferenced.
pub fn is_pointer(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Path | Buffer
            | Iovecs
            | Ciovecs
            | OutPointers
            | OutStrings
            | OutFlags
            | OutSize
            | OutFd
            | OutTimestamp
            | OutFilesize
            | OutFdstat
            | OutFilestat
            | OutPrestat
            | Subscriptions
            | OutEvents
    )
}

/// Whether a parameter is a flag set or an enum.
pub fn is_decoded(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Clockid | Advice | Whence | Signal | Fdflags | Fstflags | Lookupflags | Oflags | Riflags | Siflags | Sdflags
    )
}
