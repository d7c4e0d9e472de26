//! A mount holds whatever way a path takes to it: every spelling of a place has the outcome of the plain one, and leaves the
//! same behind, for all path functions and arrangements of file systems and permissions.
//!
//! `cargo test -p hostel-wasi --test mount_ways -- --nocapture` prints the table.

mod kit;

use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

use hostel_wasi::abi::{Errno, Filetype};
use hostel_wasi::fs::host::HostDirectory;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::fs::{Directory, OpenOptions, Opened};
use hostel_wasi::{Perms, WasiCtx};
use kit::*;

/// A path below `m`, where the mount is, or one that leads there by other names.
const SPELLINGS: [&str; 9] =
    ["m", "x/../m", "m/dir/../../m", "./m/.", "to-m", "x/back", "chain", "x/../chain/dir/..", "to-x/../m"];
/// Links outside of the mount to files in it.
const FILE_LINKS: [&str; 3] = ["to-file", "to-to-file", "x/to-file"];

/// Where a call starts: a descriptor and what comes before the name.
#[derive(Clone, Copy)]
struct Way {
    spelling: &'static str,
    /// Whether the directory is opened by the spelling first, and the name is below that descriptor.
    opened: bool,
    /// Whether the root is opened again first, by `x/..` with no rights asked for.
    reopened: bool,
}

const PLAIN: Way = Way { spelling: "m", opened: false, reopened: false };

fn ways() -> Vec<Way> {
    let mut ways = Vec::new();
    for spelling in SPELLINGS {
        for (opened, reopened) in [(false, false), (true, false), (false, true), (true, true)] {
            ways.push(Way { spelling, opened, reopened });
        }
    }
    ways
}

impl Way {
    /// The descriptor to start from, and what comes before the name: an empty prefix means nothing.
    fn take(self, guest: &mut Guest) -> (u64, &'static str) {
        let root = if self.reopened { guest.open(ROOT, "x/..", DIRECTORY, 0) } else { ROOT };
        if !self.opened {
            return (root, self.spelling);
        }
        let [path, len] = guest.path(self.spelling);
        guest.ok("path_open", &[root, FOLLOW, path, len, DIRECTORY, 0, 0, 0, RESULT]);
        (u64::from(guest.u32_at(RESULT)), "")
    }
}

fn join(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", name) => name.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, name) => format!("{prefix}/{name}"),
    }
}

/// What is done at a place, with the name below the mount.
type Deed = fn(&mut Guest, u64, &str) -> Result<Vec<u8>, Errno>;

fn at(guest: &mut Guest, fd: u64, path: &str, oflags: u64, rights: u64) -> Result<Vec<u8>, Errno> {
    let [path, len] = guest.path(path);
    guest.call("path_open", &[fd, FOLLOW, path, len, oflags, rights, 0, 0, RESULT])?;
    let new = u64::from(guest.u32_at(RESULT));
    let filetype = guest.fdstat(new).0;
    if filetype == Filetype::Directory as u8 {
        return Ok(b"a directory".to_vec());
    }
    if rights & WRITE != 0 {
        guest.write(new, b"changed")?;
        return Ok(b"written".to_vec());
    }
    guest.read(new, 100)
}

fn one(guest: &mut Guest, function: &str, fd: u64, path: &str) -> Result<Vec<u8>, Errno> {
    let [path, len] = guest.path(path);
    guest.call(function, &[fd, path, len]).map(|()| Vec::new())
}

fn two(guest: &mut Guest, function: &str, old: (u64, &str), new: (u64, &str)) -> Result<Vec<u8>, Errno> {
    let ([from, from_len], [to, to_len]) = (guest.path(old.1), guest.path2(new.1));
    let args = match function {
        "path_link" => vec![old.0, 0, from, from_len, new.0, to, to_len],
        "path_symlink" => vec![from, from_len, new.0, to, to_len],
        _ => vec![old.0, from, from_len, new.0, to, to_len],
    };
    guest.call(function, &args).map(|()| Vec::new())
}

