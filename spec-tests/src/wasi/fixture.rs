//! A case's directory: a copy of its own, so that cases do not meet and the checkout stays as it is.

use std::fs;
use std::io;
use std::path::Path;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, WasiCtxBuilder};
use tempfile::TempDir;

/// The file system that a case's directory is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fs {
    /// The host's, through cap-std.
    Host,
    /// In memory.
    Memory,
}

impl Fs {
    /// Both.
    pub const ALL: [Fs; 2] = [Fs::Host, Fs::Memory];

    /// `host` or `memory`.
    pub fn name(self) -> &'static str {
        match self {
            Fs::Host => "host",
            Fs::Memory => "memory",
        }
    }
}

/// A copy of a directory.
pub(super) enum Fixture {
    Host(TempDir),
    Memory(MemoryFs),
}

impl Fixture {
    /// Copies `source`, but for what an earlier run of the suite's own runner has left there.
    pub(super) fn new(source: &Path, fs: Fs) -> Result<Fixture, String> {
        let failed = |error: String| format!("cannot copy {}: {error}", source.display());
        match fs {
            Fs::Host => {
                let copy = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
                to_host(source, copy.path()).map_err(|error| failed(error.to_string()))?;
                Ok(Fixture::Host(copy))
            }
            Fs::Memory => {
                let copy = MemoryFs::new();
                to_memory(source, &copy, b"").map_err(failed)?;
                Ok(Fixture::Memory(copy))
            }
        }
    }

    /// Gives it to the guest as `/`.
    pub(super) fn mount(&self, builder: WasiCtxBuilder) -> WasiCtxBuilder {
        match self {
            Fixture::Host(copy) => builder.preopened_dir(copy.path(), "/", Perms::READ_WRITE),
            Fixture::Memory(copy) => builder.in_memory_dir(copy, "/", Perms::READ_WRITE),
        }
    }
}

/// The entries that belong to the fixture.
fn entries(source: &Path) -> io::Result<Vec<fs::DirEntry>> {
    let entries: Vec<_> = fs::read_dir(source)?.collect::<Result<_, _>>()?;
    Ok(entries.into_iter().filter(|entry| !entry.file_name().as_encoded_bytes().ends_with(b".cleanup")).collect())
}

fn to_host(source: &Path, copy: &Path) -> io::Result<()> {
    for entry in entries(source)? {
        let (from, to) = (entry.path(), copy.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            fs::create_dir(&to)?;
            to_host(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

fn to_memory(source: &Path, copy: &MemoryFs, below: &[u8]) -> Result<(), String> {
    let failed = |errno: Errno| format!("{errno:?}");
    for entry in entries(source).map_err(|error| error.to_string())? {
        let (from, to) = (entry.path(), [below, entry.file_name().as_encoded_bytes()].concat());
        if entry.file_type().map_err(|error| error.to_string())?.is_dir() {
            copy.root().create_directory(&to).map_err(failed)?;
            to_memory(&from, copy, &[&to, &b"/"[..]].concat())?;
        } else {
            copy.write_file(&to, fs::read(&from).map_err(|error| error.to_string())?).map_err(failed)?;
        }
    }
    Ok(())
}
