//! A trace of every call, the guest's own and the host's, with names, parameters and results. A listener is chosen when
//! a function is compiled: an engine without one runs not one instruction more.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard};

use hostel_engine::{Caller, Config, Engine, FunctionDefinition, FunctionListener, Module, Trap};
use hostel_wasi::{Capture, WasiCtx, run_command};

/// What has been seen: a line for each call's beginning and end, indented by how deep it is.
#[derive(Default)]
struct Trace {
    state: Mutex<(usize, Vec<String>)>,
}

impl Trace {
    fn lock(&self) -> MutexGuard<'_, (usize, Vec<String>)> {
        self.state.lock().expect("nothing panics while it is locked")
    }

    fn end(&self, definition: &FunctionDefinition, how: &str) {
        let mut state = self.lock();
        state.0 -= 1;
        let line = format!("{:1$}<- {2} {how}", "", 2 * state.0, definition.name().unwrap_or("?"));
        state.1.push(line);
    }
}

impl FunctionListener for Trace {
    fn before(&self, _: &mut Caller<'_>, definition: &FunctionDefinition, params: &[u64]) {
        let mut state = self.lock();
        // WASI's functions know their parameters' names, a guest's do not. Each parameter here is an i32: one slot.
        let names = definition.param_names().iter().map(|name| format!("{name}="));
        let params: Vec<_> = names.chain(std::iter::repeat(String::new())).zip(params).collect();
        let params: Vec<_> = params.iter().map(|(name, slot)| format!("{name}{}", **slot as u32)).collect();
        let (module, name) = (definition.module().unwrap_or("?"), definition.name().unwrap_or("?"));
        let line = format!("{:1$}-> {module}.{name}({2})", "", 2 * state.0, params.join(", "));
        state.1.push(line);
        state.0 += 1;
    }

    fn after(&self, _: &mut Caller<'_>, definition: &FunctionDefinition, results: &[u64]) {
        let results: Vec<_> = results.iter().map(|slot| (*slot as u32).to_string()).collect();
        self.end(definition, &format!("= ({})", results.join(", ")));
    }

    fn abort(&self, definition: &FunctionDefinition, trap: &Trap) {
        self.end(definition, &format!("ended: {trap}"));
    }
}

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let trace = Arc::new(Trace::default());
    let mut config = Config::new();
    // Asked of each function: `None` for those that nobody wants to hear of.
    let listener: Arc<dyn FunctionListener> = trace.clone();
    config.function_listeners(Arc::new(move |_: &FunctionDefinition| Some(listener.clone())));
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, include_bytes!("../guests/wasm/hello.wasm"))?;
    run_command(&engine, &module, WasiCtx::builder().stdout(Capture::with_limit(100)).build()?)?;

    let lines = &trace.lock().1;
    println!("{}", lines.join("\n"));
    assert_eq!(lines[1], "  -> wasi_snapshot_preview1.fd_write(fd=1, iovs=0, iovs_len=1, nwritten=8)");
    assert_eq!(lines[2], "  <- fd_write = (0)");
    assert_eq!(lines.len(), 4);
    Ok(())
}
