//! Opening by path.

use crate::abi::{Errno, Fdflags, Lookupflags, Oflags, Rights};
use crate::ctx::WasiCtx;
use crate::fs::{Follow, OpenOptions, Opened};
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};
use crate::table::{Descriptor, RightsRequest};

/// Opens a file or directory below a directory. The new descriptor gets the lowest free number above 2.
///
/// - `fd`: the directory
/// - `dirflags`: whether to follow a symbolic link in the last component
/// - `path`, `path_len`: the path, relative to the directory
/// - `oflags`: create, require a directory, require that it is new, cut to length 0
/// - `fs_rights_base`, `fs_rights_inheriting`: the rights asked for; what is granted says `table/rights.rs`. Whether
///   the file is opened for reading, for writing or for both follows from FD_READ and FD_WRITE
/// - `fdflags`: flags of the new descriptor
/// - `opened_fd`: result, `u32`: the new descriptor
///
/// Errors: EINVAL for `directory` together with `creat`, `excl` or `trunc`; ENOTCAPABLE without the right that `creat`
/// (PATH_CREATE_FILE) or `trunc` (PATH_FILESTAT_SET_SIZE) needs, or for reading or writing where the directory does not
/// pass that right on; EMFILE; ENOENT; EEXIST; ENOTDIR; EISDIR for writing to a directory; ELOOP; EROFS below a read-only
/// mount, if there is a file and it would be written to or truncated, or there is none and it would be created; EPERM for
/// a path that leads out.
pub fn path_open(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    dirflags: Lookupflags,
    path: GuestPtr,
    path_len: GuestLen,
    oflags: Oflags,
    fs_rights_base: Rights,
    fs_rights_inheriting: Rights,
    fdflags: Fdflags,
    opened_fd: GuestPtr,
) -> Result<(), Errno> {
    if oflags.contains(Oflags::DIRECTORY) && oflags.intersects(Oflags::CREAT | Oflags::EXCL | Oflags::TRUNC) {
        return Err(Errno::Inval);
    }
    let mut needed = Rights::PATH_OPEN;
    needed.set(Rights::PATH_CREATE_FILE, oflags.contains(Oflags::CREAT));
    needed.set(Rights::PATH_FILESTAT_SET_SIZE, oflags.contains(Oflags::TRUNC));
    let directory = ctx.table.directory(fd, needed)?;
    let descriptor = ctx.table.get(fd)?;
    let request = RightsRequest::new(fs_rights_base, fs_rights_inheriting, descriptor.inheriting())?;
    let is_cut_write = request.is_cut_write(descriptor.fdstat().rights_inheriting);

    memory.check(opened_fd, 4)?;
    let path = memory.path(path, path_len)?;
    let exclusive = oflags.contains(Oflags::CREAT | Oflags::EXCL);
    let follow = match dirflags.contains(Lookupflags::SYMLINK_FOLLOW) {
        _ if exclusive => Follow::Never,
        true if oflags.contains(Oflags::CREAT) => Follow::ToCreate,
        false if oflags.contains(Oflags::CREAT) => Follow::Never,
        follow => Follow::by_flag(follow),
    };
    let at = directory.resolve(path, follow)?;
    // Before the file system creates or truncates anything.
    ctx.table.check_room()?;

    let opened = at.dir().open(
        at.path(),
        &OpenOptions {
            read: request.read(),
            // Truncating is writing, though the descriptor may not be for writing.
            write: request.write() || oflags.contains(Oflags::TRUNC),
            create: oflags.contains(Oflags::CREAT),
            exclusive,
            truncate: oflags.contains(Oflags::TRUNC),
            directory: oflags.contains(Oflags::DIRECTORY),
            follow: at.follow,
            flags: fdflags,
        },
    )?;
    let mount = at.mount;
    let descriptor = match opened {
        Opened::File(_) if is_cut_write => return Err(Errno::Rofs),
        Opened::File(file) => Descriptor::for_opened_file(file, fdflags, request, mount),
        // A file system says so itself; one of the embedder's that does not must not hand out such a descriptor.
        Opened::Directory(_) if request.write() => return Err(Errno::Isdir),
        Opened::Directory(dir) => Descriptor::for_opened_directory(dir, fdflags, request, mount, at.into_point()),
    };
    let new = ctx.table.insert(descriptor)?;
    memory.write_u32(opened_fd, new.0)
}
