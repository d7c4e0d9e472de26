//! Stores and what lives in them.

pub(crate) mod context;
pub(crate) mod exception;
pub(crate) mod func;
mod global;
pub(crate) mod instance;
pub(crate) mod memory;
pub(crate) mod place;
mod resumable;
pub(crate) mod store;
pub(crate) mod table;
mod tag;
pub(crate) mod typed;
mod value;

pub use context::{AsCallContext, AsContext, AsContextMut, CallContext};
pub use func::Func;
pub use global::Global;
pub use instance::{Extern, Instance};
pub use memory::{Memory, MemoryAccessError};
pub use resumable::{Resumable, ResumableCall};
pub(crate) use store::Stop;
pub use store::{InterruptHandle, Store};
pub use table::Table;
pub use tag::Tag;
pub use typed::{TypedFunc, WasmParams, WasmResults, WasmTy};
pub use value::{ExnRef, ExternRef, Val};
