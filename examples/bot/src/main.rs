//! Follows a room from the terminal, and says in words what happens in it, when it is due.

mod json;
mod phrase;
mod terminal;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use parlor::{Client, Config, ConnectionState, Delivery, EventKind, Failure, HypeTrainChange};
use terminal::Terminal;

/// Follow a room, and print what happens in it, one line each
#[derive(Debug, Parser)]
#[command(name = "parlor-bot", version, max_term_width = 100)]
struct Args {
    /// The server
    #[arg(
        long,
        env = "PARLOR_SERVER",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL"
    )]
    server: String,

    /// The room's global id
    #[arg(long, value_name = "ID")]
    room: String,

    /// A JWT or an overlay token; without one the room must let anyone read
    #[arg(long, env = "PARLOR_TOKEN", hide_env_values = true)]
    token: Option<String>,

    /// When to print: `source` as it happens, `companion` after the stream's delay
    #[arg(long, value_enum, default_value_t = Placement::Companion)]
    placement: Placement,

    /// Print one JSON object a line
    #[arg(long)]
    json: bool,

    /// End once a hype train has ended
    #[arg(long)]
    exit_after_train: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Placement {
    Source,
    Companion,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = Args::parse();
    match follow(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn follow(args: Args) -> Result<()> {
    let client = Client::connect(Config {
        server: args.server,
        room_id: args.room.clone(),
        placement: match args.placement {
            Placement::Source => parlor::Placement::Source,
            Placement::Companion => parlor::Placement::Companion,
        },
        token: args.token,
        start_at_unix_millis: None,
        reports_watching: true,
        redemptions_folder: None,
    })?;
    let terminal = Terminal::new(args.json);

    tokio::select! {
        printed = print_deliveries(&client, &terminal, args.exit_after_train) => printed?,
        () = report_connection(&client) => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    let last = client.connection_state();
    client.stop();

    match last {
        ConnectionState::Refused { failure } => bail!(explain(failure, &args.room)),
        ConnectionState::Connecting
        | ConnectionState::Live { .. }
        | ConnectionState::Waiting { .. }
        | ConnectionState::WaitingForNetwork
        | ConnectionState::Paused
        | ConnectionState::Stopped => Ok(()),
    }
}

async fn print_deliveries(
    client: &Client,
    terminal: &Terminal,
    exit_after_train: bool,
) -> Result<()> {
    let deliveries = client.deliveries();
    while let Some(delivery) = deliveries.next().await {
        terminal.print(&delivery)?;

        if exit_after_train && ends_a_train(&delivery) {
            break;
        }
    }

    Ok(())
}

/// Says when the connection is lost and when it is back. Ends when the server refuses this client.
async fn report_connection(client: &Client) {
    let mut lost = false;
    let states = client.connection_states();
    while let Some(state) = states.next().await {
        match state {
            ConnectionState::Waiting { reason, .. } if !lost => {
                lost = true;
                eprintln!("not connected: {reason}; trying again");
            }
            ConnectionState::Live { .. } if lost => {
                lost = false;
                eprintln!("connected");
            }
            ConnectionState::Refused { .. } => return,
            ConnectionState::Connecting
            | ConnectionState::Live { .. }
            | ConnectionState::Waiting { .. }
            | ConnectionState::WaitingForNetwork
            | ConnectionState::Paused
            | ConnectionState::Stopped => {}
        }
    }
}

fn explain(failure: Failure, room: &str) -> String {
    match failure {
        Failure::SignInRequired => {
            format!("room {room} needs a token, and this one is missing, expired or not for it")
        }
        Failure::RoomNotFound => format!("there is no room {room} for this token to see"),
        Failure::Incompatible { code } => {
            format!("the server does not speak this bot's protocol (code {code})")
        }
    }
}

fn ends_a_train(delivery: &Delivery) -> bool {
    let Delivery::Event { event, .. } = delivery else {
        return false;
    };

    matches!(
        event.kind,
        EventKind::HypeTrainChanged {
            change: HypeTrainChange::Ended,
            ..
        }
    )
}
