//! What may be one room's only: keys, references, slugs, and places of those who watch.
//!
//! A batch decides on what it has looked up, and then claims what it decided, by inserting it where
//! it is free. Locks come first, claims after them, slugs before answers before contributions before
//! memberships before places, and each of these in the order of the keys; so transactions wait for one
//! another and never in a circle. What somebody else took in between is seen after going back to before the
//! first claim: the rooms, which stay locked, are looked up and decided on again, with the conflict
//! as something known. Only what is accepted is ever claimed, so a refusal leaves no trace.
//!
//! SQLite has one transaction that writes, so there nothing is taken in between.
//!
//! Two rooms of one batch may want the same. No lookup shows that, so the room that comes second is
//! told of the first.

use std::collections::HashMap;
use std::hash::Hash;

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room_aggregate::{
    AnswerKey, ContributionRef, MembershipRef, Reported, RoomAggregate, ToldOf,
};
use parlor_domain::watching::{ViewerMinute, WATCHED_ROOMS_MAX};

use super::rooms::{RoomKey, Rooms};
use super::{RoomNeeds, answers, contributions, memberships, places};
use crate::engine::Transaction;
use crate::set::Dialect;
use crate::sql::Statement;

/// What several rooms of a batch want, with the rooms that do.
#[derive(Debug, Default)]
pub(super) struct Shared {
    answers: HashMap<(TenantId, AnswerKey), Vec<RoomId>>,
    reported: HashMap<(TenantId, ContributionRef), Vec<RoomId>>,
    memberships: HashMap<(TenantId, MembershipRef), Vec<RoomId>>,
    slugs: HashMap<(TenantId, String), Vec<RoomId>>,
    places: HashMap<(TenantId, ViewerMinute), Vec<RoomId>>,
}

impl Shared {
    pub(super) fn of<'a>(rooms: impl ExactSizeIterator<Item = &'a RoomNeeds> + Clone) -> Self {
        if rooms.len() < 2 {
            return Self::default();
        }

        Self {
            answers: shared(rooms.clone(), |one| &one.answers),
            reported: shared(rooms.clone(), |one| &one.contributions.reported),
            memberships: shared(rooms.clone(), |one| &one.memberships),
            slugs: shared(rooms.clone(), |one| &one.slugs),
            places: shared(rooms, |one| &one.points.places),
        }
    }

    /// Tells a room what other rooms of the batch have taken so far.
    pub(super) fn tell(&self, rooms: &mut Rooms, key: RoomKey) {
        for (answered, others) in others(&self.answers, key) {
            let answer = taken(rooms, others, key.1, |other| {
                other.changes.answers.get(answered).cloned()
            });
            if let (Some(answer), Some(room)) = (answer, rooms.get_mut(key)) {
                let known = &mut room.aggregate.known.answers;
                known.put(answered.clone(), answer);
            }
        }
        for (reference, others) in others(&self.reported, key) {
            let is_taken = taken(rooms, others, key.1, |other| {
                let reported = other.known.contributions.get(reference);
                matches!(reported, Some(Reported::Here(_))).then_some(())
            });
            if let (Some(()), Some(room)) = (is_taken, rooms.get_mut(key)) {
                let known = &mut room.aggregate.known.contributions;
                known.put(reference.clone(), Reported::Elsewhere);
            }
        }
        for (reference, others) in others(&self.memberships, key) {
            let is_taken = taken(rooms, others, key.1, |other| {
                let told = other.known.memberships.get(reference);
                matches!(told, Some(ToldOf::Here(_))).then_some(())
            });
            if let (Some(()), Some(room)) = (is_taken, rooms.get_mut(key)) {
                let known = &mut room.aggregate.known.memberships;
                known.put(reference.clone(), ToldOf::Elsewhere);
            }
        }
        for (of, others) in others(&self.places, key) {
            for other in others {
                let taken = rooms.get((other, key.1)).map(|other| &other.aggregate);
                let taken: Vec<usize> = taken.map_or_else(Vec::new, |other| {
                    let of_viewer = (of.clone(), 0)..(of.clone(), WATCHED_ROOMS_MAX);
                    let taken = other.changes.places.range(of_viewer);
                    taken.map(|(_, place)| *place).collect()
                });
                if let Some(room) = rooms.get_mut(key).filter(|_| !taken.is_empty()) {
                    let known = &mut room.aggregate.known.places;
                    let mut places = known.get(of).copied().unwrap_or_default();
                    for place in taken {
                        places.take(place, other).expect("another room took it");
                    }
                    known.put(of.clone(), places);
                }
            }
        }
        for (slug, others) in others(&self.slugs, key) {
            let owner = taken(rooms, others, key.1, |other| {
                (other.changes.room && other.room.slug == *slug).then_some(other.room.id)
            });
            if let (Some(owner), Some(room)) = (owner, rooms.get_mut(key)) {
                room.aggregate.known.slugs.put(slug.clone(), owner);
            }
        }
    }
}

