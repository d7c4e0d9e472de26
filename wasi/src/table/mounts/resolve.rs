//! Where a path leads.
//!
//! Below a directory without mount points the path is left to the file system, as a whole. Otherwise it is resolved
//! here, component by component, as a kernel does: each component is a single name that the file system is asked for
//! and does not follow; symbolic links are read and their text takes the component's place; `..` goes back along the
//! way that was taken, so that it cannot lead above the directory that the path started from; and at a mount point the
//! way goes on at the root of what is mounted. What is left for the file system is a directory and a single name in
//! it, or `.`.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Mount, MountPoint};
use crate::abi::Errno;
use crate::fs::{Directory, Follow, LINKS_MAX};
use crate::table::OpenDirectory;

/// The most levels below a directory with mount points that a path may lead to. Each is held open meanwhile: chosen so
/// that they fit into a process's usual 1024 descriptors.
pub const WALK_LEVELS_MAX: usize = 256;

/// A path resolved as far as mounts are concerned: what is left for one file system.
pub(crate) struct Location<'a> {
    dir: Dir<'a>,
    pub(crate) mount: Mount,
    /// The mount of the directory that has the name. Of a mount point that is the outer one.
    pub(crate) holder: Mount,
    path: Cow<'a, [u8]>,
    /// Whether the file system is to follow a link in the last component. `false` once it has been resolved here.
    pub(crate) follow: bool,
    /// The mount point that the directory at this place is, if there is a directory.
    point: Option<Arc<MountPoint>>,
    /// Whether the path names a mount point or a directory on the way to one, by its name there.
    is_mount_point: bool,
    /// Whether it names a symbolic link on the way to one.
    is_link_to_mount: bool,
    /// Whether the path ended in `..`.
    ends_in_dot_dot: bool,
}

impl Location<'_> {
    /// The directory to ask, with [`path`](Self::path).
    pub(crate) fn dir(&self) -> &dyn Directory {
        match &self.dir {
            Dir::Start(dir) => &***dir,
            Dir::Opened(dir) => &**dir,
        }
    }

    /// The path to ask it for.
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    /// The mount points below, for a descriptor of the directory at this place.
    pub(crate) fn into_point(self) -> Option<Arc<MountPoint>> {
        self.point
    }

    /// `errno` if the path names a mount point.
    pub(crate) fn check_not_mount_point(&self, errno: Errno) -> Result<(), Errno> {
        if self.is_mount_point { Err(errno) } else { Ok(()) }
    }

    /// That the name may be removed, renamed or given to something else, as far as mounts are concerned: `errno` for a mount
    /// point, EBUSY for a link on the way to one, and EROFS for either where the directory that has it cannot be changed.
    pub(crate) fn check_removable(&self, errno: Errno) -> Result<(), Errno> {
        match (self.is_mount_point, self.is_link_to_mount) {
            (false, false) => Ok(()),
            _ if !self.holder.perms.write() => Err(Errno::Rofs),
            (true, _) => Err(errno),
            (false, true) => Err(Errno::Busy),
        }
    }

    /// `errno` if the path ended in `..` and was resolved here, so that the file system is asked for `.` instead.
    pub(crate) fn check_not_dot_dot(&self, errno: Errno) -> Result<(), Errno> {
        if self.ends_in_dot_dot { Err(errno) } else { Ok(()) }
    }
}

/// A directory that may be borrowed from a descriptor.
#[derive(Clone)]
enum Dir<'a> {
    Start(&'a Arc<dyn Directory>),
    Opened(Arc<dyn Directory>),
}

