//! Sockets: connections from preopened listeners.

use std::io::IoSliceMut;
use std::net::Shutdown;

use super::fd_io::cut_short;
use super::transfer;
use crate::abi::{Errno, Fdflags, Riflags, Rights, Sdflags, Siflags};
use crate::ctx::WasiCtx;
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};
use crate::socket::{Connection, Received};
use crate::table::{CONNECTION, Descriptor, FdTable, Kind};
use crate::wait::{Direction, Waits};

/// `RECV_DATA_TRUNCATED`, the one `roflags` there is.
const RECV_DATA_TRUNCATED: u16 = 1;

/// Accepts a connection. Waits for one unless the listener is `nonblock`. The new descriptor gets the lowest free number
/// above 2.
///
/// - `fd`: a listener
/// - `flags`: of the new descriptor: `nonblock` or nothing
/// - `connection`: result, `u32`: the new descriptor
///
/// Errors: ENOTSOCK; EINVAL for a socket that does not listen and for other flags; EMFILE; EDQUOT; EAGAIN with `nonblock`.
pub fn sock_accept(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    flags: Fdflags,
    connection: GuestPtr,
) -> Result<(), Errno> {
    if !Fdflags::NONBLOCK.contains(flags) {
        return Err(Errno::Inval);
    }
    let descriptor = ctx.table.get(fd)?;
    let listener = match &descriptor.kind {
        Kind::Listener(listener) => listener,
        Kind::Connection(_) => return Err(Errno::Inval),
        Kind::File(_) | Kind::Directory(_) => return Err(Errno::Notsock),
    };
    descriptor.check_rights(Rights::SOCK_ACCEPT)?;
    memory.check(connection, 4)?;
    ctx.table.check_room()?;
    ctx.ledger.check_accept()?;
    let rights = descriptor.inheriting() & CONNECTION;
    let mut fruitless = 0;
    let accepted = loop {
        match listener.accept() {
            Err(Errno::Again) if !descriptor.flags.contains(Fdflags::NONBLOCK) => {
                ctx.waits.for_file(&**listener, Direction::Read, &mut fruitless)?;
            }
            accepted => break accepted?,
        }
    };
    let new = ctx.table.insert(Descriptor::for_connection(accepted, flags, rights))?;
    ctx.ledger.accepted();
    memory.write_u32(connection, new.0)
}

/// Receives data.
///
/// - `fd`: a connection
/// - `ri_data`, `ri_data_len`: the buffers, filled in this order
/// - `ri_flags`: leave the data in the queue; wait until all buffers are full
/// - `ro_datalen`: result, `u32`: bytes received; 0 is the end
/// - `ro_flags`: result, `u16`: whether a message was cut off
///
/// Errors: ENOTSOCK, ENOTCONN for a listener, EAGAIN with `nonblock`, ECONNRESET.
pub fn sock_recv(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    ri_data: GuestPtr,
    ri_data_len: GuestLen,
    ri_flags: Riflags,
    ro_datalen: GuestPtr,
    ro_flags: GuestPtr,
) -> Result<(), Errno> {
    let (connection, nonblock) = connection(&mut ctx.table, fd, Rights::FD_READ)?;
    memory.check(ro_datalen, 4)?;
    memory.check(ro_flags, 2)?;
    let (waits, mut truncated) = (&ctx.waits, false);
    let count = memory.scatter(ri_data, ri_data_len, true, &mut |bufs, _, _| {
        let received = receive(waits, connection, nonblock, bufs, ri_flags)?;
        truncated = received.truncated;
        Ok(transfer::reported(received.bytes))
    });
    if count == Err(Errno::Canceled) {
        ctx.ledger.read(ctx.waits.take_moved());
    }
    let count = count?;
    ctx.ledger.read(count);
    memory.write_u32(ro_datalen, count)?;
    memory.write_u16(ro_flags, if truncated { RECV_DATA_TRUNCATED } else { 0 })
}

