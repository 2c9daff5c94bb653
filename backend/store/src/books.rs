//! Working a room's books through, as `parlor verify` does.

use std::collections::{BTreeMap, VecDeque};

use parlor_domain::id::{RedemptionId, RewardId, RoomId, TenantId};
use parlor_domain::points::{Digest, Given, Ledger, MemberNumber, Proof, Turnovers, Unsound};
use parlor_domain::reward::{Draw, Entry};
use parlor_domain::watching::{EarningState, WatchCredit};
use uuid::Uuid;

use crate::dispute_row;
use crate::draw_row;
use crate::engine::Transaction;
use crate::error::is_unreadable;
use crate::reward_row::{self, REDEMPTION_COLUMNS};
use crate::sql::{Row, Statement};
use crate::transfer_row::{self, BALANCE_COLUMNS, COLUMNS, Kept, LEDGER_COLUMNS};
use crate::turnover_row;
use crate::watching_row::{self, CREDIT_COLUMNS, PAGE_COLUMNS};
use crate::{Store, StoreError};

/// How many rows are held at once.
const CHUNK: i64 = 5_000;
/// The same, of rows that may be ten kilobytes each.
const CREDITS_CHUNK: i64 = 500;
/// Where a reading in the order of times and ids begins.
const BEFORE_ALL: (i64, Uuid) = (i64::MIN, Uuid::nil());

/// Why books were not worked through to the end.
enum Failed {
    Unsound(Unsound),
    Store(StoreError),
}