fn stat(guest: &mut Guest, fd: u64, path: &str, follow: u64) -> Result<Vec<u8>, Errno> {
    let [path, len] = guest.path(path);
    guest.call("path_filestat_get", &[fd, follow, path, len, RESULT])?;
    // Type, links and size: numbers and times are not the same in each run.
    Ok(guest.bytes(RESULT + 16, 24).to_vec())
}

/// Every path function, on what is there and what is not, and on the mounted name itself (an empty name).
const DEEDS: [(&str, &str, Deed); 31] = [
    ("open to read", "file", |guest, fd, path| at(guest, fd, path, 0, READ)),
    ("open to write", "file", |guest, fd, path| at(guest, fd, path, 0, WRITE)),
    ("open for both", "file", |guest, fd, path| at(guest, fd, path, 0, READ | WRITE)),
    ("truncate", "file", |guest, fd, path| at(guest, fd, path, TRUNC, WRITE)),
    ("create existing", "file", |guest, fd, path| at(guest, fd, path, CREAT, READ)),
    ("create exclusively", "file", |guest, fd, path| at(guest, fd, path, CREAT | EXCL, WRITE)),
    ("create new", "new", |guest, fd, path| at(guest, fd, path, CREAT, WRITE)),
    ("open missing", "missing", |guest, fd, path| at(guest, fd, path, 0, WRITE)),
    ("open through a link", "link", |guest, fd, path| at(guest, fd, path, 0, WRITE)),
    ("open a directory", "dir", |guest, fd, path| at(guest, fd, path, DIRECTORY, READ)),
    ("write a directory", "dir", |guest, fd, path| at(guest, fd, path, 0, WRITE)),
    ("open what it covers", "hidden", |guest, fd, path| at(guest, fd, path, 0, READ)),
    ("mkdir", "new", |guest, fd, path| one(guest, "path_create_directory", fd, path)),
    ("mkdir existing", "dir", |guest, fd, path| one(guest, "path_create_directory", fd, path)),
    ("rmdir", "empty", |guest, fd, path| one(guest, "path_remove_directory", fd, path)),
    ("unlink", "file", |guest, fd, path| one(guest, "path_unlink_file", fd, path)),
    ("unlink a link", "link", |guest, fd, path| one(guest, "path_unlink_file", fd, path)),
    ("stat", "file", |guest, fd, path| stat(guest, fd, path, FOLLOW)),
    ("stat a link", "link", |guest, fd, path| stat(guest, fd, path, 0)),
    ("stat the mount", "dir/..", |guest, fd, path| stat(guest, fd, path, 0)),
    ("readlink", "link", |guest, fd, path| {
        let [path, len] = guest.path(path);
        guest.call("path_readlink", &[fd, path, len, DATA, 50, RESULT])?;
        Ok(guest.bytes(DATA, guest.u32_at(RESULT) as usize).to_vec())
    }),
    ("utimes", "file", |guest, fd, path| {
        let [path, len] = guest.path(path);
        guest.call("path_filestat_set_times", &[fd, 0, path, len, 5_000_000_000, 6_000_000_000, 5]).map(|()| Vec::new())
    }),
    ("symlink", "new", |guest, fd, path| two(guest, "path_symlink", (fd, "file"), (fd, path))),
    ("link within", "file", |guest, fd, path| two(guest, "path_link", (fd, path), (fd, &format!("{path}-2")))),
    ("link out", "file", |guest, fd, path| two(guest, "path_link", (fd, path), (ROOT, "stolen"))),
    ("link in", "new", |guest, fd, path| two(guest, "path_link", (ROOT, "own"), (fd, path))),
    ("rename within", "file", |guest, fd, path| two(guest, "path_rename", (fd, path), (fd, &format!("{path}-2")))),
    ("rename out", "file", |guest, fd, path| two(guest, "path_rename", (fd, path), (ROOT, "stolen"))),
    ("rename in", "new", |guest, fd, path| two(guest, "path_rename", (ROOT, "own"), (fd, path))),
    ("rename over", "file", |guest, fd, path| two(guest, "path_rename", (ROOT, "own"), (fd, path))),
    ("rename the covered one in", "new", |guest, fd, path| two(guest, "path_rename", (ROOT, "x"), (fd, path))),
];

