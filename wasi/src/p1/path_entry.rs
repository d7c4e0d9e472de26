//! Entries of directories: making, removing, moving and linking them.

use crate::abi::{Errno, Lookupflags, Rights};
use crate::ctx::WasiCtx;
use crate::fs::Follow;
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};
use crate::table::{Location, OpenDirectory};

/// Creates a directory.
///
/// - `fd`: the directory above
/// - `path`, `path_len`: the path, relative to it; it may end in slashes
///
/// Errors: EEXIST when anything is there, ENOENT, ENOTDIR, EROFS, EPERM for a path that leads out.
pub fn path_create_directory(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    path: GuestPtr,
    path_len: GuestLen,
) -> Result<(), Errno> {
    let at = entry(ctx, memory, fd, Rights::PATH_CREATE_DIRECTORY, path, path_len)?;
    at.check_not_mount_point(Errno::Exist)?;
    at.dir().create_directory(at.path())
}

/// Removes an empty directory.
///
/// - `fd`: the directory above
/// - `path`, `path_len`: the path, relative to it; it may end in slashes
///
/// Errors: ENOTEMPTY, EBUSY for a mount point, ENOTDIR, ENOENT, EROFS, EPERM for a path that leads out.
pub fn path_remove_directory(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    path: GuestPtr,
    path_len: GuestLen,
) -> Result<(), Errno> {
    let at = entry(ctx, memory, fd, Rights::PATH_REMOVE_DIRECTORY, path, path_len)?;
    at.check_removable(Errno::Busy)?;
    at.check_not_dot_dot(Errno::Notempty)?;
    at.dir().remove_directory(at.path())
}

/// Removes a file or symbolic link; of a link to a directory, the link.
///
/// - `fd`: the directory above
/// - `path`, `path_len`: the path, relative to it
///
/// Errors: EISDIR, ENOTDIR for a file with a slash behind it, ENOENT, EROFS, EPERM for a path that leads out.
pub fn path_unlink_file(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    path: GuestPtr,
    path_len: GuestLen,
) -> Result<(), Errno> {
    let at = entry(ctx, memory, fd, Rights::PATH_UNLINK_FILE, path, path_len)?;
    at.check_removable(Errno::Isdir)?;
    at.dir().unlink_file(at.path())
}

/// Stores the text of a symbolic link, as much as fits; what is left over is not touched.
///
/// - `fd`: the directory above
/// - `path`, `path_len`: the path, relative to it
/// - `buf`, `buf_len`: the buffer
/// - `bufused`: result, `u32`: bytes stored, no NUL among them
///
/// Errors: EINVAL when it is no link, ENOENT, ENOTDIR, EPERM for a path that leads out.
pub fn path_readlink(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    path: GuestPtr,
    path_len: GuestLen,
    buf: GuestPtr,
    buf_len: GuestLen,
    bufused: GuestPtr,
) -> Result<(), Errno> {
    let directory = ctx.table.directory(fd, Rights::PATH_READLINK)?;
    memory.check(buf, buf_len.0 as usize)?;
    memory.check(bufused, 4)?;
    let path = memory.path(path, path_len)?;
    let at = directory.resolve(path, Follow::BeforeSlash)?;
    let text = at.dir().read_link(at.path())?;
    let text = &text[..text.len().min(buf_len.0 as usize)];
    memory.write(buf, text)?;
    memory.write_u32(bufused, text.len() as u32)
}

/// Makes a symbolic link.
///
/// - `old_path`, `old_path_len`: its text, a relative path; nothing need be there
/// - `fd`: the directory above the link
/// - `new_path`, `new_path_len`: the link's path, relative to it
///
/// Errors: EPERM for an absolute text, ENOENT for an empty one; EEXIST, ENOENT, ENOTDIR, EROFS, EPERM for a path that leads
/// out.
pub fn path_symlink(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    old_path: GuestPtr,
    old_path_len: GuestLen,
    fd: Fd,
    new_path: GuestPtr,
    new_path_len: GuestLen,
) -> Result<(), Errno> {
    let directory = ctx.table.directory(fd, Rights::PATH_SYMLINK)?;
    let (target, path) = memory.two_paths((old_path, old_path_len), (new_path, new_path_len))?;
    let at = directory.resolve(path, Follow::Never)?;
    at.check_not_mount_point(Errno::Exist)?;
    at.dir().symlink(target, at.path())
}

