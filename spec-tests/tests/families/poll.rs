//! Waiting.

use crate::kit::*;
use hostel_wasi::abi::Errno;

fn subscription(userdata: u64, tag: u8, body: &[u64]) -> Vec<u8> {
    let mut bytes = [userdata, tag.into()].map(u64::to_le_bytes).concat();
    bytes.extend(body.iter().flat_map(|word| word.to_le_bytes()));
    bytes.resize(48, 0);
    bytes
}

fn event(userdata: u64, errno: u16, tag: u8, nbytes: u64) -> Vec<u8> {
    let mut bytes = userdata.to_le_bytes().to_vec();
    bytes.extend(errno.to_le_bytes());
    bytes.extend([tag, 0, 0, 0, 0, 0]);
    bytes.extend(nbytes.to_le_bytes());
    bytes.resize(32, 0);
    bytes
}

pub fn calls(proxy: &mut Proxy) {
    // A sleep of a second, which virtual clocks jump over.
    proxy.put(DATA, &subscription(7, 0, &[1, 1_000_000_000, 0, 0]));
    let stored: &[(u64, &[u8])] = &[(RESULT + 64, &event(7, 0, 0, 0)), (RESULT, &1u32.to_le_bytes())];
    let (args, shown) = ([DATA, RESULT + 64, 1, RESULT], "in=[clock(monotonic, 1s)]");
    proxy.ok("poll_oneoff", &args, shown, "out=[clock], nevents=1", stored);

    // What is ready comes before any clock: the input and the output; what is not open is an event.
    let list = [
        subscription(1, 0, &[0, u64::MAX, 0, 1]),
        subscription(2, 1, &[0]),
        subscription(3, 2, &[1]),
        subscription(4, 1, &[99]),
    ];
    proxy.put(DATA, &list.concat());
    let events = [event(2, 0, 1, 5), event(3, 0, 2, 4096), event(4, Errno::Badf as u16, 1, 0)].concat();
    let stored: &[(u64, &[u8])] = &[(RESULT + 64, &events), (RESULT, &3u32.to_le_bytes())];
    let shown = "in=[clock(realtime, at 18446744073709551615), fd_read(0), fd_write(1), fd_read(99)]";
    let outcome = "out=[fd_read 5 bytes, fd_write 4096 bytes, fd_read 0 bytes EBADF], nevents=3";
    proxy.ok("poll_oneoff", &[DATA, RESULT + 64, 4, RESULT], shown, outcome, stored);

    proxy.fails("poll_oneoff", &[DATA, RESULT, 0, RESULT], Errno::Inval, "in=[]");
    proxy.fails("poll_oneoff", &[DATA, PAGE - 127, 4, RESULT], Errno::Fault, shown);
    proxy.fails("poll_oneoff", &[DATA, RESULT, 4, PAGE - 3], Errno::Fault, shown);
    proxy.put(DATA, &subscription(0, 3, &[]));
    proxy.fails("poll_oneoff", &[DATA, RESULT, 1, RESULT], Errno::Inval, "in=[3?]");
}
