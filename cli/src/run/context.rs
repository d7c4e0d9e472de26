//! What the guest is given of the world: only what the options say.

use std::net::TcpListener;

use hostel_wasi::{Perms, WasiCtx};

use crate::args::Run;
use crate::failure::{Failure, without_number};

/// The guest's WASI context.
pub(super) fn build(options: &Run) -> Result<WasiCtx, Failure> {
    let mut builder = WasiCtx::builder().inherit_stdio();
    let file_name = options.file().file_name().unwrap_or_default();
    builder = builder.arg(options.argv0.as_deref().unwrap_or(file_name).as_encoded_bytes());
    // With --invoke they are the function's.
    if options.invoke.is_none() {
        builder = builder.args(options.args().iter().map(|arg| arg.as_encoded_bytes()));
    }
    for variable in &options.env {
        let inherited = || std::env::var_os(&variable.name).map(|value| value.as_encoded_bytes().to_vec());
        if let Some(value) = variable.value.clone().or_else(inherited) {
            builder = builder.env(variable.name.as_encoded_bytes(), value);
        }
    }
    for dir in &options.dir {
        let perms = if dir.writable { Perms::READ_WRITE } else { Perms::READ_ONLY };
        builder = builder.preopened_dir(&dir.host, &dir.guest, perms);
    }
    for address in &options.tcplisten {
        let listener = TcpListener::bind(address.as_str())
            .map_err(|error| Failure::new(format!("cannot listen on {address}: {}", without_number(&error))))?;
        builder = builder.preopened_listener(listener);
    }
    if options.deterministic {
        builder = builder.deterministic(options.seed.unwrap_or(0));
    } else if let Some(seed) = options.seed {
        builder = builder.random_seed(seed);
    }
    builder.build().map_err(|error| Failure::new(without_number(&error)))
}