/// What must not happen to the mounted name itself. Of a spelling that ends in a link, the link is meant, which may go.
const AT_THE_NAME: [(&str, Deed); 6] = [
    ("rmdir", |guest, fd, path| one(guest, "path_remove_directory", fd, path)),
    ("unlink", |guest, fd, path| one(guest, "path_unlink_file", fd, path)),
    ("rename away", |guest, fd, path| two(guest, "path_rename", (fd, path), (ROOT, "moved"))),
    ("rename over", |guest, fd, path| two(guest, "path_rename", (ROOT, "x"), (fd, path))),
    ("link over", |guest, fd, path| two(guest, "path_link", (ROOT, "own"), (fd, path))),
    ("symlink over", |guest, fd, path| two(guest, "path_symlink", (fd, "own"), (fd, path))),
];

/// The two trees of a case, to be looked at without mounts.
struct Scene {
    outer: Arc<dyn Directory>,
    inner: Arc<dyn Directory>,
    _host: Vec<tempfile::TempDir>,
}

fn put(dir: &dyn Directory, path: &str, text: &str) {
    let options = OpenOptions { write: true, create: true, ..OpenOptions::default() };
    let Ok(Opened::File(mut file)) = dir.open(path.as_bytes(), &options) else { panic!("{path}") };
    assert_eq!(file.write(&[IoSlice::new(text.as_bytes())]), Ok(text.len()));
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Host,
    Memory,
    /// A host directory that lies where the outer one has the name.
    Itself,
}

fn scene(outer: Kind, inner: Kind) -> Scene {
    let mut host = Vec::new();
    let mut make = |kind: Kind| -> Arc<dyn Directory> {
        if kind == Kind::Memory {
            return MemoryFs::new().root();
        }
        host.push(tempfile::tempdir().unwrap());
        Arc::new(HostDirectory::open_ambient(host[host.len() - 1].path()).unwrap())
    };
    let outer_dir = make(outer);
    for dir in ["m", "x"] {
        outer_dir.create_directory(dir.as_bytes()).unwrap();
    }
    put(&*outer_dir, "own", "own");
    put(&*outer_dir, "m/hidden", "hidden");
    for (target, link) in [
        ("m", "to-m"),
        ("../m", "x/back"),
        ("to-m", "chain"),
        ("x", "to-x"),
        ("m/file", "to-file"),
        ("to-file", "to-to-file"),
        ("../chain/link", "x/to-file"),
    ] {
        outer_dir.symlink(target.as_bytes(), link.as_bytes()).unwrap();
    }
    let inner_dir = if inner == Kind::Itself {
        outer_dir.unlink_file(b"m/hidden").unwrap();
        Arc::new(HostDirectory::open_ambient(host[0].path().join("m")).unwrap())
    } else {
        make(inner)
    };
    for dir in ["dir", "empty"] {
        inner_dir.create_directory(dir.as_bytes()).unwrap();
    }
    put(&*inner_dir, "file", "text");
    inner_dir.symlink(b"file", b"link").unwrap();
    Scene { outer: outer_dir, inner: inner_dir, _host: host }
}

/// All that is in a tree: by path, what it is.
fn snapshot(dir: &dyn Directory, prefix: &str, into: &mut BTreeMap<String, String>) {
    for entry in dir.entries().unwrap() {
        let entry = entry.unwrap();
        let name = String::from_utf8(entry.name.clone()).unwrap();
        let path = format!("{prefix}/{name}");
        let options = OpenOptions { read: true, ..OpenOptions::default() };
        let text = match entry.filetype {
            Filetype::SymbolicLink => format!("link {:?}", dir.read_link(&entry.name).unwrap()),
            _ => match dir.open(&entry.name, &options).unwrap() {
                Opened::Directory(below) => {
                    snapshot(&*below, &path, into);
                    "directory".to_owned()
                }
                Opened::File(mut file) => {
                    let mut bytes = [0; 100];
                    let len = file.read(&mut [IoSliceMut::new(&mut bytes)]).unwrap();
                    let modified = dir.stat_at(&entry.name, false).unwrap().mtim == 6_000_000_000;
                    format!("{:?} {modified}", String::from_utf8_lossy(&bytes[..len]))
                }
            },
        };
        into.insert(path, text);
    }
}

