//! Reading.

use async_graphql::{Context, ID, Object, SimpleObject};
use parlor_domain::id::{ContributionId, OverlayTokenId, ParticipantId, RoomId, SessionId};
use parlor_store::RoomView;

use super::fault::Fault;
use super::global_id::{self, IdKind};
use super::input::ConnectionInput;
use super::object::{Node, Room, RoomState, Session};
use super::page::{self, connection};
use super::people_query::read_participant;
use super::{app, caller};

#[derive(Default)]
pub(super) struct RoomQuery;

#[Object]
impl RoomQuery {
    async fn node(&self, context: &Context<'_>, id: ID) -> Result<Option<Node>, Fault> {
        let Some((kind, uuid)) = global_id::parse(&id) else {
            return Ok(None);
        };
        if kind == IdKind::Room {
            let room = read_room(context, RoomId(uuid)).await?;
            return Ok(room.map(|room| Node::Room(Box::new(room))));
        }
        if kind == IdKind::Participant {
            let found = read_participant(context, ParticipantId(uuid)).await?;
            return Ok(found.map(|found| Node::Participant(Box::new(found))));
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
            | IdKind::AuditEntry => None,
        })
    }

    async fn room(&self, context: &Context<'_>, id: ID) -> Result<Option<Room>, Fault> {
        match global_id::parse_room_id(&id) {
            Some(room_id) => read_room(context, room_id).await,
            None => Ok(None),
        }
    }

    async fn rooms_connection(
        &self,
        context: &Context<'_>,
        page: Option<ConnectionInput>,
        state: Option<RoomState>,
    ) -> Result<RoomsConnection, Fault> {
        let tenant_id = caller(context).principal.staff_tenant()?;
        let request = page::request(&page.unwrap_or_default())?;
        let filter = parlor_store::RoomsFilter {
            state: state.map(Into::into),
        };
        let found = app(context)
            .store
            .rooms_page(tenant_id, filter, request)
            .await?;

        let place = |view: &RoomView| (view.room.created_at, view.room.id.0);
        Ok(connection!(RoomsConnection { RoomEdge }, found, place))
    }
}

/// The room, if there is one that the caller may read.
async fn read_room(context: &Context<'_>, room_id: RoomId) -> Result<Option<Room>, Fault> {
    let view = app(context).store.room(room_id).await?;

    Ok(view
        .filter(|view| caller(context).principal.may_read(&view.room))
        .map(Room::from))
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
pub(crate) struct RoomsConnection {
    pub(super) edges: Vec<RoomEdge>,
    pub(super) nodes: Vec<Room>,
    pub(super) page_info: PageInfo,
    pub(super) total_count: i32,
}
