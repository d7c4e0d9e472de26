//! Cases beside the product: those that were reported, mounts of mounts, names on the way, and links out of a mount.

use std::sync::Arc;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Perms, WasiCtx};

use crate::kit::*;
use crate::operation::{AT_THE_NAME, Outcome, list, open, operations, show, two};
use crate::scene::{Kind, RO, RW, Scene, arrangements, link, mkdir, put};
use crate::spelling::open_directory;

/// A project at `/`, writable, with its own `.git` mounted read-only; on the host the same directory.
fn project(host: bool, test: impl Fn(&mut Guest)) {
    let dir = tempfile::tempdir().unwrap();
    let (root, git): (Arc<dyn hostel_wasi::fs::Directory>, Arc<dyn hostel_wasi::fs::Directory>) = if host {
        std::fs::create_dir_all(dir.path().join(".git")).unwrap();
        let open = |path| Arc::new(hostel_wasi::fs::host::HostDirectory::open_ambient(path).unwrap());
        (open(dir.path().to_owned()), open(dir.path().join(".git")))
    } else {
        (MemoryFs::new().root(), MemoryFs::new().root())
    };
    mkdir(&*root, "src");
    put(&*git, "config", "original");
    link(&*root, ".git", "g");
    link(&*root, "../.git/config", "src/c");
    let builder = WasiCtx::builder().preopened(root.clone(), "/", RW);
    let mut guest = guest(builder.preopened(git.clone(), "/.git", RO));
    test(&mut guest);
    drop(guest);
    let config = |path: &str, dir: &dyn hostel_wasi::fs::Directory| dir.stat_at(path.as_bytes(), false).unwrap().size;
    assert_eq!(config("config", &*git), 8);
    assert!(root.stat_at(b".moved", false).is_err());
}

#[test]
fn the_reported_ways_round_a_read_only_mount() {
    for host in [true, false] {
        project(host, |guest| {
            let paths =
                ["src/../.git/config", "g/config", "src/c", ".git/config", "g/../src/../g/config", "src/../src/c"];
            for path in paths {
                for oflags in [TRUNC, CREAT | TRUNC, 0] {
                    let outcome = open(guest, (ROOT, path), FOLLOW, oflags, WRITE);
                    assert_eq!(outcome, Err(Errno::Rofs), "host {host}: {path} with {oflags}");
                }
                assert_eq!(open(guest, (ROOT, path), FOLLOW, 0, READ), Ok(b"original".to_vec()), "host {host}: {path}");
            }
            // From a descriptor of `src` the path leads out of that, whatever is mounted there.
            let src = open_directory(guest, ROOT, "src").unwrap();
            for path in ["../.git/config", "c"] {
                let outcome = open(guest, (src, path), FOLLOW, TRUNC, WRITE);
                assert_eq!(outcome, Err(Errno::Perm), "host {host}: {path} from src");
            }
            for way in ["src/..", "g/..", ".git/..", ".", "src/../."] {
                let root = open_directory(guest, ROOT, way).unwrap();
                for (old, new) in [(".git", ".moved"), ("src/../.git", ".moved"), ("src", ".git")] {
                    let outcome = show(&two(guest, "path_rename", (root, old), (root, new)));
                    assert_eq!(outcome, "BUSY", "host {host}: {old} by {way}");
                }
                let outcome = open(guest, (root, ".git/config"), FOLLOW, TRUNC, WRITE);
                assert_eq!(outcome, Err(Errno::Rofs), "host {host}: by {way}");
            }
        });
    }
}

