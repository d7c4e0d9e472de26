//! Stopping a guest whatever it is doing: computing is the engine's to end, waiting is this crate's.

use std::io;

use hostel_engine::{Caller, InterruptHandle};

use crate::ctx::WasiCtx;
use crate::wait::CancelHandle;

/// Stops a guest from another thread, be it waiting or, with the engine's handle, computing. The call ends with a trap: of
/// the code [`Interrupted`](hostel_engine::TrapCode::Interrupted), or one from which [`Canceled`](crate::Canceled) can be
/// downcast.
///
/// ```
/// use hostel_engine::{Config, Engine, Linker, Module, Store, TrapCode};
/// use hostel_wasi::{StopHandle, WasiCtx, add_to_linker, run};
/// let engine = Engine::new(Config::new().interruptible(true))?;
/// let module = Module::new(&engine, wat::parse_str(r#"(module (func (export "_start") (loop (br 0))))"#).unwrap())?;
/// let mut store = Store::new(&engine, WasiCtx::builder().build()?);
/// let mut linker = Linker::new(&engine);
/// add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
/// let instance = linker.instantiate(&mut store, &module)?;
///
/// let interrupt = store.interrupt_handle()?;
/// let stop = StopHandle::new(store.data_mut(), Some(interrupt))?;
/// let stopping = std::thread::spawn(move || stop.stop());
/// let error = run(&mut store, instance).unwrap_err();
/// assert_eq!(error.trap().and_then(|trap| trap.code()), Some(TrapCode::Interrupted));
/// stopping.join().unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StopHandle {
    /// Ends waiting.
    pub wasi: CancelHandle,
    /// Ends computing, if the store allows it.
    pub engine: Option<InterruptHandle>,
}

impl StopHandle {
    /// The handle of this context and of the store it is in.
    ///
    /// # Errors
    /// As [`WasiCtx::cancel_handle`].
    pub fn new(ctx: &mut WasiCtx, engine: Option<InterruptHandle>) -> io::Result<Self> {
        Ok(StopHandle { wasi: ctx.cancel_handle()?, engine })
    }

    /// Stops the guest: the call under way, or the next.
    pub fn stop(&self) {
        // In this order: a guest that comes back from waiting finds the engine's request standing.
        if let Some(engine) = &self.engine {
            engine.interrupt();
        }
        self.wasi.cancel();
    }

    /// Takes the request back: the guest may be called, and wait, again.
    pub fn reset(&self) {
        self.wasi.reset();
        // A guest that was stopped while it waited has not come to see this one.
        if let Some(engine) = &self.engine {
            engine.clear();
        }
    }
}

/// The engine's request to stop a guest, as far as this context has come to know its store: for calls that take long.
#[derive(Default)]
pub(crate) struct Interrupt(Option<InterruptHandle>);

impl Interrupt {
    /// Whether there is a store whose request this is; not necessarily the one that the context is in now.
    #[inline]
    pub(crate) fn is_connected(&self) -> bool {
        self.0.is_some()
    }

    /// Makes it the calling store's.
    #[inline]
    pub(crate) fn connect(&mut self, caller: &Caller<'_>) {
        if !self.0.as_ref().is_some_and(|handle| caller.is_interrupted_by(handle)) {
            self.0 = caller.interrupt_handle();
        }
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.as_ref().is_some_and(InterruptHandle::is_interrupted)
    }
}
