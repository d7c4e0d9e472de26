//! Sockets of Unix, on `recvmsg` and `sendmsg`. Nothing here waits: what would is EAGAIN, and whoever called does the
//! waiting (`wait/`). It is asked for with each call (`MSG_DONTWAIT`), so the system's own flag on a connection is never
//! touched.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Shutdown, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;

use rustix::io::{Errno as SystemErrno, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendFlags, recvmsg, sendmsg, shutdown,
};

use super::Received;
use crate::abi::{Errno, Fdflags, Filetype, Riflags};
use crate::fs::{File, errno_from_io, errno_from_system, stream_flags};

/// A listening socket to be given to a guest. Made with `From` from the standard library's listeners.
///
/// The host's socket is switched to non-blocking, which also concerns its clones; a guest that did not ask for
/// `NONBLOCK` still waits.
#[derive(Debug)]
pub struct Listener(Family);

#[derive(Debug)]
enum Family {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Listener(Family::Tcp(listener))
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Listener(Family::Unix(listener))
    }
}

impl Listener {
    pub(crate) fn prepare(&self) -> io::Result<()> {
        match &self.0 {
            Family::Tcp(listener) => listener.set_nonblocking(true),
            Family::Unix(listener) => listener.set_nonblocking(true),
        }
    }

    /// The next connection; EAGAIN when there is none.
    pub(crate) fn accept(&self) -> Result<Connection, Errno> {
        let accepted = match &self.0 {
            Family::Tcp(listener) => listener.accept().map(|(stream, _)| OwnedFd::from(stream)),
            Family::Unix(listener) => listener.accept().map(|(stream, _)| OwnedFd::from(stream)),
        };
        accepted.map(|fd| Connection { fd }).map_err(|error| errno_from_io(&error))
    }

    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.0 {
            Family::Tcp(listener) => listener.as_fd(),
            Family::Unix(listener) => listener.as_fd(),
        }
    }
}

impl File for Listener {
    fn filetype(&self) -> Filetype {
        Filetype::SocketStream
    }

    fn read(&mut self, _bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        Err(Errno::Notconn)
    }

    fn write(&mut self, _bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        Err(Errno::Notconn)
    }

    fn set_flags(&mut self, flags: Fdflags) -> Result<(), Errno> {
        stream_flags(flags)
    }

    fn bytes_readable(&mut self) -> Result<Option<u64>, Errno> {
        Ok(None)
    }

    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

/// An accepted connection.
#[derive(Debug)]
pub(crate) struct Connection {
    fd: OwnedFd,
}

impl Connection {
    /// Receives what there is, up to all of `bufs`, with `RECV_WAITALL` too; EAGAIN when there is nothing.
    pub(crate) fn receive(&self, bufs: &mut [IoSliceMut<'_>], flags: Riflags) -> Result<Received, Errno> {
        let mut wish = RecvFlags::DONTWAIT;
        wish.set(RecvFlags::PEEK, flags.contains(Riflags::RECV_PEEK));
        loop {
            // No room for ancillary data: descriptors that a peer sends over are closed by the system.
            match recvmsg(&self.fd, bufs, &mut RecvAncillaryBuffer::default(), wish) {
                Err(SystemErrno::INTR) => {}
                Err(errno) => return Err(errno_from_system(errno)),
                Ok(message) => {
                    let truncated = message.flags.contains(ReturnFlags::TRUNC);
                    return Ok(Received { bytes: message.bytes, truncated });
                }
            }
        }
    }

    /// Sends what there is room for; EAGAIN when there is none.
    fn send(&self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        let wish = SendFlags::DONTWAIT;
        #[cfg(not(target_vendor = "apple"))]
        let wish = wish | SendFlags::NOSIGNAL;
        retry_on_intr(|| sendmsg(&self.fd, bufs, &mut SendAncillaryBuffer::default(), wish)).map_err(errno_from_system)
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> Result<(), Errno> {
        let how = match how {
            Shutdown::Read => rustix::net::Shutdown::Read,
            Shutdown::Write => rustix::net::Shutdown::Write,
            Shutdown::Both => rustix::net::Shutdown::Both,
        };
        shutdown(&self.fd, how).map_err(errno_from_system)
    }
}

impl File for Connection {
    fn filetype(&self) -> Filetype {
        Filetype::SocketStream
    }

    fn read(&mut self, bufs: &mut [IoSliceMut<'_>]) -> Result<usize, Errno> {
        self.receive(bufs, Riflags::empty()).map(|received| received.bytes)
    }

    fn write(&mut self, bufs: &[IoSlice<'_>]) -> Result<usize, Errno> {
        self.send(bufs)
    }

    fn set_flags(&mut self, flags: Fdflags) -> Result<(), Errno> {
        stream_flags(flags)
    }

    fn bytes_readable(&mut self) -> Result<Option<u64>, Errno> {
        // 0 may mean "not yet" as well as "no more": only waiting tells.
        Ok(rustix::io::ioctl_fionread(&self.fd).ok().filter(|&waiting| waiting > 0))
    }

    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        Some(self.fd.as_fd())
    }
}
