//! `WasiCtxBuilder::deterministic`: two runs are the same, to the last byte that the guest can see.

mod kit;

use std::fmt::Write;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hostel_engine::{Caller, Config, Engine, FunctionDefinition, FunctionListener, Module, Trap};
use hostel_wasi::abi::Rights;
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{
    Canceled, Capture, Ended, Perms, Stdio, UNITS_PER_ENTRY, VirtualClocks, WasiCtx, WasiCtxBuilder, run_command,
};
use kit::*;

/// A line for each host call's beginning and end: names, slots, and at the end what has changed in the guest's memory
/// since the call before, by pages and their hashes.
#[derive(Default)]
struct Trace(Mutex<(String, Vec<u8>)>);

impl Trace {
    fn line(&self, module: &mut Caller<'_>, definition: &FunctionDefinition, slots: &[u64]) {
        let (text, before) = &mut *self.0.lock().unwrap();
        write!(text, "{} {slots:x?}", definition.name().unwrap_or("?")).unwrap();
        let memory = module.memory().unwrap();
        before.resize(memory.len(), 0);
        for (number, (before, now)) in before.chunks_mut(0x4000).zip(memory.chunks(0x4000)).enumerate() {
            if *before != *now {
                before.copy_from_slice(now);
                let mut hash = DefaultHasher::new();
                now.hash(&mut hash);
                write!(text, " {number:x}:{:016x}", hash.finish()).unwrap();
            }
        }
        text.push('\n');
    }
}

impl FunctionListener for Trace {
    fn before(&self, _: &mut Caller<'_>, definition: &FunctionDefinition, params: &[u64]) {
        writeln!(self.0.lock().unwrap().0, "{} {params:x?}", definition.name().unwrap_or("?")).unwrap();
    }

    fn after(&self, module: &mut Caller<'_>, definition: &FunctionDefinition, results: &[u64]) {
        self.line(module, definition, results);
    }

    fn abort(&self, definition: &FunctionDefinition, trap: &Trap) {
        writeln!(self.0.lock().unwrap().0, "{:?} {trap}", definition.name()).unwrap();
    }
}

/// Runs one of the guests that are built in `examples/guests`; its trace, and what it printed.
fn run(name: &str, args: &[&str], builder: WasiCtxBuilder) -> (String, String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../examples/guests/wasm/{name}.wasm"));
    let trace = Arc::new(Trace::default());
    let listener: Arc<dyn FunctionListener> = trace.clone();
    let mut config = Config::new();
    config.function_listeners(Arc::new(move |definition: &FunctionDefinition| {
        (definition.module() == Some(hostel_wasi::PREVIEW1)).then(|| listener.clone())
    }));
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, fs::read(file).unwrap()).unwrap();
    let out = Capture::with_limit(1 << 16);
    let ctx = builder.arg(name).args(args).stdout(out.clone()).build().unwrap();
    let (status, _) = run_command(&engine, &module, ctx).unwrap();
    let out = String::from_utf8(out.contents()).unwrap();
    assert_eq!(status, 0, "{name}: {out}");
    let trace = trace.0.lock().unwrap().0.clone();
    assert!(trace.lines().count() > 4, "{trace}");
    (trace, out)
}

/// The same tree, made in another order, with other numbers, and of another age.
fn tree(at: &Path, reversed: bool) -> PathBuf {
    let root = at.join(if reversed { "one" } else { "other" });
    fs::create_dir(&root).unwrap();
    let mut names: Vec<String> = (0..40).map(|number| format!("file-{number}")).collect();
    if reversed {
        names.reverse();
        fs::create_dir(root.join("sub")).unwrap();
    }
    for name in &names {
        fs::write(root.join(name), name).unwrap();
        let hours = if reversed { 1 } else { 1000 };
        let age = SystemTime::now() - Duration::from_secs(3600 * hours);
        fs::File::options().append(true).open(root.join(name)).unwrap().set_modified(age).unwrap();
    }
    if !reversed {
        fs::create_dir(root.join("sub")).unwrap();
    }
    fs::write(root.join("sub/inner"), "inner").unwrap();
    root
}

