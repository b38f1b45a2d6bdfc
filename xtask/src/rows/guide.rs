//! The pages below `docs/`: their anchors and their links.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use regex_lite::Regex;

use super::{Scenarios, finding};
use crate::finding::Finding;

const ENGLISH: &str = "docs/guide/en/";
const CHINESE: &str = "docs/guide/zh/";

/// Whether a page is one of the guide in English.
pub(super) fn is_english(file: &str) -> bool {
    file.starts_with(ENGLISH)
}

/// All pages, by their path from the repository's root.
#[derive(Debug, Default)]
pub(super) struct Guide {
    pages: BTreeMap<String, Page>,
}

/// What one page has.
#[derive(Debug, Default)]
struct Page {
    /// Its headings' anchors, and those given by `<a id="...">`.
    anchors: BTreeSet<String>,
    /// Those given by `<a id="...">` alone: the same in both languages.
    given: BTreeSet<String>,
    /// The line, the text and the target of each link.
    links: Vec<(usize, String, String)>,
    /// The scenarios that are linked between one given anchor and the next.
    runs: BTreeMap<String, BTreeSet<String>>,
}

impl Guide {
    /// Reads every page below `docs/`.
    pub(super) fn find(root: &Path) -> Result<Self> {
        let mut guide = Self::default();
        guide.find_below(root, "docs")?;
        Ok(guide)
    }

    fn find_below(&mut self, root: &Path, folder: &str) -> Result<()> {
        let entries = fs::read_dir(root.join(folder)).with_context(|| format!("cannot list {folder}"))?;
        for entry in entries {
            let entry = entry?;
            let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                self.find_below(root, &name)?;
            } else if name.ends_with(".md") {
                let text = fs::read_to_string(entry.path()).with_context(|| format!("cannot read {name}"))?;
                self.add(&name, &text)?;
            }
        }
        Ok(())
    }

    /// Adds one page.
    pub(super) fn add(&mut self, file: &str, text: &str) -> Result<()> {
        self.pages.insert(file.to_string(), Page::read(text)?);
        Ok(())
    }

    /// Whether a page has an anchor.
    pub(super) fn has(&self, file: &str, anchor: &str) -> bool {
        self.pages.get(file).is_some_and(|page| page.anchors.contains(anchor))
    }

    /// Whether a scenario is linked behind an anchor, before the next one.
    pub(super) fn runs(&self, file: &str, anchor: &str, scenario: &str) -> bool {
        let runs = self.pages.get(file).and_then(|page| page.runs.get(anchor));
        runs.is_some_and(|scenarios| scenarios.contains(scenario))
    }

    /// What is wrong with the pages of the guide.
    pub(super) fn offences(&self, scenarios: &Scenarios) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (file, page) in &self.pages {
            let (name, twin) = match (file.strip_prefix(ENGLISH), file.strip_prefix(CHINESE)) {
                (Some(name), _) => (name, format!("{CHINESE}{name}")),
                (_, Some(name)) => (name, format!("{ENGLISH}{name}")),
                (None, None) => continue,
            };
            match self.pages.get(&twin) {
                Some(other) => findings.extend(page.lacks(file, other)),
                None => findings.push(finding(
                    file,
                    "has no twin in the other language",
                    &format!("write {twin}, or take {name} away"),
                )),
            }
            for (line, text, target) in &page.links {
                if let Some((what, remedy)) = self.leads_nowhere(file, text, target, scenarios) {
                    findings.push(finding(&format!("{file}:{line}"), &what, remedy));
                }
            }
        }
        findings
    }

    /// Why a link of a page leads nowhere.
    fn leads_nowhere(
        &self,
        file: &str,
        text: &str,
        target: &str,
        scenarios: &Scenarios,
    ) -> Option<(String, &'static str)> {
        if let Some((number, name)) = scenario(target) {
            return if text != format!("lab {number}") {
                Some((
                    format!("calls {name} \"{text}\""),
                    "a scenario is called as its file begins: lab 05, lab 05b",
                ))
            } else if scenarios.file(number) != Some(name) {
                let what = format!("links a scenario that does not exist: {name}");
                Some((what, "name a file of crates/lab/scenarios/"))
            } else {
                None
            };
        }
        if target.starts_with("https://") {
            return None;
        }
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        let page = if path.is_empty() { file.to_string() } else { beside(file, path) };
        // What is no page is a file of the repository, which is for the reader's eye to find.
        if !page.ends_with(".md") || !page.starts_with("docs/") {
            return None;
        }
        match self.pages.get(&page) {
            None => Some((format!("links a page that does not exist: {target}"), "name one that is there")),
            Some(found) if !anchor.is_empty() && !found.anchors.contains(anchor) => {
                Some((format!("links an anchor that does not exist: {target}"), "name one that is there"))
            }
            Some(_) => None,
        }
    }
}

impl Page {
    fn read(text: &str) -> Result<Self> {
        let (id, link) = (Regex::new(r#"<a id="([^"]+)">"#)?, Regex::new(r"\[([^\]]*)\]\(([^)\s]+)\)")?);
        let mut page = Self::default();
        let (mut fenced, mut anchor) = (false, String::new());
        for (index, line) in text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            if fenced || line.starts_with("    ") {
                continue;
            }
            for found in id.captures_iter(line) {
                anchor = found[1].to_string();
                page.given.insert(anchor.clone());
            }
            if line.starts_with('#') {
                let mut heading = slug(line.trim_start_matches('#').trim());
                while page.anchors.contains(&heading) {
                    heading.push_str("-1");
                }
                page.anchors.insert(heading);
            }
            for found in link.captures_iter(line) {
                if let Some((number, _)) = scenario(&found[2]) {
                    page.runs.entry(anchor.clone()).or_default().insert(number.to_string());
                }
                page.links.push((index + 1, found[1].to_string(), found[2].to_string()));
            }
        }
        page.anchors.extend(page.given.iter().cloned());
        Ok(page)
    }

    /// The scenarios that it links.
    fn scenarios(&self) -> BTreeSet<&str> {
        self.runs.values().flatten().map(String::as_str).collect()
    }

    /// What its twin has and this page has not.
    fn lacks(&self, file: &str, twin: &Self) -> Vec<Finding> {
        let given = twin.given.difference(&self.given).map(|anchor| format!("does not tell {anchor}"));
        let ours = self.scenarios();
        let runs = twin.scenarios().into_iter().filter(|number| !ours.contains(number));
        let runs: Vec<String> = runs.map(|number| format!("does not link lab:{number}")).collect();
        let both = given.chain(runs);
        both.map(|what| finding(file, &what, "its twin in the other language does: let both say the same"))
            .collect()
    }
}

/// The number and the file of the scenario that a link of the guide leads to, if it is one.
fn scenario(target: &str) -> Option<(&str, &str)> {
    let name = target.strip_prefix("../../../crates/lab/scenarios/")?;
    Some((name.split('-').next()?, name))
}

/// The page that a path leads to from another page.
fn beside(file: &str, path: &str) -> String {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// A heading's anchor, as forges make it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        _ if letter.is_alphanumeric() => Some(letter),
        _ => None,
    });
    kept.flat_map(char::to_lowercase).collect()
}
