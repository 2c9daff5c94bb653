//! What lets an OBS source read one room.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use parlor_domain::id::{OverlayTokenId, RoomId, TenantId};
use parlor_domain::invalid::check_words;
use parlor_identity::{draw_overlay_secret, overlay_secret_hash};
use parlor_store::{InsertOverlayToken, OverlayTokenRow};

use super::fault::Fault;
use super::global_id::{self, IdKind};
use super::refusal::{Refusal, Stop, results};
use super::scalar::Time;
use super::submit::{named_room, stamp};
use super::{app, caller};

/// The longest label of an overlay token, in bytes: a line in a list.
const LABEL_BYTES_MAX: usize = 100;

#[derive(Default)]
pub(super) struct OverlayTokenMutation;

#[Object]
impl OverlayTokenMutation {
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

#[derive(SimpleObject)]
pub(crate) struct OverlayToken {
    pub(super) id: ID,
    label: String,
    created_at: Time,
    revoked_at: Option<Time>,
}

/// The only time that `secret` is shown; the server keeps a hash.
#[derive(SimpleObject)]
pub(crate) struct CreatedOverlayToken {
    overlay_token: OverlayToken,
    secret: String,
    /// What to paste into OBS.
    browser_source_url: String,
}

#[derive(InputObject)]
pub(crate) struct CreateOverlayTokenInput {
    room_id: ID,
    label: String,
}

results! {
    CreateOverlayTokenResult {
        CreatedOverlayToken, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    RevokeOverlayTokenResult {
        OverlayToken, NotFound NotFoundError, Auth AuthError; never Validation, Conflict
    }
}

async fn create_overlay_token(
    context: &Context<'_>,
    input: CreateOverlayTokenInput,
) -> Result<CreatedOverlayToken, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    check_words("label", &input.label, 1, LABEL_BYTES_MAX)?;
    let app = app(context);
    let room_id = owned_room(context, tenant_id, &input.room_id).await?;

    let mut ids = app.ids.clone();
    let token = OverlayTokenRow {
        id: OverlayTokenId::next(&mut ids),
        tenant_id,
        room_id,
        label: input.label,
        created_at: stamp(context)?,
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
            return Err(too_many(limit).into());
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
            let now = stamp(context)?;
            let revoked = app.store.revoke_overlay_token(tenant_id, token_id, now);
            revoked.await.map_err(Fault::from)?
        }
        None => None,
    };

    revoked.ok_or_else(|| Refusal::not_found("OverlayToken", id).into())
}

async fn owned_room(context: &Context<'_>, tenant_id: TenantId, id: &ID) -> Result<RoomId, Stop> {
    let room_id = named_room(id);
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

fn too_many(limit: u32) -> Refusal {
    let message = format!("the room has {limit} overlay tokens in use; revoke one first");
    Refusal::conflict("TOO_MANY_OVERLAY_TOKENS", message)
}

/// What a streamer pastes into OBS. The token sits in the fragment, which browsers keep to
/// themselves.
pub(crate) fn browser_source_url(public_url: &str, room_id: RoomId, secret: &str) -> String {
    format!(
        "{public_url}/overlay/#room={}&token={secret}",
        global_id::room_id(room_id)
    )
}

impl From<OverlayTokenRow> for OverlayToken {
    fn from(token: OverlayTokenRow) -> Self {
        Self {
            id: IdKind::OverlayToken.id(token.id.0),
            label: token.label,
            created_at: token.created_at.into(),
            revoked_at: token.revoked_at.map(Time),
        }
    }
}