fn copy_to_memory(root: &Path) -> MemoryFs {
    let memory = MemoryFs::new();
    memory.create_dir_all("sub").unwrap();
    memory.write_file("sub/inner", "inner").unwrap();
    for entry in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        memory.write_file(entry.file_name().unwrap().as_encoded_bytes(), fs::read(&entry).unwrap()).unwrap();
    }
    memory
}

#[test]
fn guests_run_twice_leave_one_trace() {
    let temporary = tempfile::tempdir().unwrap();
    let roots = [tree(temporary.path(), true), tree(temporary.path(), false)];
    let guests: [(&str, &[&str]); 4] =
        [("walk", &["/t"]), ("files", &["/t"]), ("clock", &[]), ("sleep", &["86400000"])];
    for (name, args) in guests {
        let on_host = roots.each_ref().map(|root| {
            let builder = WasiCtx::builder().preopened_dir(root, "/t", Perms::READ_WRITE);
            run(name, args, builder.deterministic(7))
        });
        if name == "clock" {
            assert!(on_host[0] == on_host[1], "{}", difference(&on_host[0].0, &on_host[1].0));
            continue;
        }
        let in_memory = roots.each_ref().map(|root| {
            let builder = WasiCtx::builder().in_memory_dir(&copy_to_memory(root), "/t", Perms::READ_WRITE);
            run(name, args, builder.deterministic(7).stdin(Stdio::null()))
        });
        assert!(on_host[0] == on_host[1], "{name} on the host:\n{}", difference(&on_host[0].0, &on_host[1].0));
        assert!(in_memory[0] == in_memory[1], "{name} in memory:\n{}", difference(&in_memory[0].0, &in_memory[1].0));
        assert_eq!(on_host[0].1, in_memory[0].1, "{name} prints the same on both");
    }
}

/// The first lines that differ.
fn difference(one: &str, other: &str) -> String {
    let at = one.lines().zip(other.lines()).position(|(one, other)| one != other).unwrap_or(0);
    let lines = |text: &str| text.lines().skip(at.saturating_sub(2)).take(5).collect::<Vec<_>>().join("\n");
    format!("line {at}\n{}\n---\n{}", lines(one), lines(other))
}

#[test]
fn the_seed_is_seen_and_nothing_else_differs() {
    let draw = |seed| run("clock", &["random"], WasiCtx::builder().deterministic(seed));
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7).1, draw(8).1);
}

fn filestat(guest: &mut Guest, path: &str) -> Vec<u64> {
    let [path, len] = guest.path(path);
    guest.ok("path_filestat_get", &[ROOT, 0, path, len, RESULT]);
    (0..8).map(|word| guest.u64_at(RESULT + 8 * word)).collect()
}

fn monotonic(guest: &mut Guest) -> u64 {
    guest.ok("clock_time_get", &[1, 0, RESULT]);
    guest.u64_at(RESULT)
}

#[test]
fn time_moves_by_reading_and_sleeping() {
    let mut guest = guest(WasiCtx::builder().deterministic(0));
    guest.ok("clock_time_get", &[0, 0, RESULT]);
    assert_eq!(guest.u64_at(RESULT), VirtualClocks::START + VirtualClocks::STEP);
    let before = monotonic(&mut guest);
    // A year, which the host does not wait for.
    const YEAR: u64 = 365 * 86_400 * 1_000_000_000;
    assert_eq!(guest.sleep(YEAR), Ok(0));
    assert_eq!(guest.u32_at(RESULT), 1);
    let slept = monotonic(&mut guest) - before;
    assert!((YEAR..YEAR + 100 * VirtualClocks::STEP).contains(&slept), "{slept}");
    guest.ok("clock_time_get", &[2, 0, RESULT]);
    assert!(guest.u64_at(RESULT) < 100 * VirtualClocks::STEP, "sleeping is not work");
}

