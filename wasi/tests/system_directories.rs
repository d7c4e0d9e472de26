//! What SECURITY says of a mount of `/proc`: what it gives away, and which of its links are refused.
#![cfg(target_os = "linux")]

mod kit;

use hostel_wasi::abi::Errno;
use hostel_wasi::{Perms, WasiCtx};
use kit::*;

fn open(guest: &mut Guest, path: &str, rights: u64) -> Result<u64, Errno> {
    let [path, len] = guest.path(path);
    guest.call("path_open", &[ROOT, FOLLOW, path, len, 0, rights, 0, 0, RESULT])?;
    Ok(u64::from(guest.u32_at(RESULT)))
}

#[test]
fn a_mount_of_proc_gives_this_process_away() {
    for (perms, writes) in [(Perms::READ_ONLY, Err(Errno::Rofs)), (Perms::READ_WRITE, Ok(()))] {
        let mut guest = guest(WasiCtx::builder().preopened_dir("/proc", "/proc", perms));
        let cmdline = open(&mut guest, "self/cmdline", READ).unwrap();
        let program = std::env::args().next().unwrap();
        assert!(guest.read(cmdline, 1000).unwrap().starts_with(program.as_bytes()));
        assert!(open(&mut guest, "self/environ", READ).is_ok() && open(&mut guest, "self/mem", READ).is_ok());
        // Only opened: what is written there is this process's memory.
        assert_eq!(open(&mut guest, "self/mem", WRITE).map(drop), writes);
        for link in ["self/root", "self/cwd", "self/exe", "self/fd/0", "self/root/etc"] {
            assert!(open(&mut guest, link, READ).is_err(), "{link}");
        }
    }
}
