//! What fuel and interruption cost when they are on: the kernels with one, with the other, and with both, as ratios to
//! without.
//!
//! ```console
//! $ cargo run --profile bench -p hostel-benches --bin budgets
//! $ cargo run --profile bench -p hostel-benches --bin budgets -- --once both sha256       # for a profiler
//! ```
//!
//! Processor time of the thread, medians of rounds in turn. `--once SETUP KERNEL` runs a kernel once and prints nothing.

use std::env;

use hostel_benches::hostel::metered_kernel;
use hostel_benches::kernels::KERNELS;
use hostel_benches::results::geometric_mean;

/// Rounds that count. Chosen.
const ROUNDS: usize = 7;
/// Name, fuel, interruption.
const SETUPS: [(&str, bool, bool); 4] =
    [("plain", false, false), ("fuel", true, false), ("interruption", false, true), ("both", true, true)];

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    if let [once, setup, name] = &args[..]
        && once == "--once"
    {
        let setup = SETUPS.iter().find(|known| known.0 == setup).expect("plain, fuel, interruption or both");
        let kernel = KERNELS.iter().find(|kernel| kernel.name == name).expect("a kernel's name");
        kernel.once(&mut metered_kernel(kernel, setup.1, setup.2), setup.0);
        return;
    }
    println!("{:14}{:>10}{:>14}{:>14}{:>14}", "", "plain, ms", "fuel", "interruption", "both");
    let mut all_ratios = [(); 4].map(|()| Vec::new());
    for kernel in KERNELS {
        let runs = SETUPS.map(|(name, fuel, interruptible)| (name, Some(metered_kernel(kernel, fuel, interruptible))));
        let medians: Vec<f64> = kernel.medians(runs.into(), ROUNDS).into_iter().flatten().collect();
        let ratios: Vec<f64> = medians.iter().map(|time| time / medians[0]).collect();
        println!("{:14}{:10.2}{:14.2}{:14.2}{:14.2}", kernel.name, medians[0] * 1e3, ratios[1], ratios[2], ratios[3]);
        all_ratios.iter_mut().zip(ratios).for_each(|(all, ratio)| all.push(ratio));
    }
    let means = all_ratios.map(|ratios| geometric_mean(&ratios).expect("there are kernels"));
    println!("{:14}{:10}{:14.3}{:14.3}{:14.3}", "geometric mean", "", means[1], means[2], means[3]);
}
