//! What the embedder has to mend: a module that does not load, an import that does not fit, a wrong call.

use std::error::Error as StdError;
use std::fmt;

use wasmparser::WasmFeatures;

use crate::escaped::Escaped;
use crate::trap::Trap;

/// An error of the embedding interface. One word; the text says what was expected, what was found, and where.
pub struct Error(Box<ErrorKind>);

/// An operator's name, as wasmparser has it: `I32Add`.
pub(crate) fn operator_name(operator: &wasmparser::Operator<'_>) -> String {
    let name = format!("{operator:?}");
    name.split([' ', '(', '{']).next().unwrap_or("?").to_owned()
}

/// What kind of [`Error`] it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not a WebAssembly module, or not a valid one.
    Module {
        /// What is wrong.
        message: String,
        /// Where in the bytes.
        offset: u64,
    },
    /// The module is valid and needs something that this engine, as configured, does not run.
    Unsupported {
        /// What it needs.
        message: String,
        /// Where in the bytes.
        offset: u64,
    },
    /// An import is missing or of the wrong type.
    Link {
        /// The import's module name.
        module: String,
        /// The import's name.
        name: String,
        /// What was expected and what was found.
        message: String,
    },
    /// A named limit of [`Limits`](crate::Limits) forbids it.
    Limit {
        /// The limit's name, a field of `Limits`.
        limit: &'static str,
        /// What asked for how much.
        message: String,
    },
    /// Memory that the system does not give. What asked for how much.
    OutOfMemory(String),
    /// A segment does not fit, or the start function trapped.
    Instantiation(Trap),
    /// A host module or function was built wrongly.
    Host(String),
    /// A call or an access of the embedder's with the wrong type, number of values, or name, or beyond what a type allows.
    Usage(String),
    /// A call trapped or exited.
    Trap(Trap),
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind) -> Error {
        Error(Box::new(kind))
    }

    pub(crate) fn module(message: impl Into<String>, offset: u64) -> Error {
        Error::new(ErrorKind::Module { message: message.into(), offset })
    }

    pub(crate) fn unsupported(message: impl Into<String>, offset: u64) -> Error {
        Error::new(ErrorKind::Unsupported { message: message.into(), offset })
    }

    /// A module needs garbage collection, of which this is a part.
    pub(crate) fn garbage_collection(part: &str, offset: u64) -> Error {
        Error::unsupported(format!("the module needs garbage collection, which hostel does not have: {part}"), offset)
    }

    pub(crate) fn link(module: &str, name: &str, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Link { module: module.into(), name: name.into(), message: message.into() })
    }

    pub(crate) fn limit(limit: &'static str, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Limit { limit, message: message.into() })
    }

    pub(crate) fn out_of_memory(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::OutOfMemory(message.into()))
    }

    pub(crate) fn host(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Host(message.into()))
    }

    pub(crate) fn usage(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage(message.into()))
    }

    /// What kind of error it is, with its parts.
    pub fn kind(&self) -> &ErrorKind {
        &self.0
    }

    /// The trap or exit, when it was one that ended a call or an instantiation.
    pub fn trap(&self) -> Option<&Trap> {
        match &*self.0 {
            ErrorKind::Trap(trap) | ErrorKind::Instantiation(trap) => Some(trap),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            ErrorKind::Module { message, offset } => write!(f, "{message} (at offset {offset:#x})"),
            ErrorKind::Unsupported { message, offset } => write!(f, "unsupported: {message} (at offset {offset:#x})"),
            ErrorKind::Link { module, name, message } => {
                write!(f, "import {:?} {:?}: {message}", Escaped(module), Escaped(name))
            }
            ErrorKind::Limit { limit, message } => write!(f, "{message} (limit `{limit}`)"),
            ErrorKind::Instantiation(trap) => write!(f, "instantiation failed: {trap}"),
            ErrorKind::OutOfMemory(message) | ErrorKind::Host(message) | ErrorKind::Usage(message) => {
                f.write_str(message)
            }
            ErrorKind::Trap(trap) => fmt::Display::fmt(trap, f),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.0 {
            ErrorKind::Trap(trap) | ErrorKind::Instantiation(trap) => Some(trap),
            _ => None,
        }
    }
}

impl From<Trap> for Error {
    fn from(trap: Trap) -> Error {
        Error::new(ErrorKind::Trap(trap))
    }
}

impl From<wasmparser::BinaryReaderError> for Error {
    /// A proposal that is off, or that this engine does not have, is something else than an invalid module.
    fn from(error: wasmparser::BinaryReaderError) -> Error {
        // It may contain a guest's text: the name of an export that is there twice.
        let message = Escaped(error.message()).to_string();
        match error.missing_wasm_feature() {
            // What there is of it can be turned off; then it is the switch that is missing.
            Some(WasmFeatures::GC) if ["rec group", "global.get"].iter().any(|part| message.contains(part)) => {
                let text = format!("recursive types are turned off: {message}");
                Error::unsupported(text, error.offset())
            }
            Some(feature) if feature.intersects(WasmFeatures::GC | WasmFeatures::CUSTOM_DESCRIPTORS) => {
                Error::garbage_collection(&message, error.offset())
            }
            Some(_) => Error::unsupported(message, error.offset()),
            None => Error::module(message, error.offset()),
        }
    }
}
