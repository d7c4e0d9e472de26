//! Anonymous private mappings.

use std::ptr;

use rustix::mm::{Advice, MapFlags, MremapFlags, ProtFlags, madvise, mmap_anonymous, mremap, munmap};

/// `len` bytes, zeroed when they are first touched; nothing at all when `len` is 0.
pub(crate) struct Allocation {
    base: *mut u8,
    len: usize,
}

// SAFETY: it owns its mapping.
unsafe impl Send for Allocation {}
// SAFETY: shared access gives nothing but the address.
unsafe impl Sync for Allocation {}

impl Allocation {
    const NOTHING: Allocation = Allocation { base: ptr::without_provenance_mut(65536), len: 0 };

    /// `None` when the system refuses.
    pub(crate) fn zeroed(len: usize) -> Option<Allocation> {
        if len == 0 {
            return Some(Allocation::NOTHING);
        }
        if len > isize::MAX as usize {
            return None;
        }
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping at an address of the system's choice touches nothing that exists.
        let base = unsafe { mmap_anonymous(ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, flags) }.ok()?;
        Some(Allocation { base: base.cast(), len })
    }

    pub(crate) fn base(&mut self) -> *mut u8 {
        self.base
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: M: `len` bytes, zeroed at first; exclusively borrowed. Without a length, the base is aligned and not null.
        unsafe { std::slice::from_raw_parts_mut(self.base, self.len) }
    }

    /// The allocation, leaving nothing.
    pub(crate) fn take(&mut self) -> Allocation {
        std::mem::replace(self, Allocation::NOTHING)
    }

    /// Gives all pages beyond the first `keep` bytes, a multiple of the page size, back to the system: they are zeroed when
    /// they are touched again. False when the system refuses.
    pub(crate) fn trim(&mut self, keep: usize) -> bool {
        if self.len <= keep {
            return true;
        }
        // SAFETY: the range is inside our mapping, and nobody holds a reference into it (X).
        unsafe { madvise(self.base.wrapping_add(keep).cast(), self.len - keep, Advice::LinuxDontNeed) }.is_ok()
    }

    /// Makes it `len` bytes long, which is no less than before. `None`, and no change, when the system refuses.
    pub(crate) fn grow(&mut self, len: usize) -> Option<()> {
        if self.len == 0 {
            *self = Allocation::zeroed(len)?;
            return Some(());
        }
        if len > isize::MAX as usize {
            return None;
        }
        // SAFETY: the mapping is ours, and nobody holds a reference into it (X).
        let base = unsafe { mremap(self.base.cast(), self.len, len, MremapFlags::MAYMOVE) }.ok()?;
        (self.base, self.len) = (base.cast(), len);
        Some(())
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: the mapping is ours and is given back once.
            let result = unsafe { munmap(self.base.cast(), self.len) };
            debug_assert!(result.is_ok(), "munmap of our own mapping: {result:?}");
        }
    }
}
