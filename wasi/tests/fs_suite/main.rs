//! One suite, many file systems. Each behaviour is a function over a [`Fixture`]; each runs on the host's directories
//! and in memory, and the host's once more with the kernel's sandboxed open (`openat2`) taken away.
//!
//! Where the two file systems differ, POSIX is right.

mod escape;
mod io;
mod kit;
mod listing;
mod moves;
mod names;
mod open;
mod times;

use kit::Fixture;

/// Runs every behaviour on every file system.
macro_rules! suite {
    ($($file:ident: $($behaviour:ident)*;)*) => {
        mod host {
            $(mod $file {
                $(#[test] fn $behaviour() { crate::$file::$behaviour(&crate::Fixture::host()) })*
            })*
        }
        mod memory {
            $(mod $file {
                $(#[test] fn $behaviour() { crate::$file::$behaviour(&crate::Fixture::memory()) })*
            })*
        }
    };
}

suite! {
    open: the_matrix trailing_slashes creating truncating access_modes flags_that_exclude_each_other dots
        the_start_is_a_file_in_the_path nothing_leaks_after_failures;
    names: create_directory remove_directory unlink_file symlink read_link names_that_are_too_long
        paths_that_are_too_long removed_but_open stat_follows_when_told numbers_are_one_file names_are_bytes;
    moves: rename_files rename_directories rename_refuses rename_with_slashes rename_between_directories link_files
        link_links link_refuses other_file_systems;
    io: cursor_and_offsets vectors appending sizes holes seeking wrong_modes odd_numbers allocating two_descriptors
        readable_bytes flags_change durability large_transfers;
    times: set_on_files set_through_paths set_on_links changes_move_times keep_is_nothing now_is_now;
    escape: parents absolute_links links_outwards links_with_trailing_slashes chains_of_links nul_and_empty
        moved_directories racing_swaps;
    listing: names_numbers_types deleting_while_listing two_listings empty_and_removed many_entries;
}

/// Linux's `openat2` hides what cap-std's own walk by components does (RUSTSEC-2026-0269 was there). `strace` can take
/// the call away from a process; where it is missing or not allowed, nothing is shown.
#[cfg(target_os = "linux")]
#[test]
fn host_without_openat2() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let strace = |program: &std::path::Path| {
        let mut command = std::process::Command::new("strace");
        command.args(["-f", "--seccomp-bpf", "-qq", "-e", "trace=openat2", "-e", "inject=openat2:error=ENOSYS", "-o"]);
        command.arg(log.path()).arg(program);
        command
    };
    if !strace("true".as_ref()).output().is_ok_and(|output| output.status.success()) {
        eprintln!("no strace here: not tested");
        return;
    }
    let output = strace(&std::env::current_exe().unwrap()).args(["host::", "--test-threads=4"]).output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    let passed = report.lines().any(|line| line.starts_with("test result: ok.") && !line.contains(" 0 passed"));
    assert!(passed, "{report}");
    assert!(std::fs::read_to_string(log.path()).unwrap().contains("INJECTED"));
}
