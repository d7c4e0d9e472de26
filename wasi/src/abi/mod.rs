//! The facts of `wasi_snapshot_preview1.witx`, each once: error numbers, enums, flags, rights, record layouts.
//! Nothing here does anything; everything above uses it.

mod errno;
mod flags;
mod types;

pub use errno::Errno;
pub use flags::{
    Eventrwflags, Fdflags, Fstflags, Lookupflags, Oflags, Riflags, Rights, Sdflags, Siflags, Subclockflags,
};
pub use types::{Advice, Clockid, Eventtype, Fdstat, Filestat, Filetype, Signal, Whence};
