//! Arbitrary numbers for arbitrary calls, and clocks that such calls cannot make anybody wait on.

use hostel_wasi::abi::{Clockid, Errno};
use hostel_wasi::{Clocks, Kind};

use super::*;

/// Where arbitrary numbers come from: a seed, which names a run, or bytes that somebody else has made up.
pub enum Numbers {
    /// SplitMix64.
    Seed(u64),
    /// Each decision takes as few bytes as will do, so that changing one byte changes one decision.
    Bytes(std::vec::IntoIter<u8>),
}

impl Numbers {
    pub fn next(&mut self) -> u64 {
        match self {
            Numbers::Seed(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *state;
                z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^ z >> 31
            }
            Numbers::Bytes(bytes) => bytes.take(8).fold(0, |number, byte| number << 8 | u64::from(byte)),
        }
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        match self {
            Numbers::Bytes(bytes) if limit <= 256 => u64::from(bytes.next().unwrap_or(0)) % limit,
            _ => self.next() % limit,
        }
    }

    /// Whether there are no more; a seed has always more.
    pub fn used_up(&self) -> bool {
        match self {
            Numbers::Seed(_) => false,
            Numbers::Bytes(bytes) => bytes.len() == 0,
        }
    }

    /// A parameter: often plausible, so that calls get far, and often not.
    pub fn slot(&mut self, kind: Kind) -> u64 {
        const EDGES: [u64; 10] = [0, 1, 7, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1 << 63, u64::MAX];
        match (self.below(8), kind) {
            (0, _) => self.next(),
            (1, _) => EDGES[self.below(10) as usize],
            (2..5, Kind::Fd) => ROOT,
            (_, Kind::Fd) => self.below(10),
            (_, Kind::PathLen) => self.below(5),
            (_, Kind::BufferLen | Kind::IovecsLen | Kind::SubscriptionsLen) => self.below(24),
            (_, Kind::Rights) => [0, READ, ALL, u64::MAX][self.below(4) as usize],
            (_, Kind::Filesize | Kind::Filedelta | Kind::Dircookie) => self.below(64),
            (_, Kind::Path) => PATHS + self.below(64),
            (_, kind) if is_pointer(kind) => self.below(MEMORY as u64 + 8),
            (2..5, kind) if is_decoded(kind) => 0,
            (_, kind) if is_decoded(kind) => self.below(8),
            _ => self.next() >> self.below(64),
        }
    }
}

/// Time that never makes a poll wait.
pub struct Instant;
impl Clocks for Instant {
    fn now(&self, _: Clockid) -> Result<u64, Errno> {
        Ok(u64::MAX)
    }
    fn resolution(&self, _: Clockid) -> Result<u64, Errno> {
        Ok(1)
    }
}
