//! `wasi_unstable`, preview0: the older name under which some guests still import WASI, and the differences.
//!
//! Most functions are preview1's as they are. Different are:
//!
//! - `fd_seek`: `whence` is cur 0, end 1, set 2.
//! - `fd_filestat_get`, `path_filestat_get`: the record has 56 bytes, as `nlink` is a `u32`.
//! - `poll_oneoff`: a subscription has 56 bytes, as a clock has an identifier of its own.
//! - There is no `sock_accept`.
//!
//! ```text
//! filestat      0        8        16           17      20         24        32        40        48        56
//!               dev u64  ino u64  filetype u8  3 zero  nlink u32  size u64  atim u64  mtim u64  ctim u64
//! subscription  0             8       9       16              24                 32           40             48         56
//!               userdata u64  tag u8  7 zero  identifier u64  id u32 + 4 zero  timeout u64  precision u64  flags u16
//!                                             fd_read, fd_write: fd u32
//! ```

use crate::abi::{Errno, Filestat, Lookupflags, Whence};
use crate::ctx::WasiCtx;
use crate::functions::{
    Ended, FromSlot, Function, Kind, Outcome, Param, Registrar, Status, functions, rows, witx_name,
};
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};
use crate::p1::{self, Layout};

/// Bytes of this preview's `filestat`.
const FILESTAT_SIZE: usize = 56;

/// This preview's order of `whence`.
struct Whence0(Whence);

impl FromSlot for Whence0 {
    #[inline]
    fn from_slot(slot: u64) -> Result<Self, Errno> {
        match slot as u32 {
            0 => Ok(Whence0(Whence::Cur)),
            1 => Ok(Whence0(Whence::End)),
            2 => Ok(Whence0(Whence::Set)),
            _ => Err(Errno::Inval),
        }
    }
}

/// The functions that differ.
mod own {
    use super::*;

    pub(super) fn fd_seek(
        ctx: &mut WasiCtx,
        memory: &mut Memory<'_>,
        fd: Fd,
        offset: i64,
        whence: Whence0,
        newoffset: GuestPtr,
    ) -> Result<(), Errno> {
        p1::fd_seek(ctx, memory, fd, offset, whence.0, newoffset)
    }

    pub(super) fn fd_filestat_get(
        ctx: &mut WasiCtx,
        memory: &mut Memory<'_>,
        fd: Fd,
        buf: GuestPtr,
    ) -> Result<(), Errno> {
        let filestat = p1::fd_filestat(ctx, fd, || memory.check(buf, FILESTAT_SIZE))?;
        memory.write(buf, &filestat_bytes(&filestat))
    }

    pub(super) fn path_filestat_get(
        ctx: &mut WasiCtx,
        memory: &mut Memory<'_>,
        fd: Fd,
        flags: Lookupflags,
        path: GuestPtr,
        path_len: GuestLen,
        buf: GuestPtr,
    ) -> Result<(), Errno> {
        let filestat = p1::path_filestat(ctx, memory, fd, flags, path, path_len, (buf, FILESTAT_SIZE))?;
        memory.write(buf, &filestat_bytes(&filestat))
    }

    pub(super) fn poll_oneoff(
        ctx: &mut WasiCtx,
        memory: &mut Memory<'_>,
        subscriptions: GuestPtr,
        events: GuestPtr,
        nsubscriptions: GuestLen,
        nevents: GuestPtr,
    ) -> Result<(), Errno> {
        p1::poll_with(Layout::PREVIEW0, ctx, memory, subscriptions, events, nsubscriptions, nevents)
    }

    fn filestat_bytes(filestat: &Filestat) -> [u8; FILESTAT_SIZE] {
        let mut bytes = [0; FILESTAT_SIZE];
        bytes[0..8].copy_from_slice(&filestat.dev.to_le_bytes());
        bytes[8..16].copy_from_slice(&filestat.ino.to_le_bytes());
        bytes[16] = filestat.filetype as u8;
        // More names than fit are as many as fit.
        bytes[20..24].copy_from_slice(&u32::try_from(filestat.nlink).unwrap_or(u32::MAX).to_le_bytes());
        let words = [filestat.size, filestat.atim, filestat.mtim, filestat.ctim];
        for (bytes, word) in bytes[24..].chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

rows! {}
