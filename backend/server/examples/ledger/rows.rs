//! What is measured beside: the same credits as rows, one of the books and one of the balances each.
//!
//! In the product's own tables, chained likewise, in as large batches, and by as many connections as it writes
//! with. What the product does beside, such as locking a room and looking up what is decided on, is left out.

use anyhow::{Result, ensure};
use parlor_domain::id::{IdSource, RoomId, TenantId, TransferId};
use parlor_domain::points::{Digest, Entry, MemberNumber, Transfer, TransferKind, genesis};
use parlor_node::clock::{Clock, Stopwatch};
use parlor_node::ids::Ids;
use parlor_store::Store;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::connected::Connected;
use super::{Args, Measured, SET, time};

/// Sets in one transaction: as many as the product's writer takes.
const SETS: u32 = 8;
/// Rows in one statement on SQLite, as the product has it.
const SQLITE_ROWS: usize = 256;
const POINTS: i64 = 10;

/// A room's books, as a baseline keeps them.
struct Books {
    room_id: RoomId,
    tenant_id: TenantId,
    seq: i64,
    digest: Digest,
    ids: Ids,
}

pub(super) async fn measure(args: &Args, store: &Store) -> Result<Measured> {
    let writers = store.lanes();
    let mut tasks = JoinSet::new();
    let stopwatch = Stopwatch::start();
    for _ in 0..writers {
        let (url, seconds) = (args.database.clone(), args.seconds);
        tasks.spawn(async move { write(&url, seconds).await });
    }
    let mut measured = Measured {
        count: 0,
        seconds: 0.0,
        took: Vec::new(),
    };
    for done in tasks.join_all().await {
        let (credits, took) = done?;
        measured.count += credits;
        measured.took.extend(took);
    }
    measured.seconds = stopwatch.seconds();

    Ok(measured)
}

async fn write(url: &str, seconds: u64) -> Result<(u64, Vec<f64>)> {
    let (_, mut ids) = time();
    let room_id = RoomId(ids.next_id());
    let mut books = Books {
        room_id,
        tenant_id: TenantId(ids.next_id()),
        seq: 0,
        digest: genesis(room_id),
        ids,
    };
    let mut connection = Connected::open(url).await?;
    let (stopwatch, mut took, mut credits) = (Stopwatch::start(), Vec::new(), 0);
    while stopwatch.millis() < i64::try_from(seconds * 1_000)? {
        let since = Stopwatch::start();
        connection.run("BEGIN").await?;
        for set in 0..SETS {
            connection.credit(&mut books, set * SET).await?;
        }
        connection.run("COMMIT").await?;
        credits += u64::from(SETS * SET);
        took.push(since.seconds());
    }

    Ok((credits, took))
}

impl Connected {
    /// Credits a set of neighbours: what they have, what was moved, and where the books stand.
    async fn credit(&mut self, books: &mut Books, first: u32) -> Result<()> {
        let numbers: Vec<i64> = (first..first + SET).map(i64::from).collect();
        let balances = match self {
            Self::Sqlite(connection) => sqlite_balances(connection, books, &numbers).await?,
            Self::Postgres(connection) => postgres_balances(connection, books, &numbers).await?,
        };
        ensure!(balances.len() == numbers.len(), "every balance is written");
        let transfers: Vec<_> = balances
            .into_iter()
            .map(|(number, balance)| books.transfer(number, balance))
            .collect();
        match self {
            Self::Sqlite(connection) => sqlite_transfers(connection, books, &transfers).await,
            Self::Postgres(connection) => postgres_transfers(connection, books, &transfers).await,
        }
    }
}

impl Books {
    fn transfer(&mut self, number: i64, given_after: i64) -> (Transfer, Digest) {
        self.seq += 1;
        let member = MemberNumber(u32::try_from(number).expect("numbers are small"));
        let transfer = Transfer {
            id: TransferId(self.ids.next_id()),
            seq: self.seq,
            entry: Entry::grant(member, POINTS),
            kind: TransferKind::Granted,
            at: Clock::System.now(),
            about: None,
            corrects: None,
            dispute_id: None,
            given_after,
            earned_before: 0,
            authorship: None,
            authorship_digest: Digest([0; 32]),
        };
        self.digest = self.digest.followed_by(&transfer);

        (transfer, self.digest)
    }
}

const BALANCES: &str = "INSERT INTO balances (room_id, tenant_id, number, points, held, lines) ";
const ADD: &str = " ON CONFLICT (room_id, number) DO UPDATE SET
    points = balances.points + excluded.points, lines = balances.lines + 1 RETURNING number, points";
