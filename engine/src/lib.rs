//! A small, fast WebAssembly engine whose host functions see the engine's own stack.
//!
//! ```
//! use hostel_engine::{Engine, HostModuleBuilder, Linker, Module, Store, ValType};
//!
//! let engine = Engine::default();
//! let wasm = wat::parse_str(r#"(module
//!     (import "host" "double" (func $double (param i32) (result i32)))
//!     (func (export "run") (param i32) (result i32) (call $double (local.get 0))))"#).unwrap();
//! let module = Module::new(&engine, wasm)?;
//!
//! // A host function on the raw interface: (ctx, stack), parameters and results in the engine's stack slots.
//! let host = HostModuleBuilder::new("host")
//!     .new_function()
//!     .with_raw_function([ValType::I32], [ValType::I32], |calls: &mut u64, stack| {
//!         *calls += 1;
//!         stack[0] = (stack[0] as u32).wrapping_mul(2) as u64;
//!         Ok(())
//!     })
//!     .export("double")
//!     .compile(&engine)?;
//!
//! let mut store = Store::new(&engine, 0u64);
//! let mut linker = Linker::new(&engine);
//! linker.host_module(&host)?;
//! let instance = linker.instantiate(&mut store, &module)?;
//! assert_eq!(instance.get_typed_func::<i32, i32>(&store, "run")?.call(&mut store, 21)?, 42);
//! assert_eq!(*store.data(), 1);
//! # Ok::<(), hostel_engine::Error>(())
//! ```
//!
//! # Finding one's way
//!
//! | to do this | start here |
//! |---|---|
//! | load a module | [`Engine`], [`Config`], [`Module`] |
//! | give it functions | [`HostModuleBuilder`], [`Caller`], [`Linker::func_wrap`] |
//! | run it | [`Store`], [`Linker::instantiate`], [`Instance::get_typed_func`], [`Func::call_with_stack`] |
//! | see what went wrong | [`Error`], [`Trap`], [`FrameInfo`] |
//! | bound it | [`Limits`], [`Config::consume_fuel`], [`InterruptHandle`] |
//! | let it pause and go on | [`TypedFunc::call_resumable`], [`Resumable`] |
//! | watch it | [`FunctionListener`] |
//!
//! What runs: WebAssembly 1.0 and 2.0 (vectors included), and of 3.0 and later: tail calls, exceptions (the older form
//! too, when [`Config::wasm_legacy_exceptions`] is on), 64-bit and multiple memories, extended constant expressions, typed
//! function references, relaxed vectors, custom page sizes, wide arithmetic, and atomic instructions on memories that
//! are not shared. What does not: garbage collected types, shared memories, the component model. Such a module is refused
//! when it is loaded, with the offset of what it needs.

#![deny(unsafe_code)]

mod code;
mod config;
mod engine;
mod error;
#[allow(unsafe_code)]
mod exec;
mod host;
mod instantiate;
mod limits;
mod linker;
mod module;
mod runtime;
mod translate;
mod trap;
mod types;

pub use config::{Backend, CompilationMode, Config};
pub use engine::Engine;
pub use error::{Error, ErrorKind};
pub use exec::host_call::Caller;
pub use host::{
    FunctionDefinition, FunctionListener, FunctionListenerFactory, HostFunctionBuilder, HostModule, HostModuleBuilder,
    IntoFunc, WasmRet, proxy_module,
};
pub use limits::Limits;
pub use linker::Linker;
pub use module::{ExportType, ImportType, Module};
pub use runtime::{
    AsCallContext, AsContext, AsContextMut, CallContext, ExnRef, Extern, ExternRef, Func, Global, Instance,
    InterruptHandle, Memory, MemoryAccessError, Resumable, ResumableCall, Store, Table, Tag, TypedFunc, Val,
    WasmParams, WasmResults, WasmTy,
};
pub use trap::{FrameInfo, Trap, TrapCode};
pub use types::{ExternType, FuncType, GlobalType, HeapType, MemoryType, PAGE_SIZE, RefType, TableType, ValType};
