//! What every file system here agrees on about the text of a path. Nothing here looks at files.
//!
//! ```text
//! "a/b//c/"   parent "a/b//"   last "c"   slash
//! "c"         parent ""        last "c"
//! "a/.."      parent "a/"      last ".."
//! ```

use crate::abi::Errno;

/// Longest name of one entry, in bytes (`NAME_MAX` of Linux and of nearly every file system).
pub(crate) const NAME_MAX: usize = 255;
/// A path must be shorter than this (`PATH_MAX` of Linux, which counts the final NUL).
pub(crate) const PATH_MAX: usize = 4096;
/// Symbolic links followed while resolving one path (`MAXSYMLINKS` of Linux); one more is ELOOP.
pub(crate) const LINKS_MAX: u32 = 40;

/// The last component of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last<'p> {
    /// A name: no slash inside, neither `.` nor `..`.
    Name(&'p [u8]),
    /// `.`
    Dot,
    /// `..`
    DotDot,
}

/// A path cut before its last component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split<'p> {
    /// What precedes the last component, its slashes included; empty when nothing does.
    pub parent: &'p [u8],
    /// The last component.
    pub last: Last<'p>,
    /// Whether slashes follow it.
    pub slash: bool,
}

/// Refuses what no file system is asked: empty (ENOENT), absolute (EPERM), NUL inside (EINVAL), too long. The caller
/// has looked already; here it is what the sandbox rests on.
pub(crate) fn check(path: &[u8]) -> Result<(), Errno> {
    match path.first() {
        None => Err(Errno::Noent),
        Some(b'/') => Err(Errno::Perm),
        Some(_) if path.len() >= PATH_MAX => Err(Errno::Nametoolong),
        Some(_) if path.contains(&0) => Err(Errno::Inval),
        Some(_) => Ok(()),
    }
}

/// Cuts a checked path before its last component.
pub(crate) fn split(path: &[u8]) -> Split<'_> {
    let end = path.iter().rposition(|&byte| byte != b'/').map_or(0, |last| last + 1);
    let (body, slashes) = path.split_at(end);
    let start = body.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    let (parent, name) = body.split_at(start);
    let last = match name {
        b"" | b"." => Last::Dot,
        b".." => Last::DotDot,
        name => Last::Name(name),
    };
    Split { parent, last, slash: !slashes.is_empty() }
}

/// What is wrong with a path as that of a file to be created, apart from what is wrong on the way there: it can only
/// mean a directory.
pub(crate) fn refuse_file(path: &[u8], exclusive: bool) -> Option<Errno> {
    match split(path) {
        Split { last: Last::Name(_), slash: false, .. } => None,
        Split { last: Last::Dot | Last::DotDot, .. } if exclusive => Some(Errno::Exist),
        _ => Some(Errno::Isdir),
    }
}

/// The text of a symbolic link: neither empty (ENOENT) nor too long, no NUL.
pub(crate) fn check_link_text(text: &[u8]) -> Result<(), Errno> {
    match text {
        [] => Err(Errno::Noent),
        _ if text.len() >= PATH_MAX => Err(Errno::Nametoolong),
        _ if text.contains(&0) => Err(Errno::Inval),
        _ => Ok(()),
    }
}

/// When a symbolic link in the last component is followed. Links before it always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Follow {
    /// Never: the function acts on the name.
    Never,
    /// Only when slashes follow the name, which ask for a directory.
    BeforeSlash,
    /// Unless slashes follow the name: the function creates files, and none can be where a slash is.
    ToCreate,
    /// Always.
    Always,
}

impl Follow {
    /// For functions with a flag that says whether a link is followed.
    pub(crate) fn by_flag(follow: bool) -> Follow {
        if follow { Follow::Always } else { Follow::BeforeSlash }
    }

    /// Whether a link is followed, with slashes after its name or without.
    pub(crate) fn follows(self, slash: bool) -> bool {
        match self {
            Follow::Never => false,
            Follow::BeforeSlash => slash,
            Follow::ToCreate => !slash,
            Follow::Always => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_cuts_before_the_last_component() {
        let cases: [(&[u8], &[u8], Last<'_>, bool); 8] = [
            (b"c", b"", Last::Name(b"c"), false),
            (b"c//", b"", Last::Name(b"c"), true),
            (b"a/b//c/", b"a/b//", Last::Name(b"c"), true),
            (b"a/..", b"a/", Last::DotDot, false),
            (b"..", b"", Last::DotDot, false),
            (b"./", b"", Last::Dot, true),
            (b"a/./", b"a/", Last::Dot, true),
            (b"...", b"", Last::Name(b"..."), false),
        ];
        for (path, parent, last, slash) in cases {
            assert_eq!(split(path), Split { parent, last, slash }, "{}", path.escape_ascii());
        }
    }

    #[test]
    fn check_refuses_what_is_not_a_relative_path() {
        assert_eq!(check(b""), Err(Errno::Noent));
        assert_eq!(check(b"/a"), Err(Errno::Perm));
        assert_eq!(check(b"a\0b"), Err(Errno::Inval));
        assert_eq!(check(&[b'a'; PATH_MAX]), Err(Errno::Nametoolong));
        assert_eq!(check(&[b'a'; PATH_MAX - 1]), Ok(()));
    }
}
