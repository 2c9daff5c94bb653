//! `parlor token`.

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use parlor_domain::id::{IdSource, TenantId};
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_identity::{Claims, MACHINE_ROLES, OPERATOR_ROLE, STAFF_ROLES, sign_with};
use parlor_node::clock::Clock;
use parlor_node::ids::{Ids, Randomness};
use parlor_store::Store;
use uuid::Uuid;

use super::print;
use crate::config::JWT_SECRET_BYTES_MIN;

/// The role of an audience, which every role is that means nothing more.
const VIEWER_ROLE: &str = "viewer";

#[expect(
    clippy::doc_markdown,
    reason = "these comments are the command line's help"
)]
#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    /// The tenant that the token is of, by its UUID
    #[arg(long, value_name = "UUID", required_unless_present_any = ["create_tenant", "operator"])]
    tenant: Option<Uuid>,

    /// Make a tenant of this name first; its UUID goes to standard error
    #[arg(long, value_name = "NAME", requires = "database")]
    create_tenant: Option<String>,

    /// Make an operator's token, which is of no tenant and makes and changes tenants
    #[arg(long, conflicts_with_all = ["tenant", "create_tenant", "role"])]
    operator: bool,

    /// Where to make the tenant, such as sqlite://parlor.db
    #[arg(
        long,
        env = "PARLOR_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    database: Option<String>,

    /// What the holder may do: owner, admin, staff and service run the tenant's rooms, every other
    /// role watches
    #[arg(long, default_value = VIEWER_ROLE)]
    role: String,

    /// Who holds the token, by the tenant's own id
    #[arg(long, value_name = "ID")]
    subject: String,

    /// How long the token holds: a number and s, m, h or d
    #[arg(long, default_value = "1h", value_name = "SPAN", value_parser = parse_span)]
    ttl: i64,

    /// The secret to sign with, the same as the server's
    #[arg(
        long,
        env = "PARLOR_JWT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    jwt_secret: Option<String>,
}

#[expect(
    clippy::print_stderr,
    reason = "it is said to whoever typed the command"
)]
pub(super) async fn token(args: TokenArgs) -> Result<()> {
    let secret = args
        .jwt_secret
        .context("set PARLOR_JWT_SECRET to the server's secret")?;
    ensure!(
        secret.len() >= JWT_SECRET_BYTES_MIN,
        "the secret for signing tokens must have at least {JWT_SECRET_BYTES_MIN} bytes, and this \
         one has {}",
        secret.len()
    );

    let claims = Claims {
        sub: Some(args.subject),
        exp: Some(Clock::System.now().unix_millis() / 1_000 + args.ttl),
        ..Claims::default()
    };
    if args.operator {
        let claims = Claims {
            role: Some(OPERATOR_ROLE.to_owned()),
            ..claims
        };
        return print(&format!("{}\n", sign_with(&secret, &claims)));
    }

    let mut ids = Ids::new(Clock::System, Randomness::System);
    let tenant_id = args.tenant.unwrap_or_else(|| ids.next_id());
    if let (Some(name), Some(database)) = (args.create_tenant, &args.database) {
        create_tenant(tenant_id, name, database).await?;
        eprintln!("tenant {tenant_id}");
    }

    let role = args.role.as_str();
    let mut roles = STAFF_ROLES.iter().chain(&MACHINE_ROLES);
    if role != VIEWER_ROLE && !roles.any(|known| *known == role) {
        let staff = STAFF_ROLES.join(", ");
        eprintln!("note: whoever has the role `{role}` watches, like everybody but {staff}");
    }

    let claims = Claims {
        tenant_id: Some(tenant_id),
        role: Some(args.role),
        ..claims
    };
    print(&format!("{}\n", sign_with(&secret, &claims)))
}

async fn create_tenant(id: Uuid, name: String, database: &str) -> Result<()> {
    let settings = parlor_store::Settings::new(database);
    let store = Store::connect(&settings).await?;
    store
        .migrate()
        .await
        .context("cannot bring the database up to date")?;
    let now = Clock::System.now();
    let tenant = Tenant::create(TenantDraft::named(name), TenantId(id), now)?;
    let is_new = store
        .create_tenant(&tenant)
        .await
        .context("cannot make the tenant")?;
    store.close().await;

    if !is_new {
        bail!("there is a tenant {id} already");
    }
    Ok(())
}

/// Reads a span of time as seconds.
fn parse_span(text: &str) -> Result<i64, String> {
    let (number, unit) = text.split_at(text.len() - text.chars().last().map_or(0, char::len_utf8));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("a span ends in s, m, h or d, such as 90m".to_owned()),
    };

    match number
        .parse::<i64>()
        .ok()
        .and_then(|number| number.checked_mul(seconds))
    {
        Some(span @ 1..) => Ok(span),
        _ => Err(format!("{number:?} is not a positive whole number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_a_number_and_a_unit() {
        assert_eq!(parse_span("90m"), Ok(5_400));
        assert_eq!(parse_span("2d"), Ok(172_800));
        for odd in [
            "",
            "h",
            "1",
            "0h",
            "-1h",
            "1.5h",
            "1w",
            "1é",
            "99999999999999999999s",
        ] {
            assert!(parse_span(odd).is_err(), "{odd}");
        }
    }
}
