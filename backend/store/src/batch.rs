//! A batch of rooms under their locks: loaded, decided on by the caller, and written in sets.

mod delete;
mod load;
pub(crate) mod write;

use std::collections::BTreeMap;

use parlor_domain::event::Event;
use parlor_domain::id::{Epoch, ParticipantId, RoomId, TenantId, ViewerId};
use parlor_domain::room_aggregate::{
    Changes, ContributionRef, MessageKey, OnlineCount, RoomAggregate,
};
use parlor_domain::time::ServerTime;

use crate::due_work::{self, RoomEnd};
use crate::engine::Transaction;
use crate::{Store, StoreError};

/// The operation that the keys of contribution reports belong to.
pub(crate) const RECORD_CONTRIBUTION: &str = "record_contribution";

/// A room that a batch decides on, and what its commands need looked up.
#[derive(Debug, Clone)]
pub struct RoomNeeds {
    pub tenant_id: TenantId,
    pub room_id: RoomId,
    /// The keys of the reports.
    pub answers: Vec<MessageKey>,
    /// What the reports speak of.
    pub contributions: Vec<ContributionRef>,
    /// Those of them that a report would reverse.
    pub reversals: Vec<ContributionRef>,
    /// Who gave, as the reports say.
    pub viewers: Vec<ViewerId>,
    /// Who acts, and whether they are connected.
    pub actors: Vec<ViewerId>,
    /// Whom they act on.
    pub participants: Vec<ParticipantId>,
    /// Whether everyone on the stage, or on the way there, is acted on.
    pub stage: bool,
    /// Whether it matters that contributions were recorded.
    pub has_contributions: bool,
}

impl RoomNeeds {
    /// A room of which nothing is looked up beside its state.
    pub fn new(tenant_id: TenantId, room_id: RoomId) -> Self {
        Self {
            tenant_id,
            room_id,
            answers: Vec::new(),
            contributions: Vec::new(),
            reversals: Vec::new(),
            viewers: Vec::new(),
            actors: Vec::new(),
            participants: Vec::new(),
            stage: false,
            has_contributions: false,
        }
    }
}

/// Rooms under their locks. Dropped, it rolls back.
pub struct Batch {
    transaction: Transaction,
    rooms: BTreeMap<(RoomId, TenantId), Locked>,
}

/// A room under its lock, and where its last keyframe is.
struct Locked {
    aggregate: RoomAggregate,
    keyframe_seq: i64,
    /// When something in the room ran out of time, before the batch.
    deadline: Option<ServerTime>,
}

/// What a batch wrote about one room, to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    pub room_id: RoomId,
    pub epoch: Epoch,
    /// The events follow this position without a gap.
    pub after_seq: i64,
    pub events: Vec<Event>,
    /// Whether the room is gone.
    pub is_deleted: bool,
    /// When something in the room runs out of time if nothing more comes.
    pub deadline: Option<ServerTime>,
    pub online: OnlineCount,
    /// The position of the audit trail's last entry.
    pub audited: i64,
}

impl Store {
    /// Locks the rooms, and loads them with what is needed. Each room is named once.
    ///
    /// Fails with [`StoreError::Retry`] when another transaction was in the way.
    pub async fn begin(&self, needs: &[RoomNeeds]) -> Result<Batch, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let mut rooms = load::lock(&mut transaction, needs).await?;
        load::state(&mut transaction, &mut rooms).await?;
        load::known(&mut transaction, &mut rooms, needs).await?;
        load::contributions_of(&mut transaction, &mut rooms, needs).await?;

        Ok(Batch { transaction, rooms })
    }
}

impl Batch {
    /// The tenant's room, to decide on. `None` if the batch did not name it, if it is not there, or
    /// if it is not the tenant's.
    pub fn room(&mut self, tenant_id: TenantId, room_id: RoomId) -> Option<&mut RoomAggregate> {
        let locked = self.rooms.get_mut(&(room_id, tenant_id))?;
        Some(&mut locked.aggregate)
    }

    /// Writes what was changed, commits, and returns what to publish of each room that changed.
    /// When nothing was changed, nothing is written.
    pub async fn commit(mut self) -> Result<Vec<Committed>, StoreError> {
        self.rooms
            .retain(|_, locked| has_changes(&locked.aggregate.changes));
        if self.rooms.is_empty() {
            self.roll_back().await?;
            return Ok(Vec::new());
        }

        let aggregates = self.rooms.values().map(|locked| &locked.aggregate);
        for aggregate in aggregates.filter(|aggregate| aggregate.is_deleted()) {
            delete::room(&mut self.transaction, aggregate).await?;
        }
        let kept = self.rooms.values();
        let kept = kept.filter(|locked| !locked.aggregate.is_deleted());
        let rooms: Vec<_> = kept.map(write::Room::of).collect();
        write::heads(&mut self.transaction, &rooms).await?;
        write::settings(&mut self.transaction, &rooms).await?;
        write::changes(&mut self.transaction, &rooms).await?;
        let ends = self.rooms.values().filter_map(moved_end);
        due_work::write_room_ends(&mut self.transaction, ends).await?;
        self.transaction
            .commit()
            .await
            .map_err(StoreError::of_commit)?;

        Ok(self.rooms.into_values().map(committed).collect())
    }

    /// Gives the locks back and writes nothing.
    pub async fn roll_back(self) -> Result<(), StoreError> {
        Ok(self.transaction.roll_back().await?)
    }
}

fn has_changes(changes: &Changes) -> bool {
    let Changes {
        room,
        deleted,
        session,
        contributions,
        boarded,
        contributors,
        trains,
        train,
        answers,
        census,
        participants,
        presences,
        audit,
        events,
        deadline,
    } = changes;

    *room
        || *deleted
        || *train
        || *census
        || *deadline
        || !session.is_empty()
        || !contributions.is_empty()
        || !boarded.is_empty()
        || !contributors.is_empty()
        || !trains.is_empty()
        || !answers.is_empty()
        || !participants.is_empty()
        || !presences.is_empty()
        || !audit.is_empty()
        || !events.is_empty()
}

/// When the room runs out of time, where that is to be written.
fn moved_end(locked: &Locked) -> Option<RoomEnd> {
    let aggregate = &locked.aggregate;
    let due_at = aggregate.deadline();
    let is_moved = aggregate.changes.deadline || due_at != locked.deadline;

    (is_moved && !aggregate.is_deleted()).then_some(RoomEnd {
        room_id: aggregate.room.id,
        tenant_id: aggregate.room.tenant_id,
        due_at,
    })
}

fn committed(locked: Locked) -> Committed {
    let RoomAggregate {
        room,
        head,
        census,
        changes,
        ..
    } = &locked.aggregate;
    let count = i64::try_from(changes.events.len()).expect("a batch fits memory");
    let is_deleted = changes.deleted;

    Committed {
        room_id: room.id,
        epoch: head.epoch,
        after_seq: head.seq - count,
        is_deleted,
        deadline: locked.aggregate.deadline().filter(|_| !is_deleted),
        online: census.online,
        audited: census.audited,
        events: locked.aggregate.changes.events,
    }
}
