//! Which rooms a caller may read. What is not for them is answered as if it were not there.

use async_graphql::{Context, ID};
use parlor_domain::id::RoomId;
use parlor_identity::Caller;
use parlor_identity::origins::PageRefusal;
use parlor_store::RoomView;

use super::fault::Fault;
use super::{app, caller, global_id};
use crate::App;

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

    match app.origins.check_room(caller, view.room.tenant_id).await {
        Ok(()) => Ok(Some(view)),
        Err(PageRefusal::Store(error)) => Err(error.into()),
        Err(refusal @ PageRefusal::Origin(_)) => Err(Fault::Forbidden(refusal.to_string())),
    }
}
