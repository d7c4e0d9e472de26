//! Attributes by path.

mod kit;

use hostel_wasi::abi::{Errno, Rights};
use kit::*;

#[test]
fn following_and_not() {
    on_each_fs(|guest| {
        guest.make_file("file", b"12345");
        guest.make_dir("dir");
        guest.symlink("file", "link");
        guest.symlink("dir", "to-dir");
        guest.symlink("nothing", "dangling");
        for (path, follow, filetype) in [
            ("file", 0, Ok(4)),
            ("link", 0, Ok(7)),
            ("link", FOLLOW, Ok(4)),
            ("to-dir", 0, Ok(7)),
            ("to-dir/", 0, Ok(3)),
            ("dir/", 0, Ok(3)),
            ("dangling", 0, Ok(7)),
            ("dangling", FOLLOW, Err(Errno::Noent)),
            ("file/", 0, Err(Errno::Notdir)),
            ("missing", 0, Err(Errno::Noent)),
            ("..", 0, Err(Errno::Perm)),
            ("/file", 0, Err(Errno::Perm)),
            ("", 0, Err(Errno::Noent)),
            ("a\0", 0, Err(Errno::Inval)),
        ] {
            for mount in [ROOT, READ_ONLY] {
                guest.clear(RESULT..RESULT + 80);
                let [ptr, len] = guest.path(path);
                let before = guest.memory.clone();
                let found = guest.call("path_filestat_get", &[mount, follow, ptr, len, RESULT + 1]);
                assert_eq!(found.map(|()| guest.memory[RESULT as usize + 17]), filetype, "{path} {follow}");
                guest.assert_only(&before, RESULT + 1..RESULT + 65);
                assert!(filetype.is_ok() || guest.memory == before);
            }
        }
        assert_eq!(guest.lstat("file").unwrap().1, 5);
        assert_eq!(guest.lstat("link").unwrap().1, 4, "a link is as long as its text");
    });
}

#[test]
fn times() {
    on_each_fs(|guest| {
        guest.make_file("file", b"");
        guest.symlink("file", "link");
        let set = |guest: &mut Guest, mount, path: &str, follow, mtim, flags| {
            let [ptr, len] = guest.path(path);
            guest.call("path_filestat_set_times", &[mount, follow, ptr, len, 0, mtim, flags])
        };
        let mtim = |guest: &mut Guest, path| guest.lstat(path).unwrap().2;
        assert_eq!(set(guest, ROOT, "file", 0, 1_000_000_007, 4), Ok(()));
        assert_eq!(set(guest, ROOT, "link", 0, 2_000_000_009, 4), Ok(()));
        assert_eq!((mtim(guest, "file"), mtim(guest, "link")), (1_000_000_007, 2_000_000_009));
        assert_eq!(set(guest, ROOT, "link", FOLLOW, 3, 4), Ok(()));
        assert_eq!((mtim(guest, "file"), mtim(guest, "link")), (3, 2_000_000_009));
        for flags in [3, 12, 7, 16] {
            assert_eq!(set(guest, ROOT, "file", 0, 9, flags), Err(Errno::Inval));
        }
        assert_eq!(set(guest, ROOT, "file", 2, 9, 4), Err(Errno::Inval));
        assert_eq!(set(guest, READ_ONLY, "file", 0, 9, 4), Err(Errno::Rofs));
        assert_eq!(set(guest, READ_ONLY, "missing", 0, 9, 4), Err(Errno::Noent));
        assert_eq!(set(guest, ROOT, "missing", 0, 9, 4), Err(Errno::Noent));
        assert_eq!(mtim(guest, "file"), 3);
        assert_eq!(set(guest, ROOT, "file", 0, 9, 8), Ok(()));
        assert!(mtim(guest, "file") > 1_600_000_000_000_000_000, "now");
        guest.drop_rights(ROOT, Rights::PATH_FILESTAT_SET_TIMES);
        assert_eq!(set(guest, ROOT, "file", 0, 9, 4), Err(Errno::Notcapable));
        guest.drop_rights(ROOT, Rights::PATH_FILESTAT_GET);
        assert_eq!(guest.lstat("file"), Err(Errno::Notcapable));
    });
}
