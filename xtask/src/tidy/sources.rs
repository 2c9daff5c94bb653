//! Rules on what may be written where, from the text of tracked and new files.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process;

/// Words that may stand only in some files.
struct Rule {
    /// What is wrong, for people.
    complaint: &'static str,
    /// Any of these in a line breaks the rule.
    needles: &'static [&'static str],
    /// Files the rule looks at, by how their path starts.
    within: &'static [&'static str],
    /// Files among them where the words are at home, by how their path starts.
    except: &'static [&'static str],
    /// How the names of the files end; empty for every file.
    endings: &'static [&'static str],
}

const RULES: [Rule; 6] = [
    Rule {
        complaint: "pure code has no async",
        needles: &["async fn", "async move", ".await"],
        within: &["sdk-core/src/", "backend/domain/src/"],
        except: &[],
        endings: &[".rs"],
    },
    Rule {
        complaint: "async_graphql belongs to the API and the socket's executor",
        needles: &["async_graphql"],
        within: &["backend/", "sdk-", "overlay/", "examples/"],
        except: &[
            "backend/api/src",
            // What runs operations for sockets. What moves frames knows no GraphQL.
            "backend/socket/src/execution",
            "backend/socket/src/group",
            "backend/socket/src/operation",
            "backend/server/tests/",
        ],
        endings: &[".rs"],
    },
    Rule {
        complaint: "tonic belongs to grpc",
        needles: &["tonic::"],
        within: &["backend/", "sdk-", "overlay/", "examples/"],
        except: &["backend/server/src/grpc"],
        endings: &[".rs"],
    },
    Rule {
        complaint: "JSON in the core belongs to wire",
        needles: &["json::"],
        within: &["sdk-core/src/"],
        except: &["sdk-core/src/wire"],
        endings: &[".rs"],
    },
    Rule {
        complaint: "a path of one machine",
        needles: &[
            "\u{2f}root\u{2f}",
            "\u{2f}home\u{2f}",
            "\u{2f}work\u{2f}",
            "\u{2f}Users\u{2f}",
        ],
        within: &[""],
        except: &[],
        endings: &[],
    },
    Rule {
        complaint: "a lock file that names the registry it came from",
        needles: &["\"resolved\":"],
        within: &[""],
        except: &[],
        endings: &["package-lock.json"],
    },
];

/// Checks every file that git tracks or would add.
pub(super) fn check(root: &Path) -> Result<Vec<String>> {
    let files = process::output(
        Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root),
    )?;
    let mut violations = Vec::new();

    for file in files.lines() {
        // A file that is deleted but not committed has no text, and pictures are not text.
        let Ok(text) = std::fs::read_to_string(root.join(file)) else {
            continue;
        };
        violations.extend(check_file(file, &text));
    }

    Ok(violations)
}

fn check_file(file: &str, text: &str) -> Vec<String> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| file.starts_with(prefix));
    let rules: Vec<&Rule> = RULES
        .iter()
        .filter(|rule| starts(rule.within) && !starts(rule.except))
        .filter(|rule| {
            rule.endings.is_empty() || rule.endings.iter().any(|ending| file.ends_with(ending))
        })
        .collect();

    let mut violations = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let code = line.split("//").next().unwrap_or_default();
        for rule in &rules {
            // A comment may name what the code beside it must not use.
            let text = if rule.endings == [".rs"] { code } else { line };
            if let Some(needle) = rule.needles.iter().find(|needle| has_word(text, needle)) {
                violations.push(format!("{file}:{number}: {} (`{needle}`)", rule.complaint));
            }
        }
    }

    violations
}

/// Whether `word` stands in `text`, rather than the beginning of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let ends_open = word.ends_with(|c: char| c.is_alphanumeric());

    text.match_indices(word).any(|(start, _)| {
        let after = text[start + word.len()..].chars().next();
        !ends_open || after.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file, a line of it, and the complaint it should draw, if any.
    const CASES: [(&str, &str, Option<&str>); 17] = [
        (
            "sdk-core/src/client.rs",
            "pub async fn next() {}",
            Some("no async"),
        ),
        (
            "backend/domain/src/room.rs",
            "store.load().await",
            Some("no async"),
        ),
        ("sdk-core/src/subscription.rs", "self.awaiting.len()", None),
        ("backend/store/src/rooms.rs", "pub async fn load() {}", None),
        (
            "backend/live/src/hub.rs",
            "use async_graphql::Value;",
            Some("async_graphql"),
        ),
        ("backend/api/src/room.rs", "use async_graphql::Value;", None),
        (
            "backend/socket/src/execution.rs",
            "use async_graphql::Value;",
            None,
        ),
        (
            "backend/socket/src/connection.rs",
            "use async_graphql::Value;",
            Some("async_graphql"),
        ),
        (
            "backend/server/src/http.rs",
            "use tonic::Status;",
            Some("tonic"),
        ),
        (
            "backend/server/src/grpc/room.rs",
            "use tonic::Status;",
            None,
        ),
        (
            "sdk-core/src/room.rs",
            "use crate::wire::json::read;",
            Some("wire"),
        ),
        ("sdk-core/src/room.rs", "// JSON stays in wire", None),
        (
            "sdk-core/src/wire/event.rs",
            "use crate::wire::json::read;",
            None,
        ),
        (
            "docs/time.md",
            "see \u{2f}home\u{2f}me/notes",
            Some("one machine"),
        ),
        ("README.md", "see docs/time.md", None),
        (
            "tests/package-lock.json",
            "  \"resolved\": \"x\"",
            Some("lock file"),
        ),
        ("docs/protocol.md", "  \"resolved\": \"x\"", None),
    ];

    #[test]
    fn each_rule_finds_its_violation_and_nothing_else() {
        for (file, line, expected) in CASES {
            let found = check_file(file, &format!("first\n{line}\n"));

            match expected {
                None => assert_eq!(found, [""; 0], "{file}: {line}"),
                Some(complaint) => {
                    assert_eq!(found.len(), 1, "{file}: {line}: {found:?}");
                    assert!(found[0].starts_with(&format!("{file}:2: ")), "{found:?}");
                    assert!(found[0].contains(complaint), "{found:?}");
                }
            }
        }
    }

    #[test]
    fn every_rule_has_a_violating_sample() {
        for rule in &RULES {
            let sampled = CASES.iter().any(|(file, line, expected)| {
                expected.is_some()
                    && check_file(file, line)
                        .iter()
                        .any(|found| found.contains(rule.complaint))
            });

            assert!(sampled, "no sample breaks: {}", rule.complaint);
        }
    }
}
