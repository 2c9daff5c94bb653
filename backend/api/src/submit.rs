//! The way of a mutation to the writer, and of its answer back.

use async_graphql::{Context, ID};
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::participant::Capability;
use parlor_domain::room_aggregate::RoomAggregate;
use parlor_domain::tenant_aggregate::TenantAggregate;
use parlor_domain::time::ServerTime;
use parlor_writer::{Authorized, Command, Enqueued, NotDone};

use super::fault::Fault;
use super::refusal::{Refusal, Stop};
use super::{app, caller, global_id};

/// The room that the client calls `id`.
pub(super) fn named_room(id: &ID) -> RoomId {
    global_id::named(id, global_id::parse_room_id, RoomId)
}

/// The time to stamp a change with that does not go through the writer, if this node's clock may.
pub(super) fn stamp(context: &Context<'_>) -> Result<ServerTime, Fault> {
    app(context)
        .writer
        .stamp()
        .map_err(|_| Fault::of_not_done::<()>(&NotDone::ClockUntrusted))
}

/// Has the command that `prepare` makes done, by staff, to the room that the client calls `id`.
pub(super) async fn submit<C: Command<On = RoomAggregate, Refusal: Into<Refusal>>>(
    context: &Context<'_>,
    id: &ID,
    prepare: impl FnOnce(RoomId) -> Result<C, Stop>,
) -> Result<C::Answer, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    let command = prepare(named_room(id))?;

    submit_to(context, tenant_id, id, command).await
}

/// Has `command` done to the room that the client calls `id`, if the caller has `capability` there.
pub(super) async fn submit_with<C: Command<On = RoomAggregate, Refusal: Into<Refusal>>>(
    context: &Context<'_>,
    id: &ID,
    capability: Capability,
    command: C,
) -> Result<C::Answer, Stop> {
    let (tenant_id, actor) = caller(context).principal.person()?;
    let command = Authorized {
        actor,
        capability,
        command,
    };

    submit_to(context, tenant_id, id, command).await
}

/// Puts what `prepare` makes behind what the caller, who is staff, has had done before to the room that the client
/// calls `id`.
pub(super) fn enqueue<C: Command<On = RoomAggregate, Refusal: Into<Refusal>>>(
    context: &Context<'_>,
    id: &ID,
    prepare: impl FnOnce(RoomId) -> Result<C, Stop>,
) -> Result<Enqueued<C>, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    let room_id = named_room(id);
    let enqueued = app(context)
        .writer
        .enqueue(tenant_id, room_id, prepare(room_id)?);

    enqueued.map_err(|not_done| Stop::of_writer(not_done, id))
}

/// Has `command` done to the tenant's room that the client calls `id`.
pub(super) async fn submit_to<C: Command<On = RoomAggregate, Refusal: Into<Refusal>>>(
    context: &Context<'_>,
    tenant_id: TenantId,
    id: &ID,
    command: C,
) -> Result<C::Answer, Stop> {
    let writer = &app(context).writer;
    let done = writer.submit(tenant_id, named_room(id), command).await;

    done.map_err(|not_done| Stop::of_writer(not_done, id))
}

/// Has the command that `prepare` makes done, by the operator, to the tenant that the client calls `id`.
pub(super) async fn submit_to_tenant<C>(
    context: &Context<'_>,
    id: &ID,
    prepare: impl FnOnce() -> Result<C, Stop>,
) -> Result<C::Answer, Stop>
where
    C: Command<On = TenantAggregate, Refusal: Into<Refusal>>,
{
    caller(context).principal.require_operator()?;
    let (app, command) = (app(context), prepare()?);
    let tenant_id = global_id::named(id, global_id::parse_tenant_id, TenantId);
    let done = app.writer.submit(tenant_id, (), command).await;
    app.identity.directory().forget();

    done.map_err(|not_done| Stop::of_writer(not_done, id))
}
