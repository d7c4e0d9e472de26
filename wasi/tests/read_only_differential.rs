//! Read-only mounts, alone and as outer and inner ones, against bind mounts of this machine that are put together in the
//! same way: the same calls have the same errnos, and leave the same trees.
//!
//! The native calls are made by this program in a mount namespace of its own. Where the system does not allow one, that is
//! said on stderr, and nothing is compared. `read_only_mount.rs` has more flags for a single mount.
#![cfg(target_os = "linux")]

mod kit;

use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use hostel_wasi::abi::{Errno, Filetype};
use hostel_wasi::fs::host::HostDirectory;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::fs::{Directory, OpenOptions, Opened, errno_from_io};
use hostel_wasi::{Perms, WasiCtx};
use kit::*;
use rustix::fs::{self as native, AtFlags, Mode, OFlags, Timespec, Timestamps};

/// Says to the child where the trees are.
const TREES: &str = "HOSTEL_TEST_READ_ONLY_TREES";
/// Set in a child that has something mounted on `srv`.
const ON_SRV: &str = "HOSTEL_TEST_READ_ONLY_ON_SRV";

const RO: Perms = Perms::READ_ONLY;
const RW: Perms = Perms::READ_WRITE;

/// Name, permissions of the outer mount, place and permissions of the inner one, and how it is mounted natively: `$1` is
/// where the trees are. At `srv/a` the outer file system has nothing; natively, empty read-only directories are mounted.
type Arrangement = (&'static str, Perms, Option<(&'static str, Perms)>, &'static str);

const ARRANGEMENTS: [Arrangement; 6] = [
    ("ro", RO, None, "ro at"),
    ("ro in rw", RW, Some(("m", RO)), "bind inner at/m && ro at/m"),
    ("rw in ro", RO, Some(("m", RW)), "bind inner at/m && ro at"),
    ("rw in rw", RW, Some(("m", RW)), "bind inner at/m"),
    ("rw in ro, on no directory", RO, Some(("srv/a/x", RW)), ON_THE_WAY_RO),
    ("ro in rw, on no directory", RW, Some(("srv/a/x", RO)), ON_THE_WAY_RW),
];
const ON_THE_WAY_RO: &str =
    "bind srv at/srv && bind a at/srv/a && bind inner at/srv/a/x && ro at/srv/a && ro at/srv && ro at";
const ON_THE_WAY_RW: &str =
    "bind srv at/srv && bind a at/srv/a && bind inner at/srv/a/x && ro at/srv/a/x && ro at/srv/a && ro at/srv";

const PATHS: &str = "file file/ file/. file/below dir dir/ dir/. dir/.. dir/inner missing missing/ missing/below . \
    m m/ m/. m/.. m/file m/file/ m/file/below m/dir m/dir/.. m/dir/inner m/new m/new/ m/empty m/link m/link/ m/out \
    m/dangling m/dangling/ m/hidden to-m to-m/ to-m/file to-m/new to-m-file to-m-new x x/back x/back/new x/../m/file \
    x/../m srv srv/ srv/a srv/new srv/a/x srv/a/x/file srv/a/x/new srv/a/new srv/a/x/.. srv/a/.. loop loop/below";

/// The second paths of links and renames.
const SECOND_PATHS: &str = ". file file/below dir dir/ missing missing/ m m/ m/file m/new m/new/ m/empty m/link to-m \
    to-m-file x srv srv/a/x srv/a/x/new srv/new";

