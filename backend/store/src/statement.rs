//! A member's statement: transfers, found by their index, and credits, gone through from one to the one before, as
//! one list, newest first.
//!
//! A page takes as long in a room of ten million entries as in one of ten. That is so in one direction alone:
//! nothing leads from a credit to the next.

use std::collections::VecDeque;

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::points::{MemberNumber, StatementLine, Transfer};
use parlor_domain::watching::{WatchedLine, page_of};

use crate::engine::Transaction;
use crate::page::Page;
use crate::points::{read_given, read_page, select_given, select_page};
use crate::sql::{Statement, corrupt};
use crate::transfer_row::{self, COLUMNS};
use crate::watching_row::{self, LEGS_COLUMNS, garbled};
use crate::{Store, StoreError};

/// A line's place in a statement, and where it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementCursor {
    /// The line's position in the room's books.
    pub seq: i64,
    /// The position of the next older credit; 0 for none.
    pub credit_seq: i64,
}

/// Which part of a statement to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatementRequest {
    /// How many lines at most.
    pub limit: u32,
    pub after: Option<StatementCursor>,
    pub before: Option<StatementCursor>,
}

type Lines = Page<(StatementLine, StatementCursor)>;

impl Store {
    /// A part of a member's statement, newest first; `None` if a cursor is none of it.
    pub async fn statement_page(
        &self,
        tenant_id: TenantId,
        room_id: RoomId,
        member: MemberNumber,
        request: StatementRequest,
    ) -> Result<Option<Lines>, StoreError> {
        let _turn = self.statements.acquire().await.expect("it is never closed");
        let mut reader = Reader {
            transaction: self.engine.begin_read().await?,
            tenant_id,
            room_id,
            member,
        };
        let lines = reader.read(request).await;
        reader.transaction.roll_back().await?;

        Ok(lines?)
    }
}

struct Reader {
    transaction: Transaction,
    tenant_id: TenantId,
    room_id: RoomId,
    member: MemberNumber,
}

impl Reader {
    async fn read(&mut self, request: StatementRequest) -> Result<Option<Lines>, sqlx::Error> {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let given = select_given(self.tenant_id, self.room_id, self.member);
        let given = read_given(self.transaction.fetch(given).await?)?;
        let page = select_page(self.tenant_id, self.room_id, page_of(self.member));
        let page = read_page(self.transaction.fetch(page).await?)?;
        let earning = page.earning(self.member);
        let from = request.after.map_or(i64::MAX, |cursor| cursor.seq);
        let mut transfers = self.transfers_before(from, request.limit).await?;
        let mut credit = match request.after {
            None => self.credit(earning.last_line).await?,
            Some(after) => {
                let credit = self.credit_if_any(after.credit_seq).await?;
                let is_there = after.credit_seq == 0 || credit.is_some();
                if !is_there || after.credit_seq >= after.seq {
                    return Ok(None);
                }
                credit
            }
        };

        let until = request.before.map_or(0, |cursor| cursor.seq);
        let mut items = Vec::new();
        let has_next = loop {
            let transfer_seq = transfers.front().map_or(0, |transfer| transfer.seq);
            let newest_credit = credit.take_if(|credit| credit.seq > transfer_seq);
            let line = if let Some(line) = newest_credit {
                credit = self.credit(line.leg.line_before).await?;
                let given = transfers.front().map_or(0, |transfer| transfer.given_after);
                let balance_after = line.leg.earned_after + given;
                StatementLine::Watched {
                    line,
                    balance_after,
                }
            } else if let Some(transfer) = transfers.pop_front() {
                let earned = credit.as_ref().map(|line| line.leg.earned_after);
                StatementLine::Transfer(Box::new(Transfer {
                    earned_before: earned.unwrap_or(0),
                    ..transfer
                }))
            } else {
                break false;
            };
            let seq = line.seq();
            if seq <= until || items.len() == limit {
                break true;
            }
            let credit_seq = credit.as_ref().map_or(0, |credit| credit.seq);
            items.push((line, StatementCursor { seq, credit_seq }));
        };

        Ok(Some(Page {
            items,
            has_previous: request.after.is_some(),
            has_next,
            total_count: given.lines + earning.lines,
        }))
    }

    /// Transfers from the newest before `seq` on: as many as a page takes, one more to know whether there is
    /// more, and one behind that, which says what the member had been given until then.
    async fn transfers_before(
        &mut self,
        seq: i64,
        limit: u32,
    ) -> Result<VecDeque<Transfer>, sqlx::Error> {
        let select = Statement::new(format!("SELECT {COLUMNS} FROM transfers WHERE room_id = "))
            .push_value(self.room_id)
            .push(" AND number = ")
            .push_value(self.member.0)
            .push(" AND tenant_id = ")
            .push_value(self.tenant_id)
            .push(" AND seq < ")
            .push_value(seq)
            .push(" ORDER BY seq DESC LIMIT ")
            .push_value(i64::from(limit) + 2);
        let rows = self.transaction.fetch(select).await?;

        rows.into_iter()
            .map(|mut row| transfer_row::read(&mut row).map(|kept| kept.transfer))
            .collect()
    }

    /// The member's line of the credit at `seq`, where they have one.
    async fn credit(&mut self, seq: i64) -> Result<Option<WatchedLine>, sqlx::Error> {
        match self.credit_if_any(seq).await? {
            None if seq != 0 => Err(corrupt(format!(
                "credit {seq} has no leg of member {}",
                self.member.0
            ))),
            credit => Ok(credit),
        }
    }

    async fn credit_if_any(&mut self, seq: i64) -> Result<Option<WatchedLine>, sqlx::Error> {
        if seq == 0 {
            return Ok(None);
        }
        let select = Statement::new(format!(
            "SELECT {LEGS_COLUMNS} FROM watch_credits
             WHERE room_id = $1 AND seq = $2 AND tenant_id = $3"
        ))
        .bind(self.room_id)
        .bind(seq)
        .bind(self.tenant_id);
        let rows = self.transaction.fetch(select).await?;
        let Some(mut row) = rows.into_iter().next() else {
            return Ok(None);
        };
        let legs = watching_row::read_legs(&mut row)?;

        legs.line_of(self.member).map_err(garbled)
    }
}
