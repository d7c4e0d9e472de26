//! A file system in this process's memory: files, directories, links symbolic and hard, with POSIX's rules and none of
//! the host's files.
//!
//! ```text
//! MemoryFs ─► Volume ─► Tree (one lock): directory number → names → inode     walk: paths through it
//!                │                                            └─► Inode: times, and a file's Contents (a lock each)
//!                └────► Ledger: what all of it may take and takes   └─► Leftovers: what removed files had
//! ```
//!
//! Invariants. An inode lives as long as a name, an open file or an open directory holds it, and the ledger is charged
//! for exactly that long. Names change only under the tree's lock, so that every operation on names is atomic. Locks
//! are taken in one order: tree, contents, times. Numbers of inodes are never used twice.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::abi::Errno;
use crate::fs::{Directory, OpenOptions, Opened};

mod contents;
mod directory;
mod file;
mod inode;
mod ledger;
mod leftovers;
mod listing;
mod names;
mod tree;
mod volume;
mod walk;

use directory::MemoryDirectory;
use ledger::Ledger;
use volume::{Clock, Volume};

/// A file system in memory. Clones are handles of the same one.
///
/// ```
/// use hostel_wasi::{abi::Errno, fs::{Directory, memory::MemoryFs}};
/// let fs = MemoryFs::new();
/// fs.create_dir_all("etc/app")?;
/// fs.write_file("etc/app/config", "colour = blue")?;
/// let root = fs.root();
/// assert_eq!(root.stat_at(b"etc/app/config", true)?.size, 13);
/// root.unlink_file(b"etc/app/config")?;
/// assert_eq!(fs.read_file("etc/app/config"), Err(Errno::Noent));
/// # Ok::<(), Errno>(())
/// ```
#[derive(Clone)]
pub struct MemoryFs {
    volume: Arc<Volume>,
}

impl MemoryFs {
    /// Bytes unless told otherwise (chosen: what a small machine can spare).
    pub const DEFAULT_MAX_BYTES: u64 = 1 << 30;
    /// Inodes unless told otherwise (chosen: several times a large source tree).
    pub const DEFAULT_MAX_INODES: u64 = 1 << 20;
    /// How many levels deep a directory may lie that a directory is moved to ([`Errno::Nametoolong`]): so far up it is looked
    /// whether it is moved into itself. Chosen: some milliseconds, and far more levels than a path can name.
    pub const LEVELS_MAX: usize = 16_384;

    /// An empty one with the default limits and the system's clock.
    pub fn new() -> MemoryFs {
        MemoryFs::builder().build()
    }

    /// An empty one with limits or a clock of one's own.
    pub fn builder() -> MemoryFsBuilder {
        MemoryFsBuilder {
            max_bytes: MemoryFs::DEFAULT_MAX_BYTES,
            max_inodes: MemoryFs::DEFAULT_MAX_INODES,
            clock: Arc::new(system_clock),
        }
    }

    /// Its root, to be given to a guest.
    pub fn root(&self) -> Arc<dyn Directory> {
        Arc::new(MemoryDirectory::root(&self.volume))
    }

