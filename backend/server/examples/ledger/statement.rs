//! How long a member's balance and a page of their statement take to read over HTTP, while the room's books grow.

use anyhow::{Result, ensure};
use parlor_node::clock::Stopwatch;
use parlor_server::simulate::Client;
use serde_json::{Map, Value, json};

use super::Args;
use super::connected::Connected;
use super::redemptions::Shop;

/// How many transfers the room's books come to when it is asked.
const SIZES: [u64; 3] = [1_000, 100_000, 10_000_000];
/// One transfer of so many is the member's who asks; the others are of as many others.
const MEMBERS: u64 = 100;
/// Transfers that one statement adds: what is not committed yet does not outgrow the memory.
const FILL: u64 = 500_000;
/// How often each is read, and before that, so that what is prepared once does not count.
const READS: usize = 500;
const WARM_UP: usize = 50;

const BALANCE: &str = "query ($room: ID!) { pointsAccount(roomId: $room) { balance held } }";
/// As many lines as there are in the smallest books.
const STATEMENT: &str = "query ($room: ID!) { pointsAccount(roomId: $room) {
  statementConnection(page: { first: 10 }) {
    nodes { id at points balanceAfter reason } totalCount pageInfo { endCursor hasNextPage } } } }";

/// The columns of a transfer that are the same in all of them here.
const SAME: &str =
    "room_id, tenant_id, debit, credit, points, kind, at, balance_after, actor_id, actor_is_staff,
    reason, salt, authorship_digest, link";

pub(super) async fn measure(args: &Args) -> Result<Value> {
    let shop = Shop::open(args, 1).await?;
    let (client, input) = shop.viewer_over_http(0)?;
    let room = &input["roomId"];
    let mut books = Books::open(&args.database).await?;

    let (mut pages, mut balances) = (Map::new(), Map::new());
    for size in SIZES.into_iter().filter(|size| *size <= args.transfers) {
        books.grow_to(size).await?;
        let name = size.to_string();
        pages.insert(name.clone(), read(&client, STATEMENT, room).await?);
        balances.insert(name, read(&client, BALANCE, room).await?);
    }
    shop.close().await;

    Ok(json!({ "page": pages, "balance": balances }))
}

/// The median and the 99th percentile of how long an answer takes, one asked after the other, in milliseconds.
async fn read(client: &Client, document: &str, room: &Value) -> Result<Value> {
    let mut took = Vec::new();
    for number in 0..WARM_UP + READS {
        let since = Stopwatch::start();
        let answer = client.execute(document, json!({ "room": room })).await?;
        if number >= WARM_UP {
            took.push(since.seconds() * 1e3);
        }
        let account = &answer["pointsAccount"];
        let lines = account["statementConnection"]["nodes"].as_array();
        let is_whole = lines.map_or(account["balance"].is_string(), |lines| lines.len() == 10);
        ensure!(is_whole, "that is no answer: {answer}");
    }
    took.sort_by(f64::total_cmp);

    Ok(json!({ "p50_ms": took[READS / 2], "p99_ms": took[READS * 99 / 100] }))
}

/// The room's books, which grow behind the server's back: it reads a page as it would one that was written by itself.
struct Books {
    connection: Connected,
    size: u64,
}

impl Books {
    async fn open(url: &str) -> Result<Self> {
        Ok(Self {
            connection: Connected::open(url).await?,
            // The member's own grant.
            size: 1,
        })
    }

    async fn grow_to(&mut self, size: u64) -> Result<()> {
        while self.size < size {
            let until = size.min(self.size + FILL);
            let fill = self.fill(until);
            self.connection.run(&fill).await?;
            self.size = until;
        }
        let lines = "UPDATE balances SET lines = (SELECT COUNT(*) FROM transfers
            WHERE transfers.room_id = balances.room_id AND transfers.number = balances.number)";
        self.connection.run(lines).await?;
        let head = format!("UPDATE ledgers SET seq = {size}");
        self.connection.run(&head).await?;
        // What a server that has run for as long has had done as well.
        let tidied = match self.connection {
            Connected::Sqlite(_) => "PRAGMA wal_checkpoint(PASSIVE)",
            Connected::Postgres(_) => "VACUUM ANALYZE transfers",
        };

        self.connection.run(tidied).await
    }

    /// The member's grant again and again, of which the others' are only named so.
    fn fill(&self, until: u64) -> String {
        let from = self.size + 1;
        let (numbers, id) = match self.connection {
            Connected::Sqlite(_) => {
                let numbers = format!(
                    "(WITH RECURSIVE counted (seq) AS
                        (SELECT {from} UNION ALL SELECT seq + 1 FROM counted WHERE seq < {until})
                      SELECT seq FROM counted)"
                );
                (numbers, "randomblob(16)")
            }
            Connected::Postgres(_) => {
                let numbers = format!("(SELECT generate_series({from}, {until}) AS seq)");
                (numbers, "gen_random_uuid()")
            }
        };

        format!(
            "INSERT INTO transfers (id, seq, number, {SAME})
             SELECT {id}, numbers.seq, (numbers.seq - 1) % {MEMBERS}, {SAME}
             FROM (SELECT {SAME} FROM transfers WHERE seq = 1) first CROSS JOIN {numbers} numbers"
        )
    }
}
