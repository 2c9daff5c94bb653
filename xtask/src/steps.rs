//! The steps that make up the project's tests, each runnable alone.

mod kotlin;
mod swift;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::postgres::{Durability, Postgres};
use crate::swift::Toolchain;
use crate::tally::Tally;
use crate::tools::{self, Tool};
use crate::{
    build, codegen, faults, mobile, npm, old_chromium, process, python_packages, tidy, wasm, web,
    workspace,
};

/// One part of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Step {
    /// The dependency rules
    Tidy,
    /// Formatting and clippy
    Lint,
    /// Every crate's tests, on SQLite and PostgreSQL
    Rust,
    /// Real servers under faults, by seeds
    Faults,
    /// What is generated and committed is what the server's schema makes of it
    Schema,
    /// The npm package: its types, its operations, and the display plans in Chromium
    Wasm,
    /// The Python package, against a running server
    Python,
    /// The Kotlin library, against a running server
    Kotlin,
    /// The Swift package, against a running server
    Swift,
    /// The mobile library, checked for Android and iOS
    Mobile,
    /// The npm client of the protocol, against a running server
    Protocol,
    /// The pages, in Chromium
    Browser,
    /// The pages in Firefox and in `WebKit`
    Engines,
    /// The pages in a Chromium as old as the one in OBS
    Floor,
    /// The npm packages as bundlers build them into an application, in Chromium
    Bundlers,
}

/// In the order that finds the cheapest mistake first.
pub(crate) const ALL: [Step; 15] = [
    Step::Tidy,
    Step::Lint,
    Step::Rust,
    Step::Faults,
    Step::Schema,
    Step::Wasm,
    Step::Python,
    Step::Kotlin,
    Step::Swift,
    Step::Mobile,
    Step::Protocol,
    Step::Browser,
    Step::Engines,
    Step::Floor,
    Step::Bundlers,
];

const ENGINES: &[&Tool] = &[
    &tools::NODE,
    &tools::NPM,
    &tools::FIREFOX,
    &tools::WEBKIT,
    &tools::XVFB,
];

/// What came of a step.
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// What was not run, and why.
    pub(crate) skipped: Vec<String>,
}

impl From<Tally> for Outcome {
    fn from(tally: Tally) -> Self {
        Self {
            tally,
            skipped: Vec::new(),
        }
    }
}

impl Step {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tidy => "tidy",
            Self::Lint => "lint",
            Self::Rust => "rust",
            Self::Faults => "faults",
            Self::Schema => "schema",
            Self::Wasm => "wasm",
            Self::Python => "python",
            Self::Kotlin => "kotlin",
            Self::Swift => "swift",
            Self::Mobile => "mobile",
            Self::Protocol => "protocol",
            Self::Browser => "browser",
            Self::Engines => "engines",
            Self::Floor => "floor",
            Self::Bundlers => "bundlers",
        }
    }

    pub(crate) fn run(self) -> Result<Outcome> {
        match self {
            Self::Tidy => tidy::check().map(|()| Tally::ONE_PASSED.into()),
            Self::Lint => lint(),
            Self::Rust => rust(),
            Self::Faults => with_tools(&[&tools::POSTGRES], || Ok(faults::test()?.into())),
            Self::Schema => codegen::check_committed().map(|()| Tally::ONE_PASSED.into()),
            Self::Wasm => with_tools(
                &[&tools::NODE, &tools::NPM, &tools::CHROMIUM],
                display_plans,
            ),
            Self::Python => with_tools(&[&tools::PYTHON, &tools::PIP], python),
            Self::Kotlin => with_tools(&[&tools::JDK, &tools::MAVEN], kotlin::run),
            Self::Swift => given(Toolchain::ensure(), |toolchain| swift::run(&toolchain)),
            Self::Mobile => with_tools(&[&tools::CLANG], || {
                mobile::check().map(|()| Tally::ONE_PASSED.into())
            }),
            Self::Protocol => with_tools(&[&tools::NODE, &tools::NPM], || node("protocol")),
            Self::Browser => with_tools(&[&tools::NODE, &tools::NPM, &tools::CHROMIUM], || {
                web::build(wasm::Source::Auto)?;
                node("browser")
            }),
            Self::Engines => with_tools(ENGINES, || {
                web::build(wasm::Source::Auto)?;
                web::build_rehearsal(wasm::Source::Auto)?;
                node("engines")
            }),
            Self::Floor => given(old_chromium::ensure(), |folder| {
                with_tools(&[&tools::NODE, &tools::NPM], || {
                    web::build(wasm::Source::Auto)?;
                    node_with("floor", &[("PARLOR_OLD_CHROMIUM", &folder)])
                })
            }),
            Self::Bundlers => with_tools(&[&tools::NODE, &tools::NPM, &tools::CHROMIUM], || {
                web::build(wasm::Source::Auto)?;
                npm::install(&workspace::root().join("tests/bundlers"))?;
                node("bundlers")
            }),
        }
    }
}

/// Runs `step` if its tools can be had, and otherwise says which could not.
fn with_tools(tools: &[&Tool], step: impl FnOnce() -> Result<Outcome>) -> Result<Outcome> {
    given(tools::ensure(tools), |()| step())
}

