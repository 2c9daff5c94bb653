//! Contributions: looked up, claimed, written.
//!
//! A contribution's reference is one room's for ever. What a batch makes is inserted under it before anything
//! else is written, in the order of the references; see [`super::claims`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parlor_domain::id::{RoomId, TenantId, ViewerId};
use parlor_domain::rates::RateTable;
use parlor_domain::room_aggregate::{ContributionRef, Reported};

use super::rooms::Rooms;
use super::write::{Room, each};
use crate::engine::Transaction;
use crate::sql::{from_json, row};
use crate::{contribution_row, tenants};

/// What commands ask of contributions.
#[derive(Debug, Clone, Default)]
pub struct ContributionNeeds {
    /// What the reports speak of.
    pub reported: Vec<ContributionRef>,
    /// Those of them that a report would reverse.
    pub reversals: Vec<ContributionRef>,
    /// Who gave, as the reports say.
    pub viewers: Vec<ViewerId>,
    /// Whether it matters that contributions or memberships were recorded.
    pub any: bool,
}

pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    reported(transaction, rooms).await?;
    rates(transaction, rooms).await?;
    any(transaction, rooms).await
}

async fn reported(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut wanted = BTreeSet::new();
    for locked in rooms.all_mut() {
        let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
        for of in &locked.needs.contributions.reported {
            locked.aggregate.known.contributions.ask(of.clone());
            wanted.insert((tenant_id, room_id, of));
        }
    }
    let keys = wanted
        .into_iter()
        .map(|(tenant_id, room_id, of)| {
            let (provider, contribution_ref) = (of.provider.as_str(), of.contribution_ref.as_str());
            row![tenant_id, room_id, provider, contribution_ref]
        })
        .collect();
    let columns = contribution_row::columns("contributions");
    let text = format!(
        "SELECT wanted.room_id, wanted.tenant_id, wanted.provider, wanted.contribution_ref,
             contributions.room_id, {columns}
         FROM wanted CROSS JOIN contributions
         WHERE contributions.tenant_id = wanted.tenant_id
             AND contributions.provider = wanted.provider
             AND contributions.contribution_ref = wanted.contribution_ref"
    );

    let table = "wanted (tenant_id, room_id, provider, contribution_ref)";
    let rows = transaction.look_up(table, keys, &text).await?;
    rooms.read_rows(rows, "contribution", |locked, row| {
        let reference = ContributionRef {
            provider: row.take()?,
            contribution_ref: row.take()?,
        };
        let is_here = RoomId(row.take()?) == locked.needs.room_id;
        let reported = if is_here {
            Reported::Here(Box::new(contribution_row::read(row)?))
        } else {
            Reported::Elsewhere
        };
        let known = &mut locked.aggregate.known;
        known.contributions.put(reference, reported);
        Ok(())
    })
}

/// Loads the rates of the tenants to whose rooms something is reported, which may have to be weighed.
async fn rates(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut reported_to: BTreeMap<TenantId, Vec<_>> = BTreeMap::new();
    for locked in rooms.all() {
        let needs = &locked.needs;
        if !needs.contributions.reported.is_empty() {
            let rooms = reported_to.entry(needs.tenant_id).or_default();
            rooms.push((needs.room_id, needs.tenant_id));
        }
    }
    let ids: Vec<_> = reported_to.keys().copied().collect();
    for mut row in tenants::select_rates(transaction, &ids).await? {
        let tenant_id = TenantId(row.take()?);
        let text: String = row.take()?;
        let table = from_json::<RateTable>(&text).map(Arc::new);
        for key in reported_to.remove(&tenant_id).into_iter().flatten() {
            rooms.read_into(key, "currency rates", |locked| {
                locked.aggregate.known.rates = Some(match &table {
                    Ok(table) => Arc::clone(table),
                    // An error is each room's own.
                    Err(_) => Arc::new(from_json(&text)?),
                });
                Ok(())
            })?;
        }
    }

    Ok(())
}

/// Loads whether contributions or memberships were recorded, where that matters.
async fn any(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut keys = Vec::new();
    for locked in rooms.all_mut().filter(|one| one.needs.contributions.any) {
        locked.aggregate.known.has_contributions = Some(false);
        keys.push(row![locked.needs.room_id, locked.needs.tenant_id]);
    }
    let text = "SELECT wanted.room_id, wanted.tenant_id FROM wanted
        WHERE EXISTS (SELECT 1 FROM contributions c WHERE c.room_id = wanted.room_id)
            OR EXISTS (SELECT 1 FROM memberships m WHERE m.room_id = wanted.room_id)";
    let table = "wanted (room_id, tenant_id)";
    let rows = transaction.look_up(table, keys, text).await?;
    rooms.read_rows(rows, "contributions", |locked, _| {
        locked.aggregate.known.has_contributions = Some(true);
        Ok(())
    })
}

/// Whether there is anything to claim.
pub(super) fn claims_something(rooms: &Rooms) -> bool {
    let mut rooms = rooms.all();
    rooms.any(|locked| !locked.aggregate.changes.first_reported.is_empty())
}

/// Inserts what the batch reports first. Returns whether all of it was free.
pub(super) async fn claim(
    transaction: &mut Transaction,
    rooms: &Rooms,
) -> Result<bool, sqlx::Error> {
    let mut reported = BTreeMap::new();
    for of in rooms.all().map(|locked| &locked.aggregate) {
        let (room_id, tenant_id) = (of.room.id, of.room.tenant_id);
        for id in &of.changes.first_reported {
            let one = &of.changes.contributions[id];
            let key = (tenant_id, &one.provider, &one.contribution_ref);
            reported.insert(key, (room_id, one));
        }
    }

    let first = reported.len();
    let reported = reported
        .into_iter()
        .map(|((tenant_id, ..), (room_id, one))| contribution_row::row(room_id, tenant_id, one))
        .collect();
    let (insert, free) = (contribution_row::INSERT, contribution_row::IF_FREE);
    Ok(transaction.insert(insert, reported, free).await? == first)
}

/// Writes what became of contributions that were there before.
pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let changed = each(rooms, |aggregate| aggregate.changes.contributions.values())
        .into_iter()
        .filter(|(of, one)| !of.changes.first_reported.contains(&one.id))
        .map(|(of, one)| contribution_row::changed_row(of.room.tenant_id, one))
        .collect();
    let (table, update) = (contribution_row::CHANGED, contribution_row::UPDATE);
    transaction.update(table, changed, update).await?;

    let boarded = each(rooms, |aggregate| aggregate.changes.boarded.iter())
        .into_iter()
        .filter(|(of, (id, _))| !of.changes.contributions.contains_key(id))
        .map(|(of, (id, train_id))| row![*id, of.room.tenant_id, *train_id])
        .collect();
    let board = "UPDATE contributions SET train_id = v.train_id FROM v
        WHERE contributions.id = v.id AND contributions.tenant_id = v.tenant_id";
    transaction
        .update("v (id, tenant_id, train_id)", boarded, board)
        .await?;

    Ok(())
}
