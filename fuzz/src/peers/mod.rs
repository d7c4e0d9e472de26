//! Other engines. Each takes a case and gives a report in the same words as [`hostel`](crate::cases::hostel).

pub mod wasmi;
#[cfg(feature = "wasmtime")]
pub mod wasmtime;
