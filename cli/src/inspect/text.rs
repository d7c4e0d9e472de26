//! A summary as aligned text.

use std::collections::BTreeSet;
use std::fmt::Write;

use hostel_engine::Escaped;

use super::summary::{Import, Summary, Wasi};

/// The summary for people.
pub(super) fn show(summary: &Summary) -> String {
    let name = summary.name.as_ref().map_or(String::new(), |name| format!("{}, ", plain(name)));
    let mut text = format!("module    {name}{} bytes, {}\n", summary.bytes, plural(summary.functions, "function"));
    let runs = summary.problem.as_ref().map_or_else(|| "yes".to_owned(), |problem| format!("no: {problem}"));
    line(&mut text, "runs here", &runs);
    let features =
        if summary.features.is_empty() { "none beyond version 1".into() } else { summary.features.join(", ") };
    line(&mut text, "needs", &features);
    line(&mut text, "WASI", &wasi(&summary.imports));
    for (label, types) in [("memories", &summary.memories), ("tables", &summary.tables)] {
        for (number, ty) in types.iter().enumerate() {
            line(&mut text, if number == 0 { label } else { "" }, ty);
        }
    }
    let imports = summary.imports.iter().map(|import| {
        let note = match import.wasi {
            Some(Wasi::Unknown) => "  <- unknown",
            Some(Wasi::OtherType) => "  <- of another type here",
            None => "  <- not WASI",
            Some(Wasi::Known) => "",
        };
        vec![plain(&import.module), plain(&import.name), import.ty.clone() + note]
    });
    table(&mut text, "imports", imports.collect());
    let exports = summary.exports.iter().map(|export| vec![plain(&export.name), export.ty.clone()]);
    table(&mut text, "exports", exports.collect());
    text
}

fn line(text: &mut String, label: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{label:9} {value}");
}

/// Which WASI the module asks for.
fn wasi(imports: &[Import]) -> String {
    let modules: BTreeSet<&str> =
        imports.iter().filter(|import| import.wasi.is_some()).map(|import| &*import.module).collect();
    let parts = modules.iter().map(|&module| {
        let of_module = || imports.iter().filter(|import| import.module == module);
        let unusable = of_module().filter(|import| import.wasi != Some(Wasi::Known)).count();
        let note = if unusable == 0 { "all known".to_owned() } else { format!("{unusable} not known") };
        format!("{module}: {}, {note}", plural(of_module().count(), "function"))
    });
    let text = parts.collect::<Vec<_>>().join("; ");
    if text.is_empty() { "none".into() } else { text }
}

/// Rows in columns, each as wide as its widest cell.
fn table(text: &mut String, title: &str, rows: Vec<Vec<String>>) {
    let _ = writeln!(text, "\n{title} ({})", rows.len());
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in &rows {
        let mut shown = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(shown, "  {cell:width$}");
        }
        let _ = writeln!(text, "{}", shown.trim_end());
    }
}

fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// A name in a column of its own, or in quotes where that would not show where it begins and ends.
fn plain(name: &str) -> String {
    let bare = !name.is_empty() && !name.contains(char::is_whitespace);
    if bare { Escaped(name).to_string() } else { format!("{:?}", Escaped(name)) }
}
