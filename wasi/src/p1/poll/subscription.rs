//! Subscriptions and events as they lie in guest memory.

use crate::abi::{Clockid, Errno, Eventrwflags, Eventtype, Subclockflags};
use crate::guest::Fd;

/// Bytes of an event, in both previews.
pub(super) const EVENT_SIZE: usize = 32;

/// Where the two previews differ: preview0's clock has an identifier before the clock's id.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// Bytes of a subscription.
    pub(super) size: usize,
    /// Offset of the clock's id; the timeout is 8 bytes on, the flags 24.
    clock: usize,
}

impl Layout {
    pub(crate) const PREVIEW1: Layout = Layout { size: 48, clock: 16 };
    pub(crate) const PREVIEW0: Layout = Layout { size: 56, clock: 24 };

    /// `bytes` are as many as [`size`](Self::size) says.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Subscription, Errno> {
        let userdata = number(bytes, 0)?;
        let tag = bytes.get(8).copied().ok_or(Errno::Fault)?;
        let wish = match Eventtype::from_raw(tag.into()).ok_or(Errno::Inval)? {
            Eventtype::Clock => {
                let id = number(bytes, self.clock)? as u32;
                let flags = number(bytes, self.clock + 24)? as u16;
                let flags = Subclockflags::from_bits(flags).ok_or(Errno::Inval)?;
                Wish::Clock {
                    id: Clockid::from_raw(id).ok_or(Errno::Inval)?,
                    timeout: number(bytes, self.clock + 8)?,
                    absolute: flags.contains(Subclockflags::SUBSCRIPTION_CLOCK_ABSTIME),
                }
            }
            Eventtype::FdRead => Wish::Descriptor { fd: Fd(number(bytes, 16)? as u32), write: false },
            Eventtype::FdWrite => Wish::Descriptor { fd: Fd(number(bytes, 16)? as u32), write: true },
        };
        Ok(Subscription { userdata, wish })
    }
}

/// The eight bytes at `offset`, of which the lower ones may be all that is meant.
fn number(bytes: &[u8], offset: usize) -> Result<u64, Errno> {
    bytes.get(offset..).and_then(<[u8]>::first_chunk).map(|bytes| u64::from_le_bytes(*bytes)).ok_or(Errno::Fault)
}

/// A decoded subscription.
pub(super) struct Subscription {
    userdata: u64,
    pub(super) wish: Wish,
}

/// What is waited for.
pub(super) enum Wish {
    Clock { id: Clockid, timeout: u64, absolute: bool },
    Descriptor { fd: Fd, write: bool },
}

impl Wish {
    fn eventtype(&self) -> Eventtype {
        match self {
            Wish::Clock { .. } => Eventtype::Clock,
            Wish::Descriptor { write: false, .. } => Eventtype::FdRead,
            Wish::Descriptor { write: true, .. } => Eventtype::FdWrite,
        }
    }
}

/// What has become of a subscription. A clock's event is the default.
#[derive(Clone, Copy, Default)]
pub(super) struct Event {
    pub(super) error: Option<Errno>,
    pub(super) nbytes: u64,
    pub(super) flags: Eventrwflags,
}

impl Event {
    pub(super) fn failed(errno: Errno) -> Self {
        Event { error: Some(errno), ..Event::default() }
    }

    pub(super) fn to_bytes(self, subscription: &Subscription) -> [u8; EVENT_SIZE] {
        let mut bytes = [0; EVENT_SIZE];
        bytes[0..8].copy_from_slice(&subscription.userdata.to_le_bytes());
        bytes[8..10].copy_from_slice(&self.error.map_or(0, |errno| errno as u16).to_le_bytes());
        bytes[10] = subscription.wish.eventtype() as u8;
        bytes[16..24].copy_from_slice(&self.nbytes.to_le_bytes());
        bytes[24..26].copy_from_slice(&self.flags.bits().to_le_bytes());
        bytes
    }
}
