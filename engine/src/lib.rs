//! A small, fast WebAssembly engine whose host functions see the engine's own stack.
//!
//! ```
//! use hostel_engine::{Engine, Linker, Module, Store};
//!
//! let wasm = wat::parse_str(r#"(module
//!     (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#)?;
//! let engine = Engine::default();
//! let module = Module::new(&engine, wasm)?;
//! let mut store = Store::new(&engine, ());
//! let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
//! let add = instance.get_typed_func::<(i32, i32), i32>(&store, "add")?;
//! assert_eq!(add.call(&mut store, (2, 3))?, 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | word | what it is |
//! |---|---|
//! | [`Engine`] | a configuration ([`Config`]) and what all modules of it share; one for each process, mostly |
//! | [`Module`] | a guest's code, loaded once, for any number of instances in any number of threads |
//! | [`Linker`] | names for what modules import |
//! | [`Store`] | where instances live, with data of the embedder's; one thread uses it at a time |
//! | [`Instance`] | a module in a store: its exports are [`Func`], [`Memory`], [`Global`], [`Table`], [`Tag`] |
//!
//! Instances and their exports are small copies that mean something only with their store. Programs with WASI, such as
//! compilers make, run with the crate `hostel-wasi` on top of this one.
//!
//! # Host functions
//!
//! What a module imports, the host defines. A closure over numbers is the short way ([`Linker::func_wrap`]); it may begin
//! with `&mut T`, the store's data, and with the [`Caller`], which is the instance that called:
//!
//! ```
//! # use hostel_engine::{Engine, Linker, Module, Store};
//! # let engine = Engine::default();
//! # let module = Module::new(&engine, wat::parse_str(r#"(module
//! #     (import "env" "push" (func $push (param i64)))
//! #     (func (export "run") (call $push (i64.const 7)) (call $push (i64.const 8))))"#)?)?;
//! let mut linker = Linker::new(&engine);
//! linker.func_wrap("env", "push", |numbers: &mut Vec<i64>, number: i64| numbers.push(number));
//! let mut store = Store::new(&engine, Vec::new());
//! let instance = linker.instantiate(&mut store, &module)?;
//! instance.get_typed_func::<(), ()>(&store, "run")?.call(&mut store, ())?;
//! assert_eq!(store.data(), &[7, 8]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A raw function gets the call's slots on the engine's own stack, parameters in and results out, and nothing is allocated,
//! copied or looked up in between. The [builder](HostModuleBuilder) makes whole modules of them, of typed closures too,
//! compiled once for any number of linkers:
//!
//! ```
//! # use hostel_engine::{Caller, Engine, HostModuleBuilder, Linker, Module, Store, Trap, ValType};
//! # let engine = Engine::default();
//! # let module = Module::new(&engine, wat::parse_str(r#"(module
//! #     (import "env" "log" (func $log (param i32 i32) (result i32)))
//! #     (memory (export "memory") 1) (data (i32.const 8) "hello")
//! #     (func (export "run") (result i32) (call $log (i32.const 8) (i32.const 5))))"#)?)?;
//! let env = HostModuleBuilder::new("env")
//!     .new_function()
//!     .with_raw_module_function([ValType::I32; 2], [ValType::I32], |log: &mut Vec<u8>, caller: &mut Caller<'_>, stack| {
//!         let (at, len) = (stack[0] as u32 as usize, stack[1] as u32 as usize);
//!         let bytes = caller.memory().and_then(|memory| memory.get(at..)?.get(..len));
//!         log.extend_from_slice(bytes.ok_or_else(|| Trap::message("log: outside of the memory"))?);
//!         stack[0] = log.len() as u64;
//!         Ok(())
//!     })
//!     .export("log")
//!     .compile(&engine)?;
//! let mut linker = Linker::new(&engine);
//! linker.host_module(&env)?;
//! let mut store = Store::new(&engine, Vec::new());
//! let instance = linker.instantiate(&mut store, &module)?;
//! assert_eq!(instance.get_typed_func::<(), u32>(&store, "run")?.call(&mut store, ())?, 5);
//! assert_eq!(store.data(), b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Caller::with`] calls back into the guest; a [`FunctionListener`] watches functions of both sides.
//!
//! # Errors, traps, exits
//!
//! An [`Error`] is for the embedder to mend, and says where: a module that does not load, an import that does not fit. A
//! [`Trap`] ends a call: it has a [`TrapCode`], or a host function's own error, or is an [exit](Trap::exit); and the guest's
//! frames with their names. The store stays usable, also after a host function's panic.
//!
//! ```
//! # use hostel_engine::{Engine, Linker, Module, Store, TrapCode};
//! # let engine = Engine::default();
//! # let module = Module::new(&engine, wat::parse_str(r#"(module
//! #     (func (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))"#)?)?;
//! # let mut store = Store::new(&engine, ());
//! # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
//! let div = instance.get_typed_func::<(i32, i32), i32>(&store, "div")?;
//! let trap = div.call(&mut store, (1, 0)).unwrap_err();
//! assert_eq!(trap.code(), Some(TrapCode::IntegerDivideByZero));
//! assert_eq!(trap.frames()[0].func_name.as_deref(), Some("div"));
//! assert_eq!(div.call(&mut store, (6, 2))?, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Bounds
//!
//! Every state a guest can reach has a limit with a name, a field of [`Limits`]. Time is bounded by fuel, which is
//! deterministic, or by an [`InterruptHandle`] on another thread. Either ends a plain call with a trap; one made with
//! [`call_resumable`](TypedFunc::call_resumable) pauses instead and can go on where it was:
//!
//! ```
//! use hostel_engine::{Config, Limits, ResumableCall};
//! # use hostel_engine::{Engine, Linker, Module, Store};
//!
//! let mut config = Config::new();
//! config.consume_fuel(true).limits(Limits { store_memory_bytes: 64 << 20, ..Limits::default() });
//! let engine = Engine::new(&config)?;
//! # let module = Module::new(&engine, wat::parse_str(r#"(module (func (export "count") (param i32) (result i32) (local i32)
//! #     (loop (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
//! #     (local.get 1)))"#)?)?;
//! # let mut store = Store::new(&engine, ());
//! # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
//! let count = instance.get_typed_func::<u32, u32>(&store, "count")?;
//! store.set_fuel(500)?;
//! let mut call = count.call_resumable(&mut store, 1000)?;
//! while let ResumableCall::Paused(guest) = call {
//!     // Others could have their turn here, on this store too.
//!     store.add_fuel(500)?;
//!     call = guest.resume(&mut store)?;
//! }
//! assert_eq!(call.finished(), Some(1000));
//! assert!(store.fuel_consumed()? > 1000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```
//! # use hostel_engine::{Config, Engine, Linker, Module, Store, TrapCode};
//! let engine = Engine::new(Config::new().interruptible(true))?;
//! # let module = Module::new(&engine, wat::parse_str(r#"(module (func (export "spin") (loop (br 0))))"#)?)?;
//! # let mut store = Store::new(&engine, ());
//! # let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
//! let spin = instance.get_typed_func::<(), ()>(&store, "spin")?;
//! let handle = store.interrupt_handle()?;
//! let other = std::thread::spawn(move || handle.interrupt());
//! assert_eq!(spin.call(&mut store, ()).unwrap_err().code(), Some(TrapCode::Interrupted));
//! # other.join().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What runs
//!
//! WebAssembly 1.0 and 2.0, vectors included, and of 3.0 and later: tail calls, exceptions (the older form too, when
//! [`Config::wasm_legacy_exceptions`] is on), 64-bit and multiple memories, 64-bit tables, extended constant expressions,
//! typed function references, recursive groups of function types, relaxed vectors, custom page sizes, wide arithmetic, and
//! atomic instructions on memories that are not shared. Each proposal has a switch in [`Config`].
//!
//! What does not: garbage collected types, shared memories, the component model. Such a module is refused when it is loaded,
//! with the offset of what it needs ([`ErrorKind::Unsupported`]).
//!
//! The crate's one feature, `simd`, is on by default: without it there are no vectors.

#![deny(unsafe_code)]

mod code;
mod config;
mod engine;
mod error;
mod escaped;
#[allow(unsafe_code)]
mod exec;
mod host;
mod instantiate;
mod limits;
mod linker;
mod module;
mod runtime;
mod sealed;
mod translate;
mod trap;
mod types;

pub use config::{Backend, CompilationMode, Config};
pub use engine::Engine;
pub use error::{Error, ErrorKind};
pub use escaped::Escaped;
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
pub use types::{
    ConcreteType, ExternType, FuncType, GlobalType, HeapType, MemoryType, PAGE_SIZE, RefType, TableType, ValType,
};
