//! The ways to a place in the mount.

use hostel_wasi::abi::Errno;

use crate::kit::*;
use crate::scene::flat;

/// Spellings of the mounted directory, by class. The first is the plain one.
const DIRECTORIES: [(&str, &[&str]); 4] = [
    ("plain", &["m"]),
    ("x/../", &["x/../m", "m/dir/../../m", "./x/.././m/."]),
    ("link", &["to-m", "x/back", "to-x/../m", "x/../to-m/dir/.."]),
    ("chain", &["chain", "x/to-m", "to-x/to-m"]),
];

/// Links in the outer file system to a name in the mount, by class: what comes before the name.
const LINKS: [(&str, &[&str]); 2] = [("file link", &["to-", "x/to-"]), ("file chain", &["chain-", "m/../chain-"])];

/// The spelling of a place, without the descriptor that it starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// The directory's spelling, then the name.
    Below(&'static str),
    /// A descriptor opened by the directory's spelling, and the name relative to that.
    Opened(&'static str),
    /// A link whose text is the place.
    Link(&'static str),
}

/// What the text is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    Preopen,
    /// The root, opened again by that path and with no rights asked for.
    Reopened(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// The column of the table that it belongs to.
    pub class: &'static str,
    pub text: Text,
    pub root: Root,
}

pub const PLAIN: Spelling = Spelling { class: "plain", text: Text::Below("m"), root: Root::Preopen };

pub fn spellings() -> Vec<Spelling> {
    let mut all = Vec::new();
    for (root, root_class) in [(Root::Preopen, ""), (Root::Reopened("x/.."), "x/.. ")] {
        for (class, texts) in DIRECTORIES {
            let below = texts.iter().map(|text| (class, Text::Below(text)));
            let opened = texts.iter().map(|text| (fd_class(class), Text::Opened(text)));
            all.extend(below.chain(opened).map(|(class, text)| (root_class, class, text, root)));
        }
        for (class, texts) in LINKS {
            all.extend(texts.iter().map(|text| (root_class, class, Text::Link(text), root)));
        }
    }
    let class = |root: &str, class: &str| -> &'static str {
        CLASSES.iter().find(|known| **known == format!("{root}{class}")).expect("a known class")
    };
    all.into_iter()
        .map(|(root_class, name, text, root)| Spelling { class: class(root_class, name), text, root })
        .collect()
}

fn fd_class(class: &str) -> &'static str {
    match class {
        "plain" => "fd plain",
        "x/../" => "fd x/../",
        "link" => "fd link",
        _ => "fd chain",
    }
}

/// The columns of the table. `fd`: by a descriptor opened that way; `x/..` first: from the root opened again.
pub const CLASSES: [&str; 20] = [
    "plain",
    "x/../",
    "link",
    "chain",
    "file link",
    "file chain",
    "fd plain",
    "fd x/../",
    "fd link",
    "fd chain",
    "x/.. plain",
    "x/.. x/../",
    "x/.. link",
    "x/.. chain",
    "x/.. file link",
    "x/.. file chain",
    "x/.. fd plain",
    "x/.. fd x/../",
    "x/.. fd link",
    "x/.. fd chain",
];

impl Spelling {
    pub fn is_link(self) -> bool {
        matches!(self.text, Text::Link(_))
    }

    /// The descriptor and the path for `name`; no name: the mounted directory.
    pub fn place(self, guest: &mut Guest, name: &str) -> (u64, String) {
        let root = match self.root {
            Root::Preopen => ROOT,
            Root::Reopened(path) => open_directory(guest, ROOT, path).expect("the root"),
        };
        match (self.text, name) {
            (Text::Below(directory), "") => (root, directory.to_owned()),
            (Text::Below(directory), _) => (root, format!("{directory}/{name}")),
            (Text::Opened(directory), _) => {
                let fd = open_directory(guest, root, directory).expect("the mounted directory");
                (fd, if name.is_empty() { ".".to_owned() } else { name.to_owned() })
            }
            (Text::Link(prefix), _) => (root, format!("{prefix}{}", flat(name))),
        }
    }
}

/// Opens a directory with no rights asked for.
pub fn open_directory(guest: &mut Guest, fd: u64, path: &str) -> Result<u64, Errno> {
    let [path, len] = guest.path(path);
    guest.call("path_open", &[fd, FOLLOW, path, len, DIRECTORY, 0, 0, 0, RESULT])?;
    Ok(guest.u32_at(RESULT).into())
}
