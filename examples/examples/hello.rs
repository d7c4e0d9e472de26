//! The shortest way to run a WASI command: load it, say what it may have, run it.

use std::error::Error;

use hostel_engine::{Engine, Module};
use hostel_wasi::{WasiCtx, run_command};

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let module = Module::new(&engine, include_bytes!("../guests/wasm/hello.wasm"))?;

    // A context grants nothing by itself. This one gets the three standard streams: no files, no environment.
    let wasi = WasiCtx::builder().arg("hello").inherit_stdio().build()?;
    let (status, _) = run_command(&engine, &module, wasi)?;

    println!("its exit status: {status}");
    assert_eq!(status, 0);
    Ok(())
}
