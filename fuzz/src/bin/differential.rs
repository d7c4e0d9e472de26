//! Runs the cases of a range of seeds on all of hostel's configurations and on another engine, and prints differences.
//!
//! ```text
//! differential --peer wasmi --seeds 0..10000 [--save DIR]     modules that make a difference are saved there
//!              --narrow                                       what all peers know: to ask another one about a seed
//! differential --mutate --seeds 0..10000                      loads broken modules instead
//! ```

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use hostel_fuzz::cases::generate::{Profile, Words, case};
use hostel_fuzz::hostile::bytes::{load, mutate};
use hostel_fuzz::{Peer, Verdict, judge};

struct Options {
    peer: Peer,
    seeds: Range<u64>,
    save: Option<PathBuf>,
    mutate: bool,
    narrow: bool,
    verbose: bool,
}

fn options() -> Result<Options, String> {
    let mut options =
        Options { peer: Peer::None, seeds: 0..1000, save: None, mutate: false, narrow: false, verbose: false };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} takes a value"));
        match &*arg {
            "--peer" => {
                options.peer = match &*value()? {
                    "none" => Peer::None,
                    "wasmi" => Peer::Wasmi,
                    #[cfg(feature = "wasmtime")]
                    "wasmtime" => Peer::Wasmtime,
                    other => return Err(format!("no peer {other:?} in this build")),
                }
            }
            "--seeds" => {
                let range = value()?;
                let parse = |text: &str| text.parse().map_err(|_| format!("a seed is a number, not {text:?}"));
                let (from, to) = range.split_once("..").ok_or("seeds are a range: A..B")?;
                options.seeds = parse(from)?..parse(to)?;
            }
            "--save" => options.save = Some(value()?.into()),
            "--mutate" => options.mutate = true,
            "--narrow" => options.narrow = true,
            "--verbose" => options.verbose = true,
            other => return Err(format!("unexpected argument {other:?}")),
        }
    }
    Ok(options)
}

/// Loads a hundred broken versions of the seed's module; the case's numbers are how many were accepted.
fn judge_mutants(seed: u64) -> Option<Verdict> {
    let case = case(seed, Profile::ALL)?;
    let mut words = Words(seed);
    let mut verdict = Verdict { calls: 100, ..Verdict::default() };
    for _ in 0..verdict.calls {
        let bytes = mutate(&case.wasm, &mut words);
        match catch_unwind(|| load(&bytes)) {
            Ok(accepted) => verdict.returned += usize::from(accepted),
            Err(_) => {
                verdict.differences.push("loading panicked".to_owned());
                verdict.wasm = bytes;
            }
        }
    }
    Some(verdict)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let profile = if options.narrow { Peer::Wasmi.profile() } else { options.peer.profile() };
    let begin = Instant::now();
    let (mut modules, mut calls, mut returned, mut cut, mut outvoted, mut bad) = (0, 0, 0, 0, 0, 0);
    for seed in options.seeds.clone() {
        if options.verbose {
            eprintln!("seed {seed}");
        }
        let judged = catch_unwind(AssertUnwindSafe(|| {
            if options.mutate { judge_mutants(seed) } else { judge(seed, options.peer, profile) }
        }));
        let verdict = match judged {
            Ok(Some(verdict)) => verdict,
            Ok(None) => continue,
            Err(_) => Verdict {
                differences: vec!["panicked".to_owned()],
                wasm: case(seed, profile).map_or(Vec::new(), |case| case.wasm),
                ..Verdict::default()
            },
        };
        modules += 1;
        calls += verdict.calls;
        returned += verdict.returned;
        cut += usize::from(verdict.cut);
        for difference in &verdict.differences {
            println!(
                "seed {seed}: {}{difference}",
                if verdict.outvoted { "(wasmtime agrees with hostel) " } else { "" }
            );
        }
        outvoted += usize::from(verdict.outvoted);
        if !verdict.outvoted && !verdict.differences.is_empty() {
            bad += 1;
            if let Some(dir) = &options.save {
                let path = dir.join(format!("{seed}.wasm"));
                if let Err(error) = std::fs::write(&path, &verdict.wasm) {
                    eprintln!("{}: {error}", path.display());
                }
                if let Ok(text) = wasmprinter::print_bytes(&verdict.wasm) {
                    let _ = std::fs::write(path.with_extension("wat"), text);
                }
            }
        }
        if modules % 1000 == 0 {
            eprintln!("{modules} modules, {bad} with differences, {:.0?}", begin.elapsed());
        }
    }
    println!(
        "{modules} modules, {calls} calls, {returned} returned, {cut} cut short, {outvoted} where only wasmi differs, {bad} with differences, {:.0?}",
        begin.elapsed()
    );
    if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
