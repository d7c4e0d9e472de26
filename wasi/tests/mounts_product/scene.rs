//! The two file systems of a case, how they are put together, and what is in them afterwards.

use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

use hostel_wasi::abi::Filetype;
use hostel_wasi::fs::host::HostDirectory;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::fs::{Directory, OpenOptions, Opened};
use hostel_wasi::{Perms, WasiCtx};

use crate::kit::{Guest, guest};

pub const RO: Perms = Perms::READ_ONLY;
pub const RW: Perms = Perms::READ_WRITE;

/// The access time that the tests set, in nanoseconds; also the modification time.
pub const SET_TIME: u64 = 6_000_000_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Host,
    Memory,
}

/// Which file system is mounted in which, and with which permissions.
#[derive(Clone, Copy)]
pub struct Arrangement {
    pub outer: (Kind, Perms),
    pub inner: (Kind, Perms),
}

pub fn arrangements() -> Vec<Arrangement> {
    let mut all = Vec::new();
    for (outer, inner) in [(Kind::Host, Kind::Memory), (Kind::Memory, Kind::Host)] {
        for (outer_perms, inner_perms) in [(RW, RO), (RO, RW), (RW, RW)] {
            all.push(Arrangement { outer: (outer, outer_perms), inner: (inner, inner_perms) });
        }
    }
    all
}

impl Arrangement {
    pub fn describe(self) -> String {
        let side = |(kind, perms): (Kind, Perms)| {
            format!("{}-{}", if perms == RO { "ro" } else { "rw" }, if kind == Kind::Host { "host" } else { "memory" })
        };
        format!("{} in {}", side(self.inner), side(self.outer))
    }

    pub fn scene(self) -> Scene {
        self.scene_with_links("")
    }

    /// With links in the outer file system that lead to `name` in the mount, if it is a name.
    pub fn scene_with_links(self, name: &str) -> Scene {
        Scene::new(self.outer.0, self.inner.0, name)
    }

    /// The inner file system at `/m`, the outer one at `/`.
    pub fn guest(self, scene: &Scene) -> Guest {
        let builder = WasiCtx::builder().preopened(scene.outer.clone(), "/", self.outer.1);
        guest(builder.preopened(scene.inner.clone(), "/m", self.inner.1))
    }
}

/// Everything in a tree: by path, what it is.
pub type State = BTreeMap<String, String>;

/// The file systems themselves, without mounts.
pub struct Scene {
    pub outer: Arc<dyn Directory>,
    pub inner: Arc<dyn Directory>,
    _host: Option<tempfile::TempDir>,
}

pub fn put(dir: &dyn Directory, path: &str, text: &str) {
    let options = OpenOptions { write: true, create: true, ..OpenOptions::default() };
    let Ok(Opened::File(mut file)) = dir.open(path.as_bytes(), &options) else { panic!("{path}") };
    assert_eq!(file.write(&[IoSlice::new(text.as_bytes())]), Ok(text.len()));
}

pub fn mkdir(dir: &dyn Directory, path: &str) {
    dir.create_directory(path.as_bytes()).unwrap_or_else(|errno| panic!("mkdir {path}: {errno}"));
}

pub fn link(dir: &dyn Directory, text: &str, path: &str) {
    dir.symlink(text.as_bytes(), path.as_bytes()).unwrap_or_else(|errno| panic!("symlink {path}: {errno}"));
}

impl Scene {
    fn new(outer: Kind, inner: Kind, name: &str) -> Scene {
        let mut host = None;
        let mut make = |kind: Kind| -> Arc<dyn Directory> {
            if kind == Kind::Memory {
                return MemoryFs::new().root();
            }
            let dir = host.insert(tempfile::tempdir().unwrap());
            Arc::new(HostDirectory::open_ambient(dir.path()).unwrap())
        };
        let (outer, inner) = (make(outer), make(inner));
        fill_outer(&*outer, name);
        fill_inner(&*inner);
        Scene { outer, inner, _host: host }
    }

    pub fn state(&self) -> State {
        let mut state = State::new();
        snapshot(&*self.outer, "outer", &mut state);
        snapshot(&*self.inner, "inner", &mut state);
        state
    }
}

/// Links that lead to the mount, and below `m` the names that the inner file system has, with other contents: what takes
/// the wrong way finds them.
fn fill_outer(dir: &dyn Directory, name: &str) {
    for path in ["m", "m/dir", "m/empty", "x"] {
        mkdir(dir, path);
    }
    put(dir, "own", "own");
    for path in ["m/file", "m/other", "m/only-outer", "m/dir/inside"] {
        put(dir, path, "hidden");
    }
    link(dir, "only-outer", "m/link");
    for (text, path) in [("m", "to-m"), ("../m", "x/back"), ("x/to-m", "chain"), ("../to-m", "x/to-m"), ("x", "to-x")] {
        link(dir, text, path);
    }
    if !name.is_empty() {
        let flat = flat(name);
        link(dir, &format!("m/{name}"), &format!("to-{flat}"));
        link(dir, &format!("../chain/{name}"), &format!("x/to-{flat}"));
        link(dir, &format!("x/to-{flat}"), &format!("chain-{flat}"));
        link(dir, "nowhere", &format!("elsewhere-{flat}"));
    }
}

/// A name as part of a link's name.
pub fn flat(name: &str) -> String {
    name.replace('/', "-")
}

fn fill_inner(dir: &dyn Directory) {
    for path in ["dir", "empty"] {
        mkdir(dir, path);
    }
    for path in ["file", "other", "dir/inside"] {
        put(dir, path, "text");
    }
    for (text, path) in [("file", "link"), ("../own", "out"), ("../../own", "dir/out"), ("../m/file", "around")] {
        link(dir, text, path);
    }
}

fn snapshot(dir: &dyn Directory, prefix: &str, into: &mut State) {
    for entry in dir.entries().unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}/{}", String::from_utf8(entry.name.clone()).unwrap());
        let stat = dir.stat_at(&entry.name, false).unwrap();
        let options = OpenOptions { read: true, ..OpenOptions::default() };
        let text = match entry.filetype {
            Filetype::SymbolicLink => format!("link {:?}", String::from_utf8(dir.read_link(&entry.name).unwrap())),
            _ => match dir.open(&entry.name, &options).unwrap() {
                Opened::Directory(below) => {
                    snapshot(&*below, &path, into);
                    "directory".to_owned()
                }
                Opened::File(mut file) => {
                    let mut bytes = [0; 100];
                    let len = file.read(&mut [IoSliceMut::new(&mut bytes)]).unwrap();
                    format!("file {:?}, {} links", String::from_utf8_lossy(&bytes[..len]), stat.nlink)
                }
            },
        };
        let time = if stat.mtim == SET_TIME { ", time set" } else { "" };
        into.insert(path, text + time);
    }
}
