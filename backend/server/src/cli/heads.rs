//! `parlor heads`: where the books of all rooms stand, to be kept elsewhere.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};
use clap::Args;
use parlor_api::global_id;
use parlor_domain::id::RoomId;
use parlor_domain::points::{Digest, Ledger};
use parlor_store::{Settings, Store};

use super::{DatabaseArgs, print};

/// How many rooms' heads are read at once: one walk along an index, and some hundred kilobytes to print.
const PAGE: u32 = 1_000;

#[derive(Debug, Args)]
pub(super) struct HeadsArgs {
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Where a room's books stood: `<room>:<seq>:<digest>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) room_id: RoomId,
    pub(super) seq: i64,
    pub(super) digest: Digest,
}

impl FromStr for Head {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (room, rest) = text.split_once(':')?;
            let (seq, digest) = rest.split_once(':')?;
            Some(Self {
                room_id: global_id::parse_room_id(room)?,
                seq: seq.parse().ok().filter(|seq| *seq > 0)?,
                digest: digest.parse().ok()?,
            })
        };

        read().ok_or("a head is `<room>:<seq>:<digest>`, as `parlor verify` prints it")
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let room = global_id::room_id(self.room_id);
        write!(f, "{room}:{}:{}", self.seq, self.digest)
    }
}

/// Prints the head of each room's books, a line each.
pub(super) async fn heads(args: HeadsArgs) -> Result<()> {
    let store = Store::connect(&Settings::existing(&args.database.url)).await?;
    let printed = print_all(&store).await;
    store.close().await;

    printed
}

async fn print_all(store: &Store) -> Result<()> {
    let mut after = None;
    loop {
        let found = store.ledgers(after, PAGE).await;
        let found = found.context("`parlor migrate` brings a database up to date")?;
        let Some((last, _)) = found.last() else {
            return Ok(());
        };
        after = Some(*last);
        let lines: Vec<_> = found.into_iter().map(line).collect();
        print(&lines.concat())?;
    }
}

fn line((room_id, ledger): (RoomId, Ledger)) -> String {
    let Ledger { seq, digest, .. } = ledger;
    let head = Head {
        room_id,
        seq,
        digest,
    };

    format!("{head}\n")
}