impl OpenDirectory {
    /// Where a path from here leads. The path has been checked. With `follow`, the file system follows a link in the
    /// last component where that is not done here.
    #[inline]
    pub(crate) fn resolve<'a>(&'a self, path: &'a [u8], follow: Follow) -> Result<Location<'a>, Errno> {
        match &self.point {
            None => Ok(Location {
                dir: Dir::Start(&self.dir),
                mount: self.mount,
                holder: self.mount,
                path: Cow::Borrowed(path),
                follow: matches!(follow, Follow::Always | Follow::ToCreate),
                point: None,
                is_mount_point: false,
                is_link_to_mount: false,
                ends_in_dot_dot: false,
            }),
            Some(point) => {
                let start = Level::new(Dir::Start(&self.dir), self.mount, Some(Arc::clone(point)));
                Walk::new(start).find(path, follow)
            }
        }
    }
}

/// A directory on the way, from the start to where the walk is.
#[derive(Clone)]
pub(super) struct Level<'a> {
    dir: Dir<'a>,
    pub(super) mount: Mount,
    /// The mount point that it is, if mount points can be below it.
    pub(super) point: Option<Arc<MountPoint>>,
    /// Its name in the level before.
    pub(super) name: Vec<u8>,
}

impl<'a> Level<'a> {
    fn new(dir: Dir<'a>, mount: Mount, point: Option<Arc<MountPoint>>) -> Level<'a> {
        Level { dir, mount, point, name: Vec::new() }
    }

    /// A level to start from.
    pub(super) fn start(dir: &'a Arc<dyn Directory>, mount: Mount, point: Option<Arc<MountPoint>>) -> Level<'a> {
        Level::new(Dir::Start(dir), mount, point)
    }

    pub(super) fn dir(&self) -> &dyn Directory {
        match &self.dir {
            Dir::Start(dir) => &***dir,
            Dir::Opened(dir) => &**dir,
        }
    }

    fn child(&self, name: &[u8]) -> Option<&Arc<MountPoint>> {
        self.point.as_ref()?.child(self.dir(), name)
    }
}

/// Where the walk along a path has come to.
pub(super) struct Walk<'a> {
    /// From the start to where it is; never empty.
    levels: Vec<Level<'a>>,
    links: u32,
    /// The links that were followed, where that is asked for: the levels to the directory of each, and its name there.
    followed: Option<Vec<(Vec<Level<'a>>, Vec<u8>)>>,
}

/// Text of a path that is still to be walked.
struct Rest(Vec<u8>);

impl Rest {
    /// The next component, whether it is the last, and whether slashes follow it. It is taken off.
    fn next(&mut self) -> Option<(Vec<u8>, bool, bool)> {
        let start = self.0.iter().position(|&byte| byte != b'/')?;
        let len = self.0[start..].iter().position(|&byte| byte == b'/').unwrap_or(self.0.len() - start);
        let name = self.0[start..start + len].to_vec();
        self.0.drain(..start + len);
        let last = self.0.iter().all(|&byte| byte == b'/');
        Some((name, last, !self.0.is_empty()))
    }

    /// Puts the text of a link before what is left.
    fn put_link(&mut self, text: &[u8]) {
        self.0.splice(..0, text.iter().copied());
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(start: Level<'a>) -> Walk<'a> {
        Walk { levels: vec![start], links: 0, followed: None }
    }

    /// A walk that keeps the links that it follows.
    pub(super) fn keeping_links(start: Level<'a>) -> Walk<'a> {
        Walk { followed: Some(Vec::new()), ..Walk::new(start) }
    }

    /// The links that were followed.
    pub(super) fn followed(&self) -> &[(Vec<Level<'a>>, Vec<u8>)] {
        self.followed.as_deref().unwrap_or_default()
    }

    /// The levels from the start to where it is.
    pub(super) fn levels(&self) -> &[Level<'a>] {
        &self.levels
    }

    fn here(&self) -> &Level<'a> {
        &self.levels[self.levels.len() - 1]
    }

    /// Walks to the directory at `path`.
    pub(super) fn go_to_directory(&mut self, path: &[u8]) -> Result<(), Errno> {
        let mut rest = Rest(path.to_vec());
        while let Some((name, ..)) = rest.next() {
            match &name[..] {
                b"." => {}
                b".." => self.up()?,
                _ => self.enter(name, &mut rest)?,
            }
        }
        Ok(())
    }

    /// Walks to the place at `path`, which need not exist.
    fn find(mut self, path: &[u8], follow: Follow) -> Result<Location<'a>, Errno> {
        let mut rest = Rest(path.to_vec());
        let mut ends_in_dot_dot = false;
        while let Some((mut name, last, slash)) = rest.next() {
            ends_in_dot_dot = name == b"..";
            match &name[..] {
                b"." => continue,
                b".." => {
                    self.up()?;
                    continue;
                }
                _ if !last => {
                    self.enter(name, &mut rest)?;
                    continue;
                }
                _ => {}
            }
            let here = self.here();
            let child = here.child(&name).cloned();
            if let Some((dir, mount)) = child.as_ref().and_then(|child| child.mounted.as_ref()) {
                return Ok(Location {
                    dir: Dir::Opened(Arc::clone(dir)),
                    mount: *mount,
                    holder: here.mount,
                    path: Cow::Borrowed(b"."),
                    follow: false,
                    point: child,
                    is_mount_point: true,
                    is_link_to_mount: false,
                    ends_in_dot_dot: false,
                });
            }
            if follow.follows(slash) {
                if slash {
                    self.enter(name, &mut rest)?;
                    continue;
                }
                if let Ok(text) = here.dir().read_link(&name) {
                    self.follow(&text, &mut rest)?;
                    continue;
                }
            }
            let is_link_to_mount = here.point.as_ref().is_some_and(|point| point.has_link(here.dir(), &name));
            if slash {
                name.push(b'/');
            }
            let Level { dir, mount, .. } = here.clone();
            return Ok(Location {
                dir,
                mount,
                holder: mount,
                path: Cow::Owned(name),
                follow: false,
                is_mount_point: child.is_some(),
                is_link_to_mount,
                point: child,
                ends_in_dot_dot,
            });
        }
        let Level { dir, mount, point, .. } = self.here().clone();
        Ok(Location {
            dir,
            mount,
            holder: mount,
            path: Cow::Borrowed(b"."),
            follow: false,
            point,
            is_mount_point: false,
            is_link_to_mount: false,
            ends_in_dot_dot,
        })
    }

    fn up(&mut self) -> Result<(), Errno> {
        if self.levels.len() == 1 {
            return Err(Errno::Perm);
        }
        self.levels.pop();
        Ok(())
    }

    /// Goes into the directory `name`, or puts the text of the link of that name before the rest of the path.
    fn enter(&mut self, name: Vec<u8>, rest: &mut Rest) -> Result<(), Errno> {
        let here = self.here();
        let child = here.child(&name).cloned();
        let (dir, mount) = match child.as_ref().and_then(|child| child.mounted.as_ref()) {
            Some((dir, mount)) => (Arc::clone(dir), *mount),
            None => match here.dir().descend(&name) {
                Ok(dir) => (dir, here.mount),
                Err(errno @ (Errno::Notdir | Errno::Loop)) => {
                    let text = here.dir().read_link(&name).map_err(|_| errno)?;
                    if let Some(followed) = &mut self.followed {
                        followed.push((self.levels.clone(), name));
                    }
                    return self.follow(&text, rest);
                }
                Err(errno) => return Err(errno),
            },
        };
        if self.levels.len() > WALK_LEVELS_MAX {
            return Err(Errno::Nametoolong);
        }
        self.levels.push(Level { dir: Dir::Opened(dir), mount, point: child, name });
        Ok(())
    }

    fn follow(&mut self, text: &[u8], rest: &mut Rest) -> Result<(), Errno> {
        self.links += 1;
        if self.links > LINKS_MAX {
            return Err(Errno::Loop);
        }
        if text.starts_with(b"/") {
            return Err(Errno::Perm);
        }
        rest.put_link(text);
        Ok(())
    }
}
