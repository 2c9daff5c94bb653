//! Ways in for services that tell of payments, as a tenant's staff sets them up.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use parlor_domain::id::{RoomId, TenantId, WebhookSourceId};
use parlor_domain::invalid::{Invalid, check_range, check_words};
use parlor_domain::time::ServerTime;
use parlor_store::{SOURCES_MAX, SourceChange, WebhookSource as Source};
use parlor_webhooks::{Adapter, LiveSecret, Secret};
use uuid::Uuid;

use crate::fault::Fault;
use crate::global_id::{self, IdKind};
use crate::refusal::{Refusal, Stop, results};
use crate::scalar::Time;
use crate::submit::{named_room, stamp};
use crate::{App, app, caller};

/// The longest name of a source, in bytes: a line in a list.
const NAME_BYTES_MAX: usize = 100;
/// How long a secret still holds that another has taken the place of, unless it is said: a day, in which somebody puts the
/// new one where requests are signed.
const OVERLAP_SECONDS_DEFAULT: i64 = 24 * 60 * 60;
/// The longest: what is not exchanged within a week is forgotten.
const OVERLAP_SECONDS_MAX: i64 = 7 * OVERLAP_SECONDS_DEFAULT;

/// Whose webhooks a source takes.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Adapter")]
pub(crate) enum WebhookAdapter {
    /// The tenant's own servers, which sign by Standard Webhooks.
    Parlor,
    Stripe,
    Kofi,
}

/// A way in for a service that tells of payments. Its secrets are never shown again.
#[derive(SimpleObject)]
pub(crate) struct WebhookSource {
    id: ID,
    name: String,
    adapter: WebhookAdapter,
    /// Where the service sends its requests.
    url: String,
    /// Where money goes of which the service says no room.
    room_id: Option<ID>,
    is_disabled: bool,
    created_at: Time,
    /// Until when the secret before the present one is taken as well.
    previous_secret_retires_at: Option<Time>,
}

/// The only time that `secret` is shown.
#[derive(SimpleObject)]
pub(crate) struct WebhookSourceWithSecret {
    source: WebhookSource,
    /// What requests are to be signed with. Null if it was given, for whoever gave it has it.
    secret: Option<String>,
}

#[derive(SimpleObject)]
pub(crate) struct DeletedWebhookSource {
    id: ID,
}

#[derive(InputObject)]
pub(crate) struct CreateWebhookSourceInput {
    /// 1 to 100 bytes.
    name: String,
    adapter: WebhookAdapter,
    /// Where money goes of which the service says no room. Required for Ko-fi, which knows none.
    room_id: Option<ID>,
    /// The signing secret that Stripe shows, or Ko-fi's verification token. Left out for Parlor's own, which is made here.
    secret: Option<String>,
}

/// What of a source is to change. What is left out stays; `roomId` goes when it is null.
#[derive(InputObject)]
pub(crate) struct UpdateWebhookSourceInput {
    id: ID,
    /// 1 to 100 bytes.
    name: Option<String>,
    /// Where money goes of which the service says no room, from the next request on. Ko-fi's stays one.
    room_id: MaybeUndefined<ID>,
    /// Whether its requests are answered as if it were not there. What it was told of before still has its effect.
    is_disabled: Option<bool>,
}

#[derive(InputObject)]
pub(crate) struct RotateWebhookSecretInput {
    id: ID,
    /// As for `createWebhookSource`.
    secret: Option<String>,
    /// How long the present secret is still taken: 0 to 604800, a day unless it is said.
    overlap_seconds: Option<i32>,
}

results! {
    CreateWebhookSourceResult {
        WebhookSourceWithSecret, Validation ValidationError, NotFound NotFoundError, Auth AuthError, Conflict ConflictError
    }
    UpdateWebhookSourceResult {
        WebhookSource, Validation ValidationError, NotFound NotFoundError, Auth AuthError; never Conflict
    }
    RotateWebhookSecretResult {
        WebhookSourceWithSecret, Validation ValidationError, NotFound NotFoundError, Auth AuthError; never Conflict
    }
    DeleteWebhookSourceResult {
        DeletedWebhookSource, NotFound NotFoundError, Auth AuthError; never Validation, Conflict
    }
}

#[derive(Default)]
pub(crate) struct WebhookQuery;

