//! `hostel inspect`: what a module imports, exports and needs, as text or as JSON.

mod json;
mod summary;
mod text;

use std::process::ExitCode;

use hostel_engine::Limits;

use crate::args::Inspect;
use crate::failure::Failure;
use crate::{load, output};
use summary::Summary;

/// Inspects a module.
pub(crate) fn inspect(options: &Inspect) -> Result<ExitCode, Failure> {
    let file = &options.file;
    let bytes = load::module(file, Limits::default().module_bytes)?;
    let summary = Summary::new(&bytes).map_err(|problem| Failure::file(file, problem))?;
    let shown = if options.json { json::show(&summary) } else { text::show(&summary) };
    output::print(&shown)?;
    Ok(ExitCode::SUCCESS)
}
