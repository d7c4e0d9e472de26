//! Making the mount points of a context from its preopens.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::resolve::{Level, Walk};
use super::{Identity, Links, Mount, MountPoint, Perms};
use crate::abi::{Errno, Filestat};
use crate::fs::Directory;

/// For each of some preopens, in their order, the mount point that its root is; `None` without others below.
/// `empty` makes empty directories, for names on the way that nothing has.
///
/// Shorter names are mounted before longer ones, each at the place that its name leads to then, through links and what
/// is mounted already: a mount is found at one place only. A name that leads nowhere, or to something other than a
/// directory, or out of the outer directory, is taken as it is written.
pub(crate) fn mount_points(
    preopens: &[(Vec<u8>, Arc<dyn Directory>, Mount)],
    empty: &dyn Fn() -> Arc<dyn Directory>,
) -> Vec<Option<Arc<MountPoint>>> {
    let names: Vec<Option<Vec<&[u8]>>> = preopens.iter().map(|(name, ..)| names(name)).collect();
    let mut plan = Plan {
        points: preopens.iter().map(|(_, dir, mount)| Point::new(Some((Arc::clone(dir), *mount)))).collect(),
        next_id: u32::try_from(preopens.len()).unwrap_or(u32::MAX / 2),
        empty,
    };
    let mut order: Vec<usize> = (0..preopens.len()).collect();
    order.sort_by_key(|&index| names[index].as_ref().map_or(0, Vec::len));
    for &inner in &order {
        let Some(name) = &names[inner] else { continue };
        // The outer ones with the longest name; there are several if they have one name.
        let above =
            |outer: usize| names[outer].as_ref().filter(|outer| outer.len() < name.len() && name.starts_with(outer));
        let nearest = order.iter().filter_map(|&outer| above(outer)).map(Vec::len).max();
        for outer in 0..preopens.len() {
            if let Some(outer_name) = above(outer)
                && Some(outer_name.len()) == nearest
            {
                plan.mount(outer, &name[outer_name.len()..], inner);
            }
        }
    }
    let is_needed = |index: usize| !plan.points[index].children.is_empty() || !plan.points[index].links.is_empty();
    (0..preopens.len()).map(|index| is_needed(index).then(|| plan.finished(index))).collect()
}

/// A preopen's name cut into names, the first of which tells absolute from relative; `None` when there is a `..` in it.
fn names(name: &[u8]) -> Option<Vec<&[u8]>> {
    let root: &[u8] = if name.starts_with(b"/") { b"/" } else { b"." };
    let parts = name.split(|&byte| byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
    let names: Vec<&[u8]> = std::iter::once(root).chain(parts).collect();
    if names.contains(&&b".."[..]) { None } else { Some(names) }
}

/// A [`MountPoint`] in the making; children by their place in [`Plan::points`].
struct Point {
    children: BTreeMap<Box<[u8]>, usize>,
    mounted: Option<(Arc<dyn Directory>, Mount)>,
    covered: Option<Identity>,
    links: Links,
}

impl Point {
    fn new(mounted: Option<(Arc<dyn Directory>, Mount)>) -> Point {
        Point { children: BTreeMap::new(), mounted, covered: None, links: Links::new() }
    }
}

/// One directory on the way from an outer root: its name, and what tells it from others if it exists.
type Step = (Vec<u8>, Option<Identity>);

/// The preopens' own points come first, in their order.
struct Plan<'a> {
    points: Vec<Point>,
    next_id: u32,
    empty: &'a dyn Fn() -> Arc<dyn Directory>,
}

