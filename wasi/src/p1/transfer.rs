//! Transfers that wait: a file's EAGAIN becomes another attempt once the file is ready, unless the descriptor is
//! `nonblock`. What goes through at once costs no more than the file's own call.

use std::io::{IoSlice, IoSliceMut};

use crate::abi::Errno;
use crate::fs::File;
use crate::guest::{GuestLen, GuestPtr, Memory};
use crate::wait::{Direction, Waits};

/// Reads what there is; waits while there is nothing.
#[inline]
pub(super) fn read(
    waits: &Waits,
    file: &mut dyn File,
    nonblock: bool,
    bufs: &mut [IoSliceMut<'_>],
) -> Result<usize, Errno> {
    match file.read(bufs) {
        Err(Errno::Again) => read_later(waits, file, nonblock, bufs),
        done => done,
    }
}

#[cold]
fn read_later(waits: &Waits, file: &mut dyn File, nonblock: bool, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
    if nonblock {
        return Err(Errno::Again);
    }
    let mut fruitless = 0;
    loop {
        waits.for_file(file, Direction::Read, &mut fruitless)?;
        match file.read(bufs) {
            Err(Errno::Again) => {}
            done => return done,
        }
    }
}

/// Writes everything, waiting while there is no room, as POSIX has it for streams. A file that never waits ends a write
/// where it likes.
#[inline]
pub(super) fn write(waits: &Waits, file: &mut dyn File, nonblock: bool, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
    match file.write(bufs) {
        Ok(count) if count >= total(bufs) => Ok(count),
        done => write_rest(waits, file, nonblock, bufs, done),
    }
}

/// Hands the buffers to `write`, or the part of them that there is room for by the context's limits; EDQUOT when there is
/// none.
#[inline]
pub(super) fn gather(
    memory: &Memory<'_>,
    (iovs, iovs_len): (GuestPtr, GuestLen),
    room: u64,
    write: impl FnOnce(&[IoSlice<'_>]) -> Result<usize, Errno>,
) -> Result<u32, Errno> {
    // No call moves more than this, so the sum need not be known.
    if room >= u64::from(u32::MAX) {
        return memory.gather(iovs, iovs_len, write);
    }
    gather_part(memory, (iovs, iovs_len), room, write)
}

#[cold]
fn gather_part(
    memory: &Memory<'_>,
    (iovs, iovs_len): (GuestPtr, GuestLen),
    room: u64,
    write: impl FnOnce(&[IoSlice<'_>]) -> Result<usize, Errno>,
) -> Result<u32, Errno> {
    memory.gather(
        iovs,
        iovs_len,
        |bufs| if total(bufs) as u64 <= room { write(bufs) } else { write(&cut(bufs, room)?) },
    )
}

/// The first `room` bytes; a bounded copy, as no list is longer than `IOVS_MAX`.
fn cut<'b>(bufs: &'b [IoSlice<'_>], mut room: u64) -> Result<Vec<IoSlice<'b>>, Errno> {
    if room == 0 {
        return Err(Errno::Dquot);
    }
    let mut part = Vec::new();
    for buf in bufs {
        let bytes = &buf[..buf.len().min(usize::try_from(room).unwrap_or(usize::MAX))];
        part.push(IoSlice::new(bytes));
        room -= bytes.len() as u64;
        if room == 0 {
            break;
        }
    }
    Ok(part)
}

fn total(bufs: &[IoSlice<'_>]) -> usize {
    bufs.iter().map(|buf| buf.len()).sum()
}

/// What to do after a write that was not all.
#[cold]
fn write_rest(
    waits: &Waits,
    file: &mut dyn File,
    nonblock: bool,
    bufs: &[IoSlice<'_>],
    done: Result<usize, Errno>,
) -> Result<usize, Errno> {
    let (taken, mut done) = match done {
        Ok(count) if !nonblock => (true, count),
        Err(Errno::Again) if !nonblock => (false, 0),
        done => return done,
    };
    let (mut fruitless, total) = (0, total(bufs));
    // A bounded copy: no list is longer than `IOVS_MAX`.
    let mut list = bufs.to_vec();
    let mut rest = &mut list[..];
    IoSlice::advance_slices(&mut rest, done);
    while done < total {
        match waits.for_file(file, Direction::Write, &mut fruitless) {
            Ok(()) => {}
            Err(Errno::Canceled) => return Err(Errno::Canceled),
            // What has been transferred is reported; the error comes with the next call.
            Err(_) if taken || done > 0 => break,
            Err(errno) => return Err(errno),
        }
        match file.write(rest) {
            Ok(count) => {
                // A file may claim more than it was given.
                let count = count.min(total - done);
                IoSlice::advance_slices(&mut rest, count);
                done += count;
                fruitless = if count > 0 { 0 } else { fruitless };
            }
            Err(Errno::Again) => {}
            Err(_) if done > 0 => break,
            Err(errno) => return Err(errno),
        }
    }
    Ok(done)
}
