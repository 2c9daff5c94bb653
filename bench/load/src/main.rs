//! The load of `cargo xtask bench fanout`: an audience over several processes, the publisher that
//! it listens to, and the meter on the server between them.
//!
//! It is told what the server speaks by a plan, so that every server meets the same audience.

mod audience;
mod clock;
mod frame;
mod gate;
mod histogram;
mod listener;
mod mark;
mod measure;
mod order;
mod plan;
mod publisher;
mod socket;
mod usage;

use std::fs::File;
use std::io::BufReader;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "parlor-load", about = "The load of the fan-out bench")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Carry out a plan and write what was measured, or what went wrong, both as JSON
    Measure { plan: PathBuf, result: PathBuf },
    /// Send one request with a JSON body and print the answer
    Post {
        url: String,
        body: String,
        /// A header, as `name: value`; may be given more than once
        #[arg(long)]
        header: Vec<String>,
    },
    /// Be a part of an audience, told by standard input; `measure` starts these
    Listen {
        address: SocketAddr,
        sockets: usize,
        /// The address to connect from: each has ports of its own
        source: Ipv4Addr,
    },
}

fn main() -> Result<()> {
    match Args::parse().command {
        Command::Measure { plan, result } => {
            let plan =
                File::open(&plan).with_context(|| format!("no plan at {}", plan.display()))?;
            let plan = serde_json::from_reader(BufReader::new(plan))?;
            // What went wrong between server and audience is a result as well.
            let measured = match measure::run(&plan) {
                Ok(measured) => serde_json::to_value(measured)?,
                Err(error) => serde_json::json!({ "fault": format!("{error:#}") }),
            };
            serde_json::to_writer(File::create(result)?, &measured)?;
            Ok(())
        }
        Command::Post { url, body, header } => {
            let headers = header
                .iter()
                .filter_map(|header| header.split_once(": "))
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            println!("{}", publisher::post(&url, &headers.collect(), &body)?);
            Ok(())
        }
        Command::Listen {
            address,
            sockets,
            source,
        } => listener::run(address, sockets, source),
    }
}
