//! A command with arguments and environment, its output captured up to a limit, its exit status, and its trap.

use std::error::Error;

use hostel_engine::{Engine, Module};
use hostel_wasi::{Capture, WasiCtx, run_command};

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let module = |wasm: &[u8]| Module::new(&engine, wasm);

    // `env` prints what it was started with. A clone of the capture stays here.
    let env = module(include_bytes!("../guests/wasm/env.wasm"))?;
    let out = Capture::with_limit(64 * 1024);
    let wasi = WasiCtx::builder().args(["env", "b c"]).env("LANG", "C").env("EMPTY", "").stdout(out.clone()).build()?;
    let (status, _) = run_command(&engine, &env, wasi)?;
    print!("status {status}, output:\n{}", String::from_utf8_lossy(&out.contents()));
    assert_eq!((status, &*out.contents()), (0, &b"argv[0]=env\nargv[1]=b c\nenv LANG=C\nenv EMPTY=\n"[..]));

    // However much a guest writes, the host keeps no more than the limit: the guest is told that there is no room.
    let out = Capture::with_limit(14);
    run_command(&engine, &env, WasiCtx::builder().args(["env", "b c"]).stdout(out.clone()).build()?)?;
    println!("with room for 14 bytes: {}", out.contents().escape_ascii());
    assert_eq!(out.contents(), b"argv[0]=env\nar");

    // An exit is a status, whichever number it is: it is no error.
    let exit = module(include_bytes!("../guests/wasm/exit.wasm"))?;
    let (status, _) = run_command(&engine, &exit, WasiCtx::builder().args(["exit", "300"]).build()?)?;
    println!("exit 300: status {status}");
    assert_eq!(status, 300);

    // A trap is an error, with the guest's frames by name.
    let trap = module(include_bytes!("../guests/wasm/trap.wasm"))?;
    let error = run_command(&engine, &trap, WasiCtx::builder().args(["trap", "divide"]).build()?).unwrap_err();
    let trap = error.trap().expect("the guest trapped");
    println!("trap divide: {trap:?}");
    assert_eq!(trap.to_string(), "integer divide by zero");
    assert_eq!(trap.frames()[0].func_name.as_deref(), Some("trap_divide"));
    Ok(())
}
