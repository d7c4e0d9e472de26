//! A node: what a path names, found without opening it, so that asking for its `stat` or setting its times touches
//! neither devices nor FIFOs and needs no leave to read.

#[cfg(target_os = "linux")]
mod linux;
mod portable;

#[cfg(target_os = "linux")]
pub(super) use linux::{set_times, stat};
#[cfg(not(target_os = "linux"))]
pub(super) use portable::{set_times, stat};
