//! What can be wrong with what an embedder says.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why there is no context.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// An argument contains NUL.
    NulInArgument {
        /// Its place, 0 for the program's name.
        index: usize,
        /// The argument.
        argument: Vec<u8>,
    },
    /// An environment variable's name or value contains NUL.
    NulInVariable {
        /// The variable's name.
        name: Vec<u8>,
    },
    /// An environment variable's name is empty or contains `=`.
    VariableName {
        /// The name.
        name: Vec<u8>,
    },
    /// The guest's name of a directory is empty or contains NUL.
    DirectoryName {
        /// The name.
        name: Vec<u8>,
    },
    /// Arguments or environment do not fit a 32-bit memory.
    StringsTooLong,
    /// A directory could not be opened.
    Directory {
        /// The host's path.
        path: PathBuf,
        /// What the host said.
        source: io::Error,
    },
    /// A standard stream could not be inherited.
    Stdio {
        /// `stdin`, `stdout` or `stderr`.
        stream: &'static str,
        /// What the host said.
        source: io::Error,
    },
    /// A listener could not be made non-blocking.
    Listener {
        /// What the host said.
        source: io::Error,
    },
    /// The host has no randomness to give.
    Random {
        /// What the host said.
        source: io::Error,
    },
    /// More preopens than descriptors are allowed.
    TooManyPreopens {
        /// The limit: [`WasiLimits::open_fds`](crate::WasiLimits::open_fds).
        open_fds: u32,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use BuildError::*;
        match self {
            NulInArgument { index, argument } => {
                write!(f, "argument {index} contains a NUL byte: \"{}\"", argument.escape_ascii())
            }
            NulInVariable { name } => {
                write!(f, "environment variable contains a NUL byte: \"{}\"", name.escape_ascii())
            }
            VariableName { name } => {
                write!(f, "environment variable's name is empty or contains `=`: \"{}\"", name.escape_ascii())
            }
            DirectoryName { name } => {
                write!(f, "directory's guest name is empty or contains a NUL byte: \"{}\"", name.escape_ascii())
            }
            StringsTooLong => f.write_str("arguments or environment exceed 4 GiB, a guest's whole memory"),
            Directory { path, source } => write!(f, "cannot open directory {}: {source}", path.display()),
            Stdio { stream, source } => write!(f, "cannot inherit {stream}: {source}"),
            Listener { source } => write!(f, "cannot make the listener non-blocking: {source}"),
            Random { source } => write!(f, "cannot seed the random generator: {source}"),
            TooManyPreopens { open_fds } => write!(f, "more preopens than the limit of {open_fds} descriptors"),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            BuildError::Directory { source, .. }
            | BuildError::Stdio { source, .. }
            | BuildError::Listener { source }
            | BuildError::Random { source } => Some(source),
            _ => None,
        }
    }
}
