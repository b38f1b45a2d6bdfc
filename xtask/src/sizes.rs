//! How long a file and a function may be.
//!
//! In: the Rust sources of the crates, of this program and of the measurements; tests are left out, since a table of
//! cases may be as long as it needs. Out: each file over [`FILE_LIMIT`] lines and each function over
//! [`FUNCTION_LIMIT`], blank lines and comments counted. A function's attributes and documentation are not.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::Metadata;
use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Block, Signature};

use crate::finding::Finding;

/// The most lines a file may have.
const FILE_LIMIT: usize = 600;
/// The most lines a function may have, from its signature to its closing brace.
const FUNCTION_LIMIT: usize = 80;

/// Checks every source file of the workspace.
pub(crate) fn check(metadata: &Metadata) -> Result<Vec<Finding>> {
    let root = metadata.workspace_root.as_std_path();
    let mut files = Vec::new();
    for folder in source_folders(root)? {
        collect(&folder, &mut files)?;
    }
    files.sort();
    let mut findings = Vec::new();
    for file in files {
        let source = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
        findings.extend(oversized(&shown, &source)?);
    }
    Ok(findings)
}

/// The folders whose files are held to the limits.
fn source_folders(root: &Path) -> Result<Vec<PathBuf>> {
    let crates = root.join("crates");
    let mut folders = vec![root.join("xtask"), root.join("bench")];
    for entry in fs::read_dir(&crates).with_context(|| format!("cannot list {}", crates.display()))? {
        folders.push(entry?.path().join("src"));
    }
    folders.retain(|folder| folder.is_dir());
    Ok(folders)
}

/// Gathers the Rust files below a folder, without tests and without what cargo builds.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            if name != "tests" && name != "target" {
                collect(&path, files)?;
            }
        } else if name != "tests.rs" && path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// What in one file is too long.
fn oversized(file: &str, source: &str) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let lines = source.lines().count();
    if lines > FILE_LIMIT {
        findings.push(Finding {
            place: format!("{file}:1"),
            what: format!("the file has {lines} lines; the limit is {FILE_LIMIT}"),
            remedy: "a file has one job: give the second job a module of its own".to_string(),
        });
    }
    let parsed = syn::parse_file(source)
        .map_err(|error| anyhow::anyhow!("{file}:{}: cannot parse: {error}", error.span().start().line))?;
    let mut functions = Functions::default();
    functions.visit_file(&parsed);
    let long = functions.found.into_iter().filter(|function| function.lines > FUNCTION_LIMIT);
    findings.extend(long.map(|Function { name, line, lines }| Finding {
        place: format!("{file}:{line}"),
        what: format!("fn {name} has {lines} lines; the limit is {FUNCTION_LIMIT}"),
        remedy: "name its paragraphs: one function each, called in order".to_string(),
    }));
    Ok(findings)
}

/// One function with a body.
#[derive(Debug, PartialEq, Eq)]
struct Function {
    name: String,
    line: usize,
    lines: usize,
}

/// Walks a file and notes every function in it, methods and nested functions too.
#[derive(Default)]
struct Functions {
    found: Vec<Function>,
}

impl Functions {
    fn note(&mut self, signature: &Signature, body: Span) {
        let first = signature.fn_token.span.start().line;
        self.found.push(Function {
            name: signature.ident.to_string(),
            line: first,
            lines: body.end().line - first + 1,
        });
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.note(&function.sig, closing(&function.block));
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.note(&function.sig, closing(&function.block));
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.note(&function.sig, closing(body));
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn closing(block: &Block) -> Span {
    block.brace_token.span.close()
}
