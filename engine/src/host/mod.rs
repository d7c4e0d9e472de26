//! The host's side: functions written against the raw interface, the builder that gives them names and types, listeners,
//! and proxies.
//!
//! ```text
//! guest's call ──► shim of one closure type ──► closure(ctx, module, stack)
//!                                                raw: yours
//!                                                typed: decodes slots, calls yours, encodes results
//! ```

pub(crate) mod builder;
pub(crate) mod listener;
mod proxy;
pub(crate) mod typed;

pub use builder::{HostFunctionBuilder, HostModule, HostModuleBuilder};
pub use listener::{FunctionDefinition, FunctionListener, FunctionListenerFactory};
pub use proxy::proxy_module;
pub use typed::{IntoFunc, WasmRet};
