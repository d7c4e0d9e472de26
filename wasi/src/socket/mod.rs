//! Stream sockets: listeners that the embedder opened, and the connections a guest accepts from them.
//!
//! A guest cannot make a socket of its own: preview1 has no function for it. TCP and Unix sockets behave alike here;
//! both are `SOCKET_STREAM`. `fd_read` and `fd_write` on a connection are `sock_recv` and `sock_send` without flags.

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use elsewhere as system;
#[cfg(not(unix))]
pub(crate) use elsewhere::Connection;
#[cfg(unix)]
use unix as system;
#[cfg(unix)]
pub(crate) use unix::Connection;

use std::net::TcpListener;

/// A listening socket to be given to a guest. Made with `From` from the standard library's listeners.
///
/// The host's socket is switched to non-blocking, which also concerns its clones; a guest that did not ask for
/// `NONBLOCK` still waits.
#[derive(Debug)]
pub struct Listener(pub(crate) system::Listener);

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Listener(system::Listener::from(listener))
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::UnixListener> for Listener {
    fn from(listener: std::os::unix::net::UnixListener) -> Self {
        Listener(system::Listener::from(listener))
    }
}

/// What a reception brought.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) bytes: usize,
    /// A message was longer than the buffers (`RECV_DATA_TRUNCATED`). Never with streams.
    pub(crate) truncated: bool,
}
