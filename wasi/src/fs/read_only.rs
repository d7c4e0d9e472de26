//! A directory that cannot be changed, whatever the one behind it allows. A read-only mount is one of these.
//!
//! The directory behind it is only ever asked to look: no method that changes anything is called on it. Errors come in
//! the order in which Linux gives them on a read-only mount: what is wrong on the way to the place, then what is there
//! already, then EROFS. So `open` with `creat` of an existing file succeeds, and `mkdir` of what exists is EEXIST.
//!
//! Files are opened for reading and handed out as they are; setting their times is refused by the descriptor.

use std::any::Any;
use std::sync::Arc;

use super::path::{self, Last};
use super::{Directory, Entries, OpenOptions, Opened, SetTime};
use crate::abi::{Errno, Filestat, Filetype};

/// Stands before another directory.
pub(crate) struct ReadOnlyDirectory {
    inner: Arc<dyn Directory>,
}

impl ReadOnlyDirectory {
    pub(crate) fn new(inner: Arc<dyn Directory>) -> ReadOnlyDirectory {
        ReadOnlyDirectory { inner }
    }

    fn look(&self, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno> {
        Ok(match self.inner.open(path, options)? {
            Opened::Directory(inner) => Opened::Directory(Arc::new(ReadOnlyDirectory { inner })),
            Opened::File(file) => Opened::File(file),
        })
    }

    /// Why the entry at `path` cannot be made, removed or replaced: what is wrong on the way to it, or else EROFS.
    fn refuse(&self, path: &[u8]) -> Errno {
        let split = path::split(path);
        // Where `..` ends up must be inside too.
        let parent = if split.last == Last::DotDot { path } else { split.parent };
        if parent.is_empty() {
            return Errno::Rofs;
        }
        match self.inner.stat_at(parent, true) {
            Ok(stat) if stat.filetype == Filetype::Directory => Errno::Rofs,
            Ok(_) => Errno::Notdir,
            Err(errno) => errno,
        }
    }

    /// Why nothing can be created at `path`. After the name of what would be no directory, slashes are wrong too.
    fn refuse_new(&self, path: &[u8], directory: bool) -> Errno {
        let slashes = path.iter().rev().take_while(|&&byte| byte == b'/').count();
        let bare = &path[..path.len() - slashes];
        match self.inner.stat_at(bare, false) {
            Ok(_) => Errno::Exist,
            Err(Errno::Noent) => match self.refuse(path) {
                Errno::Rofs if slashes > 0 && !directory => Errno::Noent,
                errno => errno,
            },
            Err(errno) => errno,
        }
    }
}

impl Directory for ReadOnlyDirectory {
    fn open(&self, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno> {
        if !(options.write || options.create || options.truncate) {
            return self.look(path, options);
        }
        if options.directory && (options.create || options.exclusive || options.truncate) {
            return Err(Errno::Inval);
        }
        let exclusive = options.create && options.exclusive;
        let follow = options.follow && !exclusive;
        if options.create
            && let Some(errno) = path::refuse_file(path, exclusive)
        {
            let on_the_way = self.refuse(path);
            return Err(if on_the_way == Errno::Rofs { errno } else { on_the_way });
        }
        let found = match self.inner.stat_at(path, follow) {
            Err(Errno::Noent) if options.create => return Err(self.refuse(path)),
            found => found?.filetype,
        };
        match found {
            _ if exclusive => Err(Errno::Exist),
            Filetype::Directory => Err(Errno::Isdir),
            _ if options.directory => Err(Errno::Notdir),
            Filetype::SymbolicLink => Err(Errno::Loop),
            // Linux lets devices and FIFOs on a read-only mount be written to. Here they cannot be: that is a way out.
            _ if options.write || options.truncate => Err(Errno::Rofs),
            _ => self.look(path, &OpenOptions { create: false, exclusive: false, follow, ..*options }),
        }
    }

    fn descend(&self, name: &[u8]) -> Result<Arc<dyn Directory>, Errno> {
        Ok(Arc::new(ReadOnlyDirectory { inner: self.inner.descend(name)? }))
    }

    fn stat(&self) -> Result<Filestat, Errno> {
        self.inner.stat()
    }

    fn stat_parent(&self) -> Result<Filestat, Errno> {
        self.inner.stat_parent()
    }

    fn stat_at(&self, path: &[u8], follow: bool) -> Result<Filestat, Errno> {
        self.inner.stat_at(path, follow)
    }

    fn set_times(&self, _accessed: SetTime, _modified: SetTime) -> Result<(), Errno> {
        Err(Errno::Rofs)
    }

    fn set_times_at(&self, path: &[u8], follow: bool, _: SetTime, _: SetTime) -> Result<(), Errno> {
        self.inner.stat_at(path, follow)?;
        Err(Errno::Rofs)
    }

    fn entries(&self) -> Result<Entries, Errno> {
        self.inner.entries()
    }

    fn create_directory(&self, path: &[u8]) -> Result<(), Errno> {
        Err(self.refuse_new(path, true))
    }

    fn remove_directory(&self, path: &[u8]) -> Result<(), Errno> {
        Err(match (self.refuse(path), path::split(path).last) {
            (Errno::Rofs, Last::Dot) => Errno::Inval,
            (Errno::Rofs, Last::DotDot) => Errno::Notempty,
            (errno, _) => errno,
        })
    }

    fn unlink_file(&self, path: &[u8]) -> Result<(), Errno> {
        Err(match (self.refuse(path), path::split(path).last) {
            (Errno::Rofs, Last::Dot | Last::DotDot) => Errno::Isdir,
            (errno, _) => errno,
        })
    }

    fn symlink(&self, target: &[u8], path: &[u8]) -> Result<(), Errno> {
        path::check_link_text(target)?;
        Err(self.refuse_new(path, false))
    }

    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        self.inner.read_link(path)
    }

    fn rename(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno> {
        let new = new_directory.as_any().downcast_ref::<ReadOnlyDirectory>().ok_or(Errno::Xdev)?;
        let ends_in_dot = [path, new_path].iter().any(|path| !matches!(path::split(path).last, Last::Name(_)));
        Err(match (self.refuse(path), new.refuse(new_path)) {
            (Errno::Rofs, Errno::Rofs) if ends_in_dot => Errno::Busy,
            (Errno::Rofs, errno) | (errno, _) => errno,
        })
    }

    fn link(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno> {
        let new = new_directory.as_any().downcast_ref::<ReadOnlyDirectory>().ok_or(Errno::Xdev)?;
        self.inner.stat_at(path, false)?;
        Err(new.refuse_new(new_path, false))
    }

    fn sync(&self, data_only: bool) -> Result<(), Errno> {
        self.inner.sync(data_only)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
