//! The soak: many short guests in one process, one after another and at once, on two threads, with all kinds of work.
//! Every result is known beforehand; memory and the host's descriptors have to stay flat.

use std::error::Error;
use std::fmt;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use hostel_engine::{
    Backend, CompilationMode, Config, Engine, Instance, Limits, Linker, Module, Store, Trap, TrapCode,
};
use hostel_wasi::fs::memory::MemoryFs;
use hostel_wasi::{Capture, Perms, WasiCtx, add_to_linker};

const THREADS: usize = 2;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What the process has.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Guests that were run before.
    pub guests: usize,
    /// Resident memory, in KiB.
    pub resident: usize,
    /// Open descriptors.
    pub descriptors: usize,
}

impl Held {
    /// Asks the system; zeros where it does not tell.
    pub fn now(guests: usize) -> Held {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0);
        // One of them is the listing's own.
        let descriptors = fs::read_dir("/proc/self/fd").map_or(0, |list| list.count().saturating_sub(1));
        Held { guests, resident, descriptors }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Held { guests, resident, descriptors } = self;
        write!(f, "{guests:>9} guests, {:>7.1} MiB resident, {descriptors} descriptors", *resident as f64 / 1024.0)
    }
}

/// A soak's engine, module and place for files.
pub struct Soak {
    engines: Vec<(Engine, Module, Linker<WasiCtx>)>,
    dir: tempfile::TempDir,
}

impl Soak {
    /// Sets up each backend of this build, with eager and lazy translation.
    ///
    /// # Errors
    ///
    /// No directory for files; and none that is not a bug.
    pub fn new() -> Result<Soak> {
        let wasm = wat::parse_str(include_str!("soak.wat"))?;
        let mut engines = Vec::new();
        for backend in [Backend::Auto, Backend::Loop] {
            for mode in [CompilationMode::Eager, CompilationMode::Lazy] {
                let mut config = Config::new();
                // The guest that overflows the stack would take most of the time.
                config.backend(backend).compilation_mode(mode);
                config.limits(Limits { value_stack_bytes: 256 << 10, ..Limits::default() });
                let engine = Engine::new(&config)?;
                let mut linker = Linker::new(&engine);
                add_to_linker(&mut linker, |ctx| ctx)?;
                engines.push((engine.clone(), Module::new(&engine, wasm.clone())?, linker));
            }
        }
        let dir = tempfile::tempdir()?;
        for thread in 0..THREADS {
            fs::create_dir(dir.path().join(thread.to_string()))?;
        }
        Ok(Soak { engines, dir })
    }

    /// Runs `guests` guests one after another on each of two threads, half of them each, and says about ten times what
    /// the process holds.
    ///
    /// # Errors
    ///
    /// A guest whose result is not the expected one.
    pub fn in_sequence(&self, guests: usize, mut say: impl FnMut(Held)) -> Result<()> {
        let done = AtomicUsize::new(0);
        let every = (guests / 10).max(1);
        let each = guests / THREADS;
        thread::scope(|scope| {
            let workers: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let done = &done;
                    scope.spawn(move || {
                        for number in 0..each {
                            Guest::new(self, thread, number)?.work(number)?;
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                        Ok(())
                    })
                })
                .collect();
            let mut next = every;
            while workers.iter().any(|worker| !worker.is_finished()) {
                thread::sleep(std::time::Duration::from_millis(5));
                let done = done.load(Ordering::Relaxed);
                if done >= next {
                    say(Held::now(done));
                    next = done + every;
                }
            }
            workers.into_iter().try_for_each(|worker| worker.join().expect("a soak's thread does not panic"))
        })
    }

    /// Keeps `guests` guests at once on two threads, half of them each, lets each do all kinds of work in turn, and says
    /// what the process holds while they live.
    ///
    /// # Errors
    ///
    /// As [`in_sequence`](Self::in_sequence).
    pub fn at_once(&self, guests: usize, mut say: impl FnMut(Held)) -> Result<()> {
        let each = guests / THREADS;
        thread::scope(|scope| {
            let workers: Vec<_> = (0..THREADS)
                .map(|thread| {
                    scope.spawn(move || -> Result<Vec<Guest>> {
                        let mut all =
                            (0..each).map(|number| Guest::new(self, thread, number)).collect::<Result<Vec<_>>>()?;
                        for round in 0..KINDS.len() {
                            for (number, guest) in all.iter_mut().enumerate() {
                                guest.work(number + round)?;
                            }
                        }
                        Ok(all)
                    })
                })
                .collect();
            let mut living = Vec::new();
            for worker in workers {
                // Stores move between threads.
                living.extend(worker.join().expect("a soak's thread does not panic")?);
            }
            say(Held::now(living.len()));
            Ok(())
        })
    }
}

