//! Zeroed, lazily committed memory that can grow: for linear memories and value stacks.
//!
//! Twins: anonymous mappings on Linux, where growing moves pages instead of bytes; the allocator elsewhere and under Miri.

#[cfg(all(target_os = "linux", not(miri)))]
#[path = "memory_linux.rs"]
mod twin;
#[cfg(not(all(target_os = "linux", not(miri))))]
#[path = "memory_portable.rs"]
mod twin;

pub(crate) use twin::Allocation;

#[cfg(test)]
mod tests {
    use super::Allocation;

    #[test]
    fn grows_keep_the_bytes_and_add_zeros() {
        let mut allocation = Allocation::zeroed(65536).unwrap();
        // SAFETY: the byte is inside the allocation.
        unsafe { *allocation.base().add(65535) = 7 };
        allocation.grow(4 * 65536).unwrap();
        // SAFETY: both bytes are inside the allocation.
        unsafe {
            assert_eq!(*allocation.base().add(65535), 7);
            assert_eq!(*allocation.base().add(4 * 65536 - 1), 0);
        }
    }

    #[test]
    fn nothing_is_fine_and_too_much_is_refused() {
        let mut empty = Allocation::zeroed(0).unwrap();
        assert!(empty.grow(65536).is_some());
        assert!(Allocation::zeroed(usize::MAX / 2).is_none());
        assert!(empty.grow(usize::MAX / 2).is_none());
    }
}
