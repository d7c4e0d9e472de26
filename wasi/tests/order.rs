//! The order of checks, for every function, from the table alone: one good call each, spoilt in every place.
#![cfg(unix)]

mod kit;

use std::net::{TcpListener, TcpStream};

use hostel_wasi::abi::{Errno, Rights};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{FUNCTIONS, Function, Kind, Perms, Stdio, WasiCtx};
use kit::*;

const LISTENER: u64 = 5;
const CONNECTION: u64 = 6;
const FILE: u64 = 7;
/// An address that nothing fits at.
const BAD: u64 = 0xffff_ffff;

struct World {
    guest: Guest,
    fs: MemoryFs,
    _peer: TcpStream,
}

/// A writable root, the same read-only, a listener with a connection waiting, a connection with data, a file.
fn world() -> World {
    let fs = MemoryFs::new();
    fs.write_file("file", "contents").unwrap();
    fs.write_file("extra", "contents").unwrap();
    fs.create_dir_all("dir").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let builder = WasiCtx::builder().arg("prog").env("A", "1").stdin(Stdio::bytes(*b"input"));
    let builder = builder.in_memory_dir(&fs, "/", Perms::READ_WRITE).in_memory_dir(&fs, "/ro", Perms::READ_ONLY);
    let mut guest = guest(builder.preopened_listener(listener));
    let mut peer = TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut peer, b"data").unwrap();
    guest.ok("sock_accept", &[LISTENER, 0, RESULT]);
    assert_eq!(u64::from(guest.u32_at(RESULT)), CONNECTION);
    let waiting = TcpStream::connect(address).unwrap();
    // It stays in the queue when this end is gone.
    drop(waiting);
    assert_eq!(guest.open(ROOT, "file", 0, ALL), FILE);
    guest.symlink("file", "link");
    guest.memory.fill(SENTINEL);
    World { guest, fs, _peer: peer }
}

/// Arguments with which a function succeeds in that world, put together by the meaning of each parameter.
fn good_call(guest: &mut Guest, function: &Function) -> Vec<u64> {
    let existing = match function.name {
        "path_create_directory" | "path_symlink" => "new",
        "path_remove_directory" => "dir",
        "path_readlink" => "link",
        _ => "file",
    };
    let mut subscription = [0; 48];
    subscription[16] = 1;
    guest.put(DATA + 0x800, &subscription);
    guest.iovs(&[(DATA + 0x900, 4)]);
    let mut paths = 0;
    let mut args = Vec::new();
    for param in function.params {
        args.push(match param.kind {
            Kind::Fd => match function.name {
                "sock_accept" => LISTENER,
                name if name.starts_with("sock_") => CONNECTION,
                name if name.starts_with("path_") || name == "fd_readdir" || name.starts_with("fd_prestat") => ROOT,
                _ => FILE,
            },
            Kind::Path => {
                paths += 1;
                // Of two paths the second is where something comes to be, first the link's text, then the link.
                let text = match (function.name, paths) {
                    ("path_symlink", 1) => "text",
                    (_, 1) => existing,
                    _ => "new",
                };
                let [ptr, _] = if paths == 1 { guest.path(text) } else { guest.path2(text) };
                ptr
            }
            Kind::PathLen => match (function.name, paths) {
                (_, 2) => 3,
                ("path_symlink", _) => 4,
                _ => existing.len() as u64,
            },
            Kind::Buffer => DATA,
            Kind::BufferLen => 64,
            Kind::Iovecs | Kind::Ciovecs => IOVS,
            Kind::IovecsLen | Kind::SubscriptionsLen => 1,
            Kind::Subscriptions => DATA + 0x800,
            Kind::Rights => 0,
            Kind::Filesize => 1,
            Kind::Sdflags => 1,
            kind if is_pointer(kind) => RESULT + 0x80 * args.len() as u64,
            _ => 0,
        });
    }
    args
}

fn spoilt(function: &Function, args: &[u64], spoil: impl Fn(usize, Kind) -> Option<u64>) -> Vec<u64> {
    let params = function.params.iter().enumerate();
    params.zip(args).map(|((index, param), arg)| spoil(index, param.kind).unwrap_or(*arg)).collect()
}

fn bad_pointer(kind: Kind) -> Option<u64> {
    is_pointer(kind).then_some(BAD)
}

#[test]
fn good_calls_succeed() {
    for function in FUNCTIONS.iter().filter(|function| !function.name.starts_with("proc_")) {
        let World { mut guest, .. } = world();
        let args = good_call(&mut guest, function);
        guest.ok(function.name, &args);
    }
}

#[test]
fn flags_and_enums_come_first() {
    let World { mut guest, .. } = world();
    for function in &FUNCTIONS {
        let args = good_call(&mut guest, function);
        for (place, param) in function.params.iter().enumerate().filter(|(_, param)| is_decoded(param.kind)) {
            for unknown in [0x8000, 0xff, 0x1_0000, 0x8000_0000] {
                let args = spoilt(function, &args, |index, kind| match kind {
                    _ if index == place => Some(unknown),
                    Kind::Fd => Some(99),
                    kind => bad_pointer(kind),
                });
                let told = guest.try_call(function.name, &args);
                assert_eq!(told, Ok(Errno::Inval as u16), "{} {} {unknown:x}", function.name, param.name);
            }
        }
    }
}

