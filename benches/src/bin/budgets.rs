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
use hostel_benches::kernels::{KERNELS, cpu_time};

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
    let mut logarithms = [0.0; 4];
    for kernel in KERNELS {
        let mut runs = SETUPS.map(|(_, fuel, interruptible)| metered_kernel(kernel, fuel, interruptible));
        let mut times = [(); 4].map(|()| Vec::new());
        // The first round translates and touches memory: it is not counted.
        for round in 0..=ROUNDS {
            for (number, run) in runs.iter_mut().enumerate() {
                let start = cpu_time();
                kernel.once(run, SETUPS[number].0);
                if round > 0 {
                    times[number].push((cpu_time() - start).as_secs_f64());
                }
            }
        }
        let medians = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        });
        let ratios = medians.map(|time| time / medians[0]);
        for (sum, ratio) in logarithms.iter_mut().zip(ratios) {
            *sum += ratio.ln();
        }
        println!("{:14}{:10.2}{:14.2}{:14.2}{:14.2}", kernel.name, medians[0] * 1e3, ratios[1], ratios[2], ratios[3]);
    }
    let means = logarithms.map(|sum| (sum / KERNELS.len() as f64).exp());
    println!("{:14}{:10}{:14.3}{:14.3}{:14.3}", "geometric mean", "", means[1], means[2], means[3]);
}
