//! What every guest is given: directories of the host's, arguments, environment.
//!
//! Streams are each engine's own business, as they are its own types: stdin never ends, stdout takes everything.

use std::fs;
use std::path::PathBuf;

/// The guest's arguments.
pub const ARGS: [&str; 3] = ["bench", "--verbose", "input.txt"];
/// The guest's environment.
pub const ENV: [(&str, &str); 3] = [("HOME", "/home/guest"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")];

/// The guest's descriptor of [`World::files`].
pub const FILES_FD: i64 = 3;
/// The guest's descriptor of [`World::list`].
pub const LIST_FD: i64 = 4;
/// The guest's descriptor of [`World::many`].
pub const MANY_FD: i64 = 5;

/// Directories that live as long as this does.
pub struct World {
    root: tempfile::TempDir,
}

impl World {
    /// Makes the directories: `files` with `data` (1 MiB) and `out` (empty), `list` with ten files, `many` with
    /// ten thousand.
    ///
    /// # Panics
    ///
    /// When there is no place for temporary files.
    pub fn new() -> World {
        let root = tempfile::tempdir().expect("a temporary directory");
        let world = World { root };
        fs::create_dir(world.files()).expect("a directory");
        fs::write(world.files().join("data"), vec![b'x'; 1 << 20]).expect("a file");
        fs::write(world.files().join("out"), "").expect("a file");
        fs::create_dir(world.list()).expect("a directory");
        for number in 0..10 {
            fs::write(world.list().join(format!("entry-{number}")), "").expect("a file");
        }
        fs::create_dir(world.many()).expect("a directory");
        for number in 0..10_000 {
            fs::write(world.many().join(format!("entry-{number}")), "").expect("a file");
        }
        world
    }

    /// The directory to be given as [`FILES_FD`], named `/files`.
    pub fn files(&self) -> PathBuf {
        self.root.path().join("files")
    }

    /// The directory to be given as [`LIST_FD`], named `/list`.
    pub fn list(&self) -> PathBuf {
        self.root.path().join("list")
    }

    /// The directory to be given as [`MANY_FD`], named `/many`.
    pub fn many(&self) -> PathBuf {
        self.root.path().join("many")
    }

    /// All directories to be given, with their names, in the order of their descriptors.
    pub fn preopens(&self) -> [(PathBuf, &'static str); 3] {
        [(self.files(), "/files"), (self.list(), "/list"), (self.many(), "/many")]
    }
}

impl Default for World {
    fn default() -> World {
        World::new()
    }
}
