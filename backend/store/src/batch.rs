//! A batch of what is under its locks: loaded, decided on by the caller, claimed, and written in sets.
//!
//! There are two kinds of thing to decide on, tenants and rooms. Each kind has a line in [`Needs`], where
//! their order is that of the locks, and in [`Held`]. Each subject of a room has a file here with what
//! commands ask of it, how it is loaded and how it is written, and a line in [`load`] and in
//! [`write_all`].

mod answers;
mod claims;
mod connections;
mod contributions;
mod delete;
mod disputes;
mod draws;
mod log;
mod memberships;
mod needs;
mod people;
mod places;
mod points;
mod readable;
mod rewards;
mod rooms;
mod sessions;
mod settings;
mod tenants;
mod trains;
mod watching;
pub(crate) mod write;

use std::collections::BTreeSet;

use parlor_domain::event::Event;
use parlor_domain::id::{Epoch, RoomId, TenantId};
use parlor_domain::room_aggregate::{Changes, OnlineCount, RoomAggregate};
use parlor_domain::tenant_aggregate::TenantAggregate;
use parlor_domain::time::ServerTime;
use parlor_domain::wallet::WalletChanges;

use crate::due_work::expiry::Expiry;
use crate::due_work::{self, RoomEnd};
use crate::engine::Transaction;
use crate::{StaffHead, Store, StoreError};
use claims::Shared;
use rooms::{Locked, Rooms};
use tenants::Tenants;

pub use contributions::ContributionNeeds;
pub use disputes::{DisputeNeeds, Opening};
pub use needs::{Needs, RoomNeeds, TenantNeeds};
pub use people::PeopleNeeds;
pub use points::PointsNeeds;
pub use rewards::RewardNeeds;
pub(crate) use settings::{claim_slugs, release_slugs};

/// Tenants and rooms under their locks. Dropped, it rolls back.
pub struct Batch {
    transaction: Transaction,
    needs: Needs,
    shared: Shared,
    held: Held,
    has_claimed: bool,
    /// What is due by then is loaded as well.
    now: Option<ServerTime>,
}

/// A batch that is written and not committed yet, if there was anything to write. Dropped, it rolls
/// back.
pub struct Written(Option<(Transaction, Rooms)>);

/// A batch whose commands are decided at an instant that was taken under its locks.
pub struct Begun {
    pub batch: Batch,
    pub now: ServerTime,
    /// The rooms in which too much is due by then beside the others', for each of which there is another batch. This
    /// one is then for nothing, and is to be given back.
    pub crowded: BTreeSet<RoomId>,
}

/// What is locked, and loaded as it was asked for.
#[derive(Debug, Default)]
struct Held {
    tenants: Tenants,
    rooms: Rooms,
}

/// Why there is nothing to decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// The batch did not name it, it is not there, or it is not the tenant's.
    NotFound,
    /// What is stored of it cannot be read.
    Unreadable,
}

/// What of a thing cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    pub what: &'static str,
    pub error: String,
}

/// What to do about a row that another transaction has locked. On SQLite, which has one lock, there is
/// but waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenLocked {
    Wait,
    /// For who has waited before.
    Refuse,
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
    pub staff: StaffHead,
    /// What of people's wallets changed, if anything did.
    pub wallets: Option<WalletChanges>,
}

impl Store {
    /// Locks what is needed, and loads it.
    ///
    /// Fails with [`StoreError::Retry`] when another transaction was in the way.
    pub async fn begin(&self, needs: impl Into<Needs>) -> Result<Batch, StoreError> {
        let mut batch = self.lock(needs.into(), WhenLocked::Wait).await?;
        batch.load().await?;

        Ok(batch)
    }

    /// [Begins](Self::begin) at the instant that `clock` says once everything is locked, with everything known that is
    /// decided before any command: the entries of draws that are due by then.
    pub async fn begin_at(
        &self,
        needs: impl Into<Needs>,
        when_locked: WhenLocked,
        clock: impl FnOnce() -> ServerTime,
    ) -> Result<Begun, StoreError> {
        let mut batch = self.lock(needs.into(), when_locked).await?;
        let now = clock();
        batch.now = Some(now);
        let crowded = batch.load().await?;

        Ok(Begun {
            batch,
            now,
            crowded,
        })
    }

    async fn lock(&self, needs: Needs, when_locked: WhenLocked) -> Result<Batch, StoreError> {
        let mut transaction = self.engine.begin().await?;
        let held = Held::lock(&mut transaction, &needs, when_locked).await?;
        claim_slugs(&mut transaction, &settings::slugs(&needs.rooms)).await?;

        Ok(Batch {
            transaction,
            shared: Shared::of(needs.rooms.values()),
            needs,
            held,
            has_claimed: false,
            now: None,
        })
    }
}

