//! Paid memberships: looked up, claimed, written, and found by the members whose minutes are credited.
//!
//! A membership's reference is one room's for ever, as a contribution's is.

use std::collections::{BTreeMap, BTreeSet};

use parlor_domain::id::RoomId;
use parlor_domain::points::MemberNumber;
use parlor_domain::room_aggregate::{MembershipRef, ToldOf};
use parlor_domain::time::ServerTime;
use parlor_domain::watching::{LATE_MAX_MS, numbers_of, page_of};

use super::rooms::Rooms;
use super::write::{Room, each};
use crate::contribution_row::read_viewer_id;
use crate::engine::Transaction;
use crate::membership_row::{self, COLUMNS, SPAN_COLUMNS};
use crate::sql::row;

/// How far behind the room's newest event a time may lie that is still asked for: more than the oldest minute that is
/// credited.
const KEPT_MS: i64 = 4 * LATE_MAX_MS;

pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    told(transaction, rooms).await?;
    tiers(transaction, rooms).await?;
    own_tiers(transaction, rooms).await
}

async fn told(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut wanted = BTreeSet::new();
    for locked in rooms.all_mut() {
        let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
        for of in &locked.needs.memberships {
            locked.aggregate.known.memberships.ask(of.clone());
            wanted.insert((tenant_id, room_id, of));
        }
    }
    let keys = wanted
        .into_iter()
        .map(|(tenant_id, room_id, of)| {
            let (provider, membership_ref) = (of.provider.as_str(), of.membership_ref.as_str());
            row![tenant_id, room_id, provider, membership_ref]
        })
        .collect();
    let text = format!(
        "SELECT wanted.room_id, wanted.tenant_id, memberships.room_id, {COLUMNS}
         FROM wanted CROSS JOIN memberships
         WHERE memberships.tenant_id = wanted.tenant_id
             AND memberships.provider = wanted.provider
             AND memberships.membership_ref = wanted.membership_ref"
    );

    let table = "wanted (tenant_id, room_id, provider, membership_ref)";
    let rows = transaction.look_up(table, keys, &text).await?;
    rooms.read_rows(rows, "membership", |locked, row| {
        let is_here = RoomId(row.take()?) == locked.needs.room_id;
        let membership = membership_row::read(row)?;
        let reference = MembershipRef {
            provider: membership.provider.clone(),
            membership_ref: membership.membership_ref.clone(),
        };
        let told = if is_here {
            ToldOf::Here(Box::new(membership))
        } else {
            ToldOf::Elsewhere
        };
        locked.aggregate.known.memberships.put(reference, told);
        Ok(())
    })
}

/// Loads who of the pages of those who watched is of which tier, and when.
async fn tiers(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut pages = Vec::new();
    for locked in rooms.all_mut() {
        let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
        let since = since(locked.aggregate.head.occurred_at);
        for page in &locked.needs.points.pages {
            locked.aggregate.known.tiers.ask(*page);
            let members = numbers_of(*page);
            let (first, last) = (members.start().0, members.end().0);
            pages.push(row![room_id, tenant_id, first, last, since]);
        }
    }
    let text = format!(
        "SELECT membership_spans.room_id, membership_spans.tenant_id, membership_spans.number, {SPAN_COLUMNS}
         FROM wanted CROSS JOIN membership_spans
         WHERE membership_spans.room_id = wanted.room_id
             AND membership_spans.number >= wanted.first_number
             AND membership_spans.number <= wanted.last_number
             AND membership_spans.ends_at > wanted.since
             AND membership_spans.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, first_number, last_number, since)";
    let rows = transaction.look_up(table, pages, &text).await?;
    rooms.read_rows(rows, "membership", |locked, row| {
        let member = MemberNumber(row.take_narrow()?);
        let (id, span) = membership_row::read_span(row)?;
        let (tiers, page) = (&mut locked.aggregate.known.tiers, page_of(member));
        let mut of_page = tiers.take(&page).unwrap_or_default();
        of_page.entry(member).or_default().push((id, span));
        tiers.put(page, of_page);
        Ok(())
    })
}

