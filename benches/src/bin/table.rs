//! Prints what `cargo bench -p hostel-benches` measured as Markdown: medians of a single call, and ratios.
//!
//! ```console
//! $ cargo run -p hostel-benches --bin table [DIRECTORY]
//! ```
//!
//! `DIRECTORY` is where criterion keeps its results: `criterion` in the target directory this was built in, unless said
//! otherwise.

use std::collections::HashMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use hostel_benches::{calls, wasi};
use serde_json::Value;

/// Nanoseconds a call, by group, runtime and case.
type Medians = HashMap<(String, String, String), f64>;

const PEERS: [&str; 2] = ["wasmtime", "wasmi"];

fn main() -> Result<(), Box<dyn Error>> {
    let directory = match env::args_os().nth(1) {
        Some(directory) => PathBuf::from(directory),
        // …/target/debug/table
        None => env::current_exe()?.ancestors().nth(2).ok_or("no target directory")?.join("criterion"),
    };
    let mut medians = Medians::new();
    read(&directory, &mut medians)?;
    if medians.is_empty() {
        return Err(format!("no results in {}: run `cargo bench -p hostel-benches` first", directory.display()).into());
    }
    print("host_call", calls::CASES.iter().map(|case| case.name), &medians);
    print("wasi_call", wasi::CASES.iter().map(|case| case.name), &medians);
    Ok(())
}

/// Collects the results below a directory. Each is a folder `new` with `benchmark.json` (what it is) and
/// `estimates.json` (nanoseconds an iteration).
fn read(directory: &Path, medians: &mut Medians) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        if path.file_name().is_none_or(|name| name != "new") {
            read(&path, medians)?;
            continue;
        }
        let json =
            |name: &str| -> Result<Value, Box<dyn Error>> { Ok(serde_json::from_slice(&fs::read(path.join(name))?)?) };
        let (benchmark, estimates) = (json("benchmark.json")?, json("estimates.json")?);
        let text = |field: &str| benchmark[field].as_str().unwrap_or_default().to_owned();
        let calls = benchmark["throughput"]["Elements"].as_f64().unwrap_or(1.0);
        let median = estimates["median"]["point_estimate"].as_f64().ok_or("estimates.json without a median")?;
        medians.insert((text("group_id"), text("function_id"), text("value_str")), median / calls);
    }
    Ok(())
}

/// Prints a group: a row for each case and each of hostel's ways.
fn print<'a>(group: &str, cases: impl Iterator<Item = &'a str>, medians: &Medians) {
    let key = |runtime: &str, case: &str| (group.to_owned(), runtime.to_owned(), case.to_owned());
    println!("\n### {group}\n");
    println!("| case | hostel | wasmtime | wasmi | hostel ÷ wasmtime | hostel ÷ wasmi |");
    println!("|---|---:|---:|---:|---:|---:|");
    for case in cases {
        for (runtime, way) in [("hostel", ""), ("hostel raw", ", raw"), ("hostel raw with module", ", raw with module")]
        {
            let Some(hostel) = medians.get(&key(runtime, case)) else { continue };
            let peers = PEERS.map(|peer| medians.get(&key(peer, case)));
            let times = peers.map(|time| time.map_or("–".to_owned(), |&time| nanoseconds(time)));
            let ratios = peers.map(|time| time.map_or("–".to_owned(), |time| format!("{:.2}", hostel / time)));
            let hostel = nanoseconds(*hostel);
            println!("| {case}{way} | {hostel} | {} | {} |", times.join(" | "), ratios.join(" | "));
        }
    }
}

fn nanoseconds(time: f64) -> String {
    match time {
        ..10.0 => format!("{time:.2} ns"),
        ..100.0 => format!("{time:.1} ns"),
        ..10_000.0 => format!("{time:.0} ns"),
        _ => format!("{:.1} µs", time / 1000.0),
    }
}
