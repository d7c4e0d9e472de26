//! Long transfers in pieces, so that a guest can be stopped in the middle of one: between two pieces it is looked whether
//! anyone asks for that, and whether there is fuel for more.
//!
//! ```text
//! bytes   0 ──────── PIECE ──────── 2 PIECE ── …           one call of the file for each piece
//!                    look           look                   stop: what was moved is the count, a success
//! ```
//!
//! To the guest a transfer is what it would be in one piece: short pieces and errors end it, with the count of what was
//! moved, if anything was; the error comes with the next call. What has no count (`random_get`, `fd_readdir`) ends with
//! ECANCELED instead, and can be called again.

use std::io::{IoSlice, IoSliceMut};

use crate::abi::Errno;
use crate::fs::File;
use crate::wait::Waits;
use crate::work::units_for;

/// What is moved without a look. Chosen: a file in memory moves as much in 0.1 to 0.5 ms, and one more system call for as
/// many bytes of a host's file is too little to measure.
pub(super) const PIECE: usize = 1 << 20;

/// Reads into a part of the buffers, of at most [`PIECE`] bytes; the number is how many bytes came before.
type Read<'r> = dyn FnMut(&mut [IoSliceMut<'_>], u32) -> Result<u32, Errno> + 'r;

/// Writes a part of the buffers, of at most [`PIECE`] bytes; the numbers are how many bytes it has, and how many went before.
type Write<'w> = dyn FnMut(&[IoSlice<'_>], u32, u32) -> Result<u32, Errno> + 'w;

/// Reads into `bufs`, however long.
#[cold]
#[inline(never)]
pub(super) fn read(waits: &Waits, bufs: &mut [IoSliceMut<'_>], read: &mut Read<'_>) -> Result<u32, Errno> {
    let (mut rest, mut done) = (bufs, 0);
    loop {
        let (mut piece, mut len) = (Vec::new(), 0);
        for buf in rest.iter_mut() {
            let count = buf.len().min(PIECE - len);
            piece.push(IoSliceMut::new(&mut buf[..count]));
            len += count;
            if len == PIECE {
                break;
            }
        }
        match read(&mut piece, done) {
            Ok(count) if (count as usize) < len => return Ok(done + count),
            // No more than a piece, so it is a u32, and the sum of all pieces is one.
            Ok(_) => done += len as u32,
            Err(_) if done > 0 => return Ok(done),
            Err(errno) => return Err(errno),
        }
        IoSliceMut::advance_slices(&mut rest, len);
        if rest.is_empty() || waits.asked_to_stop(units_for(done.into())).is_some() {
            return Ok(done);
        }
    }
}

/// Writes `bufs`, however long.
#[cold]
#[inline(never)]
pub(super) fn write(waits: &Waits, bufs: &[IoSlice<'_>], write: &mut Write<'_>) -> Result<u32, Errno> {
    // A bounded copy: no list is longer than `IOVS_MAX`.
    let mut list = bufs.to_vec();
    let (mut rest, mut done) = (&mut list[..], 0);
    loop {
        let (mut piece, mut len) = (Vec::new(), 0);
        for buf in rest.iter() {
            let count = buf.len().min(PIECE - len);
            piece.push(IoSlice::new(&buf[..count]));
            len += count;
            if len == PIECE {
                break;
            }
        }
        match write(&piece, len as u32, done) {
            Ok(count) if (count as usize) < len => return Ok(done + count),
            Ok(_) => done += len as u32,
            Err(Errno::Canceled) if waits.has_ended() => {
                waits.moved_before_ended(waits.take_moved() + done);
                return Err(Errno::Canceled);
            }
            Err(_) if done > 0 => return Ok(done),
            Err(errno) => return Err(errno),
        }
        IoSlice::advance_slices(&mut rest, len);
        if rest.is_empty() || waits.asked_to_stop(units_for(done.into())).is_some() {
            return Ok(done);
        }
    }
}

/// Allocates a part of a file, in as many steps as the file wants: ECANCELED between two of them when it is to stop. Says how
/// much was done.
pub(super) fn allocate(waits: &Waits, file: &mut dyn File, offset: u64, len: u64) -> (u64, Result<(), Errno>) {
    let mut done = 0;
    loop {
        match file.allocate(offset + done, len - done) {
            // A file that comes no farther would be asked for ever.
            Ok(0) => return (done, Err(Errno::Io)),
            Ok(count) => done += count.min(len - done),
            Err(errno) => return (done, Err(errno)),
        }
        if done == len {
            return (done, Ok(()));
        }
        if let Err(errno) = waits.check_stop(units_for(done)) {
            return (done, Err(errno));
        }
    }
}

/// Sets a file's length, in as many steps as the file wants: ECANCELED between two of them when it is to stop.
pub(super) fn set_size(waits: &Waits, file: &mut dyn File, size: u64) -> Result<(), Errno> {
    let mut before = u64::MAX;
    loop {
        match file.set_size(size)? {
            // A file that comes no nearer is done, whatever it says.
            now if now <= size || now >= before => return Ok(()),
            now => before = now,
        }
        waits.check_stop(0)?;
    }
}

/// Fills `bytes`, which have no count: ECANCELED when it was stopped. Says how many were filled. It is not begun when there is
/// not enough fuel for the whole, as a call that is made again begins anew.
#[cold]
#[inline(never)]
pub(super) fn fill(
    waits: &Waits,
    bytes: &mut [u8],
    fill: &mut dyn FnMut(&mut [u8]) -> Result<(), Errno>,
) -> (usize, Result<(), Errno>) {
    if let Err(errno) = waits.check_budget(units_for(bytes.len() as u64)) {
        return (0, Err(errno));
    }
    let mut done = 0;
    for piece in bytes.chunks_mut(PIECE) {
        if done > 0
            && let Err(errno) = waits.check_stop(0)
        {
            return (done, Err(errno));
        }
        if let Err(errno) = fill(piece) {
            return (done, Err(errno));
        }
        done += piece.len();
    }
    (done, Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Filetype;

    /// A file that says of itself what the number tells.
    struct Liar(u64);

    impl File for Liar {
        fn filetype(&self) -> Filetype {
            Filetype::RegularFile
        }

        fn allocate(&mut self, _: u64, _: u64) -> Result<u64, Errno> {
            Ok(self.0)
        }

        fn set_size(&mut self, _: u64) -> Result<u64, Errno> {
            Ok(self.0)
        }
    }

    #[test]
    fn a_files_false_claims() {
        let waits = Waits::default();
        assert_eq!(allocate(&waits, &mut Liar(0), 5, 10), (0, Err(Errno::Io)));
        assert_eq!(allocate(&waits, &mut Liar(4), 5, 10), (10, Ok(())));
        assert_eq!(allocate(&waits, &mut Liar(u64::MAX), i64::MAX as u64 - 10, 10), (10, Ok(())));
        for claim in [0, 5, 6, u64::MAX] {
            assert_eq!(set_size(&waits, &mut Liar(claim), 5), Ok(()));
        }
    }
}
