//! The functions that differ from preview1's.

use crate::kit::*;
use hostel_wasi::VirtualClocks;
use hostel_wasi::abi::Errno;

/// The older `filestat`.
fn filestat0(ino: u64, filetype: u8, size: u64) -> Vec<u8> {
    let mut bytes = [2, ino].map(u64::to_le_bytes).concat();
    bytes.extend([filetype, 0, 0, 0]);
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(
        [size, VirtualClocks::START, VirtualClocks::START, VirtualClocks::START].map(u64::to_le_bytes).concat(),
    );
    bytes
}

pub fn calls(proxy: &mut Proxy) {
    assert_eq!(proxy.file("file", "12345"), 5);
    let stored: &[(u64, &[u8])] = &[(RESULT, &4u64.to_le_bytes())];
    proxy.ok("fd_seek", &[5, -1i64 as u64, 1, RESULT], "fd=5, offset=-1, whence=end", "newoffset=4", stored);
    proxy.ok("fd_seek", &[5, 0, 0, RESULT], "fd=5, offset=0, whence=cur", "newoffset=4", stored);
    proxy.ok("fd_seek", &[5, 4, 2, RESULT], "fd=5, offset=4, whence=set", "newoffset=4", stored);
    proxy.fails("fd_seek", &[5, 0, 3, RESULT], Errno::Inval, "fd=5, offset=0, whence=3?");

    let (record, outcome) = (filestat0(5, 4, 5), "{regular_file, size=5, nlink=1, ino=5}");
    assert_eq!(record.len(), 56);
    proxy.ok("fd_filestat_get", &[5, RESULT], "fd=5", outcome, &[(RESULT, &record)]);
    proxy.fails("fd_filestat_get", &[5, PAGE - 55], Errno::Fault, "fd=5");
    let [ptr, len] = proxy.path("file");
    let shown = "fd=3, flags=0, path=\"file\"";
    proxy.ok("path_filestat_get", &[ROOT, 0, ptr, len, PAGE - 56], shown, outcome, &[(PAGE - 56, &record)]);
    proxy.fails("path_filestat_get", &[ROOT, 0, ptr, len, PAGE - 55], Errno::Fault, shown);

    let mut clock: Vec<u8> = [7, 0, 0, 1, 1_000_000, 0, 0].map(u64::to_le_bytes).concat();
    assert_eq!(clock.len(), 56);
    proxy.put(DATA, &clock);
    let mut event = 7u64.to_le_bytes().to_vec();
    event.resize(32, 0);
    let stored: &[(u64, &[u8])] = &[(RESULT + 64, &event), (RESULT, &1u32.to_le_bytes())];
    let args = [DATA, RESULT + 64, 1, RESULT];
    proxy.ok("poll_oneoff", &args, "in=[clock(monotonic, 1ms)]", "out=[clock], nevents=1", stored);
    clock[8] = 9;
    proxy.put(DATA, &clock);
    proxy.fails("poll_oneoff", &args, Errno::Inval, "in=[9?]");
}
