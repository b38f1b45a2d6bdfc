//! The scripts and Rust tests that there are.
//!
//! A test is called by its crate's folder and the path that cargo prints for it, a test binary's name in front where
//! it is in one: `tcp::recovery::rtt::tests::the_first_sample_stands`, `conformance::engine::open::both_ends_open`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ItemFn, ItemMacro, ItemMod};

/// Where each script and each test is, relative to the repository.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    files: BTreeMap<String, String>,
}

impl Evidence {
    /// Looks through `conformance/` and the sources of every crate.
    pub(crate) fn find(root: &Path) -> Result<Self> {
        let mut evidence = Self::default();
        let scripts = root.join("conformance");
        each_file(&scripts, "pkt", &mut |path| {
            evidence.add_script(&shown(path, &scripts));
            Ok(())
        })?;
        let crates = root.join("crates");
        for entry in fs::read_dir(&crates).with_context(|| format!("cannot list {}", crates.display()))? {
            let folder = entry?.path();
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for part in ["src", "tests"].map(|part| folder.join(part)).iter().filter(|part| part.is_dir()) {
                each_file(part, "rs", &mut |path| {
                    let source = fs::read_to_string(path)?;
                    evidence.add(&module(&name, &shown(path, part)), &shown(path, root), &source)
                })?;
            }
        }
        Ok(evidence)
    }

    /// Adds a script, called by its path below `conformance/`.
    pub(crate) fn add_script(&mut self, name: &str) {
        self.files.insert(name.to_string(), format!("conformance/{name}"));
    }

    /// Adds the tests of one source.
    pub(crate) fn add(&mut self, module: &str, file: &str, source: &str) -> Result<()> {
        let parsed = syn::parse_file(source).with_context(|| format!("cannot parse {file}"))?;
        let mut tests = Tests { module: module.to_string(), found: Vec::new() };
        tests.visit_file(&parsed);
        self.files.extend(tests.found.into_iter().map(|name| (name, file.to_string())));
        Ok(())
    }

    /// The file that a script or test is in.
    pub(crate) fn file_of(&self, name: &str) -> Option<&str> {
        self.files.get(name).map(String::as_str)
    }
}

/// Calls `act` for every file below `folder` that ends so.
fn each_file(folder: &Path, extension: &str, act: &mut dyn FnMut(&Path) -> Result<()>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            each_file(&path, extension, act)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            act(&path)?;
        }
    }
    Ok(())
}

fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// The path of the module that a file holds: `input/ack.rs` of tcp is `tcp::input::ack`.
pub(crate) fn module(name: &str, file: &str) -> String {
    let parts = file.trim_end_matches(".rs").split('/');
    let parts = parts.filter(|part| !matches!(*part, "lib" | "main" | "mod"));
    std::iter::once(name).chain(parts).collect::<Vec<_>>().join("::")
}

/// Walks a file and notes every test in it that is run.
struct Tests {
    module: String,
    found: Vec<String>,
}

impl Tests {
    fn note(&mut self, function: &str) {
        self.found.push(format!("{}::{function}", self.module));
    }
}

impl<'ast> Visit<'ast> for Tests {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        let outside = self.module.clone();
        self.module = format!("{outside}::{}", module.ident);
        visit::visit_item_mod(self, module);
        self.module = outside;
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if has(&function.attrs, "test") && !has(&function.attrs, "ignore") {
            self.note(&function.sig.ident.to_string());
        }
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        if item.mac.path.segments.last().is_some_and(|segment| segment.ident == "proptest") {
            for name in functions(&item.mac.tokens) {
                self.note(&name);
            }
        }
    }
}

/// Whether one of the attributes is this one, be it `#[test]` or `#[tokio::test]`.
fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().segments.last().is_some_and(|segment| segment.ident == name))
}

/// The functions that a macro's tokens define.
fn functions(tokens: &TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let named = tokens.windows(2).filter_map(|pair| match pair {
        [TokenTree::Ident(keyword), TokenTree::Ident(name)] if keyword == "fn" => Some(name.to_string()),
        _ => None,
    });
    named.collect()
}
