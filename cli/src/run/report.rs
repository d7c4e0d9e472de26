//! `--report`: what the guest has used, on stderr, whichever way it ended.

use hostel_engine::Store;

use super::Guest;
use crate::args::Run;
use crate::output;

/// Prints a line for each thing that guests use up.
pub(super) fn print(options: &Run, store: &Store<Guest>) {
    let usage = store.data().wasi.usage();
    let mut lines = String::new();
    if let Ok(used) = store.fuel_consumed() {
        lines += &match options.fuel {
            Some(units) => format!("hostel: used: fuel {used} of {units}\n"),
            None => format!("hostel: used: fuel {used}\n"),
        };
    }
    let numbers = [
        ("bytes read", usage.bytes_read),
        ("bytes written", usage.bytes_written),
        ("random bytes", usage.random_bytes),
        ("connections", usage.sockets_accepted),
    ];
    for (name, number) in numbers {
        lines += &format!("hostel: used: {name} {number}\n");
    }
    lines += &format!("hostel: used: waiting {} ms\n", usage.waited.as_millis());
    output::tell(&lines);
}
