//! Rules on which crate may depend on which, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

/// A crate, and what it must not reach over any chain of normal dependencies.
const UNREACHABLE: [(&str, &[&str]); 2] = [
    (
        "parlor-sdk-core",
        &[
            "tokio",
            "futures",
            "futures-util",
            "wasm-bindgen",
            "uniffi",
            "getrandom",
            "parlor-domain",
        ],
    ),
    (
        "parlor-domain",
        &[
            "tokio",
            "sqlx",
            "axum",
            "async-graphql",
            "tonic",
            "parlor-sdk-core",
        ],
    ),
];

/// A crate, and the only members that may name it among their normal dependencies.
const RESERVED: [(&str, &[&str]); 7] = [
    ("sqlx", &["parlor-store", "parlor-test-database"]),
    // For tests alone, which name it among others; the faults are a test.
    ("parlor-test-database", &["parlor-faults"]),
    ("parlor-faults", &[]),
    ("async-graphql", &["parlor-api", "parlor-socket"]),
    ("tonic", &["parlor-server"]),
    (
        "uniffi",
        &[
            "parlor-sdk-mobile",
            "parlor-bindgen",
            "parlor-sdk-rehearsal",
        ],
    ),
    // Each platform's tests load it; what ships has none of it.
    ("parlor-sdk-rehearsal", &[]),
];

/// Members without cargo features: one build of them exists, for every platform.
const FEATURELESS: [&str; 2] = ["parlor-sdk-core", "parlor-sdk-events"];

/// Crates that must be of one version, because they speak a private format to each other.
const EQUAL_VERSIONS: [(&str, &str); 1] = [("wasm-bindgen", "wasm-bindgen-cli-support")];

/// Checks the rules against what `cargo metadata` says.
pub(super) fn check(metadata: &Value) -> Result<Vec<String>> {
    let graph = Graph::read(metadata).context("cargo metadata has an unknown shape")?;
    let mut violations = Vec::new();

    for (start, forbidden) in UNREACHABLE {
        for (name, path) in graph.reachable(start) {
            if forbidden.contains(&name.as_str()) {
                violations.push(format!("{start} must not depend on {name} ({path})"));
            }
        }
    }
    for (name, allowed) in RESERVED {
        for member in graph.members_naming(name) {
            if !allowed.contains(&member) {
                violations.push(format!("{member} must not depend on {name}"));
            }
        }
    }
    for name in FEATURELESS {
        for feature in graph.features(name) {
            violations.push(format!(
                "{name} must have no cargo features, and has `{feature}`"
            ));
        }
    }
    for (left, right) in EQUAL_VERSIONS {
        let versions: BTreeSet<&str> = graph.versions(left).chain(graph.versions(right)).collect();
        if versions.len() != 1 {
            violations.push(format!(
                "{left} and {right} must be of one version, and are {versions:?}"
            ));
        }
    }

    Ok(violations)
}

/// The part of cargo's metadata that the rules look at.
struct Graph<'a> {
    packages: BTreeMap<&'a str, &'a Value>,
    members: BTreeSet<&'a str>,
    /// Normal dependencies, by package id.
    edges: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Graph<'a> {
    fn read(metadata: &'a Value) -> Option<Self> {
        let packages = metadata["packages"]
            .as_array()?
            .iter()
            .filter_map(|package| Some((package["id"].as_str()?, package)))
            .collect();
        let members = metadata["workspace_members"]
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let edges = metadata["resolve"]["nodes"]
            .as_array()?
            .iter()
            .filter_map(|node| Some((node["id"].as_str()?, normal_dependencies(node))))
            .collect();

        Some(Self {
            packages,
            members,
            edges,
        })
    }

    /// Every package that the member called `start` depends on, with one chain that leads there.
    fn reachable(&self, start: &str) -> BTreeMap<String, String> {
        let mut waiting: Vec<(&str, String)> = self
            .members
            .iter()
            .filter(|id| self.name(id) == start)
            .map(|id| (*id, start.to_owned()))
            .collect();
        let mut seen = BTreeSet::new();
        let mut found = BTreeMap::new();

        while let Some((id, path)) = waiting.pop() {
            for next in self.edges.get(id).into_iter().flatten() {
                if seen.insert(*next) {
                    let path = format!("{path} → {}", self.name(next));
                    found.insert(self.name(next).to_owned(), path.clone());
                    waiting.push((*next, path));
                }
            }
        }

        found
    }

    /// The members that have `dependency` among their own normal dependencies.
    fn members_naming(&self, dependency: &str) -> Vec<&'a str> {
        self.members
            .iter()
            .filter(|id| {
                self.edges
                    .get(**id)
                    .is_some_and(|next| next.iter().any(|id| self.name(id) == dependency))
            })
            .map(|id| self.name(id))
            .collect()
    }

    fn features(&self, name: &str) -> Vec<&'a str> {
        self.packages
            .values()
            .filter(|package| package["name"] == name)
            .filter_map(|package| package["features"].as_object())
            .flat_map(|features| features.keys().map(String::as_str))
            .collect()
    }

    fn versions(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.packages
            .values()
            .filter(move |package| package["name"] == name)
            .filter_map(|package| package["version"].as_str())
    }

    fn name(&self, id: &str) -> &'a str {
        self.packages
            .get(id)
            .and_then(|package| package["name"].as_str())
            .unwrap_or_default()
    }
}

