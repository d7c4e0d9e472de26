//! Writes seeds for the fuzz targets into `fuzz/corpus/`: our own guests, generated modules, and bytes for the targets that
//! make something of bytes. Corpora are not committed.

use std::io::Result;
use std::path::Path;
use std::{env, fs};

use hostel_engine::Engine;
use hostel_fuzz::cases::generate::{Profile, Words, case};

/// Larger guests make libFuzzer slow. Chosen.
const MOST: usize = 32 << 10;

fn main() -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = here.join("corpus");
    let parse = corpus.join("fuzz_parse");
    fs::create_dir_all(&parse)?;
    let mut count = 0;
    for entry in fs::read_dir(here.join("../examples/guests/wasm"))? {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        if bytes.len() <= MOST {
            fs::write(parse.join(path.file_name().expect("files have names")), bytes)?;
            count += 1;
        }
    }
    for seed in 0..200 {
        if let Some(case) = case(seed, Profile::ALL).filter(|case| case.wasm.len() <= MOST) {
            fs::write(parse.join(format!("generated-{seed}.wasm")), case.wasm)?;
            count += 1;
        }
    }
    for (target, length) in [("fuzz_execute", 2048), ("fuzz_host_builder", 400)] {
        let dir = corpus.join(target);
        fs::create_dir_all(&dir)?;
        for seed in 0..100 {
            let mut words = Words(seed);
            let bytes: Vec<u8> = (0..length).map(|_| words.word() as u8).collect();
            fs::write(dir.join(format!("random-{seed}")), bytes)?;
            count += 1;
        }
    }
    println!("{count} seeds in {}", corpus.display());
    // A build with debug assertions has no tail backend to fuzz.
    println!("a build like this one has the backend {}", Engine::default().backend_name());
    Ok(())
}
