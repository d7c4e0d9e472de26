//! The one table of the 46 functions, in the witx's order, and what derives from it: raw functions over slots,
//! [`FUNCTIONS`] for looking up, tracing and testing, [`register`] for engines.
//!
//! A raw function gets the slots of its parameters and stores its errno in slot 0:
//!
//! ```text
//! (ctx, memory, stack)  ──►  decode each slot by its type  ──►  p1::…  ──►  stack[0] = errno
//! ```
//!
//! Of an i32 the low 32 bits count; the rest may be anything. A flag or enum that does not decode is EINVAL before
//! anything else happens. Adding a function is adding a row here and its body in `p1/`.

use std::fmt;

use crate::abi::{
    Advice, Clockid, Errno, Fdflags, Fstflags, Lookupflags, Oflags, Riflags, Rights, Sdflags, Siflags, Signal, Whence,
};
use crate::ctx::WasiCtx;
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};
use crate::p1;
use crate::wait::Canceled;

/// Why a function does not return to the guest. The engine unwinds the guest's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The guest ended itself: `proc_exit` with this code. Neither a trap nor an error.
    Exit(u32),
    /// The embedder ended it while it was waiting.
    Canceled(Canceled),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Exit(code) => write!(f, "exit with code {code}"),
            Ended::Canceled(canceled) => canceled.fmt(f),
        }
    }
}

impl std::error::Error for Ended {}

/// A function over raw slots: the context, the calling instance's memory if it exports one, and at least as many slots
/// as parameters and results. Panics only if there are fewer.
pub type RawFunction = fn(&mut WasiCtx, Option<&mut [u8]>, &mut [u64]) -> Result<(), Ended>;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The import's name.
    pub name: &'static str,
    /// The parameters, in order.
    pub params: &'static [Param],
    /// Whether it returns an errno, as an i32. Only `proc_exit` does not.
    pub result: bool,
    /// The function.
    pub call: RawFunction,
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// The witx's name; of results stored through a pointer, a word for what is stored.
    pub name: &'static str,
    /// What it means, and with that its [type](Kind::ty).
    pub kind: Kind,
}

/// The types that slots hold here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValType {
    /// The low 32 bits count.
    I32,
    /// All bits count.
    I64,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $ty:ident,)*) => {
        /// What a parameter means, for traces.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// The type of slot it comes in.
            pub const fn ty(self) -> ValType {
                match self { $(Kind::$kind => ValType::$ty,)* }
            }
        }
    };
}

kinds! {
    /// A descriptor.
    Fd I32,
    /// Where a path starts; its length is the next parameter.
    Path I32,
    /// A path's length.
    PathLen I32,
    /// Where a buffer to be filled starts; its length is the next parameter.
    Buffer I32,
    /// A buffer's length.
    BufferLen I32,
    /// Where an `iovec` array starts, to be filled; its length is the next parameter.
    Iovecs I32,
    /// Where a `ciovec` array starts, to be read; its length is the next parameter.
    Ciovecs I32,
    /// How many of them.
    IovecsLen I32,
    /// Where a pointer array goes: `argv`, `environ`.
    OutPointers I32,
    /// Where the strings go that it points to.
    OutStrings I32,
    /// Where a `u16` of flags goes.
    OutFlags I32,
    /// Where a `u32` goes that is a size or a count.
    OutSize I32,
    /// Where a descriptor goes.
    OutFd I32,
    /// Where a `u64` goes that is a time.
    OutTimestamp I32,
    /// Where a `u64` goes that is a position.
    OutFilesize I32,
    /// Where an `fdstat` goes.
    OutFdstat I32,
    /// Where a `filestat` goes.
    OutFilestat I32,
    /// Where a `prestat` goes.
    OutPrestat I32,
    /// Where subscriptions start.
    Subscriptions I32,
    /// Where events go.
    OutEvents I32,
    /// How many subscriptions.
    SubscriptionsLen I32,
    /// A `clockid`.
    Clockid I32,
    /// A time or span in nanoseconds.
    Timestamp I64,
    /// An unsigned size or position.
    Filesize I64,
    /// A signed distance.
    Filedelta I64,
    /// A `dircookie`.
    Dircookie I64,
    /// `rights`.
    Rights I64,
    /// `advice`.
    Advice I32,
    /// `whence`.
    Whence I32,
    /// `signal`.
    Signal I32,
    /// `fdflags`.
    Fdflags I32,
    /// `fstflags`.
    Fstflags I32,
    /// `lookupflags`.
    Lookupflags I32,
    /// `oflags`.
    Oflags I32,
    /// `riflags`.
    Riflags I32,
    /// `siflags`.
    Siflags I32,
    /// `sdflags`.
    Sdflags I32,
    /// An exit code.
    Exitcode I32,
}

