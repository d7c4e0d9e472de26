//! Directory listings.

use crate::abi::{Errno, Rights};
use crate::ctx::WasiCtx;
use crate::fs::DirectoryEntry;
use crate::guest::{Fd, GuestLen, GuestPtr, Memory};
use crate::table::{LOOK_ENTRIES, Listed, Listing, Place};
use crate::work::UNITS_PER_ENTRY;

/// Stores as many entries of a directory as fit, the last of them cut off if need be: the buffer is full or the
/// listing has ended. `.` and `..` are the first; at the root of a mount, the inode number of `..` is that of `.`.
///
/// - `fd`: a directory
/// - `buf`, `buf_len`: the buffer
/// - `cookie`: where to go on: 0 for the start, or the `d_next` of any entry seen
/// - `bufused`: result, `u32`: bytes stored; less than `buf_len` is the end
///
/// Errors: ENOTDIR.
///
/// ```text
/// offset  0           8          16            20         21      24
///         d_next u64  d_ino u64  d_namlen u32  d_type u8  3 zero  the name, and the next entry right after it
/// ```
pub fn fd_readdir(
    ctx: &mut WasiCtx,
    memory: &mut Memory<'_>,
    fd: Fd,
    buf: GuestPtr,
    buf_len: GuestLen,
    cookie: u64,
    bufused: GuestPtr,
) -> Result<(), Errno> {
    let directory = ctx.table.get_mut(fd)?.directory_mut(Rights::FD_READDIR)?;
    memory.check(bufused, 4)?;
    let room = memory.bytes_mut(buf, buf_len.0 as usize)?;
    let listed = Listed { dir: &*directory.dir, mount: directory.mount, point: directory.point.as_deref() };
    let was_stopped = directory.listing.as_mut().is_some_and(|listing| std::mem::take(&mut listing.stopped));
    let listing = match &mut directory.listing {
        Some(listing) if was_stopped || cookie != 0 => listing,
        listing => listing.insert(Listing::start(listed)?),
    };
    let (mut used, mut position, mut since_look) = (0, cookie, 0);
    while used < room.len() {
        match listing.entry(listed, position)? {
            Place::Entry(entry) => {
                // Positions are counted, so the one after an entry that exists does not overflow.
                position += 1;
                used += store(&mut room[used..], &header(entry, position));
                used += store(&mut room[used..], &entry.name);
                since_look += 1;
            }
            Place::Later => since_look = LOOK_ENTRIES,
            Place::End => break,
        }
        if since_look >= LOOK_ENTRIES && used < room.len() {
            since_look = 0;
            let units = (listing.looked_at() + (position - cookie)).saturating_mul(UNITS_PER_ENTRY);
            if let Err(errno) = ctx.waits.check_stop(units) {
                // What was looked at until then is work all the same.
                ctx.ledger.entries(listing.take_looked_at());
                listing.stopped = true;
                return Err(errno);
            }
        }
    }
    ctx.ledger.entries(listing.take_looked_at() + (position - cookie));
    memory.write_u32(bufused, used as u32)
}

fn header(entry: &DirectoryEntry, next: u64) -> [u8; 24] {
    let mut header = [0; 24];
    header[0..8].copy_from_slice(&next.to_le_bytes());
    header[8..16].copy_from_slice(&entry.ino.to_le_bytes());
    header[16..20].copy_from_slice(&(entry.name.len() as u32).to_le_bytes());
    header[20] = entry.filetype as u8;
    header
}

/// Copies as much as there is room for; says how much.
fn store(room: &mut [u8], bytes: &[u8]) -> usize {
    let count = bytes.len().min(room.len());
    room[..count].copy_from_slice(&bytes[..count]);
    count
}