/// A kind of work: the export, its argument, and what comes of it.
struct Kind {
    name: &'static str,
    argument: i32,
    expected: Expected,
}

enum Expected {
    Result(i32),
    Trap(TrapCode),
    Exit(u32),
}

/// Descriptor 3 is in memory, 4 on the host.
const KINDS: [Kind; 11] = [
    Kind { name: "compute", argument: 100, expected: Expected::Result(338_350) },
    Kind { name: "print", argument: 0, expected: Expected::Result(7) },
    Kind { name: "file", argument: 3, expected: Expected::Result(7) },
    Kind { name: "ask", argument: 0, expected: Expected::Result(2) },
    Kind { name: "file", argument: 4, expected: Expected::Result(7) },
    Kind { name: "trap", argument: 0, expected: Expected::Trap(TrapCode::IntegerDivideByZero) },
    Kind { name: "grow", argument: 2, expected: Expected::Result(7) },
    Kind { name: "exit", argument: 9, expected: Expected::Exit(9) },
    Kind { name: "compute", argument: 10, expected: Expected::Result(385) },
    Kind { name: "leave_open", argument: 4, expected: Expected::Result(5) },
    Kind { name: "overflow", argument: 1, expected: Expected::Trap(TrapCode::StackOverflow) },
];

struct Guest {
    store: Store<WasiCtx>,
    instance: Instance,
    out: Capture,
    printed: usize,
}

impl Guest {
    fn new(soak: &Soak, thread: usize, number: usize) -> Result<Guest> {
        let (engine, module, linker) = &soak.engines[number % soak.engines.len()];
        let out = Capture::with_limit(1 << 10);
        let host = soak.dir.path().join(thread.to_string());
        let ctx = WasiCtx::builder()
            .args(["soak", "guest"])
            .stdout(out.clone())
            .in_memory_dir(&MemoryFs::new(), "memory", Perms::READ_WRITE)
            .preopened_dir(host, "host", Perms::READ_WRITE)
            .build()?;
        let mut store = Store::try_new(engine, ctx)?;
        let instance = linker.instantiate(&mut store, module)?;
        Ok(Guest { store, instance, out, printed: 0 })
    }

    /// Does the work of that number, and compares. Work that changes what comes of the next is done once only.
    fn work(&mut self, number: usize) -> Result<()> {
        let Kind { name, argument, expected } = &KINDS[number % KINDS.len()];
        let func = self.instance.get_typed_func::<i32, i32>(&self.store, name)?;
        let outcome: std::result::Result<i32, Trap> = func.call(&mut self.store, *argument);
        let right = match (&outcome, expected) {
            (Ok(result), Expected::Result(wanted)) => result == wanted,
            (Err(trap), Expected::Trap(code)) => trap.code() == Some(*code),
            (Err(trap), Expected::Exit(status)) => trap.exit_status() == Some(*status),
            _ => false,
        };
        self.printed += usize::from(*name == "print");
        if !right || self.out.contents() != b"soaked\n".repeat(self.printed) {
            return Err(format!("{name} of guest {number}: {outcome:?}, printed {:?}", self.out.contents()).into());
        }
        Ok(())
    }
}
