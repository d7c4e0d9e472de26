//! stitch: kernels only, as it has no WASI.

use makepad_stitch::{Engine, Linker, Module, Store, Val};

use crate::kernels::{Kernel, Run};

/// It has no vectors; the others with indirect calls among constants end its process, or panic.
const NOT_RUN: [&str; 4] = ["simd", "indirect", "dynamic", "collections"];

/// `run` of a kernel; `None` for those that it does not run.
pub fn kernel(kernel: &Kernel) -> Option<Run> {
    if NOT_RUN.contains(&kernel.name) {
        return None;
    }
    let mut store = Store::new(Engine::new());
    let module = Module::new(store.engine(), kernel.wasm).expect("a valid kernel");
    let instance = Linker::new().instantiate(&mut store, &module).expect("nothing is imported");
    let run = instance.exported_func("run").expect("the kernel exports run");
    Some(Box::new(move |times| {
        let mut results = [Val::I32(0)];
        run.call(&mut store, &[Val::I32(times as i32)], &mut results).expect("no trap");
        results[0].to_i32().expect("a checksum") as u32
    }))
}
