//! The environment.

use crate::kit::*;
use hostel_wasi::abi::Errno;

pub fn calls(proxy: &mut Proxy) {
    let sizes: &[(u64, &[u8])] = &[(RESULT, &2u32.to_le_bytes()), (RESULT + 4, &11u32.to_le_bytes())];
    proxy.ok("environ_sizes_get", &[RESULT, RESULT + 4], "", "environc=2, environ_buf_size=11", sizes);
    proxy.fails("environ_sizes_get", &[BAD, RESULT], Errno::Fault, "");

    let pointers = [(DATA as u32).to_le_bytes(), (DATA as u32 + 4).to_le_bytes()].concat();
    let stored: &[(u64, &[u8])] = &[(RESULT + 1, &pointers), (DATA, b"A=1\0LANG=C\0")];
    proxy.ok("environ_get", &[RESULT + 1, DATA], "environ=0x1001, environ_buf=0x3000", "ok", stored);
    proxy.fails("environ_get", &[PAGE - 7, DATA], Errno::Fault, "environ=0xfff9, environ_buf=0x3000");
}
