//! Supertraits of the public traits that only this crate implements. The module is private, so no other crate can name them.
//!
//! Unsafe code relies on what these traits say: how many slots a Rust type takes, which type a store's data has, that a
//! context stands for one store. An implementation from outside could say anything.

/// Of [`WasmTy`](crate::WasmTy).
pub trait Ty {}

/// Of [`WasmParams`](crate::WasmParams) and [`WasmResults`](crate::WasmResults).
pub trait Values {}

/// Of [`WasmRet`](crate::WasmRet).
pub trait Ret {}

/// Of [`IntoFunc`](crate::IntoFunc).
pub trait IntoFunc<T, M> {}

/// Of [`AsContext`](crate::AsContext), and so of [`AsContextMut`](crate::AsContextMut) and
/// [`AsCallContext`](crate::AsCallContext).
pub trait Context {}
