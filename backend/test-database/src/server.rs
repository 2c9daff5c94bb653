//! Which PostgreSQL server the tests use, and what happens without one.

use std::io::Write;

/// Where the PostgreSQL server for tests is, as somebody who may create databases.
const POSTGRES_URL: &str = "PARLOR_TEST_POSTGRES_URL";
/// Set to `1` by whoever knowingly runs the tests without PostgreSQL.
const WITHOUT_POSTGRES: &str = "PARLOR_TEST_WITHOUT_POSTGRES";
/// What a skipped test says before its name: `cargo xtask test` counts these, for the harness has no
/// word for a test that skips itself and counts it as passed.
const SKIPPED: &str = "skipped without PostgreSQL: ";

/// The server's address, or `None` for a test that is knowingly skipped, which it says aloud.
pub(super) fn address() -> Option<String> {
    match choose(|name| std::env::var(name).ok()) {
        Ok(Choice::Server(address)) => Some(address),
        Ok(Choice::Skip) => {
            let thread = std::thread::current();
            let line = format!("{SKIPPED}{}\n", thread.name().unwrap_or("a test"));
            // Not by `println!`, which the harness keeps to itself when a test passes.
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(line.as_bytes()).unwrap();
            None
        }
        Err(fault) => panic!("{fault}"),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Choice {
    Server(String),
    Skip,
}

fn choose(variable: impl Fn(&str) -> Option<String>) -> Result<Choice, String> {
    let is_on = |name, on| variable(name).is_some_and(|value| value == on);
    if let Some(address) = variable(POSTGRES_URL) {
        return Ok(Choice::Server(address));
    }
    if !is_on(WITHOUT_POSTGRES, "1") {
        return Err(format!(
            "`{POSTGRES_URL}` is not set: `cargo xtask test` brings a PostgreSQL of its own, and \
             `{WITHOUT_POSTGRES}=1` skips what needs one"
        ));
    }
    if is_on("CI", "true") {
        return Err(format!("`{WITHOUT_POSTGRES}` is set, and CI skips nothing"));
    }

    Ok(Choice::Skip)
}

#[cfg(test)]
mod tests {
    use super::{Choice, POSTGRES_URL, WITHOUT_POSTGRES, choose};

    fn chosen(set: &[(&str, &str)]) -> Result<Choice, String> {
        choose(|name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_a_server_a_test_fails_and_says_what_to_do() {
        for set in [&[][..], &[(WITHOUT_POSTGRES, "")], &[("CI", "true")]] {
            let fault = chosen(set).unwrap_err();

            assert!(fault.contains(POSTGRES_URL), "{fault}");
            assert!(fault.contains("cargo xtask test"), "{fault}");
            assert!(!fault.contains('\n'), "{fault}");
        }
    }

    #[test]
    fn a_test_is_skipped_only_by_who_says_so_and_never_in_ci() {
        assert_eq!(chosen(&[(WITHOUT_POSTGRES, "1")]), Ok(Choice::Skip));
        assert!(chosen(&[(WITHOUT_POSTGRES, "1"), ("CI", "true")]).is_err());

        let server = Choice::Server("postgres://db".to_owned());
        let both = [(POSTGRES_URL, "postgres://db"), (WITHOUT_POSTGRES, "1")];
        assert_eq!(chosen(&both), Ok(server));
    }
}
