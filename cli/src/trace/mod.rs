//! `--trace`: host calls, one per line, decoded as strace does; the command writes them to stderr.
//!
//! ```text
//! path_open(fd=3, dirflags=SYMLINK_FOLLOW, path="a", oflags=0, …) -> fd=4
//! fd_read(fd=4, iovs=[1024]) -> nread=5
//! path_open(fd=3, dirflags=0, path="b", …) -> ENOENT
//! ```
//!
//! A line is written when its call has ended. What the parameters mean comes from `hostel_wasi`'s table of functions.

mod decode;
mod memory;
mod records;

use std::sync::{Arc, Mutex, PoisonError};

use hostel_engine::{Caller, FunctionDefinition, FunctionListener, Trap};
use hostel_wasi::{Function, PREVIEW0};

use crate::args::Scope;
use crate::{output, wasi};
use decode::Preview;
use memory::View;

/// Takes a line, without its end.
pub type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// The listener of a function, when it is one of WASI's: what the guest calls is told to `sink`.
pub fn listener(definition: &FunctionDefinition, sink: Sink) -> Option<Arc<dyn FunctionListener>> {
    let (function, preview) = traced(definition)?;
    Some(Arc::new(Tracer { function, preview, calls: Mutex::default(), sink }))
}

/// The same on stderr, when it is in one of the scopes.
pub(crate) fn on_stderr(scopes: &[Scope], definition: &FunctionDefinition) -> Option<Arc<dyn FunctionListener>> {
    let (function, _) = traced(definition)?;
    if !scopes.contains(&Scope::All) && !scopes.contains(&scope(function.name)) {
        return None;
    }
    listener(definition, Arc::new(|line| output::tell(&format!("{line}\n"))))
}

fn traced(definition: &FunctionDefinition) -> Option<(&'static Function, Preview)> {
    if !definition.is_host() {
        return None;
    }
    let module = definition.module()?;
    let preview = if module == PREVIEW0 { Preview::Zero } else { Preview::One };
    Some((wasi::function(module, definition.name()?)?, preview))
}

/// The scope that a function belongs to.
fn scope(name: &str) -> Scope {
    match name.split('_').next().unwrap_or(name) {
        "args" | "environ" => Scope::Args,
        "clock" => Scope::Clock,
        "poll" => Scope::Poll,
        "proc" | "sched" => Scope::Proc,
        "random" => Scope::Random,
        "sock" => Scope::Sock,
        _ => Scope::Fs,
    }
}

struct Tracer {
    function: &'static Function,
    preview: Preview,
    /// Calls that have begun and not ended.
    calls: Mutex<Vec<Call>>,
    sink: Sink,
}

struct Call {
    params: Vec<u64>,
    /// Decoded before the call, which may change what its pointers point to.
    arguments: String,
}

impl Tracer {
    fn end(&self, outcome: impl FnOnce(&[u64]) -> String) {
        let Some(call) = self.calls.lock().unwrap_or_else(PoisonError::into_inner).pop() else { return };
        (self.sink)(&format!("{}({}) -> {}", self.function.name, call.arguments, outcome(&call.params)));
    }
}

impl FunctionListener for Tracer {
    fn before(&self, module: &mut Caller<'_>, _: &FunctionDefinition, params: &[u64]) {
        let arguments = decode::arguments(self.function, self.preview, params, View::new(module.memory()));
        let call = Call { params: params.to_vec(), arguments };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    fn after(&self, module: &mut Caller<'_>, _: &FunctionDefinition, results: &[u64]) {
        let errno = results.first().map_or(0, |&slot| slot as u32);
        self.end(|params| decode::outcome(self.function, self.preview, errno, params, View::new(module.memory())));
    }

    fn abort(&self, _: &FunctionDefinition, trap: &Trap) {
        self.end(|_| if trap.exit_status().is_some() { "exit".into() } else { format!("trap: {trap}") });
    }
}
