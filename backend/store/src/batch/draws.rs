//! The draws of a batch's rooms that take entries or are due, and the entries that decisions depend on.

use std::collections::BTreeSet;

use parlor_domain::id::{DrawId, RoomId};
use parlor_domain::points::MemberNumber;
use parlor_domain::reward::{ROOM_ENTRIES_MAX, Redemption};
use parlor_domain::time::ServerTime;

use super::rooms::{Locked, Rooms};
use super::write::{Room, each};
use crate::draw_row;
use crate::engine::Transaction;
use crate::reward_row::{self, REDEMPTION_COLUMNS};
use crate::sql::row;

/// Has the entries loaded of what is due at `now`, or by when somebody asked for, as far as one commit decides them all.
/// Returns the rooms whose entries it does not: never the first, for a room has no more than that.
pub(super) fn expect(rooms: &mut Rooms, now: ServerTime) -> BTreeSet<RoomId> {
    let (mut entries, mut crowded) = (0, BTreeSet::new());
    for locked in rooms.all_mut() {
        let by = locked.needs.rewards.draws_by;
        let by = by.map_or(now, |asked| asked.max(now));
        let due = locked.aggregate.draws_due(by);
        let due: i64 = due.map(|draw| draw.entries.max(1)).sum();
        if due == 0 {
            continue;
        }
        if entries > 0 && entries + due > ROOM_ENTRIES_MAX {
            crowded.insert(locked.needs.room_id);
            continue;
        }
        entries += due;
        locked.needs.rewards.entries_by = Some(by);
    }

    crowded
}

/// Loads open draws, by which it is known when a room runs out of time.
pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let having = rooms.all();
    let having = having.filter(|locked| locked.aggregate.census.open_draws > 0);
    let keys = having.map(|locked| row![locked.needs.room_id, locked.needs.tenant_id]);
    let columns = draw_row::COLUMNS;
    let text = format!(
        "SELECT draws.room_id, draws.tenant_id, {columns} FROM wanted CROSS JOIN draws
         WHERE draws.room_id = wanted.room_id AND draws.tenant_id = wanted.tenant_id
             AND draws.drawn_at IS NULL"
    );
    let table = "wanted (room_id, tenant_id)";
    let rows = transaction.look_up(table, keys.collect(), &text).await?;
    rooms.read_rows(rows, "draw", |locked, row| {
        let draw = draw_row::read(row)?;
        locked.aggregate.draws.insert(draw.reward_id, draw);
        Ok(())
    })?;
    for locked in rooms.all_mut() {
        locked.deadline = locked.aggregate.deadline();
    }

    Ok(())
}

/// Loads the entries of draws that are due, with whoever may win. Comes before the people and what is known by
/// redemptions.
pub(super) async fn due_entries(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let mut keys = Vec::new();
    for locked in rooms.all_mut() {
        let Some(by) = locked.needs.rewards.entries_by else {
            continue;
        };
        let due: Vec<_> = locked.aggregate.draws_due(by).map(|draw| draw.id).collect();
        for id in due {
            // Whoever wins what fulfills itself pays for it.
            locked.needs.points.ledger = true;
            locked.aggregate.known.entries.know_all_of(id);
            keys.push(row![locked.needs.room_id, locked.needs.tenant_id, id]);
        }
    }
    let text = format!(
        "SELECT redemptions.room_id, redemptions.tenant_id, {REDEMPTION_COLUMNS}
         FROM wanted CROSS JOIN redemptions
         WHERE redemptions.draw_id = wanted.draw_id AND redemptions.room_id = wanted.room_id
             AND redemptions.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, draw_id)";
    let rows = transaction.look_up(table, keys, &text).await?;
    rooms.read_rows(rows, "redemption", |locked, row| {
        put_entry(locked, reward_row::read_redemption(row)?);
        Ok(())
    })?;
    for locked in rooms.all_mut() {
        ask_who_may_win(locked);
    }

    Ok(())
}

fn put_entry(locked: &mut Locked, entry: Redemption) {
    let known = &mut locked.aggregate.known;
    if let Some(draw_id) = entry.draw_id {
        known.entries.put(draw_id, entry.member, entry.id);
    }
    known.redemptions.put(entry.id, entry);
}

/// Those who win are told of by their names. How many places there are is not known yet, nor whether a command of the
/// batch takes somebody out before, who would have won: each of them at most one of a draw.
fn ask_who_may_win(locked: &mut Locked) {
    let rewards = &locked.needs.rewards;
    let Some(by) = rewards.entries_by else {
        return;
    };
    let taken_out = rewards.redemptions.len() + rewards.entrants.len();
    let taken_out = i64::try_from(taken_out).expect("a batch fits memory");
    let aggregate = &locked.aggregate;
    let entries = aggregate.known.redemptions.found();
    let entries: Vec<_> = entries.map(|(_, one)| one).collect();
    for draw in aggregate.draws_due(by) {
        let of_draw = entries.iter().filter(|one| one.draw_id == Some(draw.id));
        let most = draw.winners_max() + taken_out;
        let first = draw.winners_of(of_draw.map(|one| one.id), most);
        let first: BTreeSet<_> = first.into_iter().collect();
        let people = entries.iter().filter(|one| first.contains(&one.id));
        let people = people.map(|one| one.participant_id);
        locked.needs.people.participants.extend(people);
    }
}

/// Loads what those have entered who order something of a draw, or are taken out of all of them. Comes after the
/// people.
pub(super) async fn entries(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    let mut keys = Vec::new();
    for locked in rooms.all_mut() {
        let asked = asked(locked);
        let (needs, entries) = (&locked.needs, &mut locked.aggregate.known.entries);
        for (draw_id, member) in asked {
            keys.push(row![needs.room_id, needs.tenant_id, draw_id, member.0]);
            entries.ask(draw_id, member);
        }
    }
    let text = format!(
        "SELECT redemptions.room_id, redemptions.tenant_id, {REDEMPTION_COLUMNS}
         FROM wanted CROSS JOIN redemptions
         WHERE redemptions.draw_id = wanted.draw_id AND redemptions.number = wanted.number
             AND redemptions.room_id = wanted.room_id AND redemptions.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, draw_id, number)";
    let rows = transaction.look_up(table, keys, &text).await?;
    rooms.read_rows(rows, "entry", |locked, row| {
        put_entry(locked, reward_row::read_redemption(row)?);
        Ok(())
    })
}

/// Whose entries matter, and of which draws.
fn asked(locked: &Locked) -> BTreeSet<(DrawId, MemberNumber)> {
    let (needs, aggregate) = (&locked.needs.rewards, &locked.aggregate);
    let people = &aggregate.known.people;
    let ordering = needs.orders.iter().filter_map(|(reward_id, viewer_id)| {
        let draw = aggregate.draws.get(reward_id)?;
        Some((draw.id, people.of_viewer(viewer_id)?.number))
    });
    let leaving = needs.entrants.iter().filter_map(|id| people.get(*id));
    let leaving = leaving.flat_map(|one| {
        let draws = aggregate.draws.values();
        draws.map(|draw| (draw.id, one.number))
    });

    ordering.chain(leaving).collect()
}

pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let draws = each(rooms, |aggregate| aggregate.changes.draws.values())
        .into_iter()
        .map(|(of, draw)| draw_row::draw_row(of.room.id, of.room.tenant_id, draw))
        .collect();
    transaction
        .insert(draw_row::INSERT, draws, draw_row::REPLACE)
        .await?;

    Ok(())
}
