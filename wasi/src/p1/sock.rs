//! Sockets: connections from preopened listeners.

use std::net::Shutdown;

use crate::abi::{Errno, Fdflags, Riflags, Rights, Sdflags, Siflags};
use crate::ctx::WasiCtx;
use crate::fs::File;
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};
use crate::socket::Connection;
use crate::table::{CONNECTION, Descriptor, Kind};

/// `RECV_DATA_TRUNCATED`, the one `roflags` there is.
const RECV_DATA_TRUNCATED: u16 = 1;

/// Accepts a connection. Waits for one unless the listener is `nonblock`. The new descriptor gets the lowest free number
/// above 2.
///
/// - `fd`: a listener
/// - `flags`: of the new descriptor: `nonblock` or nothing
/// - `connection`: result, `u32`: the new descriptor
///
/// Errors: ENOTSOCK; EINVAL for a socket that does not listen and for other flags; EMFILE; EAGAIN with `nonblock`.
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
    let rights = descriptor.inheriting() & CONNECTION;
    let mut accepted = listener.0.accept(descriptor.flags.contains(Fdflags::NONBLOCK))?;
    accepted.set_flags(flags)?;
    let new = ctx.table.insert(Descriptor::for_connection(accepted, flags, rights))?;
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
    let connection = connection(ctx, fd, Rights::FD_READ)?;
    memory.check(ro_datalen, 4)?;
    memory.check(ro_flags, 2)?;
    let mut truncated = false;
    let count = memory.scatter(ri_data, ri_data_len, true, |bufs, _| {
        let received = connection.receive(bufs, ri_flags)?;
        truncated = received.truncated;
        Ok(received.bytes)
    })?;
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
/// Errors: ENOTSOCK, ENOTCONN for a listener, EINVAL for any flag, EAGAIN with `nonblock`, EPIPE.
pub fn sock_send(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    si_data: GuestPtr,
    si_data_len: GuestLen,
    _si_flags: Siflags,
    so_datalen: GuestPtr,
) -> Result<(), Errno> {
    let connection = connection(ctx, fd, Rights::FD_WRITE)?;
    memory.check(so_datalen, 4)?;
    let count = memory.gather(si_data, si_data_len, |bufs| connection.send(bufs))?;
    memory.write_u32(so_datalen, count)
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
    connection(ctx, fd, Rights::SOCK_SHUTDOWN)?.shutdown(how)
}

fn connection(ctx: &WasiCtx, fd: Fd, needed: Rights) -> Result<&Connection, Errno> {
    let descriptor = ctx.table.get(fd)?;
    let connection = match &descriptor.kind {
        Kind::Connection(connection) => connection,
        Kind::Listener(_) => return Err(Errno::Notconn),
        Kind::File(_) | Kind::Directory(_) => return Err(Errno::Notsock),
    };
    descriptor.check_rights(needed)?;
    Ok(connection)
}
