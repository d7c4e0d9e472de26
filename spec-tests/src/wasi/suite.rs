//! Which suites and cases there are in a checkout.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::specification::Specification;

/// A folder of cases made for preview1.
#[derive(Clone, Debug)]
pub struct Suite {
    /// What its manifest calls it.
    pub name: String,
    /// The cases, by name.
    pub cases: Vec<Case>,
}

/// One guest program.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file's name without its ending.
    pub name: String,
    pub(super) module: PathBuf,
    pub(super) specification: Specification,
}

/// How deep below the directory that was given a suite may be (chosen: a checkout has them three folders down).
const DEPTH: usize = 6;

/// The suites for preview1 in a directory and below: wherever a `manifest.json` says so.
///
/// # Errors
///
/// A file or directory that cannot be read, a case's specification that is not understood, no suite at all.
pub fn suites(directory: &Path) -> Result<Vec<Suite>, String> {
    let mut found = Vec::new();
    search(directory, DEPTH, &mut found)?;
    if found.is_empty() {
        return Err(format!(
            "{}: no suite for wasm32-wasip1 (is it the branch with cases built?)",
            directory.display()
        ));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn search(directory: &Path, depth: usize, found: &mut Vec<Suite>) -> Result<(), String> {
    let manifest = directory.join("manifest.json");
    if manifest.is_file() {
        return suite(directory, &manifest).map(|suite| found.extend(suite));
    }
    for path in entries(directory)? {
        if depth > 0 && path.is_dir() && !path.is_symlink() {
            search(&path, depth - 1, found)?;
        }
    }
    Ok(())
}

/// The suite of that manifest, if it is one for preview1.
fn suite(directory: &Path, manifest: &Path) -> Result<Option<Suite>, String> {
    let value: Value = serde_json::from_str(&read(manifest)?).map_err(|error| at(manifest, error))?;
    if value["version"] != "wasm32-wasip1" {
        return Ok(None);
    }
    let name = value["name"].as_str().ok_or_else(|| at(manifest, "name: expected a string"))?.to_owned();
    let mut cases = Vec::new();
    for module in entries(directory)? {
        if module.extension().is_some_and(|extension| extension == "wasm") {
            let name = module.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let json = module.with_extension("json");
            let specification = if json.exists() {
                Specification::parse(&read(&json)?).map_err(|error| at(&json, error))?
            } else {
                Specification::default()
            };
            cases.push(Case { name, module, specification });
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Some(Suite { name, cases }))
}

fn entries(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    Ok(entries.map_err(|error| at(directory, error))?.iter().map(fs::DirEntry::path).collect())
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| at(file, error))
}

fn at(path: &Path, error: impl std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}