/// How a parameter comes out of its slot. Unknown flags and enum values are EINVAL.
pub(crate) trait FromSlot: Sized {
    fn from_slot(slot: u64) -> Result<Self, Errno>;
}

macro_rules! from_slot {
    ($($ty:ty: $slot:ident => $value:expr;)*) => {$(
        impl FromSlot for $ty {
            #[inline]
            fn from_slot($slot: u64) -> Result<Self, Errno> {
                $value
            }
        }
    )*};
}

/// Flags narrower than their slot: a bit beyond them is as unknown as any other.
macro_rules! flags_from_slot {
    ($($ty:ty)*) => { from_slot! { $($ty: slot => {
        (slot as u32).try_into().ok().and_then(<$ty>::from_bits).ok_or(Errno::Inval)
    };)* } };
}

macro_rules! enum_from_slot {
    ($($ty:ty)*) => { from_slot! { $($ty: slot => <$ty>::from_raw(slot as u32).ok_or(Errno::Inval);)* } };
}

from_slot! {
    u32: slot => Ok(slot as u32);
    u64: slot => Ok(slot);
    i64: slot => Ok(slot as i64);
    Fd: slot => Ok(Fd(slot as u32));
    GuestPtr: slot => Ok(GuestPtr(slot as u32));
    GuestLen: slot => Ok(GuestLen(slot as u32));
    // Guests pass all ones for "whatever there is": unknown rights are not wrong, they are not granted.
    Rights: slot => Ok(Rights::from_bits_retain(slot));
}
flags_from_slot! { Fdflags Fstflags Lookupflags Oflags Riflags Siflags Sdflags }
enum_from_slot! { Advice Clockid Signal Whence }

/// How a function's outcome reaches the engine.
pub(crate) trait Outcome {
    /// Whether there is an errno.
    const RESULT: bool;
    fn store(self, ctx: &WasiCtx, stack: &mut [u64]) -> Result<(), Ended>;
}

impl Outcome for Result<(), Errno> {
    const RESULT: bool = true;

    #[inline]
    fn store(self, ctx: &WasiCtx, stack: &mut [u64]) -> Result<(), Ended> {
        stack[0] = match self {
            Ok(()) => 0,
            Err(errno) => {
                // ECANCELED may also be the host's own, and then the guest's.
                if errno == Errno::Canceled
                    && let Some(why) = ctx.waits.take_ended()
                {
                    return Err(Ended::Canceled(why));
                }
                errno as u64
            }
        };
        Ok(())
    }
}

impl Outcome for Ended {
    const RESULT: bool = false;

    #[inline]
    fn store(self, _ctx: &WasiCtx, _stack: &mut [u64]) -> Result<(), Ended> {
        Err(self)
    }
}