#[derive(Clone, Debug)]
enum Call {
    Open { path: String, follow: bool, oflags: u64, rights: u64 },
    One { function: &'static str, path: String },
    Two { function: &'static str, old: String, new: String },
    Times { path: String, follow: bool },
    Stat { path: String, follow: bool },
}

fn calls() -> Vec<Call> {
    let mut paths: Vec<String> = PATHS.split_whitespace().map(String::from).collect();
    // As many links as may be followed, and one more.
    paths.extend([40, 41].map(|links| "here/".repeat(links) + "file"));
    let mut calls = Vec::new();
    for path in paths {
        for oflags in [0, CREAT, CREAT | EXCL, TRUNC, CREAT | TRUNC, DIRECTORY] {
            for (rights, follow) in [(READ, true), (WRITE, true), (READ | WRITE, true), (READ, false), (WRITE, false)] {
                calls.push(Call::Open { path: path.clone(), follow, oflags, rights });
            }
        }
        for function in ["path_create_directory", "path_remove_directory", "path_unlink_file", "path_readlink"] {
            calls.push(Call::One { function, path: path.clone() });
        }
        for follow in [true, false] {
            calls.push(Call::Times { path: path.clone(), follow });
            calls.push(Call::Stat { path: path.clone(), follow });
        }
        calls.push(Call::Two { function: "path_symlink", old: "text".to_owned(), new: path.clone() });
        for function in ["path_link", "path_rename"] {
            let two = |new: &str| Call::Two { function, old: path.clone(), new: new.to_owned() };
            calls.extend(SECOND_PATHS.split_whitespace().map(two));
        }
    }
    calls
}

/// Fills empty trees; of the outer one, what is mounted on may be there already.
fn fill(outer: &dyn Directory, inner: &dyn Directory) {
    let put = |dir: &dyn Directory, path: &str, text: &str| {
        let options = OpenOptions { write: true, create: true, ..OpenOptions::default() };
        let Ok(Opened::File(mut file)) = dir.open(path.as_bytes(), &options) else { panic!("{path}") };
        file.write(&[IoSlice::new(text.as_bytes())]).unwrap();
    };
    let link = |dir: &dyn Directory, text: &str, path: &str| dir.symlink(text.as_bytes(), path.as_bytes()).unwrap();
    for path in ["dir", "m", "x"] {
        assert!(matches!(outer.create_directory(path.as_bytes()), Ok(()) | Err(Errno::Exist)), "{path}");
    }
    for path in ["file", "dir/inner", "m/hidden"] {
        put(outer, path, "outer");
    }
    let links = [("m", "to-m"), ("m/file", "to-m-file"), ("m/new", "to-m-new"), (".", "here"), ("loop", "loop")];
    for (text, path) in links.into_iter().chain([("../m", "x/back")]) {
        link(outer, text, path);
    }
    for path in ["dir", "empty"] {
        inner.create_directory(path.as_bytes()).unwrap();
    }
    for path in ["file", "dir/inner"] {
        put(inner, path, "inner");
    }
    for (text, path) in [("file", "link"), ("../file", "out"), ("nothing", "dangling")] {
        link(inner, text, path);
    }
}

/// Whether `srv` in the outer tree counts: not where it is only there to be mounted on.
fn with_srv() -> bool {
    std::env::var_os(ON_SRV).is_none()
}

type State = BTreeMap<String, String>;

fn snapshot(dir: &dyn Directory, prefix: &str, into: &mut State) {
    for entry in dir.entries().unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}/{}", String::from_utf8_lossy(&entry.name));
        if path == "outer/srv" && !with_srv() {
            continue;
        }
        let options = OpenOptions { read: true, ..OpenOptions::default() };
        let is = match entry.filetype {
            Filetype::SymbolicLink => "link".to_owned(),
            _ => match dir.open(&entry.name, &options).unwrap() {
                Opened::Directory(below) => {
                    snapshot(&*below, &path, into);
                    "directory".to_owned()
                }
                Opened::File(mut file) => {
                    let mut bytes = [0; 20];
                    let len = file.read(&mut [IoSliceMut::new(&mut bytes)]).unwrap();
                    String::from_utf8_lossy(&bytes[..len]).into_owned()
                }
            },
        };
        into.insert(path, is);
    }
}

