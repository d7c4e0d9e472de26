//! `hostel-spec-tests wasi`.

use std::path::PathBuf;
use std::process::ExitCode;

use hostel_engine::Engine;

use super::fixture::Fs;
use super::report::{SuiteResult, report, table};
use super::run::{Setting, run};
use super::suite::{Suite, suites};
use crate::command::{exit_code, progress, write};

/// How it is used.
pub const USAGE: &str =
    "usage: hostel-spec-tests wasi DIR [--fs host|memory] [--env NAME=VALUE]... [--report FILE] [FILTER]

Runs the cases for preview1 in a checkout of WebAssembly/wasi-testsuite, its branch with the cases built, on the host's
file system and in memory, or on one of them. --env sets a variable for every guest, --report writes JSON. FILTER is a
part of a suite's or case's name. Fails unless every case passes.";

struct Options {
    directory: PathBuf,
    fs: Vec<Fs>,
    env: Vec<(String, String)>,
    report: Option<PathBuf>,
    filter: String,
}

impl Options {
    fn parse(args: &[String]) -> Result<Options, String> {
        let mut names = Vec::new();
        let (mut fs, mut env, mut report) = (Fs::ALL.to_vec(), Vec::new(), None);
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg}: a value is missing"));
            match arg.as_str() {
                "--fs" => {
                    let name = value()?;
                    fs = Fs::ALL.into_iter().filter(|fs| fs.name() == name).collect();
                }
                "--env" => {
                    let (name, value) = value()?.split_once('=').ok_or("--env: expected NAME=VALUE")?;
                    env.push((name.to_owned(), value.to_owned()));
                }
                "--report" => report = Some(value()?.into()),
                option if option.starts_with('-') => return Err(format!("unknown option {option}")),
                name => names.push(name),
            }
        }
        if fs.is_empty() {
            return Err("--fs: expected host or memory".into());
        }
        let (directory, filter) = match names[..] {
            [directory] => (directory, ""),
            [directory, filter] => (directory, filter),
            _ => return Err("expected a directory, and at most one filter after it".into()),
        };
        Ok(Options { directory: directory.into(), fs, env, report, filter: filter.into() })
    }
}

/// Runs the command, whose arguments are `args`.
pub fn command(args: &[String]) -> ExitCode {
    exit_code(Options::parse(args), USAGE, run_all)
}

/// Whether every case has passed.
fn run_all(options: &Options) -> Result<bool, String> {
    let suites = filtered(suites(&options.directory)?, &options.filter);
    let count: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    let progress = progress(count * options.fs.len())?;
    let mut results = Vec::new();
    for &fs in &options.fs {
        let setting = Setting { engine: Engine::default(), fs, env: options.env.clone() };
        for suite in &suites {
            let mut cases = Vec::new();
            for case in &suite.cases {
                progress.set_message(format!("{} {}", fs.name(), case.name));
                cases.push((case.name.clone(), run(case, &setting)));
                progress.inc(1);
            }
            results.push(SuiteResult { suite: suite.name.clone(), fs, cases });
        }
    }
    progress.finish_and_clear();
    println!("{}", table(&results));
    if let Some(file) = &options.report {
        write(file, &report(&results))?;
    }
    if count == 0 {
        return Err(format!("no case's name has {:?} in it", options.filter));
    }
    Ok(results.iter().all(|result| result.passed() == result.cases.len()))
}

fn filtered(mut suites: Vec<Suite>, filter: &str) -> Vec<Suite> {
    for suite in &mut suites {
        let whole = suite.name.contains(filter);
        suite.cases.retain(|case| whole || case.name.contains(filter));
    }
    suites.retain(|suite| !suite.cases.is_empty());
    suites
}
