//! The path functions, on what is there and on what is not.

use hostel_wasi::abi::{Errno, Filetype};

use crate::kit::*;
use crate::scene::SET_TIME;

/// What a call gave the guest: an errno, or bytes that are the same in each run.
pub type Outcome = Result<Vec<u8>, Errno>;

/// A place: a descriptor and a path.
type At<'a> = (u64, &'a str);

pub type Run = fn(&mut Guest, At<'_>) -> Outcome;

pub struct Operation {
    pub what: &'static str,
    /// The name in the mount; empty: the mounted directory.
    pub name: &'static str,
    /// "ok" or the errno, in a read-only mount and in a writable one.
    pub expected: [&'static str; 2],
    /// Whether a link in the last component is followed, so that links to the name count as spellings of it.
    pub follows: bool,
    /// Whether a writable mount is different afterwards.
    pub changes: bool,
    pub run: Run,
}

impl Operation {
    /// The expected outcome in a mount that is writable or not.
    pub fn expected(&self, writable: bool) -> &'static str {
        self.expected[usize::from(writable)]
    }
}

pub fn show(outcome: &Outcome) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(errno) => format!("{errno:?}").to_uppercase(),
    }
}

pub fn open(guest: &mut Guest, at: At<'_>, dirflags: u64, oflags: u64, rights: u64) -> Outcome {
    let [path, len] = guest.path(at.1);
    guest.call("path_open", &[at.0, dirflags, path, len, oflags, rights, 0, 0, RESULT])?;
    let fd = u64::from(guest.u32_at(RESULT));
    if guest.fdstat(fd).0 == Filetype::Directory as u8 {
        return Ok(b"directory".to_vec());
    }
    if rights & WRITE != 0 {
        guest.write(fd, b"changed")?;
    }
    if rights & READ != 0 { guest.read(fd, 100) } else { Ok(Vec::new()) }
}

fn one(guest: &mut Guest, function: &str, at: At<'_>) -> Outcome {
    let [path, len] = guest.path(at.1);
    guest.call(function, &[at.0, path, len]).map(|()| Vec::new())
}

pub fn two(guest: &mut Guest, function: &str, old: At<'_>, new: At<'_>) -> Outcome {
    let ([from, from_len], [to, to_len]) = (guest.path(old.1), guest.path2(new.1));
    let args = match function {
        "path_link" => vec![old.0, 0, from, from_len, new.0, to, to_len],
        "path_symlink" => vec![from, from_len, new.0, to, to_len],
        _ => vec![old.0, from, from_len, new.0, to, to_len],
    };
    guest.call(function, &args).map(|()| Vec::new())
}

/// Type, links and size: numbers and times differ from run to run.
fn stat(guest: &mut Guest, at: At<'_>, follow: u64) -> Outcome {
    let [path, len] = guest.path(at.1);
    guest.call("path_filestat_get", &[at.0, follow, path, len, RESULT])?;
    Ok(guest.bytes(RESULT + 16, 24).to_vec())
}

fn set_times(guest: &mut Guest, at: At<'_>, follow: u64) -> Outcome {
    let [path, len] = guest.path(at.1);
    let set_both = 5;
    guest.call("path_filestat_set_times", &[at.0, follow, path, len, SET_TIME, SET_TIME, set_both]).map(|()| Vec::new())
}

fn read_link(guest: &mut Guest, at: At<'_>) -> Outcome {
    let [path, len] = guest.path(at.1);
    guest.call("path_readlink", &[at.0, path, len, DATA, 100, RESULT])?;
    Ok(guest.bytes(DATA, guest.u32_at(RESULT) as usize).to_vec())
}

/// The sorted names in the directory.
pub fn list(guest: &mut Guest, at: At<'_>) -> Outcome {
    let [path, len] = guest.path(at.1);
    guest.call("path_open", &[at.0, FOLLOW, path, len, DIRECTORY, READ, 0, 0, RESULT])?;
    let fd = u64::from(guest.u32_at(RESULT));
    guest.call("fd_readdir", &[fd, DATA, 0x1000, 0, RESULT])?;
    let (mut position, end) = (DATA, DATA + u64::from(guest.u32_at(RESULT)));
    let mut names = Vec::new();
    while position < end {
        let len = guest.u32_at(position + 16) as usize;
        names.push(guest.bytes(position + 24, len).to_vec());
        position += 24 + len as u64;
    }
    names.sort();
    Ok(names.join(&b' '))
}

