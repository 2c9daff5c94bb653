//! A room's audit trail, as it grows.

use async_graphql::SimpleObject;
use parlor_domain::audit;
use parlor_node::patience::Patience;

use super::place::Place;
use super::{Found, Source};
use crate::audit::AuditEntry;
use crate::fault::Fault;
use crate::scalar::Int64;

/// Entries that a newcomer is told: what a moderator looks over when their shift begins. More are in
/// `auditConnection`.
const SNAPSHOT_ENTRIES: i64 = 50;

/// Entries of one message: with the longest reasons, some 150 KiB of JSON.
const MESSAGE_ENTRIES_MAX: i64 = 256;

/// The fields of [`TrailFeed`], which stand in the message itself.
pub(super) const FIELDS: [&str; 5] = ["afterSeq", "throughSeq", "recovered", "snapshot", "entries"];

/// What is new of an audit trail.
#[derive(SimpleObject)]
pub(crate) struct TrailFeed {
    /// This message covers the entries of the audit trail with `afterSeq < seq <= throughSeq`.
    after_seq: Int64,
    through_seq: Int64,
    /// Whether nothing is missing between the subscriber's position in the trail and this message.
    recovered: bool,
    /// When present, replaces what was known: the newest entries as of `afterSeq`, at most 50, oldest
    /// first.
    snapshot: Option<Vec<AuditEntry>>,
    entries: Vec<AuditEntry>,
}

impl TrailFeed {
    /// What whoever has not asked for it is not shown.
    pub(super) fn nothing() -> Self {
        Self {
            after_seq: 0.into(),
            through_seq: 0.into(),
            recovered: true,
            snapshot: None,
            entries: Vec::new(),
        }
    }

    pub(super) fn tells_anything(&self) -> bool {
        !self.entries.is_empty() || self.snapshot.is_some()
    }
}

/// What is new behind `place`, and goes there.
pub(super) async fn read(
    source: &Source,
    place: &mut Place,
    found: &Found,
    patience: &Patience,
) -> Result<TrailFeed, Fault> {
    match *place {
        Place::At { seq, .. } => since(source, place, seq, patience).await,
        Place::Unknown => anew(source, place, found.ends.audited, patience).await,
    }
}

async fn since(
    source: &Source,
    place: &mut Place,
    after: i64,
    patience: &Patience,
) -> Result<TrailFeed, Fault> {
    let entries = entries(source, after, MESSAGE_ENTRIES_MAX, patience).await?;
    let through = entries.last().map_or(after, |entry| entry.seq);
    *place = Place::At {
        seq: through,
        is_behind: through - after == MESSAGE_ENTRIES_MAX,
    };

    Ok(TrailFeed {
        after_seq: after.into(),
        through_seq: through.into(),
        recovered: true,
        snapshot: None,
        entries: entries.into_iter().map(Into::into).collect(),
    })
}

/// The newest entries up to `end`.
async fn anew(
    source: &Source,
    place: &mut Place,
    end: i64,
    patience: &Patience,
) -> Result<TrailFeed, Fault> {
    let newest = entries(source, end - SNAPSHOT_ENTRIES, SNAPSHOT_ENTRIES, patience).await?;
    *place = Place::At {
        seq: end,
        is_behind: false,
    };

    Ok(TrailFeed {
        after_seq: end.into(),
        through_seq: end.into(),
        recovered: false,
        snapshot: Some(newest.into_iter().map(Into::into).collect()),
        entries: Vec::new(),
    })
}

async fn entries(
    source: &Source,
    after: i64,
    limit: i64,
    patience: &Patience,
) -> Result<Vec<audit::AuditEntry>, Fault> {
    let (store, room_id) = (&source.app.store, source.room.id());
    let read = move || store.audit_after(source.tenant_id, room_id, after, limit);

    Ok(patience.read("an audit trail", read).await?)
}
