//! A bell where descriptors cannot be waited for: a condition in this process.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(in crate::wait) struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    pub(in crate::wait) fn new() -> io::Result<Self> {
        Ok(Bell { rung: Mutex::new(false), changed: Condvar::new() })
    }

    pub(in crate::wait) fn ring(&self) {
        *self.lock() = true;
        self.changed.notify_all();
    }

    pub(in crate::wait) fn silence(&self) {
        *self.lock() = false;
    }

    /// Waits until it is rung, for `span` at most.
    pub(in crate::wait) fn wait(&self, span: Duration) {
        let _ = self.changed.wait_timeout_while(self.lock(), span, |rung| !*rung);
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
