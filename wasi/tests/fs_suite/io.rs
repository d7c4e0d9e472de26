//! What is done with an open file.

use std::io::{IoSlice, IoSliceMut, SeekFrom};

use hostel_wasi::abi::{Advice, Errno, Fdflags};
use hostel_wasi::fs::OpenOptions;

use crate::kit::*;

pub fn cursor_and_offsets(fs: &Fixture) {
    let mut file = fs.file("file", NEW);
    assert_eq!(write(&mut *file, b"hello"), Ok(5));
    assert_eq!(read(&mut *file, 9).unwrap(), b"");
    assert_eq!(file.seek(SeekFrom::Start(1)), Ok(1));
    assert_eq!(read(&mut *file, 2).unwrap(), b"el");
    assert_eq!(file.seek(SeekFrom::Current(0)), Ok(3));
    assert_eq!(write(&mut *file, b"LO there"), Ok(8));
    assert_eq!(read_at(&mut *file, 99, 0).unwrap(), b"helLO there");
    assert_eq!(write_at(&mut *file, b"J", 0), Ok(1));
    assert_eq!(file.seek(SeekFrom::Current(0)), Ok(11), "offsets leave the cursor alone");
    assert_eq!(read_at(&mut *file, 3, 0).unwrap(), b"Jel");
    assert_eq!(read_at(&mut *file, 3, 11).unwrap(), b"");
    assert_eq!(read_at(&mut *file, 3, 1 << 40).unwrap(), b"");
    assert_eq!(file.seek(SeekFrom::Current(0)), Ok(11));
}

pub fn vectors(fs: &Fixture) {
    let mut file = fs.file("file", NEW);
    let bufs = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cde"), IoSlice::new(b"f")];
    assert_eq!(file.write(&bufs), Ok(6));
    assert_eq!(file.write_at(&bufs[..3], 4), Ok(5));
    assert_eq!(file.write(&[]), Ok(0));
    assert_eq!(file.write_at(&[], 1), Ok(0));
    file.seek(SeekFrom::Start(0)).unwrap();
    let (mut one, mut two, mut three) = ([0; 3], [0; 0], [0; 9]);
    let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut two), IoSliceMut::new(&mut three)];
    assert_eq!(file.read(&mut bufs), Ok(9), "one transfer, short only at the end of the file");
    assert_eq!((&one, &three), (b"abc", b"dabcde\0\0\0"));
    assert_eq!(file.read(&mut []), Ok(0));
    assert_eq!(file.read_at(&mut [], 1), Ok(0));
    let mut bufs = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut three)];
    assert_eq!(file.read_at(&mut bufs, 7), Ok(2));
    assert_eq!(&one, b"dec");
    // As many as one call may have.
    let many: Vec<_> = (0..1024).map(|_| IoSlice::new(b"xy")).collect();
    assert_eq!(fs.file("many", NEW).write(&many), Ok(2048));
    assert_eq!(fs.stat_at(b"many", true).unwrap().size, 2048);
}

pub fn appending(fs: &Fixture) {
    fs.put("file", "12345");
    let append = OpenOptions { flags: Fdflags::APPEND, ..BOTH };
    let (mut one, mut two) = (fs.file("file", append), fs.file("file", append));
    assert_eq!(write(&mut *one, b"a"), Ok(1));
    assert_eq!(write(&mut *two, b"b"), Ok(1));
    assert_eq!(one.write(&[IoSlice::new(b"c"), IoSlice::new(b"d")]), Ok(2));
    assert_eq!(fs.get("file"), "12345abcd");
    assert_eq!(one.seek(SeekFrom::Current(0)), Ok(9), "the cursor is where the writing ended");
    assert_eq!(two.seek(SeekFrom::Start(1)), Ok(1));
    assert_eq!(read(&mut *two, 2).unwrap(), b"23");
    assert_eq!(write(&mut *two, b"e"), Ok(1));
    assert_eq!(fs.get("file"), "12345abcde");
    // At an offset means at that offset.
    assert_eq!(write_at(&mut *one, b"X", 0), Ok(1));
    assert_eq!(fs.get("file"), "X2345abcde");
    one.set_flags(Fdflags::empty()).unwrap();
    one.seek(SeekFrom::Start(1)).unwrap();
    assert_eq!(write(&mut *one, b"Y"), Ok(1));
    assert_eq!(fs.get("file"), "XY345abcde");
    one.set_flags(Fdflags::APPEND).unwrap();
    assert_eq!(write(&mut *one, b"f"), Ok(1));
    assert_eq!(fs.get("file"), "XY345abcdef");
}

