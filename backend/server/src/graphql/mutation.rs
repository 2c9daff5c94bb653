//! Changing.

use async_graphql::{Context, ID, Object};
use parlor_domain::contribution::{RawReport, Report};
use parlor_domain::event::LogHead;
use parlor_domain::id::{Epoch, OverlayTokenId, RoomId, TenantId};
use parlor_domain::invalid::check_text;
use parlor_domain::participant::Capability;
use parlor_domain::room::{self, RoomDraft};
use parlor_domain::room_aggregate::RoomAggregate;
use parlor_store::{InsertOverlayToken, InsertRoom, OverlayTokenRow};
use uuid::Uuid;

use super::fault::Fault;
use super::global_id;
use super::input::{
    CreateOverlayTokenInput, CreateRoomInput, DeleteRoomInput, EndSessionInput,
    InterruptSessionInput, RecordContributionInput, ResumeSessionInput, StartSessionInput,
    UpdateRoomInput,
};
use super::object::CreatedOverlayToken;
use super::refusal::{
    CreateOverlayTokenResult, CreateRoomResult, DeleteRoomResult, EndSessionResult,
    InterruptSessionResult, RecordContributionResult, Refusal, ResumeSessionResult,
    RevokeOverlayTokenResult, StartSessionResult, Stop, UpdateRoomResult,
};
use super::{app, caller};
use crate::identity::{draw_overlay_secret, overlay_secret_hash};
use crate::writer::{
    Authorized, Command, DeleteRoom, EndSession, InterruptSession, RecordContribution,
    ResumeSession, StartSession, UpdateRoom,
};

/// The longest label of an overlay token, in bytes: a line in a list.
const LABEL_BYTES_MAX: usize = 100;

/// What a malformed id stands for: no room ever has it, so it is answered as any unknown id is.
pub(super) const NO_ROOM: RoomId = RoomId(Uuid::nil());

#[derive(Default)]
pub(super) struct RoomMutation;

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

    async fn start_session(
        &self,
        context: &Context<'_>,
        input: StartSessionInput,
    ) -> Result<StartSessionResult, Fault> {
        let command = StartSession {
            delay_ms: input.delay_ms.map(Into::into),
        };
        let started = submit_with(context, &input.room_id, Capability::SessionManage, command);

        StartSessionResult::of(started.await)
    }

    /// Notes that the live session's stream went away. If it does not come back within the room's
    /// `interruptionGraceMs`, the session will have ended now.
    async fn interrupt_session(
        &self,
        context: &Context<'_>,
        input: InterruptSessionInput,
    ) -> Result<InterruptSessionResult, Fault> {
        let (id, capability) = (&input.room_id, Capability::SessionManage);
        let interrupted = submit_with(context, id, capability, InterruptSession);

        InterruptSessionResult::of(interrupted.await)
    }

    /// Notes that the stream is back.
    async fn resume_session(
        &self,
        context: &Context<'_>,
        input: ResumeSessionInput,
    ) -> Result<ResumeSessionResult, Fault> {
        let (id, capability) = (&input.room_id, Capability::SessionManage);
        let resumed = submit_with(context, id, capability, ResumeSession);

        ResumeSessionResult::of(resumed.await)
    }

    /// One that is interrupted ended when it was interrupted.
    async fn end_session(
        &self,
        context: &Context<'_>,
        input: EndSessionInput,
    ) -> Result<EndSessionResult, Fault> {
        let ended = submit_with(
            context,
            &input.room_id,
            Capability::SessionManage,
            EndSession,
        );

        EndSessionResult::of(ended.await)
    }

    async fn record_contribution(
        &self,
        context: &Context<'_>,
        input: RecordContributionInput,
    ) -> Result<RecordContributionResult, Fault> {
        let room_id = input.room_id.clone();
        let recorded = submit(context, &room_id, |room_id| {
            let report = Report::parse(RawReport::from(input))?;
            Ok(RecordContribution::new(room_id, report))
        });

        RecordContributionResult::of(recorded.await)
    }

    async fn create_overlay_token(
        &self,
        context: &Context<'_>,
        input: CreateOverlayTokenInput,
    ) -> Result<CreateOverlayTokenResult, Fault> {
        CreateOverlayTokenResult::of(create_overlay_token(context, input).await)
    }

    async fn revoke_overlay_token(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<RevokeOverlayTokenResult, Fault> {
        RevokeOverlayTokenResult::of(revoke_overlay_token(context, &id).await)
    }
}

