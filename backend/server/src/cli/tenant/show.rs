//! How tenants and their keys look on a terminal, and in JSON.

use std::fmt::Write;

use parlor_api::format_time;
use parlor_domain::tenant::{KeySet, KeyStanding, Tenant, TenantKey};
use parlor_domain::time::ServerTime;
use parlor_identity::public_key::to_jwk;
use serde_json::{Value, json};

/// A tenant to be shown, with its keys if they were read.
pub(super) struct Shown<'a> {
    tenant: &'a Tenant,
    keys: Option<(&'a KeySet, ServerTime)>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(tenant: &'a Tenant) -> Self {
        Self { tenant, keys: None }
    }

    /// With `keys`, as they stand at `now`.
    pub(super) fn with_keys(self, keys: &'a KeySet, now: ServerTime) -> Self {
        Self {
            keys: Some((keys, now)),
            ..self
        }
    }

    pub(super) fn json(&self) -> String {
        pretty(&self.value())
    }

    pub(super) fn text(&self) -> String {
        let (defaults, limits) = (self.tenant.defaults, self.tenant.limits);
        let mut text = String::new();
        let mut line = |label: &str, value: &str| {
            writeln!(text, "{label:24}{value}").expect("a string takes text");
        };

        line("uuid", &self.tenant.id.to_string());
        line("name", &self.tenant.name);
        line("version", &self.tenant.version.to_string());
        line("created", &format_time(self.tenant.created_at));
        line("updated", &format_time(self.tenant.updated_at));
        line("allowed origins", &origins(self.tenant));
        line("new rooms: delay", &format!("{} ms", defaults.delay_ms));
        let offset = format!("{} ms", defaults.ingest_offset_ms);
        line("  ingest offset", &offset);
        line("  anonymous read", &defaults.anonymous_read.to_string());
        line("  stage size", &defaults.stage_size.to_string());
        let grace = format!("{} ms", defaults.interruption_grace_ms);
        line("  interruption grace", &grace);
        line("at most: rooms", &limits.rooms.to_string());
        let tokens = limits.overlay_tokens_per_room.to_string();
        line("  overlay tokens a room", &tokens);
        line("  sockets a node", &limits.sockets_per_node.to_string());
        if let Some((keys, now)) = self.keys {
            for key in keys.keys() {
                line("key", &key_line(key, now));
            }
        }

        text
    }

    fn value(&self) -> Value {
        let (tenant, defaults) = (self.tenant, self.tenant.defaults);
        let origins = tenant.allowed_origins.as_ref();
        let origins = origins.map(|list| list.iter().map(ToString::to_string).collect::<Vec<_>>());
        let mut value = json!({
            "uuid": tenant.id.to_string(),
            "name": tenant.name,
            "version": tenant.version,
            "allowedOrigins": origins,
            "roomDefaults": {
                "delayMs": defaults.delay_ms,
                "ingestOffsetMs": defaults.ingest_offset_ms,
                "anonymousRead": defaults.anonymous_read,
                "stageSize": defaults.stage_size,
                "interruptionGraceMs": defaults.interruption_grace_ms,
            },
            "limits": {
                "rooms": tenant.limits.rooms,
                "overlayTokensPerRoom": tenant.limits.overlay_tokens_per_room,
                "socketsPerNode": tenant.limits.sockets_per_node,
            },
            "createdAt": format_time(tenant.created_at),
            "updatedAt": format_time(tenant.updated_at),
        });
        if let Some((keys, now)) = self.keys {
            value["keys"] = keys.keys().iter().map(|key| key_value(key, now)).collect();
        }

        value
    }
}

pub(super) fn list_json(tenants: &[Tenant]) -> String {
    let values: Value = tenants
        .iter()
        .map(|tenant| Shown::of(tenant).value())
        .collect();

    pretty(&values)
}

pub(super) fn list_table(tenants: &[Tenant]) -> String {
    let mut text = format!("{:36}  {:24}  {:7}  NAME\n", "UUID", "CREATED", "ORIGINS");
    for tenant in tenants {
        let origins = match &tenant.allowed_origins {
            None => "server".to_owned(),
            Some(list) => list.len().to_string(),
        };
        let (uuid, created) = (tenant.id.to_string(), format_time(tenant.created_at));
        writeln!(
            text,
            "{uuid:36}  {created:24}  {origins:7}  {}",
            tenant.name
        )
        .expect("a string takes text");
    }

    text
}

pub(super) fn key_json(key: &TenantKey, now: ServerTime) -> String {
    pretty(&key_value(key, now))
}

pub(super) fn key_line(key: &TenantKey, now: ServerTime) -> String {
    let standing = match (key.standing(now), key.retires_at) {
        (KeyStanding::Retiring, Some(at)) => format!("in use until {}", format_time(at)),
        (KeyStanding::Retired, Some(at)) => format!("retired {}", format_time(at)),
        (KeyStanding::InUse | KeyStanding::Retiring | KeyStanding::Retired, _) => {
            "in use".to_owned()
        }
    };

    format!("{}  {}  {standing}", key.kid, key.algorithm.as_str())
}

fn key_value(key: &TenantKey, now: ServerTime) -> Value {
    let jwk: Value = serde_json::from_str(&to_jwk(key)).expect("a JWK is JSON");

    json!({
        "kid": key.kid,
        "algorithm": key.algorithm.as_str(),
        "isAccepted": key.is_accepted(now),
        "addedAt": format_time(key.added_at),
        "retiresAt": key.retires_at.map(format_time),
        "jwk": jwk,
    })
}

fn origins(tenant: &Tenant) -> String {
    match &tenant.allowed_origins {
        None => "the server's own setting".to_owned(),
        Some(list) if list.is_empty() => "none".to_owned(),
        Some(list) => {
            let origins: Vec<_> = list.iter().map(ToString::to_string).collect();
            origins.join(" ")
        }
    }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
