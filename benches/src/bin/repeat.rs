//! Calls one WASI function of the table so many times and does nothing else: for a profiler, and for counting
//! instructions. What a call takes is the difference of two runs, divided by the difference of their counts.
//!
//! ```console
//! $ cargo build --profile bench -p hostel-benches --bin repeat
//! $ valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/repeat 'fd_write 1×8, sink' 10000
//! $ valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/repeat 'fd_write 1×8, sink' 20000
//! ```
//!
//! Without arguments it prints the cases' names.

use std::env;
use std::error::Error;

use hostel_benches::world::World;
use hostel_benches::{hostel, wasi};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(name), Some(calls)) = (args.next(), args.next()) else {
        wasi::CASES.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    };
    let case = wasi::CASES.iter().find(|case| case.name == name).ok_or("no such case")?;
    let world = World::new();
    let mut guest = hostel::wasi(case, &world).ok_or("hostel has no such function")?;
    guest.check(case, "hostel");
    match guest.run(calls.parse()?) {
        0 => Ok(()),
        errno => Err(format!("errno {errno}").into()),
    }
}