/// Loads who is of which tier of those who redeem what is for paying members, or is being changed. By who they are, for
/// who joins in this batch has no number yet.
async fn own_tiers(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut wanted = BTreeSet::new();
    for locked in rooms.all_mut() {
        let (needs, aggregate) = (&locked.needs.rewards, &mut locked.aggregate);
        let since = since(aggregate.head.occurred_at);
        for (reward_id, viewer_id) in &needs.orders {
            let may_ask = needs.rewards.contains(reward_id) || aggregate.asks_for_tier(*reward_id);
            if may_ask {
                aggregate.known.own_tiers.ask(viewer_id.clone());
                let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
                wanted.insert((room_id, tenant_id, viewer_id, since));
            }
        }
    }
    let keys = wanted
        .into_iter()
        .map(|(room_id, tenant_id, viewer_id, since)| {
            row![room_id, tenant_id, viewer_id.as_str(), since]
        })
        .collect();
    let text = format!(
        "SELECT membership_spans.room_id, membership_spans.tenant_id, membership_spans.viewer_id, {SPAN_COLUMNS}
         FROM wanted CROSS JOIN membership_spans
         WHERE membership_spans.tenant_id = wanted.tenant_id
             AND membership_spans.viewer_id = wanted.viewer_id
             AND membership_spans.room_id = wanted.room_id
             AND membership_spans.ends_at > wanted.since"
    );
    let table = "wanted (room_id, tenant_id, viewer_id, since)";
    let rows = transaction.look_up(table, keys, &text).await?;
    rooms.read_rows(rows, "membership", |locked, row| {
        let viewer_id = read_viewer_id(&row.take::<String>()?)?;
        let span = membership_row::read_span(row)?;
        let own_tiers = &mut locked.aggregate.known.own_tiers;
        let mut own = own_tiers.take(&viewer_id).unwrap_or_default();
        own.push(span);
        own_tiers.put(viewer_id, own);
        Ok(())
    })
}

fn since(newest: ServerTime) -> ServerTime {
    newest.plus_millis(-KEPT_MS)
}

/// Whether there is anything to claim.
pub(super) fn claims_something(rooms: &Rooms) -> bool {
    let mut rooms = rooms.all();
    rooms.any(|locked| !locked.aggregate.changes.first_told.is_empty())
}

/// Inserts what the batch is told of first. Returns whether all of it was free.
pub(super) async fn claim(
    transaction: &mut Transaction,
    rooms: &Rooms,
) -> Result<bool, sqlx::Error> {
    let mut told = BTreeMap::new();
    for of in rooms.all().map(|locked| &locked.aggregate) {
        for id in &of.changes.first_told {
            let (_, one) = &of.changes.memberships[id];
            let key = (of.room.tenant_id, &one.provider, &one.membership_ref);
            told.insert(key, (of.room.id, one));
        }
    }

    let first = told.len();
    let told = told
        .into_iter()
        .map(|((tenant_id, ..), (room_id, one))| membership_row::row(room_id, tenant_id, one))
        .collect();
    let (insert, free) = (membership_row::INSERT, membership_row::IF_FREE);
    Ok(transaction.insert(insert, told, free).await? == first)
}

/// Writes what became of memberships, and when they hold. Comes behind the people: whoever joins has a number from then
/// on.
pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let changed = || each(rooms, |aggregate| aggregate.changes.memberships.values());
    let rows = changed()
        .into_iter()
        .filter(|(of, (_, one))| !of.changes.first_told.contains(&one.id))
        .map(|(of, (_, one))| membership_row::changed_row(of.room.tenant_id, one))
        .collect();
    let (table, update) = (membership_row::CHANGED, membership_row::UPDATE);
    transaction.update(table, rows, update).await?;

    let ids = changed().into_iter().map(|(_, (_, one))| row![one.id]);
    let delete =
        "DELETE FROM membership_spans WHERE membership_id IN (SELECT membership_id FROM v)";
    transaction
        .update("v (membership_id)", ids.collect(), delete)
        .await?;
    let spans = changed()
        .into_iter()
        .flat_map(|(of, (number, one))| {
            let since = since(of.head.occurred_at);
            membership_row::span_rows(of.room.id, of.room.tenant_id, *number, one, since)
        })
        .collect();
    transaction
        .insert(membership_row::INSERT_SPANS, spans, "")
        .await?;

    let newcomers = each(rooms, |aggregate| aggregate.changes.newcomers.iter())
        .into_iter()
        .map(|(of, (viewer_id, (_, number)))| {
            row![
                of.room.tenant_id,
                of.room.id,
                viewer_id.as_str(),
                i64::from(number.0)
            ]
        })
        .collect();
    let number = "UPDATE membership_spans SET number = v.number FROM v
        WHERE membership_spans.tenant_id = v.tenant_id AND membership_spans.viewer_id = v.viewer_id
            AND membership_spans.room_id = v.room_id";
    transaction
        .update(
            "v (tenant_id, room_id, viewer_id, number)",
            newcomers,
            number,
        )
        .await?;

    Ok(())
}
