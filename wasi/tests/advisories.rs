//! What has gone wrong in other hosts, each under the advisory's name: through the 46 functions, as a guest would try it.
//!
//! | advisory | class | tests |
//! |---|---|---|
//! | RUSTSEC-2026-0269 | a link's trailing slash leads out | here; `fs_suite` `links_with_trailing_slashes` (both of cap-std's resolvers: `host`, `host_without_openat2`) |
//! | CVE-2026-58494 | link and rename between mounts | here; `path_entry` `read_only_mounts_and_borders`; `nested_mounts` |
//! | CVE-2026-47261 | TRUNC on a read-only mount | here; `path_open` `a_read_only_mount_holds` |
//! | CVE-2026-27204 | allocation by a number of the guest's | `allocation` `no_number_sizes_an_allocation`; huge file sizes here |
//! | CVE-2025-53901 | panics on odd numbers | `arbitrary` `no_number_panics`, `every_function_takes_every_edge` |
//! | RUSTSEC-2026-0182 | renumbering leaks | here, the host's descriptors; `fd_life` `a_hundred_thousand_renumbers_leak_nothing` |
//! | CVE-2024-51745 | device names of Windows | none: there is no host file system on Windows yet (`fs/host/fallback.rs`) |
//! | CVE-2024-38358 | creating through a link outwards | here; `fs_suite` `links_outwards`, `absolute_links` |
//! | wasmer#4267 | no sandbox by default | here; `table` `nothing_is_granted_by_default` |
//! | races | a directory swapped for a link | here; `fs_suite` `racing_swaps`, `moved_directories` |
//! | long chains, long names | | here; `fs_suite` `chains_of_links`, `names_that_are_too_long`, `paths_that_are_too_long` |
//! | FIFOs and devices | an open that blocks | `path_open` `fifos_and_devices_do_not_block`; `fs_host` `fifos_do_not_block_the_open` |
#![cfg(unix)]

mod kit;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hostel_wasi::abi::Errno;
use hostel_wasi::{FUNCTIONS, Kind, Perms, WasiCtx};
use kit::*;
use tempfile::TempDir;

/// A directory with `root`, which the guest gets, and beside it what it must never see: `outside/secret`.
fn scene() -> TempDir {
    let scene = tempfile::tempdir().unwrap();
    for directory in ["root", "root/dir", "root/a", "root/a/b", "outside"] {
        fs::create_dir(scene.path().join(directory)).unwrap();
    }
    for (file, text) in [("outside/secret", "secret"), ("root/file", "contents"), ("root/dir/inner", "inner")] {
        fs::write(scene.path().join(file), text).unwrap();
    }
    scene
}

fn sandboxed(scene: &TempDir) -> Guest {
    guest(WasiCtx::builder().preopened_dir(scene.path().join("root"), "/", Perms::READ_WRITE))
}

/// Everything below a directory: kind or contents, time of change, by path.
fn snapshot(at: &Path) -> BTreeMap<String, (Vec<u8>, Duration)> {
    let mut seen = BTreeMap::new();
    let mut todo = vec![at.to_path_buf()];
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let age = metadata.modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
            let contents = match metadata.file_type() {
                kind if kind.is_dir() => {
                    todo.push(path.clone());
                    b"directory".to_vec()
                }
                kind if kind.is_symlink() => fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
                _ => fs::read(&path).unwrap(),
            };
            seen.insert(path.display().to_string(), (contents, age));
        }
    }
    seen
}

/// Calls every function that takes a path, with this one for each of its paths, and says what each answered.
fn every_path_function(guest: &mut Guest, path: &[u8]) -> Vec<(String, Result<(), Errno>)> {
    let mut answers = Vec::new();
    let [ptr, len] = guest.path(path);
    let [local, local_len] = guest.path2("file");
    for function in FUNCTIONS.iter().filter(|function| function.params.iter().any(|param| param.kind == Kind::Path)) {
        let paths = function.params.iter().filter(|param| param.kind == Kind::Path).count();
        for which in 0..paths {
            for (lookup, oflags) in
                [(0, 0), (1, 0), (1, CREAT), (0, CREAT), (1, TRUNC), (1, DIRECTORY), (1, CREAT | EXCL)]
            {
                let mut seen = 0;
                let mut args = Vec::new();
                for param in function.params {
                    args.push(match param.kind {
                        Kind::Fd => ROOT,
                        Kind::Path if seen == which => ptr,
                        Kind::Path => local,
                        Kind::PathLen => {
                            seen += 1;
                            if seen - 1 == which { len } else { local_len }
                        }
                        Kind::Lookupflags => lookup,
                        Kind::Oflags => oflags,
                        Kind::Rights => ALL & !WRITE,
                        Kind::BufferLen => 64,
                        Kind::Buffer => DATA,
                        Kind::Fstflags => 1,
                        kind if is_pointer(kind) => RESULT,
                        _ => 0,
                    });
                }
                answers
                    .push((format!("{}#{which} {lookup} {oflags}", function.name), guest.call(function.name, &args)));
            }
        }
    }
    assert!(answers.len() > 70);
    answers
}