impl Scene {
    fn state(&self) -> BTreeMap<String, String> {
        let mut state = BTreeMap::new();
        snapshot(&*self.outer, "outer", &mut state);
        snapshot(&*self.inner, "inner", &mut state);
        state
    }

    fn guest(&self, outer: Perms, inner: Perms) -> Guest {
        let builder = WasiCtx::builder().preopened(self.outer.clone(), "/", outer);
        guest(builder.preopened(self.inner.clone(), "/m", inner))
    }
}

struct Arrangement {
    name: &'static str,
    outer: (Kind, Perms),
    inner: (Kind, Perms),
}

const RO: Perms = Perms::READ_ONLY;
const RW: Perms = Perms::READ_WRITE;

fn arrangements() -> Vec<Arrangement> {
    let mut all = Vec::new();
    for (name, outer, inner) in [
        ("memory in host", Kind::Host, Kind::Memory),
        ("host in memory", Kind::Memory, Kind::Host),
        ("memory in memory", Kind::Memory, Kind::Memory),
        ("host in host", Kind::Host, Kind::Host),
        ("its own directory", Kind::Host, Kind::Itself),
    ] {
        for (outer_perms, inner_perms) in [(RW, RO), (RO, RW)] {
            all.push(Arrangement { name, outer: (outer, outer_perms), inner: (inner, inner_perms) });
        }
    }
    all
}

impl Arrangement {
    fn describe(&self) -> String {
        let perms = |perms: Perms| if perms == RO { "ro" } else { "rw" };
        format!("{}, {} in {}", self.name, perms(self.inner.1), perms(self.outer.1))
    }

    /// The outcome of a deed, and what is there afterwards.
    fn run(&self, way: Way, name: &str, deed: Deed) -> (Result<Vec<u8>, Errno>, BTreeMap<String, String>) {
        let scene = scene(self.outer.0, self.inner.0);
        let mut guest = scene.guest(self.outer.1, self.inner.1);
        let (fd, prefix) = way.take(&mut guest);
        let outcome = deed(&mut guest, fd, &join(prefix, name));
        drop(guest);
        (outcome, scene.state())
    }
}

#[test]
fn every_way_is_the_plain_one() {
    for arrangement in arrangements() {
        println!("{}", arrangement.describe());
        let before = scene(arrangement.outer.0, arrangement.inner.0).state();
        for (what, name, deed) in DEEDS {
            let plain = arrangement.run(PLAIN, name, deed);
            let shown = plain.0.as_ref().map_or_else(|errno| format!("{errno:?}"), |_| "ok".to_owned());
            println!("    {what:<28} {shown:<8} by all {} ways", ways().len());
            for way in ways() {
                let found = arrangement.run(way, name, deed);
                let Way { spelling, opened, reopened } = way;
                let place =
                    format!("{what} by {spelling}, opened {opened}, reopened {reopened}: {}", arrangement.describe());
                assert_eq!(found.0, plain.0, "{place}");
                assert_eq!(found.1, plain.1, "{place}");
            }
            for (path, text) in &before {
                let perms = if path.starts_with("inner") { arrangement.inner.1 } else { arrangement.outer.1 };
                // What the inner mount changes of its own directory shows in the outer one too.
                let is_both = arrangement.inner.0 == Kind::Itself && path.starts_with("outer/m/");
                if perms == RO && !is_both {
                    assert_eq!(plain.1.get(path), Some(text), "{what} changed {path}: {}", arrangement.describe());
                }
            }
        }
    }
}

