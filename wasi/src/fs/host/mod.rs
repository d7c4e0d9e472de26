//! The host's own file system, below directories that the embedder has opened.
//!
//! ```text
//! Directory::open  ──►  unix/open   ──►  cap-std: openat2(RESOLVE_BENEATH), or its walk component by component
//! …_at, entries    ──►  unix/place  ──►  cap-std opens the parent, one *at call acts on the bare last name
//!                       unix/node   ──►  cap-std opens what is named without touching it (O_PATH)
//! File             ──►  unix/file   ──►  unix/transfer: readv, writev, preadv, pwritev straight on the guest's memory
//! ```
//!
//! The sandbox is cap-std's: every path with more than one component goes through it. The system itself is only ever
//! handed single names, without slashes, that are not followed when they are links.
//!
//! Not here: read-only mounts, rights, fd numbers.

#[cfg(not(unix))]
mod fallback;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub use fallback::{HostDirectory, HostFile};
#[cfg(unix)]
pub use unix::{HostDirectory, HostFile};
