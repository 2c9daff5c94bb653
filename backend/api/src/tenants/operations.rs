//! What an operator asks for. To everybody else there are no tenants.

use async_graphql::{Context, ID, Object};
use parlor_domain::id::{IdSource, TenantId};
use parlor_domain::invalid::Invalid;
use parlor_domain::tenant::{self, TenantChange, TenantDraft};
use parlor_identity::public_key::PublicKey;
use parlor_identity::tenants::{self, CreateTenantError};
use parlor_writer::{AddTenantKey, RetireTenantKey, UpdateTenant};
use uuid::Uuid;

use super::input::{AddTenantKeyInput, CreateTenantInput, RetireTenantKeyInput, UpdateTenantInput};
use super::refusal::{
    AddTenantKeyResult, CreateTenantResult, RetireTenantKeyResult, UpdateTenantResult,
};
use super::{Tenant, TenantEdge, TenantKey, TenantsConnection};
use crate::fault::Fault;
use crate::page::{self, ConnectionInput, connection};
use crate::refusal::{Refusal, Stop};
use crate::submit::{stamp, submit_to_tenant};
use crate::{app, caller, global_id};

#[derive(Default)]
pub(crate) struct TenantQuery;

#[Object]
impl TenantQuery {
    /// A tenant, by its global id. For the operator; null for everybody else.
    async fn tenant(&self, context: &Context<'_>, id: ID) -> Result<Option<Tenant>, Fault> {
        match global_id::parse_tenant_id(&id) {
            Some(id) => read_tenant(context, id).await,
            None => Ok(None),
        }
    }

    /// Every tenant, in the order they were made. For the operator.
    async fn tenants_connection(
        &self,
        context: &Context<'_>,
        page: Option<ConnectionInput>,
    ) -> Result<TenantsConnection, Fault> {
        caller(context).principal.require_operator()?;
        let asked = page::request("tenants", &(), page)?;
        let found = app(context).store.tenants_page(asked.part).await?;

        Ok(connection!(
            TenantsConnection { TenantEdge },
            asked,
            found,
            |tenant| (tenant.created_at, tenant.id.0)
        ))
    }
}

#[derive(Default)]
pub(crate) struct TenantMutation;

#[Object]
impl TenantMutation {
    /// Makes a tenant. For the operator.
    async fn create_tenant(
        &self,
        context: &Context<'_>,
        input: CreateTenantInput,
    ) -> Result<CreateTenantResult, Fault> {
        CreateTenantResult::of(create_tenant(context, input).await)
    }

    /// Changes a tenant's settings. For the operator.
    async fn update_tenant(
        &self,
        context: &Context<'_>,
        id: ID,
        input: UpdateTenantInput,
    ) -> Result<UpdateTenantResult, Fault> {
        UpdateTenantResult::of(update_tenant(context, &id, input).await)
    }

    /// Adds a public key to those that a tenant signs its tokens with. Adding it again changes
    /// nothing. For the operator.
    async fn add_tenant_key(
        &self,
        context: &Context<'_>,
        input: AddTenantKeyInput,
    ) -> Result<AddTenantKeyResult, Fault> {
        AddTenantKeyResult::of(add_tenant_key(context, input).await)
    }

    /// Has a tenant's key refused from a time on. For the operator.
    async fn retire_tenant_key(
        &self,
        context: &Context<'_>,
        input: RetireTenantKeyInput,
    ) -> Result<RetireTenantKeyResult, Fault> {
        RetireTenantKeyResult::of(retire_tenant_key(context, input).await)
    }
}

/// The tenant, if it is for the caller to see.
pub(crate) async fn read_tenant(
    context: &Context<'_>,
    id: TenantId,
) -> Result<Option<Tenant>, Fault> {
    if caller(context).principal.require_operator().is_err() {
        return Ok(None);
    }

    Ok(app(context).store.tenant(id).await?.map(Tenant::from))
}

async fn create_tenant(
    context: &Context<'_>,
    input: CreateTenantInput,
) -> Result<tenant::Tenant, Stop> {
    caller(context).principal.require_operator()?;
    let app = app(context);
    let id = match &input.uuid {
        Some(text) => Uuid::try_parse(text)
            .map_err(|_| Invalid::new("uuid", "a UUID", format!("{text:?}")))?,
        None => app.ids.clone().next_id(),
    };
    let draft = TenantDraft::try_from(input)?;

    let created = tenants::create(&app.store, draft, TenantId(id), stamp(context)?).await;
    app.identity.directory().forget();
    created.map_err(|error| match error {
        CreateTenantError::Invalid(invalid) => invalid.into(),
        CreateTenantError::Exists(_) => Refusal::conflict("TENANT_EXISTS", &error).into(),
        CreateTenantError::Store(error) => Fault::from(error).into(),
    })
}

async fn update_tenant(
    context: &Context<'_>,
    id: &ID,
    input: UpdateTenantInput,
) -> Result<tenant::Tenant, Stop> {
    let prepare = || Ok(UpdateTenant(TenantChange::try_from(input)?));

    submit_to_tenant(context, id, prepare).await
}

async fn add_tenant_key(
    context: &Context<'_>,
    input: AddTenantKeyInput,
) -> Result<TenantKey, Stop> {
    let now = app(context).clock.now();
    let prepare = || {
        let key = read_key(&input)?;
        Ok(AddTenantKey(key.into_tenant_key(input.kid.clone(), now)))
    };

    let added = submit_to_tenant(context, &input.tenant_id, prepare).await?;
    Ok(TenantKey::new(&added, now))
}

fn read_key(input: &AddTenantKeyInput) -> Result<PublicKey, Invalid> {
    match (&input.jwk, &input.pem) {
        (Some(jwk), None) => PublicKey::from_jwk(jwk),
        (None, Some(pem)) => PublicKey::from_pem(pem),
        (Some(_), Some(_)) => Err(Invalid::new("jwk", "given without `pem`", "both")),
        (None, None) => Err(Invalid::new("jwk", "given, or `pem`", "neither")),
    }
}

async fn retire_tenant_key(
    context: &Context<'_>,
    input: RetireTenantKeyInput,
) -> Result<TenantKey, Stop> {
    let prepare = || {
        Ok(RetireTenantKey {
            kid: input.kid,
            at: input.at.map(|at| at.0),
        })
    };

    let retired = submit_to_tenant(context, &input.tenant_id, prepare).await?;
    Ok(TenantKey::new(&retired, app(context).clock.now()))
}