/// `/`, `/m`, `/m/x` and `/m/x/x` of alternating permissions and kinds: each place has the permissions of the innermost
/// mount, and is in no other file system.
#[test]
fn mounts_of_mounts() {
    for first in [RO, RW] {
        for kinds in [Kind::Host, Kind::Memory] {
            let arrangement = |index: usize| {
                let other = if kinds == Kind::Host { Kind::Memory } else { Kind::Host };
                let kind = if index.is_multiple_of(2) { kinds } else { other };
                crate::scene::Arrangement { outer: (kind, RW), inner: (Kind::Memory, RW) }
            };
            let scenes: Vec<Scene> = (0..4).map(|index| arrangement(index).scene()).collect();
            let perms = |index: usize| if index.is_multiple_of(2) { first } else { opposite(first) };
            let names = ["/", "/m", "/m/x", "/m/x/x"];
            let mut builder = WasiCtx::builder();
            for (index, (scene, name)) in scenes.iter().zip(names).enumerate() {
                builder = builder.preopened(scene.outer.clone(), name, perms(index));
            }
            let mut guest = guest(builder);
            let ways: [(usize, &[&str]); 4] = [
                (0, &["", "m/../", "m/x/x/../../../", "to-m/../x/../", "m/x/to-x/../../../"]),
                (1, &["m/", "to-m/", "x/back/", "m/x/../", "to-m/to-x/../", "chain/x/x/../../"]),
                (2, &["m/x/", "to-m/x/", "chain/to-x/", "m/x/x/../", "m/m/../x/", "m/x/m/../x/../"]),
                (3, &["m/x/x/", "chain/to-x/to-x/", "m/x/m/../x/", "m/to-x/../x/x/", "m/x/x/x/../"]),
            ];
            for (index, ways) in ways {
                for (number, way) in ways.iter().enumerate() {
                    let path = format!("{way}made-{number}");
                    let place = format!("{path} in {}, {first:?}, {kinds:?}", names[index]);
                    let before: Vec<_> = scenes.iter().map(Scene::state).collect();
                    let expected = if perms(index) == RO { "ROFS" } else { "ok" };
                    assert_eq!(show(&open(&mut guest, (ROOT, &path), FOLLOW, CREAT, WRITE)), expected, "{place}");
                    for (scene_index, scene) in scenes.iter().enumerate() {
                        let changed = crate::changes(&before[scene_index], &scene.state());
                        let made = scene_index == index && expected == "ok";
                        let expected = if made { vec![format!("outer/made-{number}")] } else { Vec::new() };
                        assert_eq!(changed, expected, "{place}: in {}", names[scene_index]);
                    }
                }
            }
            for name in ["m", "m/x", "m/x/x", "to-m/x", "x/../m/x/../x/x"] {
                let before: Vec<_> = scenes.iter().map(Scene::state).collect();
                for (what, _, run) in AT_THE_NAME {
                    let outcome = run(&mut guest, (ROOT, name));
                    assert!(outcome.is_err(), "{what} {name}, {first:?}, {kinds:?}");
                }
                assert!(scenes.iter().map(Scene::state).eq(before), "{name}, {first:?}, {kinds:?}");
            }
        }
    }
}

fn opposite(perms: Perms) -> Perms {
    if perms == RO { RW } else { RO }
}

/// `/srv/a/x` where the outer file system has no `srv`: there is a directory all the same, in no file system.
#[test]
fn names_on_the_way() {
    for arrangement in arrangements() {
        let scene = arrangement.scene();
        link(&*scene.outer, "srv/a", "to-a");
        let before = scene.state();
        let builder = WasiCtx::builder().preopened(scene.outer.clone(), "/", arrangement.outer.1);
        let mut guest = guest(builder.preopened(scene.inner.clone(), "/srv/a/x", arrangement.inner.1));
        let place = arrangement.describe();
        for (directory, names) in [("srv", ". .. a"), ("srv/a", ". .. x"), ("x/../to-a", ". .. x")] {
            assert_eq!(list(&mut guest, (ROOT, directory)), Ok(names.as_bytes().to_vec()), "{directory}, {place}");
            for operation in operations().iter().filter(|operation| operation.name == "new") {
                let outcome = (operation.run)(&mut guest, (ROOT, &format!("{directory}/new")));
                let expected: &[&str] = match operation.what {
                    // From the mount `m`, which is not there, or from another file system.
                    "link to" | "link in" | "rename to" => &["NOENT", "XDEV"],
                    "symlink absolute" => &["PERM"],
                    _ => &["ROFS"],
                };
                let shown = show(&outcome);
                assert!(expected.contains(&shown.as_str()), "{} {directory}/new: {shown}, {place}", operation.what);
            }
        }
        // As `mkdir -p` does.
        for (name, expected) in [("srv", "EXIST"), ("srv/a", "EXIST"), ("srv/a/x", "EXIST"), ("to-a/x", "EXIST")] {
            let [path, len] = guest.path(name);
            let outcome: Outcome = guest.call("path_create_directory", &[ROOT, path, len]).map(|()| Vec::new());
            assert_eq!(show(&outcome), expected, "{name}, {place}");
            for (what, _, run) in AT_THE_NAME {
                assert!(run(&mut guest, (ROOT, name)).is_err(), "{what} {name}, {place}");
            }
        }
        assert_eq!(scene.state(), before, "{place}");
        let expected = if arrangement.inner.1 == RO { "ROFS" } else { "ok" };
        for (number, way) in ["srv/a/x/", "to-a/x/", "srv/../srv/a/./x/dir/../"].iter().enumerate() {
            let outcome = open(&mut guest, (ROOT, &format!("{way}made-{number}")), FOLLOW, CREAT, WRITE);
            assert_eq!(show(&outcome), expected, "{way}, {place}");
        }
        let outside = crate::changes(&before, &scene.state());
        assert!(outside.iter().all(|path| path.starts_with("inner/made-")), "{outside:?}, {place}");
    }
}

