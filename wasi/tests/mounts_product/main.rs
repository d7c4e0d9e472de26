//! The product of spellings, path functions and arrangements: a place in a mount is the same by every way to it.
//!
//! `mount_ways.rs` has more arrangements and fewer functions. Here every outcome is also written down, the outer file
//! system has the mount's names too, so that a wrong way has something to find, and everything runs once more without
//! `openat2`, for cap-std's other resolver.
//!
//! `cargo test -p hostel-wasi --test mounts_product table -- --nocapture` prints the outcomes.

#[path = "../kit/mod.rs"]
mod kit;

mod cases;
mod operation;
mod scene;
mod spelling;

use std::collections::BTreeMap;

use operation::{AT_THE_NAME, Operation, Outcome, operations, show};
use scene::{Arrangement, RO, RW, Scene, State, arrangements};
use spelling::{CLASSES, PLAIN, Root, Spelling, Text, spellings};

/// Runs operations, each on file systems as they are made: what none has changed is used again.
struct Runner {
    arrangement: Arrangement,
    /// The name in the mount that links lead to.
    name: &'static str,
    scene: Scene,
    fresh: State,
}

impl Runner {
    fn new(arrangement: Arrangement, name: &'static str) -> Runner {
        let scene = arrangement.scene_with_links(name);
        Runner { arrangement, name, fresh: scene.state(), scene }
    }

    fn run(&mut self, operation: impl FnOnce(&mut kit::Guest) -> Outcome) -> (Outcome, State) {
        let mut guest = self.arrangement.guest(&self.scene);
        let outcome = operation(&mut guest);
        drop(guest);
        let state = self.scene.state();
        if state != self.fresh {
            self.scene = self.arrangement.scene_with_links(self.name);
        }
        (outcome, state)
    }

    fn run_at(&mut self, spelling: Spelling, operation: &Operation) -> (Outcome, State) {
        self.run(|guest| {
            let (fd, path) = spelling.place(guest, operation.name);
            (operation.run)(guest, (fd, &path))
        })
    }
}

/// What has come to be, gone or changed.
fn changes(before: &State, after: &State) -> Vec<String> {
    let all: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    all.into_iter().filter(|path| before.get(*path) != after.get(*path)).cloned().collect()
}

fn check_plain(operation: &Operation, runner: &Runner, found: &(Outcome, State)) {
    let Operation { what, name, .. } = operation;
    let arrangement = runner.arrangement;
    let place = format!("{what} {name:?}, spelled plainly, {}", arrangement.describe());
    let writable = arrangement.inner.1 == RW;
    assert_eq!(show(&found.0), operation.expected(writable), "{place}");
    let changed = changes(&runner.fresh, &found.1);
    let outside: Vec<_> = changed.iter().filter(|path| !path.starts_with("inner/")).collect();
    assert!(outside.is_empty(), "{place}: changed {outside:?}");
    assert_eq!(!changed.is_empty(), writable && operation.changes, "{place}: changed {changed:?}");
}

/// A link that is not followed: the operation is on the link, as on one that leads elsewhere.
fn check_unfollowed(operation: &Operation, runner: &mut Runner, spelling: Spelling, found: &(Outcome, State)) {
    let control = Spelling { text: Text::Link("elsewhere-"), ..spelling };
    let expected = runner.run_at(control, operation);
    let place = format!("{} {:?} by {spelling:?}, {}", operation.what, operation.name, runner.arrangement.describe());
    if operation.what != "readlink" && !operation.what.starts_with("filestat_get") {
        assert_eq!(found.0, expected.0, "{place}");
    }
    let inner = |state: &State| -> BTreeMap<String, String> {
        let in_mount = |path: &str| path.starts_with("inner/") || path.starts_with("outer/m/");
        state.iter().filter(|(path, _)| in_mount(path)).map(|(path, is)| (path.clone(), is.clone())).collect()
    };
    assert_eq!(inner(&found.1), inner(&expected.1), "{place}");
    if runner.arrangement.outer.1 == RO {
        assert_eq!(changes(&runner.fresh, &found.1), changes(&runner.fresh, &expected.1), "{place}");
    }
}

/// All outcomes of an arrangement, by operation and class of spelling; each is checked against the plain spelling.
fn check_arrangement(arrangement: Arrangement) -> Vec<(String, BTreeMap<&'static str, String>)> {
    let mut table = Vec::new();
    for operation in operations() {
        let mut runner = Runner::new(arrangement, operation.name);
        let plain = runner.run_at(PLAIN, &operation);
        check_plain(&operation, &runner, &plain);
        let mut row: BTreeMap<&'static str, String> = BTreeMap::new();
        for spelling in spellings() {
            if spelling.is_link() && operation.name.is_empty() {
                continue;
            }
            let found = runner.run_at(spelling, &operation);
            let mut shown = show(&found.0);
            if spelling.is_link() && !operation.follows {
                check_unfollowed(&operation, &mut runner, spelling, &found);
                shown = format!("({shown})");
            } else {
                let (Operation { what, name, .. }, place) = (&operation, arrangement.describe());
                assert_eq!(found.0, plain.0, "{what} {name:?} by {spelling:?}, {place}");
                let differences = changes(&plain.1, &found.1);
                assert!(differences.is_empty(), "{what} {name:?} by {spelling:?}, {place}: differs in {differences:?}");
            }
            let known = row.entry(spelling.class).or_insert_with(|| shown.clone());
            if *known != shown {
                *known = format!("{known}|{shown}");
            }
        }
        table.push((format!("{} {}", operation.what, operation.name), row));
    }
    table
}

