//! Reading disputes.

use async_graphql::{Context, ID, Object};
use parlor_domain::dispute;
use parlor_domain::participant::Capability;
use parlor_domain::time::ServerTime;
use parlor_store::{DisputesFilter, Page};
use uuid::Uuid;

use super::{Dispute, DisputeEdge, DisputeStatus, DisputesConnection, Shown};
use crate::fault::Fault;
use crate::page::{self, Asked, ConnectionInput, connection};
use crate::people::Reader;
use crate::{app, caller, global_id};

#[derive(Default)]
pub(crate) struct DisputeQuery;

#[Object]
impl DisputeQuery {
    /// A dispute about the caller's own points, or about anybody's for whoever holds `POINTS_READ` in its room.
    async fn dispute(&self, context: &Context<'_>, id: ID) -> Result<Option<Dispute>, Fault> {
        let (tenant_id, _) = caller(context).principal.person()?;
        let Some(id) = global_id::parse_dispute_id(&id) else {
            return Ok(None);
        };
        let Some((room_id, found)) = app(context).store.dispute(tenant_id, id).await? else {
            return Ok(None);
        };
        let reader = Reader::of_room(app(context), caller(context), room_id).await?;
        let Some(reader) = reader else {
            return Ok(None);
        };
        let sees_actors = reader.require(Capability::PointsRead).is_ok();
        let is_own = reader.own().is_some_and(|own| own.number == found.member);
        let shown = Shown {
            room_id,
            dispute: found,
            sees_actors,
        };

        Ok((sees_actors || is_own).then(|| shown.into()))
    }

    /// A room's disputes, the oldest first, as they are worked off: all of them, those that became `status`, or those
    /// about one participant. Needs `POINTS_READ`.
    async fn disputes_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        status: Option<DisputeStatus>,
        participant_id: Option<ID>,
        page: Option<ConnectionInput>,
    ) -> Result<DisputesConnection, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        reader.require(Capability::PointsRead)?;
        let filter = DisputesFilter {
            status: status.map(Into::into),
            participant_id: participant_id.map(|id| global_id::named_participant(&id)),
        };
        let asked = page::request("disputes", &(reader.room(), filter), page)?;
        let found = disputes(context, &reader, filter, &asked, true).await?;

        Ok(connection!(
            DisputesConnection { DisputeEdge },
            asked,
            found,
            place
        ))
    }

    /// The disputes about the caller's own points in a room, the oldest first; null if they have never joined it.
    async fn own_disputes_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        page: Option<ConnectionInput>,
    ) -> Result<Option<DisputesConnection>, Fault> {
        let reader = Reader::of(context, &room_id).await?;
        let Some(own) = reader.own() else {
            return Ok(None);
        };
        let filter = DisputesFilter {
            participant_id: Some(own.id),
            ..DisputesFilter::default()
        };
        let sees_actors = reader.require(Capability::PointsRead).is_ok();
        let asked = page::request("own disputes", &(reader.room(), filter), page)?;
        let found = disputes(context, &reader, filter, &asked, sees_actors).await?;

        Ok(Some(connection!(
            DisputesConnection { DisputeEdge },
            asked,
            found,
            place
        )))
    }
}

async fn disputes(
    context: &Context<'_>,
    reader: &Reader,
    filter: DisputesFilter,
    asked: &Asked,
    sees_actors: bool,
) -> Result<Page<Shown>, Fault> {
    let (tenant_id, room_id) = reader.room();
    let store = &app(context).store;
    let found = store.disputes_page(tenant_id, room_id, filter, asked.part);
    let shown = |dispute: dispute::Dispute| Shown {
        room_id,
        dispute,
        sees_actors,
    };

    Ok(found.await?.map(shown))
}

fn place(shown: &Shown) -> (ServerTime, Uuid) {
    (shown.dispute.opened_at, shown.dispute.id.0)
}
