//! How an embedder says what a guest may have. Mistakes are errors of [`WasiCtxBuilder::build`].

mod error;

pub use error::BuildError;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::abi::Fdflags;
use crate::clocks::{ClockSource, Clocks, VirtualClocks};
use crate::ctx::WasiCtx;
use crate::fs::host::HostDirectory;
use crate::fs::memory::MemoryFs;
use crate::fs::stable::{Numbers, StableDirectory, StableFile};
use crate::fs::{Directory, ReadOnlyDirectory};
use crate::ledger::{Ledger, WasiLimits};
use crate::random::{Random, RandomSource};
use crate::socket::Listener;
use crate::stdio::{Stdio, Stream};
use crate::strings::Strings;
use crate::table::{Descriptor, FdTable, Mount, Perms, STANDARD_INPUT, STANDARD_OUTPUT, mount_points};
use crate::wait::{Deadline, Waits};

/// Builds a [`WasiCtx`]. Bytes need not be UTF-8; for `OsStr`s there is
/// [`as_encoded_bytes`](std::ffi::OsStr::as_encoded_bytes).
#[must_use = "nothing happens until `build`"]
pub struct WasiCtxBuilder {
    args: Vec<Vec<u8>>,
    /// `NAME=VALUE`.
    environ: Vec<Vec<u8>>,
    stdio: [Stdio; 3],
    preopens: Vec<Preopen>,
    listeners: Vec<Listener>,
    clocks: ClockSource,
    random: Option<Random>,
    /// Hides what differs between hosts and runs.
    numbers: Option<Arc<Numbers>>,
    limits: WasiLimits,
    memory: Vec<MemoryFs>,
    deadline: Option<Deadline>,
    /// The first thing that was wrong.
    error: Option<BuildError>,
}

struct Preopen {
    source: PreopenSource,
    name: Vec<u8>,
    perms: Perms,
}

enum PreopenSource {
    Path(PathBuf),
    Open(Arc<dyn Directory>),
}

impl WasiCtxBuilder {
    pub(crate) fn new() -> Self {
        WasiCtxBuilder {
            args: Vec::new(),
            environ: Vec::new(),
            stdio: [Stdio::null(), Stdio::null(), Stdio::null()],
            preopens: Vec::new(),
            listeners: Vec::new(),
            clocks: ClockSource::System,
            random: None,
            numbers: None,
            limits: WasiLimits::default(),
            memory: Vec::new(),
            deadline: None,
            error: None,
        }
    }

    /// Adds an argument; the first is the program's name.
    pub fn arg(mut self, arg: impl AsRef<[u8]>) -> Self {
        let argument = arg.as_ref().to_vec();
        if argument.contains(&0) {
            let index = self.args.len();
            return self.wrong(BuildError::NulInArgument { index, argument });
        }
        self.args.push(argument);
        self
    }

    /// Adds arguments.
    pub fn args(self, args: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        args.into_iter().fold(self, |builder, arg| builder.arg(arg))
    }

    /// Adds the host process's own arguments.
    pub fn inherit_args(self) -> Self {
        std::env::args_os().fold(self, |builder, arg| builder.arg(arg.as_encoded_bytes()))
    }

    /// Adds a variable. The order is kept, and so are several of one name.
    pub fn env(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        let name = name.as_ref();
        if name.is_empty() || name.contains(&b'=') {
            return self.wrong(BuildError::VariableName { name: name.to_vec() });
        }
        self.variable(name, value.as_ref())
    }

    /// Adds variables.
    pub fn envs(self, variables: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>) -> Self {
        variables.into_iter().fold(self, |builder, (name, value)| builder.env(name, value))
    }

    /// Adds the host process's whole environment, odd names included.
    pub fn inherit_env(self) -> Self {
        std::env::vars_os()
            .fold(self, |builder, (name, value)| builder.variable(name.as_encoded_bytes(), value.as_encoded_bytes()))
    }

    fn variable(mut self, name: &[u8], value: &[u8]) -> Self {
        if name.contains(&0) || value.contains(&0) {
            return self.wrong(BuildError::NulInVariable { name: name.to_vec() });
        }
        self.environ.push([name, b"=", value].concat());
        self
    }

