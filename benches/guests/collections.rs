//! Rust's own collections and allocator: words are counted in a map with a hasher of ours, sorted, joined, split again.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

#[derive(Default)]
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

fn mix(sum: u32, value: u32) -> u32 {
    (sum ^ value).wrapping_mul(0x9e37_79b1).wrapping_add(sum >> 15)
}

#[no_mangle]
pub extern "C" fn run(n: u32) -> u32 {
    let mut sum = 0;
    for round in 1..=n {
        let mut seed = round;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            seed
        };
        let mut text = String::new();
        for _ in 0..400 {
            for _ in 0..2 + next() % 3 {
                text.push(char::from(b'a' + (next() % 5) as u8));
            }
            text.push(' ');
        }
        let mut counts: HashMap<&str, u32, BuildHasherDefault<Fnv>> = HashMap::default();
        for word in text.split_whitespace() {
            *counts.entry(word).or_default() += 1;
        }
        let mut words: Vec<_> = counts.iter().map(|(word, count)| (*word, *count)).collect();
        words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let by_length = words.iter().fold(BTreeMap::<_, Vec<_>>::new(), |mut map, (word, count)| {
            map.entry((word.len(), *count)).or_default().push(*word);
            map
        });
        for ((length, count), words) in by_length {
            sum = mix(sum, length as u32 * count + words.len() as u32);
            sum = mix(sum, words.join("-").bytes().map(u32::from).sum());
        }
    }
    sum
}
