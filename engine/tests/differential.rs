//! Generated modules behave alike on both dispatch backends, in all compilation modes, at once and in slices of fuel.
//!
//! `cargo test` runs a few seeds, always the same. For a longer run, in release so that the tail backend takes part:
//!
//! ```text
//! HOSTEL_DIFFERENTIAL=20000 cargo test --release -p hostel-engine --test differential -- --nocapture
//! ```
//!
//! `HOSTEL_DIFFERENTIAL=5000..5001` runs the seeds of a range. `fuzz/` runs the same cases on other engines.

#[path = "differential/mod.rs"]
mod cases;

use std::ops::Range;

use cases::generate::{Profile, case};
use cases::{difference, hostel};

/// The seeds when none are asked for: about ten seconds in a dev build.
const SEEDS: Range<u64> = 0..60;

fn seeds() -> Range<u64> {
    let Ok(wish) = std::env::var("HOSTEL_DIFFERENTIAL") else { return SEEDS };
    let number = |text: &str| text.parse().expect("HOSTEL_DIFFERENTIAL is a number of seeds or a range of them");
    match wish.split_once("..") {
        Some((from, to)) => number(from)..number(to),
        None => 0..number(&wish),
    }
}

#[test]
fn configurations_agree() {
    let setups = hostel::setups();
    let (mut modules, mut calls, mut returned, mut refused) = (0, 0, 0, 0);
    let mut differences = Vec::new();
    for seed in seeds() {
        let Some(case) = case(seed, Profile::ALL) else { continue };
        let first = hostel::run(&setups[0], &case);
        modules += 1;
        calls += case.calls.len();
        returned += first.returned();
        if let Some(line) = first.lines.first().filter(|line| line.starts_with("refused")) {
            refused += 1;
            println!("seed {seed}: {line}");
        }
        for setup in &setups[1..] {
            let other = hostel::run(setup, &case);
            if let Some(what) = difference(&first, &other) {
                differences.push(format!("seed {seed}: {} and {}:\n     {what}", setups[0].name, setup.name));
            }
        }
    }
    println!(
        "{modules} modules, {refused} refused, {calls} calls, {returned} of them returned, {} setups",
        setups.len()
    );
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!(refused, 0, "valid modules of proposals that the engine claims are refused");
    // Else the generator's settings make nothing worth comparing.
    assert!(returned * 5 > calls, "only {returned} of {calls} calls returned");
}
