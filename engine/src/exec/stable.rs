//! Heap allocations whose address is handed to running code.

use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// An owned value at a fixed address. Unlike a `Box`, moving it or borrowing from it does not claim that no other pointer
/// to the value is in use: running code keeps such pointers (invariant B of [`exec`](super)).
pub(crate) struct Stable<T>(NonNull<T>);

// SAFETY: it owns its value like a box; the pointers that running code keeps are used only while the store that owns
// the value is exclusively borrowed (X).
unsafe impl<T: Send> Send for Stable<T> {}
// SAFETY: shared access gives only `&T`.
unsafe impl<T: Sync> Sync for Stable<T> {}

impl<T> Stable<T> {
    pub(crate) fn new(value: T) -> Stable<T> {
        Stable(NonNull::from(Box::leak(Box::new(value))))
    }

    pub(crate) fn as_ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> Deref for Stable<T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the value is live until `drop`; by X nothing writes to it while a reference exists.
        unsafe { self.0.as_ref() }
    }
}

impl<T> DerefMut for Stable<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and `&mut self` makes this the only reference.
        unsafe { self.0.as_mut() }
    }
}

impl<T> Drop for Stable<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a box and is given back once.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}