pub fn sizes(fs: &Fixture) {
    fs.put("file", "12345");
    let mut file = fs.file("file", BOTH);
    assert_eq!(file.set_size(3), Ok(3));
    assert_eq!(fs.get("file"), "123");
    assert_eq!(file.set_size(6), Ok(6));
    assert_eq!(fs.get("file"), "123\0\0\0");
    assert_eq!(file.seek(SeekFrom::Current(0)), Ok(0));
    file.seek(SeekFrom::End(0)).unwrap();
    assert_eq!(file.set_size(1), Ok(1));
    assert_eq!(file.seek(SeekFrom::Current(0)), Ok(6), "cutting leaves the cursor where it is");
    assert_eq!(read(&mut *file, 1).unwrap(), b"");
    assert_eq!(write(&mut *file, b"x"), Ok(1));
    assert_eq!(fs.get("file"), "1\0\0\0\0\0x");
    assert_eq!(file.set_size(0), Ok(0));
    assert_eq!(file.stat().unwrap().size, 0);
    let mut read_only = fs.file("file", READ);
    assert_eq!(read_only.set_size(1), Err(Errno::Inval));
}

pub fn holes(fs: &Fixture) {
    let mut file = fs.file("file", NEW);
    assert_eq!(write_at(&mut *file, b"x", 1_000_000), Ok(1));
    assert_eq!(file.stat().unwrap().size, 1_000_001);
    assert_eq!(write_at(&mut *file, b"", 2_000_000), Ok(0));
    assert_eq!(file.stat().unwrap().size, 1_000_001, "writing nothing lengthens nothing");
    assert_eq!(read_at(&mut *file, 4, 500_000).unwrap(), [0; 4]);
    assert_eq!(read_at(&mut *file, 4, 999_998).unwrap(), b"\0\0x");
    file.seek(SeekFrom::Start(100_000)).unwrap();
    assert_eq!(write(&mut *file, b"y"), Ok(1));
    assert_eq!(read_at(&mut *file, 3, 99_999).unwrap(), b"\0y\0");
    assert_eq!(file.set_size(100_001), Ok(100_001));
    assert_eq!(file.set_size(1_000_001), Ok(1_000_001));
    assert_eq!(read_at(&mut *file, 1, 1_000_000).unwrap(), b"\0", "what was cut off does not come back");
    // Hundreds of megabytes of nothing cost nothing.
    assert_eq!(file.set_size(800 << 20), Ok(800 << 20));
    assert_eq!(read_at(&mut *file, 2, (800 << 20) - 1).unwrap(), b"\0");
}

pub fn seeking(fs: &Fixture) {
    fs.put("file", "12345");
    let mut file = fs.file("file", READ);
    assert_eq!(file.seek(SeekFrom::End(-2)), Ok(3));
    assert_eq!(file.seek(SeekFrom::Current(-1)), Ok(2));
    assert_eq!(read(&mut *file, 1).unwrap(), b"3");
    for to in [
        SeekFrom::Current(-4),
        SeekFrom::End(-6),
        SeekFrom::Current(i64::MIN),
        SeekFrom::Current(i64::MAX),
        SeekFrom::End(i64::MAX),
        SeekFrom::Start(u64::MAX),
        SeekFrom::Start(1 << 63),
    ] {
        assert_eq!(file.seek(to), Err(Errno::Inval), "{to:?}");
    }
    assert_eq!(file.seek(SeekFrom::Current(0)), Ok(3), "a failed seek moves nothing");
    assert_eq!(file.seek(SeekFrom::End(1000)), Ok(1005));
    assert_eq!(read(&mut *file, 9).unwrap(), b"");
    assert_eq!(file.stat().unwrap().size, 5);
}

