//! Making, changing and deleting rooms, and telling everyone in one something.

use async_graphql::{Context, ID, InputObject, Object};
use parlor_domain::event::{self, Event, EventBody, LogHead};
use parlor_domain::id::{Epoch, RoomId};
use parlor_domain::participant::Capability;
use parlor_domain::room::{self, RoomDraft};
use parlor_domain::room_aggregate::{RoomAggregate, Telling};
use parlor_store::InsertRoom;
use parlor_writer::{DeleteRoom, Tell, UpdateRoom};

use super::input::{CreateRoomInput, DeleteRoomInput, UpdateRoomInput};
use super::refusal::{
    CreateRoomResult, DeleteRoomResult, UpdateRoomResult, slug_taken, too_many_rooms,
    unknown_tenant,
};
use crate::fault::Fault;
use crate::refusal::{Stop, results};
use crate::room_feed::AnnouncementMade;
use crate::submit::{named_room, stamp, submit, submit_to, submit_with};
use crate::{app, caller};

#[derive(Default)]
pub(crate) struct RoomMutation;

#[Object]
impl RoomMutation {
    async fn create_room(
        &self,
        context: &Context<'_>,
        input: CreateRoomInput,
    ) -> Result<CreateRoomResult, Fault> {
        CreateRoomResult::of(create_room(context, input).await)
    }

    async fn update_room(
        &self,
        context: &Context<'_>,
        id: ID,
        input: UpdateRoomInput,
    ) -> Result<UpdateRoomResult, Fault> {
        UpdateRoomResult::of(update_room(context, &id, input).await)
    }

    /// Deletes a room with its log, its people and its overlay tokens; for staff. Those who follow it
    /// are told that there is no such room, and its slug is free again. A room in which contributions
    /// were recorded is refused: archive it.
    async fn delete_room(
        &self,
        context: &Context<'_>,
        input: DeleteRoomInput,
    ) -> Result<DeleteRoomResult, Fault> {
        let version = input.version;
        let deleted = submit(context, &input.room_id, |_| Ok(DeleteRoom { version }));

        DeleteRoomResult::of(deleted.await)
    }

    /// Tells everyone in the room something, as an alert when their picture gets there. Needs `ROOM_TELL`. It cannot be
    /// taken back, and names nobody.
    async fn announce(
        &self,
        context: &Context<'_>,
        input: AnnounceInput,
    ) -> Result<AnnounceResult, Fault> {
        AnnounceResult::of(announce(context, input).await)
    }
}

/// An announcement to be made.
#[derive(InputObject)]
pub(crate) struct AnnounceInput {
    /// Chosen by the caller, up to 200 bytes, and nobody else's. The same key with the same content gets the first
    /// answer again, so that a request may be repeated; with other content it is refused.
    idempotency_key: String,
    room_id: ID,
    /// 1 to 140 letters beside the space around it, without control characters but line breaks.
    text: String,
}

results! {
    AnnounceResult {
        AnnouncementMade, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
}

async fn create_room(context: &Context<'_>, input: CreateRoomInput) -> Result<room::Room, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    let app = app(context);
    let (mut ids, now) = (app.ids.clone(), stamp(context)?);
    let draft = RoomDraft::try_from(input)?;
    let tenant = app.store.tenant(tenant_id).await.map_err(Fault::from)?;
    let tenant = tenant.ok_or_else(unknown_tenant)?;
    let room = room::Room::create(draft, &tenant, RoomId::next(&mut ids), now)?;

    let head = LogHead::new(Epoch::next(&mut ids));
    let aggregate = RoomAggregate::create(room.clone(), head, &mut ids, now);
    match app
        .store
        .insert_room(&aggregate)
        .await
        .map_err(Fault::from)?
    {
        InsertRoom::Inserted => Ok(room),
        InsertRoom::TenantUnknown => Err(unknown_tenant().into()),
        InsertRoom::TooManyRooms { limit } => Err(too_many_rooms(limit).into()),
        InsertRoom::SlugTaken => Err(slug_taken().into()),
    }
}

async fn update_room(
    context: &Context<'_>,
    id: &ID,
    input: UpdateRoomInput,
) -> Result<room::Room, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let tenant = app(context).store.tenant(tenant_id).await;
    let tenant = tenant.map_err(Fault::from)?;
    let tenant = tenant.ok_or_else(unknown_tenant)?;
    let command = UpdateRoom {
        actor,
        change: input.read(tenant.defaults)?,
    };

    submit_with(context, id, Capability::RoomUpdate, command).await
}

async fn announce(context: &Context<'_>, input: AnnounceInput) -> Result<Event, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let announcement = event::Announcement::new(&input.text)?;
    let body = EventBody::AnnouncementMade(announcement);
    let telling = Telling::new(input.idempotency_key, body)?;
    let command = Tell::new(named_room(&input.room_id), actor, telling);

    submit_to(context, tenant_id, &input.room_id, command).await
}