#[test]
fn numbers_and_times_are_the_guests_own() {
    let host = tempfile::tempdir().unwrap();
    fs::write(host.path().join("old"), "old").unwrap();
    for builder in [
        WasiCtx::builder().preopened_dir(host.path(), "/", Perms::READ_WRITE),
        WasiCtx::builder().in_memory_dir(&MemoryFs::new(), "/", Perms::READ_WRITE),
    ] {
        let mut guest = guest(builder.deterministic(0));
        let start = VirtualClocks::START;
        // Device, number, type, links, size, times.
        assert_eq!(filestat(&mut guest, ".")[..2], [2, 4]);
        assert_eq!(filestat(&mut guest, ".")[3..], [1, 0, start, start, start]);
        monotonic(&mut guest);
        guest.make_file("new", b"12345");
        let present = start + VirtualClocks::STEP;
        assert_eq!(filestat(&mut guest, "new")[3..], [1, 5, present, present, present]);
        let number = filestat(&mut guest, "new")[1];

        // A number is not given twice, whatever the host does with its own.
        let [path, len] = guest.path("new");
        guest.ok("path_unlink_file", &[ROOT, path, len]);
        guest.make_file("new", b"");
        assert_eq!(filestat(&mut guest, "new")[1], number + 1);
        guest.make_dir("dir");
        let [path, len] = guest.path("dir");
        guest.ok("path_remove_directory", &[ROOT, path, len]);
        guest.make_file("moved", b"");
        let ([old, old_len], [new, new_len]) = (guest.path("moved"), guest.path2("new"));
        let moved = filestat(&mut guest, "moved")[1];
        guest.ok("path_rename", &[ROOT, old, old_len, ROOT, new, new_len]);
        assert_eq!(filestat(&mut guest, "new")[1], moved);

        // An open file keeps its own.
        let fd = guest.open(ROOT, "new", 0, READ | Rights::FD_FILESTAT_GET.bits());
        let [path, len] = guest.path("new");
        guest.ok("path_unlink_file", &[ROOT, path, len]);
        guest.ok("fd_filestat_get", &[fd, RESULT]);
        assert_eq!(guest.u64_at(RESULT + 8), moved);
    }
}

/// A listing is sorted before it is given out, and the guest can be stopped meanwhile.
#[test]
fn sorting_a_long_listing_can_be_stopped() {
    let host = tempfile::tempdir().unwrap();
    for number in 0..600 {
        fs::write(host.path().join(format!("{number:03}")), "").unwrap();
    }
    let mut guest = guest(WasiCtx::builder().preopened_dir(host.path(), "/", Perms::READ_ONLY).deterministic(0));
    let handle = guest.ctx.cancel_handle().unwrap();
    handle.cancel();
    let mut stops = 0;
    while let Err(ended) = guest.try_call("fd_readdir", &[ROOT, DATA, 1000, 0, RESULT]) {
        assert_eq!(ended, Ended::Canceled(Canceled::ByHandle));
        stops += 1;
        assert!(stops < 10, "it goes on where it was");
    }
    // Twice while they were read, twice while they were numbered.
    assert_eq!(stops, 4);
    assert!(guest.ctx.take_work() >= 4 * 256 * UNITS_PER_ENTRY);
    handle.reset();
    let (mut names, mut cookie) = (Vec::new(), 0);
    loop {
        guest.ok("fd_readdir", &[ROOT, DATA, 27, cookie, RESULT]);
        if guest.u32_at(RESULT) == 0 {
            break;
        }
        cookie = guest.u64_at(DATA);
        let len = guest.u32_at(DATA + 16) as usize;
        names.push(String::from_utf8(guest.bytes(DATA + 24, len).to_vec()).unwrap());
    }
    let expected = [".", ".."].map(String::from).into_iter().chain((0..600).map(|number| format!("{number:03}")));
    assert!(names.into_iter().eq(expected));
}

#[test]
fn streams_do_not_tell_what_they_are_connected_to() {
    let file = tempfile::tempfile().unwrap();
    let stats = [Stdio::null(), Stdio::from(file)].map(|stdout| {
        let mut guest = guest(WasiCtx::builder().stdout(stdout).deterministic(0));
        guest.ok("fd_filestat_get", &[1, RESULT]);
        [0, 8, 24, 40, 48, 56].map(|at| guest.u64_at(RESULT + at))
    });
    let start = VirtualClocks::START;
    assert_eq!(stats, [[1, 2, 1, start, start, start]; 2]);
}
