//! The modules of a crate, and the paths within the crate that each one names.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::visit::Visit;

/// A module, and what it names.
pub(super) struct Module {
    /// From the crate's root, which has none.
    pub(super) path: Vec<String>,
    /// Paths from the crate's root, each with the place of its first use.
    pub(super) uses: Vec<(Vec<String>, String)>,
}

/// Reads the crate whose root module is the file `root`. What only tests have is left out.
pub(super) fn read_crate(root: &Path) -> Result<Vec<Module>> {
    let folder = root.parent().context("a crate's root is in a folder")?;
    let mut modules = Vec::new();
    read_module(root, folder, &[], &mut modules)?;

    Ok(modules)
}

/// Reads the module in `file`, whose children are in `folder`.
fn read_module(
    file: &Path,
    folder: &Path,
    path: &[String],
    modules: &mut Vec<Module>,
) -> Result<()> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let syntax = syn::parse_file(&text).with_context(|| format!("in {}", file.display()))?;
    let mut found = Found {
        module: path.to_vec(),
        file: file.file_name().unwrap_or_default().display().to_string(),
        uses: Vec::new(),
        children: Vec::new(),
    };
    found.visit_file(&syntax);
    modules.push(Module {
        path: path.to_vec(),
        uses: found.uses,
    });

    for child in found.children {
        let folder = folder.join(&child);
        let file = [folder.with_extension("rs"), folder.join("mod.rs")]
            .into_iter()
            .find(|file: &PathBuf| file.exists());
        let path = [path, &[child]].concat();
        // One that is made when the crate is built is nobody's to read.
        if let Some(file) = file {
            read_module(&file, &folder, &path, modules)?;
        }
    }
    Ok(())
}

struct Found {
    module: Vec<String>,
    file: String,
    uses: Vec<(Vec<String>, String)>,
    children: Vec<String>,
}

impl Found {
    /// Notes the path, if it leads somewhere within the crate.
    fn note(&mut self, names: &[String]) {
        let mut base = match names.first().map(String::as_str) {
            Some("crate") => Vec::new(),
            Some("super" | "self") => self.module.clone(),
            _ => return,
        };
        for name in names {
            match name.as_str() {
                "crate" | "self" => {}
                "super" => {
                    base.pop();
                }
                name => base.push(name.to_owned()),
            }
        }

        let place = format!("{}: {}", self.file, names.join("::"));
        self.uses.push((base, place));
    }

    fn note_tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.note_tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.note(&with(&name.ident)),
            syn::UseTree::Rename(name) => self.note(&with(&name.ident)),
            syn::UseTree::Glob(_) => self.note(before),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.note_tree(before, tree);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_for_tests(attributes(item)) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_none() {
            self.children.push(module.ident.to_string());
            return;
        }

        // One within the file is part of it, but a level further down.
        self.module.push(module.ident.to_string());
        syn::visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.note_tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<_> = path
            .segments
            .iter()
            .map(|one| one.ident.to_string())
            .collect();
        self.note(&names);
        syn::visit::visit_path(self, path);
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is for tests alone is one of these, and the rest is read"
)]
fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        _ => &[],
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|condition| condition.is_ident("test"))
    })
}
