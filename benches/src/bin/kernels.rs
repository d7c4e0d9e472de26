//! Times the kernels on the engines that were compiled in, one after the other and again, and prints medians.
//!
//! ```console
//! $ cargo run --profile bench -p hostel-benches --features interpreters --bin kernels
//! $ cargo run --profile bench -p hostel-benches --features peers --bin kernels -- --repeat 5 sha256 vm
//! $ cargo run --profile bench -p hostel-benches --bin kernels -- --once sha256         # for a profiler
//! $ cargo run -p hostel-benches --bin kernels -- --code sha256                         # what hostel translates it to
//! ```
//!
//! `--engine NAME` (may be repeated) names the engines to run; all are run otherwise. The time is processor time of the
//! thread. `--once` runs each kernel once on one engine, hostel unless another is named, and prints
//! nothing else.

use std::error::Error;
use std::process::ExitCode;
use std::{env, iter};

use hostel_benches::kernels::{KERNELS, Kernel, Run};
use hostel_benches::results::geometric_mean;
use hostel_benches::{Runtime, runtimes};
use hostel_engine::{Engine, Module};

struct Options {
    engines: Vec<String>,
    repeat: usize,
    once: bool,
    code: bool,
    kernels: Vec<&'static Kernel>,
}

fn main() -> ExitCode {
    match options().and_then(|options| if options.code { code(&options) } else { run(&options) }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kernels: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options { engines: Vec::new(), repeat: 7, once: false, code: false, kernels: Vec::new() };
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--engine" => options.engines.push(args.next().ok_or("--engine wants a name")?),
            "--repeat" => options.repeat = args.next().ok_or("--repeat wants a number")?.parse()?,
            "--once" => options.once = true,
            "--code" => options.code = true,
            name => {
                let found = KERNELS.iter().find(|kernel| kernel.name == name);
                options.kernels.push(found.ok_or_else(|| format!("no kernel {name}"))?);
            }
        }
    }
    if let Some(unknown) = options.engines.iter().find(|name| runtimes().iter().all(|runtime| runtime.name != **name)) {
        return Err(format!("no engine {unknown} in this build").into());
    }
    if options.kernels.is_empty() {
        options.kernels.extend(KERNELS);
    }
    Ok(options)
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let mut engines = runtimes();
    engines.retain(|engine| {
        engine.kernel.is_some()
            && (options.engines.is_empty() || options.engines.iter().any(|name| name == engine.name))
    });
    if options.once {
        for kernel in &options.kernels {
            let mut run = instantiate(&engines[0], kernel).expect("this engine runs the kernel");
            kernel.once(&mut run, engines[0].name);
        }
        return Ok(());
    }
    let names: Vec<_> = engines.iter().map(|engine| engine.name).collect();
    let ratios = names[1..].iter().map(|name| format!("÷ {name}"));
    let head: String =
        names.iter().map(|name| format!("{name:>10}")).chain(ratios.map(|name| format!("{name:>12}"))).collect();
    println!("{:14}{head}", "ms");
    let mut all_ratios = vec![Vec::new(); names.len() - 1];
    for kernel in &options.kernels {
        let runs = engines.iter().map(|engine| (engine.name, instantiate(engine, kernel))).collect();
        let times = kernel.medians(runs, options.repeat);
        let text =
            times.iter().map(|time| time.map_or(format!("{:>10}", "–"), |time| format!("{:10.2}", time * 1e3)));
        let ratios = times[1..].iter().zip(&mut all_ratios).map(|(time, ratios)| {
            let (Some(hostel), Some(peer)) = (times[0], time) else { return format!("{:>12}", "–") };
            ratios.push(hostel / peer);
            format!("{:12.2}", hostel / peer)
        });
        println!("{:14}{}", kernel.name, text.chain(ratios).collect::<String>());
    }
    let means =
        all_ratios.iter().map(|ratios| geometric_mean(ratios).map_or("–".into(), |mean| format!("{mean:.3}")));
    let means = means.map(|mean| format!("{mean:>12}"));
    println!(
        "{:14}{}",
        "geometric mean",
        iter::repeat_n(" ".repeat(10), engines.len()).chain(means).collect::<String>()
    );
    Ok(())
}

/// Prints what hostel translates the kernels to.
fn code(options: &Options) -> Result<(), Box<dyn Error>> {
    for kernel in &options.kernels {
        let module = Module::new(&Engine::default(), kernel.wasm)?;
        for func in 0..module.function_count() as u32 {
            println!("{} function {func}\n{}", kernel.name, module.disassemble(func)?);
        }
    }
    Ok(())
}

fn instantiate(engine: &Runtime, kernel: &Kernel) -> Option<Run> {
    engine.kernel.and_then(|instantiate| instantiate(kernel))
}
