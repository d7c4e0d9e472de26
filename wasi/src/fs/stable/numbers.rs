//! The numbers and times that stand for the host's.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::abi::{Filestat, Filetype};
use crate::clocks::VirtualClocks;
use crate::fs::SetTime;

/// What all files and directories of a context share.
pub(crate) struct Numbers {
    clocks: VirtualClocks,
    state: Mutex<State>,
}

/// Sorted maps: none of them has to be moved as a whole when it grows, which a guest would wait for.
#[derive(Default)]
struct State {
    devices: BTreeMap<u64, u64>,
    files: BTreeMap<(u64, u64), u64>,
    /// The last number given to a file.
    last: u64,
    /// Of the files that have a name, and of the streams.
    times: BTreeMap<u64, Times>,
}

/// Access, modification, change.
#[derive(Clone, Copy)]
struct Times {
    atim: u64,
    mtim: u64,
    ctim: u64,
}

const AT_THE_START: Times =
    Times { atim: VirtualClocks::START, mtim: VirtualClocks::START, ctim: VirtualClocks::START };

/// Which of a file's times become the present.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Touch {
    /// All of them: it is new.
    Created,
    /// Its contents have changed.
    Modified,
    /// Its names have.
    Changed,
}

/// The first numbers are those of the standard streams, whatever those are connected to.
const STREAMS: u64 = 3;

impl Numbers {
    pub(crate) fn new(clocks: VirtualClocks) -> Numbers {
        let times = (1..=STREAMS).map(|stream| (stream, AT_THE_START)).collect();
        Numbers { clocks, state: Mutex::new(State { last: STREAMS, times, ..State::default() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the file that the host calls so.
    pub(super) fn file(&self, dev: u64, ino: u64) -> u64 {
        let state = &mut *self.state();
        *state.files.entry((dev, ino)).or_insert_with(|| {
            state.last += 1;
            state.times.insert(state.last, AT_THE_START);
            state.last
        })
    }

    /// What the guest sees of a `filestat` of the host's; `file` is the number if it has been given already.
    pub(super) fn seen(&self, stat: &Filestat, file: Option<u64>) -> Filestat {
        let ino = file.unwrap_or_else(|| self.file(stat.dev, stat.ino));
        let state = &mut *self.state();
        // 1 is the streams'.
        let next = state.devices.len() as u64 + 2;
        let dev = if ino <= STREAMS { 1 } else { *state.devices.entry(stat.dev).or_insert(next) };
        let Times { atim, mtim, ctim } = *state.times.get(&ino).unwrap_or(&AT_THE_START);
        let seen = Filestat { dev, ino, atim, mtim, ctim, ..*stat };
        match stat.filetype {
            Filetype::RegularFile if ino <= STREAMS => Filestat { nlink: 1, ..seen },
            Filetype::RegularFile | Filetype::SymbolicLink => seen,
            _ => Filestat { size: 0, nlink: 1, ..seen },
        }
    }

    /// Notes that the guest has changed a file. Of one without a name nothing is kept: it shows the times of the start.
    pub(super) fn touch(&self, file: u64, touch: Touch) {
        let now = self.clocks.present();
        let mut state = self.state();
        let Some(times) = state.times.get_mut(&file) else { return };
        times.ctim = now;
        if touch != Touch::Changed {
            times.mtim = now;
        }
        if touch == Touch::Created {
            times.atim = now;
        }
    }

    /// `SetTime::Now` is the virtual present.
    pub(super) fn resolve(&self, time: SetTime) -> SetTime {
        if time == SetTime::Now { SetTime::At(self.clocks.present()) } else { time }
    }

    /// Notes times that the guest has set; they are resolved.
    pub(super) fn set_times(&self, file: u64, accessed: SetTime, modified: SetTime) {
        self.touch(file, Touch::Changed);
        let mut state = self.state();
        if let Some(times) = state.times.get_mut(&file) {
            for (time, set) in [(&mut times.atim, accessed), (&mut times.mtim, modified)] {
                if let SetTime::At(at) = set {
                    *time = at;
                }
            }
        }
    }

    /// Notes that a file is gone, unless it has other names.
    pub(super) fn forget(&self, gone: &Filestat) {
        if gone.filetype == Filetype::Directory || gone.nlink <= 1 {
            let mut state = self.state();
            if let Some(file) = state.files.remove(&(gone.dev, gone.ino)) {
                state.times.remove(&file);
            }
        }
    }
}
