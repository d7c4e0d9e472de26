//! The file systems under test, and short words for what the behaviours do all the time.

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

use hostel_wasi::abi::{Errno, Filetype};
use hostel_wasi::fs::host::HostDirectory;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::fs::{Directory, File, OpenOptions, Opened};

/// An empty file system.
pub struct Fixture {
    pub root: Arc<dyn Directory>,
    /// Another directory, of another file system where that can be had.
    pub elsewhere: Arc<dyn Directory>,
    /// Whether times are those of a coarse clock.
    pub host: bool,
    _temporary: Option<tempfile::TempDir>,
}

pub const READ: OpenOptions = OpenOptions { read: true, ..NOTHING };
pub const WRITE: OpenOptions = OpenOptions { write: true, ..NOTHING };
pub const BOTH: OpenOptions = OpenOptions { read: true, write: true, ..NOTHING };
pub const CREATE: OpenOptions = OpenOptions { create: true, ..BOTH };
pub const NEW: OpenOptions = OpenOptions { exclusive: true, ..CREATE };
pub const DIRECTORY: OpenOptions = OpenOptions { directory: true, ..READ };
pub const NOTHING: OpenOptions = OpenOptions {
    read: false,
    write: false,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    follow: true,
    flags: hostel_wasi::abi::Fdflags::empty(),
};

impl Fixture {
    pub fn host() -> Fixture {
        let temporary = tempfile::tempdir().unwrap();
        // One level down: what is outside must be there to be missed.
        std::fs::create_dir(temporary.path().join("root")).unwrap();
        std::fs::create_dir(temporary.path().join("outside")).unwrap();
        std::fs::write(temporary.path().join("secret"), "secret").unwrap();
        std::fs::write(temporary.path().join("outside/secret"), "secret").unwrap();
        Fixture {
            root: Arc::new(HostDirectory::open_ambient(temporary.path().join("root")).unwrap()),
            elsewhere: MemoryFs::new().root(),
            host: true,
            _temporary: Some(temporary),
        }
    }

    /// The root is a directory below that of the file system, for the same reason.
    pub fn memory() -> Fixture {
        let fs = MemoryFs::new();
        fs.create_dir_all("root").unwrap();
        fs.create_dir_all("outside").unwrap();
        fs.write_file("secret", "secret").unwrap();
        fs.write_file("outside/secret", "secret").unwrap();
        let root = fs.root().directory("root");
        Fixture { root, elsewhere: MemoryFs::new().root(), host: false, _temporary: None }
    }
}

impl std::ops::Deref for Fixture {
    type Target = dyn Directory;

    fn deref(&self) -> &Self::Target {
        &*self.root
    }
}

/// Text as paths, and files as bytes.
pub trait Words {
    fn try_open(&self, path: &str, options: OpenOptions) -> Result<Opened, Errno>;

    fn file(&self, path: &str, options: OpenOptions) -> Box<dyn File> {
        match self.try_open(path, options) {
            Ok(Opened::File(file)) => file,
            Ok(Opened::Directory(_)) => panic!("{path} is a directory"),
            Err(error) => panic!("{path}: {error}"),
        }
    }

    fn directory(&self, path: &str) -> Arc<dyn Directory> {
        match self.try_open(path, DIRECTORY) {
            Ok(Opened::Directory(directory)) => directory,
            Ok(Opened::File(_)) => panic!("{path} is a file"),
            Err(error) => panic!("{path}: {error}"),
        }
    }

    /// `file`, `directory`, or the errno's name.
    fn outcome(&self, path: &str, options: OpenOptions) -> &'static str {
        match self.try_open(path, options) {
            Ok(Opened::File(_)) => "file",
            Ok(Opened::Directory(_)) => "directory",
            Err(error) => error.name(),
        }
    }

    fn put(&self, path: &str, text: &str) {
        let mut file = self.file(path, OpenOptions { truncate: true, ..CREATE });
        assert_eq!(write(&mut *file, text.as_bytes()), Ok(text.len()));
    }

    fn get(&self, path: &str) -> String {
        String::from_utf8(read(&mut *self.file(path, READ), 1 << 20).unwrap()).unwrap()
    }

    fn mkdir(&self, path: &str);
    fn link_to(&self, target: &str, path: &str);
    /// The type of the entry itself, or the errno's name.
    fn kind(&self, path: &str) -> Result<Filetype, Errno>;
    fn names(&self) -> Vec<String>;
}

impl Words for dyn Directory {
    fn try_open(&self, path: &str, options: OpenOptions) -> Result<Opened, Errno> {
        self.open(path.as_bytes(), &options)
    }

    fn mkdir(&self, path: &str) {
        self.create_directory(path.as_bytes()).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    fn link_to(&self, target: &str, path: &str) {
        self.symlink(target.as_bytes(), path.as_bytes()).unwrap_or_else(|error| panic!("{path}: {error}"));
    }

    fn kind(&self, path: &str) -> Result<Filetype, Errno> {
        self.stat_at(path.as_bytes(), false).map(|stat| stat.filetype)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.entries().unwrap().map(|entry| String::from_utf8(entry.unwrap().name).unwrap()).collect();
        names.sort();
        names
    }
}

pub fn read(file: &mut dyn File, len: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; len];
    let count = file.read(&mut [IoSliceMut::new(&mut bytes)])?;
    bytes.truncate(count);
    Ok(bytes)
}

pub fn read_at(file: &mut dyn File, len: usize, offset: u64) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; len];
    let count = file.read_at(&mut [IoSliceMut::new(&mut bytes)], offset)?;
    bytes.truncate(count);
    Ok(bytes)
}

pub fn write(file: &mut dyn File, bytes: &[u8]) -> Result<usize, Errno> {
    file.write(&[IoSlice::new(bytes)])
}

pub fn write_at(file: &mut dyn File, bytes: &[u8], offset: u64) -> Result<usize, Errno> {
    file.write_at(&[IoSlice::new(bytes)], offset)
}
