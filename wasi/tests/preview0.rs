//! `wasi_unstable`: what is laid out or numbered differently.

mod kit;

use hostel_wasi::abi::Errno;
use hostel_wasi::preview0;
use kit::*;

fn on_each_older(test: impl Fn(&mut Guest)) {
    on_each_fs(|guest| {
        guest.functions = &preview0::FUNCTIONS;
        test(guest);
    });
}

#[test]
fn whence() {
    on_each_older(|guest| {
        guest.make_file("f", b"0123456789");
        let fd = guest.open(ROOT, "f", 0, ALL);
        for (offset, whence, position) in [(4, 2, 4), (1, 0, 5), (-2i64, 1, 8)] {
            guest.ok("fd_seek", &[fd, offset as u64, whence, RESULT]);
            assert_eq!(guest.u64_at(RESULT), position);
        }
        guest.fails("fd_seek", &[fd, 0, 3, RESULT], Errno::Inval);
    });
}

#[test]
fn filestat_has_56_bytes() {
    on_each_older(|guest| {
        guest.make_file("f", b"12345");
        let fd = guest.open(ROOT, "f", 0, ALL);
        guest.ok("fd_filestat_set_times", &[fd, 7, 9, 5]);
        let [ptr, len] = guest.path("f");
        for (name, args) in
            [("fd_filestat_get", &[fd, RESULT + 1][..]), ("path_filestat_get", &[ROOT, 0, ptr, len, RESULT + 1])]
        {
            guest.clear(RESULT..RESULT + 80);
            let before = guest.memory.clone();
            guest.ok(name, args);
            guest.assert_only(&before, RESULT + 1..RESULT + 57);
            let at = RESULT + 1;
            assert_eq!((guest.bytes(at + 16, 4), guest.u32_at(at + 20)), (&[4, 0, 0, 0][..], 1));
            assert_eq!([guest.u64_at(at + 24), guest.u64_at(at + 32), guest.u64_at(at + 40)], [5, 7, 9]);
        }
        // The last place where it fits, and the first where it does not.
        let end = MEMORY as u64;
        guest.fails("fd_filestat_get", &[fd, end - 55], Errno::Fault);
        guest.fails("path_filestat_get", &[ROOT, 0, ptr, len, end - 55], Errno::Fault);
        guest.ok("fd_filestat_get", &[fd, end - 56]);
    });
}

#[test]
fn subscriptions_have_56_bytes() {
    on_each_older(|guest| {
        guest.make_file("f", b"12345");
        let fd = guest.open(ROOT, "f", 0, ALL);
        let mut clock = [0; 56];
        clock[0] = 1;
        clock[16..24].fill(0xff);
        clock[24] = 1;
        let mut never = clock;
        never[0] = 2;
        never[32..40].fill(0xff);
        never[48] = 1;
        let mut read = [0; 56];
        read[0] = 3;
        read[8] = 1;
        read[16] = fd as u8;
        for (index, subscription) in [clock, never, read].iter().enumerate() {
            guest.put(DATA + 56 * index as u64, subscription);
        }
        guest.ok("poll_oneoff", &[DATA, DATA + 0x200, 3, RESULT]);
        assert_eq!(guest.u32_at(RESULT), 2);
        assert_eq!((guest.u64_at(DATA + 0x200), guest.u64_at(DATA + 0x220)), (1, 3));
        assert_eq!((guest.memory[DATA as usize + 0x22a], guest.u64_at(DATA + 0x230)), (1, 5));
        guest.fails("poll_oneoff", &[MEMORY as u64 - 55, DATA, 1, RESULT], Errno::Fault);
        guest.put(DATA + 24, &[4]);
        guest.fails("poll_oneoff", &[DATA, DATA + 0x200, 1, RESULT], Errno::Inval);
    });
}

#[test]
fn the_rest_is_the_same() {
    on_each_older(|guest| {
        guest.make_file("f", b"contents");
        assert_eq!(guest.file("f"), Ok(b"contents".to_vec()));
        guest.ok("fd_prestat_get", &[ROOT, RESULT]);
        assert!(guest.functions.iter().all(|function| function.name != "sock_accept"));
    });
}
