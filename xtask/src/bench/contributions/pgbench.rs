//! What PostgreSQL does with the rows of one contribution in a transaction of their own, told by its own
//! tool: the figure that grouping is measured against.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::postgres::{Durability, Postgres};
use crate::{process, tools};

/// As many as the server's lanes and a few to wait for the disk with them.
const CLIENTS: &str = "16";

/// The rows of a contribution to one of 64 rooms, in tables as the server's, as one command alone
/// writes them.
const TABLES: &str = "
CREATE TABLE rooms (id INT PRIMARY KEY, head_seq BIGINT NOT NULL);
INSERT INTO rooms SELECT n, 0 FROM generate_series(1, 64) AS n;
CREATE TABLE contributions (id UUID PRIMARY KEY, room_id INT, reference TEXT UNIQUE, body TEXT);
CREATE TABLE answers (key TEXT PRIMARY KEY, answer TEXT);
CREATE TABLE contributors (room_id INT, viewer INT, hype BIGINT, PRIMARY KEY (room_id, viewer));
CREATE TABLE trains (room_id INT PRIMARY KEY, state TEXT);
CREATE TABLE events (room_id INT, seq BIGINT, body TEXT, PRIMARY KEY (room_id, seq));
CREATE TABLE parts (room_id INT, part TEXT, body TEXT, PRIMARY KEY (room_id, part));
";

const TRANSACTION: &str = "\\set room random(1, 64)
\\set viewer random(1, 1000)
BEGIN;
UPDATE rooms SET head_seq = head_seq + 2 WHERE id = :room RETURNING head_seq AS head \\gset
INSERT INTO answers VALUES (gen_random_uuid(), repeat('a', 300));
INSERT INTO contributions VALUES (gen_random_uuid(), :room, gen_random_uuid(), repeat('c', 120));
INSERT INTO contributors VALUES (:room, :viewer, 1)
    ON CONFLICT (room_id, viewer) DO UPDATE SET hype = contributors.hype + 1;
INSERT INTO trains VALUES (:room, repeat('t', 800))
    ON CONFLICT (room_id) DO UPDATE SET state = excluded.state;
INSERT INTO events VALUES (:room, :head - 1, repeat('e', 200)), (:room, :head, repeat('e', 700));
INSERT INTO parts VALUES (:room, 'train', repeat('e', 700))
    ON CONFLICT (room_id, part) DO UPDATE SET body = excluded.body;
COMMIT;
";

/// Transactions a second.
pub(in crate::bench) fn run(seconds: &str) -> Result<f64> {
    let server = Postgres::start(Durability::Full)?;
    let initdb = tools::POSTGRES.find().context("postgresql is not here")?;
    let name = format!("parlor-pgbench-{}.sql", std::process::id());
    let script = std::env::temp_dir().join(name);
    std::fs::write(&script, TRANSACTION)?;
    let told = measure(&server.url, &initdb, &script, seconds);
    std::fs::remove_file(&script)?;

    let told = told?;
    let tps = told.lines().find_map(|line| line.strip_prefix("tps = "));
    let tps = tps.and_then(|tps| tps.split_whitespace().next());
    tps.with_context(|| format!("pgbench printed {told:?}"))?
        .parse()
        .context("pgbench tells a number")
}

fn measure(url: &str, initdb: &Path, script: &Path, seconds: &str) -> Result<String> {
    let mut tables = Command::new(initdb.with_file_name("psql"));
    process::output(tables.args(["--quiet", "-c", TABLES, url]))?;

    let mut pgbench = Command::new(initdb.with_file_name("pgbench"));
    pgbench.args([
        "--no-vacuum",
        "--protocol=prepared",
        "--jobs=2",
        "--client",
        CLIENTS,
    ]);
    pgbench
        .args(["--time", seconds, "--file"])
        .arg(script)
        .arg(url);
    process::output(&mut pgbench)
}
