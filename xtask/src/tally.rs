//! Counts what test runners report of themselves.

use std::ops::AddAssign;

/// How many tests of one run passed, failed, and were not run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl Tally {
    pub(crate) const ONE_PASSED: Self = Self {
        passed: 1,
        failed: 0,
        skipped: 0,
    };
    pub(crate) const ONE_FAILED: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };

    /// Reads `cargo test`: one line for each program, such as
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out`. A test that
    /// skipped itself passed as far as the harness knows, and has said so.
    pub(crate) fn of_cargo(text: &str) -> Self {
        let mut tally = Self::default();
        for line in text.lines().filter(|line| line.starts_with("test result:")) {
            tally.passed += number_before(line, " passed");
            tally.failed += number_before(line, " failed");
            tally.skipped += number_before(line, " ignored");
        }
        let skipped = text.matches("skipped without PostgreSQL: ").count();
        let skipped = u32::try_from(skipped).unwrap_or(u32::MAX);
        tally.passed = tally.passed.saturating_sub(skipped);
        tally.skipped += skipped;

        tally
    }

    /// Reads `node --test`: lines such as `ℹ pass 3`, or `# pass 3`.
    pub(crate) fn of_node(text: &str) -> Self {
        let mut tally = Self::default();
        for line in text.lines() {
            let Some(line) = line.strip_prefix("ℹ ").or(line.strip_prefix("# ")) else {
                continue;
            };
            match line.split_once(' ') {
                Some(("pass", count)) => tally.passed += count.parse().unwrap_or(0),
                Some(("fail" | "cancelled", count)) => tally.failed += count.parse().unwrap_or(0),
                Some(("skipped" | "todo", count)) => tally.skipped += count.parse().unwrap_or(0),
                Some(_) | None => (),
            }
        }

        tally
    }

    /// Reads `parlor-faults`: one line at its end, `seeds: 49 passed, 1 failed`.
    pub(crate) fn of_seeds(text: &str) -> Self {
        let line = text.lines().rfind(|line| line.starts_with("seeds: "));
        let line = line.unwrap_or_default();

        Self {
            passed: number_before(line, " passed"),
            failed: number_before(line, " failed"),
            skipped: 0,
        }
    }

    /// Reads Python's `unittest`: `Ran 4 tests in 0.1s`, then `OK (skipped=1)` or
    /// `FAILED (failures=1, errors=1)`.
    pub(crate) fn of_unittest(text: &str) -> Self {
        let ran: u32 = text
            .lines()
            .filter(|line| line.starts_with("Ran "))
            .map(|line| number_before(line, " test"))
            .sum();
        let verdict = text
            .lines()
            .rfind(|line| line.starts_with("OK") || line.starts_with("FAILED"))
            .unwrap_or_default();
        let failed = number_after(verdict, "failures=") + number_after(verdict, "errors=");
        let skipped = number_after(verdict, "skipped=");

        Self {
            passed: ran.saturating_sub(failed + skipped),
            failed,
            skipped,
        }
    }

    /// Reads Maven's surefire: one line for each module, after one for each class, such as
    /// `[INFO] Tests run: 4, Failures: 0, Errors: 1, Skipped: 0`.
    pub(crate) fn of_surefire(text: &str) -> Self {
        let mut tally = Self::default();
        let totals = text
            .lines()
            .filter(|line| line.contains("] Tests run: ") && !line.contains("Time elapsed"));
        for line in totals {
            let failed = number_after(line, "Failures: ") + number_after(line, "Errors: ");
            let skipped = number_after(line, "Skipped: ");
            let ran = number_after(line, "Tests run: ");
            tally += Self {
                passed: ran.saturating_sub(failed + skipped),
                failed,
                skipped,
            };
        }

        tally
    }

    /// Reads `XCTest`: a line for each test, such as `Test Case 'Following.testX' passed (0.1 seconds)`.
    pub(crate) fn of_xctest(text: &str) -> Self {
        let mut tally = Self::default();
        for line in text.lines() {
            // On a Mac the name is in brackets within the quotes.
            let Some((_, verdict)) = line
                .strip_prefix("Test Case '")
                .and_then(|line| line.split_once("' "))
            else {
                continue;
            };
            match verdict.split(' ').next() {
                Some("passed") => tally.passed += 1,
                Some("failed") => tally.failed += 1,
                Some("skipped") => tally.skipped += 1,
                Some(_) | None => (),
            }
        }

        tally
    }

    /// A runner that failed without naming a failed test has failed once: it did not compile, or
    /// it crashed. So has one that succeeded without a test: it found none, or speaks in a form that
    /// is not read here.
    pub(crate) fn with_verdict(mut self, succeeded: bool) -> Self {
        if self == Self::default() || !succeeded && self.failed == 0 {
            self.failed = 1;
        }

        self
    }
}