/// What more than one of the rooms want.
fn shared<'a, K: Clone + Eq + Hash + 'a>(
    needs: impl Iterator<Item = &'a RoomNeeds>,
    of: impl Fn(&'a RoomNeeds) -> &'a Vec<K>,
) -> HashMap<(TenantId, K), Vec<RoomId>> {
    let mut first: HashMap<(TenantId, &K), RoomId> = HashMap::new();
    let mut shared: HashMap<(TenantId, K), Vec<RoomId>> = HashMap::new();
    for one in needs {
        for key in of(one) {
            let before = *first.entry((one.tenant_id, key)).or_insert(one.room_id);
            if before != one.room_id {
                let among = shared.entry((one.tenant_id, key.clone())).or_default();
                among.extend([before, one.room_id]);
            }
        }
    }

    shared
}

/// What the room wants, with the other rooms that do.
fn others<K: Clone>(
    shared: &HashMap<(TenantId, K), Vec<RoomId>>,
    (room_id, tenant_id): RoomKey,
) -> Vec<(&K, Vec<RoomId>)> {
    let of_room = shared
        .iter()
        .filter(|((tenant, _), among)| *tenant == tenant_id && among.contains(&room_id));
    of_room
        .map(|((_, key), among)| {
            let others = among.iter().copied().filter(|other| *other != room_id);
            (key, others.collect())
        })
        .collect()
}

fn taken<T>(
    rooms: &Rooms,
    others: Vec<RoomId>,
    tenant_id: TenantId,
    by: impl Fn(&RoomAggregate) -> Option<T>,
) -> Option<T> {
    let mut others = others.into_iter();
    others.find_map(|other| by(&rooms.get((other, tenant_id))?.aggregate))
}

/// Claims what the batch decided. Returns whether all of it was free; if not, nothing is claimed.
pub(super) async fn claim(
    transaction: &mut Transaction,
    rooms: &Rooms,
) -> Result<bool, sqlx::Error> {
    let claims_something = answers::claims_something(rooms)
        || contributions::claims_something(rooms)
        || memberships::claims_something(rooms)
        || places::claims_something(rooms);
    if !claims_something {
        return Ok(true);
    }

    match transaction.dialect() {
        Dialect::Sqlite => {
            let is_free = claim_in_order(transaction, rooms).await?;
            assert!(
                is_free,
                "nobody else writes, so what is taken was looked up"
            );
            Ok(true)
        }
        Dialect::Postgres => {
            let savepoint = Statement::new("SAVEPOINT claims");
            transaction.execute(savepoint).await?;
            let is_free = claim_in_order(transaction, rooms).await?;
            if !is_free {
                // Gives the keys back as well, for whoever waits for them.
                let back = Statement::new("ROLLBACK TO SAVEPOINT claims");
                transaction.execute(back).await?;
            }
            Ok(is_free)
        }
    }
}

/// Claims keys before references before places, each kind in its order, which is the order that everyone keeps.
async fn claim_in_order(transaction: &mut Transaction, rooms: &Rooms) -> Result<bool, sqlx::Error> {
    Ok(answers::claim(transaction, rooms).await?
        && contributions::claim(transaction, rooms).await?
        && memberships::claim(transaction, rooms).await?
        && places::claim(transaction, rooms).await?)
}
