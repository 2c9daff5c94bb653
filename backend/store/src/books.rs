//! Working a room's books through, as `parlor verify` does.

use std::collections::BTreeMap;

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::{Balance, Digest, Ledger, MemberNumber, Proof, Unsound};

use crate::engine::Transaction;
use crate::sql::Statement;
use crate::transfer_row::{self, BALANCE_COLUMNS, COLUMNS, LEDGER_COLUMNS};
use crate::{Store, StoreError};

/// How many rows are held at once.
const CHUNK: i64 = 5_000;
/// How many rooms are listed at once.
const ROOMS: i64 = 100;

/// What was found in a room's books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub ledger: Ledger,
    /// The first thing that does not hold, if anything.
    pub unsound: Option<Unsound>,
}

/// A room's books as they are at one moment, whatever is written meanwhile.
struct Books {
    transaction: Transaction,
    tenant_id: TenantId,
    room_id: RoomId,
}

impl Store {
    /// Rooms that have books, behind the one called `after`, in the order of their ids; none at the end.
    pub async fn rooms_with_books(
        &self,
        after: Option<RoomId>,
    ) -> Result<Vec<(RoomId, TenantId)>, StoreError> {
        let after = after.map_or(uuid::Uuid::nil(), |room_id| room_id.0);
        let select = Statement::new(
            "SELECT room_id, tenant_id FROM ledgers WHERE room_id > $1 ORDER BY room_id LIMIT $2",
        )
        .bind(after)
        .bind(ROOMS);
        let rows = self.engine.fetch(select).await?;

        Ok(rows
            .into_iter()
            .map(|mut row| Ok((RoomId(row.take()?), TenantId(row.take()?))))
            .collect::<Result<_, sqlx::Error>>()?)
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
        let ledger = books.ledger().await?;
        let unsound = books.first_unsound(&ledger, noted).await?;
        books.transaction.roll_back().await?;

        Ok(Verified { ledger, unsound })
    }
}

impl Books {
    async fn ledger(&mut self) -> Result<Ledger, StoreError> {
        let select = select_ledger(self.tenant_id, self.room_id);
        let rows = self.transaction.fetch(select).await?;

        Ok(transfer_row::read_ledger_of(self.room_id, rows)?)
    }

    async fn first_unsound(
        &mut self,
        ledger: &Ledger,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<Option<Unsound>, StoreError> {
        let mut proof = Proof::new(self.room_id);
        if let Err(unsound) = self.prove(&mut proof, noted).await? {
            return Ok(Some(unsound));
        }
        for (member, held) in self.holds().await? {
            proof.add_hold(member, held);
        }
        let accounts = self.accounts().await?;

        Ok(proof.compare(ledger, accounts).err())
    }

    async fn prove(
        &mut self,
        proof: &mut Proof,
        noted: &BTreeMap<i64, Digest>,
    ) -> Result<Result<(), Unsound>, StoreError> {
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
            let rows = self.transaction.fetch(select).await?;
            if rows.is_empty() {
                return Ok(proof.check_noted(noted));
            }
            for mut row in rows {
                let (transfer, link) = transfer_row::read(&mut row)?;
                if let Err(unsound) = proof.add(&transfer, link, noted) {
                    return Ok(Err(unsound));
                }
            }
        }
    }

    /// What is held of whom, for redemptions that are not settled.
    async fn holds(&mut self) -> Result<Vec<(MemberNumber, i64)>, StoreError> {
        let select = Statement::new(
            "SELECT number, CAST(SUM(cost) AS BIGINT) FROM redemptions
             WHERE room_id = $1 AND tenant_id = $2 AND status = 'unfulfilled' GROUP BY number",
        )
        .bind(self.room_id)
        .bind(self.tenant_id);
        let rows = self.transaction.fetch(select).await?;

        Ok(rows
            .into_iter()
            .map(|mut row| Ok((MemberNumber(row.take_narrow()?), row.take()?)))
            .collect::<Result<_, sqlx::Error>>()?)
    }

    async fn accounts(&mut self) -> Result<Vec<(MemberNumber, Balance)>, StoreError> {
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
            let rows = self.transaction.fetch(select).await?;
            if rows.is_empty() {
                return Ok(accounts);
            }
            for mut row in rows {
                accounts.push(transfer_row::read_balance(&mut row)?);
            }
        }
    }
}

/// Where a room's books stand.
pub(crate) fn select_ledger(tenant_id: TenantId, room_id: RoomId) -> Statement {
    Statement::new(format!(
        "SELECT {LEDGER_COLUMNS} FROM ledgers WHERE room_id = $1 AND tenant_id = $2"
    ))
    .bind(room_id)
    .bind(tenant_id)
}
