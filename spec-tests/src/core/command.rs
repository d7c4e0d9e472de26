//! `hostel-spec-tests core`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::report::{ScriptResult, SetupResult, report, table};
use super::{Expectations, run, scripts, setups};
use crate::command::{exit_code, progress, write};

/// How it is used.
pub const USAGE: &str = "usage: hostel-spec-tests core [--all] [--setup NAME] [--report FILE] [FILTER]

Prints, for each directory of the suite and each setup (loop, tail, lazy, metered), how many scripts and directives pass,
then every failure that expectations.txt does not expect, and every pass that it does not. --setup runs one of them,
--all prints expected failures too, --report writes JSON. FILTER is a part of a script's path, such as wasm-v2 or
memory_grow.";

#[derive(Default)]
struct Options {
    all: bool,
    setup: Option<String>,
    report: Option<PathBuf>,
    filter: String,
}

impl Options {
    fn parse(args: &[String]) -> Result<Options, String> {
        let mut options = Options::default();
        let mut filter = None;
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg}: a value is missing"));
            match arg.as_str() {
                "--all" => options.all = true,
                "--setup" => options.setup = Some(value()?.clone()),
                "--report" => options.report = Some(value()?.into()),
                option if option.starts_with('-') => return Err(format!("unknown option {option}")),
                name if filter.is_none() => filter = Some(name.to_owned()),
                _ => return Err("expected one filter at most".into()),
            }
        }
        options.filter = filter.unwrap_or_default();
        Ok(options)
    }
}

/// Runs the command, whose arguments are `args`.
pub fn command(args: &[String]) -> ExitCode {
    exit_code(Options::parse(args), USAGE, run_all)
}

/// Whether everything came out as expected.
fn run_all(options: &Options) -> Result<bool, String> {
    let expectations = Expectations::load()?;
    let mut scripts = scripts();
    scripts.retain(|script| script.path().contains(&options.filter));
    let mut setups = setups();
    setups.retain(|setup| options.setup.as_ref().is_none_or(|wanted| wanted == setup.name));
    if scripts.is_empty() || setups.is_empty() {
        return Err("no script's path has that in it, or this build has no such setup".into());
    }
    let progress = progress(scripts.len() * setups.len())?;
    let mut results = Vec::new();
    for setup in &setups {
        let mut ran = Vec::new();
        for script in &scripts {
            progress.set_message(format!("{} {}", setup.name, script.path()));
            let outcome = run(script, setup);
            let differences = expectations.check(script, &outcome).err().unwrap_or_default();
            let differences = differences.lines().map(str::to_owned).collect();
            ran.push(ScriptResult {
                suite: script.suite.clone(),
                name: script.name.clone(),
                expected: expectations.mentions(script),
                outcome,
                differences,
            });
            progress.inc(1);
        }
        results.push(SetupResult { setup: setup.name, scripts: ran });
    }
    progress.finish_and_clear();
    print!("{}", table(&results, options.all));
    if let Some(file) = &options.report {
        write(file, &report(&results))?;
    }
    Ok(results.iter().all(SetupResult::as_expected))
}
