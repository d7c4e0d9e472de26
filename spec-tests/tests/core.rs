//! One test for each script of the specification's suite and each setup.

use std::sync::Arc;

use hostel_spec_tests::core::{Expectations, run, scripts, setups};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let expectations = match Expectations::load() {
        Ok(expectations) => Arc::new(expectations),
        Err(error) => panic!("{error}"),
    };
    let scripts = scripts();
    let unknown = expectations.unknown(&scripts);
    let mut trials = vec![Trial::test("expectations_name_scripts", move || {
        if unknown.is_empty() { Ok(()) } else { Err(Failed::from(format!("no such scripts: {unknown:?}"))) }
    })];
    for setup in setups().into_iter().map(Arc::new) {
        for script in &scripts {
            let (script, setup, expectations) = (script.clone(), setup.clone(), expectations.clone());
            trials.push(Trial::test(format!("{}::{}", setup.name, script.path()), move || {
                Ok(expectations.check(&script, &run(&script, &setup))?)
            }));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}