/// Runs `step` with what it needs, and otherwise says why that could not be had.
fn given<T>(needed: Result<T>, step: impl FnOnce(T) -> Result<Outcome>) -> Result<Outcome> {
    match needed {
        Ok(needed) => step(needed),
        Err(error) => {
            process::check_interrupted()?;
            Ok(Outcome {
                tally: Tally {
                    skipped: 1,
                    ..Tally::default()
                },
                skipped: vec![format!("{error:#}")],
            })
        }
    }
}

fn lint() -> Result<Outcome> {
    let commands: [&[&str]; 2] = [
        &["fmt", "--all", "--check"],
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ],
    ];
    let mut tally = Tally::default();
    for command in commands {
        tally += match process::run(&mut workspace::cargo(command)) {
            Ok(()) => Tally::ONE_PASSED,
            Err(error) => {
                process::check_interrupted()?;
                println!("{error:#}");
                Tally::ONE_FAILED
            }
        };
    }

    Ok(tally.into())
}

/// Without PostgreSQL what needs it is skipped, each test by itself, and so are the models that are in Python.
fn rust() -> Result<Outcome> {
    let mut command = workspace::cargo(&["test", "--workspace", "--no-fail-fast"]);
    let mut skipped = Vec::new();
    let postgres = match tools::ensure(&[&tools::POSTGRES]) {
        Ok(()) => Some(Postgres::start(Durability::Off)?),
        Err(error) => {
            process::check_interrupted()?;
            skipped.push(format!("everything on PostgreSQL: {error:#}"));
            None
        }
    };
    command.env_remove("PARLOR_TEST_POSTGRES_URL");
    command.env_remove("PARLOR_TEST_WITHOUT_POSTGRES");
    command.env_remove("PARLOR_TEST_WITHOUT_PYTHON");
    if let Err(error) = tools::ensure(&[&tools::PYTHON]) {
        process::check_interrupted()?;
        skipped.push(format!(
            "the models of the ledger and of the train: {error:#}"
        ));
        command.env("PARLOR_TEST_WITHOUT_PYTHON", "1");
    }
    match &postgres {
        Some(postgres) => command.env("PARLOR_TEST_POSTGRES_URL", &postgres.url),
        None => command.env("PARLOR_TEST_WITHOUT_POSTGRES", "1"),
    };

    build::workspace()?;
    let transcript = process::tee(&mut command)?;
    let tally = Tally::of_cargo(&transcript.text).with_verdict(transcript.succeeded);
    if postgres.is_some() && tally.skipped > 0 {
        skipped.push("tests that are marked as ignored".to_owned());
    }

    Ok(Outcome { tally, skipped })
}

fn display_plans() -> Result<Outcome> {
    web::build_package(wasm::Source::Auto)?;
    web::build_rehearsal(wasm::Source::Auto)?;

    node("wasm")
}

fn python() -> Result<Outcome> {
    let package = codegen::python::package()?;
    let rehearsal = codegen::python::rehearsal()?;
    let python = workspace::root().join("sdk-mobile/python");
    let path = std::env::join_paths([&package, &rehearsal])?;
    let parlor = build::server()?;
    // unittest reports on its standard error.
    let transcript = process::tee(&mut process::with_errors(
        Command::new("python3")
            .args(["-m", "unittest", "discover", "--verbose"])
            .arg("--start-directory")
            .arg(python.join("tests"))
            .current_dir(workspace::root())
            .env("PYTHONPATH", path)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PARLOR_BIN", parlor),
    ))?;

    let tests = Tally::of_unittest(&transcript.text).with_verdict(transcript.succeeded);
    let types = python_packages::ensure("mypy", "sdk-mobile/python/tests/requirements.txt");
    let mut outcome = given(types, |mypy| {
        let checked = process::tee(
            Command::new("python3")
                .args(["-m", "mypy", "--strict", "--cache-dir"])
                .arg(workspace::artifacts().join("mypy"))
                .arg(package.join("parlor"))
                .arg(python.join("examples/follow.py"))
                .env("PYTHONPATH", mypy)
                .env("MYPYPATH", &package),
        )?;

        Ok(Tally {
            passed: u32::from(checked.succeeded),
            failed: u32::from(!checked.succeeded),
            ..Tally::default()
        }
        .into())
    })?;
    outcome.tally += tests;

    Ok(outcome)
}

/// Runs the node tests in `tests/<folder>`, which start the server themselves.
fn node(folder: &str) -> Result<Outcome> {
    node_with(folder, &[])
}

/// The same, with what else they are told.
fn node_with(folder: &str, told: &[(&str, &Path)]) -> Result<Outcome> {
    let tests = workspace::root().join("tests");
    npm::install(&tests)?;
    let parlor = build::server()?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(tests.join(folder))
        .with_context(|| format!("cannot read tests/{folder}"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();

    // One file at a time: each runs a server and a browser, and what they time must not depend on
    // what its neighbour does.
    let transcript = process::tee(
        Command::new("node")
            .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
            .args(&files)
            .current_dir(&tests)
            .env("PARLOR_BIN", parlor)
            .envs(told.iter().copied()),
    )?;
    let tally = Tally::of_node(&transcript.text).with_verdict(transcript.succeeded);

    Ok(Outcome {
        tally,
        skipped: if tally.skipped > 0 {
            vec![format!("tests in tests/{folder} that skip themselves")]
        } else {
            Vec::new()
        },
    })
}