fn normal_dependencies(node: &Value) -> Vec<&str> {
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
    };

    node["deps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(is_normal)
        .filter_map(|dependency| dependency["pkg"].as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A graph of packages named by their ids, all members, from `(package, its dependencies)`.
    fn metadata(edges: &[(&str, &[&str])], kind: &Value) -> Value {
        let mut names: BTreeSet<&str> = edges.iter().map(|(name, _)| *name).collect();
        names.extend(
            edges
                .iter()
                .flat_map(|(_, dependencies)| dependencies.iter()),
        );
        names.extend(["wasm-bindgen", "wasm-bindgen-cli-support"]);

        json!({
            "packages": names
                .iter()
                .map(|name| json!({"id": name, "name": name, "version": "1.0.0", "features": {}}))
                .collect::<Vec<_>>(),
            "workspace_members": edges.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            "resolve": {"nodes": edges.iter().map(|(name, dependencies)| json!({
                "id": name,
                "deps": dependencies
                    .iter()
                    .map(|pkg| json!({"pkg": pkg, "dep_kinds": [{"kind": kind}]}))
                    .collect::<Vec<_>>(),
            })).collect::<Vec<_>>()},
        })
    }

    fn violations(edges: &[(&str, &[&str])]) -> Vec<String> {
        check(&metadata(edges, &Value::Null)).unwrap()
    }

    #[test]
    fn a_forbidden_crate_is_found_over_any_chain() {
        let found = violations(&[
            ("parlor-sdk-core", &["small"]),
            ("small", &["getrandom"]),
            ("parlor-domain", &["thiserror"]),
        ]);

        assert_eq!(
            found,
            ["parlor-sdk-core must not depend on getrandom (parlor-sdk-core → small → getrandom)"]
        );
    }

    #[test]
    fn the_rules_and_the_client_stay_apart() {
        let found = violations(&[("parlor-domain", &["parlor-sdk-core"])]);

        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("parlor-domain must not depend on parlor-sdk-core"));
    }

    #[test]
    fn a_dependency_of_tests_alone_is_allowed() {
        let edges: [(&str, &[&str]); 1] = [("parlor-sdk-core", &["tokio"])];

        assert_eq!(check(&metadata(&edges, &json!("dev"))).unwrap(), [""; 0]);
    }

    #[test]
    fn of_the_server_only_the_store_has_sqlx() {
        let found = violations(&[("parlor-store", &["sqlx"]), ("parlor-server", &["sqlx"])]);

        assert_eq!(found, ["parlor-server must not depend on sqlx"]);
    }

    #[test]
    fn no_program_is_built_with_the_tests_databases() {
        let found = violations(&[
            ("parlor-test-database", &["sqlx"]),
            ("parlor-server", &["parlor-test-database"]),
        ]);

        assert_eq!(
            found,
            ["parlor-server must not depend on parlor-test-database"]
        );
    }

    #[test]
    fn a_feature_of_the_core_is_found() {
        let mut metadata = metadata(&[("parlor-sdk-core", &[])], &Value::Null);
        for package in metadata["packages"].as_array_mut().unwrap() {
            if package["name"] == "parlor-sdk-core" {
                package["features"] = json!({"std": []});
            }
        }

        let found = check(&metadata).unwrap();

        assert_eq!(
            found,
            ["parlor-sdk-core must have no cargo features, and has `std`"]
        );
    }

    #[test]
    fn the_binding_tool_is_of_the_librarys_version() {
        let mut metadata = metadata(&[], &Value::Null);
        for package in metadata["packages"].as_array_mut().unwrap() {
            if package["name"] == "wasm-bindgen" {
                package["version"] = json!("1.0.1");
            }
        }

        let found = check(&metadata).unwrap();

        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("wasm-bindgen and wasm-bindgen-cli-support"));
    }
}
