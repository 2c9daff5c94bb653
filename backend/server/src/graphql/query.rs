//! Reading.

use async_graphql::{Context, ID, Object, SimpleObject};
use parlor_domain::access::AccessRefusal;
use parlor_domain::id::{
    ContributionId, OverlayTokenId, ParticipantId, RoomId, SessionId, TenantId,
};
use parlor_domain::{room, session};
use parlor_store::RoomView;

use super::fault::Fault;
use super::global_id::{self, IdKind};
use super::input::ConnectionInput;
use super::object::{Node, Room, RoomState, Session};
use super::page::{self, connection};
use super::people_query::read_participant;
use super::tenant_operations::read_tenant;
use super::{app, caller};
use crate::app::App;
use crate::identity::Caller;
use crate::origins::{self, PageRefusal};

#[derive(Default)]
pub(super) struct RoomQuery;

#[Object]
impl RoomQuery {
    async fn node(&self, context: &Context<'_>, id: ID) -> Result<Option<Node>, Fault> {
        let Some((kind, uuid)) = global_id::parse(&id) else {
            return Ok(None);
        };
        if kind == IdKind::Room {
            let view = readable(context, &id).await?;
            return Ok(view.map(|view| Node::Room(Box::new(view.into()))));
        }
        if kind == IdKind::Participant {
            let found = read_participant(context, ParticipantId(uuid)).await?;
            return Ok(found.map(|found| Node::Participant(Box::new(found))));
        }
        if kind == IdKind::Tenant {
            let found = read_tenant(context, TenantId(uuid)).await?;
            return Ok(found.map(|found| Node::Tenant(Box::new(found))));
        }
        let Ok(tenant_id) = caller(context).principal.staff_tenant() else {
            return Ok(None);
        };

        let store = &app(context).store;
        Ok(match kind {
            IdKind::Session => {
                let session = store.session(tenant_id, SessionId(uuid)).await?;
                session
                    .as_ref()
                    .map(|session| Node::Session(Session::from(session)))
            }
            IdKind::Contribution => {
                let contribution = store.contribution(tenant_id, ContributionId(uuid)).await?;
                contribution.map(|found| Node::Contribution(Box::new(found.into())))
            }
            IdKind::OverlayToken => {
                let token = store.overlay_token(tenant_id, OverlayTokenId(uuid)).await?;
                token.map(|token| Node::OverlayToken(token.into()))
            }
            IdKind::Room
            | IdKind::HypeTrain
            | IdKind::Event
            | IdKind::Participant
            | IdKind::AuditEntry
            | IdKind::Tenant => None,
        })
    }

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
        let request = page::request(&page.unwrap_or_default())?;
        let states = states.unwrap_or_default();
        let filter = parlor_store::RoomsFilter {
            // Each once, however often it is named.
            states: room::RoomState::ALL
                .into_iter()
                .filter(|state| states.contains(&(*state).into()))
                .collect(),
            stream_id,
        };
        let found = app(context)
            .store
            .rooms_page(tenant_id, filter, request)
            .await?;

        let place = |view: &RoomView| (view.room.created_at, view.room.id.0);
        Ok(connection!(RoomsConnection { RoomEdge }, found, place))
    }

    /// The sessions of a room that the caller may read, the newest first.
    async fn sessions_connection(
        &self,
        context: &Context<'_>,
        room_id: ID,
        page: Option<ConnectionInput>,
    ) -> Result<SessionsConnection, Fault> {
        let view = readable(context, &room_id).await?;
        let room = view.ok_or_else(Fault::no_room)?.room;
        let request = page::request(&page.unwrap_or_default())?;
        let store = &app(context).store;
        let found = store
            .sessions_page(room.tenant_id, room.id, request)
            .await?;

        let place = |session: &session::Session| (session.started_at, session.id.0);
        Ok(connection!(
            SessionsConnection { SessionEdge },
            found,
            place
        ))
    }
}

/// The room, if there is one that the caller may read.
pub(super) async fn readable(context: &Context<'_>, id: &ID) -> Result<Option<RoomView>, Fault> {
    match global_id::parse_room_id(id) {
        Some(room_id) => readable_room(app(context), caller(context), room_id).await,
        None => Ok(None),
    }
}

/// The same, by the room's own id. A page without a token is judged by the room's tenant.
pub(super) async fn readable_room(
    app: &App,
    caller: &Caller,
    room_id: RoomId,
) -> Result<Option<RoomView>, Fault> {
    let view = app.store.room(room_id).await?;
    let Some(view) = view.filter(|view| caller.principal.may_read(&view.room)) else {
        return Ok(None);
    };

    match origins::check_room(app, caller, view.room.tenant_id).await {
        Ok(()) => Ok(Some(view)),
        Err(PageRefusal::Store(error)) => Err(error.into()),
        Err(refusal @ PageRefusal::Origin(_)) => Err(Fault::Forbidden(refusal.to_string())),
    }
}

#[derive(SimpleObject)]
pub(crate) struct PageInfo {
    pub(super) start_cursor: Option<String>,
    pub(super) end_cursor: Option<String>,
    pub(super) has_next_page: bool,
    pub(super) has_previous_page: bool,
}

#[derive(SimpleObject)]
pub(crate) struct RoomEdge {
    pub(super) cursor: String,
    pub(super) node: Room,
}

#[derive(SimpleObject)]
pub(crate) struct SessionEdge {
    pub(super) cursor: String,
    pub(super) node: Session,
}

#[derive(SimpleObject)]
pub(crate) struct SessionsConnection {
    pub(super) edges: Vec<SessionEdge>,
    pub(super) nodes: Vec<Session>,
    pub(super) page_info: PageInfo,
    pub(super) total_count: i32,
}

#[derive(SimpleObject)]
pub(crate) struct RoomsConnection {
    pub(super) edges: Vec<RoomEdge>,
    pub(super) nodes: Vec<Room>,
    pub(super) page_info: PageInfo,
    pub(super) total_count: i32,
}
