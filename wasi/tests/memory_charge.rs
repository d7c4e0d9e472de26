//! What a file system in memory is charged is what it takes: all that the process allocates for files, directories, links and
//! names is counted. A file of its own, as it counts for the whole process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::IoSlice;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use hostel_wasi::abi::Errno;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::fs::{Directory, OpenOptions, Opened};

/// The system's allocator, which counts what is in use: bytes, with what the system's allocator adds to each piece.
struct Counting;

static USED: AtomicU64 = AtomicU64::new(0);

/// What a piece takes in all: glibc keeps its length, a word, before it, and rounds up to two words; four are the least.
fn taken(layout: Layout) -> u64 {
    ((layout.size() as u64 + 8).next_multiple_of(16)).max(32)
}

// SAFETY: every call is the system allocator's with the same arguments; counting touches no memory but a number.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        USED.fetch_add(taken(layout), Relaxed);
        // SAFETY: the caller's promise is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        USED.fetch_sub(taken(layout), Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Makes the thing of that number.
type Make = fn(&MemoryFs, &dyn Directory, u32);
/// Removes it.
type Remove = fn(&dyn Directory, &[u8]) -> Result<(), Errno>;

fn name(number: u32) -> String {
    format!("{number:06}")
}

/// What was taken and what was charged since then, without what is fixed: the root's map has a first node.
struct Since {
    used: u64,
    charged: u64,
}

impl Since {
    fn now(fs: &MemoryFs) -> Since {
        Since { used: USED.load(Relaxed), charged: fs.bytes_used() }
    }

    fn look(&self, fs: &MemoryFs) -> (u64, u64) {
        ((USED.load(Relaxed) - self.used).saturating_sub(512), fs.bytes_used() - self.charged)
    }
}

/// All of it in one test: others in this process would move its memory.
#[test]
fn what_is_charged_is_what_is_taken() {
    const COUNT: u32 = 100_000;
    let file: Remove = |root, name| root.unlink_file(name);
    let directory: Remove = |root, name| root.remove_directory(name);
    let tree: Remove = |root, name| {
        for below in [&b"/a"[..], b"/b"] {
            let _ = root.unlink_file(&[name, below].concat());
        }
        root.remove_directory(name)
    };
    let kinds: [(&str, Remove, Make); 15] = [
        ("empty files", file, |fs, _, i| fs.write_file(name(i), "").unwrap()),
        ("empty files, made from the last to the first", file, |fs, _, i| {
            fs.write_file(name(999_999 - i), "").unwrap()
        }),
        ("empty files, made in any order", file, |fs, _, i| {
            fs.write_file(format!("{:08x}", i.wrapping_mul(0x9e37_79b1)), "").unwrap()
        }),
        ("names of one to five bytes", file, |fs, _, i| fs.write_file(format!("{i:x}"), "").unwrap()),
        ("names of 200 bytes", file, |fs, _, i| fs.write_file(format!("{i:0200}"), "").unwrap()),
        ("files of a byte", file, |fs, _, i| fs.write_file(name(i), "x").unwrap()),
        ("files of 100 bytes", file, |fs, _, i| fs.write_file(name(i), [1; 100]).unwrap()),
        ("files of 1000 bytes", file, |fs, _, i| fs.write_file(name(i), [1; 1000]).unwrap()),
        ("files that were cut", file, |fs, _, i| {
            fs.write_file(name(i), [1; 1000]).unwrap();
            fs.write_file(name(i), "").unwrap();
        }),
        ("directories", directory, |_, root, i| root.create_directory(name(i).as_bytes()).unwrap()),
        ("directories of one file", tree, |fs, root, i| {
            root.create_directory(name(i).as_bytes()).unwrap();
            fs.write_file(name(i) + "/a", "").unwrap();
        }),
        ("directories of two files", tree, |fs, root, i| {
            root.create_directory(name(i).as_bytes()).unwrap();
            fs.write_file(name(i) + "/a", "").unwrap();
            fs.write_file(name(i) + "/b", "").unwrap();
        }),
        ("symbolic links", file, |_, root, i| root.symlink(b"x", name(i).as_bytes()).unwrap()),
        ("long symbolic links", file, |_, root, i| root.symlink(&[b'x'; 400], name(i).as_bytes()).unwrap()),
        ("hard links", file, |fs, root, i| {
            if i == 0 {
                fs.write_file("zero", "").unwrap();
            }
            root.link(b"zero", root, name(i).as_bytes()).unwrap();
        }),
    ];
    for (what, remove, make) in kinds {
        let fs = MemoryFs::builder().max_bytes(u64::MAX).build();
        let root = fs.root();
        let since = Since::now(&fs);
        (0..COUNT).for_each(|i| make(&fs, &*root, i));
        let (used, charged) = since.look(&fs);
        let text = format!("{COUNT} {what} take {used} bytes and are charged {charged}");
        println!("{text}");
        assert!(used <= charged, "{text}");
        // Empty directories are charged the node that their first name makes.
        let more = if what == "directories" { used } else { used / 3 };
        assert!(charged <= used + more, "{text}");

        // Most are removed, and the maps are as sparse as they can be.
        let names: Vec<_> = root.entries().unwrap().flatten().map(|entry| entry.name).collect();
        for name in names.iter().enumerate().filter(|(at, _)| at % 7 != 0).map(|(_, name)| name) {
            remove(&*root, name).unwrap();
        }
        drop(names);
        let (used, charged) = since.look(&fs);
        assert!(used <= charged, "a seventh of {what}: {used} bytes, charged {charged}");
    }
    contents();
}

/// Files that grow a little at a time take a sixteenth more at most.
fn contents() {
    for (count, piece, pieces) in [(2000, 1, 3000), (200, 100, 600), (20, 5000, 60), (20, 40_000, 20)] {
        let fs = MemoryFs::builder().max_bytes(u64::MAX).build();
        let since = Since::now(&fs);
        for number in 0..count {
            let options = OpenOptions { write: true, create: true, ..OpenOptions::default() };
            let Ok(Opened::File(mut file)) = fs.root().open(name(number).as_bytes(), &options) else {
                panic!("a file")
            };
            for _ in 0..pieces {
                assert_eq!(file.write(&[IoSlice::new(&vec![1; piece])]), Ok(piece));
            }
        }
        let (used, charged) = since.look(&fs);
        let text = format!("{count} files of {pieces} × {piece} bytes take {used} bytes and are charged {charged}");
        assert!(used <= charged + charged / 16, "{text}");
        assert!(charged <= used + used / 4, "{text}");
    }
}
