//! Giving names and taking them away: the changes of the tree, with the books kept (ledger, link counts, times).
//!
//! Everything here runs under the tree's lock, on parents that exist, and either does all of its work or none.

use std::sync::Arc;

use super::inode::Inode;
use super::ledger::{Ledger, name_cost};
use super::tree::Tree;
use crate::abi::Errno;

/// Gives `inode` the name, which is free.
pub(super) fn add(
    tree: &mut Tree,
    ledger: &Ledger,
    parent: u64,
    name: &[u8],
    inode: &Arc<Inode>,
    now: u64,
) -> Result<(), Errno> {
    let names = tree.names_mut(parent)?;
    ledger.take_bytes(name_cost(name))?;
    names.entries.insert(name.into(), Arc::clone(inode));
    names.inode.modified(now);
    if inode.is_directory() {
        names.inode.status().nlink += 1;
        inode.status().nlink = 2;
        tree.open_directory(Arc::clone(inode), parent);
    } else {
        inode.status().nlink += 1;
    }
    inode.status().ctim = now;
    Ok(())
}

/// Takes the name away from what has it. A directory is empty, the caller has seen to that.
pub(super) fn remove(tree: &mut Tree, ledger: &Ledger, parent: u64, name: &[u8], now: u64) -> Result<(), Errno> {
    let names = tree.names_mut(parent)?;
    let inode = names.entries.remove(name).ok_or(Errno::Noent)?;
    ledger.give_bytes(name_cost(name));
    names.inode.modified(now);
    forget(tree, parent, &inode, now)
}

/// Gives what has one name the other instead. What had the other loses it; a directory is empty then.
pub(super) fn shift(
    tree: &mut Tree,
    ledger: &Ledger,
    (parent, name): (u64, &[u8]),
    (new_parent, new_name): (u64, &[u8]),
    now: u64,
) -> Result<(), Errno> {
    // First what can fail: both directories, the entry, and room for the new name. One that is replaced has its room,
    // and keeps it: files that are written meanwhile, without this lock, must not get hold of it.
    if !tree.names(parent)?.entries.contains_key(name) {
        return Err(Errno::Noent);
    }
    if !tree.names(new_parent)?.entries.contains_key(new_name) {
        ledger.take_bytes(name_cost(new_name))?;
    }
    let old = tree.names_mut(parent)?;
    let inode = old.entries.remove(name).ok_or(Errno::Noent)?;
    ledger.give_bytes(name_cost(name));
    old.inode.modified(now);
    if inode.is_directory() {
        old.inode.status().nlink -= 1;
        tree.names_mut(inode.ino)?.parent = new_parent;
    }
    inode.status().ctim = now;
    let new = tree.names_mut(new_parent)?;
    if inode.is_directory() {
        new.inode.status().nlink += 1;
    }
    new.inode.modified(now);
    match new.entries.insert(new_name.into(), inode) {
        Some(replaced) => forget(tree, new_parent, &replaced, now),
        None => Ok(()),
    }
}

/// Notes that `inode` has lost a name in `parent`.
fn forget(tree: &mut Tree, parent: u64, inode: &Inode, now: u64) -> Result<(), Errno> {
    if inode.is_directory() {
        tree.names(parent)?.inode.status().nlink -= 1;
        tree.close_directory(inode.ino);
    }
    let mut status = inode.status();
    // A directory's other names are its own dots, which go with it.
    status.nlink = if inode.is_directory() { 0 } else { status.nlink.saturating_sub(1) };
    status.ctim = now;
    Ok(())
}