#[Object]
impl WebhookQuery {
    /// The ways in for services that tell of payments, oldest first, of which a tenant has 50 at most; for its staff.
    async fn webhook_sources(&self, context: &Context<'_>) -> Result<Vec<WebhookSource>, Fault> {
        let tenant_id = caller(context).principal.staff_tenant()?;
        let app = app(context);
        let sources = app.store.webhook_sources(tenant_id).await?;

        Ok(sources
            .into_iter()
            .map(|source| shown(app, source))
            .collect())
    }
}

#[derive(Default)]
pub(crate) struct WebhookMutation;

#[Object]
impl WebhookMutation {
    /// Makes a way in for a service that tells of payments; for the tenant's staff.
    async fn create_webhook_source(
        &self,
        context: &Context<'_>,
        input: CreateWebhookSourceInput,
    ) -> Result<CreateWebhookSourceResult, Fault> {
        CreateWebhookSourceResult::of(create(context, input).await)
    }

    /// Changes a way in, disables it or enables it again; for the tenant's staff.
    async fn update_webhook_source(
        &self,
        context: &Context<'_>,
        input: UpdateWebhookSourceInput,
    ) -> Result<UpdateWebhookSourceResult, Fault> {
        UpdateWebhookSourceResult::of(update(context, input).await)
    }

    /// Puts another secret in force. The present one is taken for a while longer, the one before it no more.
    async fn rotate_webhook_secret(
        &self,
        context: &Context<'_>,
        input: RotateWebhookSecretInput,
    ) -> Result<RotateWebhookSecretResult, Fault> {
        RotateWebhookSecretResult::of(rotate(context, input).await)
    }

    /// Takes a way in away. What it was told of before still has its effect.
    async fn delete_webhook_source(
        &self,
        context: &Context<'_>,
        id: ID,
    ) -> Result<DeleteWebhookSourceResult, Fault> {
        DeleteWebhookSourceResult::of(delete(context, id).await)
    }
}

async fn create(
    context: &Context<'_>,
    input: CreateWebhookSourceInput,
) -> Result<WebhookSourceWithSecret, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    let app = app(context);
    let adapter = Adapter::from(input.adapter);
    check_words("name", &input.name, 1, NAME_BYTES_MAX)?;
    let room_id = if let Some(id) = &input.room_id {
        Some(owned_room(app, tenant_id, id).await?)
    } else {
        check_roomless(adapter)?;
        None
    };
    let (secret, is_made) = secret(app, adapter, input.secret.as_deref())?;
    let source = Source {
        // Chance alone, and no time as in other ids, for the address is to be guessed by nobody.
        id: WebhookSourceId(Uuid::from_bytes(app.ids.randomness().bytes())),
        tenant_id,
        name: input.name,
        adapter,
        room_id,
        is_disabled: false,
        created_at: stamp(context)?,
        secrets: vec![LiveSecret {
            secret: secret.clone(),
            retires_at: None,
        }],
    };
    let inserted = app.store.insert_webhook_source(&source, &secret).await;
    if !inserted.map_err(Fault::from)? {
        let message = format!("the tenant has {SOURCES_MAX} sources; delete one first");
        return Err(Refusal::conflict("TOO_MANY_WEBHOOK_SOURCES", message).into());
    }

    Ok(with_secret(app, source, is_made.then_some(&secret)))
}

async fn update(
    context: &Context<'_>,
    input: UpdateWebhookSourceInput,
) -> Result<WebhookSource, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    let app = app(context);
    if let Some(name) = &input.name {
        check_words("name", name, 1, NAME_BYTES_MAX)?;
    }
    let (id, present) = owned(app, tenant_id, &input.id).await?;
    let room_id = match &input.room_id {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => {
            check_roomless(present.adapter)?;
            Some(None)
        }
        MaybeUndefined::Value(room_id) => Some(Some(owned_room(app, tenant_id, room_id).await?)),
    };
    let change = SourceChange {
        name: input.name,
        room_id,
        is_disabled: input.is_disabled,
    };
    let updated = app.store.update_webhook_source(tenant_id, id, &change);
    let updated = updated.await.map_err(Fault::from)?;
    let unknown = || Refusal::not_found("WebhookSource", &input.id);

    Ok(shown(app, updated.ok_or_else(unknown)?))
}

