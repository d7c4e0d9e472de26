//! Nodes in POSIX: links are resolved to a path without any, and the last name is then not followed.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use cap_std::fs::Dir;
#[cfg(any(test, not(target_os = "linux")))]
use rustix::fs::Stat;
use rustix::fs::{AtFlags, Timestamps, utimensat};

use super::super::place::{Place, open_directory};
use crate::abi::Errno;
use crate::fs::path::{self, Last};
use crate::fs::{errno_from_io, errno_from_system};

/// `stat` of what `path` names; of a link itself unless `follow` or a trailing slash asks for what it names.
#[cfg(any(test, not(target_os = "linux")))]
pub(in super::super) fn stat(start: &Dir, path: &[u8], follow: bool) -> Result<Stat, Errno> {
    at_node(start, path, follow, |place, name| place.stat(name))
}

/// Sets the times of what `path` names; of a link itself unless `follow`.
pub(in super::super) fn set_times(start: &Dir, path: &[u8], follow: bool, times: &Timestamps) -> Result<(), Errno> {
    at_node(start, path, follow, |place, name| {
        utimensat(place.directory(), name, times, AtFlags::SYMLINK_NOFOLLOW).map_err(errno_from_system)
    })
}

/// Calls `act` with a parent directory and a name in it that stands for the node.
fn at_node<R>(
    start: &Dir,
    path: &[u8],
    follow: bool,
    act: impl FnOnce(&Place<'_, '_>, &[u8]) -> Result<R, Errno>,
) -> Result<R, Errno> {
    path::check(path)?;
    let split = path::split(path);
    if !follow && !split.slash && matches!(split.last, Last::Name(_)) {
        let place = Place::resolve(start, path)?;
        return act(&place, place.name(Errno::Inval, Errno::Inval)?);
    }
    let resolved = start.canonicalize(OsStr::from_bytes(path)).map_err(|error| errno_from_io(&error))?;
    let resolved = resolved.into_os_string().into_vec();
    if split.slash || !matches!(split.last, Last::Name(_)) {
        // It has to be a directory, and "." names it from within.
        let directory = open_directory(start, &resolved)?;
        let place = Place::resolve(&directory, b".")?;
        return act(&place, b".");
    }
    let place = Place::resolve(start, &resolved)?;
    act(&place, place.name(Errno::Inval, Errno::Inval).unwrap_or(b"."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::host::HostDirectory;
    use crate::fs::host::unix::{node, stat::filestat, timestamps};
    use crate::fs::{Directory, SetTime};

    #[test]
    fn both_twins_agree() {
        let temporary = tempfile::tempdir().unwrap();
        let root = HostDirectory::open_ambient(temporary.path()).unwrap();
        let dir = Dir::open_ambient_dir(temporary.path(), cap_std::ambient_authority()).unwrap();
        std::fs::write(temporary.path().join("file"), b"123").unwrap();
        root.create_directory(b"directory").unwrap();
        for (target, link) in
            [("file", "to-file"), ("directory", "to-directory"), ("nowhere", "dangling"), ("..", "out")]
        {
            root.symlink(target.as_bytes(), link.as_bytes()).unwrap();
        }
        let paths = ["file", "file/", "directory", "directory/", "directory/.", "directory/..", ".", "..", "to-file"];
        let more = ["to-file/", "to-directory", "to-directory/", "dangling", "dangling/", "out", "out/", "missing"];
        for path in paths.iter().chain(&more) {
            for follow in [false, true] {
                let linux = node::stat(&dir, path.as_bytes(), follow).map(|stat| filestat(&stat));
                let posix = stat(&dir, path.as_bytes(), follow).map(|stat| filestat(&stat));
                assert_eq!(linux, posix, "{path}, follow {follow}");
                let times = timestamps(SetTime::At(1_000_000_007), SetTime::At(2_000_000_009));
                let linux = node::set_times(&dir, path.as_bytes(), follow, &times);
                let posix = set_times(&dir, path.as_bytes(), follow, &times);
                assert_eq!(linux, posix, "{path}, follow {follow}");
            }
        }
    }
}
