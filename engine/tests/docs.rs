//! What SECURITY.md says of the engine's limits is what the code has.

use std::collections::BTreeMap;

use hostel_engine::Limits;

/// The rows `` | `name` | number | … `` of the table whose first column is headed `field`.
fn table() -> BTreeMap<String, u64> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../SECURITY.md");
    let text = std::fs::read_to_string(path).expect("SECURITY.md is in the repository's root");
    let rows = text.lines().skip_while(|line| !line.starts_with("| field |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let name = cells.next().unwrap_or_default().trim_matches('`').to_owned();
        let number = cells.next().unwrap_or_default().replace(' ', "");
        (name, number.parse().unwrap_or_else(|_| panic!("not a number: {row}")))
    });
    rows.collect()
}

/// Every field with its default, as `Debug` has them: none is forgotten here when one is added.
fn defaults() -> BTreeMap<String, u64> {
    let text = format!("{:?}", Limits::default());
    let fields = text.trim_start_matches("Limits {").trim_end_matches('}').split(',');
    let fields = fields.map(|field| field.split_once(':').expect("a name and a value"));
    fields.map(|(name, value)| (name.trim().to_owned(), value.trim().parse().expect("a number"))).collect()
}

#[test]
fn security_lists_every_limit_with_its_default() {
    assert_eq!(table(), defaults());
}
