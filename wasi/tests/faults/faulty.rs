//! A file system that fails on its n-th call.

use std::any::Any;
use std::io::{IoSlice, IoSliceMut, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hostel_wasi::abi::{Advice, Errno, Fdflags, Filestat, Filetype};
use hostel_wasi::fs::{Directory, DirectoryEntry, Entries, File, OpenOptions, Opened, SetTime};

/// How the n-th call fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It does nothing and says so.
    Errno(Errno),
    /// A read or write has to wait, and another attempt is worth while at once; other calls say EAGAIN.
    Wait,
    /// A transfer moves half of what it was asked to; other calls do not fail.
    Short,
}

/// Counts calls; the one of number `at` fails, and with `forever` all after it.
pub struct Plan {
    /// Whether calls are counted yet: those that make the context are not.
    armed: AtomicBool,
    calls: AtomicUsize,
    at: usize,
    forever: bool,
    fault: Fault,
    /// What files are waited for on, when that is the fault: always ready.
    ready: Option<std::fs::File>,
}

impl Plan {
    pub fn new(at: usize, forever: bool, fault: Fault) -> Arc<Plan> {
        let ready = (fault == Fault::Wait).then(|| std::fs::File::open("/dev/null").unwrap());
        Arc::new(Plan { armed: AtomicBool::new(false), calls: AtomicUsize::new(0), at, forever, fault, ready })
    }

    /// Calls so far.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Counts calls from now on.
    pub fn arm(&self) {
        self.armed.store(true, Ordering::Relaxed);
    }

    fn next(&self) -> Option<Fault> {
        if !self.armed.load(Ordering::Relaxed) {
            return None;
        }
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        (call == self.at || self.forever && call > self.at).then_some(self.fault)
    }

    fn check(&self) -> Result<(), Errno> {
        match self.next() {
            Some(Fault::Errno(errno)) => Err(errno),
            Some(Fault::Wait) => Err(Errno::Again),
            Some(Fault::Short) | None => Ok(()),
        }
    }

    /// Whether a transfer moves half only.
    fn check_transfer(&self) -> Result<bool, Errno> {
        match self.next() {
            Some(Fault::Errno(errno)) => Err(errno),
            Some(Fault::Wait) => Err(Errno::Again),
            Some(Fault::Short) => Ok(true),
            None => Ok(false),
        }
    }
}

pub struct FaultyDirectory {
    pub inner: Arc<dyn Directory>,
    pub plan: Arc<Plan>,
}

impl FaultyDirectory {
    fn other(directory: &dyn Directory) -> Result<&FaultyDirectory, Errno> {
        directory.as_any().downcast_ref().ok_or(Errno::Xdev)
    }
}

impl Directory for FaultyDirectory {
    fn open(&self, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno> {
        self.plan.check()?;
        let plan = self.plan.clone();
        Ok(match self.inner.open(path, options)? {
            Opened::File(inner) => Opened::File(Box::new(FaultyFile { inner, plan })),
            Opened::Directory(inner) => Opened::Directory(Arc::new(FaultyDirectory { inner, plan })),
        })
    }
    fn stat(&self) -> Result<Filestat, Errno> {
        self.plan.check()?;
        self.inner.stat()
    }
    fn stat_at(&self, path: &[u8], follow: bool) -> Result<Filestat, Errno> {
        self.plan.check()?;
        self.inner.stat_at(path, follow)
    }
    fn set_times(&self, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.set_times(accessed, modified)
    }
    fn set_times_at(&self, path: &[u8], follow: bool, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.set_times_at(path, follow, accessed, modified)
    }
    fn entries(&self) -> Result<Entries, Errno> {
        self.plan.check()?;
        Ok(Box::new(FaultyEntries { inner: self.inner.entries()?, plan: self.plan.clone() }))
    }
    fn create_directory(&self, path: &[u8]) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.create_directory(path)
    }
    fn remove_directory(&self, path: &[u8]) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.remove_directory(path)
    }
    fn unlink_file(&self, path: &[u8]) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.unlink_file(path)
    }
    fn symlink(&self, target: &[u8], path: &[u8]) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.symlink(target, path)
    }
    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        self.plan.check()?;
        self.inner.read_link(path)
    }
    fn rename(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.rename(path, &*FaultyDirectory::other(new_directory)?.inner, new_path)
    }
    fn link(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.link(path, &*FaultyDirectory::other(new_directory)?.inner, new_path)
    }
    fn sync(&self, data_only: bool) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.sync(data_only)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

