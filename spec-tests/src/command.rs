//! What the commands `core` and `wasi` have in common: exit statuses, a progress bar, reports.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// The exit status of a command with these options: whether `run` says that all is as it should be.
pub(crate) fn exit_code<O>(
    options: Result<O, String>,
    usage: &str,
    run: impl Fn(&O) -> Result<bool, String>,
) -> ExitCode {
    match options.map(|options| run(&options)) {
        Ok(Ok(true)) => ExitCode::SUCCESS,
        Ok(Ok(false)) => ExitCode::FAILURE,
        Ok(Err(error)) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}\n{usage}");
            ExitCode::from(2)
        }
    }
}

/// A progress bar of that many steps.
pub(crate) fn progress(steps: usize) -> Result<ProgressBar, String> {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").map_err(|error| error.to_string())?;
    Ok(ProgressBar::new(steps as u64).with_style(style))
}

/// Writes a report to a file.
pub(crate) fn write(file: &Path, report: &Value) -> Result<(), String> {
    fs::write(file, format!("{report:#}\n")).map_err(|error| format!("cannot write {}: {error}", file.display()))
}
