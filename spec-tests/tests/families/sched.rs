//! Scheduling.

use crate::kit::*;

pub fn calls(proxy: &mut Proxy) {
    for _ in 0..300 {
        proxy.ok("sched_yield", &[], "", "ok", &[]);
    }
}