struct FaultyEntries {
    inner: Entries,
    plan: Arc<Plan>,
}

impl Iterator for FaultyEntries {
    type Item = Result<DirectoryEntry, Errno>;
    fn next(&mut self) -> Option<Self::Item> {
        match self.plan.check() {
            Ok(()) => self.inner.next(),
            Err(errno) => Some(Err(errno)),
        }
    }
}

struct FaultyFile {
    inner: Box<dyn File>,
    plan: Arc<Plan>,
}

/// The first half of what is to be moved, all of it when that is a byte.
fn half(total: usize) -> usize {
    total.div_ceil(2)
}

fn write_half(
    bufs: &[IoSlice<'_>],
    write: impl FnOnce(&[IoSlice<'_>]) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let bytes = bufs.iter().flat_map(|buf| buf.iter().copied()).collect::<Vec<u8>>();
    write(&[IoSlice::new(&bytes[..half(bytes.len())])])
}

fn read_half(
    bufs: &mut [IoSliceMut<'_>],
    read: impl FnOnce(&mut [IoSliceMut<'_>]) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let mut bytes = vec![0; half(bufs.iter().map(|buf| buf.len()).sum())];
    let count = read(&mut [IoSliceMut::new(&mut bytes)])?;
    let mut source = bytes[..count].iter();
    for (to, from) in bufs.iter_mut().flat_map(|buf| buf.iter_mut()).zip(&mut source) {
        *to = *from;
    }
    Ok(count)
}

impl File for FaultyFile {
    fn filetype(&self) -> Filetype {
        self.inner.filetype()
    }
    fn stat(&self) -> Result<Filestat, Errno> {
        self.plan.check()?;
        self.inner.stat()
    }
    fn read(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        if self.plan.check_transfer()? { read_half(bufs, |bufs| self.inner.read(bufs)) } else { self.inner.read(bufs) }
    }
    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        if self.plan.check_transfer()? {
            write_half(bufs, |bufs| self.inner.write(bufs))
        } else {
            self.inner.write(bufs)
        }
    }
    fn read_at(&mut self, bufs: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize, Errno> {
        let short = self.plan.check_transfer()?;
        if short { read_half(bufs, |bufs| self.inner.read_at(bufs, offset)) } else { self.inner.read_at(bufs, offset) }
    }
    fn write_at(&mut self, bufs: &[IoSlice<'_>], offset: u64) -> Result<usize, Errno> {
        let short = self.plan.check_transfer()?;
        if short {
            write_half(bufs, |bufs| self.inner.write_at(bufs, offset))
        } else {
            self.inner.write_at(bufs, offset)
        }
    }
    fn seek(&mut self, to: SeekFrom) -> Result<u64, Errno> {
        self.plan.check()?;
        self.inner.seek(to)
    }
    /// Leaves an eighth of it for the next time.
    fn set_size(&mut self, size: u64) -> Result<u64, Errno> {
        self.plan.check()?;
        let now = self.inner.stat()?.size;
        self.inner.set_size(size + now.saturating_sub(size) / 8)
    }
    /// As well.
    fn allocate(&mut self, offset: u64, len: u64) -> Result<u64, Errno> {
        self.plan.check()?;
        self.inner.allocate(offset, len - len / 8)
    }
    fn advise(&mut self, offset: u64, len: u64, advice: Advice) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.advise(offset, len, advice)
    }
    fn set_times(&mut self, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.set_times(accessed, modified)
    }
    fn set_flags(&mut self, flags: Fdflags) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.set_flags(flags)
    }
    fn sync(&mut self, data_only: bool) -> Result<(), Errno> {
        self.plan.check()?;
        self.inner.sync(data_only)
    }
    fn bytes_readable(&mut self) -> Result<Option<u64>, Errno> {
        self.plan.check()?;
        self.inner.bytes_readable()
    }
    #[cfg(unix)]
    fn pollable(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        self.plan.ready.as_ref().map(std::os::fd::AsFd::as_fd)
    }
}
