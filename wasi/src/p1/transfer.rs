//! Transfers that wait: a file's EAGAIN becomes another attempt once the file is ready, unless the descriptor is
//! `nonblock`. What goes through at once costs no more than the file's own call.
//!
//! Counts are `u32`s, as guests get them, and no call moves more. That a count with its errno fits a register matters: as
//! a wider result the outcome of the waiting paths would be put together in memory, and every transfer would wait for that.

use std::io::{IoSlice, IoSliceMut};

use super::pieces::{self, PIECE};
use crate::abi::Errno;
use crate::fs::File;
use crate::guest::{GuestLen, GuestPtr, Memory, Write};
use crate::wait::{Direction, Waits};
use crate::work::units_for;

/// Reads what there is into one buffer, of at most [`PIECE`] bytes; waits while there is nothing.
#[inline]
pub(super) fn read(waits: &Waits, file: &mut dyn File, nonblock: bool, bytes: &mut [u8]) -> Result<u32, Errno> {
    let len = bytes.len();
    match file.read(&mut [IoSliceMut::new(bytes)]) {
        Ok(count) => Ok(count.min(len) as u32),
        Err(Errno::Again) if !nonblock => read_later(waits, file, &mut [IoSliceMut::new(bytes)]),
        Err(errno) => Err(errno),
    }
}

/// Reads what there is into a list of buffers; waits while there is nothing.
#[inline(never)]
pub(super) fn read_list(
    waits: &Waits,
    file: &mut dyn File,
    nonblock: bool,
    memory: &mut Memory<'_>,
    (iovs, iovs_len): (GuestPtr, GuestLen),
    may_wait: bool,
) -> Result<u32, Errno> {
    let mut read = |bufs: &mut [IoSliceMut<'_>], done| match file.read(bufs) {
        // Who has got something does not wait for more.
        Err(Errno::Again) if !nonblock && done == 0 => read_later(waits, file, bufs),
        done => done.map(reported),
    };
    memory.scatter(iovs, iovs_len, may_wait, &mut |bufs, done, total| {
        // Buffers that overlap come one by one: between them a guest can be stopped too.
        if done > 0 && waits.asked_to_stop(units_for(done.into())).is_some() {
            return Ok(0);
        }
        if total as usize > PIECE { pieces::read(waits, bufs, &mut read) } else { read(bufs, done) }
    })
}

/// A count that no guest's list has room for is a file's false claim; the list cuts it down to its own.
pub(super) fn reported(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cold]
#[inline(never)]
fn read_later(waits: &Waits, file: &mut dyn File, bufs: &mut [IoSliceMut<'_>]) -> Result<u32, Errno> {
    let mut fruitless = 0;
    loop {
        waits.for_file(file, Direction::Read, &mut fruitless)?;
        match file.read(bufs) {
            Err(Errno::Again) => {}
            done => return done.map(reported),
        }
    }
}

/// Writes one buffer, of at most [`PIECE`] bytes: all of it, waiting while there is no room, as POSIX has it for streams. A
/// file that never waits ends a write where it likes.
#[inline]
pub(super) fn write(waits: &Waits, file: &mut dyn File, nonblock: bool, bytes: &[u8]) -> Result<u32, Errno> {
    match file.write(&[IoSlice::new(bytes)]) {
        Ok(count) if count >= bytes.len() => Ok(bytes.len() as u32),
        Ok(count) if nonblock => Ok(count as u32),
        Ok(count) => write_rest(waits, file, &[IoSlice::new(bytes)], count, true),
        Err(Errno::Again) if !nonblock => write_rest(waits, file, &[IoSlice::new(bytes)], 0, false),
        Err(errno) => Err(errno),
    }
}

/// Writes a list of buffers like one, or the part of it that there is `room` for by the context's limits; EDQUOT when
/// there is none.
#[inline(never)]
pub(super) fn write_list(
    waits: &Waits,
    file: &mut dyn File,
    nonblock: bool,
    memory: &Memory<'_>,
    iovs: (GuestPtr, GuestLen),
    room: u64,
) -> Result<u32, Errno> {
    let mut write = |bufs: &[IoSlice<'_>], total, _| match file.write(bufs) {
        Ok(count) if count >= total as usize => Ok(total),
        Ok(count) if nonblock => Ok(count as u32),
        Ok(count) => write_rest(waits, file, bufs, count, true),
        Err(Errno::Again) if !nonblock => write_rest(waits, file, bufs, 0, false),
        Err(errno) => Err(errno),
    };
    gather(memory, iovs, room, &mut |bufs, total| {
        if total as usize > PIECE { pieces::write(waits, bufs, &mut write) } else { write(bufs, total, 0) }
    })
}

/// Hands the buffers and the number of their bytes to `write`, or the part of them that there is `room` for.
pub(super) fn gather(
    memory: &Memory<'_>,
    (iovs, iovs_len): (GuestPtr, GuestLen),
    room: u64,
    write: &mut Write<'_>,
) -> Result<u32, Errno> {
    memory.gather(iovs, iovs_len, &mut |bufs, total| match u32::try_from(room) {
        Ok(room) if room < total => write(&cut(bufs, room)?, room),
        _ => write(bufs, total),
    })
}

/// The first `room` bytes; a bounded copy, as no list is longer than `IOVS_MAX`.
fn cut<'b>(bufs: &'b [IoSlice<'_>], room: u32) -> Result<Vec<IoSlice<'b>>, Errno> {
    if room == 0 {
        return Err(Errno::Dquot);
    }
    let (mut part, mut room) = (Vec::new(), room as usize);
    for buf in bufs {
        let bytes = &buf[..buf.len().min(room)];
        part.push(IoSlice::new(bytes));
        room -= bytes.len();
        if room == 0 {
            break;
        }
    }
    Ok(part)
}

/// What to do after a write of which only `done` bytes went through; `taken`: the file said so itself.
#[cold]
#[inline(never)]
fn write_rest(
    waits: &Waits,
    file: &mut dyn File,
    bufs: &[IoSlice<'_>],
    mut done: usize,
    taken: bool,
) -> Result<u32, Errno> {
    let (mut fruitless, total) = (0, bufs.iter().map(|buf| buf.len()).sum());
    // A bounded copy: no list is longer than `IOVS_MAX`.
    let mut list = bufs.to_vec();
    let mut rest = &mut list[..];
    IoSlice::advance_slices(&mut rest, done);
    while done < total {
        match waits.for_file(file, Direction::Write, &mut fruitless) {
            Ok(()) => {}
            Err(Errno::Canceled) => {
                waits.moved_before_ended(done as u32);
                return Err(Errno::Canceled);
            }
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
    Ok(done as u32)
}
