//! The documents that fuzzing and people have come up with: `fuzz/corpus/document`.

use std::path::PathBuf;

use serde_json::Value;

/// One of them. A file's name says what it is and whether it is refused; a byte of zero ends the
/// text, and what follows is the variables.
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) variables: Value,
}

impl Asked {
    pub(crate) fn all() -> Vec<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/document");
        let mut all: Vec<Self> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                let entry = entry.unwrap();
                let content = String::from_utf8(std::fs::read(entry.path()).unwrap()).ok()?;
                let (text, variables) = content.split_once('\0').unwrap_or((&content, "{}"));
                Some(Self {
                    name: entry.file_name().into_string().unwrap(),
                    variables: serde_json::from_str(variables).ok()?,
                    text: text.to_owned(),
                })
            })
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        assert!(all.len() > 30, "the corpus is there");

        all
    }

    /// `None` for what fuzzing has left.
    pub(crate) fn is_refused(&self) -> Option<bool> {
        match self.name.split_once('-')?.0 {
            "refused" => Some(true),
            "accepted" => Some(false),
            _ => None,
        }
    }
}