    /// Puts a file there, in place of one that may be there already. The directory must exist.
    ///
    /// # Errors
    /// Those of opening and writing; [`Errno::Nospc`] when it does not fit, and then a part is there.
    pub fn write_file(&self, path: impl AsRef<[u8]>, bytes: impl AsRef<[u8]>) -> Result<(), Errno> {
        let options = OpenOptions { write: true, create: true, truncate: true, follow: true, ..OpenOptions::default() };
        let Opened::File(mut file) = self.root().open(from_root(path.as_ref()), &options)? else {
            return Err(Errno::Isdir);
        };
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            let written = file.write(&[std::io::IoSlice::new(rest)])?;
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    /// The whole of a file.
    ///
    /// # Errors
    /// Those of opening; [`Errno::Isdir`]; [`Errno::Fbig`] for a file that is longer than the file system may hold bytes: a
    /// guest makes it as long as it likes, with holes.
    pub fn read_file(&self, path: impl AsRef<[u8]>) -> Result<Vec<u8>, Errno> {
        let options = OpenOptions { read: true, follow: true, ..OpenOptions::default() };
        let Opened::File(mut file) = self.root().open(from_root(path.as_ref()), &options)? else {
            return Err(Errno::Isdir);
        };
        let size = file.stat()?.size;
        if size > self.volume.ledger.max_bytes() {
            return Err(Errno::Fbig);
        }
        let (mut bytes, len) = (Vec::new(), usize::try_from(size).map_err(|_| Errno::Nomem)?);
        bytes.try_reserve_exact(len).map_err(|_| Errno::Nomem)?;
        bytes.resize(len, 0);
        let read = file.read(&mut [std::io::IoSliceMut::new(&mut bytes)])?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Makes a directory, and those above it that are missing. That it exists already is fine.
    ///
    /// # Errors
    /// [`Errno::Notdir`] when something else is in the way.
    pub fn create_dir_all(&self, path: impl AsRef<[u8]>) -> Result<(), Errno> {
        let (root, path) = (self.root(), from_root(path.as_ref()));
        let ends = path.iter().enumerate().filter(|&(_, &byte)| byte == b'/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            match root.create_directory(&path[..end]) {
                Ok(()) | Err(Errno::Exist) => {}
                Err(error) => return Err(error),
            }
        }
        let options = OpenOptions { directory: true, follow: true, ..OpenOptions::default() };
        root.open(path, &options).map(|_| ())
    }

    /// Gives back at once what removed files have left. Without it that is done a piece at a time, as files are written and
    /// removed, so that no guest waits for the memory of gigabytes to be given back; a file system that is kept and used no
    /// more keeps what is left of the last large files.
    ///
    /// ```
    /// let fs = hostel_wasi::fs::memory::MemoryFs::new();
    /// fs.write_file("large", vec![1; 100 << 20])?;
    /// fs.root().unlink_file(b"large")?;
    /// assert_eq!(fs.bytes_used(), 0);
    /// fs.trim();
    /// # Ok::<(), hostel_wasi::abi::Errno>(())
    /// ```
    pub fn trim(&self) {
        while self.volume.ledger.leftovers.give_back() {}
    }

    /// What is charged to the limit on bytes now: contents, names and texts of links, and for each of them and for each file,
    /// directory and link a fixed sum, so that it is what all of it takes of the host's memory. An empty file takes some 270
    /// bytes, a directory some 620, the first byte of a file some 400.
    ///
    /// ```
    /// let fs = hostel_wasi::fs::memory::MemoryFs::new();
    /// assert_eq!(fs.bytes_used(), 0);
    /// fs.write_file("empty", "")?;
    /// assert!((200..400).contains(&fs.bytes_used()));
    /// # Ok::<(), hostel_wasi::abi::Errno>(())
    /// ```
    pub fn bytes_used(&self) -> u64 {
        self.volume.ledger.bytes()
    }

    pub(crate) fn is_the_same(&self, other: &MemoryFs) -> bool {
        Arc::ptr_eq(&self.volume, &other.volume)
    }

    /// Inodes in use now, those included that only open files still hold.
    pub fn inodes_used(&self) -> u64 {
        self.volume.ledger.inodes()
    }
}

impl Default for MemoryFs {
    fn default() -> MemoryFs {
        MemoryFs::new()
    }
}

impl std::fmt::Debug for MemoryFs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryFs").field("bytes", &self.bytes_used()).field("inodes", &self.inodes_used()).finish()
    }
}

/// What a [`MemoryFs`] is made with.
#[derive(Clone)]
pub struct MemoryFsBuilder {
    max_bytes: u64,
    max_inodes: u64,
    clock: Clock,
}

impl MemoryFsBuilder {
    /// The most that all of it may take together, as [`MemoryFs::bytes_used`] counts ([`Errno::Nospc`]); also the longest file
    /// ([`Errno::Fbig`]). Holes cost nothing.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// The most files, directories and links at a time, the root included ([`Errno::Nospc`]).
    pub fn max_inodes(mut self, inodes: u64) -> Self {
        self.max_inodes = inodes;
        self
    }

    /// Where times come from: nanoseconds since 1970-01-01T00:00:00Z.
    ///
    /// ```
    /// use hostel_wasi::fs::{Directory, memory::MemoryFs};
    /// let fs = MemoryFs::builder().clock(|| 42).build();
    /// fs.write_file("a", "")?;
    /// assert_eq!(fs.root().stat_at(b"a", true)?.mtim, 42);
    /// # Ok::<(), hostel_wasi::abi::Errno>(())
    /// ```
    pub fn clock(mut self, now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(now);
        self
    }

    /// Makes the file system. Its root exists whatever the limits say.
    pub fn build(self) -> MemoryFs {
        MemoryFs { volume: Arc::new(Volume::new(Ledger::new(self.max_bytes, self.max_inodes), self.clock)) }
    }
}

/// Embedders may write paths with a leading slash; there is only one root they can mean.
fn from_root(path: &[u8]) -> &[u8] {
    let start = path.iter().position(|&byte| byte != b'/').unwrap_or(path.len());
    match &path[start..] {
        b"" => b".",
        path => path,
    }
}

fn system_clock() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}
