//! What the fuzz targets and the binaries share: the cases of the engine's own differential test, the bodies of its test
//! `hostile`, and other engines to run cases on.

#[path = "../../engine/tests/differential/mod.rs"]
pub mod cases;
#[path = "../../engine/tests/hostile/mod.rs"]
pub mod hostile;
pub mod peers;

use cases::Case;
use cases::generate::{Profile, case};
use cases::{Report, difference, hostel};

/// Another engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// Only hostel's configurations with each other.
    None,
    Wasmi,
    #[cfg(feature = "wasmtime")]
    Wasmtime,
}

impl Peer {
    pub fn profile(self) -> Profile {
        match self {
            Peer::Wasmi => Profile { exceptions: false, function_references: false, ..Profile::ALL },
            _ => Profile::ALL,
        }
    }

    /// A report in words that the peer has: wasmi does not tell an indirect call outside a table from another access.
    fn translate(self, report: &Report) -> Report {
        let word = |line: &String| match self {
            #[cfg(feature = "wasmtime")]
            Peer::Wasmtime => line
                .replace("trapped: undefined element", "trapped: out of bounds table access")
                .replace("trapped: null exception reference", "trapped: null reference")
                .replace("trapped: null function reference", "trapped: null reference"),
            Peer::Wasmi => line.replace("trapped: undefined element", "trapped: out of bounds table access"),
            _ => line.clone(),
        };
        Report { lines: report.lines.iter().map(word).collect(), cut: report.cut }
    }

    fn run(self, case: &Case) -> Option<Report> {
        match self {
            Peer::None => None,
            Peer::Wasmi => Some(peers::wasmi::run(case)),
            #[cfg(feature = "wasmtime")]
            Peer::Wasmtime => Some(peers::wasmtime::run(case, true)),
        }
    }

    /// What the peer does otherwise than `first`, and whether that ended early for a limit. A NaN that wasmtime makes in
    /// one of two ways is no difference.
    fn compare(self, case: &Case, first: &Report) -> Option<(Option<String>, bool)> {
        let report = self.run(case)?;
        let first = self.translate(first);
        let what = difference(&first, &report);
        #[cfg(feature = "wasmtime")]
        if self == Peer::Wasmtime && what.is_some() && difference(&first, &peers::wasmtime::run(case, false)).is_none()
        {
            return Some((None, report.cut));
        }
        Some((what, report.cut))
    }
}

/// Whether wasmtime, where this build has it, does what hostel does.
fn agrees_with_wasmtime(case: &Case, first: &Report) -> bool {
    #[cfg(feature = "wasmtime")]
    {
        Peer::Wasmtime.compare(case, first).is_some_and(|(what, _)| what.is_none())
    }
    #[cfg(not(feature = "wasmtime"))]
    {
        let _ = (case, first);
        false
    }
}

/// What came of a seed.
#[derive(Default)]
pub struct Verdict {
    pub calls: usize,
    pub returned: usize,
    /// Whether the comparison ended early for a limit.
    pub cut: bool,
    pub differences: Vec<String>,
    /// Where only wasmi is of another opinion, and wasmtime of hostel's.
    pub outvoted: bool,
    pub wasm: Vec<u8>,
}

/// Runs a seed's case on all configurations and the peer; `None` where there is no case. `profile` is what the module
/// may have, which has to be no more than the peer knows.
pub fn judge(seed: u64, peer: Peer, profile: Profile) -> Option<Verdict> {
    let case = case(seed, profile)?;
    let setups = hostel::setups();
    let first = hostel::run(&setups[0], &case);
    let mut verdict =
        Verdict { calls: case.calls.len(), returned: first.returned(), cut: first.cut, ..Verdict::default() };
    let name = &setups[0].name;
    for setup in &setups[1..] {
        if let Some(what) = difference(&first, &hostel::run(setup, &case)) {
            verdict.differences.push(format!("{name} and {}:\n     {what}", setup.name));
        }
    }
    if let Some((what, cut)) = peer.compare(&case, &first) {
        verdict.cut |= cut;
        if let Some(what) = what {
            verdict.outvoted = peer == Peer::Wasmi && agrees_with_wasmtime(&case, &first);
            verdict.differences.push(format!("{name} and {peer:?}:\n     {what}"));
        }
    }
    if first.lines.first().is_some_and(|line| line.starts_with("refused")) {
        verdict.differences.push(format!("{name}: {}", first.lines[0]));
    }
    verdict.wasm = case.wasm;
    Some(verdict)
}
