//! The direction of dependencies.
//!
//! In: the workspace as `cargo metadata --no-deps` tells it. Out: each edge that points the wrong way. Only normal and
//! build dependencies count: tests may look anywhere. Chains are followed inside the house alone, so a published
//! crate that brings tokio along is caught in review, not here.

mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use anyhow::Result;
use cargo_metadata::{DependencyKind, Metadata};

use self::table::{COUNTERFACTUAL, House, LESSONS, Outside, Rule, TABLE};
use crate::finding::Finding;

/// A workspace member with the names of what it depends on.
#[derive(Debug)]
struct Member {
    name: String,
    dependencies: Vec<String>,
    /// Of whom it asks for worlds that are not to be, in whatever kind of dependency or by default.
    counterfactual: Vec<String>,
}

/// Checks the workspace against the table.
pub(crate) fn check(metadata: &Metadata) -> Result<Vec<Finding>> {
    let members: Vec<Member> = metadata
        .workspace_packages()
        .into_iter()
        .map(|package| Member {
            name: package.name.to_string(),
            dependencies: package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .map(|dependency| dependency.name.clone())
                .collect(),
            counterfactual: asks(package),
        })
        .collect();
    Ok(offences(&members, TABLE))
}

fn offences(members: &[Member], table: &[Rule]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for member in members {
        match table.iter().find(|rule| rule.package == member.name) {
            Some(rule) => {
                findings.extend(lesson(member));
                findings.extend(member.dependencies.iter().filter_map(|to| edge(member, to, rule, members)));
                findings.extend(reached(member, rule, members));
            }
            None => findings.push(Finding {
                place: member.name.clone(),
                what: "this crate is not in the table of allowed dependencies".to_string(),
                remedy: "add a row for it to xtask/src/arrows/table.rs".to_string(),
            }),
        }
    }
    findings
}

/// Of whom a package asks for the feature.
fn asks(package: &cargo_metadata::Package) -> Vec<String> {
    let of_dependencies = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.features.iter().any(|feature| feature == COUNTERFACTUAL))
        .map(|dependency| dependency.name.clone());
    let default = package.features.get("default").into_iter().flatten();
    let by_default = default.filter(|feature| feature.contains(COUNTERFACTUAL)).cloned();
    of_dependencies.chain(by_default).collect()
}

/// The finding for a crate that asks for what only lessons may have.
fn lesson(member: &Member) -> Option<Finding> {
    let of = member.counterfactual.first()?;
    (!LESSONS.contains(&member.name.as_str())).then(|| Finding {
        place: member.name.clone(),
        what: format!("may not ask {of} for {COUNTERFACTUAL}: only {} may", join(LESSONS)),
        remedy: "take the feature out: what it offers breaks TCP on purpose".to_string(),
    })
}

/// The finding for one direct dependency, if the rule does not allow it.
fn edge(member: &Member, to: &str, rule: &Rule, members: &[Member]) -> Option<Finding> {
    let (allowed, list) = if members.iter().any(|other| other.name == to) {
        match rule.house {
            House::All => return None,
            House::Only(list) => (list.contains(&to), list),
        }
    } else {
        match rule.outside {
            Outside::Any => return None,
            Outside::Only(list) => (list.contains(&to), list),
        }
    };
    (!allowed).then(|| Finding {
        place: member.name.clone(),
        what: format!("may not depend on {to}; of its kind it may use only: {}", join(list)),
        remedy: format!(
            "move what needs {to} to a crate above, pass its result in as an argument, or, if the design \
             itself changes, edit xtask/src/arrows/table.rs"
        ),
    })
}

/// The findings for what must not be reached even through other crates of the house.
fn reached(member: &Member, rule: &Rule, members: &[Member]) -> Vec<Finding> {
    let reach = closure(member, members);
    rule.never
        .iter()
        .filter(|banned| reach.contains(**banned))
        .map(|banned| Finding {
            place: member.name.clone(),
            what: format!("must never see {banned}, and reaches it through its dependencies"),
            remedy: format!("find the way with `cargo tree -p {} -i {banned}` and cut it", member.name),
        })
        .collect()
}

/// Everything a member depends on, directly or through other members.
fn closure<'a>(start: &'a Member, members: &'a [Member]) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(member) = open.pop() {
        for name in &member.dependencies {
            if seen.insert(name.as_str()) {
                open.extend(members.iter().find(|other| other.name == *name));
            }
        }
    }
    seen
}

fn join(list: &[&str]) -> String {
    if list.is_empty() { "none".to_string() } else { list.join(", ") }
}