impl WhenLocked {
    /// What makes a `SELECT` from `table` lock the rows it finds, on PostgreSQL. An UPDATE of many rows
    /// promises no order; here the rows are locked above the sort, and read as they are once they are
    /// locked.
    fn in_order_of_ids(self, table: &str) -> String {
        let otherwise = match self {
            Self::Wait => "",
            Self::Refuse => " NOWAIT",
        };

        format!("ORDER BY {table}.id FOR NO KEY UPDATE OF {table}{otherwise}")
    }
}

impl Held {
    async fn lock(
        transaction: &mut Transaction,
        needs: &Needs,
        when_locked: WhenLocked,
    ) -> Result<Self, sqlx::Error> {
        Ok(Self {
            tenants: tenants::lock(transaction, &needs.tenants, when_locked).await?,
            rooms: rooms::lock(transaction, &needs.rooms, when_locked).await?,
        })
    }
}

impl Batch {
    /// The tenant, to decide on.
    pub fn tenant(&mut self, id: TenantId) -> Result<&mut TenantAggregate, Absent> {
        self.held.tenants.find(id)
    }

    /// The tenant's room, to decide on.
    pub fn room(
        &mut self,
        tenant_id: TenantId,
        room_id: RoomId,
    ) -> Result<&mut RoomAggregate, Absent> {
        let key = (room_id, tenant_id);
        let rooms = &mut self.held.rooms;
        self.shared.tell(rooms, key);
        let locked = rooms.find(key)?;

        Ok(&mut locked.aggregate)
    }

    /// The rooms that cannot be read, whose commands are all refused.
    pub fn unreadable(&self) -> impl Iterator<Item = (RoomId, &Unreadable)> {
        let unreadable = self.held.rooms.unreadable();
        unreadable.map(|((room_id, _), unreadable)| (room_id, unreadable))
    }

    /// The tenants that cannot be read, likewise.
    pub fn unreadable_tenants(&self) -> impl Iterator<Item = (TenantId, &Unreadable)> {
        self.held.tenants.unreadable()
    }

    /// Claims the keys of what was decided. Returns whether all of them were free; if not, everything
    /// is again as it was loaded, knows who has the keys, and is to be decided on again.
    ///
    /// Ends, for each time one key more is known to be another's.
    pub async fn claim(&mut self) -> Result<bool, StoreError> {
        if claims::claim(&mut self.transaction, &self.held.rooms).await? {
            self.has_claimed = true;
            return Ok(true);
        }

        self.load_anew().await?;
        Ok(false)
    }

    /// Loads everything as it was, and what is needed since. What is locked stays so.
    async fn load_anew(&mut self) -> Result<(), StoreError> {
        self.held = Held::lock(&mut self.transaction, &self.needs, WhenLocked::Wait).await?;
        self.load().await?;

        Ok(())
    }

    /// Loads what commands need, and what is due. A later subject may depend on what an earlier one found.
    /// Returns the rooms in which too much is due beside the others'.
    async fn load(&mut self) -> Result<BTreeSet<RoomId>, sqlx::Error> {
        let transaction = &mut self.transaction;
        let Held { tenants, rooms } = &mut self.held;
        tenants::load(transaction, tenants, &self.needs.tenants).await?;
        rooms::state(transaction, rooms).await?;
        draws::load(transaction, rooms).await?;
        let crowded = self.now.map(|now| draws::expect(rooms, now));
        draws::due_entries(transaction, rooms).await?;
        settings::load(transaction, rooms).await?;
        answers::load(transaction, rooms).await?;
        contributions::load(transaction, rooms).await?;
        trains::load(transaction, rooms).await?;
        disputes::load(transaction, rooms).await?;
        people::load(transaction, rooms).await?;
        disputes::beside(transaction, rooms).await?;
        rewards::load(transaction, rooms).await?;
        draws::entries(transaction, rooms).await?;
        points::load(transaction, rooms).await?;
        watching::load(transaction, rooms).await?;
        memberships::load(transaction, rooms).await?;
        places::load(transaction, rooms).await?;
        connections::load(transaction, rooms).await?;

        Ok(crowded.unwrap_or_default())
    }

    /// [Writes](Self::write) and [commits](Written::commit).
    pub async fn commit(self) -> Result<Vec<Committed>, StoreError> {
        self.write().await?.commit().await
    }