async fn create_room(context: &Context<'_>, input: CreateRoomInput) -> Result<room::Room, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    let app = app(context);
    let (mut ids, now) = (app.ids.clone(), app.clock.now());
    let draft = RoomDraft::try_from(input)?;
    let tenant = app.store.tenant(tenant_id).await.map_err(Fault::from)?;
    let tenant = tenant.ok_or_else(Refusal::unknown_tenant)?;
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
        InsertRoom::TenantUnknown => Err(Refusal::unknown_tenant().into()),
        InsertRoom::TooManyRooms { limit } => Err(Refusal::too_many_rooms(limit).into()),
        InsertRoom::SlugTaken => Err(Refusal::slug_taken().into()),
    }
}

async fn update_room(
    context: &Context<'_>,
    id: &ID,
    input: UpdateRoomInput,
) -> Result<room::Room, Stop> {
    let (tenant_id, _) = caller(context).principal.person()?;
    let tenant = app(context).store.tenant(tenant_id).await;
    let tenant = tenant.map_err(Fault::from)?;
    let tenant = tenant.ok_or_else(Refusal::unknown_tenant)?;
    let command = UpdateRoom(input.read(tenant.defaults)?);

    submit_with(context, id, Capability::RoomUpdate, command).await
}

async fn create_overlay_token(
    context: &Context<'_>,
    input: CreateOverlayTokenInput,
) -> Result<CreatedOverlayToken, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    check_text("label", &input.label, 1, LABEL_BYTES_MAX)?;
    let app = app(context);
    let room_id = owned_room(context, tenant_id, &input.room_id).await?;

    let mut ids = app.ids.clone();
    let token = OverlayTokenRow {
        id: OverlayTokenId::next(&mut ids),
        tenant_id,
        room_id,
        label: input.label,
        created_at: app.clock.now(),
        revoked_at: None,
    };
    let secret = draw_overlay_secret(app.ids.randomness());
    let hash = overlay_secret_hash(&secret);
    let inserted = app.store.insert_overlay_token(&token, hash).await;
    match inserted.map_err(Fault::from)? {
        InsertOverlayToken::Inserted => (),
        InsertOverlayToken::RoomUnknown => {
            return Err(Refusal::not_found("Room", &input.room_id).into());
        }
        InsertOverlayToken::TooMany { limit } => {
            return Err(Refusal::too_many_overlay_tokens(limit).into());
        }
    }

    Ok(CreatedOverlayToken {
        overlay_token: token.into(),
        browser_source_url: browser_source_url(&app.public_url, room_id, &secret),
        secret,
    })
}

async fn revoke_overlay_token(context: &Context<'_>, id: &ID) -> Result<OverlayTokenRow, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    let app = app(context);
    let revoked = match global_id::parse_overlay_token_id(id) {
        Some(token_id) => {
            let revoked = app
                .store
                .revoke_overlay_token(tenant_id, token_id, app.clock.now());
            revoked.await.map_err(Fault::from)?
        }
        None => None,
    };

    revoked.ok_or_else(|| Refusal::not_found("OverlayToken", id).into())
}

/// Has the command that `prepare` makes done to the room that the client calls `id`.
async fn submit<C: Command<Refusal: Into<Refusal>>>(
    context: &Context<'_>,
    id: &ID,
    prepare: impl FnOnce(RoomId) -> Result<C, Stop>,
) -> Result<C::Answer, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    let room_id = global_id::parse_room_id(id).unwrap_or(NO_ROOM);
    let command = prepare(room_id)?;

    let done = app(context)
        .writer
        .submit(tenant_id, room_id, command)
        .await;
    done.map_err(|not_done| Stop::of_writer(not_done, id))
}

/// Has `command` done to the room that the client calls `id`, if the caller has `capability` there.
async fn submit_with<C: Command<Refusal: Into<Refusal>>>(
    context: &Context<'_>,
    id: &ID,
    capability: Capability,
    command: C,
) -> Result<C::Answer, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let room_id = global_id::parse_room_id(id).unwrap_or(NO_ROOM);
    let command = Authorized {
        actor,
        capability,
        command,
    };

    let done = app(context)
        .writer
        .submit(tenant_id, room_id, command)
        .await;
    done.map_err(|not_done| Stop::of_writer(not_done, id))
}

async fn owned_room(context: &Context<'_>, tenant_id: TenantId, id: &ID) -> Result<RoomId, Stop> {
    let room_id = global_id::parse_room_id(id).unwrap_or(NO_ROOM);
    let view = app(context)
        .store
        .room(room_id)
        .await
        .map_err(Fault::from)?;

    match view {
        Some(view) if view.room.tenant_id == tenant_id => Ok(room_id),
        _ => Err(Refusal::not_found("Room", id).into()),
    }
}

/// What a streamer pastes into OBS. The token sits in the fragment, which browsers keep to
/// themselves.
pub(crate) fn browser_source_url(public_url: &str, room_id: RoomId, secret: &str) -> String {
    format!(
        "{public_url}/overlay/#room={}&token={secret}",
        global_id::room_id(room_id)
    )
}
