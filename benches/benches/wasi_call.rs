//! WASI functions, called by a guest in a loop.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hostel_benches::world::World;
use hostel_benches::{runtimes, wasi};

fn wasi_call(criterion: &mut Criterion) {
    let world = World::new();
    let mut group = criterion.benchmark_group("wasi_call");
    for case in wasi::CASES {
        group.throughput(Throughput::Elements(case.calls.into()));
        for runtime in runtimes() {
            let Some(mut guest) = runtime.wasi.and_then(|wasi| wasi(case, &world)) else { continue };
            guest.check(case, runtime.name);
            group.bench_function(BenchmarkId::new(runtime.name, case.name), |bencher| {
                bencher.iter(|| assert_eq!(guest.run(case.calls), 0, "errno"));
            });
        }
    }
}

criterion_group! {
    name = benches;
    // Short: the cases are many, and what is compared runs right after each other.
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(400));
    targets = wasi_call
}
criterion_main!(benches);
