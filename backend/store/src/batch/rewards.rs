//! The rewards of a batch's rooms, how often they were redeemed, and the redemptions.

use std::collections::BTreeSet;

use parlor_domain::id::{ParticipantId, RedemptionId, RewardId, ViewerId};
use parlor_domain::points::MemberNumber;
use parlor_domain::time::ServerTime;

use super::rooms::Rooms;
use super::write::{Room, each};
use crate::engine::Transaction;
use crate::reward_row::{self, REDEMPTION_COLUMNS, REWARD_COLUMNS};
use crate::sql::row;

/// What commands ask of rewards.
#[derive(Debug, Clone, Default)]
pub struct RewardNeeds {
    /// What is made, changed or redeemed.
    pub rewards: Vec<RewardId>,
    /// What is redeemed, and by whom, who is to be asked for as an actor as well.
    pub orders: Vec<(RewardId, ViewerId)>,
    /// What is settled, with the reward, its uses and the member's points.
    pub redemptions: Vec<RedemptionId>,
    /// Who is taken out of draws, with what they have entered. They are to be asked for as people as well.
    pub entrants: Vec<ParticipantId>,
    /// Which draws are held: those that are due by then.
    pub draws_by: Option<ServerTime>,
    /// Of which draws the entries are loaded, once it is known that they are not too many.
    pub(super) entries_by: Option<ServerTime>,
}

/// Loads redemptions first, for they say which rewards and members are concerned. Comes after the people.
pub(super) async fn load(
    transaction: &mut Transaction,
    rooms: &mut Rooms,
) -> Result<(), sqlx::Error> {
    redemptions(transaction, rooms).await?;
    rewards(transaction, rooms).await?;
    uses(transaction, rooms).await
}

async fn redemptions(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut keys = Vec::new();
    for locked in rooms.all_mut() {
        let ids: BTreeSet<_> = locked.needs.rewards.redemptions.iter().copied().collect();
        for id in ids {
            locked.aggregate.known.redemptions.ask(id);
            keys.push(row![locked.needs.room_id, locked.needs.tenant_id, id]);
        }
    }
    let text = format!(
        "SELECT redemptions.room_id, redemptions.tenant_id, {REDEMPTION_COLUMNS}
         FROM wanted CROSS JOIN redemptions
         WHERE redemptions.id = wanted.id AND redemptions.room_id = wanted.room_id
             AND redemptions.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, id)";
    let rows = transaction.look_up(table, keys, &text).await?;
    rooms.read_rows(rows, "redemption", |locked, row| {
        let redemption = reward_row::read_redemption(row)?;
        let known = &mut locked.aggregate.known;
        known.redemptions.put(redemption.id, redemption);
        Ok(())
    })
}

async fn rewards(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut keys = Vec::new();
    for locked in rooms.all_mut() {
        let needs = &locked.needs.rewards;
        let mut ids: BTreeSet<_> = needs.rewards.iter().copied().collect();
        // A draw may have no entry that names it.
        if let Some(by) = needs.entries_by {
            ids.extend(locked.aggregate.draws_due(by).map(|draw| draw.reward_id));
        }
        let known = &mut locked.aggregate.known;
        ids.extend(needs.orders.iter().map(|(id, _)| *id));
        ids.extend(known.redemptions.found().map(|(_, one)| one.reward_id));
        for id in ids {
            known.rewards.ask(id);
            keys.push(row![locked.needs.room_id, locked.needs.tenant_id, id]);
        }
    }
    let text = format!(
        "SELECT rewards.room_id, rewards.tenant_id, {REWARD_COLUMNS} FROM wanted CROSS JOIN rewards
         WHERE rewards.id = wanted.id AND rewards.room_id = wanted.room_id
             AND rewards.tenant_id = wanted.tenant_id"
    );
    let table = "wanted (room_id, tenant_id, id)";
    let rows = transaction.look_up(table, keys, &text).await?;
    rooms.read_rows(rows, "reward", |locked, row| {
        let reward = reward_row::read_reward(row)?;
        locked.aggregate.known.rewards.put(reward.id, reward);
        Ok(())
    })
}

async fn uses(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    let mut keys = Vec::new();
    for locked in rooms.all_mut() {
        let (needs, known) = (&locked.needs.rewards, &mut locked.aggregate.known);
        let ordering = |(id, viewer_id): &(RewardId, ViewerId)| {
            let participant = known.people.of_viewer(viewer_id)?;
            Some((*id, participant.number))
        };
        let mut wanted: BTreeSet<(RewardId, MemberNumber)> =
            needs.orders.iter().filter_map(ordering).collect();
        let settled = known.redemptions.found();
        wanted.extend(settled.map(|(_, one)| (one.reward_id, one.member)));
        for (id, member) in wanted {
            known.uses.ask((id, member));
            let (room_id, tenant_id) = (locked.needs.room_id, locked.needs.tenant_id);
            keys.push(row![room_id, tenant_id, id, member.0]);
        }
    }
    let text = "SELECT reward_uses.room_id, reward_uses.tenant_id, reward_uses.reward_id,
             reward_uses.number, reward_uses.session_id, reward_uses.count, reward_uses.last_at
         FROM wanted CROSS JOIN reward_uses
         WHERE reward_uses.reward_id = wanted.reward_id AND reward_uses.number = wanted.number
             AND reward_uses.room_id = wanted.room_id AND reward_uses.tenant_id = wanted.tenant_id";
    let table = "wanted (room_id, tenant_id, reward_id, number)";
    let rows = transaction.look_up(table, keys, text).await?;
    rooms.read_rows(rows, "reward's uses", |locked, row| {
        let of = (RewardId(row.take()?), MemberNumber(row.take_narrow()?));
        let uses = reward_row::read_uses(row)?;
        locked.aggregate.known.uses.put(of, uses);
        Ok(())
    })
}

pub(super) async fn write(
    transaction: &mut Transaction,
    rooms: &[Room<'_>],
) -> Result<(), sqlx::Error> {
    let rewards = each(rooms, |aggregate| aggregate.changes.rewards.values())
        .into_iter()
        .map(|(of, reward)| reward_row::reward_row(of.room.id, of.room.tenant_id, reward))
        .collect();
    let (insert, replace) = (reward_row::INSERT_REWARDS, reward_row::REPLACE_REWARDS);
    transaction.insert(insert, rewards, replace).await?;

    let uses = each(rooms, |aggregate| aggregate.changes.uses.iter())
        .into_iter()
        .map(|(of, (key, uses))| reward_row::uses_row(of.room.id, of.room.tenant_id, *key, *uses))
        .collect();
    let (insert, replace) = (reward_row::INSERT_USES, reward_row::REPLACE_USES);
    transaction.insert(insert, uses, replace).await?;

    let redemptions = each(rooms, |aggregate| aggregate.changes.redemptions.values())
        .into_iter()
        .map(|(of, one)| reward_row::redemption_row(of.room.id, of.room.tenant_id, one))
        .collect();
    let (insert, replace) = (
        reward_row::INSERT_REDEMPTIONS,
        reward_row::REPLACE_REDEMPTIONS,
    );
    transaction.insert(insert, redemptions, replace).await?;

    Ok(())
}
