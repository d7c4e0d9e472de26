//! Making an instance in a store of its own, calling it once, dropping it; on one thread and on two.

use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hostel_benches::{instances, spawners};

/// Instances that a thread makes in one iteration.
const EACH: u32 = 100;

fn instances(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("instances");
    for (threads, name) in [1_u32, 2].into_iter().zip(instances::CASES) {
        // On two threads, time per instance is half of what each takes.
        group.throughput(Throughput::Elements((EACH * threads).into()));
        for spawner in spawners() {
            let spawn = (spawner.load)(instances::module());
            group.bench_function(BenchmarkId::new(spawner.name, name), |bencher| {
                bencher.iter_custom(|iterations| {
                    let work = || (0..iterations * u64::from(EACH)).for_each(|_| drop(spawn()));
                    let start = Instant::now();
                    thread::scope(|scope| {
                        (1..threads).for_each(|_| drop(scope.spawn(work)));
                        work();
                    });
                    start.elapsed()
                });
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600));
    targets = instances
}
criterion_main!(benches);
