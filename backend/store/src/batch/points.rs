//! The books of a batch's rooms: where they stand, what members have, and what was moved.

use std::collections::BTreeSet;

use parlor_domain::id::{ParticipantId, RoomId, TenantId};
use parlor_domain::points::{Given, Ledger, MemberNumber};
use parlor_domain::room_aggregate::{Changes, Known};
use parlor_domain::watching::{ViewerMinute, numbers_of};

use super::RoomNeeds;
use super::rooms::Rooms;
use super::write::{Room, each};
use crate::engine::Transaction;
use crate::sql::{Value, row};
use crate::transfer_row::{self, BALANCE_COLUMNS, LEDGER_COLUMNS};
use crate::turnover_row;

/// What commands ask of points.
#[derive(Debug, Clone, Default)]
pub struct PointsNeeds {
    /// Whether it matters where the books stand.
    pub ledger: bool,
    /// Whose points change. They are to be asked for as people as well.
    pub members: Vec<ParticipantId>,
    /// The pages of those who watched.
    pub pages: BTreeSet<u32>,
    /// The minutes of those whose devices reported.
    pub places: Vec<ViewerMinute>,
}

/// Loads where the books stand, and what those have whose points change. Comes after the people and the
/// redemptions, by which members are known.
pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let (mut ledgers, mut members) = (Vec::new(), Vec::new());
    for locked in rooms.all_mut().filter(|one| one.needs.points.ledger) {
        let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
        let known = &mut locked.aggregate.known;
        known.books.put_ledger(Ledger::empty(room_id));
        ledgers.push(row![room_id, tenant_id]);
        for member in members_of(&locked.needs, known) {
            known.books.ask(member);
            members.push(row![room_id, tenant_id, member.0]);
        }
    }

    let text = format!(
        "SELECT ledgers.room_id, ledgers.tenant_id, {LEDGER_COLUMNS}
         FROM wanted CROSS JOIN ledgers
         WHERE ledgers.room_id = wanted.room_id AND ledgers.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id)";
    let rows = transaction.look_up(table, ledgers, &text).await?;
    rooms.read_rows(rows, "books", |locked, row| {
        let ledger = transfer_row::read_ledger(row)?;
        locked.aggregate.known.books.put_ledger(ledger);
        Ok(())
    })?;

    let text = format!(
        "SELECT balances.room_id, balances.tenant_id, {BALANCE_COLUMNS}
         FROM wanted CROSS JOIN balances
         WHERE balances.room_id = wanted.room_id AND balances.number = wanted.number
             AND balances.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, number)";
    let rows = transaction.look_up(table, members, &text).await?;
    rooms.read_rows(rows, "balance", |locked, row| {
        let (member, given) = transfer_row::read_given(row)?;
        locked.aggregate.known.books.put(member, given);
        Ok(())
    })?;

    load_debtors(transaction, rooms).await
}

/// Loads what those have who owe something, of the pages of whoever watched. In a room where nobody owes anything
/// nobody is looked for.
async fn load_debtors(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut pages = Vec::new();
    for locked in rooms.all().filter(|one| one.needs.points.ledger) {
        let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
        if locked.aggregate.known.books.ledger().owed > 0 {
            let of_room = locked.needs.points.pages.iter();
            pages.extend(of_room.map(|page| {
                let members = numbers_of(*page);
                row![room_id, tenant_id, members.start().0, members.end().0]
            }));
        }
    }

    let text = format!(
        "SELECT balances.room_id, balances.tenant_id, {BALANCE_COLUMNS}
         FROM wanted CROSS JOIN balances
         WHERE balances.room_id = wanted.room_id AND balances.number >= wanted.first_number
             AND balances.number <= wanted.last_number AND balances.debt > 0
             AND balances.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, first_number, last_number)";
    let rows = transaction.look_up(table, pages, &text).await?;
    rooms.read_rows(rows, "debt", |locked, row| {
        let (member, given) = transfer_row::read_given(row)?;
        locked.aggregate.known.books.put(member, given);
        Ok(())
    })
}

pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let transfers = each(rooms, |aggregate| aggregate.changes.transfers.iter())
        .into_iter()
        .map(|(of, (transfer, link))| {
            transfer_row::row(of.room.id, of.room.tenant_id, transfer, *link)
        })
        .collect();
    transaction
        .insert(transfer_row::INSERT, transfers, "")
        .await?;

    let balances = each(rooms, |aggregate| aggregate.changes.balances.iter())
        .into_iter()
        .map(|(of, (member, given))| balance_row(of.room.id, of.room.tenant_id, *member, *given))
        .collect();
    let insert = "INSERT INTO balances (room_id, tenant_id, number, points, held, debt, lines) ";
    let replace = " ON CONFLICT (room_id, number) DO UPDATE SET
        points = excluded.points, held = excluded.held, debt = excluded.debt, lines = excluded.lines";
    transaction.insert(insert, balances, replace).await?;

    let turnovers = each(rooms, |aggregate| aggregate.changes.turnovers.iter())
        .into_iter()
        .map(|(of, (key, moved))| turnover_row::row(of.room.id, of.room.tenant_id, key, moved))
        .collect();
    let (insert, add) = (turnover_row::INSERT, turnover_row::ADD);
    transaction.insert(insert, turnovers, add).await?;

    let ledgers = rooms
        .iter()
        .map(|room| room.aggregate)
        .filter(|aggregate| moves_head(&aggregate.changes))
        .map(|of| {
            let ledger = of.known.books.ledger();
            transfer_row::ledger_row(of.room.id, of.room.tenant_id, ledger)
        })
        .collect();
    let (insert, replace) = (transfer_row::INSERT_LEDGERS, transfer_row::REPLACE_LEDGERS);
    transaction.insert(insert, ledgers, replace).await?;

    Ok(())
}

fn moves_head(changes: &Changes) -> bool {
    changes.holds || !changes.turnovers.is_empty()
}

/// Whose points change: whoever is granted or charged some, who redeems, and whose redemption is settled.
fn members_of(needs: &RoomNeeds, known: &Known) -> BTreeSet<MemberNumber> {
    let named = needs.points.members.iter();
    let named = named.filter_map(|id| known.people.get(*id));
    let ordering = needs.rewards.orders.iter();
    let ordering = ordering.filter_map(|(_, viewer_id)| known.people.of_viewer(viewer_id));
    let settled = known.redemptions.found().map(|(_, one)| one.member);

    let people = named.chain(ordering).map(|participant| participant.number);
    people.chain(settled).collect()
}

fn balance_row(
    room_id: RoomId,
    tenant_id: TenantId,
    member: MemberNumber,
    given: Given,
) -> Vec<Value> {
    row![
        room_id,
        tenant_id,
        member.0,
        given.points,
        given.held,
        given.debt,
        given.lines,
    ]
}
