//! Reading rooms.

use async_graphql::{Context, ID, Object};
use parlor_domain::access::AccessRefusal;
use parlor_domain::room;
use parlor_store::RoomView;

use super::{Room, RoomEdge, RoomsConnection};
use crate::access::readable;
use crate::fault::Fault;
use crate::page::{self, ConnectionInput, connection};
use crate::room_feed::RoomState;
use crate::{app, caller};

#[derive(Default)]
pub(crate) struct RoomQuery;

#[Object]
impl RoomQuery {
    async fn room(&self, context: &Context<'_>, id: ID) -> Result<Option<Room>, Fault> {
        Ok(readable(context, &id).await?.map(Room::from))
    }

    /// The room of the caller's tenant that has this slug, if the caller may read it. Needs a token,
    /// for slugs are unique within a tenant.
    async fn room_by_slug(
        &self,
        context: &Context<'_>,
        slug: String,
    ) -> Result<Option<Room>, Fault> {
        let principal = &caller(context).principal;
        let tenant_id = principal
            .tenant_id()
            .ok_or(AccessRefusal::Unauthenticated)?;
        if room::check_slug(&slug).is_err() {
            return Ok(None);
        }
        let view = app(context).store.room_by_slug(tenant_id, &slug).await?;

        Ok(view
            .filter(|view| principal.may_read(&view.room))
            .map(Room::from))
    }

    /// The rooms of the tenant, in the order they were made; for its staff. `states` narrows to any
    /// of these, and `streamId` to the rooms of one stream.
    async fn rooms_connection(
        &self,
        context: &Context<'_>,
        page: Option<ConnectionInput>,
        states: Option<Vec<RoomState>>,
        stream_id: Option<String>,
    ) -> Result<RoomsConnection, Fault> {
        let tenant_id = caller(context).principal.staff_tenant()?;
        let states = states.unwrap_or_default();
        if let Some(stream_id) = &stream_id {
            room::check_stream_id(stream_id)
                .map_err(|invalid| Fault::Validation(invalid.to_string()))?;
        }
        let filter = parlor_store::RoomsFilter {
            // Each once, however often it is named.
            states: room::RoomState::ALL
                .into_iter()
                .filter(|state| states.contains(&(*state).into()))
                .collect(),
            stream_id,
        };
        let asked = page::request("rooms", &(tenant_id, &filter), page)?;
        let found = app(context)
            .store
            .rooms_page(tenant_id, filter, asked.part)
            .await?;

        let place = |view: &RoomView| (view.room.created_at, view.room.id.0);
        Ok(connection!(
            RoomsConnection { RoomEdge },
            asked,
            found,
            place
        ))
    }
}
