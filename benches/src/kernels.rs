//! Guests that compute: one loop or algorithm each, compiled from `guests/` (see `guests/build.sh`), without imports.
//!
//! Each exports `run: (i32) -> i32`, which does its work that many times and returns a checksum of what it computed. The
//! times are chosen for some ten milliseconds in an interpreter; checksums are what wasmtime returns.

use std::time::Duration;

/// How an engine calls `run`.
pub type Run = Box<dyn FnMut(u32) -> u32>;

/// One row of the table.
pub struct Kernel {
    /// The name of its source.
    pub name: &'static str,
    /// What it is about.
    pub what: &'static str,
    /// The module.
    pub wasm: &'static [u8],
    /// `run`'s argument.
    pub times: u32,
    /// What `run` returns.
    pub checksum: u32,
}

macro_rules! kernels {
    ($($name:literal, $what:literal, $times:literal, $checksum:literal;)*) => {
        &[$(Kernel {
            name: $name,
            what: $what,
            wasm: include_bytes!(concat!("../guests/wasm/", $name, ".wasm")),
            times: $times,
            checksum: $checksum,
        }),*]
    };
}

/// The kernels, in the tables' order.
pub const KERNELS: &[Kernel] = kernels! {
    "integer", "integer arithmetic", 12000, 0x98ccdb28;
    "nbody", "doubles in structures", 8000, 0x3056a9ba;
    "mandelbrot", "doubles in locals", 700, 0x30a8752e;
    "matrix", "matrices", 12, 0xd5cca985;
    "sieve", "bytes in memory", 8, 0xb9e0f6cc;
    "stream", "words through memory", 20, 0xfe2a62ed;
    "life", "a cellular automaton", 36, 0x98459ab9;
    "calls", "direct calls", 80000, 0xfe366aaf;
    "recursion", "recursion", 120, 0xf6961170;
    "queens", "backtracking on bits", 80, 0x7a048f70;
    "indirect", "indirect calls", 800, 0x25005bd0;
    "dynamic", "trait objects and closures (Rust)", 40, 0x22fc7a52;
    "switch", "br_table", 80, 0x5418ad88;
    "vm", "an interpreter in the guest", 20, 0xcdf39c03;
    "sha256", "SHA-256", 20, 0xc4027444;
    "crc32", "CRC-32", 80, 0xe20c4da9;
    "hash64", "a hash of 64-bit words", 500, 0x04ea7cae;
    "sort", "sorting", 5, 0x03b53785;
    "compress", "compression", 8, 0x952c1e88;
    "json", "parsing", 30, 0xd7648a49;
    "search", "string search", 10, 0xe86c605b;
    "regex", "matching patterns", 20, 0x0769c78a;
    "collections", "maps, strings, sorting (Rust)", 15, 0x058e13e4;
    "mix", "lists, matrices, states, CRC-16", 60, 0x0000b3d0;
    "simd", "vectors", 150, 0x71b2ca58;
    "bulk", "memory.copy, memory.fill", 1600, 0xf2ce65e8;
};

impl Kernel {
    /// One call of `run`.
    ///
    /// # Panics
    ///
    /// When it returns something else than it should.
    pub fn once(&self, run: &mut Run, engine: &str) {
        let checksum = run(std::hint::black_box(self.times));
        assert_eq!(checksum, self.checksum, "{} in {engine}", self.name);
    }

    /// Medians, in seconds of the thread's processor time, of what each engine takes in so many rounds; `None` for one that
    /// does not run this kernel. They take turns, so that a machine's moods hit all of them.
    pub fn medians(&self, mut engines: Vec<(&str, Option<Run>)>, rounds: usize) -> Vec<Option<f64>> {
        let mut times = vec![Vec::new(); engines.len()];
        // The first round translates and touches memory: it is not counted.
        for round in 0..=rounds {
            for ((engine, run), times) in engines.iter_mut().zip(&mut times) {
                let Some(run) = run else { continue };
                let start = cpu_time();
                self.once(run, engine);
                if round > 0 {
                    times.push((cpu_time() - start).as_secs_f64());
                }
            }
        }
        let median = |mut times: Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times.get(times.len() / 2).copied()
        };
        times.into_iter().map(median).collect()
    }
}

/// Processor time of this thread: unlike the time of day, it does not count what other programs take.
#[cfg(unix)]
pub fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// The time of day, where a thread's processor time is not known.
#[cfg(not(unix))]
pub fn cpu_time() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}
