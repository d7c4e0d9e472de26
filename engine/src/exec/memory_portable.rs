//! The global allocator, whose large zeroed allocations are lazily committed on the systems we know.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr;

/// `len` bytes, zeroed; nothing at all when `len` is 0.
pub(crate) struct Allocation {
    base: *mut u8,
    len: usize,
    /// Bytes that are allocated: growing takes twice what is asked for, so that it copies rarely.
    capacity: usize,
}

// SAFETY: it owns its bytes.
unsafe impl Send for Allocation {}
// SAFETY: shared access gives nothing but the address.
unsafe impl Sync for Allocation {}

impl Allocation {
    const NOTHING: Allocation = Allocation { base: ptr::without_provenance_mut(65536), len: 0, capacity: 0 };

    fn layout(len: usize) -> Option<Layout> {
        Layout::from_size_align(len, 16).ok()
    }

    /// `None` when the system refuses.
    pub(crate) fn zeroed(len: usize) -> Option<Allocation> {
        if len == 0 {
            return Some(Allocation::NOTHING);
        }
        // SAFETY: the layout's size is not 0.
        let base = unsafe { alloc_zeroed(Allocation::layout(len)?) };
        (!base.is_null()).then_some(Allocation { base, len, capacity: len })
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

    /// Would give all pages beyond the first `keep` bytes back to the system; the allocator cannot.
    pub(crate) fn trim(&mut self, _keep: usize) -> bool {
        false
    }

    /// Makes it `len` bytes long, which is no less than before. `None`, and no change, when the system refuses.
    pub(crate) fn grow(&mut self, len: usize) -> Option<()> {
        if len > self.capacity {
            let roomy = Allocation::zeroed(len.checked_mul(2)?).or_else(|| Allocation::zeroed(len))?;
            // SAFETY: both allocations hold at least `self.len` bytes and are distinct.
            unsafe { ptr::copy_nonoverlapping(self.base, roomy.base, self.len) };
            *self = roomy;
        }
        self.len = len;
        Some(())
    }
}

impl Drop for Allocation {
    fn drop(&mut self) {
        if self.capacity > 0 {
            let layout = Allocation::layout(self.capacity).expect("it was allocated with this layout");
            // SAFETY: allocated with this layout and given back once.
            unsafe { dealloc(self.base, layout) };
        }
    }
}
