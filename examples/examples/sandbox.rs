//! Two directories of the host's, one to write in and one only to read, and what the guest cannot reach.

use std::error::Error;
use std::fs;
use std::path::Path;

use hostel_engine::{Engine, Module};
use hostel_wasi::{Capture, Perms, WasiCtx, run_command};

/// Runs the example.
pub fn main() -> Result<(), Box<dyn Error>> {
    let host = tempfile::tempdir()?;
    fs::create_dir(host.path().join("in"))?;
    fs::create_dir(host.path().join("work"))?;
    fs::write(host.path().join("in/note"), "readable")?;
    fs::write(host.path().join("secret"), "out of reach")?;

    let engine = Engine::default();
    let cat = Module::new(&engine, include_bytes!("../guests/wasm/cat.wasm"))?;
    let files = Module::new(&engine, include_bytes!("../guests/wasm/files.wasm"))?;
    let run = |guest: &Module, argument: &str| run_in(&engine, guest, host.path(), argument);

    let (status, out) = run(&cat, "/in/note")?;
    println!("cat /in/note: {out}");
    assert_eq!((status, &*out), (0, "readable"));

    // There is nothing above a preopened directory, nothing that was not given, and no way round by a path.
    for path in ["/in/../secret", "/in/../../../etc/hostname", "/secret", "secret"] {
        let (status, out) = run(&cat, path)?;
        print!("{out}");
        assert_eq!(status, 1);
    }
    // Nor by a link. (Symbolic links that stay inside are followed.)
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(host.path().join("secret"), host.path().join("in/link"))?;
        let (status, out) = run(&cat, "/in/link")?;
        print!("{out}");
        assert_eq!(status, 1);
    }

    // `files` goes through the file system's calls: creates, writes, renames, links, removes.
    let (status, out) = run(&files, "/work")?;
    println!("files /work: {}", out.lines().last().unwrap_or_default());
    assert_eq!(status, 0);
    // Where only reading is granted, the very first change is refused, and the host's directory is as it was.
    let (status, out) = run(&files, "/in")?;
    println!("files /in: {}", out.lines().next().unwrap_or_default());
    assert_eq!(status, 1);
    assert!(!host.path().join("in/hostel-files").exists());
    Ok(())
}

/// Runs a guest with `in` (to read) and `work` (to read and write); returns its status and all it wrote.
fn run_in(engine: &Engine, guest: &Module, host: &Path, argument: &str) -> Result<(u32, String), Box<dyn Error>> {
    let out = Capture::with_limit(64 * 1024);
    let wasi = WasiCtx::builder()
        .args(["guest", argument])
        .stdout(out.clone())
        .stderr(out.clone())
        .preopened_dir(host.join("in"), "/in", Perms::READ_ONLY)
        .preopened_dir(host.join("work"), "/work", Perms::READ_WRITE)
        .build()?;
    let (status, _) = run_command(engine, guest, wasi)?;
    Ok((status, String::from_utf8(out.contents())?))
}
