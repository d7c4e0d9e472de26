//! A summary as JSON. The keys are a promise to scripts: they are added to, not changed.

use serde_json::{Value, json};

use super::summary::{Summary, Wasi};

/// The summary for programs.
pub(super) fn show(summary: &Summary) -> String {
    let imports: Vec<Value> = summary
        .imports
        .iter()
        .map(|import| {
            let wasi = import.wasi.map(|wasi| match wasi {
                Wasi::Known => "known",
                Wasi::Unknown => "unknown",
                Wasi::OtherType => "other type",
            });
            json!({ "module": import.module, "name": import.name, "type": import.ty, "wasi": wasi })
        })
        .collect();
    let exports: Vec<Value> =
        summary.exports.iter().map(|export| json!({ "name": export.name, "type": export.ty })).collect();
    let value = json!({
        "name": summary.name,
        "bytes": summary.bytes,
        "functions": summary.functions,
        "runs": summary.problem.is_none(),
        "problem": summary.problem,
        "features": summary.features,
        "memories": summary.memories,
        "tables": summary.tables,
        "imports": imports,
        "exports": exports,
    });
    format!("{value:#}\n")
}