fn number_before(line: &str, word: &str) -> u32 {
    line.split_once(word)
        .and_then(|(before, _)| before.rsplit(' ').next()?.parse().ok())
        .unwrap_or(0)
}

fn number_after(line: &str, word: &str) -> u32 {
    line.split_once(word)
        .and_then(|(_, after)| {
            let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
            digits.parse().ok()
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u32, failed: u32, skipped: u32) -> Tally {
        Tally {
            passed,
            failed,
            skipped,
        }
    }

    #[test]
    fn cargos_programs_add_up() {
        let text = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                    noise\n\
                    test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured\n";

        assert_eq!(Tally::of_cargo(text), tally(13, 2, 1));
    }

    #[test]
    fn nodes_summary_is_read_in_either_form() {
        let spec =
            "✔ a test\nℹ tests 5\nℹ pass 3\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\n";
        let tap = "# tests 2\n# pass 1\n# fail 0\n# cancelled 1\n";

        assert_eq!(Tally::of_node(spec), tally(3, 1, 1));
        assert_eq!(Tally::of_node(tap), tally(1, 1, 0));
    }

    #[test]
    fn unittests_verdict_is_taken_from_what_ran() {
        let good = "....\nRan 4 tests in 0.1s\n\nOK (skipped=1)\n";
        let bad = "Ran 6 tests in 0.1s\n\nFAILED (failures=1, errors=2)\n";

        assert_eq!(Tally::of_unittest(good), tally(3, 0, 1));
        assert_eq!(Tally::of_unittest(bad), tally(3, 3, 0));
    }

    #[test]
    fn surefires_modules_add_up_and_its_classes_do_not_count_twice() {
        let text = "[INFO] Running parlor.HandoverTest\n\
                    [INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 2.2 s\n\
                    [INFO] Tests run: 2, Failures: 0, Errors: 0, Skipped: 0\n\
                    [ERROR] Tests run: 9, Failures: 1, Errors: 2, Skipped: 1\n";

        assert_eq!(Tally::of_surefire(text), tally(7, 3, 1));
    }

    #[test]
    fn xctests_tests_are_counted_one_by_one() {
        let text = "Test Suite 'Following' started at 2026-01-01 12:00:00.000\n\
                    Test Case 'Following.testOne' started at 2026-01-01 12:00:00.000\n\
                    Test Case 'Following.testOne' passed (0.001 seconds)\n\
                    Test Case '-[ParlorTests.Following testTwo]' passed (0.001 seconds).\n\
                    Following.swift:6: error: Following.testThree : failed - no\n\
                    Test Case 'Following.testThree' failed (0.0 seconds)\n\
                    Test Case 'Following.testFour' skipped (0.0 seconds)\n\
                    Test Suite 'Following' failed at 2026-01-01 12:00:00.000\n\
                    \t Executed 4 tests, with 1 test skipped and 1 failure\n";

        assert_eq!(Tally::of_xctest(text), tally(2, 1, 1));
    }

    #[test]
    fn a_runner_that_fails_without_a_failed_test_counts_as_one() {
        assert_eq!(Tally::of_cargo("").with_verdict(false), tally(0, 1, 0));
        assert_eq!(tally(2, 2, 0).with_verdict(false), tally(2, 2, 0));
        assert_eq!(tally(2, 0, 0).with_verdict(true), tally(2, 0, 0));
    }

    #[test]
    fn a_runner_that_ran_no_test_has_failed() {
        assert_eq!(Tally::of_cargo("").with_verdict(true), tally(0, 1, 0));
        assert_eq!(tally(0, 0, 1).with_verdict(true), tally(0, 0, 1));
    }

    #[test]
    fn a_test_that_skips_itself_is_not_counted_as_passed() {
        let text = "skipped without PostgreSQL: on_postgres::one\n\
                    test on_postgres::one ... ok\n\
                    test on_postgres::two ... skipped without PostgreSQL: on_postgres::two\nok\n\
                    test on_sqlite::one ... ok\n\
                    test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";

        assert_eq!(Tally::of_cargo(text), tally(1, 0, 2));
    }
}
