//! What the guest is given of the world: only what the options say.

use std::net::TcpListener;

use hostel_wasi::{Perms, WasiCtx};

use crate::args::{Run, Variable};
use crate::failure::{Failure, without_number};

/// The variables that are set. As the shell and `env` have it, a later one of the same name takes the place of an earlier
/// one; the library would give a guest both, and `getenv` would find the first.
fn environment(variables: &[Variable]) -> Vec<(&[u8], Vec<u8>)> {
    let mut set: Vec<(&[u8], Vec<u8>)> = Vec::new();
    for variable in variables {
        let inherited = || std::env::var_os(&variable.name).map(|value| value.as_encoded_bytes().to_vec());
        let Some(value) = variable.value.clone().or_else(inherited) else { continue };
        let name = variable.name.as_encoded_bytes();
        match set.iter_mut().find(|(earlier, _)| *earlier == name) {
            Some((_, earlier)) => *earlier = value,
            None => set.push((name, value)),
        }
    }
    set
}

/// The guest's WASI context.
pub(super) fn build(options: &Run) -> Result<WasiCtx, Failure> {
    let mut builder = WasiCtx::builder().inherit_stdio();
    let file_name = options.file().file_name().unwrap_or_default();
    builder = builder.arg(options.argv0.as_deref().unwrap_or(file_name).as_encoded_bytes());
    builder = builder.args(options.guest_args.iter().map(|arg| arg.as_encoded_bytes()));
    // With --invoke they are the function's.
    if options.invoke.is_none() {
        builder = builder.args(options.args().iter().map(|arg| arg.as_encoded_bytes()));
    }
    for (name, value) in environment(&options.env) {
        builder = builder.env(name, value);
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
