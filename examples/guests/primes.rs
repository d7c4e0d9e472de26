//! primes: counts the primes below N with a sieve of Eratosthenes. Nothing but arithmetic and memory: one host call.
//!
//! usage: primes [N]        N defaults to 1000000, at most 100000000
//! Prints how many there are, the largest, and a checksum: FNV-1a (64 bits) over the primes as little-endian u32.

use std::process::exit;

const LARGEST_N: usize = 100_000_000;

/// Odd numbers only: `composite[i]` speaks of `2 * i + 1`.
fn sieve(n: usize) -> Vec<bool> {
    let mut composite = vec![false; n / 2];
    if let Some(one) = composite.first_mut() {
        *one = true;
    }
    let mut odd = 3;
    while odd * odd < n {
        if !composite[odd / 2] {
            // from the square on, in steps of 2 * odd, which is `odd` places here
            for multiple in composite[odd * odd / 2..].iter_mut().step_by(odd) {
                *multiple = true;
            }
        }
        odd += 2;
    }
    composite
}

fn primes_below(n: usize) -> impl Iterator<Item = u32> {
    let odd =
        sieve(n).into_iter().enumerate().filter(|(_, composite)| !composite).map(|(place, _)| 2 * place as u32 + 1);
    (n > 2).then_some(2).into_iter().chain(odd)
}

fn fnv1a(hash: u64, word: u32) -> u64 {
    word.to_le_bytes().iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn main() {
    let n = match std::env::args().nth(1).map(|text| text.parse()) {
        None => 1_000_000,
        Some(Ok(n)) if n <= LARGEST_N => n,
        Some(_) => {
            eprintln!("usage: primes [N], N at most {LARGEST_N}");
            exit(2);
        }
    };
    let (mut count, mut largest, mut checksum) = (0u32, 0, 0xcbf2_9ce4_8422_2325);
    for prime in primes_below(n) {
        count += 1;
        largest = prime;
        checksum = fnv1a(checksum, prime);
    }
    println!("primes below {n}: {count}, largest {largest}, checksum {checksum:016x}");
}
