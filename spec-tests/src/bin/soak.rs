//! `soak [GUESTS [AT_ONCE]]`: a million short guests in sequence and a thousand at once, unless told otherwise; prints what
//! the process holds meanwhile.

use std::process::ExitCode;
use std::time::Instant;

use hostel_spec_tests::soak::{Held, Soak};

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|arg| arg.parse::<usize>());
    let (guests, at_once) = match (numbers.next().unwrap_or(Ok(1_000_000)), numbers.next().unwrap_or(Ok(1000))) {
        (Ok(guests), Ok(at_once)) => (guests, at_once),
        _ => {
            eprintln!("usage: soak [GUESTS [AT_ONCE]]");
            return ExitCode::from(2);
        }
    };
    let start = Instant::now();
    let result = Soak::new().and_then(|soak| {
        println!("{}, before", Held::now(0));
        soak.in_sequence(guests, |held| println!("{held}"))?;
        println!("{}, all in sequence, {:.0?}", Held::now(guests), start.elapsed());
        for _ in 0..3 {
            soak.at_once(at_once, |held| println!("{held}, at once"))?;
            println!("{}, after them", Held::now(0));
        }
        Ok(())
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