#[test]
fn links_to_a_file_lead_into_the_mount() {
    for arrangement in arrangements() {
        for (oflags, rights) in [(0, READ), (0, WRITE), (TRUNC, WRITE), (CREAT, READ | WRITE), (CREAT | TRUNC, WRITE)] {
            let run = |path: &str| {
                let scene = scene(arrangement.outer.0, arrangement.inner.0);
                let mut guest = scene.guest(arrangement.outer.1, arrangement.inner.1);
                let outcome = at(&mut guest, ROOT, path, oflags, rights);
                drop(guest);
                (outcome, scene.state())
            };
            let plain = run("m/file");
            if arrangement.inner.1 == RO && rights & WRITE != 0 {
                assert_eq!(plain.0, Err(Errno::Rofs));
            }
            for link in FILE_LINKS {
                assert_eq!(run(link), plain, "{link}: {}", arrangement.describe());
            }
        }
    }
}

#[test]
fn the_mounted_name_stays() {
    for arrangement in arrangements() {
        let before = scene(arrangement.outer.0, arrangement.inner.0).state();
        for (what, deed) in AT_THE_NAME {
            for (spelling, reopened) in
                [("m", false), ("x/../m", false), ("to-x/../m", false), ("m/", false), ("m", true)]
            {
                let way = Way { spelling, opened: false, reopened };
                let (outcome, after) = arrangement.run(way, "", deed);
                let place = format!("{what} {spelling}, reopened {reopened}: {}", arrangement.describe());
                let expected = match what {
                    "link over" | "symlink over" => Errno::Exist,
                    _ if arrangement.outer.1 == RO => Errno::Rofs,
                    "unlink" => Errno::Isdir,
                    _ => Errno::Busy,
                };
                assert_eq!(outcome, Err(expected), "{place}");
                assert_eq!(after, before, "{place}");
            }
        }
    }
}

/// The name that an inner mount was given may be a link, or go through links: they stay, as what they lead to.
#[test]
fn links_in_a_mounts_name_stay() {
    for kind in [Kind::Host, Kind::Memory] {
        for (name, links) in [
            ("/to-m", &["to-m"][..]),
            ("/chain", &["chain", "to-m"]),
            ("/x/back", &["x/back", "x"]),
            ("/to-x/back", &["to-x", "x/back", "x"]),
            ("/to-x/new", &["to-x"]),
        ] {
            for (outer_perms, expected) in [(RW, Errno::Busy), (RO, Errno::Rofs)] {
                let scene = scene(kind, Kind::Memory);
                let before = scene.state();
                let builder = WasiCtx::builder().preopened(scene.outer.clone(), "/", outer_perms);
                let mut guest = guest(builder.preopened(scene.inner.clone(), name, RO));
                for link in links {
                    for path in [(*link).to_owned(), format!("x/../{link}"), format!("to-x/../{link}")] {
                        let place = format!("{path} of {name}");
                        let removed = one(&mut guest, "path_unlink_file", ROOT, &path);
                        // `x` is a directory on the way to a link.
                        let is_dir = *link == "x" && outer_perms == RW;
                        assert_eq!(removed, Err(if is_dir { Errno::Isdir } else { expected }), "{place}");
                        let moved = two(&mut guest, "path_rename", (ROOT, &path), (ROOT, "moved"));
                        assert_eq!(moved, Err(expected), "{place}");
                        let over = two(&mut guest, "path_rename", (ROOT, "own"), (ROOT, &path));
                        assert_eq!(over, Err(expected), "{place}");
                        let made = two(&mut guest, "path_symlink", (ROOT, "own"), (ROOT, &path));
                        assert_eq!(made, Err(Errno::Exist), "{place}");
                    }
                }
                let file = format!("{}/file", &name[1..]);
                assert_eq!(at(&mut guest, ROOT, &file, 0, READ), Ok(b"text".to_vec()), "{name}");
                assert_eq!(at(&mut guest, ROOT, &file, TRUNC, WRITE), Err(Errno::Rofs), "{name}");
                // Other links are the guest's own.
                let removed = one(&mut guest, "path_unlink_file", ROOT, "to-to-file");
                assert_eq!(removed, if outer_perms == RW { Ok(Vec::new()) } else { Err(Errno::Rofs) });
                drop(guest);
                let mut after = scene.state();
                after.insert("outer/to-to-file".to_owned(), before["outer/to-to-file"].clone());
                assert_eq!(after, before, "{name}");
            }
        }
    }
}

