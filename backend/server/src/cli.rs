//! The command line.

mod demo;
mod disputes;
mod heads;
mod listing;
mod migrate;
mod persons;
mod rates;
mod redemptions;
mod rewards;
mod serve;
mod simulate;
mod staff;
mod table;
mod tenant;
mod token;
mod verify;
mod webhooks;

use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use parlor_api;

use crate::config::{DATABASE_DEFAULT, LogFormat, ServeArgs};

/// Interactive rooms for live streams, and the viewer economy that lives in them
#[derive(Debug, Parser)]
#[command(name = "parlor", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    ///
    /// Prints `listening on http://…` once it answers. On SIGTERM or Ctrl-C it sends its sockets
    /// away, finishes what it began, and exits within half a minute.
    Serve(ServeArgs),

    /// Run a show with a simulated audience, to look at
    ///
    /// Everything is made anew, kept in a temporary folder, and gone when it ends.
    Demo(demo::DemoArgs),

    /// Send a simulated audience's contributions to a room
    Simulate(simulate::SimulateArgs),

    /// Make tenants, see them, and set what they may
    ///
    /// Works on the database itself, beside a server or without one. The API has the same for an
    /// operator's token.
    Tenant(tenant::TenantArgs),

    /// Keep what a room sells for points
    ///
    /// Asks a running server, with a token of who may do this in the room.
    Rewards(Box<rewards::RewardsArgs>),

    /// See what viewers redeemed in a room, and see to it
    ///
    /// Asks a running server, with a token of who may do this in the room.
    Redemptions(redemptions::RedemptionsArgs),

    /// See what members and staff dispute in a room, and decide on it
    ///
    /// Asks a running server, with a token of who may do this in the room.
    Disputes(disputes::DisputesArgs),

    /// Show and set what currencies are worth in a tenant's rooms
    ///
    /// Asks a running server, with a token of the tenant's staff. Without rates, each room counts its reference currency
    /// alone.
    Rates(rates::RatesArgs),

    /// Keep the ways in for services that tell of payments, and see to what they told of in vain
    ///
    /// Asks a running server, with a token of the tenant's staff.
    Webhooks(webhooks::WebhooksArgs),

    /// Erase a person from all rooms of a tenant
    ///
    /// Asks a running server, with a token of the tenant's staff.
    Persons(persons::PersonsArgs),

    /// Make a token for the API
    ///
    /// Prints a JWT, signed with the secret that `parlor serve` was given.
    Token(token::TokenArgs),

    /// Bring a database up to date without serving it
    Migrate(migrate::MigrateArgs),

    /// Work the books of all rooms through, and say whether they are sound
    ///
    /// Each transfer of points is checked against the chain of all before it, and what is kept of members
    /// and rooms against the transfers; the first thing that does not hold is named. Prints a line for each
    /// room, with the head of its chain, and exits with 1 if one is not sound. May run beside a server.
    Verify(verify::VerifyArgs),

    /// Print the head of each room's books, to be kept elsewhere
    ///
    /// A line for each room, `<room>:<seq>:<digest>`, which `parlor verify --expect-heads` takes. Nothing is
    /// checked, so that it is over at once. May run beside a server.
    Heads(heads::HeadsArgs),

    /// Print the API's schema in GraphQL's schema language
    Schema,
}

/// Which database a command works on.
#[derive(Debug, clap::Args)]
struct DatabaseArgs {
    /// The database to work on
    #[arg(
        long = "database",
        env = "PARLOR_DATABASE",
        value_name = "URL",
        default_value = DATABASE_DEFAULT,
        // It may hold a password.
        hide_env_values = true
    )]
    url: String,
}

/// Does what the command line says. Errors come as one line on standard error.
#[expect(
    clippy::print_stderr,
    reason = "it is said to whoever typed the command"
)]
pub fn run() -> ExitCode {
    match execute(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", one_line(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes on one line, for scripts and for people. Libraries repeat a cause in
/// their own words' text; it is said once.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }

    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn execute(command: Command) -> Result<()> {
    match command {
        Command::Serve(args) => block_on(serve::serve(args)),
        Command::Demo(args) => block_on(demo::demo(args)),
        Command::Simulate(args) => block_on(simulate::simulate(args)),
        Command::Tenant(args) => block_on(tenant::tenant(args)),
        Command::Rewards(args) => block_on(rewards::rewards(*args)),
        Command::Redemptions(args) => block_on(redemptions::redemptions(args)),
        Command::Disputes(args) => block_on(disputes::disputes(args)),
        Command::Rates(args) => block_on(rates::rates(args)),
        Command::Webhooks(args) => block_on(webhooks::webhooks(args)),
        Command::Persons(args) => block_on(persons::persons(args)),
        Command::Token(args) => block_on(token::token(args)),
        Command::Migrate(args) => block_on(migrate::migrate(args)),
        Command::Verify(args) => block_on(verify::verify(args)),
        Command::Heads(args) => block_on(heads::heads(args)),
        Command::Schema => print(&parlor_api::sdl()),
    }
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;

    runtime.block_on(work)
}

/// Writes to standard output at once, also when it is a pipe that somebody waits at.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write the output")
}

/// The text of a file that has some; `-` is standard input.
fn read_file(path: &Path) -> Result<String> {
    let cannot = || format!("cannot read {}", path.display());
    if path == Path::new("-") {
        let mut text = String::new();
        let mut input = std::io::stdin().lock();
        input.read_to_string(&mut text).with_context(cannot)?;
        return Ok(text);
    }
    let text = std::fs::read_to_string(path).with_context(cannot)?;
    if text.trim().is_empty() {
        bail!("{} is empty", path.display());
    }

    Ok(text)
}

/// Has logs written to standard error. What people typed is a field of a line, never its format.
fn log_to_stderr(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("PARLOR_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter)
        // It would be told to standard error as well, and a panic take down whoever logs when that goes to a
        // disk that is full.
        .log_internal_errors(false);

    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_and_says_each_cause_once() {
        let error = anyhow::anyhow!("disk full")
            .context("writing failed: disk full")
            .context("cannot save\n  the file");

        assert_eq!(
            one_line(&error),
            "cannot save the file: writing failed: disk full"
        );
    }
}
