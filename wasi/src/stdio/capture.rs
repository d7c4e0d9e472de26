//! A sink that keeps what is written, up to a limit, for the embedder to look at.

use std::fmt;
use std::io::IoSlice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::abi::{Errno, Fdflags, Filetype};
use crate::fs::{File, stream_flags};

/// Keeps what a guest writes. Clones share one buffer: give one to the context and keep the other; stdout and stderr
/// may have the same.
///
/// When the limit is reached, the write that crosses it is cut short and the next is ENOSPC.
///
/// ```
/// use std::io::IoSlice;
/// use hostel_wasi::{Capture, abi::Errno, fs::File};
/// let capture = Capture::with_limit(4);
/// let mut sink = capture.clone();
/// assert_eq!(sink.write(&[IoSlice::new(b"hel"), IoSlice::new(b"lo")]), Ok(4));
/// assert_eq!(sink.write(&[IoSlice::new(b"!")]), Err(Errno::Nospc));
/// assert_eq!(capture.contents(), b"hell");
/// ```
#[derive(Clone)]
pub struct Capture {
    limit: usize,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Capture {
    /// An empty one that keeps at most `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Capture { limit, bytes: Arc::default() }
    }

    /// A copy of what has been written so far.
    pub fn contents(&self) -> Vec<u8> {
        self.lock().clone()
    }

    /// What has been written since the last `take`, which makes room again.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.lock())
    }

    pub(crate) fn len(&self) -> u64 {
        self.lock().len() as u64
    }

    pub(crate) fn is_the_same(&self, other: &Capture) -> bool {
        Arc::ptr_eq(&self.bytes, &other.bytes)
    }

    /// Bytes are appended or not, so a panic elsewhere cannot have left them half-way.
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture").field("limit", &self.limit).field("len", &self.lock().len()).finish()
    }
}

impl File for Capture {
    fn filetype(&self) -> Filetype {
        Filetype::Unknown
    }

    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        let mut bytes = self.lock();
        let before = bytes.len();
        for buf in bufs {
            let room = self.limit.saturating_sub(bytes.len());
            bytes.extend_from_slice(&buf[..buf.len().min(room)]);
        }
        match bytes.len() - before {
            0 if bufs.iter().any(|buf| !buf.is_empty()) => Err(Errno::Nospc),
            written => Ok(written),
        }
    }

    fn set_flags(&mut self, flags: Fdflags) -> Result<(), Errno> {
        stream_flags(flags)
    }
}
