//! `hostel wast`: runs scripts and tells what does not hold.

use std::process::ExitCode;

use crate::args::Wast;
use crate::failure::{Failure, path};
use crate::wast::Runner;
use crate::{engine, load, output};

/// The longest script that is read. Chosen: the suite's longest is below 1 MiB.
const LIMIT: usize = 256 << 20;

/// Runs all files, each in a store of its own. Fails when a directive of one does.
pub(crate) fn run(options: &Wast) -> Result<ExitCode, Failure> {
    let mut all_pass = true;
    for file in &options.files {
        let name = path(file);
        let text = load::script(file, LIMIT)?;
        let mut runner = Runner::new(&engine::config()).map_err(|error| Failure::new(error.to_string()))?;
        let report = runner.run(&text).map_err(|error| Failure::new(format!("{name}:{error}")))?;
        let mut lines = String::new();
        for failure in report.failures() {
            lines += &format!("{name}:{failure}\n");
        }
        let (passed, total) = (report.passed(), report.directives.len());
        lines += &format!("{name}: {passed} of {total} directives pass\n");
        output::print(&lines)?;
        all_pass &= passed == total;
    }
    Ok(if all_pass { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