#[test]
fn rustsec_2026_0269_trailing_slashes_lead_nowhere() {
    let scene = scene();
    let root = scene.path().join("root");
    let mut links = Vec::new();
    for (below, up) in [("", ".."), ("a/", "../.."), ("a/b/", "../../..")] {
        for (number, end) in ["/", "//", "/.", "/outside/", "/outside//", "/outside/secret/"].iter().enumerate() {
            let link = format!("{below}link-{number}");
            symlink(format!("{up}{end}"), root.join(&link)).unwrap();
            links.push(link);
        }
    }
    let before = snapshot(scene.path());
    let mut guest = sandboxed(&scene);
    for link in &links {
        for end in ["/outside/secret", "/secret", "/new", "//secret/"] {
            for (call, answer) in every_path_function(&mut guest, format!("{link}{end}").as_bytes()) {
                // A symlink's text may be anything; it is following it that is refused.
                if call.starts_with("path_symlink#0") {
                    continue;
                }
                assert!(
                    matches!(answer, Err(Errno::Perm | Errno::Notdir | Errno::Noent | Errno::Inval)),
                    "{call} {link}{end}: {answer:?}"
                );
            }
        }
        for (oflags, follow) in [(0, 1), (CREAT, 1), (TRUNC, 1), (DIRECTORY, 1), (DIRECTORY, 0)] {
            for end in ["", "/", "//"] {
                let [ptr, len] = guest.path(format!("{link}{end}"));
                let answer = guest.call("path_open", &[ROOT, follow, ptr, len, oflags, READ, ALL, 0, RESULT]);
                assert!(answer.is_err(), "open {link}{end} {oflags}");
            }
        }
    }
    let after = snapshot(scene.path());
    let outside = |(path, _): &(&String, &_)| !path.contains("/root/") || path.ends_with("file");
    assert!(before.iter().filter(outside).eq(after.iter().filter(outside)));
}

#[test]
fn cve_2026_58494_nothing_moves_between_mounts() {
    let scene = scene();
    let (one, other) = (scene.path().join("root"), scene.path().join("outside"));
    // The same directories twice, writable and not; one even under both of its permissions.
    let builder = || {
        WasiCtx::builder()
            .preopened_dir(&one, "one", Perms::READ_WRITE)
            .preopened_dir(&one, "one-ro", Perms::READ_ONLY)
            .preopened_dir(&other, "other", Perms::READ_WRITE)
            .preopened_dir(&other, "other-ro", Perms::READ_ONLY)
    };
    let before = snapshot(scene.path());
    let mut guest = guest(builder());
    for old in 3..7 {
        for new in (3..7).filter(|new| *new != old) {
            let name = if old < 5 { "file" } else { "secret" };
            let ([path, len], [to, to_len]) = (guest.path(name), guest.path2("taken"));
            let expected = if old == new { Errno::Rofs } else { Errno::Xdev };
            guest.fails("path_rename", &[old, path, len, new, to, to_len], expected);
            guest.fails("path_link", &[old, 0, path, len, new, to, to_len], expected);
        }
    }
    for (mount, name) in [(4, "file"), (6, "secret")] {
        let ([path, len], [to, to_len]) = (guest.path(name), guest.path2("taken"));
        guest.fails("path_rename", &[mount, path, len, mount, to, to_len], Errno::Rofs);
        guest.fails("path_link", &[mount, 0, path, len, mount, to, to_len], Errno::Rofs);
    }
    assert_eq!(snapshot(scene.path()), before);
}

