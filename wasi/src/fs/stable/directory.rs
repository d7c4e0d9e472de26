//! A directory of which nothing is seen that its host decides.

use std::any::Any;
use std::sync::Arc;

use super::file::StableFile;
use super::listing::StableListing;
use super::numbers::{Numbers, Touch};
use crate::abi::{Errno, Filestat};
use crate::fs::{Directory, Entries, OpenOptions, Opened, SetTime};

/// Stands before another directory.
pub(crate) struct StableDirectory {
    inner: Arc<dyn Directory>,
    numbers: Arc<Numbers>,
}

impl StableDirectory {
    pub(crate) fn new(inner: Arc<dyn Directory>, numbers: Arc<Numbers>) -> StableDirectory {
        StableDirectory { inner, numbers }
    }

    fn of(other: &dyn Directory) -> Result<&StableDirectory, Errno> {
        other.as_any().downcast_ref().ok_or(Errno::Xdev)
    }

    /// Notes a change of what is at `path` now.
    fn touch_at(&self, path: &[u8], touch: Touch) {
        if let Ok(stat) = self.inner.stat_at(path, false) {
            self.numbers.touch(self.numbers.file(stat.dev, stat.ino), touch);
        }
    }

    /// Removes what is at `path`, and its number with it.
    fn remove(&self, path: &[u8], remove: impl FnOnce() -> Result<(), Errno>) -> Result<(), Errno> {
        let gone = self.inner.stat_at(path, false);
        remove()?;
        if let Ok(gone) = gone {
            self.numbers.forget(&gone);
        }
        Ok(())
    }
}

impl Directory for StableDirectory {
    fn descend(&self, name: &[u8]) -> Result<Arc<dyn Directory>, Errno> {
        let inner = self.inner.descend(name)?;
        Ok(Arc::new(StableDirectory::new(inner, Arc::clone(&self.numbers))))
    }

    fn stat_parent(&self) -> Result<Filestat, Errno> {
        self.inner.stat_parent().map(|stat| self.numbers.seen(&stat, None))
    }

    fn open(&self, path: &[u8], options: &OpenOptions) -> Result<Opened, Errno> {
        let is_new = options.create && self.inner.stat_at(path, options.follow) == Err(Errno::Noent);
        match self.inner.open(path, options)? {
            Opened::Directory(inner) => {
                Ok(Opened::Directory(Arc::new(StableDirectory::new(inner, Arc::clone(&self.numbers)))))
            }
            Opened::File(inner) => {
                let file = StableFile::opened(inner, Arc::clone(&self.numbers))?;
                if is_new {
                    file.touch(Touch::Created);
                } else if options.truncate {
                    file.touch(Touch::Modified);
                }
                Ok(Opened::File(Box::new(file)))
            }
        }
    }

    fn stat(&self) -> Result<Filestat, Errno> {
        self.inner.stat().map(|stat| self.numbers.seen(&stat, None))
    }

    fn stat_at(&self, path: &[u8], follow: bool) -> Result<Filestat, Errno> {
        self.inner.stat_at(path, follow).map(|stat| self.numbers.seen(&stat, None))
    }

    fn set_times(&self, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        let (accessed, modified) = (self.numbers.resolve(accessed), self.numbers.resolve(modified));
        self.inner.set_times(accessed, modified)?;
        let stat = self.inner.stat()?;
        self.numbers.set_times(self.numbers.file(stat.dev, stat.ino), accessed, modified);
        Ok(())
    }

    fn set_times_at(&self, path: &[u8], follow: bool, accessed: SetTime, modified: SetTime) -> Result<(), Errno> {
        let (accessed, modified) = (self.numbers.resolve(accessed), self.numbers.resolve(modified));
        self.inner.set_times_at(path, follow, accessed, modified)?;
        let stat = self.inner.stat_at(path, follow)?;
        self.numbers.set_times(self.numbers.file(stat.dev, stat.ino), accessed, modified);
        Ok(())
    }

    fn entries(&self) -> Result<Entries, Errno> {
        let dev = self.inner.stat()?.dev;
        Ok(Box::new(StableListing::new(self.inner.entries()?, dev, Arc::clone(&self.numbers))))
    }

    fn create_directory(&self, path: &[u8]) -> Result<(), Errno> {
        self.inner.create_directory(path)?;
        self.touch_at(path, Touch::Created);
        Ok(())
    }

    fn remove_directory(&self, path: &[u8]) -> Result<(), Errno> {
        self.remove(path, || self.inner.remove_directory(path))
    }

    fn unlink_file(&self, path: &[u8]) -> Result<(), Errno> {
        self.remove(path, || self.inner.unlink_file(path))
    }

    fn symlink(&self, target: &[u8], path: &[u8]) -> Result<(), Errno> {
        self.inner.symlink(target, path)?;
        self.touch_at(path, Touch::Created);
        Ok(())
    }

    fn read_link(&self, path: &[u8]) -> Result<Vec<u8>, Errno> {
        self.inner.read_link(path)
    }

    fn rename(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno> {
        let new = Self::of(new_directory)?;
        let (moved, replaced) = (self.inner.stat_at(path, false), new.inner.stat_at(new_path, false));
        self.inner.rename(path, &*new.inner, new_path)?;
        match (moved, replaced) {
            // Two names of one file: nothing has happened.
            (Ok(moved), Ok(replaced)) if (moved.dev, moved.ino) == (replaced.dev, replaced.ino) => return Ok(()),
            (_, Ok(replaced)) => self.numbers.forget(&replaced),
            _ => {}
        }
        new.touch_at(new_path, Touch::Changed);
        Ok(())
    }

    fn link(&self, path: &[u8], new_directory: &dyn Directory, new_path: &[u8]) -> Result<(), Errno> {
        let new = Self::of(new_directory)?;
        self.inner.link(path, &*new.inner, new_path)?;
        new.touch_at(new_path, Touch::Changed);
        Ok(())
    }

    fn sync(&self, data_only: bool) -> Result<(), Errno> {
        self.inner.sync(data_only)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
