//! Working a room's books through, as `parlor verify` does.

use std::collections::BTreeMap;

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::{Balance, Digest, Ledger, MemberNumber, Proof, Unsound};
use uuid::Uuid;

use crate::engine::Transaction;
use crate::error::is_unreadable;
use crate::reward_row::{self, REDEMPTION_COLUMNS};
use crate::sql::{Row, Statement};
use crate::transfer_row::{self, BALANCE_COLUMNS, COLUMNS, Kept, LEDGER_COLUMNS};
use crate::{Store, StoreError};

/// How many rows are held at once.
const CHUNK: i64 = 5_000;

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
        let text = ["ledgers", "transfers", "balances"]
            .map(first_of)
            .join(" UNION ");
        let select = Statement::new(format!("{text} ORDER BY room_id LIMIT 1")).bind(after);
        let rows = self.engine.fetch(select).await?;
        let read =
            |mut row: Row| Ok::<_, sqlx::Error>((RoomId(row.take()?), TenantId(row.take()?)));

        Ok(rows.into_iter().next().map(read).transpose()?)
    }

    /// Works a room's books through from the first transfer on, and compares them with what is kept beside
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
        self.add_transfers(&mut proof, noted).await?;
        self.add_purchases(&mut proof).await?;
        proof.compare(&ledger, self.accounts().await?)?;

        Ok(ledger)
    }

    async fn add_transfers(
        &mut self,
        proof: &mut Proof,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<(), Failed> {
        loop {
            let (seq, _) = proof.head();
            let of_room = self.of_room(&format!("SELECT {COLUMNS} FROM transfers"));
            let select = of_room.push(" AND seq > ").push_value(seq);
            let rows = self.chunk(select, "seq").await?;
            if rows.is_empty() {
                return Ok(proof.check_noted(noted)?);
            }
            for mut row in rows {
                let (seq, _) = proof.head();
                let what = || format!("transfer behind {seq}");
                let kept = transfer_row::read(&mut row);
                let kept = kept.map_err(|error| unreadable(what(), error))?;
                proof.add(&kept.transfer, kept.link, noted)?;
                check_number(&kept)?;
            }
        }
    }

    async fn add_purchases(&mut self, proof: &mut Proof) -> Result<(), Failed> {
        let mut last = (i64::MIN, Uuid::nil());
        loop {
            let of_room = self.of_room(&format!("SELECT {REDEMPTION_COLUMNS} FROM redemptions"));
            let select = of_room
                .push(" AND (redeemed_at, id) > (")
                .push_value(last.0);
            let select = select.push(", ").push_value(last.1).push(")");
            let rows = self.chunk(select, "redeemed_at, id").await?;
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

    async fn accounts(&mut self) -> Result<Vec<(MemberNumber, Balance)>, Failed> {
        let mut accounts: Vec<(MemberNumber, Balance)> = Vec::new();
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
                let account = transfer_row::read_balance(&mut row);
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