const TRANSFERS: &str =
    "INSERT INTO transfers (id, room_id, tenant_id, seq, debit, credit, points, kind, at,
    number, balance_after, actor_is_staff, authorship_digest, link) ";
const LEDGER: &str = "INSERT INTO ledgers (room_id, tenant_id, seq, digest, minted, burned)
    VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (room_id) DO UPDATE SET
    seq = excluded.seq, digest = excluded.digest, minted = excluded.minted";

async fn sqlite_balances(
    connection: &mut SqliteConnection,
    books: &Books,
    numbers: &[i64],
) -> Result<Vec<(i64, i64)>> {
    let mut balances = Vec::new();
    for numbers in numbers.chunks(SQLITE_ROWS) {
        let mut insert = QueryBuilder::<Sqlite>::new(BALANCES);
        insert.push_values(numbers, |mut row, number| {
            row.push_bind(books.room_id.0)
                .push_bind(books.tenant_id.0)
                .push_bind(*number)
                .push_bind(POINTS)
                .push_bind(0_i64)
                .push_bind(1_i64);
        });
        insert.push(ADD);
        let written: Vec<(i64, i64)> = insert.build_query_as().fetch_all(&mut *connection).await?;
        balances.extend(written);
    }

    Ok(balances)
}

async fn sqlite_transfers(
    connection: &mut SqliteConnection,
    books: &Books,
    transfers: &[(Transfer, Digest)],
) -> Result<()> {
    for transfers in transfers.chunks(SQLITE_ROWS) {
        let mut insert = QueryBuilder::<Sqlite>::new(TRANSFERS);
        insert.push_values(transfers, |mut row, (transfer, link)| {
            row.push_bind(transfer.id.0)
                .push_bind(books.room_id.0)
                .push_bind(books.tenant_id.0)
                .push_bind(transfer.seq)
                .push_bind(transfer.entry.debit.code())
                .push_bind(transfer.entry.credit.code())
                .push_bind(POINTS)
                .push_bind(transfer.kind.code())
                .push_bind(transfer.at.unix_millis())
                .push_bind(transfer.entry.credit.code())
                .push_bind(transfer.given_after)
                .push_bind(false)
                .push_bind(transfer.authorship_digest.0.to_vec())
                .push_bind(link.0.to_vec());
        });
        insert.build().execute(&mut *connection).await?;
    }
    let head = sqlx::query(LEDGER)
        .bind(books.room_id.0)
        .bind(books.tenant_id.0)
        .bind(books.seq)
        .bind(books.digest.0.to_vec())
        .bind(books.seq * POINTS);
    head.execute(connection).await?;

    Ok(())
}

async fn postgres_balances(
    connection: &mut PgConnection,
    books: &Books,
    numbers: &[i64],
) -> Result<Vec<(i64, i64)>> {
    let text =
        format!("{BALANCES} SELECT $1, $2, number, $3, 0, 1 FROM unnest($4) AS number {ADD}");
    let insert = sqlx::query_as(sqlx::AssertSqlSafe(text))
        .bind(books.room_id.0)
        .bind(books.tenant_id.0)
        .bind(POINTS)
        .bind(numbers);

    Ok(insert.fetch_all(connection).await?)
}

async fn postgres_transfers(
    connection: &mut PgConnection,
    books: &Books,
    transfers: &[(Transfer, Digest)],
) -> Result<()> {
    let numbers = |of: fn(&Transfer) -> i64| -> Vec<i64> {
        transfers.iter().map(|(transfer, _)| of(transfer)).collect()
    };
    let ids: Vec<Uuid> = transfers
        .iter()
        .map(|(transfer, _)| transfer.id.0)
        .collect();
    let links: Vec<Vec<u8>> = transfers.iter().map(|(_, link)| link.0.to_vec()).collect();
    let text = format!(
        "{TRANSFERS} SELECT id, $1, $2, seq, -1, number, $3, 1, at, number, balance, false, $4, link
         FROM unnest($5::uuid[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bytea[])
             AS v (id, seq, number, at, balance, link)"
    );
    let insert = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(books.room_id.0)
        .bind(books.tenant_id.0)
        .bind(POINTS)
        .bind(vec![0_u8; 32])
        .bind(ids)
        .bind(numbers(|one| one.seq))
        .bind(numbers(|one| one.entry.credit.code()))
        .bind(numbers(|one| one.at.unix_millis()))
        .bind(numbers(|one| one.given_after))
        .bind(links);
    insert.execute(&mut *connection).await?;
    let head = sqlx::query(LEDGER)
        .bind(books.room_id.0)
        .bind(books.tenant_id.0)
        .bind(books.seq)
        .bind(books.digest.0.to_vec())
        .bind(books.seq * POINTS);
    head.execute(connection).await?;

    Ok(())
}
