//! What a batch is asked to decide on.

use std::collections::BTreeMap;

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room_aggregate::{AnswerKey, MembershipRef};

use super::rooms::RoomKey;
use super::{ContributionNeeds, DisputeNeeds, PeopleNeeds, PointsNeeds, RewardNeeds};

/// What a batch decides on, and what its commands need looked up.
///
/// The kinds are locked in the order in which they stand here, and each kind in the order of its
/// ids: so two batches that share something wait for one another instead of dead-locking.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    pub(super) tenants: BTreeMap<TenantId, TenantNeeds>,
    pub(super) rooms: BTreeMap<RoomKey, RoomNeeds>,
}

/// What of a tenant that a batch decides on is loaded beside its settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct TenantNeeds {
    pub keys: bool,
}

/// A room that a batch decides on, and what its commands need looked up.
#[derive(Debug, Clone)]
pub struct RoomNeeds {
    pub tenant_id: TenantId,
    pub room_id: RoomId,
    /// The idempotency keys of the commands.
    pub answers: Vec<AnswerKey>,
    pub contributions: ContributionNeeds,
    pub people: PeopleNeeds,
    pub points: PointsNeeds,
    pub rewards: RewardNeeds,
    pub disputes: DisputeNeeds,
    /// The paid memberships that messages speak of.
    pub memberships: Vec<MembershipRef>,
    /// What the room may be called, as far as it may be a slug at all.
    pub slugs: Vec<String>,
}

impl Needs {
    /// What is asked of the tenant, which the batch then decides on.
    pub fn tenant(&mut self, id: TenantId) -> &mut TenantNeeds {
        self.tenants.entry(id).or_default()
    }

    /// What is asked of the tenant's room, which the batch then decides on.
    pub fn room(&mut self, tenant_id: TenantId, id: RoomId) -> &mut RoomNeeds {
        let new = || RoomNeeds::new(tenant_id, id);
        self.rooms.entry((id, tenant_id)).or_insert_with(new)
    }
}

/// Nothing but rooms, of which each is named once.
impl<T: AsRef<[RoomNeeds]> + ?Sized> From<&T> for Needs {
    fn from(rooms: &T) -> Self {
        let mut needs = Self::default();
        for one in rooms.as_ref() {
            let key = (one.room_id, one.tenant_id);
            let twice = needs.rooms.insert(key, one.clone());
            assert!(twice.is_none(), "each room is named once");
        }

        needs
    }
}

impl RoomNeeds {
    /// A room of which nothing is looked up beside its state.
    pub fn new(tenant_id: TenantId, room_id: RoomId) -> Self {
        Self {
            tenant_id,
            room_id,
            answers: Vec::new(),
            contributions: ContributionNeeds::default(),
            people: PeopleNeeds::default(),
            points: PointsNeeds::default(),
            rewards: RewardNeeds::default(),
            disputes: DisputeNeeds::default(),
            memberships: Vec::new(),
            slugs: Vec::new(),
        }
    }
}
