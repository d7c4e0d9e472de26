//! The soak, small: results are right, and neither memory nor descriptors grow with the number of guests.

use hostel_spec_tests::soak::{Held, Soak};

#[test]
fn guests_leave_nothing_behind() {
    let soak = Soak::new().unwrap();
    // Until everything is warm: code is translated, the allocator has its arenas.
    soak.in_sequence(400, |_| ()).unwrap();
    soak.at_once(50, |_| ()).unwrap();
    let before = Held::now(0);
    soak.in_sequence(2000, |_| ()).unwrap();
    let mut together = before;
    soak.at_once(100, |held| together = held).unwrap();
    let after = Held::now(0);
    assert_eq!(after.descriptors, before.descriptors);
    if before.descriptors > 0 {
        // Each has its directory, and some a file.
        assert!(together.descriptors >= before.descriptors + 100, "{together}");
    }
    // A guest that stayed would be at least two pages of memory and what its store has: 100 KiB.
    assert!(after.resident < before.resident + 20_000, "{before}, then {after}");
}
