//! Looks for inputs that bring the client or the server down.
//!
//! What was found before is replayed by every test run (`tests/fuzz` of either crate); this finds
//! more. It needs a nightly compiler and cargo-fuzz, which nothing else here does.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, workspace};

/// How long is looked by default: the time after which finds become rare.
const MINUTES: u32 = 60;

/// How long one input may take. Hundreds of times what the slowest one does.
const INPUT_SECONDS_MAX: u32 = 60;

/// What to fuzz, and for how long.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(value_enum)]
    target: Target,
    /// How long to look
    #[arg(long, default_value_t = MINUTES)]
    minutes: u32,
}

/// A way in for hostile bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// One message to the client: frames, events, positions
    Frame,
    /// A stamp of time, as the client reads it
    Stamp,
    /// The whole client: messages, closes, playheads and time, in any order
    Session,
    /// The server's socket: frames, the protocol, documents
    Socket,
    /// A document and its variables, to the server over HTTP
    Document,
}

impl Target {
    fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Stamp => "stamp",
            Self::Session => "session",
            Self::Socket => "socket",
            Self::Document => "document",
        }
    }
}

/// Fuzzes until the time is over or an input is found, which is left in `fuzz/artifacts`.
pub(crate) fn run(args: &Args) -> Result<()> {
    process::output(nightly_fuzz().arg("--version"))
        .context("this needs `rustup toolchain install nightly` and `cargo install cargo-fuzz`")?;
    let target = args.target.name();
    let fuzz = workspace::root().join("fuzz");
    let found = fuzz.join("target/found").join(target);
    std::fs::create_dir_all(&found)?;

    let mut command = nightly_fuzz();
    command.args(["run", target]).arg(&found);
    command.arg(fuzz.join("corpus").join(target)).arg("--");
    command.arg(format!("-max_total_time={}", u64::from(args.minutes) * 60));
    command.arg(format!("-timeout={INPUT_SECONDS_MAX}"));
    let words = fuzz.join(format!("{target}.dict"));
    if words.exists() {
        command.arg(format!("-dict={}", words.display()));
    }
    process::run(&mut command)?;

    println!("nothing found; new inputs are in {}", found.display());
    Ok(())
}

/// `cargo fuzz` of the nightly compiler, whichever one runs us.
fn nightly_fuzz() -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "fuzz"]);
    command.current_dir(workspace::root());
    // Set by the cargo that runs us, and meant for its own compiler.
    command.env_remove("RUSTFLAGS").env_remove("CARGO");

    command
}
