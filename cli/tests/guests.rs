//! The prebuilt guests do what their README says, as far as it is the command's affair; `files` also in other places.

mod kit;

use std::fs;

use kit::{Scratch, guest, hostel, hostel_with_stdin};

#[test]
fn cat_wc_and_walk() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path().join("b/inner")).unwrap();
    fs::create_dir(scratch.path().join("c")).unwrap();
    scratch.file("a.txt", "one two\nthree\n");
    scratch.file("b/inner/x", "x");
    let dir = format!("{}::/t", scratch.path().display());
    hostel(["run", "--dir", &dir, &guest("cat"), "/t/a.txt", "/t/missing"])
        .exits(1)
        .prints("one two\nthree\n")
        .says(&["cat: /t/missing: No such file or directory"]);
    hostel(["run", "--dir", &dir, &guest("wc"), "/t/a.txt", "/t/b/inner/x"]).exits(0).prints(
        "      2       3      14 /t/a.txt\n      0       1       1 /t/b/inner/x\n      2       4      15 total\n",
    );
    hostel_with_stdin(["run", &guest("wc")], "a b  c\n").exits(0).prints("      1       3       7 -\n");
    let outcome = hostel(["run", "--dir", &dir, &guest("walk"), "/t"]).exits(0);
    assert!(outcome.stdout.ends_with("4 directories, 2 files, 15 bytes, 0 links, 0 others\n"), "{outcome:?}");
}

#[test]
fn files() {
    let scratch = Scratch::new();
    for name in ["/s", "."] {
        let dir = format!("{}::{name}", scratch.path().display());
        let outcome = hostel(["run", "--dir", &dir, &guest("files"), name]).exits(0);
        assert!(outcome.stdout.ends_with("59 steps, 0 failed\n"), "{outcome:?}");
        assert_eq!(scratch.path().read_dir().unwrap().count(), 0);
    }
}

#[test]
fn clock_and_sleep() {
    let outcome = hostel(["run", &guest("clock")]).exits(0);
    assert!(
        outcome.stdout.lines().count() == 9 && outcome.stdout.lines().all(|line| line.ends_with(": yes")),
        "{outcome:?}"
    );
    let outcome = hostel(["run", &guest("sleep"), "5"]).exits(0);
    assert!(outcome.stdout.lines().all(|line| line.ends_with(": yes")), "{outcome:?}");
}

#[test]
fn exit() {
    for status in ["0", "7", "255"] {
        hostel(["run", &guest("exit"), status]).exits(status.parse().unwrap()).prints("");
    }
    hostel(["run", &guest("exit"), "foo"]).exits(2);
}

#[test]
fn every_trap() {
    for (name, message) in [
        ("unreachable", "unreachable"),
        ("divide", "integer divide by zero"),
        ("overflow", "integer overflow"),
        ("convert", "invalid conversion to integer"),
        ("bounds", "out of bounds memory access"),
        ("table", "undefined element"),
        ("null", "uninitialized element"),
        ("signature", "indirect call type mismatch"),
        ("recursion", "call stack exhausted"),
    ] {
        let frame = format!("0: trap!trap_{name}");
        hostel(["run", &guest("trap"), name]).exits(134).says(&["trap: ", message]).says(&[&frame]);
    }
}

#[test]
fn primes() {
    hostel(["run", &guest("primes"), "10"])
        .exits(0)
        .prints("primes below 10: 4, largest 7, checksum 0946c77704fdbb46\n");
}
