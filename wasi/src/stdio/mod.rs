//! What a guest's stdin, stdout and stderr can be: sources and sinks that are [`File`]s like any other.
//!
//! The default is none of the host's: stdin at its end, stdout and stderr into nothing. Nothing here buffers: a write
//! of the guest's is one `writev` of the host's, on the guest's own memory. A reader that has gone away is EPIPE to the
//! guest, and SIGPIPE to the process.

mod bytes;
mod capture;
#[cfg(not(unix))]
mod elsewhere;
mod null;
#[cfg(unix)]
mod unix;

pub use capture::Capture;

use std::fmt;
use std::io;

use crate::abi::Fdflags;
use crate::fs::File;
use crate::fs::host::HostFile;

#[cfg(not(unix))]
use elsewhere as system;
#[cfg(unix)]
use unix as system;

/// What one of the three standard descriptors is connected to.
///
/// A write to a pipe whose reader is gone is EPIPE to the guest. It also raises SIGPIPE in the process, as every such write
/// does: Rust programs ignore that from their start, a process of which Rust is only a part has to do so itself, or the
/// guest's write ends it.
///
/// ```
/// use hostel_wasi::{Capture, Stdio, WasiCtx};
/// let out = Capture::with_limit(1 << 20);
/// let ctx = WasiCtx::builder().stdin(Stdio::bytes(*b"hello")).stdout(out.clone()).stderr(Stdio::inherit()).build()?;
/// drop(ctx);
/// assert_eq!(out.contents(), b"");
/// # Ok::<(), hostel_wasi::BuildError>(())
/// ```
pub struct Stdio(Source);

enum Source {
    Inherit,
    Null,
    Bytes(Vec<u8>),
    Capture(Capture),
    Host(Box<HostFile>),
    Custom(Box<dyn File>),
}

/// Which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdin,
    Stdout,
    Stderr,
}

impl Stream {
    pub(crate) const ALL: [Stream; 3] = [Stream::Stdin, Stream::Stdout, Stream::Stderr];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Stream::Stdin => "stdin",
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

impl Stdio {
    /// The host process's own stream of that number, whatever it is. What the host has buffered is not seen.
    pub fn inherit() -> Self {
        Stdio(Source::Inherit)
    }

    /// Reads are at the end at once, writes vanish.
    pub fn null() -> Self {
        Stdio(Source::Null)
    }

    /// Reads give these bytes, then the end. Writes are EBADF.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Stdio(Source::Bytes(bytes.into()))
    }

    /// Any [`File`].
    pub fn custom(file: Box<dyn File>) -> Self {
        Stdio(Source::Custom(file))
    }

    /// The capture, if it is one.
    pub(crate) fn capture(&self) -> Option<&Capture> {
        match &self.0 {
            Source::Capture(capture) => Some(capture),
            _ => None,
        }
    }

    /// The file, and the flags it has already.
    pub(crate) fn open(self, stream: Stream) -> io::Result<(Box<dyn File>, Fdflags)> {
        let plain = Fdflags::empty();
        Ok(match self.0 {
            Source::Inherit => return system::inherit(stream),
            Source::Null => (Box::new(null::Null), plain),
            Source::Bytes(bytes) => (Box::new(bytes::Bytes::new(bytes)), plain),
            Source::Capture(capture) => (Box::new(capture), plain),
            Source::Host(file) => {
                let flags = system::flags(&file);
                (file, flags)
            }
            Source::Custom(file) => (file, plain),
        })
    }
}

impl fmt::Debug for Stdio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Inherit => "Stdio::inherit",
            Source::Null => "Stdio::null",
            Source::Bytes(_) => "Stdio::bytes",
            Source::Capture(_) => "Stdio::from(Capture)",
            Source::Host(_) => "Stdio::from(File)",
            Source::Custom(_) => "Stdio::custom",
        })
    }
}

impl From<Capture> for Stdio {
    fn from(capture: Capture) -> Self {
        Stdio(Source::Capture(capture))
    }
}

/// An open file of the host's, at its present position.
impl From<std::fs::File> for Stdio {
    fn from(file: std::fs::File) -> Self {
        Stdio(Source::Host(Box::new(HostFile::from_std(file))))
    }
}
