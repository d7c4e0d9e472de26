//! Host functions: the raw interface, the builder, listeners.

mod builder;
#[path = "../kit/mod.rs"]
mod kit;
mod listeners;
mod raw;
