//! Prints what `cargo bench -p hostel-benches` measured as Markdown: medians, and ratios; and draws the ratios.
//!
//! ```console
//! $ cargo run -p hostel-benches --bin table                            # Markdown
//! $ cargo run -p hostel-benches --bin table -- --svg benches/ratios.svg # and the picture
//! $ cargo run -p hostel-benches --bin table -- DIRECTORY               # of results that are somewhere else
//! ```
//!
//! Results are where criterion keeps them, `criterion` in the target directory this was built in, unless a directory is
//! given. Each group ends in geometric means.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use hostel_benches::chart::{self, Section};
use hostel_benches::results::{Group, Medians, geometric_mean, groups, read};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut directory, mut svg) = (None, None);
    let mut args = env::args_os().skip(1);
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--svg") => svg = Some(PathBuf::from(args.next().ok_or("--svg wants a file's name")?)),
            _ => directory = Some(PathBuf::from(arg)),
        }
    }
    let directory = match directory {
        Some(directory) => directory,
        // …/target/debug/table
        None => env::current_exe()?.ancestors().nth(2).ok_or("no target directory")?.join("criterion"),
    };
    let mut medians = Medians::new();
    read(&directory, &mut medians)?;
    if medians.is_empty() {
        return Err(format!("no results in {}: run `cargo bench -p hostel-benches` first", directory.display()).into());
    }
    let setting = setting();
    println!("{setting}");
    for group in groups() {
        print(&group, &medians);
    }
    if let Some(svg) = svg {
        let sections: Vec<_> = groups().iter().filter_map(|group| section(group, &medians)).collect();
        chart::draw(&svg, &setting, &sections)?;
    }
    Ok(())
}

/// The machine, the versions, the date.
fn setting() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).and_then(|line| line.split_once(':'));
    let model = model.map_or(env::consts::ARCH, |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let output = |command: &str, args: &[&str]| {
        let output = Command::new(command).args(args).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|text| !text.is_empty())
    };
    let rustc = output("rustc", &["--version"]).and_then(|text| Some(text.split_whitespace().nth(1)?.to_owned()));
    let versions: Vec<_> = ["wasmtime", "wasmi", "makepad-stitch"].into_iter().filter_map(version).collect();
    let date = output("date", &["-u", "+%Y-%m-%d"]).unwrap_or_default();
    let rustc = rustc.map_or(String::new(), |version| format!(", rustc {version}"));
    format!("{model}, {cores} cores, {}{rustc}; {}; {date}", env::consts::OS, versions.join(", "))
}

/// Name and version of a package, as Cargo.lock has it.
fn version(package: &str) -> Option<String> {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).ok()?;
    let rest = lock.split(&format!("name = \"{package}\"\nversion = \"")).nth(1)?;
    Some(format!("{package} {}", rest.split('"').next()?))
}

fn median(medians: &Medians, group: &Group, runtime: &str, case: &str) -> Option<f64> {
    medians.get(&(group.name.to_owned(), runtime.to_owned(), case.to_owned())).copied()
}

/// Prints a group: a row for each case and each of hostel's ways.
fn print(group: &Group, medians: &Medians) {
    let measured = |runtime: &&&str| group.cases.iter().any(|case| median(medians, group, runtime, case).is_some());
    let others: Vec<_> = group.others.iter().filter(measured).collect();
    if !group.ways.iter().any(|(runtime, _)| measured(&runtime)) {
        return;
    }
    let heads: String = others.iter().map(|other| format!(" {other} | ÷ {other} |")).collect();
    println!("\n### {}\n\n| {} | hostel |{heads}", group.name, group.what);
    println!("|---|---:|{}", "---:|---:|".repeat(others.len()));
    let mut ratios = vec![vec![Vec::new(); others.len()]; group.ways.len()];
    for case in &group.cases {
        for ((runtime, way), ratios) in group.ways.iter().zip(&mut ratios) {
            let Some(hostel) = median(medians, group, runtime, case) else { continue };
            let cells = others.iter().zip(ratios).map(|(other, ratios)| {
                let Some(time) = median(medians, group, other, case) else { return " – | – |".to_owned() };
                ratios.push(hostel / time);
                format!(" {} | {:.2} |", duration(time), hostel / time)
            });
            println!("| {case}{way} | {} |{}", duration(hostel), cells.collect::<String>());
        }
    }
    for ((_, way), ratios) in group.ways.iter().zip(&ratios) {
        let cells = ratios
            .iter()
            .map(|ratios| geometric_mean(ratios).map_or(" | – |".to_owned(), |mean| format!(" | {mean:.2} |")));
        println!("| *geometric mean{way}* | |{}", cells.collect::<String>());
    }
}

/// A group of the picture: hostel's first way beside what comes nearest to it of wasmtime and wasmi.
fn section(group: &Group, medians: &Medians) -> Option<Section> {
    let (runtime, _) = group.ways[0];
    let peer = |name: &str| group.others.iter().find(|other| other.starts_with(name));
    let rows: Vec<_> = group
        .cases
        .iter()
        .filter_map(|case| {
            let hostel = median(medians, group, runtime, case)?;
            let ratios = ["wasmtime", "wasmi"].map(|name| Some(hostel / median(medians, group, peer(name)?, case)?));
            ratios.iter().any(Option::is_some).then(|| (case.clone(), ratios))
        })
        .collect();
    let way = if runtime == "hostel" { String::new() } else { format!(", {}", runtime.trim_start_matches("hostel ")) };
    let means = ["wasmtime", "wasmi"].into_iter().enumerate().filter_map(|(index, name)| {
        let ratios: Vec<_> = rows.iter().filter_map(|(_, ratios)| ratios[index]).collect();
        Some(format!("{:.2} × {name}", geometric_mean(&ratios)?))
    });
    let means = means.collect::<Vec<_>>().join(", ");
    (!rows.is_empty()).then(|| Section { title: format!("{}{way}: geometric mean {means}", group.name), rows })
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        ..10.0 => format!("{nanoseconds:.2} ns"),
        ..100.0 => format!("{nanoseconds:.1} ns"),
        ..10_000.0 => format!("{nanoseconds:.0} ns"),
        ..10_000_000.0 => format!("{:.1} µs", nanoseconds / 1e3),
        _ => format!("{:.1} ms", nanoseconds / 1e6),
    }
}