impl From<Unsound> for Failed {
    fn from(unsound: Unsound) -> Self {
        Self::Unsound(unsound)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Rows that were read ahead, in the order of their positions. One that could not be read is the last.
struct Ahead<T> {
    rows: VecDeque<(i64, Result<T, sqlx::Error>)>,
    last_seq: i64,
    is_at_end: bool,
}

impl<T> Ahead<T> {
    fn new() -> Self {
        Self {
            rows: VecDeque::new(),
            last_seq: i64::MIN,
            is_at_end: false,
        }
    }

    fn is_due(&self) -> bool {
        self.rows.is_empty() && !self.is_at_end
    }

    fn next_seq(&self) -> i64 {
        self.rows.front().map_or(i64::MAX, |(seq, _)| *seq)
    }

    /// Takes in what was read behind the last position.
    fn put(
        &mut self,
        rows: Vec<Row>,
        read: impl Fn(&mut Row) -> Result<T, sqlx::Error>,
        seq_of: impl Fn(&T) -> i64,
    ) {
        self.is_at_end = rows.is_empty();
        for mut row in rows {
            let read = read(&mut row);
            // Where it stands is not known either: right behind the one before.
            self.last_seq = read.as_ref().map_or(self.last_seq + 1, &seq_of);
            let is_read = read.is_ok();
            self.rows.push_back((self.last_seq, read));
            if !is_read {
                return;
            }
        }
    }
}

/// A room's books as they are at one moment, whatever is written meanwhile.
struct Books {
    transaction: Transaction,
    tenant_id: TenantId,
    room_id: RoomId,
}

impl Store {
    /// The next room behind the one called `after` of which anything is kept in books, in the order of their
    /// ids; none at the end.
    pub async fn next_room_with_books(
        &self,
        after: Option<RoomId>,
    ) -> Result<Option<(RoomId, TenantId)>, StoreError> {
        let after = after.map_or(Uuid::nil(), |room_id| room_id.0);
        let first_of = |table: &str| {
            format!(
                "SELECT * FROM (SELECT room_id, tenant_id FROM {table} WHERE room_id > $1
                     ORDER BY room_id LIMIT 1) {table}_first"
            )
        };
        // What somebody took out of one of them still stands in another.
        let text = [
            "ledgers",
            "transfers",
            "balances",
            "watch_credits",
            "earnings",
        ]
        .map(first_of)
        .join(" UNION ");
        let select = Statement::new(format!("{text} ORDER BY room_id LIMIT 1")).bind(after);
        let rows = self.engine.fetch(select).await?;
        let read =
            |mut row: Row| Ok::<_, sqlx::Error>((RoomId(row.take()?), TenantId(row.take()?)));

        Ok(rows.into_iter().next().map(read).transpose()?)
    }

    /// Works a room's books through from the first entry on, and compares them with what is kept beside
    /// them, and with the links that were `noted` elsewhere, by their positions. Returns where they stand, or
    /// the first thing that does not hold.
    pub async fn verify_books(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<Result<Ledger, Unsound>, StoreError> {
        let mut books = Books {
            transaction: self.engine.begin_read().await?,
            tenant_id,
            room_id,
        };
        let verified = books.verify(noted).await;
        books.transaction.roll_back().await?;

        match verified {
            Ok(ledger) => Ok(Ok(ledger)),
            Err(Failed::Unsound(unsound)) => Ok(Err(unsound)),
            Err(Failed::Store(error)) => Err(error),
        }
    }
}

impl Books {
    async fn verify(&mut self, noted: &BTreeMap<i64, Digest>) -> Result<Ledger, Failed> {
        let mut proof = Proof::new(self.room_id);
        let rows = self
            .fetch(select_ledger(self.tenant_id, self.room_id))
            .await?;
        let ledger = transfer_row::read_ledger_of(self.room_id, rows);
        let ledger = ledger.map_err(|error| unreadable("head", error))?;
        self.add_entries(&mut proof, noted).await?;
        self.add_purchases(&mut proof).await?;
        self.add_draws(&mut proof).await?;
        self.add_disputes(&mut proof).await?;
        self.add_pages(&mut proof).await?;
        proof.check_sessions(&self.sessions().await?)?;
        proof.check_turnovers(&self.turnovers().await?)?;
        proof.compare(&ledger, self.accounts().await?)?;

        Ok(ledger)
    }

    /// Works transfers and credits through, which are one chain.
    async fn add_entries(
        &mut self,
        proof: &mut Proof,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<(), Failed> {
        let mut transfers = Ahead::<Kept>::new();
        let mut credits = Ahead::<(WatchCredit, Digest)>::new();
        loop {
            if transfers.is_due() {
                let rows = self.entries("transfers", COLUMNS, transfers.last_seq, CHUNK);
                let seq_of = |kept: &Kept| kept.transfer.seq;
                transfers.put(rows.await?, transfer_row::read, seq_of);
                continue;
            }
            if credits.is_due() {
                let (table, last) = ("watch_credits", credits.last_seq);
                let rows = self.entries(table, CREDIT_COLUMNS, last, CREDITS_CHUNK);
                let seq_of = |(credit, _): &(WatchCredit, _)| credit.seq;
                credits.put(rows.await?, watching_row::read_credit, seq_of);
                continue;
            }
            let (behind, _) = proof.head();
            if credits.next_seq() < transfers.next_seq() {
                let (_, credit) = credits.rows.pop_front().expect("it is the next");
                let what = || format!("credit behind {behind}");
                let (credit, link) = credit.map_err(|error| unreadable(what(), error))?;
                proof.add_credit(&credit, link, noted)?;
            } else if let Some((_, kept)) = transfers.rows.pop_front() {
                let what = || format!("transfer behind {behind}");
                let kept = kept.map_err(|error| unreadable(what(), error))?;
                proof.add(&kept.transfer, kept.link, noted)?;
                check_number(&kept)?;
            } else {
                return Ok(proof.check_noted(noted)?);
            }
        }
    }

    async fn entries(
        &mut self,
        table: &str,
        columns: &str,
        after_seq: i64,
        count: i64,
    ) -> Result<Vec<Row>, Failed> {
        let of_room = self.of_room(&format!("SELECT {columns} FROM {table}"));
        let select = of_room.push(" AND seq > ").push_value(after_seq);
        let select = select.push(" ORDER BY seq LIMIT ").push_value(count);

        self.fetch(select).await
    }

    async fn add_pages(&mut self, proof: &mut Proof) -> Result<(), Failed> {
        let mut last = -1;
        loop {
            let of_room = self.of_room(&format!("SELECT {PAGE_COLUMNS} FROM earnings"));
            let select = of_room.push(" AND page > ").push_value(last);
            let rows = self.chunk(select, "page").await?;
            if rows.is_empty() {
                return Ok(());
            }
            for mut row in rows {
                let what = || format!("page of what was earned behind {last}");
                let page = watching_row::read_page(&mut row);
                let (number, page) = page.map_err(|error| unreadable(what(), error))?;
                proof.add_page(number, &page)?;
                last = i64::from(number);
            }
        }
    }

    /// The sessions that minutes are credited of.
    async fn sessions(&mut self) -> Result<EarningState, Failed> {
        let rows = self
            .fetch(self.of_room("SELECT state FROM room_earnings"))
            .await?;
        let state = rows.into_iter().next();
        let state = state
            .map(|mut row| watching_row::read_state(&mut row))
            .transpose();

        Ok(state
            .map_err(|error| unreadable("sessions", error))?
            .unwrap_or_default())
    }

    async fn turnovers(&mut self) -> Result<Turnovers, Failed> {
        let columns = turnover_row::COLUMNS;
        let rows = self.of_room(&format!("SELECT {columns} FROM turnovers"));
        let rows = self.fetch(rows).await?.into_iter();
        let read = |mut row| turnover_row::read(&mut row);

        rows.map(|row| read(row).map_err(|error| unreadable("turnover", error)))
            .collect()
    }

    /// The rows of `table` that are next behind `last`, in the order of `at` and of their ids.
    async fn behind(
        &mut self,
        last: (i64, Uuid),
        table: &str,
        columns: &str,
        at: &str,
    ) -> Result<Vec<Row>, Failed> {
        let of_room = self.of_room(&format!("SELECT {columns} FROM {table}"));
        let select = of_room.push(&format!(" AND ({at}, id) > ("));
        let select = select.push_value(last.0).push(", ").push_value(last.1);

        self.chunk(select.push(")"), &format!("{at}, id")).await
    }

    async fn add_purchases(&mut self, proof: &mut Proof) -> Result<(), Failed> {
        let mut last = BEFORE_ALL;
        loop {
            let columns = REDEMPTION_COLUMNS;
            let rows = self.behind(last, "redemptions", columns, "redeemed_at");
            let rows = rows.await?;
            if rows.is_empty() {
                return Ok(());
            }
            for mut row in rows {
                let read = reward_row::read_redemption(&mut row);
                let redemption = read.map_err(|error| unreadable("redemption", error))?;
                last = (redemption.redeemed_at.unix_millis(), redemption.id.0);
                proof.add_purchase(redemption.purchase())?;
            }
        }
    }

    async fn add_disputes(&mut self, proof: &mut Proof) -> Result<(), Failed> {
        let mut last = BEFORE_ALL;
        loop {
            let columns = dispute_row::COLUMNS;
            let rows = self.behind(last, "disputes", columns, "opened_at").await?;
            if rows.is_empty() {
                return Ok(());
            }
            for mut row in rows {
                let read = dispute_row::read(&mut row);
                let dispute = read.map_err(|error| unreadable("dispute", error))?;
                last = (dispute.opened_at.unix_millis(), dispute.id.0);
                proof.add_dispute(dispute.contest())?;
            }
        }
    }

    async fn add_draws(&mut self, proof: &mut Proof) -> Result<(), Failed> {
        let mut last = BEFORE_ALL;
        loop {
            let columns = draw_row::COLUMNS;
            let rows = self.behind(last, "draws", columns, "opened_at").await?;
            if rows.is_empty() {
                return Ok(());
            }
            for mut row in rows {
                let draw = draw_row::read(&mut row).map_err(|error| unreadable("draw", error))?;
                last = (draw.opened_at.unix_millis(), draw.id.0);
                let entries = self.entries_of(&draw).await?;
                draw.prove(proof, &entries)?;
            }
        }
    }

    async fn entries_of(&mut self, draw: &Draw) -> Result<Vec<Entry>, Failed> {
        let entries =
            self.of_room("SELECT id, reward_id, number, cost, status, drawn_at FROM redemptions");
        let entries = entries.push(" AND draw_id = ").push_value(draw.id);
        let rows = self.fetch(entries).await?.into_iter();
        let read = |mut row: Row| {
            Ok(Entry {
                id: RedemptionId(row.take()?),
                reward_id: RewardId(row.take()?),
                member: MemberNumber(row.take_narrow()?),
                cost: row.take()?,
                status: reward_row::read_status(&mut row)?,
                drawn_at: row.take_optional_time()?,
            })
        };

        rows.map(|row| read(row).map_err(|error| unreadable("entry", error)))
            .collect()
    }

    async fn accounts(&mut self) -> Result<Vec<(MemberNumber, Given)>, Failed> {
        let mut accounts: Vec<(MemberNumber, Given)> = Vec::new();
        loop {
            let last = accounts.last();
            let last = last.map_or(-1, |(member, _)| i64::from(member.0));
            let of_room = self.of_room(&format!("SELECT {BALANCE_COLUMNS} FROM balances"));
            let select = of_room.push(" AND number > ").push_value(last);
            let rows = self.chunk(select, "number").await?;
            if rows.is_empty() {
                return Ok(accounts);
            }
            for mut row in rows {
                let account = transfer_row::read_given(&mut row);
                accounts.push(account.map_err(|error| unreadable("balance", error))?);
            }
        }
    }

    /// What `select` selects, of the room.
    fn of_room(&self, select: &str) -> Statement {
        let select = Statement::new(select).push(" WHERE room_id = ");
        let select = select.push_value(self.room_id).push(" AND tenant_id = ");
        select.push_value(self.tenant_id)
    }

    async fn chunk(&mut self, select: Statement, order: &str) -> Result<Vec<Row>, Failed> {
        let order = format!(" ORDER BY {order} LIMIT ");
        self.fetch(select.push(&order).push_value(CHUNK)).await
    }

    async fn fetch(&mut self, select: Statement) -> Result<Vec<Row>, Failed> {
        let rows = self.transaction.fetch(select).await;
        Ok(rows.map_err(StoreError::from)?)
    }
}

/// Tells what cannot be read, which is damage, from a database that fails.
fn unreadable(what: impl Into<String>, error: sqlx::Error) -> Failed {
    if is_unreadable(&error) {
        let (what, error) = (what.into(), error.to_string());
        return Unsound::Unreadable { what, error }.into();
    }

    Failed::Store(error.into())
}

/// Checks that a transfer stands in the statement of whose balance it changes.
fn check_number(kept: &Kept) -> Result<(), Unsound> {
    let (seq, number) = (kept.transfer.seq, kept.number);
    let member = kept.transfer.entry.member();
    if member.map(|member| i64::from(member.0)) != Some(number) {
        return Err(Unsound::OtherMember { seq, number });
    }

    Ok(())
}

/// Where a room's books stand.
pub(crate) fn select_ledger(tenant_id: TenantId, room_id: RoomId) -> Statement {
    Statement::new(format!(
        "SELECT {LEDGER_COLUMNS} FROM ledgers WHERE room_id = $1 AND tenant_id = $2"
    ))
    .bind(room_id)
    .bind(tenant_id)
}