/// The row of a table: what, the name, expected read-only and writable, whether it follows, whether it changes.
type Row = (&'static str, &'static str, [&'static str; 2], bool, bool, Run);

const MOUNT: u64 = ROOT + 1;

pub fn operations() -> Vec<Operation> {
    let rows: [Row; 49] = [
        ("open r", "file", ["ok", "ok"], true, false, |g, at| open(g, at, FOLLOW, 0, READ)),
        ("open w", "file", ["ROFS", "ok"], true, true, |g, at| open(g, at, FOLLOW, 0, WRITE)),
        ("open rw", "file", ["ROFS", "ok"], true, true, |g, at| open(g, at, FOLLOW, 0, READ | WRITE)),
        ("open w", "missing", ["NOENT", "NOENT"], true, false, |g, at| open(g, at, FOLLOW, 0, WRITE)),
        ("open r", "only-outer", ["NOENT", "NOENT"], true, false, |g, at| open(g, at, FOLLOW, 0, READ)),
        ("open r", "file/below", ["NOTDIR", "NOTDIR"], true, false, |g, at| open(g, at, FOLLOW, 0, READ)),
        ("open w", "link", ["ROFS", "ok"], true, true, |g, at| open(g, at, FOLLOW, 0, WRITE)),
        ("open nofollow", "link", ["LOOP", "LOOP"], false, false, |g, at| open(g, at, 0, 0, READ)),
        ("open creat r", "file", ["ok", "ok"], true, false, |g, at| open(g, at, FOLLOW, CREAT, READ)),
        ("open creat w", "new", ["ROFS", "ok"], true, true, |g, at| open(g, at, FOLLOW, CREAT, WRITE)),
        ("open creat excl", "file", ["EXIST", "EXIST"], false, false, |g, at| open(g, at, FOLLOW, CREAT | EXCL, WRITE)),
        ("open creat excl", "new", ["ROFS", "ok"], false, true, |g, at| open(g, at, FOLLOW, CREAT | EXCL, WRITE)),
        ("open trunc", "file", ["ROFS", "ok"], true, true, |g, at| open(g, at, FOLLOW, TRUNC, WRITE)),
        ("open trunc r", "file", ["ROFS", "ok"], true, true, |g, at| open(g, at, FOLLOW, TRUNC, READ)),
        ("open creat trunc", "file", ["ROFS", "ok"], true, true, |g, at| open(g, at, FOLLOW, CREAT | TRUNC, WRITE)),
        ("open creat trunc", "new", ["ROFS", "ok"], true, true, |g, at| open(g, at, FOLLOW, CREAT | TRUNC, WRITE)),
        ("open directory", "dir", ["ok", "ok"], true, false, |g, at| open(g, at, FOLLOW, DIRECTORY, READ)),
        ("open w", "dir", ["ISDIR", "ISDIR"], true, false, |g, at| open(g, at, FOLLOW, 0, WRITE)),
        ("readdir", "", ["ok", "ok"], true, false, list),
        ("readdir", "dir", ["ok", "ok"], true, false, list),
        ("mkdir", "new", ["ROFS", "ok"], false, true, |g, at| one(g, "path_create_directory", at)),
        ("mkdir", "dir", ["EXIST", "EXIST"], false, false, |g, at| one(g, "path_create_directory", at)),
        ("mkdir", "file/below", ["NOTDIR", "NOTDIR"], false, false, |g, at| one(g, "path_create_directory", at)),
        ("filestat_get", "file", ["ok", "ok"], true, false, |g, at| stat(g, at, FOLLOW)),
        ("filestat_get", "only-outer", ["NOENT", "NOENT"], true, false, |g, at| stat(g, at, FOLLOW)),
        ("filestat_get nof.", "link", ["ok", "ok"], false, false, |g, at| stat(g, at, 0)),
        ("set_times", "file", ["ROFS", "ok"], true, true, |g, at| set_times(g, at, FOLLOW)),
        ("set_times", "missing", ["NOENT", "NOENT"], true, false, |g, at| set_times(g, at, FOLLOW)),
        ("set_times nof.", "link", ["ROFS", "ok"], false, true, |g, at| set_times(g, at, 0)),
        ("link from", "file", ["ROFS", "ok"], false, true, |g, at| two(g, "path_link", at, (ROOT, "m/new"))),
        ("link to", "new", ["ROFS", "ok"], false, true, |g, at| two(g, "path_link", (ROOT, "m/file"), at)),
        ("link to", "other", ["EXIST", "EXIST"], false, false, |g, at| two(g, "path_link", (MOUNT, "file"), at)),
        ("link out", "file", ["XDEV", "XDEV"], false, false, |g, at| two(g, "path_link", at, (ROOT, "stolen"))),
        ("link in", "new", ["XDEV", "XDEV"], false, false, |g, at| two(g, "path_link", (ROOT, "own"), at)),
        ("readlink", "link", ["ok", "ok"], false, false, read_link),
        ("readlink", "file", ["INVAL", "INVAL"], false, false, read_link),
        ("rmdir", "empty", ["ROFS", "ok"], false, true, |g, at| one(g, "path_remove_directory", at)),
        ("rmdir", "dir", ["ROFS", "NOTEMPTY"], false, false, |g, at| one(g, "path_remove_directory", at)),
        ("rename from", "file", ["ROFS", "ok"], false, true, |g, at| two(g, "path_rename", at, (ROOT, "m/new"))),
        ("rename to", "new", ["ROFS", "ok"], false, true, |g, at| two(g, "path_rename", (ROOT, "m/file"), at)),
        ("rename onto", "other", ["ROFS", "ok"], false, true, |g, at| two(g, "path_rename", (MOUNT, "file"), at)),
        ("rename out", "file", ["XDEV", "XDEV"], false, false, |g, at| two(g, "path_rename", at, (ROOT, "stolen"))),
        ("rename in", "file", ["XDEV", "XDEV"], false, false, |g, at| two(g, "path_rename", (ROOT, "own"), at)),
        ("symlink", "new", ["ROFS", "ok"], false, true, |g, at| two(g, "path_symlink", (0, "file"), at)),
        ("symlink", "file", ["EXIST", "EXIST"], false, false, |g, at| two(g, "path_symlink", (0, "x"), at)),
        ("symlink absolute", "new", ["PERM", "PERM"], false, false, |g, at| two(g, "path_symlink", (0, "/m/x"), at)),
        ("unlink", "file", ["ROFS", "ok"], false, true, |g, at| one(g, "path_unlink_file", at)),
        ("unlink", "link", ["ROFS", "ok"], false, true, |g, at| one(g, "path_unlink_file", at)),
        ("unlink", "dir", ["ROFS", "ISDIR"], false, false, |g, at| one(g, "path_unlink_file", at)),
    ];
    let operation =
        |(what, name, expected, follows, changes, run): Row| Operation { what, name, expected, follows, changes, run };
    rows.into_iter().map(operation).collect()
}

/// What is tried on the mounted name itself, and the errno of a name which stays, below a writable outer mount. A rename
/// between the two file systems is EXDEV.
pub const AT_THE_NAME: [(&str, &str, Run); 12] = [
    ("rmdir", "BUSY", |g, at| one(g, "path_remove_directory", at)),
    ("unlink", "ISDIR", |g, at| one(g, "path_unlink_file", at)),
    ("rename away", "BUSY", |g, at| two(g, "path_rename", at, (ROOT, "moved"))),
    ("rename into itself", "XDEV", |g, at| two(g, "path_rename", at, (ROOT, "m/moved"))),
    ("rename a directory onto", "BUSY", |g, at| two(g, "path_rename", (ROOT, "x"), at)),
    ("rename a file onto", "BUSY", |g, at| two(g, "path_rename", (ROOT, "own"), at)),
    ("rename from inside onto", "XDEV", |g, at| two(g, "path_rename", (ROOT, "m/empty"), at)),
    ("link onto", "EXIST", |g, at| two(g, "path_link", (ROOT, "own"), at)),
    ("symlink onto", "EXIST", |g, at| two(g, "path_symlink", (0, "own"), at)),
    ("mkdir", "EXIST", |g, at| one(g, "path_create_directory", at)),
    ("create exclusively", "EXIST", |g, at| open(g, at, FOLLOW, CREAT | EXCL, WRITE)),
    ("create", "ISDIR", |g, at| open(g, at, FOLLOW, CREAT, WRITE)),
];
