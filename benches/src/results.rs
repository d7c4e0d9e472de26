//! What criterion measured, read back from its folder.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{calls, instances, kernels, start, wasi};

/// Nanoseconds per operation, by group, runtime and case.
pub type Medians = HashMap<(String, String, String), f64>;

/// A group of the table.
pub struct Group {
    /// Its name, that of the bench.
    pub name: &'static str,
    /// What an operation is.
    pub what: &'static str,
    /// Its cases, in order.
    pub cases: Vec<String>,
    /// hostel's ways, and how a row of each is called; the first has nothing to add.
    pub ways: &'static [(&'static str, &'static str)],
    /// What they are compared with: the name of the measured, and of the column.
    pub others: &'static [&'static str],
}

/// All groups.
pub fn groups() -> Vec<Group> {
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let one: &[_] = &[("hostel", "")];
    vec![
        Group {
            name: "host_call",
            what: "a call",
            cases: calls::CASES.iter().map(|case| case.name.to_owned()).collect(),
            ways: &[("hostel", ""), ("hostel raw", ", raw"), ("hostel raw with module", ", raw with module")],
            others: &["wasmtime", "wasmi"],
        },
        Group {
            name: "wasi_call",
            what: "a call",
            cases: wasi::CASES.iter().map(|case| case.name.to_owned()).collect(),
            ways: one,
            others: &["wasmtime", "wasmi", "direct"],
        },
        Group {
            name: "execute",
            what: "a kernel",
            cases: kernels::KERNELS.iter().map(|kernel| kernel.name.to_owned()).collect(),
            ways: one,
            others: &["wasmtime", "wasmi", "stitch"],
        },
        Group {
            name: "startup",
            what: "a module",
            cases: start::modules().into_iter().map(|(name, _)| name).collect(),
            ways: &[
                ("hostel lazy", ", lazy"),
                ("hostel lazy translation", ", lazy translation"),
                ("hostel eager", ", eager"),
            ],
            others: &["wasmtime", "wasmi lazy", "wasmi lazy translation", "wasmi eager"],
        },
        Group {
            name: "process",
            what: "a process",
            cases: names(&start::COMMANDS),
            ways: one,
            others: &["wasmtime", "wasmi"],
        },
        Group {
            name: "instances",
            what: "an instance",
            cases: names(&instances::CASES),
            ways: one,
            others: &["wasmtime", "wasmi"],
        },
    ]
}

/// Collects the results below a directory. Each is a folder `new` with `benchmark.json` (what it is) and
/// `estimates.json` (nanoseconds per iteration).
///
/// # Errors
///
/// Files that cannot be read, or are not criterion's.
pub fn read(directory: &Path, medians: &mut Medians) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(directory).map_err(|error| format!("{}: {error}", directory.display()))? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        if path.file_name().is_none_or(|name| name != "new") {
            read(&path, medians)?;
            continue;
        }
        let json =
            |name: &str| -> Result<Value, Box<dyn Error>> { Ok(serde_json::from_slice(&fs::read(path.join(name))?)?) };
        let (benchmark, estimates) = (json("benchmark.json")?, json("estimates.json")?);
        let text = |field: &str| benchmark[field].as_str().unwrap_or_default().to_owned();
        let operations = benchmark["throughput"]["Elements"].as_f64().unwrap_or(1.0);
        let median = estimates["median"]["point_estimate"].as_f64().ok_or("estimates.json without a median")?;
        medians.insert((text("group_id"), text("function_id"), text("value_str")), median / operations);
    }
    Ok(())
}

/// The geometric mean.
pub fn geometric_mean(ratios: &[f64]) -> Option<f64> {
    let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    (!ratios.is_empty()).then(|| (logarithms / ratios.len() as f64).exp())
}
