//! A file system seen so that two runs see the same: any other, but for what it tells of its host.
//!
//! | of | is seen |
//! |---|---|
//! | device and inode numbers | numbers from 1 on, in the order of first sight |
//! | listings | sorted by name |
//! | times | the virtual clocks' start, until the guest itself writes, creates, links or sets them: then the virtual present |
//! | a directory's length and links | 0 and 1 |
//!
//! Not covered, as it is the input of a run: names, contents and lengths of files, links between them, what may be
//! opened, how much room there is; nor what others change meanwhile, nor whether a stream is ready. A read does not change
//! the time of access, and what happens in a directory not the directory's times.
//!
//! Numbers belong to a file as long as it has a name: hosts give those of removed files to new ones, at their whim.

mod directory;
mod file;
mod listing;
mod numbers;

pub(crate) use directory::StableDirectory;
pub(crate) use file::StableFile;
pub(crate) use numbers::Numbers;