/// The two trees, as they are below all mounts.
struct Trees {
    outer: Arc<dyn Directory>,
    inner: Arc<dyn Directory>,
    fresh: State,
}

impl Trees {
    fn new(outer: Arc<dyn Directory>, inner: Arc<dyn Directory>) -> Trees {
        fill(&*outer, &*inner);
        let trees = Trees { outer, inner, fresh: State::new() };
        Trees { fresh: trees.state(), ..trees }
    }

    fn in_memory() -> Trees {
        Trees::new(MemoryFs::new().root(), MemoryFs::new().root())
    }

    /// In the directories `outer` and `inner` of that one, which are emptied first.
    fn on_host(base: &Path) -> Trees {
        let dir = |name: &str| -> Arc<dyn Directory> {
            let path = base.join(name);
            for entry in std::fs::read_dir(&path).unwrap().map(Result::unwrap) {
                let is_mounted_on =
                    name == "outer" && (entry.file_name() == "m" || entry.file_name() == "srv" && !with_srv());
                match entry.file_type().unwrap().is_dir() {
                    true if is_mounted_on => {}
                    true => std::fs::remove_dir_all(entry.path()).unwrap(),
                    false => std::fs::remove_file(entry.path()).unwrap(),
                }
            }
            let hidden = path.join("m");
            if name == "outer" && hidden.exists() {
                for entry in std::fs::read_dir(hidden).unwrap().map(|entry| entry.unwrap().path()) {
                    if entry.is_dir() { std::fs::remove_dir_all(entry) } else { std::fs::remove_file(entry) }.unwrap();
                }
            }
            Arc::new(HostDirectory::open_ambient(path).unwrap())
        };
        Trees::new(dir("outer"), dir("inner"))
    }

    fn state(&self) -> State {
        let mut state = State::new();
        snapshot(&*self.outer, "outer", &mut state);
        snapshot(&*self.inner, "inner", &mut state);
        state
    }

    /// What is different from the beginning.
    fn changes(&self) -> Vec<String> {
        let now = self.state();
        let gone = self.fresh.keys().filter(|path| !now.contains_key(*path)).map(|path| format!("-{path}"));
        let other =
            now.iter().filter(|(path, is)| self.fresh.get(*path) != Some(is)).map(|(path, is)| format!("{path}={is}"));
        gone.chain(other).collect()
    }
}

fn natively(dir: impl AsFd + Copy, call: &Call) -> Result<(), Errno> {
    let follow = |follow: &bool| if *follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    let result = match call {
        Call::Open { path, follow, oflags, rights } => {
            let mut flags = match (rights & READ != 0, rights & WRITE != 0) {
                (true, true) => OFlags::RDWR,
                (false, true) => OFlags::WRONLY,
                _ => OFlags::RDONLY,
            };
            let known =
                [(CREAT, OFlags::CREATE), (EXCL, OFlags::EXCL), (TRUNC, OFlags::TRUNC), (DIRECTORY, OFlags::DIRECTORY)];
            for (_, flag) in known.into_iter().filter(|(oflag, _)| oflags & oflag != 0) {
                flags |= flag;
            }
            flags.set(OFlags::NOFOLLOW, !follow);
            native::openat(dir, path, flags, Mode::RWXU).map(drop)
        }
        Call::One { function, path } => match *function {
            "path_create_directory" => native::mkdirat(dir, path, Mode::RWXU),
            "path_remove_directory" => native::unlinkat(dir, path, AtFlags::REMOVEDIR),
            "path_unlink_file" => native::unlinkat(dir, path, AtFlags::empty()),
            _ => native::readlinkat(dir, path, Vec::new()).map(drop),
        },
        Call::Two { function, old, new } => match *function {
            "path_symlink" => native::symlinkat(old, dir, new),
            "path_link" => native::linkat(dir, old, dir, new, AtFlags::empty()),
            _ => native::renameat(dir, old, dir, new),
        },
        Call::Times { path, follow: by } => {
            let time = Timespec { tv_sec: 5, tv_nsec: 0 };
            native::utimensat(dir, path, &Timestamps { last_access: time, last_modification: time }, follow(by))
        }
        Call::Stat { path, follow: by } => native::statat(dir, path, follow(by)).map(drop),
    };
    result.map_err(|errno| errno_from_io(&errno.into()))
}

