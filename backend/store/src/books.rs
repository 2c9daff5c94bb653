//! Working a room's books through, as `parlor verify` does.

use std::collections::BTreeMap;

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::{Balance, Digest, Ledger, MemberNumber, Proof, Unsound};

use crate::engine::Transaction;
use crate::error::is_unreadable;
use crate::reward_row::{self, REDEMPTION_COLUMNS};
use crate::sql::{Row, Statement};
use crate::transfer_row::{self, BALANCE_COLUMNS, COLUMNS, Kept, LEDGER_COLUMNS};
use crate::{Store, StoreError};

/// How many rows are held at once.
const CHUNK: i64 = 5_000;

/// What was found in a room's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub ledger: Ledger,
    /// The first thing that does not hold, if anything.
    pub unsound: Option<Unsound>,
}

/// Why books were not worked through to the end.
enum Failed {
    /// Something that is kept in them cannot be read: what, and why.
    Unreadable(&'static str, String),
    Store(StoreError),
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
        let after = after.map_or(uuid::Uuid::nil(), |room_id| room_id.0);
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
    /// them, and with the links that were `noted` elsewhere, by their positions.
    pub async fn verify_books(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<Verified, StoreError> {
        let mut books = Books {
            transaction: self.engine.begin_read().await?,
            tenant_id,
            room_id,
        };
        let (ledger, unsound) = books.verify(noted).await?;
        books.transaction.roll_back().await?;

        Ok(Verified { ledger, unsound })
    }
}

impl Books {
    async fn verify(
        &mut self,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<(Ledger, Option<Unsound>), StoreError> {
        let mut proof = Proof::new(self.room_id);
        let mut ledger = Ledger::empty(self.room_id);
        let unsound = match self.first_unsound(&mut proof, &mut ledger, noted).await {
            Ok(unsound) => unsound,
            Err(Failed::Unreadable(what, error)) => {
                let (seq, _) = proof.head();
                Some(Unsound::Unreadable { what, seq, error })
            }
            Err(Failed::Store(error)) => return Err(error),
        };

        Ok((ledger, unsound))
    }

    async fn first_unsound(
        &mut self,
        proof: &mut Proof,
        ledger: &mut Ledger,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<Option<Unsound>, Failed> {
        let select = select_ledger(self.tenant_id, self.room_id);
        let rows = self.transaction.fetch(select).await;
        let rows = rows.map_err(StoreError::from)?;
        *ledger = readable("head", transfer_row::read_ledger_of(self.room_id, rows))?;
        if let Err(unsound) = self.prove(proof, noted).await? {
            return Ok(Some(unsound));
        }
        if let Err(unsound) = self.add_redemptions(proof).await? {
            return Ok(Some(unsound));
        }
        let accounts = self.accounts().await?;

        Ok(proof.clone().compare(ledger, accounts).err())
    }

    async fn prove(
        &mut self,
        proof: &mut Proof,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<Result<(), Unsound>, Failed> {
        let text = format!(
            "SELECT {COLUMNS} FROM transfers
             WHERE room_id = $1 AND tenant_id = $2 AND seq > $3 ORDER BY seq LIMIT $4"
        );
        loop {
            let select = Statement::new(text.as_str())
                .bind(self.room_id)
                .bind(self.tenant_id)
                .bind(proof.head().0)
                .bind(CHUNK);
            let rows = self.transaction.fetch(select).await;
            let rows = rows.map_err(StoreError::from)?;
            if rows.is_empty() {
                return Ok(proof.check_noted(noted));
            }
            for mut row in rows {
                let kept = readable("transfer", transfer_row::read(&mut row))?;
                if let Err(unsound) = add(proof, &kept, noted) {
                    return Ok(Err(unsound));
                }
            }
        }
    }

    async fn add_redemptions(&mut self, proof: &mut Proof) -> Result<Result<(), Unsound>, Failed> {
        let text = format!(
            "SELECT {REDEMPTION_COLUMNS} FROM redemptions
             WHERE room_id = $1 AND tenant_id = $2 AND (redeemed_at, id) > ($3, $4)
             ORDER BY redeemed_at, id LIMIT $5"
        );
        let mut last = (i64::MIN, uuid::Uuid::nil());
        loop {
            let select = Statement::new(text.as_str())
                .bind(self.room_id)
                .bind(self.tenant_id)
                .bind(last.0)
                .bind(last.1)
                .bind(CHUNK);
            let rows = self.transaction.fetch(select).await;
            let rows = rows.map_err(StoreError::from)?;
            if rows.is_empty() {
                return Ok(Ok(()));
            }
            for mut row in rows {
                let redemption = readable("redemption", reward_row::read_redemption(&mut row))?;
                last = (redemption.redeemed_at.unix_millis(), redemption.id.0);
                if let Err(unsound) = proof.add_purchase(redemption.purchase()) {
                    return Ok(Err(unsound));
                }
            }
        }
    }

    async fn accounts(&mut self) -> Result<Vec<(MemberNumber, Balance)>, Failed> {
        let text = format!(
            "SELECT {BALANCE_COLUMNS} FROM balances
             WHERE room_id = $1 AND tenant_id = $2 AND number > $3 ORDER BY number LIMIT $4"
        );
        let mut accounts = Vec::new();
        loop {
            let last = accounts.last();
            let last = last.map_or(-1, |(member, _): &(MemberNumber, _)| i64::from(member.0));
            let select = Statement::new(text.as_str())
                .bind(self.room_id)
                .bind(self.tenant_id)
                .bind(last)
                .bind(CHUNK);
            let rows = self.transaction.fetch(select).await;
            let rows = rows.map_err(StoreError::from)?;
            if rows.is_empty() {
                return Ok(accounts);
            }
            for mut row in rows {
                let account = readable("balance", transfer_row::read_balance(&mut row))?;
                accounts.push(account);
            }
        }
    }
}

/// Tells what cannot be read, which is damage, from a database that fails.
fn readable<T>(what: &'static str, read: Result<T, sqlx::Error>) -> Result<T, Failed> {
    read.map_err(|error| {
        if is_unreadable(&error) {
            Failed::Unreadable(what, error.to_string())
        } else {
            Failed::Store(error.into())
        }
    })
}

fn add(proof: &mut Proof, kept: &Kept, noted: &BTreeMap<i64, Digest>) -> Result<(), Unsound> {
    let (seq, number) = (kept.transfer.seq, kept.number);
    proof.add(&kept.transfer, kept.link, noted)?;
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