impl Plan<'_> {
    /// Mounts the preopen `inner` at `path` below the preopen `outer`.
    fn mount(&mut self, outer: usize, path: &[&[u8]], inner: usize) {
        let Some((last, on_the_way)) = path.split_last() else { return };
        let mut way: Vec<Step> = Vec::new();
        for name in on_the_way {
            match self.resolve(outer, &way, name) {
                Some(found) => way = found,
                None => {
                    let dir = (self.empty)();
                    let mount = Mount::new(self.next_id, Perms::READ_ONLY, &*dir);
                    self.next_id += 1;
                    self.points.push(Point::new(Some((dir, mount))));
                    self.put(outer, &way, name, self.points.len() - 1);
                    way.push((name.to_vec(), None));
                }
            }
        }
        match self.resolve(outer, &way, last).as_deref() {
            Some([way @ .., (name, covered)]) => {
                self.points[inner].covered = *covered;
                self.put(outer, way, name, inner);
            }
            // Nowhere, or to the outer root itself, as the link `data -> .` does.
            Some([]) | None => self.put(outer, &way, last, inner),
        }
    }

    /// Makes `child` the point `name` at the end of `way` from the preopen `outer`.
    fn put(&mut self, outer: usize, way: &[Step], name: &[u8], child: usize) {
        let point = self.point_at(outer, way);
        if let Some(replaced) = self.points[point].children.insert(name.into(), child) {
            // What is covered is the outer directory's, not the other mount's root.
            self.points[child].covered = self.points[replaced].covered;
        }
    }

    /// The point at the end of `way` from the preopen `outer`, which is made if it is none yet.
    fn point_at(&mut self, outer: usize, way: &[Step]) -> usize {
        let mut point = outer;
        for (name, covered) in way {
            point = match self.points[point].children.get(&name[..]) {
                Some(&known) => known,
                None => {
                    let made = self.points.len();
                    self.points.push(Point { covered: *covered, ..Point::new(None) });
                    self.points[point].children.insert(name.as_slice().into(), made);
                    made
                }
            };
        }
        point
    }

    /// Where `name` leads from the end of `way`, as a way without links from the preopen `outer`; the links that it goes
    /// through stay where they are from now on. `None`: to no directory.
    fn resolve(&mut self, outer: usize, way: &[Step], name: &[u8]) -> Option<Vec<Step>> {
        let (dir, mount) = self.points[outer].mounted.clone()?;
        let mut walk = Walk::keeping_links(Level::start(&dir, mount, Some(self.finished(outer))));
        for (name, _) in way {
            walk.go_to_directory(name).ok()?;
        }
        walk.go_to_directory(name).ok()?;
        let identity = |stat: Result<Filestat, Errno>| stat.ok().map(|stat| Identity::of(&stat));
        let steps = |levels: &[Level<'_>]| -> Vec<Step> {
            levels[1..].iter().map(|level| (level.name.clone(), identity(level.dir().stat()))).collect()
        };
        for (levels, name) in walk.followed() {
            let link = identity(levels[levels.len() - 1].dir().stat_at(name, false));
            let point = self.point_at(outer, &steps(levels));
            self.points[point].links.insert(name.as_slice().into(), link);
        }
        Some(steps(walk.levels()))
    }

    /// The point as it is so far.
    fn finished(&self, index: usize) -> Arc<MountPoint> {
        let point = &self.points[index];
        let children = point.children.iter().map(|(name, &child)| (name.clone(), self.finished(child))).collect();
        let (mounted, links) = (point.mounted.clone(), point.links.clone());
        Arc::new(MountPoint { children, mounted, covered: point.covered, links })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_below_what() {
        type Case<'a> = (&'a [u8], Option<&'a [&'a [u8]]>);
        let cases: [Case<'_>; 7] = [
            (b"/", Some(&[b"/"])),
            (b".", Some(&[b"."])),
            (b"a", Some(&[b".", b"a"])),
            (b"./a//b/", Some(&[b".", b"a", b"b"])),
            (b"//a/./b", Some(&[b"/", b"a", b"b"])),
            (b"/a/..", None),
            (b"..", None),
        ];
        for (name, expected) in cases {
            assert_eq!(names(name).as_deref(), expected, "{}", name.escape_ascii());
        }
    }
}
