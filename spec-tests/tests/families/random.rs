//! Randomness.

use crate::kit::*;
use hostel_wasi::abi::Errno;

pub fn calls(proxy: &mut Proxy) {
    // What the seed gives is known from another guest with the same.
    let expected = {
        let mut twin = Proxy::new(hostel_wasi::PREVIEW1, Fs::Memory);
        twin.done("random_get", &[DATA, 33]);
        twin.bytes(DATA, 33).to_vec()
    };
    assert_ne!(expected, [SENTINEL; 33]);
    proxy.ok("random_get", &[DATA, 33], "buf=0x3000[33]", "ok", &[(DATA, &expected)]);
    proxy.ok("random_get", &[BAD, 0], "buf=0xffffffff[0]", "ok", &[]);
    proxy.fails("random_get", &[PAGE - 1, 2], Errno::Fault, "buf=0xffff[2]");
    proxy.fails("random_get", &[0, BAD], Errno::Fault, "buf=0x0[4294967295]");
}
