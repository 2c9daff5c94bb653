//! The rooms' own rows: their heads and settings, and their slugs, of which a tenant has each once.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::id::{RoomId, TenantId};

use super::RoomNeeds;
use super::rooms::{RoomKey, Rooms};
use super::write::Room;
use crate::engine::Transaction;
use crate::sql::{Statement, row, to_json};

pub(crate) type Slugs<'a> = BTreeSet<(TenantId, &'a str)>;

/// Claims the slugs that rooms may be given, in the order of the slugs, before anybody looks whether
/// they are taken: whoever wants one of them as well waits, and then sees what became of it.
pub(crate) async fn claim_slugs(
    transaction: &mut Transaction,
    slugs: &Slugs<'_>,
) -> Result<(), sqlx::Error> {
    let rows = slugs
        .iter()
        .map(|(tenant_id, slug)| row![*tenant_id, *slug]);
    let insert = "INSERT INTO slug_claims (tenant_id, slug) ";
    let free = " ON CONFLICT (tenant_id, slug) DO NOTHING";
    transaction.insert(insert, rows.collect(), free).await?;

    Ok(())
}

/// Takes the claims back, which leave no trace.
pub(crate) async fn release_slugs(
    transaction: &mut Transaction,
    slugs: &Slugs<'_>,
) -> Result<(), sqlx::Error> {
    let rows = slugs
        .iter()
        .map(|(tenant_id, slug)| row![*tenant_id, *slug]);
    let delete =
        "DELETE FROM slug_claims WHERE (tenant_id, slug) IN (SELECT tenant_id, slug FROM v)";
    let table = "v (tenant_id, slug)";
    transaction.update(table, rows.collect(), delete).await?;

    Ok(())
}

/// The slugs that a batch's rooms may be given.
pub(super) fn slugs(needs: &BTreeMap<RoomKey, RoomNeeds>) -> Slugs<'_> {
    let wanted = needs
        .values()
        .flat_map(|one| one.slugs.iter().map(|slug| (one.tenant_id, slug.as_str())));
    wanted.collect()
}

/// Loads whose the slugs are.
pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let mut asked_by: BTreeMap<(TenantId, String), Vec<RoomId>> = BTreeMap::new();
    for locked in rooms.all_mut() {
        for slug in &locked.needs.slugs {
            locked.aggregate.known.slugs.ask(slug.clone());
            let asked_by = asked_by.entry((locked.needs.tenant_id, slug.clone()));
            asked_by.or_default().push(locked.needs.room_id);
        }
    }
    let keys = asked_by
        .keys()
        .map(|(tenant_id, slug)| row![*tenant_id, slug.as_str()])
        .collect();
    let select = "SELECT rooms.tenant_id, rooms.slug, rooms.id FROM wanted CROSS JOIN rooms
        WHERE rooms.tenant_id = wanted.tenant_id AND rooms.slug = wanted.slug";

    let table = "wanted (tenant_id, slug)";
    for mut row in transaction.look_up(table, keys, select).await? {
        let (tenant_id, slug) = (TenantId(row.take()?), row.take::<String>()?);
        let owner = RoomId(row.take()?);
        let asked_by = asked_by.remove(&(tenant_id, slug.clone()));
        for room_id in asked_by.into_iter().flatten() {
            if let Some(locked) = rooms.get_mut((room_id, tenant_id)) {
                locked.aggregate.known.slugs.put(slug.clone(), owner);
            }
        }
    }

    Ok(())
}

/// Writes the rooms' own rows; `unkept` are those of which no keyframe was written.
pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
    unkept: &BTreeSet<RoomId>,
) -> Result<(), sqlx::Error> {
    heads(transaction, rooms, unkept).await?;
    settings(transaction, rooms).await
}

/// Moves the rooms' heads to where their logs end now.
async fn heads(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
    unkept: &BTreeSet<RoomId>,
) -> Result<(), sqlx::Error> {
    let rows = rooms
        .iter()
        .map(|room| {
            let (head, session) = (&room.aggregate.head, room.aggregate.session.as_ref());
            let is_kept = !unkept.contains(&room.aggregate.room.id);
            row![
                room.aggregate.room.id,
                head.seq,
                head.occurred_at,
                head.display_at,
                session.map(|session| session.id),
                if is_kept {
                    room.keyframe_seq
                } else {
                    room.kept_seq
                },
                head.epoch,
                head.wallets,
            ]
        })
        .collect();

    transaction
        .update(
            "v (id, head_seq, last_occurred_at, last_display_at, session_id, keyframe_seq, epoch, wallets)",
            rows,
            "UPDATE rooms SET head_seq = v.head_seq, last_occurred_at = v.last_occurred_at,
                 last_display_at = v.last_display_at, session_id = v.session_id,
                 keyframe_seq = v.keyframe_seq, epoch = v.epoch, wallets = v.wallets
             FROM v WHERE rooms.id = v.id",
        )
        .await?;

    Ok(())
}

/// Writes the rooms whose own fields changed, which is rare enough for a statement each.
async fn settings(transaction: &mut Transaction, rooms: &[Room<'_>]) -> Result<(), sqlx::Error> {
    for Room { aggregate, .. } in rooms.iter().filter(|room| room.aggregate.changes.room) {
        let room = &aggregate.room;
        let statement = Statement::new(
            "UPDATE rooms SET slug = $3, title = $4, stream_id = $5, state = $6, version = $7,
                 delay_ms = $8, ingest_offset_ms = $9, anonymous_read = $10, stage_size = $11,
                 program = $12, updated_at = $13, interruption_grace_ms = $14,
                 admission = $15, reference_currency = $16
             WHERE id = $1 AND tenant_id = $2",
        )
        .bind(room.id)
        .bind(room.tenant_id)
        .bind(room.slug.as_str())
        .bind(room.title.as_str())
        .bind(room.stream_id.as_deref())
        .bind(room.state.as_str())
        .bind(room.version)
        .bind(room.delay_ms)
        .bind(room.ingest_offset_ms)
        .bind(room.anonymous_read)
        .bind(room.stage_size)
        .bind(to_json(&room.program))
        .bind(room.updated_at)
        .bind(room.interruption_grace_ms)
        .bind(room.admission.as_str())
        .bind(room.reference_currency.as_str());
        transaction.execute(statement).await?;
    }

    Ok(())
}
