//! How long things take in hostel, beside other runtimes in the same process and run.
//!
//! ```console
//! $ cargo bench -p hostel-benches                              # hostel alone
//! $ cargo bench -p hostel-benches --features peers             # beside wasmtime (with Cranelift), wasmi and stitch
//! $ cargo run -p hostel-benches --bin table                    # the medians and ratios of what was run, as Markdown
//! ```
//!
//! Beside the benches there are commands: `kernels` (the kernels alone, in seconds), `budgets` (what fuel and
//! interruption cost), `interruptions` (how soon a guest stops), `memory` (what an instance takes), `growth` (time against
//! size), `repeat` (one WASI function again and again, for a profiler).
//!
//! ```text
//! calls      guest ─► host ─► guest, no WASI: cases and guests ─┐
//! wasi       one WASI function each: cases and guests           │
//! world      files, arguments, streams for every engine         ├─► hostel · wasmtime · wasmi · stitch · direct:
//! kernels    guests that compute, compiled from `guests/`       │   what runs them
//! start      modules to load, and ways of loading               │
//! instances  a module to make instances of ─────────────────────┘
//!                                  criterion's folder ──► results ──► table, chart
//! ```
//!
//! Rules that keep the comparison fair: every engine runs the same bytes, which are made here from text; a guest loops
//! over one call and the time is divided by its number of calls, loop included; every engine is set up in the fastest
//! way that its documentation shows; each case runs on every engine one after the other, so that a machine's moods
//! hit all of them.
//!
//! `RUST_BACKTRACE` should not be set: with it, wasmi takes 200 times as long wherever its WASI makes an error of its own, as
//! in `args_get` and `environ_get`.

pub mod calls;
pub mod chart;
#[cfg(unix)]
pub mod direct;
pub mod hostel;
pub mod instances;
pub mod kernels;
pub mod results;
pub mod start;
#[cfg(feature = "interpreters")]
pub mod stitch;
pub mod wasi;
#[cfg(feature = "interpreters")]
pub mod wasmi;
#[cfg(feature = "peers")]
pub mod wasmtime;
pub mod world;

use crate::calls::{CallCase, Timed};
use crate::instances::Spawner;
use crate::kernels::{Kernel, Run};
use crate::start::Starter;
use crate::wasi::{WasiCase, WasiGuest};
use crate::world::World;

/// A runtime to measure.
pub struct Runtime {
    /// Its name; tables know `hostel` (alone or followed by a variant's name), `wasmtime` and `wasmi`.
    pub name: &'static str,
    /// Instantiates a case of [`calls::CASES`]; `None` when there is no such way of calling.
    pub call: Option<fn(&CallCase) -> Option<Timed>>,
    /// Instantiates the guest of a case of [`wasi::CASES`]; `None` when the runtime has no such function.
    pub wasi: Option<fn(&WasiCase, &World) -> Option<WasiGuest>>,
    /// Instantiates a kernel; `None` when the runtime does not run it.
    pub kernel: Option<fn(&Kernel) -> Option<Run>>,
}

/// Everything that was compiled in. The first one has everything; `direct` is no runtime, but what calls come to.
pub fn runtimes() -> Vec<Runtime> {
    let runtime = Runtime { name: "", call: None, wasi: None, kernel: None };
    vec![
        Runtime {
            name: "hostel",
            call: Some(hostel::call_typed),
            wasi: Some(hostel::wasi),
            kernel: Some(hostel::kernel),
        },
        Runtime { name: "hostel raw", call: Some(hostel::call_raw), ..runtime },
        Runtime { name: "hostel raw with module", call: Some(hostel::call_raw_module), ..runtime },
        #[cfg(unix)]
        Runtime { name: "direct", wasi: Some(direct::wasi), ..runtime },
        #[cfg(feature = "peers")]
        Runtime {
            name: "wasmtime",
            call: Some(wasmtime::call),
            wasi: Some(wasmtime::wasi),
            kernel: Some(wasmtime::kernel),
        },
        #[cfg(feature = "peers")]
        Runtime { name: "wasmi", call: Some(wasmi::call), wasi: Some(wasmi::wasi), kernel: Some(wasmi::kernel) },
        #[cfg(all(feature = "interpreters", not(feature = "peers")))]
        Runtime { name: "wasmi", call: Some(wasmi::call), kernel: Some(wasmi::kernel), ..runtime },
        #[cfg(feature = "interpreters")]
        Runtime { name: "stitch", kernel: Some(stitch::kernel), ..runtime },
    ]
}

/// All ways of loading a module.
pub fn starters() -> Vec<Starter> {
    let starter = |name, start| Starter { name, max_bytes: usize::MAX, start };
    vec![
        starter("hostel lazy", hostel::start(hostel_engine::CompilationMode::Lazy)),
        starter("hostel lazy translation", hostel::start(hostel_engine::CompilationMode::LazyTranslation)),
        starter("hostel eager", hostel::start(hostel_engine::CompilationMode::Eager)),
        #[cfg(feature = "interpreters")]
        starter("wasmi lazy", wasmi::start(::wasmi::CompilationMode::Lazy)),
        #[cfg(feature = "interpreters")]
        starter("wasmi lazy translation", wasmi::start(::wasmi::CompilationMode::LazyTranslation)),
        #[cfg(feature = "interpreters")]
        starter("wasmi eager", wasmi::start(::wasmi::CompilationMode::Eager)),
        #[cfg(feature = "peers")]
        Starter { name: "wasmtime", max_bytes: 200_000, start: wasmtime::start() },
    ]
}

/// All that make instances.
pub fn spawners() -> Vec<Spawner> {
    vec![
        Spawner { name: "hostel", load: hostel::spawn },
        #[cfg(feature = "peers")]
        Spawner { name: "wasmtime", load: wasmtime::spawn },
        #[cfg(feature = "interpreters")]
        Spawner { name: "wasmi", load: wasmi::spawn },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A case that fails quickly must not look like a fast one.
    #[test]
    fn every_case_does_what_it_says() {
        let world = World::new();
        for spawner in spawners() {
            drop((spawner.load)(instances::module())());
        }
        for runtime in runtimes() {
            for case in calls::CASES {
                if let Some(mut timed) = runtime.call.and_then(|call| call(case)) {
                    timed();
                }
            }
            for kernel in kernels::KERNELS {
                if let Some(mut run) = runtime.kernel.and_then(|instantiate| instantiate(kernel)) {
                    kernel.once(&mut run, runtime.name);
                }
            }
            let Some(wasi) = runtime.wasi else { continue };
            for case in wasi::CASES {
                if let Some(mut guest) = wasi(case, &world) {
                    guest.check(case, runtime.name);
                }
            }
        }
    }
}