/// Moves an entry, replacing a file or an empty directory of its own kind.
///
/// - `fd`: the directory above the entry
/// - `old_path`, `old_path_len`: the entry's path, relative to it
/// - `new_fd`: the directory above the new place
/// - `new_path`, `new_path_len`: the new path, relative to that
///
/// Errors: EXDEV across mounts, EBUSY for a mount point, EROFS below a read-only mount; ENOTEMPTY, EISDIR, ENOTDIR,
/// ENOENT, EINVAL into itself, EPERM for a path that leads out.
pub fn path_rename(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    old_path: GuestPtr,
    old_path_len: GuestLen,
    new_fd: Fd,
    new_path: GuestPtr,
    new_path_len: GuestLen,
) -> Result<(), Errno> {
    let (old, new) = two_directories(ctx, (fd, Rights::PATH_RENAME_SOURCE), (new_fd, Rights::PATH_RENAME_TARGET))?;
    let (old_path, new_path) = memory.two_paths((old_path, old_path_len), (new_path, new_path_len))?;
    let (old, new) = (old.resolve(old_path, Follow::Never)?, new.resolve(new_path, Follow::Never)?);
    if old.holder != new.holder {
        return Err(Errno::Xdev);
    }
    old.check_removable(Errno::Busy)?;
    new.check_removable(Errno::Busy)?;
    old.dir().rename(old.path(), new.dir(), new.path())
}

/// Gives a file another name; a symbolic link in the last component is linked itself.
///
/// - `old_fd`: the directory above the file
/// - `old_flags`: nothing; following a link is not possible here
/// - `old_path`, `old_path_len`: the file's path, relative to it
/// - `new_fd`: the directory above the new name
/// - `new_path`, `new_path_len`: the new path, relative to that
///
/// Errors: EINVAL for `symlink_follow`; EXDEV across mounts; EPERM for a directory and for a path that leads out; EEXIST,
/// ENOENT, ENOTDIR, EROFS below a read-only mount.
pub fn path_link(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    old_fd: Fd,
    old_flags: Lookupflags,
    old_path: GuestPtr,
    old_path_len: GuestLen,
    new_fd: Fd,
    new_path: GuestPtr,
    new_path_len: GuestLen,
) -> Result<(), Errno> {
    if old_flags.contains(Lookupflags::SYMLINK_FOLLOW) {
        return Err(Errno::Inval);
    }
    let (old, new) = two_directories(ctx, (old_fd, Rights::PATH_LINK_SOURCE), (new_fd, Rights::PATH_LINK_TARGET))?;
    let (old_path, new_path) = memory.two_paths((old_path, old_path_len), (new_path, new_path_len))?;
    let (old, new) = (old.resolve(old_path, Follow::Never)?, new.resolve(new_path, Follow::Never)?);
    new.check_not_mount_point(Errno::Exist)?;
    if old.mount != new.holder {
        return Err(Errno::Xdev);
    }
    old.check_not_mount_point(Errno::Perm)?;
    old.dir().link(old.path(), new.dir(), new.path())
}

/// The entry at a path, not followed if it is a link.
fn entry<'a>(
    ctx: &'a WasiCtx,
    memory: &'a Memory<'_>,
    fd: Fd,
    needed: Rights,
    path: GuestPtr,
    path_len: GuestLen,
) -> Result<Location<'a>, Errno> {
    let directory = ctx.table.directory(fd, needed)?;
    directory.resolve(memory.path(path, path_len)?, Follow::Never)
}

/// The two directories of a link or a rename.
fn two_directories(
    ctx: &WasiCtx,
    old: (Fd, Rights),
    new: (Fd, Rights),
) -> Result<(&OpenDirectory, &OpenDirectory), Errno> {
    let (old_descriptor, new_descriptor) = (ctx.table.get(old.0)?, ctx.table.get(new.0)?);
    // Both kinds before both rights.
    old_descriptor.check_directory()?;
    new_descriptor.check_directory()?;
    Ok((old_descriptor.directory(old.1)?, new_descriptor.directory(new.1)?))
}
