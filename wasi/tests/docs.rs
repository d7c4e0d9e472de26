//! What SECURITY.md says of WASI's limits is what the code has.

use std::collections::BTreeMap;

use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{IOVS_MAX, LISTING_WINDOW, PATH_MAX, SUBSCRIPTIONS_MAX, WALK_LEVELS_MAX, WasiLimits};

fn security() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../SECURITY.md");
    std::fs::read_to_string(path).expect("SECURITY.md is in the repository's root")
}

/// Names and numbers of the table that has this row.
fn table(text: &str, row: &str) -> BTreeMap<String, String> {
    let table = text.split("\n\n").find(|block| block.contains(row)).unwrap_or_else(|| panic!("no table with {row}"));
    let rows = table.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let mut cell = || cells.next().unwrap_or_default();
        (cell().trim_matches('`').to_owned(), cell().replace(' ', ""))
    });
    rows.collect()
}

#[test]
fn security_lists_every_limit_of_a_context_with_its_default() {
    // As `Debug` has them: none is forgotten here when one is added.
    let text = format!("{:?}", WasiLimits::default()).replace("None", "none");
    let fields = text.trim_start_matches("WasiLimits {").trim_end_matches('}').split(',');
    let fields = fields.map(|field| field.split_once(':').expect("a name and a value"));
    let defaults = fields.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect();
    assert_eq!(table(&security(), "| `open_fds` |"), defaults);
}

#[test]
fn security_lists_the_other_limits_with_their_numbers() {
    let listed = table(&security(), "| `IOVS_MAX` |");
    for (name, number) in [
        ("MemoryFsBuilder::max_bytes", MemoryFs::DEFAULT_MAX_BYTES),
        ("MemoryFsBuilder::max_inodes", MemoryFs::DEFAULT_MAX_INODES),
        ("MemoryFs::LEVELS_MAX", MemoryFs::LEVELS_MAX as u64),
        ("IOVS_MAX", IOVS_MAX as u64),
        ("PATH_MAX", PATH_MAX as u64),
        ("SUBSCRIPTIONS_MAX", SUBSCRIPTIONS_MAX as u64),
        ("LISTING_WINDOW", LISTING_WINDOW as u64),
        ("WALK_LEVELS_MAX", WALK_LEVELS_MAX as u64),
    ] {
        assert_eq!(listed.get(name), Some(&number.to_string()), "{name}");
    }
}