/// Mounts of mounts, with alternating permissions, and directories that nobody has on the way.
#[test]
fn mounts_of_mounts() {
    for kind in [Kind::Host, Kind::Memory] {
        let scenes: Vec<Scene> = (0..4).map(|_| scene(kind, Kind::Memory)).collect();
        let mut builder = WasiCtx::builder();
        for (scene, (name, perms)) in scenes.iter().zip([("/", RW), ("/m", RO), ("/m/x", RW), ("/none/of/these", RO)]) {
            builder = builder.preopened(scene.outer.clone(), name, perms);
        }
        let mut guest = guest(builder);
        let before: Vec<_> = scenes.iter().map(Scene::state).collect();
        for path in
            ["m/new", "m/x/../new", "to-m/new", "m/x/m/../../new", "none/new", "none/of/new", "none/of/these/new"]
        {
            assert_eq!(at(&mut guest, ROOT, path, CREAT, WRITE), Err(Errno::Rofs), "{path}");
        }
        assert_eq!(at(&mut guest, ROOT, "m/x/m/new", CREAT, WRITE), Ok(b"written".to_vec()));
        // The innermost mount's own `m`, which nothing covers.
        assert_eq!(at(&mut guest, ROOT, "m/x/m/hidden", 0, READ), Ok(b"hidden".to_vec()));
        assert_eq!(at(&mut guest, ROOT, "none/of/these/../../../own", 0, READ), Ok(b"own".to_vec()));
        assert_eq!(at(&mut guest, ROOT, "m/x/../../../own", 0, READ), Err(Errno::Perm), "above all");
        for path in ["none", "none/of", "m/x", "none/of/these"] {
            assert_eq!(one(&mut guest, "path_create_directory", ROOT, path), Err(Errno::Exist), "{path}");
            assert!(one(&mut guest, "path_remove_directory", ROOT, path).is_err(), "{path}");
            assert!(two(&mut guest, "path_rename", (ROOT, path), (ROOT, "moved")).is_err(), "{path}");
        }
        drop(guest);
        let after: Vec<_> = scenes.iter().map(Scene::state).collect();
        assert_eq!((&after[0], &after[1], &after[3]), (&before[0], &before[1], &before[3]));
        assert_ne!(after[2], before[2]);
    }
}

/// A guest makes the link after its start, and moves what lies around the mount.
#[test]
fn what_a_guest_makes_leads_to_the_mount_too() {
    for arrangement in arrangements().into_iter().filter(|arrangement| arrangement.outer.1 == RW) {
        let scene = scene(arrangement.outer.0, arrangement.inner.0);
        let mut guest = scene.guest(RW, RO);
        two(&mut guest, "path_symlink", (ROOT, "../../m"), (ROOT, "x/late")).unwrap_or_default();
        two(&mut guest, "path_symlink", (ROOT, "../m/file"), (ROOT, "x/late-file")).unwrap();
        assert_eq!(at(&mut guest, ROOT, "x/late-file", TRUNC, WRITE), Err(Errno::Rofs));
        two(&mut guest, "path_rename", (ROOT, "x"), (ROOT, "y")).unwrap();
        assert_eq!(at(&mut guest, ROOT, "y/late-file", TRUNC, WRITE), Err(Errno::Rofs));
        assert_eq!(at(&mut guest, ROOT, "y/back/file", TRUNC, WRITE), Err(Errno::Rofs));
        assert_eq!(two(&mut guest, "path_symlink", (ROOT, "/m"), (ROOT, "absolute")), Err(Errno::Perm));
        assert_eq!(at(&mut guest, ROOT, "m/file", 0, READ), Ok(b"text".to_vec()));
    }
}
