//! Running one case.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use hostel_engine::{Engine, Module};
use hostel_wasi::{Capture, WasiCtx, run_command};

use super::fixture::{Fixture, Fs};
use super::suite::Case;

/// How cases are run.
#[derive(Clone)]
pub struct Setting {
    /// The engine.
    pub engine: Engine,
    /// The file system of the cases' directories.
    pub fs: Fs,
    /// Variables for every guest, after its own. The suite's Rust cases look for some, such as `ERRNO_MODE_UNIX`.
    pub env: Vec<(String, String)>,
}

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was not as specified; nothing when it passed.
    pub failures: Vec<String>,
    /// How long it took, its directory's copy included.
    pub duration: Duration,
}

impl Outcome {
    /// Whether all was as specified.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// After this a case has failed. Chosen: none sleeps for a second; debug builds on a busy machine are slow.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// What is kept of each output. Chosen: cases print a few lines.
const OUTPUT_LIMIT: usize = 1 << 20;

/// Runs a case, on a thread of its own.
pub fn run(case: &Case, setting: &Setting) -> Outcome {
    let start = Instant::now();
    let (send, receive) = mpsc::channel();
    let (this, setting) = (case.clone(), setting.clone());
    let thread = thread::Builder::new().name(case.name.clone()).spawn(move || send.send(attempt(&this, &setting)));
    let failures = match thread {
        Err(error) => vec![format!("cannot start a thread: {error}")],
        Ok(_) => match receive.recv_timeout(TIME_LIMIT) {
            Ok(Ok(failures)) => failures,
            Ok(Err(failure)) => vec![failure],
            // The thread goes on; it ends with this process.
            Err(RecvTimeoutError::Timeout) => vec![format!("still running after {} s", TIME_LIMIT.as_secs())],
            Err(RecvTimeoutError::Disconnected) => vec!["the host panicked".into()],
        },
    };
    Outcome { failures, duration: start.elapsed() }
}

/// What was not as specified; an error when the guest did not come to an end of its own.
fn attempt(case: &Case, setting: &Setting) -> Result<Vec<String>, String> {
    let specification = &case.specification;
    let bytes = fs::read(&case.module).map_err(|error| format!("{}: {error}", case.module.display()))?;
    let module = Module::new(&setting.engine, bytes).map_err(|error| error.to_string())?;
    let (stdout, stderr) = (Capture::with_limit(OUTPUT_LIMIT), Capture::with_limit(OUTPUT_LIMIT));
    let mut builder = WasiCtx::builder()
        .arg(format!("{}.wasm", case.name))
        .args(&specification.args)
        .envs(specification.env.iter().chain(&setting.env).map(|(name, value)| (name, value)))
        .stdout(stdout.clone())
        .stderr(stderr.clone());
    let fixture = match &specification.root {
        Some(root) => Some(Fixture::new(&case.module.with_file_name(root), setting.fs)?),
        None => None,
    };
    if let Some(fixture) = &fixture {
        builder = fixture.mount(builder);
    }
    let ctx = builder.build().map_err(|error| error.to_string())?;
    let printed = || format!("stderr \"{}\"", stderr.contents().escape_ascii());
    let (status, _) = run_command(&setting.engine, &module, ctx).map_err(|error| format!("{error}; {}", printed()))?;

    let mut failures = Vec::new();
    if status != specification.exit_code {
        failures.push(format!("exit code: expected {}, found {status}; {}", specification.exit_code, printed()));
    }
    failures.extend(specification.stdout.check("stdout", &stdout.contents()).err());
    failures.extend(specification.stderr.check("stderr", &stderr.contents()).err());
    Ok(failures)
}
