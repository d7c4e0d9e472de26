//! Stream sockets: listeners that the embedder opened, and the connections a guest accepts from them.
//!
//! A guest cannot make a socket of its own: preview1 has no function for it. TCP and Unix sockets behave alike here;
//! both are `SOCKET_STREAM`. `fd_read` and `fd_write` on a connection are `sock_recv` and `sock_send` without flags.

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use elsewhere::Connection;
#[cfg(not(unix))]
pub use elsewhere::Listener;
#[cfg(unix)]
pub(crate) use unix::Connection;
#[cfg(unix)]
pub use unix::Listener;

/// What a reception brought.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) bytes: usize,
    /// A message was longer than the buffers (`RECV_DATA_TRUNCATED`). Never with streams.
    pub(crate) truncated: bool,
}