    /// Writes what was changed. Whoever has not claimed before claims here, and is to try again if that
    /// fails.
    pub async fn write(mut self) -> Result<Written, StoreError> {
        let Held { tenants, rooms } = &mut self.held;
        tenants.retain(|aggregate| !aggregate.changes.is_empty());
        rooms.retain(|locked| has_changes(&locked.aggregate.changes));
        if tenants.is_empty() && rooms.is_empty() {
            self.roll_back().await?;
            return Ok(Written(None));
        }
        if !self.has_claimed && !claims::claim(&mut self.transaction, rooms).await? {
            self.roll_back().await?;
            return Err(StoreError::ClaimLost);
        }

        for locked in rooms.all_mut() {
            locked.aggregate.count_wallets();
        }
        tenants::write(&mut self.transaction, tenants).await?;
        let aggregates = rooms.all().map(|locked| &locked.aggregate);
        for aggregate in aggregates.filter(|aggregate| aggregate.is_deleted()) {
            delete::room(&mut self.transaction, aggregate).await?;
        }
        let kept = rooms.all();
        let kept = kept.filter(|locked| !locked.aggregate.is_deleted());
        let written: Vec<_> = kept.map(write::Room::of).collect();
        let unkept = write_all(&mut self.transaction, &written).await?;
        settings::write(&mut self.transaction, &written, &unkept).await?;
        let ends = rooms.all().filter_map(moved_end);
        due_work::write_room_ends(&mut self.transaction, ends).await?;
        let expiries = rooms.all().filter_map(expiry);
        due_work::expiry::write(&mut self.transaction, expiries).await?;
        release_slugs(&mut self.transaction, &settings::slugs(&self.needs.rooms)).await?;

        Ok(Written(Some((self.transaction, self.held.rooms))))
    }

    /// Gives the locks back and writes nothing.
    pub async fn roll_back(self) -> Result<(), StoreError> {
        Ok(self.transaction.roll_back().await?)
    }
}

impl Written {
    /// How many entries it appends to the books of its rooms: transfers, and minutes that were credited.
    pub fn book_entries(&self) -> usize {
        let rooms = self.0.iter().flat_map(|(_, rooms)| rooms.all());
        let changes = rooms.map(|locked| &locked.aggregate.changes);

        changes
            .map(|changes| changes.transfers.len() + changes.credits.len())
            .sum()
    }

    /// Commits, and returns what to publish of each room that changed. When nothing was changed, nothing
    /// is committed.
    pub async fn commit(self) -> Result<Vec<Committed>, StoreError> {
        let Some((transaction, rooms)) = self.0 else {
            return Ok(Vec::new());
        };
        transaction.commit().await.map_err(StoreError::of_commit)?;

        Ok(rooms.into_all().map(committed).collect())
    }
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
    memberships::write(transaction, rooms).await?;
    points::write(transaction, rooms).await?;
    watching::write(transaction, rooms).await?;
    rewards::write(transaction, rooms).await?;
    draws::write(transaction, rooms).await?;
    disputes::write(transaction, rooms).await?;
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
        newcomers: _,
        presences,
        audit,
        transfers,
        balances,
        credits,
        turnovers: _,
        holds: _,
        pages: _,
        earning,
        rewards,
        uses,
        redemptions,
        draws,
        disputes,
        memberships,
        first_told: _,
        events,
        deadline,
        ..
    } = changes;

    *room
        || *deleted
        || *train
        || *census
        || *deadline
        || *earning
        || !session.is_empty()
        || !contributions.is_empty()
        || !boarded.is_empty()
        || !contributors.is_empty()
        || !trains.is_empty()
        || !answers.is_empty()
        || !participants.is_empty()
        || !presences.is_empty()
        || !audit.is_empty()
        || !transfers.is_empty()
        || !balances.is_empty()
        || !credits.is_empty()
        || !rewards.is_empty()
        || !uses.is_empty()
        || !redemptions.is_empty()
        || !draws.is_empty()
        || !disputes.is_empty()
        || !memberships.is_empty()
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

/// When the room's redemptions are to be looked at, if the batch has moved that.
fn expiry(locked: &Locked) -> Option<Expiry> {
    let aggregate = &locked.aggregate;
    let due_at = aggregate
        .changes
        .expiry
        .filter(|_| !aggregate.is_deleted())?;

    Some(Expiry {
        room_id: aggregate.room.id,
        tenant_id: aggregate.room.tenant_id,
        due_at,
    })
}

fn committed(mut locked: Locked) -> Committed {
    let wallets = locked.aggregate.take_wallets();
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
        staff: StaffHead {
            audited: census.audited,
            queue: census.queue_changes,
            disputes: census.dispute_changes,
        },
        wallets,
        events: locked.aggregate.changes.events,
    }
}
