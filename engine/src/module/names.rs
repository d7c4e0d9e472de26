//! The name section: read when somebody asks for a name. It is a custom section, so what is wrong with it is no error.

use std::ops::Range;

use wasmparser::{BinaryReader, Name, NameSectionReader};

/// Where names lie in the section's contents.
#[derive(Default)]
pub(crate) struct Names {
    module: Option<Range<u32>>,
    /// In the order of function indices. A place takes the same memory whatever the name's length.
    functions: Vec<(u32, Range<u32>)>,
}

impl Names {
    /// Reads the section's contents as far as they can be read. They are part of a module, whose offsets have 32 bits.
    pub(crate) fn parse(bytes: &[u8]) -> Names {
        let place = |name: &str| {
            let start = (name.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize) as u32;
            start..start + name.len() as u32
        };
        let mut names = Names::default();
        for subsection in NameSectionReader::new(BinaryReader::new(bytes, 0)) {
            match subsection {
                Ok(Name::Module { name, .. }) => names.module = Some(place(name)),
                Ok(Name::Function(map)) => {
                    let named = map.into_iter().map_while(Result::ok);
                    names.functions.extend(named.map(|naming| (naming.index, place(naming.name))));
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        // They should be in order already; of several names for one function the last counts.
        names.functions.sort_by_key(|&(index, _)| index);
        names
    }

    pub(crate) fn module(&self) -> Option<Range<usize>> {
        self.module.clone().map(wide)
    }

    pub(crate) fn function(&self, index: u32) -> Option<Range<usize>> {
        let after = self.functions.partition_point(|&(other, _)| other <= index);
        let (found, place) = self.functions.get(after.checked_sub(1)?)?;
        (*found == index).then(|| wide(place.clone()))
    }
}

fn wide(place: Range<u32>) -> Range<usize> {
    place.start as usize..place.end as usize
}