    /// Connects stdin. Default: [`Stdio::null`].
    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.stdio[0] = stdin.into();
        self
    }

    /// Connects stdout. Default: [`Stdio::null`].
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.stdio[1] = stdout.into();
        self
    }

    /// Connects stderr. Default: [`Stdio::null`].
    pub fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.stdio[2] = stderr.into();
        self
    }

    /// Connects all three to the host process's own.
    pub fn inherit_stdio(self) -> Self {
        self.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit())
    }

    /// Gives the guest a directory of the host's under the name `guest_path`. Directories get the numbers from 3 on, in
    /// the order they were given.
    pub fn preopened_dir(self, host_path: impl AsRef<Path>, guest_path: impl AsRef<[u8]>, perms: Perms) -> Self {
        self.preopen(PreopenSource::Path(host_path.as_ref().to_path_buf()), guest_path.as_ref(), perms)
    }

    /// Gives the guest any [`Directory`].
    pub fn preopened(self, dir: Arc<dyn Directory>, guest_path: impl AsRef<[u8]>, perms: Perms) -> Self {
        self.preopen(PreopenSource::Open(dir), guest_path.as_ref(), perms)
    }

    /// Gives the guest the root of an in-memory file system.
    pub fn in_memory_dir(mut self, fs: &MemoryFs, guest_path: impl AsRef<[u8]>, perms: Perms) -> Self {
        if !self.memory.iter().any(|known| known.is_the_same(fs)) {
            self.memory.push(fs.clone());
        }
        self.preopened(fs.root(), guest_path, perms)
    }

    fn preopen(mut self, source: PreopenSource, name: &[u8], perms: Perms) -> Self {
        let name = name.to_vec();
        if name.is_empty() || name.contains(&0) {
            return self.wrong(BuildError::DirectoryName { name });
        }
        self.preopens.push(Preopen { source, name, perms });
        self
    }

    /// Gives the guest a listening socket. Sockets get the numbers after all directories, in the order they were given.
    pub fn preopened_listener(mut self, listener: impl Into<Listener>) -> Self {
        self.listeners.push(listener.into());
        self
    }

    /// Replaces the system's clocks.
    pub fn clocks(mut self, clocks: impl Clocks + 'static) -> Self {
        self.clocks = ClockSource::Custom(Box::new(clocks));
        self
    }

    /// Makes `random_get` repeatable: the same seed gives the same bytes. They are no secret.
    pub fn random_seed(mut self, seed: u64) -> Self {
        self.random = Some(Random::seeded(seed));
        self
    }

    /// Replaces the system's randomness.
    pub fn random_source(mut self, source: impl RandomSource + 'static) -> Self {
        self.random = Some(Random::Custom(Box::new(source)));
        self
    }

    /// Makes a run repeatable: of the same guest with the same arguments, files and input, every call gets the same
    /// answer. In one call:
    ///
    /// - time is [`VirtualClocks`]': it begins at a fixed date and moves only when it is read or slept on, and no sleep
    ///   makes the host wait
    /// - `random_get` is seeded, as by [`random_seed`](Self::random_seed)
    /// - directories, of whatever file system, list their entries by name; device and inode numbers count from 1 in the
    ///   order of first sight; a file's times are the start of the clocks until the guest changes the file; directories
    ///   have length 0 and one link
    /// - the standard streams have numbers and times that do not depend on what they are connected to
    ///
    /// What it does not cover: whether a stream or socket is ready, and how much a read from one gives; what others do to
    /// the files meanwhile; room on the host's disk; deadlines and cancelling, which are the host's time. A call of
    /// [`clocks`](Self::clocks) or [`random_seed`](Self::random_seed) after this one replaces that part.
    ///
    /// ```
    /// use hostel_wasi::{Perms, WasiCtx};
    /// let ctx = WasiCtx::builder()
    ///     .preopened_dir(std::env::temp_dir(), "/tmp", Perms::READ_ONLY)
    ///     .deterministic(7)
    ///     .build()?;
    /// # Ok::<(), hostel_wasi::BuildError>(())
    /// ```
    pub fn deterministic(mut self, seed: u64) -> Self {
        let clocks = VirtualClocks::new();
        self.numbers = Some(Arc::new(Numbers::new(clocks.clone())));
        self.clocks(clocks).random_seed(seed)
    }

    /// Sets all limits.
    pub fn limits(mut self, limits: WasiLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The moment, or the span from [`build`](Self::build) on, after which the guest may not wait any longer: a call that
    /// would ends with [`Canceled::ByDeadline`](crate::Canceled) instead. Computing is not ended by it. Default: none.
    pub fn deadline(mut self, deadline: impl Into<Deadline>) -> Self {
        self.deadline = Some(deadline.into());
        self
    }

    /// Remembers the first mistake.
    fn wrong(mut self, error: BuildError) -> Self {
        self.error.get_or_insert(error);
        self
    }

    /// Opens what is to be opened and makes the context.
    pub fn build(self) -> Result<WasiCtx, BuildError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let numbers = self.numbers;
        let seen = |dir: Arc<dyn Directory>| -> Arc<dyn Directory> {
            match &numbers {
                Some(numbers) => Arc::new(StableDirectory::new(dir, Arc::clone(numbers))),
                None => dir,
            }
        };
        // The witx promises numbers below 2³¹.
        let open_fds = self.limits.open_fds.min(1 << 31);
        let mut table = FdTable::new(open_fds);
        let mut ledger = Ledger::new(&self.limits);
        ledger.memory = self.memory;
        for capture in self.stdio.iter().filter_map(Stdio::capture) {
            if !ledger.captures.iter().any(|known| known.is_the_same(capture)) {
                ledger.captures.push(capture.clone());
            }
        }
        for (number, (stdio, stream)) in self.stdio.into_iter().zip(Stream::ALL).enumerate() {
            let (file, flags) =
                stdio.open(stream).map_err(|source| BuildError::Stdio { stream: stream.name(), source })?;
            let rights = if stream == Stream::Stdin { STANDARD_INPUT } else { STANDARD_OUTPUT };
            let file = match &numbers {
                Some(numbers) => Box::new(StableFile::stream(file, Arc::clone(numbers), number)),
                None => file,
            };
            table.set_stdio(number, Descriptor::for_file(file, flags & KEPT_FLAGS, rights));
        }
        let too_many = |_| BuildError::TooManyPreopens { open_fds };
        let mut preopens = Vec::with_capacity(self.preopens.len());
        for (id, preopen) in (0..).zip(self.preopens) {
            let dir: Arc<dyn Directory> = match preopen.source {
                PreopenSource::Open(dir) => dir,
                PreopenSource::Path(path) => match HostDirectory::open_ambient(&path) {
                    Ok(dir) => Arc::new(dir),
                    Err(source) => return Err(BuildError::Directory { path, source }),
                },
            };
            let dir = seen(dir);
            let dir = if preopen.perms.write() { dir } else { Arc::new(ReadOnlyDirectory::new(dir)) };
            let mount = Mount::new(id, preopen.perms, &*dir);
            preopens.push((preopen.name, dir, mount));
        }
        let empty = || -> Arc<dyn Directory> { Arc::new(ReadOnlyDirectory::new(seen(MemoryFs::new().root()))) };
        let points = mount_points(&preopens, &empty);
        for ((name, dir, mount), point) in preopens.into_iter().zip(points) {
            table.insert(Descriptor::for_preopen(dir, name.into(), mount, point)).map_err(too_many)?;
        }
        for listener in self.listeners {
            listener.prepare().map_err(|source| BuildError::Listener { source })?;
            table.insert(Descriptor::for_listener(listener)).map_err(too_many)?;
        }
        Ok(WasiCtx {
            args: Strings::new(self.args).ok_or(BuildError::StringsTooLong)?,
            environ: Strings::new(self.environ).ok_or(BuildError::StringsTooLong)?,
            table,
            clocks: self.clocks,
            random: match self.random {
                Some(random) => random,
                None => Random::system().map_err(|source| BuildError::Random { source })?,
            },
            waits: Waits::new(self.deadline.and_then(Deadline::moment), self.limits.waiting),
            ledger,
            yields: 0,
        })
    }
}

/// Of the flags that a host's descriptor already has. The sync flags of an inherited stream are the host's affair.
const KEPT_FLAGS: Fdflags = Fdflags::APPEND.union(Fdflags::NONBLOCK);

impl fmt::Debug for WasiCtxBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasiCtxBuilder")
            .field("args", &self.args.len())
            .field("environ", &self.environ.len())
            .field("stdio", &self.stdio)
            .field("preopens", &self.preopens.len())
            .field("listeners", &self.listeners.len())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
