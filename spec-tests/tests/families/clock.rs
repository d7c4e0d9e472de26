//! Clocks.

use crate::kit::*;
use hostel_wasi::VirtualClocks;
use hostel_wasi::abi::Errno;

pub fn calls(proxy: &mut Proxy) {
    let step = VirtualClocks::STEP;
    for (id, name) in [(0, "realtime"), (1, "monotonic"), (2, "process_cputime_id"), (3, "thread_cputime_id")] {
        let outcome = format!("resolution={step}");
        proxy.ok("clock_res_get", &[id, RESULT], &format!("id={name}"), &outcome, &[(RESULT, &step.to_le_bytes())]);
    }
    proxy.fails("clock_res_get", &[4, RESULT], Errno::Inval, "id=4?");
    proxy.fails("clock_res_get", &[0, PAGE - 7], Errno::Fault, "id=realtime");

    // Each reading moves all of them.
    for (id, name, time) in [
        (0, "realtime", VirtualClocks::START + step),
        (1, "monotonic", 2 * step),
        (2, "process_cputime_id", 3 * step),
        (3, "thread_cputime_id", 4 * step),
    ] {
        let (shown, outcome) = (format!("id={name}, precision=1"), format!("time={time}"));
        proxy.ok("clock_time_get", &[id, 1, RESULT], &shown, &outcome, &[(RESULT, &time.to_le_bytes())]);
    }
    proxy.fails("clock_time_get", &[9, 0, RESULT], Errno::Inval, "id=9?, precision=0");
    proxy.fails("clock_time_get", &[1, u64::MAX, BAD], Errno::Fault, "id=monotonic, precision=18446744073709551615");
}
