//! Reading paid memberships.

use async_graphql::{Context, ID, Object, SimpleObject};
use parlor_domain::id::ViewerId;
use parlor_domain::membership;
use parlor_domain::participant::Capability;
use parlor_domain::time::ServerTime;
use uuid::Uuid;

use super::{MembershipStanding, PaidMembership};
use crate::app;
use crate::fault::Fault;
use crate::page::{self, ConnectionInput, PageInfo, connection};
use crate::people::Reader;

#[derive(SimpleObject)]
pub(crate) struct PaidMembershipEdge {
    cursor: String,
    node: PaidMembership,
}

#[derive(SimpleObject)]
pub(crate) struct PaidMembershipsConnection {
    edges: Vec<PaidMembershipEdge>,
    nodes: Vec<PaidMembership>,
    page_info: PageInfo,
    total_count: i32,
}

#[derive(Default)]
pub(crate) struct MembershipQuery;

#[Object]
impl MembershipQuery {
    /// The paid memberships of a room, in the order in which they were first told of: all of them, or one viewer's, by the
    /// tenant's own id. Needs `POINTS_READ`.
    async fn paid_memberships_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        viewer_id: Option<String>,
        page: Option<ConnectionInput>,
    ) -> Result<PaidMembershipsConnection, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        reader.require(Capability::PointsRead)?;
        let (tenant_id, room_id) = reader.room();
        let viewer_id = viewer_id.map(|id| ViewerId::parse(&id)).transpose();
        let viewer_id = viewer_id.map_err(|invalid| Fault::Validation(invalid.to_string()))?;
        let asked = page::request("paid memberships", &(reader.room(), &viewer_id), page)?;
        let store = &app(context).store;
        let found = store.memberships_page(tenant_id, room_id, viewer_id.as_ref(), asked.part);
        let now = app(context).clock.now();
        let found = found.await?.map(|found| Shown(found, now));

        Ok(connection!(
            PaidMembershipsConnection { PaidMembershipEdge },
            asked,
            found,
            place
        ))
    }

    /// What the caller is by what was told of their paid memberships of a room; null if they are no paying member now.
    async fn own_membership(
        &self,
        context: &Context<'_>,
        room_id: ID,
    ) -> Result<Option<MembershipStanding>, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        let Some(own) = reader.own() else {
            return Ok(None);
        };
        let (tenant_id, room_id) = reader.room();
        let store = &app(context).store;
        let found = store.memberships_of(tenant_id, room_id, &own.viewer_id);

        Ok(MembershipStanding::of(
            &found.await?,
            app(context).clock.now(),
        ))
    }
}

#[derive(Clone)]
struct Shown(membership::PaidMembership, ServerTime);

impl From<Shown> for PaidMembership {
    fn from(Shown(membership, now): Shown) -> Self {
        Self::new(membership, now)
    }
}

fn place(Shown(membership, _): &Shown) -> (ServerTime, Uuid) {
    (membership.recorded_at, membership.id.0)
}
