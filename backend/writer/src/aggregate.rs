//! The kinds of thing that commands are decided on.

use std::fmt;
use std::hash::Hash;

use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::room_aggregate::RoomAggregate;
use parlor_domain::tenant_aggregate::TenantAggregate;
use parlor_domain::time::ServerTime;
use parlor_node::ids::Ids;
use parlor_store::{Absent, Batch, Needs, RoomNeeds, TenantNeeds};

/// A kind of thing that the writer changes: what of it a batch looks up, and how it is found there.
pub trait Aggregate: Sized + 'static {
    /// What tells one of them from the tenant's others.
    type Id: Copy + Send + 'static;
    /// What commands ask to have looked up.
    type Needs;

    fn subject(tenant_id: TenantId, id: Self::Id) -> Subject;

    /// What a batch is asked about it, whoever else asked before.
    fn needs(needs: &mut Needs, tenant_id: TenantId, id: Self::Id) -> &mut Self::Needs;

    fn find(batch: &mut Batch, tenant_id: TenantId, id: Self::Id) -> Result<&mut Self, Absent>;

    /// Does what time alone has made due, and comes before every command.
    fn settle(&mut self, ids: &mut Ids, now: ServerTime);
}

/// Which thing a command is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    Tenant(TenantId),
    Room(RoomId),
}

/// The kind of a [`Subject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Tenant,
    Room,
}

impl Subject {
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Tenant(_) => Kind::Tenant,
            Self::Room(_) => Kind::Room,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(id) => write!(f, "{} {id}", self.kind()),
            Self::Room(id) => write!(f, "{} {id}", self.kind()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tenant => "tenant",
            Self::Room => "room",
        })
    }
}

impl Aggregate for RoomAggregate {
    type Id = RoomId;
    type Needs = RoomNeeds;

    fn subject(_: TenantId, id: RoomId) -> Subject {
        Subject::Room(id)
    }

    fn needs(needs: &mut Needs, tenant_id: TenantId, id: RoomId) -> &mut RoomNeeds {
        needs.room(tenant_id, id)
    }

    fn find(batch: &mut Batch, tenant_id: TenantId, id: RoomId) -> Result<&mut Self, Absent> {
        let room = batch.room(tenant_id, id)?;
        if room.is_deleted() {
            return Err(Absent::NotFound);
        }

        Ok(room)
    }

    fn settle(&mut self, ids: &mut Ids, now: ServerTime) {
        self.recover_from_wrong_clock(ids, now);
        self.end_expired(ids, now);
    }
}

/// A tenant has one of them: itself.
impl Aggregate for TenantAggregate {
    type Id = ();
    type Needs = TenantNeeds;

    fn subject(tenant_id: TenantId, (): ()) -> Subject {
        Subject::Tenant(tenant_id)
    }

    fn needs(needs: &mut Needs, tenant_id: TenantId, (): ()) -> &mut TenantNeeds {
        needs.tenant(tenant_id)
    }

    fn find(batch: &mut Batch, tenant_id: TenantId, (): ()) -> Result<&mut Self, Absent> {
        batch.tenant(tenant_id)
    }

    fn settle(&mut self, _: &mut Ids, _: ServerTime) {}
}
