//! Arguments and environment, and the builder that takes them.

mod kit;

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{BuildError, Perms, WasiCtx, WasiLimits};
use kit::*;

/// Both families do the same with different strings.
fn stored(guest: &mut Guest, prefix: &str, expected: &[&[u8]]) {
    let size: usize = expected.iter().map(|string| string.len() + 1).sum();
    let before = guest.memory.clone();
    guest.ok(&format!("{prefix}_sizes_get"), &[RESULT + 1, RESULT + 9]);
    assert_eq!((guest.u32_at(RESULT + 1), guest.u32_at(RESULT + 9)), (expected.len() as u32, size as u32));
    guest.memory = before.clone();

    let (pointers, buf) = (DATA + 3, DATA + 0x100);
    guest.ok(&format!("{prefix}_get"), &[pointers, buf]);
    let mut at = buf;
    for (index, string) in expected.iter().enumerate() {
        assert_eq!(u64::from(guest.u32_at(pointers + 4 * index as u64)), at);
        assert_eq!(guest.bytes(at, string.len() + 1), [string, &b"\0"[..]].concat());
        at += string.len() as u64 + 1;
    }
    assert_eq!(guest.memory[at as usize], SENTINEL);
    assert_eq!(guest.memory[pointers as usize + 4 * expected.len()], SENTINEL);
    assert_eq!(guest.memory[pointers as usize - 1], SENTINEL);
}

#[test]
fn strings_are_bytes_in_order() {
    let builder = WasiCtx::builder().args(["prog", "", "two"]).arg(b"\xff\xfe");
    let builder = builder.env("A", "1").env("A", b"\xff").envs([("Z", ""), ("B", "x=y")]);
    let mut guest = guest(builder);
    stored(&mut guest, "args", &[b"prog", b"", b"two", b"\xff\xfe"]);
    stored(&mut guest, "environ", &[b"A=1", b"A=\xff", b"Z=", b"B=x=y"]);
}

#[test]
fn none_at_all() {
    let mut guest = guest(WasiCtx::builder());
    stored(&mut guest, "args", &[]);
    // Nothing is stored, so any address is as good as any other.
    guest.ok("args_get", &[u64::MAX, u64::MAX]);
}

#[test]
fn bad_pointers_store_nothing() {
    let mut guest = guest(WasiCtx::builder().arg("prog").env("A", "1"));
    let end = MEMORY as u64;
    for prefix in ["args", "environ"] {
        guest.fails(&format!("{prefix}_get"), &[end - 3, DATA], Errno::Fault);
        guest.fails(&format!("{prefix}_get"), &[DATA, end - 3], Errno::Fault);
        guest.fails(&format!("{prefix}_sizes_get"), &[end - 3, DATA], Errno::Fault);
        guest.fails(&format!("{prefix}_sizes_get"), &[DATA, end - 3], Errno::Fault);
    }
}

#[test]
fn what_an_embedder_has_to_mend() {
    let message = |builder: hostel_wasi::WasiCtxBuilder| builder.build().unwrap_err().to_string();
    let new = WasiCtx::builder;
    assert_eq!(message(new().args(["a", "b\0c"])), "argument 1 contains a NUL byte: \"b\\x00c\"");
    assert_eq!(message(new().env("A", "\0")), "environment variable contains a NUL byte: \"A\"");
    assert!(message(new().env("A=B", "")).contains("\"A=B\""));
    assert!(message(new().env("", "")).contains("empty"));
    assert!(message(new().in_memory_dir(&MemoryFs::new(), "", Perms::READ_ONLY)).contains("empty"));
    assert!(message(new().preopened_dir("no/such/place", "/", Perms::READ_ONLY)).contains("no/such/place"));
    let crowded = (0..3).fold(new().limits(WasiLimits { open_fds: 5, ..WasiLimits::default() }), |builder, _| {
        builder.in_memory_dir(&MemoryFs::new(), "/", Perms::READ_ONLY)
    });
    assert!(matches!(crowded.build(), Err(BuildError::TooManyPreopens { open_fds: 5 })));
    // The first mistake is the one reported.
    assert!(matches!(new().arg("\0").env("", "").build(), Err(BuildError::NulInArgument { index: 0, .. })));
}

#[test]
fn inheriting_takes_everything() {
    let mut guest = guest(WasiCtx::builder().inherit_args().inherit_env());
    guest.ok("args_sizes_get", &[RESULT, RESULT + 4]);
    guest.ok("environ_sizes_get", &[RESULT + 8, RESULT + 12]);
    assert_eq!(guest.u32_at(RESULT) as usize, std::env::args_os().count());
    assert_eq!(guest.u32_at(RESULT + 8) as usize, std::env::vars_os().count());
}
