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

/// Linux's `openat2` hides what cap-std's own walk by components does (RUSTSEC-2026-0269 was there). A thread takes the call
/// away from itself, and so from the process it then starts, which is this suite once more.
#[cfg(target_os = "linux")]
#[test]
fn host_without_openat2() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    /// Their numbers, on every architecture.
    const OPENAT2: i64 = 437;
    const ENOSYS: u32 = 38;
    let child = || {
        let arch = std::env::consts::ARCH.try_into().unwrap();
        let calls = std::collections::BTreeMap::from([(OPENAT2, Vec::new())]);
        let filter = SeccompFilter::new(calls, SeccompAction::Allow, SeccompAction::Errno(ENOSYS), arch).unwrap();
        let program: BpfProgram = filter.try_into().unwrap();
        apply_filter(&program).unwrap();
        let suite = std::env::current_exe().unwrap();
        let mut suite = std::process::Command::new(suite);
        suite.args(["host::", "--test-threads=4"]).env(openat2::WITHOUT, "1").output().unwrap()
    };
    let output = std::thread::spawn(child).join().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    let passed = report.lines().any(|line| line.starts_with("test result: ok.") && !line.contains(" 0 passed"));
    assert!(passed && report.contains("openat2::host::is_gone_when_it_is_to_be ... ok"), "{report}");
}

#[cfg(target_os = "linux")]
mod openat2 {
    /// Set in a process that has no `openat2`.
    pub const WITHOUT: &str = "HOSTEL_WITHOUT_OPENAT2";

    mod host {
        use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

        #[test]
        fn is_gone_when_it_is_to_be() {
            if std::env::var_os(super::WITHOUT).is_some() {
                let opened = openat2(CWD, ".", OFlags::PATH, Mode::empty(), ResolveFlags::BENEATH);
                assert_eq!(opened.unwrap_err(), rustix::io::Errno::NOSYS);
            }
        }
    }
}
