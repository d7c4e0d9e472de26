//! Where nobody has written sockets yet: listeners can be preopened, and accepting is ENOTSUP.

use std::convert::Infallible;
use std::io::{self, IoSliceMut};
use std::net::{Shutdown, TcpListener};

use super::Received;
use crate::abi::{Errno, Filetype, Riflags};
use crate::fs::File;

/// A listening socket to be given to a guest. Made with `From` from the standard library's listeners. On this platform no
/// guest can accept from it.
#[derive(Debug)]
pub struct Listener(TcpListener);

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Listener(listener)
    }
}

impl Listener {
    pub(crate) fn prepare(&self) -> io::Result<()> {
        self.0.set_nonblocking(true)
    }

    pub(crate) fn accept(&self) -> Result<Connection, Errno> {
        Err(Errno::Notsup)
    }
}

impl File for Listener {
    fn filetype(&self) -> Filetype {
        Filetype::SocketStream
    }
}

/// A connection. On this platform there is no way to get one.
#[derive(Debug)]
pub(crate) struct Connection(Infallible);

impl Connection {
    pub(crate) fn receive(&self, _bufs: &mut [IoSliceMut<'_>], _flags: Riflags) -> Result<Received, Errno> {
        match self.0 {}
    }

    pub(crate) fn shutdown(&self, _how: Shutdown) -> Result<(), Errno> {
        match self.0 {}
    }
}

impl File for Connection {
    fn filetype(&self) -> Filetype {
        match self.0 {}
    }
}
