//! `hostel run`: from a file to an exit status.
//!
//! Everything that can be checked before the guest runs is checked then, so that its absence is one line and not a
//! failure half way.

mod check;
mod context;
mod ended;
mod invoke;
mod report;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;

use hostel_engine::{CompilationMode, Config, Engine, Error, Limits, Linker, Module, Store};
use hostel_wasi::{StopHandle, WasiCtx};

use crate::args::{Run, UnknownImports};
use crate::failure::{Failure, without_number};
use crate::{engine, load, trace};
pub(crate) use check::HINT;
use watch::Watch;

/// The data of the guest's store.
struct Guest {
    wasi: WasiCtx,
}

/// Runs the guest; the result is its own exit status.
pub(crate) fn run(options: &Run) -> Result<ExitCode, Failure> {
    let file = options.file();
    let unusable = |error: Error| Failure::file(file, error);
    // The time begins before anything of the guest's is looked at: its file may be a pipe, or made so that it loads slowly.
    let watch = options.timeout.map(|limit| Watch::start(file, limit)).transpose()?;
    let limits = Limits::default();
    let bytes = load::module(file, limits.module_bytes)?;
    let engine = Engine::new(&configuration(options, limits)).map_err(unusable)?;
    let module = match &watch {
        Some(watch) => Module::new_interruptible(&engine, bytes, watch.loading()),
        None => Module::new(&engine, bytes),
    };
    let module = module.map_err(|error| match options.timeout {
        Some(limit) if error.trap().is_some() => watch::timeout(file, limit),
        _ => unusable(error),
    })?;
    let mut linker = Linker::new(&engine);
    hostel_wasi::add_to_linker_for(&mut linker, &module, |guest: &mut Guest| &mut guest.wasi).map_err(unusable)?;
    check::imports(&linker, &module, options.unknown_imports).map_err(|problem| Failure::file(file, problem))?;
    if options.unknown_imports == UnknownImports::Trap {
        linker.define_unknown_imports_as_traps(&module).map_err(unusable)?;
    }
    let entry = check::entry(&module, options.invoke.as_deref()).map_err(|problem| Failure::file(file, problem))?;
    let arguments = match &options.invoke {
        Some(_) => {
            invoke::arguments(&entry, options.args()).map_err(|problem| Failure::usage(problem, "hostel run"))?
        }
        None => Vec::new(),
    };

    let mut store = Store::try_new(&engine, Guest { wasi: context::build(options)? }).map_err(unusable)?;
    if engine.charges_fuel() {
        store.set_fuel(options.fuel.unwrap_or(u64::MAX)).map_err(unusable)?;
    }
    if let Some(watch) = &watch {
        let engine = store.interrupt_handle().map_err(unusable)?;
        let stop = StopHandle::new(&mut store.data_mut().wasi, Some(engine))
            .map_err(|error| Failure::new(format!("cannot watch the time: {}", without_number(&error))))?;
        watch.begin(stop);
    }
    let result = linker.instantiate(&mut store, &module).and_then(|instance| match options.invoke {
        Some(_) => invoke::call(&mut store, instance, &entry, &arguments),
        None => hostel_wasi::run(&mut store, instance).map(|status| (status, Vec::new())),
    });
    drop(watch);
    let ended = match result {
        Ok((status, results)) => invoke::print(&results).map(|()| ended::status(status)),
        Err(error) => ended::early(options, error),
    };
    if options.report {
        report::print(options, &store);
    }
    // The process ends now, and the system takes back at once what would be given back piece by piece.
    std::mem::forget((store, linker, module));
    ended
}

fn configuration(options: &Run, mut limits: Limits) -> Config {
    if let Some(bytes) = options.max_memory {
        // Less or more than by default; all memories of the guest together have no more either.
        (limits.memory_bytes, limits.store_memory_bytes) = (bytes, bytes);
    }
    let mut config = engine::config();
    config
        .compilation_mode(CompilationMode::Lazy)
        .limits(limits)
        .consume_fuel(options.fuel.is_some() || options.report)
        .interruptible(options.timeout.is_some());
    if !options.trace.is_empty() {
        let scopes = options.trace.clone();
        config.function_listeners(Arc::new(move |definition: &_| trace::on_stderr(&scopes, definition)));
    }
    config
}