pub fn wrong_modes(fs: &Fixture) {
    fs.put("file", "12345");
    let mut file = fs.file("file", WRITE);
    assert_eq!(read(&mut *file, 1), Err(Errno::Badf));
    assert_eq!(read(&mut *file, 0), Err(Errno::Badf));
    assert_eq!(file.read(&mut []), Err(Errno::Badf));
    assert_eq!(read_at(&mut *file, 1, 0), Err(Errno::Badf));
    let mut file = fs.file("file", READ);
    assert_eq!(write(&mut *file, b"x"), Err(Errno::Badf));
    assert_eq!(write(&mut *file, b""), Err(Errno::Badf));
    assert_eq!(file.write(&[]), Err(Errno::Badf));
    assert_eq!(write_at(&mut *file, b"x", 0), Err(Errno::Badf));
    assert_eq!(file.allocate(0, 1), Err(Errno::Badf));
    let mut file = fs.file("file", OpenOptions { flags: Fdflags::APPEND, ..READ });
    assert_eq!(write(&mut *file, b"x"), Err(Errno::Badf));
    assert_eq!(fs.get("file"), "12345");
}

pub fn odd_numbers(fs: &Fixture) {
    fs.put("file", "12345");
    for flags in [Fdflags::empty(), Fdflags::APPEND, Fdflags::SYNC] {
        let mut file = fs.file("file", OpenOptions { flags, ..BOTH });
        for offset in [u64::MAX, u64::MAX - 1, 1 << 63] {
            // The largest of them means "at the cursor" to some systems; it must not get that far.
            assert_eq!(read_at(&mut *file, 1, offset), Err(Errno::Inval), "{offset}");
            assert_eq!(write_at(&mut *file, b"x", offset), Err(Errno::Inval), "{offset}");
            assert_eq!(file.set_size(offset), Err(Errno::Inval), "{offset}");
        }
        assert_eq!(write_at(&mut *file, b"x", i64::MAX as u64 - 1).unwrap_err(), Errno::Fbig);
        // The last offset there is: beyond the end, or beyond what an offset plus a length can say.
        assert!(matches!(read_at(&mut *file, 1, i64::MAX as u64).as_deref(), Ok([]) | Err(Errno::Inval)));
    }
    let mut file = fs.file("file", BOTH);
    let refused = file.set_size(i64::MAX as u64);
    assert!(matches!(refused, Err(Errno::Fbig | Errno::Nospc | Errno::Inval)) || fs.host, "{refused:?}");
    let _ = file.set_size(5);
    assert_eq!(fs.get("file"), "12345");
}

pub fn allocating(fs: &Fixture) {
    fs.put("file", "12345");
    let mut file = fs.file("file", BOTH);
    assert_eq!(file.allocate(0, 3), Ok(3));
    assert_eq!(fs.get("file"), "12345", "never shorter");
    assert_eq!(file.allocate(3, 5), Ok(5));
    assert_eq!(fs.get("file"), "12345\0\0\0");
    assert_eq!(file.allocate(100_000, 100), Ok(100));
    assert_eq!(file.stat().unwrap().size, 100_100);
    assert_eq!(read_at(&mut *file, 200, 100_050).unwrap(), [0; 50]);
    assert_eq!(file.seek(SeekFrom::Current(0)), Ok(0));
    assert_eq!(file.allocate(0, 0), Err(Errno::Inval));
    assert_eq!(file.allocate(u64::MAX, 1), Err(Errno::Inval));
    assert_eq!(file.allocate(0, u64::MAX), Err(Errno::Inval));
    assert_eq!(file.allocate(i64::MAX as u64, i64::MAX as u64), Err(Errno::Fbig));
    assert_eq!(file.stat().unwrap().size, 100_100);
    for advice in
        [Advice::Normal, Advice::Sequential, Advice::Random, Advice::Willneed, Advice::Dontneed, Advice::Noreuse]
    {
        assert_eq!(file.advise(0, 100, advice), Ok(()));
        assert_eq!(file.advise(50, 0, advice), Ok(()));
    }
    assert_eq!(file.stat().unwrap().size, 100_100);
}

