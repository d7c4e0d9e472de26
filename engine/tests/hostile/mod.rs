//! What a hostile guest, or a careless embedder, can bring: one body for each fuzz target.
//!
//! `tests/hostile.rs` runs each body on a bounded number of seeds, `fuzz/` shares these files by path and runs them on
//! what libFuzzer makes up. A body panics when something does not hold.
#![allow(dead_code)]

pub mod bytes;
pub mod execute;
pub mod host;
mod host_module;

use std::sync::Arc;

/// What a fuzzer made up, read as choices. At its end everything is 0, so that what it stands for ends soon.
#[derive(Clone)]
pub struct Feed {
    bytes: Arc<[u8]>,
    at: usize,
}

impl Feed {
    pub fn new(bytes: &[u8]) -> Feed {
        Feed { bytes: bytes.into(), at: 0 }
    }

    pub fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    pub fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    /// A number below `bound`, which is at most 256.
    pub fn below(&mut self, bound: usize) -> usize {
        self.byte() as usize % bound
    }
}