fn by_guest(guest: &mut Guest, call: &Call) -> Result<(), Errno> {
    match call {
        Call::Open { path, follow, oflags, rights } => {
            let [path, len] = guest.path(path);
            guest.call("path_open", &[ROOT, (*follow).into(), path, len, *oflags, *rights, 0, 0, RESULT])?;
            let fd = u64::from(guest.u32_at(RESULT));
            guest.call("fd_close", &[fd])
        }
        Call::One { function: "path_readlink", path } => {
            let [path, len] = guest.path(path);
            guest.call("path_readlink", &[ROOT, path, len, DATA, 100, RESULT])
        }
        Call::One { function, path } => {
            let [path, len] = guest.path(path);
            guest.call(function, &[ROOT, path, len])
        }
        Call::Two { function, old, new } => {
            let ([old, old_len], [new, new_len]) = (guest.path(old), guest.path2(new));
            match *function {
                "path_symlink" => guest.call(function, &[old, old_len, ROOT, new, new_len]),
                "path_link" => guest.call(function, &[ROOT, 0, old, old_len, ROOT, new, new_len]),
                _ => guest.call(function, &[ROOT, old, old_len, ROOT, new, new_len]),
            }
        }
        Call::Times { path, follow } => {
            let [path, len] = guest.path(path);
            guest.call("path_filestat_set_times", &[ROOT, (*follow).into(), path, len, 5, 5, 5])
        }
        Call::Stat { path, follow } => {
            let [path, len] = guest.path(path);
            guest.call("path_filestat_get", &[ROOT, (*follow).into(), path, len, RESULT])
        }
    }
}

/// The outcome of each call, and what it has changed; each is made on trees as they were in the beginning.
fn run_all(mut fresh: impl FnMut() -> Trees, mut make: impl FnMut(&Trees, &Call) -> Result<(), Errno>) -> Vec<String> {
    let mut trees = fresh();
    let mut outcomes = Vec::new();
    for (index, call) in calls().into_iter().enumerate() {
        let outcome = make(&trees, &call);
        // What a failing call has changed shows some calls later.
        let looks = outcome.is_ok() || index % 50 == 0;
        let changes = if looks { trees.changes() } else { Vec::new() };
        outcomes.push(format!("{outcome:?} {changes:?}"));
        if !changes.is_empty() {
            trees = fresh();
        }
    }
    outcomes
}

/// What this program does as a child.
#[test]
fn child() {
    let Some(base) = std::env::var_os(TREES) else { return };
    let base = Path::new(&base);
    let dir = std::fs::File::open(base.join("at")).unwrap();
    for outcome in run_all(|| Trees::on_host(base), |_, call| natively(&dir, call)) {
        println!("outcome {outcome}");
    }
}