pub fn two_descriptors(fs: &Fixture) {
    let (mut one, mut two) = (fs.file("file", NEW), fs.file("file", BOTH));
    assert_eq!(write(&mut *one, b"123"), Ok(3));
    assert_eq!(read(&mut *two, 9).unwrap(), b"123", "each has a cursor, all see one file");
    assert_eq!(write(&mut *two, b"4"), Ok(1));
    assert_eq!(read(&mut *one, 9).unwrap(), b"4");
    fs.file("file", OpenOptions { truncate: true, ..WRITE });
    assert_eq!(read_at(&mut *one, 9, 0).unwrap(), b"");
    assert_eq!(write(&mut *one, b"x"), Ok(1));
    assert_eq!(fs.get("file"), "\0\0\0\0x");
}

pub fn readable_bytes(fs: &Fixture) {
    fs.put("file", "12345");
    let mut file = fs.file("file", READ);
    assert_eq!(file.bytes_readable(), Ok(Some(5)));
    read(&mut *file, 2).unwrap();
    assert_eq!(file.bytes_readable(), Ok(Some(3)));
    file.seek(SeekFrom::Start(99)).unwrap();
    assert_eq!(file.bytes_readable(), Ok(Some(0)));
    assert!(file.pollable().is_none(), "a regular file is always ready");
}

pub fn flags_change(fs: &Fixture) {
    fs.put("file", "12345");
    let mut file = fs.file("file", BOTH);
    for bits in 0..32 {
        let flags = Fdflags::from_bits(bits).unwrap();
        file.set_flags(flags).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        assert_eq!(write(&mut *file, b"x"), Ok(1), "{flags:?}");
        assert_eq!(write_at(&mut *file, b"y", 1), Ok(1), "{flags:?}");
        let opened = fs.file("file", OpenOptions { flags, ..BOTH }).stat().unwrap();
        assert_eq!(opened.size, file.stat().unwrap().size);
    }
    assert_eq!(fs.get("file"), format!("xy345{}", "x".repeat(16)));
}

pub fn durability(fs: &Fixture) {
    fs.put("file", "12345");
    for options in [READ, WRITE, BOTH] {
        let mut file = fs.file("file", options);
        assert_eq!(file.sync(true), Ok(()));
        assert_eq!(file.sync(false), Ok(()));
    }
    fs.mkdir("dir");
    for dir in [fs.directory("dir"), fs.directory(".")] {
        assert_eq!(dir.sync(true), Ok(()));
        assert_eq!(dir.sync(false), Ok(()));
    }
}

pub fn large_transfers(fs: &Fixture) {
    let mut file = fs.file("file", NEW);
    let bytes: Vec<u8> = (0..3_000_017_u32).map(|at| (at % 251) as u8).collect();
    assert_eq!(write(&mut *file, &bytes), Ok(bytes.len()));
    assert!(read_at(&mut *file, bytes.len() + 1, 0).unwrap() == bytes);
    assert!(read_at(&mut *file, 70_000, 65_000).unwrap() == bytes[65_000..135_000]);
    file.seek(SeekFrom::Start(65_530)).unwrap();
    assert_eq!(write(&mut *file, &[9; 20]), Ok(20));
    assert!(read_at(&mut *file, 22, 65_529).unwrap()[1..21] == [9; 20]);
}