#[test]
fn cve_2026_47261_a_read_only_mount_is_left_byte_for_byte() {
    let scene = scene();
    symlink("file", scene.path().join("root/link")).unwrap();
    let before = snapshot(scene.path());
    let mut guest = guest(WasiCtx::builder().preopened_dir(scene.path().join("root"), "/", Perms::READ_ONLY));
    let one_by_one = (0..30).map(|bit| 1_u64 << bit);
    for rights in one_by_one.chain([0, READ | WRITE, ALL, u64::MAX]) {
        for oflags in 0..16 {
            for path in ["file", "link", "dir", "dir/inner", "missing", "dir/missing"] {
                for (follow, fdflags) in [(0, 0), (1, 0), (1, APPEND), (1, SYNC)] {
                    let [ptr, len] = guest.path(path);
                    let args = [ROOT, follow, ptr, len, oflags, rights, rights, fdflags, RESULT];
                    if guest.call("path_open", &args).is_ok() {
                        let fd = u64::from(guest.u32_at(RESULT));
                        assert!(oflags & TRUNC == 0 && rights & WRITE == 0, "{path} {oflags} {rights:x}");
                        assert!(oflags & CREAT == 0 || !path.ends_with("missing"), "{path} {oflags} {rights:x}");
                        assert!(guest.write(fd, b"x").is_err());
                        assert!(guest.call("fd_filestat_set_size", &[fd, 0]).is_err());
                        assert!(guest.call("fd_allocate", &[fd, 0, 1 << 20]).is_err());
                        assert!(guest.call("fd_filestat_set_times", &[fd, 1, 1, 5]).is_err());
                        guest.ok("fd_close", &[fd]);
                    }
                }
            }
        }
    }
    assert_eq!(snapshot(scene.path()), before);
}

#[test]
fn cve_2026_27204_huge_sizes_take_no_room() {
    on_each_fs(|guest| {
        guest.make_file("file", b"x");
        let fd = guest.open(ROOT, "file", 0, ALL);
        for size in [1 << 63, u64::MAX, u64::MAX - 1] {
            for (name, args) in [("fd_filestat_set_size", vec![fd, size]), ("fd_allocate", vec![fd, size, 1])] {
                let errno = guest.call(name, &args).unwrap_err();
                assert!(matches!(errno, Errno::Fbig | Errno::Inval | Errno::Nospc), "{name} {size:x}: {errno:?}");
            }
            let [iovs, len] = guest.iovs(&[(DATA, 1)]);
            assert!(guest.call("fd_pwrite", &[fd, iovs, len, size, RESULT]).is_err(), "{size:x}");
        }
        assert_eq!(guest.lstat("file").unwrap().1, 1);
    });
}

/// How many descriptors of this process are open below a directory. Other tests of this process have theirs elsewhere.
#[cfg(target_os = "linux")]
fn descriptors_below(directory: &Path) -> usize {
    let links = fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    links.filter(|target| target.starts_with(directory)).count()
}

#[test]
#[cfg(target_os = "linux")]
fn rustsec_2026_0182_renumbering_leaves_the_hosts_descriptors_alone() {
    let scene = scene();
    let directory = scene.path().canonicalize().unwrap();
    let mut guest = sandboxed(&scene);
    let target = guest.open(ROOT, "file", 0, READ);
    let before = descriptors_below(&directory);
    for round in 0..100_000 {
        let fd = guest.open(ROOT, "file", 0, READ);
        guest.ok("fd_renumber", &[fd, target]);
        if round % 10_000 == 0 {
            assert_eq!(descriptors_below(&directory), before);
        }
    }
    assert_eq!((descriptors_below(&directory), guest.ctx.usage().open_fds), (before, 5));
    for to in [0x7fff_ffff, 0xffff_ffff, 1 << 20] {
        guest.fails("fd_renumber", &[target, to], Errno::Badf);
    }
}

#[test]
fn cve_2024_38358_nothing_is_created_through_links_outwards() {
    let scene = scene();
    let outside = scene.path().join("outside");
    let targets = ["../outside/new".into(), outside.join("new").display().to_string(), "../outside/secret".into()];
    for (number, target) in targets.iter().enumerate() {
        symlink(target, scene.path().join(format!("root/link-{number}"))).unwrap();
    }
    symlink("../outside", scene.path().join("root/out")).unwrap();
    let before = snapshot(&outside);
    let mut guest = sandboxed(&scene);
    for path in ["link-0", "link-1", "link-2", "out/new", "out/secret", "out/../outside/new"] {
        for oflags in [CREAT, CREAT | TRUNC, CREAT | EXCL, TRUNC, 0] {
            for follow in [0, FOLLOW] {
                let [ptr, len] = guest.path(path);
                let answer = guest.call("path_open", &[ROOT, follow, ptr, len, oflags, READ | WRITE, ALL, 0, RESULT]);
                assert!(answer.is_err(), "{path} {oflags} {follow}");
            }
        }
        for (call, answer) in every_path_function(&mut guest, path.as_bytes()) {
            // What acts on a link itself may succeed, and does no harm.
            assert!(answer.is_err() || path.starts_with("link") || call.starts_with("path_symlink#0"), "{call} {path}");
        }
    }
    assert_eq!(snapshot(&outside), before);
}

