//! The process's own streams: duplicates of descriptors 0, 1 and 2, so that a guest that closes them closes only its
//! own.

use std::io;
use std::os::fd::AsFd;

use super::Stream;
use crate::abi::Fdflags;
use crate::fs::File;
use crate::fs::host::HostFile;

pub(super) fn inherit(stream: Stream) -> io::Result<(Box<dyn File>, Fdflags)> {
    let fd = match stream {
        Stream::Stdin => io::stdin().as_fd().try_clone_to_owned(),
        Stream::Stdout => io::stdout().as_fd().try_clone_to_owned(),
        Stream::Stderr => io::stderr().as_fd().try_clone_to_owned(),
    }?;
    let file = HostFile::from_fd(fd);
    let flags = file.flags();
    Ok((Box::new(file), flags))
}

pub(super) fn flags(file: &HostFile) -> Fdflags {
    file.flags()
}
