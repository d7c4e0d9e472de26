//! Arguments.

use crate::kit::*;
use hostel_wasi::abi::Errno;

pub fn calls(proxy: &mut Proxy) {
    let sizes: &[(u64, &[u8])] = &[(RESULT, &2u32.to_le_bytes()), (RESULT + 4, &8u32.to_le_bytes())];
    proxy.ok("args_sizes_get", &[RESULT, RESULT + 4], "", "argc=2, argv_buf_size=8", sizes);
    proxy.fails("args_sizes_get", &[RESULT, BAD], Errno::Fault, "");
    proxy.fails("args_sizes_get", &[BAD, RESULT], Errno::Fault, "");

    let pointers = [(DATA as u32).to_le_bytes(), (DATA as u32 + 5).to_le_bytes()].concat();
    let stored: &[(u64, &[u8])] = &[(RESULT, &pointers), (DATA, b"prog\0-x\0")];
    proxy.ok("args_get", &[RESULT, DATA], "argv=0x1000, argv_buf=0x3000", "ok", stored);
    // To the last byte, and one further.
    let (pointers, end) = ([(PAGE as u32 - 8).to_le_bytes(), (PAGE as u32 - 3).to_le_bytes()].concat(), PAGE - 8);
    let stored: &[(u64, &[u8])] = &[(RESULT, &pointers), (end, b"prog\0-x\0")];
    proxy.ok("args_get", &[RESULT, end], "argv=0x1000, argv_buf=0xfff8", "ok", stored);
    proxy.fails("args_get", &[RESULT, end + 1], Errno::Fault, "argv=0x1000, argv_buf=0xfff9");
}
