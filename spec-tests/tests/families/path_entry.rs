//! Making, removing, moving and linking entries.

use crate::kit::*;
use hostel_wasi::abi::Errno;

/// Slots and trace of a descriptor and a path.
fn at(proxy: &mut Proxy, fd: u64, path: &str) -> (Vec<u64>, String) {
    let [ptr, len] = proxy.path(path);
    (vec![fd, ptr, len], format!("fd={fd}, path={path:?}"))
}

fn ok(proxy: &mut Proxy, name: &str, path: &str) {
    let (args, shown) = at(proxy, ROOT, path);
    proxy.ok(name, &args, &shown, "ok", &[]);
}

fn fails(proxy: &mut Proxy, name: &str, fd: u64, path: &str, errno: Errno) {
    let (args, shown) = at(proxy, fd, path);
    proxy.fails(name, &args, errno, &shown);
}

/// Slots and trace of two of them; flags of the first, if the call has any.
fn two(proxy: &mut Proxy, flags: Option<u64>, old: (u64, &str), new: (u64, &str)) -> (Vec<u64>, String) {
    let ([old_ptr, old_len], [new_ptr, new_len]) = (proxy.path(old.1), proxy.path(new.1));
    let mut args = vec![old.0];
    args.extend(flags);
    args.extend([old_ptr, old_len, new.0, new_ptr, new_len]);
    let shown = match flags {
        Some(flags) => format!("old_fd={}, old_flags={flags}, ", old.0),
        None => format!("fd={}, ", old.0),
    };
    (args, format!("{shown}old_path={:?}, new_fd={}, new_path={:?}", old.1, new.0, new.1))
}

pub fn calls(proxy: &mut Proxy) {
    directories(proxy);
    files(proxy);
    links(proxy);
    renames(proxy);
}

fn directories(proxy: &mut Proxy) {
    ok(proxy, "path_create_directory", "dir");
    ok(proxy, "path_create_directory", "dir/below/");
    fails(proxy, "path_create_directory", ROOT, "dir", Errno::Exist);
    fails(proxy, "path_create_directory", READ_ONLY, "new", Errno::Rofs);
    fails(proxy, "path_create_directory", ROOT, "../new", Errno::Perm);
    fails(proxy, "path_remove_directory", ROOT, "dir", Errno::Notempty);
    fails(proxy, "path_remove_directory", READ_ONLY, "dir/below", Errno::Rofs);
    ok(proxy, "path_remove_directory", "dir/below");
    fails(proxy, "path_remove_directory", ROOT, "dir/below", Errno::Noent);
    let [ptr, _] = proxy.path("x");
    proxy.fails("path_create_directory", &[ROOT, ptr, BAD], Errno::Fault, &format!("fd=3, path={ptr:#x}[{BAD}]?"));
}

fn files(proxy: &mut Proxy) {
    let fd = proxy.file("file", "text");
    proxy.done("fd_close", &[fd]);
    fails(proxy, "path_unlink_file", ROOT, "dir", Errno::Isdir);
    fails(proxy, "path_unlink_file", ROOT, "file/", Errno::Notdir);
    fails(proxy, "path_unlink_file", READ_ONLY, "file", Errno::Rofs);
    fails(proxy, "path_unlink_file", ROOT, "", Errno::Noent);
    let (args, shown) = two(proxy, Some(0), (ROOT, "file"), (ROOT, "dir/twin"));
    proxy.ok("path_link", &args, &shown, "ok", &[]);
    proxy.fails("path_link", &args, Errno::Exist, &shown);
    let (args, shown) = two(proxy, Some(0), (ROOT, "file"), (READ_ONLY, "twin"));
    proxy.fails("path_link", &args, Errno::Xdev, &shown);
    let (args, shown) = two(proxy, Some(0), (ROOT, "dir"), (ROOT, "twin"));
    proxy.fails("path_link", &args, Errno::Perm, &shown);
    ok(proxy, "path_unlink_file", "file");
    ok(proxy, "path_unlink_file", "dir/twin");
}

fn links(proxy: &mut Proxy) {
    let symlink = |proxy: &mut Proxy, target: &str, fd: u64, path: &str| {
        let ([old, old_len], [new, new_len]) = (proxy.path(target), proxy.path(path));
        let shown = format!("old_path={target:?}, fd={fd}, new_path={path:?}");
        ([old, old_len, fd, new, new_len], shown)
    };
    let (args, shown) = symlink(proxy, "some/where", ROOT, "link");
    proxy.ok("path_symlink", &args, &shown, "ok", &[]);
    proxy.fails("path_symlink", &args, Errno::Exist, &shown);
    let (args, shown) = symlink(proxy, "/etc", ROOT, "out");
    proxy.fails("path_symlink", &args, Errno::Perm, &shown);
    let (args, shown) = symlink(proxy, "a", READ_ONLY, "out");
    proxy.fails("path_symlink", &args, Errno::Rofs, &shown);

    let [ptr, len] = proxy.path("link");
    for (room, text) in [(20, "some/where"), (10, "some/where"), (4, "some"), (0, "")] {
        proxy.put(DATA, &[SENTINEL; 20]);
        let used = text.len() as u32;
        let stored: &[(u64, &[u8])] = &[(DATA, text.as_bytes()), (RESULT, &used.to_le_bytes())];
        let shown = format!("fd=3, path=\"link\", buf=0x3000[{room}]");
        let outcome = format!("buf={text:?}, bufused={used}");
        proxy.ok("path_readlink", &[ROOT, ptr, len, DATA, room, RESULT], &shown, &outcome, stored);
    }
    let shown = "fd=3, path=\"link\", buf=0x3000[20]";
    proxy.fails("path_readlink", &[ROOT, ptr, len, DATA, 20, PAGE - 3], Errno::Fault, shown);
    let [ptr, len] = proxy.path("dir");
    let shown = "fd=3, path=\"dir\", buf=0x3000[20]";
    proxy.fails("path_readlink", &[ROOT, ptr, len, DATA, 20, RESULT], Errno::Inval, shown);
}

fn renames(proxy: &mut Proxy) {
    let (args, shown) = two(proxy, None, (ROOT, "link"), (ROOT, "dir/moved"));
    proxy.ok("path_rename", &args, &shown, "ok", &[]);
    proxy.fails("path_rename", &args, Errno::Noent, &shown);
    let (args, shown) = two(proxy, None, (ROOT, "dir"), (ROOT, "dir/below"));
    proxy.fails("path_rename", &args, Errno::Inval, &shown);
    let (args, shown) = two(proxy, None, (READ_ONLY, "dir/moved"), (ROOT, "stolen"));
    proxy.fails("path_rename", &args, Errno::Xdev, &shown);
}
