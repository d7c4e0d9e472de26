//! The name section: read when somebody asks for a name. It is a custom section, so what is wrong with it is no error.

use std::collections::HashMap;

use wasmparser::{BinaryReader, Name, NameSectionReader};

#[derive(Default)]
pub(crate) struct Names {
    module: Option<String>,
    functions: HashMap<u32, String>,
}

impl Names {
    /// Reads the section's contents as far as they can be read.
    pub(crate) fn parse(bytes: &[u8]) -> Names {
        let mut names = Names::default();
        for subsection in NameSectionReader::new(BinaryReader::new(bytes, 0)) {
            match subsection {
                Ok(Name::Module { name, .. }) => names.module = Some(name.to_owned()),
                Ok(Name::Function(map)) => {
                    for naming in map.into_iter().map_while(Result::ok) {
                        names.functions.insert(naming.index, naming.name.to_owned());
                    }
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        names
    }

    pub(crate) fn module(&self) -> Option<&str> {
        self.module.as_deref()
    }

    pub(crate) fn function(&self, index: u32) -> Option<&str> {
        self.functions.get(&index).map(String::as_str)
    }
}
