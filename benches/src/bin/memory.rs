//! How much memory an instance takes beyond the pages that its guest has touched.
//!
//! ```console
//! $ cargo run --release -p hostel-benches --features peers --bin memory            # 10 000 instances in each engine
//! $ cargo run --release -p hostel-benches --bin memory -- hostel 1000
//! ```
//!
//! All instances are of one module, alive at once, and each in a store of its own; each was called once. The memory is what
//! the system counts as resident (Linux: `VmRSS`), before and after; each engine is measured in a process of its own.

use std::error::Error;
use std::process::Command;
use std::{env, fs};

use hostel_benches::instances::{self, TOUCHED};
use hostel_benches::spawners;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let count = args.get(1).map_or(Ok(10_000), |count| count.parse::<usize>())?;
    if let Some(name) = args.first() {
        return measure(name, count);
    }
    println!("| runtime | live instances | bytes each beyond {TOUCHED} that the guest touched |");
    println!("|---|---:|---:|");
    for spawner in spawners() {
        let status = Command::new(env::current_exe()?).arg(spawner.name).status()?;
        if !status.success() {
            println!("| {} | – | ended by {status} |", spawner.name);
        }
    }
    Ok(())
}

fn measure(name: &str, count: usize) -> Result<(), Box<dyn Error>> {
    let spawner = spawners().into_iter().find(|spawner| spawner.name == name).ok_or("no such runtime in this build")?;
    let spawn = (spawner.load)(instances::module());
    // What the first ones cost is not what one more costs.
    let mut live: Vec<_> = (0..100).map(|_| spawn()).collect();
    live.reserve(count);
    let before = resident()?;
    live.extend((0..count).map(|_| spawn()));
    let each = (resident()? - before) / count;
    println!("| {name} | {} | {} |", live.len(), each.saturating_sub(TOUCHED));
    Ok(())
}

/// Bytes.
fn resident() -> Result<usize, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? * 1024)
}