async fn rotate(
    context: &Context<'_>,
    input: RotateWebhookSecretInput,
) -> Result<WebhookSourceWithSecret, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    let app = app(context);
    let overlap = input
        .overlap_seconds
        .map_or(OVERLAP_SECONDS_DEFAULT, i64::from);
    check_range("overlapSeconds", overlap, 0, OVERLAP_SECONDS_MAX)?;
    let (id, present) = owned(app, tenant_id, &input.id).await?;
    let (secret, is_made) = secret(app, present.adapter, input.secret.as_deref())?;
    let retires_at: ServerTime = stamp(context)?.plus_millis(overlap * 1_000);
    let rotated = app
        .store
        .rotate_webhook_secret(tenant_id, id, &secret, retires_at);
    let rotated = rotated.await.map_err(Fault::from)?;
    let unknown = || Refusal::not_found("WebhookSource", &input.id);
    let source = rotated.ok_or_else(unknown)?;

    Ok(with_secret(app, source, is_made.then_some(&secret)))
}

async fn delete(context: &Context<'_>, id: ID) -> Result<DeletedWebhookSource, Stop> {
    let tenant_id = caller(context).principal.staff_tenant()?;
    if let Some(source_id) = global_id::parse_webhook_source_id(&id) {
        let store = &app(context).store;
        let deleted = store.delete_webhook_source(tenant_id, source_id).await;
        if deleted.map_err(Fault::from)? {
            return Ok(DeletedWebhookSource { id });
        }
    }

    Err(Refusal::not_found("WebhookSource", &id).into())
}

/// The secret that was given, or one that is made, and whether it is.
fn secret(app: &App, adapter: Adapter, given: Option<&str>) -> Result<(Secret, bool), Invalid> {
    match (adapter, given) {
        (Adapter::Parlor, None) => Ok((Secret::generate(app.ids.randomness().bytes()), true)),
        (Adapter::Parlor, Some(_)) => {
            Err(Invalid::new("secret", "left out for Parlor's own", "one"))
        }
        (Adapter::Stripe | Adapter::Kofi, None) => Err(Invalid::new(
            "secret",
            "given for Stripe and Ko-fi",
            "nothing",
        )),
        (Adapter::Stripe | Adapter::Kofi, Some(given)) => {
            Ok((Secret::parse_given(adapter, given)?, false))
        }
    }
}

/// Whether money may go nowhere of which the service says no room.
fn check_roomless(adapter: Adapter) -> Result<(), Invalid> {
    match adapter {
        Adapter::Kofi => Err(Invalid::new("roomId", "given for Ko-fi", "nothing")),
        Adapter::Parlor | Adapter::Stripe => Ok(()),
    }
}

/// The tenant's source of that id.
async fn owned(app: &App, tenant_id: TenantId, id: &ID) -> Result<(WebhookSourceId, Source), Stop> {
    let unknown = || Stop::from(Refusal::not_found("WebhookSource", id));
    let source_id = global_id::parse_webhook_source_id(id).ok_or_else(unknown)?;
    let found = app.store.webhook_source(source_id).await;
    let found = found.map_err(Fault::from)?;
    let own = found.filter(|source| source.tenant_id == tenant_id);

    Ok((source_id, own.ok_or_else(unknown)?))
}

async fn owned_room(app: &App, tenant_id: TenantId, id: &ID) -> Result<RoomId, Stop> {
    let room_id = named_room(id);
    let view = app.store.room(room_id).await.map_err(Fault::from)?;
    match view {
        Some(view) if view.room.tenant_id == tenant_id => Ok(room_id),
        Some(_) | None => Err(Refusal::not_found("Room", id).into()),
    }
}

fn with_secret(app: &App, source: Source, secret: Option<&Secret>) -> WebhookSourceWithSecret {
    WebhookSourceWithSecret {
        source: shown(app, source),
        secret: secret.map(|secret| secret.reveal().to_owned()),
    }
}

fn shown(app: &App, source: Source) -> WebhookSource {
    let retires_at = source.secrets.iter().find_map(|secret| secret.retires_at);

    WebhookSource {
        id: IdKind::WebhookSource.id(source.id.0),
        url: format!("{}/webhooks/contributions/{}", app.public_url, source.id),
        name: source.name,
        adapter: source.adapter.into(),
        room_id: source.room_id.map(|id| ID(global_id::room_id(id))),
        is_disabled: source.is_disabled,
        created_at: source.created_at.into(),
        previous_secret_retires_at: retires_at.map(Time),
    }
}