#[test]
fn descriptors_come_next() {
    let World { mut guest, .. } = world();
    for function in &FUNCTIONS {
        let args = good_call(&mut guest, function);
        for (place, _) in function.params.iter().enumerate().filter(|(_, param)| param.kind == Kind::Fd) {
            for fd in [99, BAD, 0x7fff_ffff] {
                let args =
                    spoilt(function, &args, |index, kind| if index == place { Some(fd) } else { bad_pointer(kind) });
                guest.fails(function.name, &args, Errno::Badf);
            }
        }
    }
}

#[test]
fn then_kinds() {
    let World { mut guest, .. } = world();
    for function in FUNCTIONS.iter().filter(|function| function.params.iter().any(|param| param.kind == Kind::Fd)) {
        let (fd, errno) = match function.name {
            "fd_advise" | "fd_prestat_get" | "fd_prestat_dir_name" => continue,
            name if name.starts_with("path_") || name == "fd_readdir" => (FILE, Errno::Notdir),
            name if name.starts_with("sock_") => (FILE, Errno::Notsock),
            "fd_read"
            | "fd_write"
            | "fd_pread"
            | "fd_pwrite"
            | "fd_seek"
            | "fd_tell"
            | "fd_allocate"
            | "fd_filestat_set_size" => (ROOT, Errno::Isdir),
            _ => continue,
        };
        guest.drop_rights(fd, Rights::all());
        let args = good_call(&mut guest, function);
        let args = spoilt(function, &args, |_, kind| if kind == Kind::Fd { Some(fd) } else { bad_pointer(kind) });
        guest.fails(function.name, &args, errno);
    }
}

#[test]
fn then_rights() {
    for function in &FUNCTIONS {
        let World { mut guest, .. } = world();
        let args = good_call(&mut guest, function);
        let without = ["fd_close", "fd_renumber", "fd_fdstat_get", "fd_fdstat_set_rights", "fd_prestat_get"];
        let has_fd = function.params.iter().any(|param| param.kind == Kind::Fd);
        if !has_fd || without.contains(&function.name) || function.name == "fd_prestat_dir_name" {
            continue;
        }
        for fd in [ROOT, READ_ONLY, LISTENER, CONNECTION, FILE] {
            guest.drop_rights(fd, Rights::all());
        }
        let args = spoilt(function, &args, |_, kind| bad_pointer(kind));
        guest.fails(function.name, &args, Errno::Notcapable);
    }
}

/// Each pointer alone, with everything else in order, and with bad path text: no call has an effect.
#[test]
fn then_every_pointer() {
    let World { mut guest, fs, .. } = world();
    for function in &FUNCTIONS {
        let args = good_call(&mut guest, function);
        for (place, param) in function.params.iter().enumerate().filter(|(_, param)| is_pointer(param.kind)) {
            for address in [BAD, MEMORY as u64, MEMORY as u64 - 1] {
                let args = spoilt(function, &args, |index, _| (index == place).then_some(address));
                // One-byte results do not exist, but a path of several bytes might end in the last one.
                guest.fails(function.name, &args, Errno::Fault);
                if !matches!(param.kind, Kind::Path) {
                    let args = spoilt(function, &args, |_, kind| (kind == Kind::PathLen).then_some(0));
                    guest.fails(function.name, &args, Errno::Fault);
                }
            }
        }
    }
    assert_eq!(fs.read_file("file"), Ok(b"contents".to_vec()));
    assert_eq!(fs.read_file("new"), Err(Errno::Noent));
    assert_eq!(guest.ctx.usage().open_fds, 8);
    guest.ok("fd_tell", &[FILE, RESULT]);
    assert_eq!(guest.u64_at(RESULT), 0);
}

#[test]
fn then_the_text_of_paths() {
    let World { mut guest, .. } = world();
    for function in &FUNCTIONS {
        let args = good_call(&mut guest, function);
        for (place, _) in function.params.iter().enumerate().filter(|(_, param)| param.kind == Kind::Path) {
            let long = "x".repeat(4096);
            for (text, errno) in [
                ("", Errno::Noent),
                ("nul\0", Errno::Inval),
                ("\0", Errno::Inval),
                ("/absolute", Errno::Perm),
                (long.as_str(), Errno::Nametoolong),
            ] {
                let ptr = 0x1000;
                guest.put(ptr, text.as_bytes());
                let args = spoilt(function, &args, |index, _| match index {
                    _ if index == place => Some(ptr),
                    _ if index == place + 1 => Some(text.len() as u64),
                    _ => None,
                });
                guest.fails(function.name, &args, errno);
            }
        }
    }
}