/// What bind mounts say to each call; `None` where there can be none.
fn bind_mounts(mounts: &str) -> Option<Vec<String>> {
    let base = tempfile::tempdir().unwrap();
    for path in ["at", "outer/m", "inner", "srv/a", "a/x"] {
        std::fs::create_dir_all(base.path().join(path)).unwrap();
    }
    let script = format!(
        r#"cd "$1" && bind() {{ mount --bind "$1" "$2"; }} && ro() {{ mount -o remount,bind,ro "$1"; }} &&
        bind outer at && {mounts} && exec "$2" --exact child --nocapture"#
    );
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script, "sh"]).arg(base.path());
    command.arg(std::env::current_exe().unwrap()).env(TREES, base.path());
    if mounts.contains("srv") {
        std::fs::create_dir(base.path().join("outer/srv")).unwrap();
        command.env(ON_SRV, "1");
    }
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("nothing compared, no `unshare`: {error}");
            return None;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let outcomes: Vec<_> = text.lines().filter_map(|line| Some(line.split_once("outcome ")?.1.to_owned())).collect();
    if outcomes.is_empty() {
        eprintln!("nothing compared, no mount namespace: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(outcomes)
}

/// How many reasons for differences there are.
const REASONS: usize = 5;

/// Why a difference is there, for those that are known. In all of them but the first, both sides fail.
fn reason(call: &Call, native: &str, ours: &str) -> Option<&'static str> {
    let split = |outcome: &str| outcome.split_once(' ').map(|(errno, changes)| (errno.to_owned(), changes.to_owned()));
    let ((native, native_changes), (ours, our_changes)) = (split(native)?, split(ours)?);
    if native_changes != "[]" || our_changes != "[]" {
        return None;
    }
    let (native, ours) = (native.as_str(), ours.as_str());
    match call {
        Call::Two { function: "path_rename", .. } if native == "Ok(())" && ours == "Err(Busy)" => {
            Some("a mount point renamed to itself is EBUSY, as one renamed to anything")
        }
        _ if !native.starts_with("Err") || !ours.starts_with("Err") => None,
        Call::Two { function: "path_rename" | "path_link", .. } if ours == "Err(Xdev)" => {
            Some("between mounts: EXDEV before the names are looked at, where Linux looks at one or both first")
        }
        Call::Two { function: "path_rename" | "path_link", .. } => {
            Some("two paths of which each has a fault: whose is reported")
        }
        Call::Two { function: "path_symlink", new, .. } if new.ends_with('/') && native == "Err(Exist)" => {
            Some("a symbolic link at the name of a file with a slash after it: ENOTDIR")
        }
        Call::Open { path, oflags, .. } if *oflags == CREAT | EXCL && path.ends_with('/') && ours == "Err(Exist)" => {
            Some("a mount point with a slash after it, created exclusively: EEXIST, not EISDIR")
        }
        _ => None,
    }
}

#[test]
fn as_bind_mounts_do() {
    let calls = calls();
    let mut unexplained = Vec::new();
    let mut explained: BTreeMap<&str, u32> = BTreeMap::new();
    for (name, outer_perms, inner_mount, mounts) in ARRANGEMENTS {
        let Some(native) = bind_mounts(mounts) else { return };
        assert_eq!(native.len(), calls.len());
        let make = |trees: &Trees, call: &Call| {
            let mut builder = WasiCtx::builder().preopened(trees.outer.clone(), "/", outer_perms);
            if let Some((at, perms)) = inner_mount {
                builder = builder.preopened(trees.inner.clone(), format!("/{at}"), perms);
            }
            by_guest(&mut guest(builder), call)
        };
        let base = tempfile::tempdir().unwrap();
        for path in ["outer", "inner"] {
            std::fs::create_dir(base.path().join(path)).unwrap();
        }
        let both =
            [("host", run_all(|| Trees::on_host(base.path()), make)), ("memory", run_all(Trees::in_memory, make))];
        for (kind, ours) in both {
            for ((call, native), ours) in calls.iter().zip(&native).zip(&ours) {
                match reason(call, native, ours) {
                    _ if native == ours => {}
                    // Of a single mount there are none.
                    Some(reason) if inner_mount.is_some() => *explained.entry(reason).or_default() += 1,
                    _ => unexplained.push(format!("{name}, {kind}: {call:?}: {native} natively, {ours} here")),
                }
            }
        }
    }
    for (reason, count) in &explained {
        println!("{count} differences: {reason}");
    }
    assert!(unexplained.is_empty(), "{} differences:\n{}", unexplained.len(), unexplained.join("\n"));
    assert_eq!(explained.len(), REASONS, "a reason that nothing needs: {explained:?}");
}
