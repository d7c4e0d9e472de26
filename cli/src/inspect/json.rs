//! A summary as JSON. The keys are a promise to scripts: they are added to, not changed.

use serde_json::{Value, json};

use super::summary::{Summary, Wasi};

/// JSON in ASCII: its own escapes for what is not, so that names reach programs as they are and a terminal unharmed.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        // What is not ASCII stands in strings only; of ASCII, the serializer leaves DEL as it is.
        if c.is_ascii() && c != '\x7f' {
            text.push(c);
        } else {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

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
    ascii(&format!("{value:#}\n"))
}
