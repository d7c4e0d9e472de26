//! Where `random_get` takes its bytes from.
//!
//! Invariants: bytes go straight into guest memory, however many there are; the default source is fit for keys. What
//! it is not: [`Random::seeded`] is for repeatable runs and is no secret to anyone.

use std::fmt;

use rand::rngs::{StdRng, SysRng, Xoshiro256PlusPlus};
use rand::{Rng, SeedableRng};

use crate::abi::Errno;

/// A source of bytes that replaces the built-in ones.
pub trait RandomSource: Send {
    /// Fills all of `bytes`, or says why the guest gets an error.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno>;
}

/// A context's source of random bytes.
pub(crate) enum Random {
    /// A ChaCha generator in this process, seeded by the system: a system call for every few bytes would be slower by
    /// an order of magnitude.
    System(Box<StdRng>),
    Seeded(Xoshiro256PlusPlus),
    Custom(Box<dyn RandomSource>),
}

impl Random {
    pub(crate) fn system() -> std::io::Result<Self> {
        let rng = StdRng::try_from_rng(&mut SysRng).map_err(std::io::Error::other)?;
        Ok(Random::System(Box::new(rng)))
    }

    /// The generator is named, so the same seed gives the same bytes with every version of this crate.
    pub(crate) fn seeded(seed: u64) -> Self {
        Random::Seeded(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    #[inline]
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        match self {
            Random::System(rng) => rng.fill_bytes(bytes),
            Random::Seeded(rng) => rng.fill_bytes(bytes),
            Random::Custom(source) => return source.fill(bytes),
        }
        Ok(())
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the state: it tells what comes next.
        f.write_str(match self {
            Random::System(_) => "Random::System",
            Random::Seeded(_) => "Random::Seeded",
            Random::Custom(_) => "Random::Custom",
        })
    }
}
