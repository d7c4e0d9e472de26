//! Calls between guest and host without WASI.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use hostel_benches::{calls, runtimes};

fn host_call(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("host_call");
    for case in calls::CASES {
        group.throughput(Throughput::Elements(case.calls.into()));
        for runtime in runtimes() {
            if let Some(mut timed) = runtime.call.and_then(|call| call(case)) {
                group.bench_function(BenchmarkId::new(runtime.name, case.name), |bencher| bencher.iter(&mut timed));
            }
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
    targets = host_call
}
criterion_main!(benches);