#[test]
fn wasmer_4267_nothing_is_there_by_default() {
    let mut guest = guest(WasiCtx::builder());
    let opened = |guest: &mut Guest, fd| {
        let [ptr, len] = guest.path(".");
        guest.call("path_open", &[fd, 0, ptr, len, 0, READ, 0, 0, RESULT])
    };
    for fd in (3..100).chain([u32::MAX.into()]) {
        guest.fails("fd_prestat_get", &[fd, RESULT], Errno::Badf);
        guest.fails("fd_fdstat_get", &[fd, RESULT], Errno::Badf);
        assert_eq!(opened(&mut guest, fd), Err(Errno::Badf));
    }
    for fd in 0..3 {
        assert_eq!(opened(&mut guest, fd), Err(Errno::Notdir));
    }
    guest.ok("environ_sizes_get", &[RESULT, RESULT + 4]);
    assert_eq!(guest.u64_at(RESULT), 0);
    guest.ok("args_sizes_get", &[RESULT, RESULT + 4]);
    assert_eq!(guest.u64_at(RESULT), 0);
    assert_eq!(guest.read(0, 10), Ok(vec![]));
}

#[test]
fn a_race_between_directory_and_link_is_not_won() {
    let scene = scene();
    let root = scene.path().join("root");
    fs::write(root.join("dir/secret"), "decoy").unwrap();
    symlink("../outside", root.join("link")).unwrap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                for (old, new) in [("dir", "aside"), ("link", "dir"), ("dir", "link"), ("aside", "dir")] {
                    fs::rename(root.join(old), root.join(new)).unwrap();
                }
            }
        });
        let mut guest = sandboxed(&scene);
        let until = Instant::now() + Duration::from_millis(500);
        let mut opened = 0;
        while Instant::now() < until {
            let [ptr, len] = guest.path("dir/secret");
            if guest.call("path_open", &[ROOT, FOLLOW, ptr, len, 0, READ, 0, 0, RESULT]).is_ok() {
                let fd = u64::from(guest.u32_at(RESULT));
                assert_eq!(guest.read(fd, 100).unwrap(), b"decoy");
                guest.ok("fd_close", &[fd]);
                opened += 1;
            }
            let [ptr, len] = guest.path("dir/new");
            let _ = guest.call("path_create_directory", &[ROOT, ptr, len]);
            let _ = guest.call("path_remove_directory", &[ROOT, ptr, len]);
        }
        over.store(true, Ordering::Relaxed);
        assert!(opened > 0);
    });
    assert_eq!(fs::read_dir(scene.path().join("outside")).unwrap().count(), 1);
}

#[test]
fn long_chains_paths_and_names_end_in_errors() {
    on_each_fs(|guest| {
        guest.make_file("file", b"x");
        guest.symlink("file", "link-1");
        for number in 2..=41 {
            guest.symlink(&format!("link-{}", number - 1), &format!("link-{number}"));
        }
        let followed = |guest: &mut Guest, path: &str| {
            let [ptr, len] = guest.path(path);
            guest.call("path_filestat_get", &[ROOT, FOLLOW, ptr, len, RESULT])
        };
        assert_eq!((followed(guest, "link-40"), followed(guest, "link-41")), (Ok(()), Err(Errno::Loop)));

        for path in ["n".repeat(256), "p/".repeat(2048), format!("dir/{}", "n".repeat(256))] {
            for (call, answer) in every_path_function(guest, path.as_bytes()) {
                let is_text = call.starts_with("path_symlink#0");
                let fine = match answer {
                    Err(Errno::Nametoolong) => true,
                    // `dir` is not there; and a link's text may be long, but its own name is taken.
                    Err(Errno::Noent) => path.starts_with("dir"),
                    Err(Errno::Exist) => is_text,
                    // It does not follow links, and says so first.
                    Err(Errno::Inval) => call.starts_with("path_link") && call.contains(" 1 "),
                    _ => false,
                };
                assert!(fine, "{call} {} bytes: {answer:?}", path.len());
            }
        }
        // A path as long as the memory.
        guest.memory.fill(b'a');
        for name in ["path_unlink_file", "path_create_directory", "path_remove_directory"] {
            guest.fails(name, &[ROOT, 0, MEMORY as u64], Errno::Nametoolong);
        }
        guest.fails("path_filestat_get", &[ROOT, 0, 0, MEMORY as u64, 0], Errno::Nametoolong);
    });
}