/// Links in the mount whose text leads back to the outer file system and into the mount again. From a descriptor of the
/// mount they lead out of it.
#[test]
fn links_out_of_the_mount() {
    for arrangement in arrangements() {
        let scene = arrangement.scene();
        let mut guest = arrangement.guest(&scene);
        let place = arrangement.describe();
        for path in ["m/out", "m/dir/out", "to-m/out", "x/../chain/dir/out", "m/dir/../out"] {
            let read = open(&mut guest, (ROOT, path), FOLLOW, 0, READ);
            assert_eq!(read, Ok(b"own".to_vec()), "{path}, {place}");
            let expected = if arrangement.outer.1 == RO { "ROFS" } else { "ok" };
            assert_eq!(show(&open(&mut guest, (ROOT, path), FOLLOW, 0, WRITE)), expected, "write {path}, {place}");
            if expected == "ok" {
                open(&mut guest, (ROOT, "own"), FOLLOW, TRUNC, WRITE).unwrap();
                assert_eq!(open(&mut guest, (ROOT, path), FOLLOW, 0, READ), Ok(b"changed".to_vec()));
                put(&*scene.outer, "again", "own");
                two(&mut guest, "path_rename", (ROOT, "again"), (ROOT, "own")).unwrap();
            }
        }
        let text = open(&mut guest, (ROOT, "m/around"), FOLLOW, 0, READ);
        assert_eq!(text, Ok(b"text".to_vec()), "{place}");
        let mount = open_directory(&mut guest, ROOT, "x/../m").unwrap();
        for (fd, from) in [(mount, "a descriptor"), (ROOT + 1, "the preopen")] {
            for path in ["out", "dir/out", "around", "../own", "dir/../../own"] {
                let outcome = open(&mut guest, (fd, path), FOLLOW, 0, READ);
                assert_eq!(outcome, Err(Errno::Perm), "{path} from {from}, {place}");
            }
        }
    }
}

/// Absolute texts are refused where they are made; those that a host directory has are refused where they are met.
#[cfg(unix)]
#[test]
fn absolute_links() {
    let dir = tempfile::tempdir().unwrap();
    for path in ["m", "x"] {
        std::fs::create_dir(dir.path().join(path)).unwrap();
    }
    std::os::unix::fs::symlink("/m", dir.path().join("absolute")).unwrap();
    std::os::unix::fs::symlink("../absolute", dir.path().join("x/chain")).unwrap();
    let builder = WasiCtx::builder().preopened_dir(dir.path(), "/", RW);
    let inner = MemoryFs::new();
    inner.write_file("file", "text").unwrap();
    let mut guest = guest(builder.in_memory_dir(&inner, "/m", RO));
    for path in ["absolute", "absolute/file", "x/chain", "x/chain/file", "x/../absolute/", "m/../absolute/new"] {
        for (oflags, rights) in [(0, READ), (CREAT, WRITE), (TRUNC, WRITE)] {
            // What ends in a slash cannot be created as a file, wherever it leads.
            let expected = if oflags == CREAT && path.ends_with('/') { Errno::Isdir } else { Errno::Perm };
            assert_eq!(open(&mut guest, (ROOT, path), FOLLOW, oflags, rights), Err(expected), "{path} with {oflags}");
        }
    }
    let outcome = two(&mut guest, "path_symlink", (0, "/m/file"), (ROOT, "new"));
    assert_eq!(outcome, Err(Errno::Perm));
}

/// All of this without `openat2`, as on a kernel that lacks it: cap-std then resolves paths itself.
#[cfg(target_os = "linux")]
#[test]
fn without_openat2() {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    /// Set in a process that has no `openat2`.
    const WITHOUT: &str = "HOSTEL_WITHOUT_OPENAT2";
    /// Their numbers, on every architecture.
    const OPENAT2: i64 = 437;
    const ENOSYS: u32 = 38;
    if std::env::var_os(WITHOUT).is_some() {
        let opened = openat2(CWD, ".", OFlags::PATH, Mode::empty(), ResolveFlags::BENEATH);
        return assert_eq!(opened.unwrap_err(), rustix::io::Errno::NOSYS);
    }
    let child = || {
        let arch = std::env::consts::ARCH.try_into().unwrap();
        let calls = std::collections::BTreeMap::from([(OPENAT2, Vec::new())]);
        let filter = SeccompFilter::new(calls, SeccompAction::Allow, SeccompAction::Errno(ENOSYS), arch).unwrap();
        let program: BpfProgram = filter.try_into().unwrap();
        apply_filter(&program).unwrap();
        std::process::Command::new(std::env::current_exe().unwrap()).env(WITHOUT, "1").output().unwrap()
    };
    let output = std::thread::spawn(child).join().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains("without_openat2 ... ok") && report.contains("the_product_as_a_table ... ok"), "{report}");
}