/// The product, and its table.
#[test]
fn the_product_as_a_table() {
    println!("columns: {}", spelling_legend());
    println!("(in parentheses: the link is not followed, so that the operation is on the link in the outer one)");
    for arrangement in arrangements() {
        let table = check_arrangement(arrangement);
        println!("\n{}", arrangement.describe());
        for (operation, row) in table {
            let cells: Vec<_> = CLASSES.iter().map(|class| row.get(class).map_or("-", String::as_str)).collect();
            // Neighbours with the same outcome are one cell.
            let mut runs: Vec<(usize, usize, &str)> = Vec::new();
            for (column, cell) in cells.into_iter().enumerate() {
                match runs.last_mut() {
                    Some((_, last, text)) if *text == cell => *last = column,
                    _ => runs.push((column, column, cell)),
                }
            }
            let letter = |column: usize| char::from(b'a' + column as u8);
            let shown: Vec<_> =
                runs.iter().map(|(first, last, text)| format!("{}-{} {text}", letter(*first), letter(*last))).collect();
            println!("  {operation:<28} {}", shown.join("  "));
        }
    }
}

fn spelling_legend() -> String {
    let letters = ('a'..='z').zip(CLASSES);
    letters.map(|(letter, class)| format!("{letter} = {class}")).collect::<Vec<_>>().join(", ")
}

/// The mounted name cannot be removed, moved, replaced or made again, however it is spelled.
#[test]
fn the_mounted_name_stays() {
    for arrangement in arrangements() {
        let mut runner = Runner::new(arrangement, "file");
        for (what, expected, run) in AT_THE_NAME {
            for spelled in
                ["m", "x/../m", "to-x/../m", "x/../x/./../m", "m/dir/../../m", "to-m/../m", "m/", "x/..//m//"]
            {
                for root in [Root::Preopen, Root::Reopened("x/.."), Root::Reopened("m/..")] {
                    let spelling = Spelling { class: "plain", text: Text::Below(spelled), root };
                    let (outcome, state) = runner.run(|guest| {
                        let (fd, path) = spelling.place(guest, "");
                        run(guest, (fd, &path))
                    });
                    let place = format!("{what} by {spelling:?}, {}", arrangement.describe());
                    // Neither a name that is there nor a rename between mounts depends on the outer mount's permissions.
                    let removes = ["BUSY", "ISDIR"].contains(&expected) && what != "create";
                    let expected = if removes && arrangement.outer.1 == RO { "ROFS" } else { expected };
                    assert_eq!(show(&outcome), expected, "{place}");
                    assert_eq!(changes(&runner.fresh, &state), Vec::<String>::new(), "{place}");
                }
            }
            // By `.` and `..` as the last component, and from a descriptor of the mount itself.
            for spelled in ["m/.", "m/dir/..", "x/../m/.", "to-m/.", "chain/dir/.."] {
                let (outcome, state) = runner.run(|guest| run(guest, (kit::ROOT, spelled)));
                let place = format!("{what} {spelled}, {}: {}", arrangement.describe(), show(&outcome));
                assert!(outcome.is_err(), "{place}");
                assert_eq!(changes(&runner.fresh, &state), Vec::<String>::new(), "{place}");
            }
        }
    }
}

/// Links to the mounted directory are names of the outer file system: they may go, the mount stays.
#[test]
fn a_link_to_the_mount_goes_alone() {
    for arrangement in arrangements() {
        let mut runner = Runner::new(arrangement, "file");
        for name in ["to-m", "x/back", "chain", "to-file"] {
            for (what, run) in [("unlink", 1), ("rename away", 2), ("rename onto", 5)] {
                let run = AT_THE_NAME[run].2;
                let (outcome, state) = runner.run(|guest| run(guest, (kit::ROOT, name)));
                let place = format!("{what} {name}, {}", arrangement.describe());
                let expected = if arrangement.outer.1 == RO { "ROFS" } else { "ok" };
                assert_eq!(show(&outcome), expected, "{place}");
                let changed = changes(&runner.fresh, &state);
                assert_eq!(changed.is_empty(), outcome.is_err(), "{place}");
                let in_mount =
                    |path: &&String| path.starts_with("inner/") || path.starts_with("outer/m/") || **path == "outer/m";
                assert_eq!(changed.iter().filter(in_mount).count(), 0, "{place}: changed {changed:?}");
            }
        }
    }
}
