//! Where `random_get` takes its bytes from.
//!
//! Invariants: bytes go straight into guest memory, however many there are; the default source is fit for keys. What
//! it is not: [`Random::seeded`] is for repeatable runs and is no secret to anyone.

use std::fmt;

use chacha20::ChaCha8;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use rand::rngs::{ChaCha8Rng, SysRng, Xoshiro256PlusPlus};
use rand::{Rng, SeedableRng};

use crate::abi::Errno;

/// A source of bytes that replaces the built-in ones.
pub trait RandomSource: Send {
    /// Fills all of `bytes`, or says why the guest gets an error. Long requests come in pieces of 1 MiB.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno>;
}

/// A context's source of random bytes.
pub(crate) enum Random {
    /// A ChaCha generator in this process, seeded by the system: a system call for every few bytes would be slower by
    /// an order of magnitude.
    System(Box<Generator>),
    Seeded(Xoshiro256PlusPlus),
    Custom(Box<dyn RandomSource>),
}

impl Random {
    pub(crate) fn system() -> std::io::Result<Self> {
        let rng = ChaCha8Rng::try_from_rng(&mut SysRng).map_err(std::io::Error::other)?;
        Ok(Random::System(Box::new(Generator::new(rng))))
    }

    /// The generator is named, so the same seed gives the same bytes with every version of this crate.
    pub(crate) fn seeded(seed: u64) -> Self {
        Random::Seeded(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    #[inline]
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Errno> {
        match self {
            Random::System(generator) => generator.fill(bytes),
            Random::Seeded(rng) => rng.fill_bytes(bytes),
            Random::Custom(source) => return source.fill(bytes),
        }
        Ok(())
    }
}

/// ChaCha of eight rounds: what Go's runtime draws keys from too, and the best attack known is on seven (RATIONALE).
///
/// Small requests, which most are, come out of a store, and what has been given out is wiped from it.
pub(crate) struct Generator {
    rng: ChaCha8Rng,
    store: [u8; STORE],
    /// How many of the store's bytes have been given out.
    used: usize,
}

/// Chosen: a few generator blocks, which are computed four at a time.
const STORE: usize = 256;

impl Generator {
    fn new(rng: ChaCha8Rng) -> Self {
        Generator { rng, store: [0; STORE], used: STORE }
    }

    #[inline]
    fn fill(&mut self, bytes: &mut [u8]) {
        match self.store.get_mut(self.used..).and_then(|left| left.get_mut(..bytes.len())) {
            Some(given) => {
                bytes.copy_from_slice(given);
                given.fill(0);
                self.used += bytes.len();
            }
            None => self.generate(bytes),
        }
    }

    #[cold]
    #[inline(never)]
    fn generate(&mut self, bytes: &mut [u8]) {
        if bytes.len() < STORE {
            self.rng.fill_bytes(&mut self.store);
            self.used = 0;
            self.fill(bytes);
        } else {
            // A key for this request alone. Its key stream is written where it belongs, which the generator, made to
            // give out words, would do by way of a buffer of its own.
            let mut key = [0; 32];
            self.fill(&mut key);
            ChaCha8::new(&key.into(), &[0; 12].into()).write_keystream(bytes);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn generator() -> Generator {
        Generator::new(ChaCha8Rng::seed_from_u64(1))
    }

    #[test]
    fn requests_of_every_size_are_filled_and_nothing_is_given_twice() {
        let mut generator = generator();
        let mut seen = std::collections::BTreeSet::new();
        for len in (16..600).chain([0, 4096, 100_000]) {
            let mut bytes = vec![0; len];
            generator.fill(&mut bytes);
            for chunk in bytes.chunks_exact(16) {
                assert!(seen.insert(chunk.to_vec()), "{len}");
            }
            assert!(generator.used <= STORE);
            assert!(generator.store[..generator.used].iter().all(|&byte| byte == 0), "what was given out is wiped");
        }
    }
}
