//! `hostel-spec-tests core [FILTER]`: the pass table of the specification's suite; `hostel-spec-tests wasi DIR`: that of
//! WASI's, whose checkout is in DIR.

use std::process::ExitCode;

use hostel_spec_tests::{Expectations, core_scripts, run, setups, wasi};

const USAGE: &str = "usage: hostel-spec-tests core [--all] [FILTER]

Prints, for each suite and backend, how many scripts and directives pass, then every failure that expectations.txt does
not expect. FILTER is a part of a script's path, such as wasm-v2 or memory_grow. --all prints expected failures, too.";

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "wasi") {
        return wasi::command(&args[1..]);
    }
    let all = args.iter().position(|arg| arg == "--all").map(|at| args.remove(at)).is_some();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["core"] => core("", all),
        ["core", filter] => core(filter, all),
        _ => {
            eprintln!("{USAGE}\n\n{}", wasi::USAGE);
            ExitCode::from(2)
        }
    }
}

/// Sums of one suite on one backend.
#[derive(Default)]
struct Row {
    suite: String,
    scripts: usize,
    passed_scripts: usize,
    expected_scripts: usize,
    directives: usize,
    passed_directives: usize,
}

fn core(filter: &str, all: bool) -> ExitCode {
    let expectations = match Expectations::load() {
        Ok(expectations) => expectations,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut scripts = core_scripts();
    scripts.retain(|script| script.path().contains(filter));
    let mut unexpected = String::new();
    for setup in setups() {
        let mut rows: Vec<Row> = Vec::new();
        for script in &scripts {
            if rows.last().is_none_or(|row| row.suite != script.suite) {
                rows.push(Row { suite: script.suite.clone(), ..Row::default() });
            }
            let Some(row) = rows.last_mut() else { continue };
            let result = run(script, &setup);
            row.scripts += 1;
            row.expected_scripts += usize::from(expectations.mentions(script));
            match &result {
                Ok(report) => {
                    row.passed_scripts += usize::from(report.failures().next().is_none());
                    row.directives += report.directives.len();
                    row.passed_directives += report.passed();
                    for failure in report.failures().filter(|_| all) {
                        println!("{} {}:{failure}", setup.name, script.path());
                    }
                }
                Err(error) if all => println!("{} {error}", setup.name),
                Err(_) => {}
            }
            if let Err(differences) = expectations.check(script, &result) {
                for line in differences.lines() {
                    unexpected += &format!("{} {line}\n", setup.name);
                }
            }
        }
        println!("backend {}", setup.name);
        println!("{:24} {:>9} {:>9} {:>9} {:>13}", "suite", "scripts", "pass", "expected", "directives");
        for row in rows {
            let directives = format!("{}/{}", row.passed_directives, row.directives);
            let Row { suite, scripts, passed_scripts, expected_scripts, .. } = row;
            println!("{suite:24} {scripts:>9} {passed_scripts:>9} {expected_scripts:>9} {directives:>13}");
        }
    }
    if unexpected.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("\nunexpected:\n{unexpected}");
    ExitCode::FAILURE
}
