//! The table itself: 46 rows, in the witx's order, each calling its function.

mod kit;

use hostel_wasi::abi::Errno;
use hostel_wasi::{Ended, FUNCTIONS, Function, Registrar, ValType, WasiCtx, preview0, register};
use kit::*;

const NAMES: &str = "args_get args_sizes_get environ_get environ_sizes_get clock_res_get clock_time_get fd_advise \
    fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get \
    fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_get fd_prestat_dir_name fd_pwrite fd_read \
    fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write path_create_directory path_filestat_get \
    path_filestat_set_times path_link path_open path_readlink path_remove_directory path_rename path_symlink \
    path_unlink_file poll_oneoff proc_exit proc_raise sched_yield random_get sock_accept sock_recv sock_send \
    sock_shutdown";

/// The core types of every import, `i` and `I` for i32 and i64, as the witx lowers them.
const TYPES: &str = "ii ii ii ii ii iIi iIIi iII i i ii ii iII ii iI iIIi iiiIi ii iii iiiIi iiii iiiIi ii iIii i ii \
    iiii iii iiiii iiiiIIi iiiiiii iiiiiIIii iiiiii iii iiiiii iiiii iii iiii i i - ii iii iiiiii iiiii ii";

fn types(function: &Function) -> String {
    let letters = function.params.iter().map(|param| if param.kind.ty() == ValType::I32 { 'i' } else { 'I' });
    if function.params.is_empty() { "-".to_string() } else { letters.collect() }
}

#[test]
fn names_and_types_are_the_witxs() {
    assert_eq!(FUNCTIONS.map(|function| function.name).to_vec(), NAMES.split_whitespace().collect::<Vec<_>>());
    assert_eq!(FUNCTIONS.iter().map(types).collect::<Vec<_>>(), TYPES.split_whitespace().collect::<Vec<_>>());
    assert!(FUNCTIONS.iter().all(|function| function.result == (function.name != "proc_exit")));
    let older: Vec<_> = preview0::FUNCTIONS.iter().map(|function| (function.name, types(function))).collect();
    let same: Vec<_> = FUNCTIONS.iter().filter(|function| function.name != "sock_accept").collect();
    assert_eq!(older, same.iter().map(|function| (function.name, types(function))).collect::<Vec<_>>());
    assert_eq!(FUNCTIONS[37].params[0].name, "in");
}

#[test]
fn a_registrar_sees_every_row_once() {
    struct Names(Vec<&'static str>, WasiCtx);
    impl Registrar for Names {
        fn function<F>(&mut self, function: &'static Function, call: F)
        where
            F: Fn(&mut WasiCtx, Option<&mut [u8]>, &mut [u64]) -> Result<(), Ended> + Copy + Send + Sync + 'static,
        {
            assert_eq!(size_of::<F>(), 0);
            let (mut by_type, mut by_pointer) = ([u64::MAX; 9], [u64::MAX; 9]);
            let one = call(&mut self.1, Some(&mut [0; 16]), &mut by_type);
            let other = (function.call)(&mut self.1, Some(&mut [0; 16]), &mut by_pointer);
            assert_eq!((one, by_type), (other, by_pointer), "{}", function.name);
            self.0.push(function.name);
        }
    }
    let mut names = Names(Vec::new(), WasiCtx::builder().build().unwrap());
    register(&mut names);
    assert_eq!(names.0, NAMES.split_whitespace().collect::<Vec<_>>());
    names.0.clear();
    preview0::register(&mut names);
    assert_eq!(names.0.len(), 45);
}

#[test]
fn a_guest_without_memory() {
    let mut guest = guest(WasiCtx::builder().arg("prog"));
    let mut call = |name: &str, stack: &mut [u64]| {
        let function = FUNCTIONS.iter().find(|function| function.name == name).unwrap();
        (function.call)(&mut guest.ctx, None, stack).map(|()| stack[0])
    };
    let fault = Errno::Fault as u64;
    assert_eq!(call("sched_yield", &mut [9]), Ok(0));
    assert_eq!(call("fd_close", &mut [0]), Ok(0));
    assert_eq!(call("proc_exit", &mut [7]), Err(Ended::Exit(7)));
    assert_eq!(call("args_sizes_get", &mut [0, 4]), Ok(fault));
    assert_eq!(call("clock_time_get", &mut [0, 0, 0]), Ok(fault));
    assert_eq!(call("random_get", &mut [0, 1]), Ok(fault));
    assert_eq!(call("fd_write", &mut [1, 0, 0, 0]), Ok(fault));
}

#[test]
fn nothing_is_granted_by_default() {
    let mut guest = guest(WasiCtx::builder());
    guest.fails("fd_prestat_get", &[3, RESULT], Errno::Badf);
    guest.ok("args_sizes_get", &[RESULT, RESULT + 4]);
    guest.ok("environ_sizes_get", &[RESULT + 8, RESULT + 12]);
    assert_eq!(guest.bytes(RESULT, 16), [0; 16]);
    assert_eq!(guest.read(0, 8), Ok(vec![]));
    assert_eq!(guest.write(1, b"gone"), Ok(4));
    assert_eq!(guest.write(2, b"gone"), Ok(4));
    assert_eq!(guest.ctx.usage().open_fds, 3);
}
