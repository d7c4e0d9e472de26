//! Kernels: guests that compute and call nobody.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use hostel_benches::{kernels, runtimes};

fn execute(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("execute");
    for kernel in kernels::KERNELS {
        for runtime in runtimes() {
            let Some(mut run) = runtime.kernel.and_then(|instantiate| instantiate(kernel)) else { continue };
            kernel.once(&mut run, runtime.name);
            group.bench_function(BenchmarkId::new(runtime.name, kernel.name), |bencher| {
                bencher.iter(|| kernel.once(&mut run, runtime.name));
            });
        }
    }
}

criterion_group! {
    name = benches;
    // An iteration takes some ten milliseconds in an interpreter: ten samples of one or two each.
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(400));
    targets = execute
}
criterion_main!(benches);