/// Sends data.
///
/// - `fd`: a connection
/// - `si_data`, `si_data_len`: the buffers, sent in this order
/// - `si_flags`: none is defined
/// - `so_datalen`: result, `u32`: bytes sent
///
/// Errors: ENOTSOCK, ENOTCONN for a listener, EINVAL for any flag, EAGAIN with `nonblock`, EPIPE, EDQUOT.
pub fn sock_send(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    si_data: GuestPtr,
    si_data_len: GuestLen,
    _si_flags: Siflags,
    so_datalen: GuestPtr,
) -> Result<(), Errno> {
    let (connection, nonblock) = connection(&mut ctx.table, fd, Rights::FD_WRITE)?;
    memory.check(so_datalen, 4)?;
    let (waits, room) = (&ctx.waits, ctx.ledger.room(false));
    let count = transfer::write_list(waits, connection, nonblock, memory, (si_data, si_data_len), room);
    let count = count.map_err(|errno| cut_short(ctx, errno, false))?;
    ctx.ledger.wrote(count, false);
    memory.write_u32(so_datalen, count)
}

/// Receives what there is; waits while there is nothing, or with `RECV_WAITALL` while there is room. The end, an error or
/// `RECV_PEEK` cut that short, as POSIX allows.
fn receive(
    waits: &Waits,
    connection: &Connection,
    nonblock: bool,
    bufs: &mut [IoSliceMut<'_>],
    flags: Riflags,
) -> Result<Received, Errno> {
    let all = flags.contains(Riflags::RECV_WAITALL) && !flags.contains(Riflags::RECV_PEEK) && !nonblock;
    let (mut rest, mut done, mut fruitless) = (bufs, Received::default(), 0);
    loop {
        match connection.receive(rest, flags) {
            Ok(received) => {
                done.bytes += received.bytes;
                done.truncated |= received.truncated;
                IoSliceMut::advance_slices(&mut rest, received.bytes);
                if !all || received.bytes == 0 || rest.is_empty() {
                    return Ok(done);
                }
            }
            Err(Errno::Again) if !nonblock => {
                match waits.for_file(connection, Direction::Read, &mut fruitless) {
                    Ok(()) => {}
                    Err(Errno::Canceled) => {
                        waits.moved_before_ended(transfer::reported(done.bytes));
                        return Err(Errno::Canceled);
                    }
                    // What came is reported; the error comes with the next call.
                    Err(_) if done.bytes > 0 => return Ok(done),
                    Err(errno) => return Err(errno),
                }
            }
            Err(_) if done.bytes > 0 => return Ok(done),
            Err(errno) => return Err(errno),
        }
    }
}

/// Ends a connection's one direction or both; the descriptor stays open.
///
/// - `fd`: a connection
/// - `how`: receiving, sending, or both
///
/// Errors: ENOTSOCK, ENOTCONN for a listener, EINVAL for neither direction.
pub fn sock_shutdown(ctx: &mut WasiCtx, _memory: &mut Memory<'_>, fd: Fd, how: Sdflags) -> Result<(), Errno> {
    let how = match (how.contains(Sdflags::RD), how.contains(Sdflags::WR)) {
        (true, true) => Shutdown::Both,
        (true, false) => Shutdown::Read,
        (false, true) => Shutdown::Write,
        (false, false) => return Err(Errno::Inval),
    };
    connection(&mut ctx.table, fd, Rights::SOCK_SHUTDOWN)?.0.shutdown(how)
}

/// The connection, and whether it is `nonblock`.
fn connection(table: &mut FdTable, fd: Fd, needed: Rights) -> Result<(&mut Connection, bool), Errno> {
    let descriptor = table.get_mut(fd)?;
    match descriptor.kind {
        Kind::Connection(_) => {}
        Kind::Listener(_) => return Err(Errno::Notconn),
        Kind::File(_) | Kind::Directory(_) => return Err(Errno::Notsock),
    }
    descriptor.check_rights(needed)?;
    let nonblock = descriptor.flags.contains(Fdflags::NONBLOCK);
    match &mut descriptor.kind {
        Kind::Connection(connection) => Ok((connection, nonblock)),
        _ => Err(Errno::Notsock),
    }
}
