//! `--timeout`: a thread that waits beside the guest, from before its file is opened.

use std::mem;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hostel_engine::InterruptHandle;
use hostel_wasi::StopHandle;

use crate::failure::{Failure, without_number};

/// How long a guest has to end that was stopped while it was loaded, computed or waited. What nothing here can end is a host
/// that is stuck itself, on a file that is a pipe without a writer, a trace that nobody reads or a disk that does not answer,
/// or that reads one very long section: then the process ends. Chosen.
const GRACE: Duration = Duration::from_secs(1);

/// What is to be stopped.
enum Target {
    /// The guest is being loaded.
    Loading,
    Running(StopHandle),
    /// The time is over.
    Nothing,
}

/// Stops the guest when its time is over. Dropping it stops the watching.
pub(super) struct Watch {
    target: Arc<Mutex<Target>>,
    loading: InterruptHandle,
    /// Dropped to say that the guest has ended.
    running: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts to watch: the guest is being loaded.
    pub(super) fn start(file: &Path, limit: Duration) -> Result<Watch, Failure> {
        let (running, ended) = mpsc::channel::<()>();
        let name: PathBuf = file.to_owned();
        let target = Arc::new(Mutex::new(Target::Loading));
        let loading = InterruptHandle::new();
        let (watched, stop_loading) = (target.clone(), loading.clone());
        let watch = move || {
            if ended.recv_timeout(limit) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            match mem::replace(&mut *lock(&watched), Target::Nothing) {
                Target::Loading => stop_loading.interrupt(),
                Target::Running(guest) => guest.stop(),
                Target::Nothing => {}
            }
            if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
                let failure = timeout(&name, limit);
                failure.report();
                process::exit(failure.status().into());
            }
        };
        let thread = thread::Builder::new().name("watch".into()).spawn(watch);
        let thread =
            thread.map_err(|error| Failure::new(format!("cannot start a thread: {}", without_number(&error))))?;
        Ok(Watch { target, loading, running: Some(running), thread: Some(thread) })
    }

    /// Stops the loading.
    pub(super) fn loading(&self) -> &InterruptHandle {
        &self.loading
    }

    /// The guest is loaded and is about to run. If its time is over already, it is stopped at once.
    pub(super) fn begin(&self, guest: StopHandle) {
        let mut target = lock(&self.target);
        match &*target {
            Target::Nothing => guest.stop(),
            _ => *target = Target::Running(guest),
        }
    }
}

/// Nothing panics while it holds the lock.
fn lock(target: &Mutex<Target>) -> MutexGuard<'_, Target> {
    target.lock().unwrap_or_else(PoisonError::into_inner)
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
