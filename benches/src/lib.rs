//! How long a call between guest and host takes in hostel, beside other runtimes in the same process and run.
//!
//! ```console
//! $ cargo bench -p hostel-benches                              # hostel alone
//! $ cargo bench -p hostel-benches --features peers             # beside wasmtime (with Cranelift) and wasmi
//! $ cargo run -p hostel-benches --bin table                    # the medians and ratios of what was run, as Markdown
//! ```
//!
//! ```text
//! calls   guest ─► host ─► guest, no WASI: cases and their guests ─┐
//! wasi    one WASI function each:          cases and their guests ─┼─► hostel · wasmtime · wasmi: what runs them
//! world   files, arguments, streams that every engine is given ────┘
//! ```
//!
//! Rules that keep the comparison fair: every engine runs the same bytes, which are made here from text; a guest loops
//! over one call and the time is divided by its number of calls, loop included; every engine is set up in the fastest
//! way that its documentation shows; each case runs on every engine one after the other, so that a machine's moods
//! hit all of them.

pub mod calls;
pub mod hostel;
pub mod kernels;
#[cfg(feature = "interpreters")]
pub mod stitch;
pub mod wasi;
#[cfg(feature = "interpreters")]
pub mod wasmi;
#[cfg(feature = "peers")]
pub mod wasmtime;
pub mod world;

use crate::calls::{CallCase, Timed};
use crate::kernels::{Kernel, Run};
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

/// Everything that was compiled in. The first one has everything.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A case that fails quickly must not look like a fast one.
    #[test]
    fn every_case_does_what_it_says() {
        let world = World::new();
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
