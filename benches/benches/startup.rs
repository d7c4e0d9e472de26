//! Loading, instantiating and calling once; and the whole process of a command that runs a guest.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use hostel_benches::{start, starters};

fn startup(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("startup");
    for (name, bytes) in start::modules() {
        let mut expected = None;
        for starter in starters().iter().filter(|starter| bytes.len() <= starter.max_bytes) {
            let (result, _) = (starter.start)(bytes.clone());
            assert_eq!(*expected.get_or_insert(result), result, "{name} by {}", starter.name);
            group.bench_function(BenchmarkId::new(starter.name, &name), |bencher| {
                // Neither copying the bytes beforehand nor dropping everything afterwards is counted.
                bencher.iter_batched(|| bytes.clone(), &starter.start, BatchSize::PerIteration);
            });
        }
    }
}

/// Commands that take a module's path. hostel's own is there once `cargo build --release -p hostel-cli` made it.
fn commands() -> Vec<(&'static str, Vec<PathBuf>)> {
    let mut commands = Vec::new();
    // …/target/release/deps/startup-…
    let hostel = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.join("hostel")));
    match hostel.filter(|hostel| hostel.exists()) {
        Some(hostel) => commands.push(("hostel", vec![hostel, "run".into()])),
        None => eprintln!("no hostel beside this: `cargo build --release -p hostel-cli` first"),
    }
    #[cfg(feature = "peers")]
    {
        commands.push(("wasmi", vec![env!("CARGO_BIN_EXE_run_wasmi").into()]));
        commands.push(("wasmtime", vec![env!("CARGO_BIN_EXE_run_wasmtime").into()]));
    }
    commands
}

fn process(criterion: &mut Criterion) {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/guests/wasm");
    let mut group = criterion.benchmark_group("process");
    for guest in start::COMMANDS {
        for (name, command) in commands() {
            let path = guests.join(guest).with_extension("wasm");
            group.bench_function(BenchmarkId::new(name, guest), |bencher| {
                bencher.iter(|| {
                    let mut process = Command::new(&command[0]);
                    process.args(&command[1..]).arg(&path).stdin(Stdio::null()).stdout(Stdio::null());
                    assert!(process.status().expect("the command is there").success(), "{name} {guest}");
                });
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400));
    targets = startup, process
}
criterion_main!(benches);
