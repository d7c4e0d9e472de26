//! How a guest's end becomes the command's.

use std::process::ExitCode;

use hostel_engine::{Error, ErrorKind, Trap, TrapCode};
use hostel_wasi::Canceled;

use crate::args::Run;
use crate::failure::Failure;

/// The guest's status as the system's, which has eight bits: what is larger keeps its low ones, but is never 0, which
/// would say that all went well.
pub(super) fn status(status: u32) -> ExitCode {
    ExitCode::from(low_bits(status))
}

fn low_bits(status: u32) -> u8 {
    match (status, status as u8) {
        (1.., 0) => 1,
        (_, low) => low,
    }
}

/// The guest did not come to its end: an exit is its own, everything else a failure.
pub(super) fn early(options: &Run, error: Error) -> Result<ExitCode, Failure> {
    let file = options.file();
    let Some(trap) = error.trap() else { return Err(Failure::file(file, error)) };
    if let Some(number) = trap.exit_status() {
        return Ok(status(number));
    }
    if let Some(invalid) = trap.downcast_ref::<Error>() {
        // Bodies are validated when they are first called.
        let place = trap.frames().first().map_or(String::new(), |frame| format!(" in {frame}"));
        return Err(Failure::file(file, format_args!("{invalid}{place}")));
    }
    let stopped = trap.code() == Some(TrapCode::Interrupted) || trap.downcast_ref::<Canceled>().is_some();
    Err(match (trap.code(), options.timeout, options.fuel) {
        (_, Some(limit), _) if stopped => super::watch::timeout(file, limit),
        (Some(TrapCode::OutOfFuel), _, Some(units)) => {
            Failure::spent(file, format_args!("out of fuel: all {units} units are spent"))
        }
        _ => {
            let moment = if matches!(error.kind(), ErrorKind::Instantiation(_)) { " while instantiating" } else { "" };
            Failure::trap(file, format_args!("trap{moment}: {trap}"), backtrace(trap))
        }
    })
}

fn backtrace(trap: &Trap) -> Vec<String> {
    let frames = trap.frames().iter().enumerate();
    let mut lines: Vec<String> = frames.map(|(number, frame)| format!("{number:>5}: {frame}")).collect();
    if trap.omitted_frames() > 0 {
        lines.push(format!("       and {} more", trap.omitted_frames()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::low_bits;

    #[test]
    fn no_failure_becomes_success() {
        assert_eq!([0, 1, 255, 256, 257, 512, u32::MAX].map(low_bits), [0, 1, 255, 1, 1, 1, 255]);
    }
}
