//! Transfers, balances and the heads of books as rows.

use parlor_domain::id::{DisputeId, RoomId, TenantId, TransferId};
use parlor_domain::points::{
    Account, Authorship, Digest, Entry, Given, Ledger, MemberNumber, Transfer, TransferKind,
};
use uuid::Uuid;

use crate::contribution_row::read_viewer_id;
use crate::sql::{Row, Value, corrupt, row};

/// The columns that [`read`] reads.
pub(crate) const COLUMNS: &str = "transfers.id, transfers.seq, transfers.debit, transfers.credit,
    transfers.points, transfers.kind, transfers.at, transfers.about, transfers.corrects,
    transfers.dispute_id, transfers.balance_after, transfers.actor_id,
    transfers.actor_is_staff, transfers.reason, transfers.salt, transfers.authorship_digest,
    transfers.link, transfers.number";

/// A transfer as it is kept.
pub(crate) struct Kept {
    pub(crate) transfer: Transfer,
    /// Its link of the chain.
    pub(crate) link: Digest,
    /// In whose statement it stands.
    pub(crate) number: i64,
}

/// Reads a transfer, without what the member had earned by then, which is not its own.
pub(crate) fn read(row: &mut Row) -> Result<Kept, sqlx::Error> {
    let transfer = Transfer {
        id: TransferId(row.take()?),
        seq: row.take()?,
        entry: Entry {
            debit: read_account(row)?,
            credit: read_account(row)?,
            points: row.take()?,
        },
        kind: read_kind(row)?,
        at: row.take_time()?,
        about: row.take()?,
        corrects: row.take()?,
        dispute_id: row.take::<Option<Uuid>>()?.map(DisputeId),
        given_after: row.take()?,
        earned_before: 0,
        authorship: read_authorship(row)?,
        authorship_digest: read_digest(row)?,
    };

    Ok(Kept {
        transfer,
        link: read_digest(row)?,
        number: row.take()?,
    })
}

fn read_account(row: &mut Row) -> Result<Account, sqlx::Error> {
    let code = row.take()?;
    Account::of_code(code).ok_or_else(|| corrupt(format!("{code} is no account")))
}

fn read_kind(row: &mut Row) -> Result<TransferKind, sqlx::Error> {
    let code: i64 = row.take()?;
    let mut all = TransferKind::ALL.into_iter();
    all.find(|kind| kind.code() == code)
        .ok_or_else(|| corrupt(format!("{code} is no kind of transfer")))
}

/// Reads who moved the points and why, which is all there or all erased.
pub(crate) fn read_authorship(row: &mut Row) -> Result<Option<Authorship>, sqlx::Error> {
    let actor_id: Option<String> = row.take()?;
    let actor_is_staff = row.take()?;
    let reason: Option<String> = row.take()?;
    let salt: Option<Uuid> = row.take()?;
    let (Some(actor_id), Some(reason), Some(salt)) = (actor_id, reason, salt) else {
        return Ok(None);
    };

    Ok(Some(Authorship {
        actor_id: read_viewer_id(&actor_id)?,
        actor_is_staff,
        reason,
        salt,
    }))
}

pub(crate) fn read_digest(row: &mut Row) -> Result<Digest, sqlx::Error> {
    let bytes: Vec<u8> = row.take()?;
    let bytes = bytes.try_into();
    bytes
        .map(Digest)
        .map_err(|found: Vec<u8>| corrupt(format!("a digest has {} bytes", found.len())))
}

pub(crate) const INSERT: &str = "INSERT INTO transfers (id, room_id, tenant_id, seq, debit, credit,
    points, kind, at, about, corrects, dispute_id, number, balance_after, actor_id, actor_is_staff, reason, salt,
    authorship_digest, link) ";

pub(crate) fn row(
    room_id: RoomId,
    tenant_id: TenantId,
    transfer: &Transfer,
    link: Digest,
) -> Vec<Value> {
    let entry = transfer.entry;
    let member = entry.member().map(|member| i64::from(member.0));
    let by = transfer.authorship.as_ref();

    row![
        transfer.id,
        room_id,
        tenant_id,
        transfer.seq,
        entry.debit.code(),
        entry.credit.code(),
        entry.points,
        transfer.kind.code(),
        transfer.at,
        transfer.about,
        transfer.corrects,
        transfer.dispute_id,
        member,
        transfer.given_after,
        by.map(|by| by.actor_id.as_str()),
        by.is_some_and(|by| by.actor_is_staff),
        by.map(|by| by.reason.as_str()),
        by.map(|by| by.salt),
        &transfer.authorship_digest.0,
        &link.0,
    ]
}

/// The columns that [`read_given`] reads.
pub(crate) const BALANCE_COLUMNS: &str =
    "balances.number, balances.points, balances.held, balances.debt, balances.lines";

pub(crate) fn read_given(row: &mut Row) -> Result<(MemberNumber, Given), sqlx::Error> {
    let member = MemberNumber(row.take_narrow()?);
    let given = Given {
        points: row.take()?,
        held: row.take()?,
        debt: row.take()?,
        lines: row.take()?,
    };

    Ok((member, given))
}

/// The columns that [`read_ledger`] reads.
pub(crate) const LEDGER_COLUMNS: &str =
    "ledgers.seq, ledgers.digest, ledgers.minted, ledgers.burned, ledgers.owed, ledgers.held";

pub(crate) fn read_ledger(row: &mut Row) -> Result<Ledger, sqlx::Error> {
    Ok(Ledger {
        seq: row.take()?,
        digest: read_digest(row)?,
        minted: row.take()?,
        burned: row.take()?,
        owed: row.take()?,
        held: row.take()?,
    })
}

/// Reads where a room's books stand, which are empty if there are none.
pub(crate) fn read_ledger_of(room_id: RoomId, rows: Vec<Row>) -> Result<Ledger, sqlx::Error> {
    let found = rows.into_iter().next();
    let found = found.map(|mut row| read_ledger(&mut row));

    Ok(found.transpose()?.unwrap_or_else(|| Ledger::empty(room_id)))
}

pub(crate) const INSERT_LEDGERS: &str =
    "INSERT INTO ledgers (room_id, tenant_id, seq, digest, minted, burned, owed, held) ";

pub(crate) const REPLACE_LEDGERS: &str = " ON CONFLICT (room_id) DO UPDATE SET
    seq = excluded.seq, digest = excluded.digest, minted = excluded.minted, burned = excluded.burned,
    owed = excluded.owed, held = excluded.held";

pub(crate) fn ledger_row(room_id: RoomId, tenant_id: TenantId, ledger: &Ledger) -> Vec<Value> {
    row![
        room_id,
        tenant_id,
        ledger.seq,
        &ledger.digest.0,
        ledger.minted,
        ledger.burned,
        ledger.owed,
        ledger.held,
    ]
}
