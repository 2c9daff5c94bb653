//! A batch of rooms under their locks: loaded, decided on by the caller, claimed, and written in sets.
//!
//! Each subject has a file here with what commands ask of it, how it is loaded and how it is written,
//! and a line in [`load`] and in [`write_all`].

mod claims;
mod connections;
mod contributions;
mod delete;
mod log;
mod people;
mod rooms;
mod sessions;
mod settings;
mod trains;
pub(crate) mod write;

use std::collections::BTreeSet;

use parlor_domain::event::Event;
use parlor_domain::id::{Epoch, RoomId, TenantId};
use parlor_domain::room_aggregate::{Changes, OnlineCount, RoomAggregate};
use parlor_domain::time::ServerTime;

use crate::due_work::{self, RoomEnd};
use crate::engine::Transaction;
use crate::{Store, StoreError};
use claims::Shared;
use rooms::{Locked, Rooms, WhenLocked};

pub use contributions::ContributionNeeds;
pub use people::PeopleNeeds;
pub use rooms::Unreadable;
pub(crate) use settings::{claim_slugs, release_slugs};

/// A room that a batch decides on, and what its commands need looked up.
#[derive(Debug, Clone)]
pub struct RoomNeeds {
    pub tenant_id: TenantId,
    pub room_id: RoomId,
    pub contributions: ContributionNeeds,
    pub people: PeopleNeeds,
    /// What the room may be called, as far as it may be a slug at all.
    pub slugs: Vec<String>,
}

impl RoomNeeds {
    /// A room of which nothing is looked up beside its state.
    pub fn new(tenant_id: TenantId, room_id: RoomId) -> Self {
        Self {
            tenant_id,
            room_id,
            contributions: ContributionNeeds::default(),
            people: PeopleNeeds::default(),
            slugs: Vec::new(),
        }
    }
}

/// Rooms under their locks. Dropped, it rolls back.
pub struct Batch {
    transaction: Transaction,
    needs: Vec<RoomNeeds>,
    shared: Shared,
    rooms: Rooms,
    has_claimed: bool,
}

/// Why there is nothing to decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRoom {
    /// The batch did not name it, it is not there, or it is not the tenant's.
    NotFound,
    /// What is stored of it cannot be read.
    Unreadable,
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
        self.begin_when(needs, WhenLocked::Wait).await
    }

    /// [Begins](Self::begin), and waits for no room that is locked elsewhere: for who has waited before.
    pub async fn begin_at_once(&self, needs: &[RoomNeeds]) -> Result<Batch, StoreError> {
        self.begin_when(needs, WhenLocked::Refuse).await
    }

    async fn begin_when(
        &self,
        needs: &[RoomNeeds],
        when_locked: WhenLocked,
    ) -> Result<Batch, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let mut rooms = rooms::lock(&mut transaction, needs, when_locked).await?;
        claim_slugs(&mut transaction, &settings::slugs(needs)).await?;
        load(&mut transaction, &mut rooms).await?;

        Ok(Batch {
            transaction,
            needs: needs.to_vec(),
            shared: Shared::of(needs),
            rooms,
            has_claimed: false,
        })
    }
}

impl Batch {
    /// The tenant's room, to decide on.
    pub fn room(
        &mut self,
        tenant_id: TenantId,
        room_id: RoomId,
    ) -> Result<&mut RoomAggregate, NoRoom> {
        let key = (room_id, tenant_id);
        self.shared.tell(&mut self.rooms, key);
        if self.rooms.unreadable().contains_key(&key) {
            return Err(NoRoom::Unreadable);
        }

        let locked = self.rooms.get_mut(key).ok_or(NoRoom::NotFound)?;
        Ok(&mut locked.aggregate)
    }

    /// The rooms that cannot be read, whose commands are all refused.
    pub fn unreadable(&self) -> impl Iterator<Item = (RoomId, &Unreadable)> {
        let unreadable = self.rooms.unreadable().iter();
        unreadable.map(|((room_id, _), unreadable)| (*room_id, unreadable))
    }

    /// Claims the keys of what was decided. Returns whether all of them were free; if not, the rooms
    /// are again as they were loaded, know who has the keys, and are to be decided on again.
    ///
    /// Ends, for each time one key more is known to be another's.
    pub async fn claim(&mut self) -> Result<bool, StoreError> {
        if claims::claim(&mut self.transaction, &self.rooms).await? {
            self.has_claimed = true;
            return Ok(true);
        }

        self.rooms = rooms::lock(&mut self.transaction, &self.needs, WhenLocked::Wait).await?;
        load(&mut self.transaction, &mut self.rooms).await?;
        Ok(false)
    }

    /// Writes what was changed, commits, and returns what to publish of each room that changed.
    /// When nothing was changed, nothing is written. Whoever has not claimed before claims here, and
    /// is to try again if that fails.
    pub async fn commit(mut self) -> Result<Vec<Committed>, StoreError> {
        self.rooms
            .retain(|locked| has_changes(&locked.aggregate.changes));
        if self.rooms.all().next().is_none() {
            self.roll_back().await?;
            return Ok(Vec::new());
        }
        if !self.has_claimed && !claims::claim(&mut self.transaction, &self.rooms).await? {
            self.roll_back().await?;
            return Err(StoreError::ClaimLost);
        }

        let aggregates = self.rooms.all().map(|locked| &locked.aggregate);
        for aggregate in aggregates.filter(|aggregate| aggregate.is_deleted()) {
            delete::room(&mut self.transaction, aggregate).await?;
        }
        let kept = self.rooms.all();
        let kept = kept.filter(|locked| !locked.aggregate.is_deleted());
        let rooms: Vec<_> = kept.map(write::Room::of).collect();
        let unkept = write_all(&mut self.transaction, &rooms).await?;
        settings::write(&mut self.transaction, &rooms, &unkept).await?;
        let ends = self.rooms.all().filter_map(moved_end);
        due_work::write_room_ends(&mut self.transaction, ends).await?;
        release_slugs(&mut self.transaction, &settings::slugs(&self.needs)).await?;
        self.transaction
            .commit()
            .await
            .map_err(StoreError::of_commit)?;

        Ok(self.rooms.into_all().map(committed).collect())
    }

    /// Gives the locks back and writes nothing.
    pub async fn roll_back(self) -> Result<(), StoreError> {
        Ok(self.transaction.roll_back().await?)
    }
}

/// Loads what the rooms' commands need. A later subject may depend on what an earlier one found.
async fn load(transaction: &mut Transaction, rooms: &mut Rooms) -> Result<(), sqlx::Error> {
    rooms::state(transaction, rooms).await?;
    settings::load(transaction, rooms).await?;
    contributions::load(transaction, rooms).await?;
    trains::load(transaction, rooms).await?;
    people::load(transaction, rooms).await?;
    connections::load(transaction, rooms).await
}

/// Writes everything that changed outside the rooms' own rows and what was claimed. Returns the rooms
/// whose keyframe, which was due, could not be written.
pub(crate) async fn write_all(
    transaction: &mut Transaction,
    rooms: &[write::Room<'_>],
) -> Result<BTreeSet<RoomId>, sqlx::Error> {
    sessions::write(transaction, rooms).await?;
    contributions::write(transaction, rooms).await?;
    trains::write(transaction, rooms).await?;
    people::write(transaction, rooms).await?;
    connections::write(transaction, rooms).await?;
    log::write(transaction, rooms).await
}

fn has_changes(changes: &Changes) -> bool {
    let Changes {
        room,
        deleted,
        session,
        contributions,
        first_reported: _,
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
        ..
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
