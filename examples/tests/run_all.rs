//! Runs every example's `main`, which checks its own result.

use std::collections::BTreeSet;
use std::path::Path;

macro_rules! examples {
    ($($path:literal $name:ident)*) => {
        $(
            #[path = $path]
            mod $name;
        )*

        /// One test an example, under its name.
        mod run {
            $(
                #[test]
                fn $name() {
                    super::$name::main().unwrap();
                }
            )*
        }

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

examples! {
    "../examples/capture.rs" capture
    "../examples/fuel.rs" fuel
    "../examples/hello.rs" hello
    "../examples/host_function.rs" host_function
    "../examples/many_instances.rs" many_instances
    "../examples/memory_files.rs" memory_files
    "../examples/override_function.rs" override_function
    "../examples/reactor.rs" reactor
    "../examples/reentry.rs" reentry
    "../examples/sandbox.rs" sandbox
    "../examples/trace.rs" trace
}

/// No example is left out of this file, nor of the crate's list.
#[test]
fn all_of_them() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(crate_dir.join("examples")).unwrap();
    let names: BTreeSet<String> =
        files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, NAMES.iter().map(|&name| name.to_owned()).collect());
    let list = std::fs::read_to_string(crate_dir.join("src/lib.rs")).unwrap();
    for name in names {
        assert!(list.contains(&format!("| `{name}` |")), "{name} is missing from src/lib.rs");
    }
}
