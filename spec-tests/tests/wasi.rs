//! WebAssembly/wasi-testsuite, where the environment variable `WASI_TESTSUITE` names a checkout with the cases built: one
//! test for each case and file system. The Rust suite runs a second time with `ERRNO_MODE_UNIX`, which takes no errno but
//! the one of a Unix.

use std::path::Path;

use hostel_engine::Engine;
use hostel_spec_tests::wasi::{Fs, Setting, run, suites};
use libtest_mimic::{Arguments, Failed, Trial};

const VARIABLE: &str = "WASI_TESTSUITE";

fn main() {
    let arguments = Arguments::from_args();
    let trials = match std::env::var_os(VARIABLE) {
        Some(checkout) => trials(Path::new(&checkout)),
        None => {
            eprintln!("skipped: {VARIABLE} is not set; it names a checkout of WebAssembly/wasi-testsuite");
            let name = format!("skipped, as {VARIABLE} is not set");
            vec![Trial::test(name, || Ok(())).with_ignored_flag(true)]
        }
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials(checkout: &Path) -> Vec<Trial> {
    let suites = match suites(checkout) {
        Ok(suites) => suites,
        Err(error) => return vec![Trial::test("the suite can be read", move || Err(Failed::from(error)))],
    };
    let engine = Engine::default();
    let mut trials = Vec::new();
    for suite in &suites {
        let strict = [("ERRNO_MODE_UNIX".to_owned(), "1".to_owned())];
        // The others look at their whole environment.
        let modes: &[_] =
            if suite.name.contains("Rust") { &[("", &[][..]), (", strict", &strict[..])] } else { &[("", &[])] };
        for ((mode, env), fs) in modes.iter().flat_map(|mode| Fs::ALL.map(|fs| (*mode, fs))) {
            for case in &suite.cases {
                let (case, setting) = (case.clone(), Setting { engine: engine.clone(), fs, env: env.to_vec() });
                let name = format!("{}{mode}::{}::{}", fs.name(), suite.name, case.name);
                trials.push(Trial::test(name, move || {
                    let outcome = run(&case, &setting);
                    if outcome.passed() { Ok(()) } else { Err(Failed::from(outcome.failures.join("\n"))) }
                }));
            }
        }
    }
    trials
}
