//! What the harness asks the database itself, behind the servers' backs.

use anyhow::{Context, Result};
use parlor_test_database::{Database, Engine, Reader};

/// A kept connection, and the words of its engine.
pub struct Truth {
    engine: Engine,
    reader: Reader,
}

/// A room's log, whole.
#[derive(Debug, Clone)]
pub struct Log {
    pub epoch: String,
    pub head_seq: i64,
    pub events: Vec<LogEvent>,
}

/// An event as the database has it. Ids are 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEvent {
    pub seq: i64,
    pub id: String,
    pub occurred_at_ms: i64,
    /// The message, of a contribution that was shown.
    pub message: Option<String>,
}

/// Something that runs out of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deadline {
    pub room: String,
    pub what: String,
    pub at_ms: i64,
}

impl Truth {
    /// Connects past every proxy.
    pub async fn connect(database: &Database) -> Self {
        Self {
            engine: database.engine,
            reader: database.reader().await,
        }
    }

    /// The database's own clock, in milliseconds since 1970.
    pub async fn now_ms(&mut self) -> Result<i64> {
        let sql = match self.engine {
            Engine::Sqlite => {
                "SELECT CAST(CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) AS TEXT)"
            }
            Engine::Postgres => {
                "SELECT CAST(CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS TEXT)"
            }
        };
        self.number(sql).await
    }

    /// The log of a room.
    pub async fn log(&mut self, room: &str) -> Result<Log> {
        // One statement, so that head and events are of one state.
        let (epoch, id, of_room) = (
            self.hex("rooms.epoch"),
            self.hex("events.id"),
            self.is_id("rooms.id", room),
        );
        let message = match self.engine {
            Engine::Sqlite => "json_extract(events.body, '$.doc.payload.message')",
            Engine::Postgres => "CAST(events.body AS JSON) -> 'doc' -> 'payload' ->> 'message'",
        };
        let rows = self
            .rows(&format!(
                "SELECT {epoch}, CAST(rooms.head_seq AS TEXT), CAST(events.seq AS TEXT), {id},
                     CAST(events.occurred_at AS TEXT), {message}
                 FROM rooms LEFT JOIN events ON events.room_id = rooms.id
                 WHERE {of_room} ORDER BY events.seq"
            ))
            .await?;
        let first = rows.first().context("the room is not there")?;
        let (epoch, head_seq) = (first[0].clone(), first[1].parse()?);
        let with_events = rows.iter().filter(|row| !row[2].is_empty());
        let events = with_events.map(|row| {
            Ok(LogEvent {
                seq: row[2].parse()?,
                id: row[3].clone(),
                occurred_at_ms: row[4].parse()?,
                message: (!row[5].is_empty()).then(|| row[5].clone()),
            })
        });

        Ok(Log {
            epoch,
            head_seq,
            events: events.collect::<Result<_>>()?,
        })
    }

    /// The keys and ids of a room's contributions.
    pub async fn contributions(&mut self, room: &str) -> Result<Vec<(String, String)>> {
        let (id, of_room) = (self.hex("id"), self.is_id("room_id", room));
        let rows = self
            .rows(&format!(
                "SELECT contribution_ref, {id} FROM contributions WHERE {of_room}"
            ))
            .await?;

        Ok(pairs(rows))
    }

    /// The ids of a room's sessions.
    pub async fn sessions(&mut self, room: &str) -> Result<Vec<String>> {
        let (id, of_room) = (self.hex("id"), self.is_id("room_id", room));
        let rows = self
            .rows(&format!("SELECT {id} FROM sessions WHERE {of_room}"))
            .await?;

        Ok(rows.into_iter().flatten().collect())
    }

    /// People and whether they are in a room.
    pub async fn memberships(&mut self, room: &str) -> Result<Vec<(String, String)>> {
        let of_room = self.is_id("room_id", room);
        let rows = self
            .rows(&format!(
                "SELECT viewer_id, membership FROM participants WHERE {of_room}"
            ))
            .await?;

        Ok(pairs(rows))
    }

    /// Everything that runs out of time, from what the rooms themselves say: not from where the
    /// servers keep what they have to do.
    pub async fn deadlines(&mut self) -> Result<Vec<Deadline>> {
        let room = self.hex("room_id");
        let (phase, expires_at) = match self.engine {
            Engine::Sqlite => (
                "json_extract(state, '$.shown.phase')",
                "json_extract(state, '$.shown.expires_at')",
            ),
            Engine::Postgres => (
                "CAST(state AS JSON) -> 'shown' ->> 'phase'",
                "CAST(state AS JSON) -> 'shown' ->> 'expires_at'",
            ),
        };
        let rows = self
            .rows(&format!(
                "SELECT {room}, 'a train', CAST({expires_at} AS TEXT) FROM room_trains
                 WHERE lower({phase}) <> 'ended'
                 UNION ALL
                 SELECT {room}, 'an interruption', CAST(
                     sessions.interrupted_at + rooms.interruption_grace_ms AS TEXT)
                 FROM sessions JOIN rooms ON rooms.id = sessions.room_id
                 WHERE sessions.interrupted_at IS NOT NULL AND sessions.ended_at IS NULL
                 UNION ALL
                 SELECT {room}, 'a draw', CAST(closes_at AS TEXT) FROM draws WHERE drawn_at IS NULL"
            ))
            .await?;

        rows.into_iter()
            .map(|row| {
                Ok(Deadline {
                    room: row[0].clone(),
                    what: row[1].clone(),
                    at_ms: row[2].parse()?,
                })
            })
            .collect()
    }

    /// How many nodes' leases have ended.
    pub async fn ended_leases(&mut self) -> Result<i64> {
        self.number("SELECT CAST(COUNT(*) AS TEXT) FROM nodes WHERE ended_at IS NOT NULL")
            .await
    }

    async fn number(&mut self, sql: &str) -> Result<i64> {
        let rows = self.rows(sql).await?;
        let text = rows.first().and_then(|row| row.first());

        Ok(text.context("no row")?.parse()?)
    }

    /// Reads rows of which every column is a text; null is an empty one.
    pub async fn rows(&mut self, sql: &str) -> Result<Vec<Vec<String>>> {
        let rows = self.reader.rows(sql).await;
        rows.with_context(|| format!("the harness could not read: {sql}"))
    }

    /// A column that is an id, as lower hexadecimal digits.
    pub fn hex(&self, column: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!("lower(hex({column}))"),
            Engine::Postgres => format!("replace(CAST({column} AS TEXT), '-', '')"),
        }
    }

    /// A field of a document that a column has, as text.
    pub fn document_field(&self, column: &str, field: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!("CAST(json_extract({column}, '$.doc.{field}') AS TEXT)"),
            Engine::Postgres => format!("CAST({column} AS JSON) -> 'doc' ->> '{field}'"),
        }
    }

    /// A column of bytes, as lower hexadecimal digits.
    pub fn bytes_hex(&self, column: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!("lower(hex({column}))"),
            Engine::Postgres => format!("encode({column}, 'hex')"),
        }
    }

    /// Whether a column is the id with these 32 hexadecimal digits.
    pub fn is_id(&self, column: &str, hex: &str) -> String {
        match self.engine {
            Engine::Sqlite => format!("{column} = x'{hex}'"),
            Engine::Postgres => format!("{column} = CAST('{hex}' AS UUID)"),
        }
    }
}

fn pairs(rows: Vec<Vec<String>>) -> Vec<(String, String)> {
    let pairs = rows.into_iter().filter_map(|row| {
        let mut columns = row.into_iter();
        Some((columns.next()?, columns.next()?))
    });

    pairs.collect()
}