/// Gives an engine every function as a type of its own, so that its wrapper can inline the body.
pub trait Registrar {
    /// Called once for each function. `call` is zero-sized and does what `function.call` does.
    fn function<F>(&mut self, function: &'static Function, call: F)
    where
        F: Fn(&mut WasiCtx, Option<&mut [u8]>, &mut [u64]) -> Result<(), Ended> + Copy + Send + Sync + 'static;
}

/// The witx's `in` is a keyword here and written `in_`.
pub(crate) const fn witx_name(name: &'static str) -> &'static str {
    let (stem, last) = name.split_at(name.len() - 1);
    if matches!(last.as_bytes(), b"_") { stem } else { name }
}

/// The table's derivations, for a module of functions: `mod raw`, `FUNCTIONS` and `register`.
macro_rules! functions {
    ($($module:ident::$name:ident($($param:ident: $kind:ident),*) -> $outcome:ty;)*) => {
        /// Raw functions: one for each row.
        #[allow(non_camel_case_types)]
        mod raw {
            use super::*;

            $(
                #[inline]
                pub(super) fn $name(
                    ctx: &mut WasiCtx,
                    memory: Option<&mut [u8]>,
                    stack: &mut [u64],
                ) -> Result<(), Ended> {
                    #[inline]
                    fn decoded(ctx: &mut WasiCtx, memory: &mut Memory<'_>, stack: &[u64]) -> Result<$outcome, Errno> {
                        let [$($param),*] = *stack.first_chunk().expect("a slot for each parameter");
                        $(let $param = FromSlot::from_slot($param)?;)*
                        Ok($module::$name(ctx, memory $(, $param)*))
                    }
                    let mut memory = memory.map_or_else(Memory::none, Memory::new);
                    match decoded(ctx, &mut memory, stack) {
                        Ok(outcome) => outcome.store(ctx, stack),
                        Err(errno) => Status::Err(errno).store(ctx, stack),
                    }
                }
            )*

            /// The rows' places.
            pub(super) enum Row { $($name,)* }

            pub(super) const COUNT: usize = [$(Row::$name),*].len();
        }

        /// All functions, in the witx's order.
        pub static FUNCTIONS: [Function; raw::COUNT] = [$(
            Function {
                name: stringify!($name),
                params: &[$(Param { name: witx_name(stringify!($param)), kind: Kind::$kind }),*],
                result: <$outcome as Outcome>::RESULT,
                call: raw::$name,
            },
        )*];

        /// Calls the registrar with every function, in the witx's order.
        pub fn register(registrar: &mut impl Registrar) {
            $(registrar.function(&FUNCTIONS[raw::Row::$name as usize], raw::$name);)*
        }
    };
}
pub(crate) use functions;

/// What most rows return.
pub(crate) type Status = Result<(), Errno>;

/// The table, once for each preview: what is `own` to one is in its module of that name, and `sock_accept` is one row more
/// in preview1.
macro_rules! rows {
    ($($sock_accept:tt)*) => { functions! {
        p1::args_get(argv: OutPointers, argv_buf: OutStrings) -> Status;
        p1::args_sizes_get(argc: OutSize, argv_buf_size: OutSize) -> Status;
        p1::environ_get(environ: OutPointers, environ_buf: OutStrings) -> Status;
        p1::environ_sizes_get(environc: OutSize, environ_buf_size: OutSize) -> Status;
        p1::clock_res_get(id: Clockid, resolution: OutTimestamp) -> Status;
        p1::clock_time_get(id: Clockid, precision: Timestamp, time: OutTimestamp) -> Status;
        p1::fd_advise(fd: Fd, offset: Filesize, len: Filesize, advice: Advice) -> Status;
        p1::fd_allocate(fd: Fd, offset: Filesize, len: Filesize) -> Status;
        p1::fd_close(fd: Fd) -> Status;
        p1::fd_datasync(fd: Fd) -> Status;
        p1::fd_fdstat_get(fd: Fd, buf: OutFdstat) -> Status;
        p1::fd_fdstat_set_flags(fd: Fd, flags: Fdflags) -> Status;
        p1::fd_fdstat_set_rights(fd: Fd, fs_rights_base: Rights, fs_rights_inheriting: Rights) -> Status;
        own::fd_filestat_get(fd: Fd, buf: OutFilestat) -> Status;
        p1::fd_filestat_set_size(fd: Fd, size: Filesize) -> Status;
        p1::fd_filestat_set_times(fd: Fd, atim: Timestamp, mtim: Timestamp, fst_flags: Fstflags) -> Status;
        p1::fd_pread(fd: Fd, iovs: Iovecs, iovs_len: IovecsLen, offset: Filesize, nread: OutSize) -> Status;
        p1::fd_prestat_get(fd: Fd, buf: OutPrestat) -> Status;
        p1::fd_prestat_dir_name(fd: Fd, path: Buffer, path_len: BufferLen) -> Status;
        p1::fd_pwrite(fd: Fd, iovs: Ciovecs, iovs_len: IovecsLen, offset: Filesize, nwritten: OutSize) -> Status;
        p1::fd_read(fd: Fd, iovs: Iovecs, iovs_len: IovecsLen, nread: OutSize) -> Status;
        p1::fd_readdir(fd: Fd, buf: Buffer, buf_len: BufferLen, cookie: Dircookie, bufused: OutSize) -> Status;
        p1::fd_renumber(fd: Fd, to: Fd) -> Status;
        own::fd_seek(fd: Fd, offset: Filedelta, whence: Whence, newoffset: OutFilesize) -> Status;
        p1::fd_sync(fd: Fd) -> Status;
        p1::fd_tell(fd: Fd, offset: OutFilesize) -> Status;
        p1::fd_write(fd: Fd, iovs: Ciovecs, iovs_len: IovecsLen, nwritten: OutSize) -> Status;
        p1::path_create_directory(fd: Fd, path: Path, path_len: PathLen) -> Status;
        own::path_filestat_get(fd: Fd, flags: Lookupflags, path: Path, path_len: PathLen, buf: OutFilestat) -> Status;
        p1::path_filestat_set_times(
            fd: Fd, flags: Lookupflags, path: Path, path_len: PathLen, atim: Timestamp, mtim: Timestamp, fst_flags: Fstflags
        ) -> Status;
        p1::path_link(
            old_fd: Fd, old_flags: Lookupflags, old_path: Path, old_path_len: PathLen, new_fd: Fd, new_path: Path,
            new_path_len: PathLen
        ) -> Status;
        p1::path_open(
            fd: Fd, dirflags: Lookupflags, path: Path, path_len: PathLen, oflags: Oflags, fs_rights_base: Rights,
            fs_rights_inheriting: Rights, fdflags: Fdflags, opened_fd: OutFd
        ) -> Status;
        p1::path_readlink(
            fd: Fd, path: Path, path_len: PathLen, buf: Buffer, buf_len: BufferLen, bufused: OutSize
        ) -> Status;
        p1::path_remove_directory(fd: Fd, path: Path, path_len: PathLen) -> Status;
        p1::path_rename(
            fd: Fd, old_path: Path, old_path_len: PathLen, new_fd: Fd, new_path: Path, new_path_len: PathLen
        ) -> Status;
        p1::path_symlink(old_path: Path, old_path_len: PathLen, fd: Fd, new_path: Path, new_path_len: PathLen) -> Status;
        p1::path_unlink_file(fd: Fd, path: Path, path_len: PathLen) -> Status;
        own::poll_oneoff(in_: Subscriptions, out: OutEvents, nsubscriptions: SubscriptionsLen, nevents: OutSize) -> Status;
        p1::proc_exit(rval: Exitcode) -> Ended;
        p1::proc_raise(sig: Signal) -> Status;
        p1::sched_yield() -> Status;
        p1::random_get(buf: Buffer, buf_len: BufferLen) -> Status;
        $($sock_accept)*
        p1::sock_recv(
            fd: Fd, ri_data: Iovecs, ri_data_len: IovecsLen, ri_flags: Riflags, ro_datalen: OutSize, ro_flags: OutFlags
        ) -> Status;
        p1::sock_send(fd: Fd, si_data: Ciovecs, si_data_len: IovecsLen, si_flags: Siflags, so_datalen: OutSize) -> Status;
        p1::sock_shutdown(fd: Fd, how: Sdflags) -> Status;
    } };
}
pub(crate) use rows;

/// What is preview1's own.
use p1 as own;

rows! { p1::sock_accept(fd: Fd, flags: Fdflags, connection: OutFd) -> Status; }
