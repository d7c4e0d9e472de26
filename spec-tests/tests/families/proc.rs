//! The end.

use crate::kit::*;
use hostel_wasi::abi::Errno;

pub fn calls(proxy: &mut Proxy) {
    for code in [0, 1, 127, 255, 256, u32::MAX] {
        let trap = proxy.ends("proc_exit", &[code.into()], &format!("rval={code}"), "exit");
        assert_eq!(trap.exit_status(), Some(code));
    }
    proxy.fails("proc_raise", &[9], Errno::Notsup, "sig=kill");
    proxy.fails("proc_raise", &[0], Errno::Notsup, "sig=none");
    proxy.fails("proc_raise", &[31], Errno::Inval, "sig=31?");
}
