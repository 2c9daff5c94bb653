//! Disputes as rows.

use parlor_domain::dispute::{Dispute, Subject};
use parlor_domain::id::{RoomId, TenantId};

use crate::sql::{Row, Value, corrupt, row, to_json};

/// The columns that [`read`] reads.
pub(crate) const COLUMNS: &str =
    "disputes.id, disputes.number, disputes.status, disputes.opened_at,
    disputes.by_staff, disputes.redemption_id, disputes.seq, disputes.dispute";

/// Reads a dispute, which stands where it is found by.
pub(crate) fn read(row: &mut Row) -> Result<Dispute, sqlx::Error> {
    let id: uuid::Uuid = row.take()?;
    let number: i64 = row.take()?;
    let status: String = row.take()?;
    let opened_at = row.take_time()?;
    let by_staff: bool = row.take()?;
    let subject: (Option<uuid::Uuid>, Option<i64>) = (row.take()?, row.take()?);
    let dispute: Dispute = row.take_json()?;
    let is_found_by = dispute.id.0 == id
        && i64::from(dispute.member.0) == number
        && dispute.status.as_str() == status
        && dispute.opened_at == opened_at
        && dispute.by_staff == by_staff
        && columns_of(dispute.subject) == subject;
    if !is_found_by {
        return Err(corrupt(format!(
            "dispute {id} is another than it is found by"
        )));
    }

    Ok(dispute)
}

/// The redemption or the position that it is about.
fn columns_of(subject: Subject) -> (Option<uuid::Uuid>, Option<i64>) {
    match subject {
        Subject::Redemption(id) => (Some(id.0), None),
        Subject::Line(seq) => (None, Some(seq)),
    }
}

pub(crate) const INSERT: &str =
    "INSERT INTO disputes (id, tenant_id, room_id, number, status, opened_at,
    by_staff, redemption_id, seq, dispute, change_seq) ";

pub(crate) const REPLACE: &str = " ON CONFLICT (id) DO UPDATE SET
    status = excluded.status, dispute = excluded.dispute, change_seq = excluded.change_seq";

/// The row of a case, as the change at `change_seq` of its room's cases has left it.
pub(crate) fn row(
    room_id: RoomId,
    tenant_id: TenantId,
    change_seq: i64,
    dispute: &Dispute,
) -> Vec<Value> {
    let (redemption_id, seq) = columns_of(dispute.subject);

    row![
        dispute.id,
        tenant_id,
        room_id,
        dispute.member.0,
        dispute.status.as_str(),
        dispute.opened_at,
        dispute.by_staff,
        redemption_id,
        seq,
        to_json(dispute),
        change_seq,
    ]
}
