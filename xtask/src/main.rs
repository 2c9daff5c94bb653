//! The project's own commands: `cargo xtask <command>`.
//!
//! What a person types and what CI calls are the same thing; each module is one command or one
//! kind of thing that commands need.

mod bench;
mod bind;
mod build;
mod codegen;
mod demo;
mod faults;
mod fuzz;
mod mobile;
mod npm;
mod old_chromium;
mod postgres;
mod process;
mod python_packages;
mod shrink;
mod steps;
mod stopwatch;
mod swift;
mod tally;
mod test;
mod tidy;
mod toolchain;
mod tools;
mod wasm;
mod web;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::steps::Step;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Parlor's own commands")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and run the demo: a server, a room, an audience, and pages to look at
    Demo {
        /// Passed on to `parlor demo`, such as `--listen 127.0.0.1:9000`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Run every test of the project, and say what ran
    Test {
        /// Run this step alone; may be given more than once
        #[arg(long, value_enum)]
        only: Vec<Step>,
    },
    /// Run one step as CI does, where a skip is a failure
    Ci {
        #[arg(value_enum)]
        step: Step,
    },
    /// Measure something, and write the result to `target/bench/`
    Bench {
        #[command(subcommand)]
        bench: bench::Bench,
    },
    /// Look for inputs that bring the client or the server's socket down
    Fuzz(fuzz::Args),
    /// Run real servers under the faults of many seeds; with `PARLOR_FAULT_SEED`, of that one
    Soak(faults::Args),
    /// Write schema.graphql from the server, and the packages of the other languages into `target/`
    Codegen,
    /// Run `swift` in the Swift package, such as `run parlor-follow --room ID`
    Swift {
        /// What `swift` is to do
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Build what browsers load into `target/web/`
    Web {
        /// Which compiler to use
        #[arg(long, value_enum, default_value = "auto")]
        toolchain: wasm::Source,
    },
}

fn main() -> ExitCode {
    let args = Args::parse();

    match process::handle_signals().and_then(|()| run(args.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Test { only } if only.is_empty() => test::run(&steps::ALL, test::is_ci()),
        Command::Test { only } => test::run(&only, test::is_ci()),
        Command::Ci { step } => test::run(&[step], true),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Soak(args) => faults::soak(&args),
        Command::Bench { bench } => bench::run(bench),
        Command::Codegen => codegen::run(),
        Command::Demo { args } => demo::run(&args),
        Command::Swift { args } => swift::run(&args),
        Command::Web { toolchain } => {
            let web = web::build(toolchain)?;
            println!("built {}", web.display());
            Ok(())
        }
    }
}
