//! `--timeout`: a thread that waits beside the guest.

use std::path::{Path, PathBuf};
use std::process;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hostel_wasi::StopHandle;

use crate::failure::{Failure, without_number};

/// How long a guest has to end that was stopped while it computed or waited. What neither the engine nor WASI can end is a
/// host that is stuck itself, on a trace that nobody reads or a disk that does not answer: then the process ends. Chosen.
const GRACE: Duration = Duration::from_secs(1);

/// Stops the guest when its time is over. Dropping it stops the watching.
pub(super) struct Watch {
    /// Dropped to say that the guest has ended.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts to watch.
    pub(super) fn start(file: &Path, limit: Duration, guest: StopHandle) -> Result<Watch, Failure> {
        let (running, ended) = mpsc::channel::<()>();
        let name: PathBuf = file.to_owned();
        let watch = move || {
            if ended.recv_timeout(limit) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            guest.stop();
            if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
                let failure = timeout(&name, limit);
                failure.report();
                process::exit(failure.status().into());
            }
        };
        let thread = thread::Builder::new().name("watch".into()).spawn(watch);
        let thread =
            thread.map_err(|error| Failure::new(format!("cannot start a thread: {}", without_number(&error))))?;
        Ok(Watch { running: Some(running), thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.running.take());
        if let Some(thread) = self.thread.take() {
            // It ends at once, and reports nothing that somebody waits for.
            let _ = thread.join();
        }
    }
}

/// The failure of a guest whose time is over.
pub(super) fn timeout(file: &Path, limit: Duration) -> Failure {
    Failure::spent(file, format_args!("timeout: still running after {}", humantime::format_duration(limit)))
}
