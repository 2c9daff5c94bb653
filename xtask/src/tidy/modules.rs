//! No cycle among the modules of a crate: what two rooms of the house need of each other belongs into
//! a third.
//!
//! Looked at floor by floor: of the modules that have one parent, none may lead back to itself over
//! the paths in their sources and in those of their children. A child and its parent are one room,
//! and tests may look at everything.

mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use paths::Module;

/// One module's way to a sibling, and a place that shows it.
type Ways = BTreeMap<(String, String), String>;

/// Checks every crate of the workspace.
pub(super) fn check(metadata: &Value) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        // Only the workspace's own have no registry that they came from.
        if !package["source"].is_null() {
            continue;
        }
        for target in package["targets"].as_array().into_iter().flatten() {
            let kinds = target["kind"].as_array().into_iter().flatten();
            let is_product = kinds
                .filter_map(Value::as_str)
                .any(|kind| kind == "bin" || kind.ends_with("lib"));
            let root = target["src_path"].as_str().context("a target has a path")?;
            if is_product {
                let name = target["name"].as_str().unwrap_or_default();
                let modules = paths::read_crate(Path::new(root))?;
                found.extend(cycles(name, &modules));
            }
        }
    }

    let complaints = found
        .iter()
        .map(|circle| format!("a circle in {}: {}", circle.within, circle.steps));

    Ok(complaints.collect())
}

/// Modules that lead back to the first of them.
#[derive(Debug, PartialEq)]
struct Circle {
    /// Their parent.
    within: String,
    modules: Vec<String>,
    /// The way, for people.
    steps: String,
}

/// The circles in the crate called `name`.
fn cycles(name: &str, modules: &[Module]) -> Vec<Circle> {
    let known: BTreeSet<&[String]> = modules.iter().map(|module| &module.path[..]).collect();
    // By the parent whose children they are.
    let mut floors: BTreeMap<Vec<String>, Ways> = BTreeMap::new();
    for module in modules {
        for (path, place) in &module.uses {
            let target = longest_known(path, &known);
            let shared = shared_length(&module.path, target);
            if let (Some(from), Some(to)) = (module.path.get(shared), target.get(shared)) {
                let ways = floors.entry(target[..shared].to_vec()).or_default();
                ways.entry((from.clone(), to.clone()))
                    .or_insert_with(|| place.clone());
            }
        }
    }

    let mut found = Vec::new();
    for (parent, ways) in floors {
        for circle in circles(&ways) {
            let steps: Vec<_> = circle
                .iter()
                .zip(circle.iter().cycle().skip(1))
                .map(|(from, to)| {
                    let place = &ways[&(from.clone(), to.clone())];
                    format!("{from} uses {to} ({place})")
                })
                .collect();
            let within = [&[name.replace('-', "_")], &parent[..]].concat().join("::");
            found.push(Circle {
                within,
                steps: steps.join(", "),
                modules: circle,
            });
        }
    }

    found
}

/// The module that a path leads into.
fn longest_known<'a>(path: &'a [String], known: &BTreeSet<&[String]>) -> &'a [String] {
    (0..=path.len())
        .rev()
        .map(|length| &path[..length])
        .find(|path| known.contains(path))
        .unwrap_or_default()
}

fn shared_length(one: &[String], other: &[String]) -> usize {
    one.iter()
        .zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

/// The shortest way back to each module that has one, each circle once.
fn circles(ways: &Ways) -> BTreeSet<Vec<String>> {
    let starts: BTreeSet<_> = ways.keys().map(|(from, _)| from).collect();

    starts
        .into_iter()
        .filter_map(|start| way_back(start, ways))
        .map(|mut circle| {
            let first = circle.iter().enumerate().min_by_key(|(_, name)| *name);
            let first = first.map_or(0, |(index, _)| index);
            circle.rotate_left(first);
            circle
        })
        .collect()
}

fn way_back(start: &String, ways: &Ways) -> Option<Vec<String>> {
    let mut reached: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    let mut waiting = std::collections::VecDeque::from([(start, vec![start.clone()])]);
    while let Some((at, way)) = waiting.pop_front() {
        for (_, to) in ways.keys().filter(|(from, _)| from == at) {
            if to == start {
                return Some(way);
            }
            if !reached.contains_key(to) {
                let further = [&way[..], std::slice::from_ref(to)].concat();
                reached.insert(to, further.clone());
                waiting.push_back((to, further));
            }
        }
    }

    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(path: &str, uses: &[&str]) -> Module {
        let split = |path: &str| {
            path.split("::")
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };

        Module {
            path: split(path),
            uses: uses
                .iter()
                .map(|path| (split(path), "there".to_owned()))
                .collect(),
        }
    }

    #[test]
    fn two_modules_that_use_each_other_are_found() {
        let modules = [
            module("", &[]),
            module("hub", &["writer::Publish"]),
            module("writer", &[]),
            module("writer::lane", &["hub::Hub"]),
        ];

        assert_eq!(
            cycles("parlor-server", &modules),
            [Circle {
                within: "parlor_server".to_owned(),
                modules: vec!["hub".to_owned(), "writer".to_owned()],
                steps: "hub uses writer (there), writer uses hub (there)".to_owned(),
            }]
        );
    }

    #[test]
    fn a_circle_of_three_is_told_once_and_deep_down_as_well() {
        let modules = [
            module("api", &[]),
            module("api::a", &["api::b::Thing"]),
            module("api::b", &["api::c"]),
            module("api::c", &["api::a"]),
        ];

        let found = cycles("x", &modules);

        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].within, "x::api");
        assert_eq!(found[0].modules, ["a", "b", "c"]);
    }

    #[test]
    fn parents_and_children_are_one() {
        let modules = [
            module("room", &["room::stage"]),
            module("room::stage", &["room::Room", "room"]),
            module("session", &["room::stage::Seat"]),
        ];

        assert_eq!(cycles("x", &modules), []);
    }
}
