//! `parlor tenant`: tenants by whoever has the database.

mod show;

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use parlor_api::parse_time;
use parlor_domain::id::{IdSource, TenantId};
use parlor_domain::tenant::{
    LimitsChange, Origin, RoomDefaultsChange, TenantChange, TenantDraft, TenantKey,
};
use parlor_domain::tenant_aggregate::TenantAggregate;
use parlor_domain::time::ServerTime;
use parlor_identity::public_key::PublicKey;
use parlor_identity::tenants;
use parlor_node::clock::Clock;
use parlor_node::ids::{Ids, Randomness};
use parlor_store::{Cursor, PageRequest, Store};
use parlor_writer::{
    AddTenantKey, ChangeTenantError, Command, RetireTenantKey, UpdateTenant, change_tenant,
};
use uuid::Uuid;

use super::{DatabaseArgs, print, read_file};
use show::Shown;

/// How many tenants are read from the database at once.
const PAGE: u32 = 500;

#[derive(Debug, Args)]
pub(super) struct TenantArgs {
    #[command(subcommand)]
    command: TenantCommand,
}

#[expect(
    clippy::doc_markdown,
    reason = "these comments are the command line's help"
)]
#[derive(Debug, Subcommand)]
enum TenantCommand {
    /// Make a tenant
    ///
    /// Prints its UUID, which is what its tokens carry as `tenant_id`.
    Create(CreateArgs),

    /// List all tenants, in the order they were made
    List(CommonArgs),

    /// Show a tenant with its settings and keys
    Show(ShowArgs),

    /// Change a tenant's settings; what is not named stays as it is
    Update(UpdateArgs),

    /// Add a public key that the tenant signs its tokens with
    ///
    /// Takes a JWK or a PEM file with the public key for ES256 (P-256) or EdDSA (Ed25519). Tokens
    /// must name the key in their header, as `kid`. For example:
    ///
    ///   openssl genpkey -algorithm ed25519 -out private.pem
    ///   openssl pkey -in private.pem -pubout -out public.pem
    ///   parlor tenant add-key <UUID> public.pem --kid 2026-01
    #[command(verbatim_doc_comment)]
    AddKey(AddKeyArgs),

    /// Have a key refused, at once or from a time on
    ///
    /// To change keys: add the new one, sign with it, and retire the old one when its last token
    /// has run out.
    RetireKey(RetireKeyArgs),
}

#[derive(Debug, Args)]
struct CommonArgs {
    #[command(flatten)]
    database: DatabaseArgs,

    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// What to call the tenant in lists
    name: String,

    /// The tenant's UUID; a new one unless given
    #[arg(long)]
    uuid: Option<Uuid>,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
struct ShowArgs {
    /// The tenant's UUID
    #[arg(value_name = "UUID")]
    tenant: Uuid,

    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
struct UpdateArgs {
    /// The tenant's UUID
    #[arg(value_name = "UUID")]
    tenant: Uuid,

    /// What to call the tenant in lists
    #[arg(long)]
    name: Option<String>,

    /// Leave allowed origins to the server's own setting again
    #[arg(long, conflicts_with = "allowed_origin")]
    server_origins: bool,

    /// Refuse the change if the tenant is at another version by now
    #[arg(long, value_name = "VERSION")]
    if_version: Option<i32>,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    common: CommonArgs,
}

#[expect(
    clippy::doc_markdown,
    reason = "these comments are the command line's help"
)]
/// What a tenant has beside its name. A number that is left out stays as it is.
#[derive(Debug, Args)]
struct SettingsArgs {
    /// A web page's origin that may use the tenant's rooms, such as https://www.example.com;
    /// repeatable, and the whole list
    ///
    /// `*` lets every page in, and the empty text none. Without a list the server's own setting
    /// holds.
    #[arg(long, value_name = "ORIGIN")]
    allowed_origin: Vec<String>,

    /// The delay of a new room's stream, in milliseconds
    #[arg(long, value_name = "MS", help_heading = "Defaults of new rooms")]
    room_delay_ms: Option<i64>,

    /// How much later an instant appears on a new room's stream than it happened, in milliseconds
    #[arg(
        long,
        value_name = "MS",
        allow_negative_numbers = true,
        help_heading = "Defaults of new rooms"
    )]
    room_ingest_offset_ms: Option<i64>,

    /// Whether anyone may read a new room without a token
    #[arg(long, value_name = "BOOL", help_heading = "Defaults of new rooms")]
    room_anonymous_read: Option<bool>,

    /// How many people the stage of a new room has places for
    #[arg(long, value_name = "COUNT", help_heading = "Defaults of new rooms")]
    room_stage_size: Option<u32>,

    /// For how long a new room's stream may be away within one session, in milliseconds
    #[arg(long, value_name = "MS", help_heading = "Defaults of new rooms")]
    room_interruption_grace_ms: Option<i64>,

    /// Rooms in any state
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    max_rooms: Option<u32>,

    /// Overlay tokens of one room that are not revoked
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    max_overlay_tokens_per_room: Option<u32>,

    /// Sockets open at once on one node
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    max_sockets_per_node: Option<u32>,
}

#[derive(Debug, Args)]
struct AddKeyArgs {
    /// The tenant's UUID
    #[arg(value_name = "UUID")]
    tenant: Uuid,

    /// The file with the public key, a JWK or PEM; `-` reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// What tokens call the key; else the JWK's own `kid`, else the key's thumbprint (RFC 7638)
    #[arg(long)]
    kid: Option<String>,

    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
struct RetireKeyArgs {
    /// The tenant's UUID
    #[arg(value_name = "UUID")]
    tenant: Uuid,

    /// What tokens call the key
    kid: String,

    /// From when on the key is refused, such as 2026-01-02T03:04:05Z; at once unless given
    ///
    /// As `date -u -d "2 hours" +%FT%TZ` writes it. A time that has passed is refused.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<ServerTime>,

    #[command(flatten)]
    common: CommonArgs,
}

pub(super) async fn tenant(args: TenantArgs) -> Result<()> {
    match args.command {
        TenantCommand::Create(args) => create(args).await,
        TenantCommand::List(args) => list(&args).await,
        TenantCommand::Show(args) => show(&args).await,
        TenantCommand::Update(args) => update(args).await,
        TenantCommand::AddKey(args) => add_key(args).await,
        TenantCommand::RetireKey(args) => retire_key(args).await,
    }
}

async fn create(args: CreateArgs) -> Result<()> {
    let id = TenantId(args.uuid.unwrap_or_else(|| new_ids().next_id()));
    let draft = TenantDraft {
        name: args.name,
        allowed_origins: args.settings.origins()?,
        defaults: args.settings.defaults(),
        limits: args.settings.limits(),
    };

    let store = open(&args.common.database.url).await?;
    let created = tenants::create(&store, draft, id, Clock::System.now()).await;
    store.close().await;
    let created = created.context("cannot make the tenant")?;
    if args.common.json {
        return print(&Shown::of(&created).json());
    }
    print(&format!("{}\n", created.id))
}

async fn list(args: &CommonArgs) -> Result<()> {
    let store = open(&args.database.url).await?;
    let mut tenants = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest {
            limit: PAGE,
            after,
            ..PageRequest::default()
        };
        let page = store.tenants_page(request).await;
        let page = page.context("cannot read the tenants")?;
        after = page.items.last().map(|last| Cursor {
            number: last.created_at.unix_millis(),
            id: last.id.0,
        });
        tenants.extend(page.items);
        if !page.has_next {
            break;
        }
    }
    store.close().await;

    print(&if args.json {
        show::list_json(&tenants)
    } else {
        show::list_table(&tenants)
    })
}

async fn show(args: &ShowArgs) -> Result<()> {
    let store = open(&args.common.database.url).await?;
    let found = store.tenant_with_keys(TenantId(args.tenant)).await;
    store.close().await;
    let found = found.context("cannot read the tenant")?;
    let (tenant, keys) = found.ok_or_else(|| unknown(args.tenant))?;

    let shown = Shown::of(&tenant).with_keys(&keys, Clock::System.now());
    print(&if args.common.json {
        shown.json()
    } else {
        shown.text()
    })
}

async fn update(args: UpdateArgs) -> Result<()> {
    let origins = args.settings.origins()?;
    let store = open(&args.common.database.url).await?;
    let id = TenantId(args.tenant);
    let present = store.tenant(id).await.context("cannot read the tenant")?;
    let present = present.ok_or_else(|| unknown(args.tenant))?;
    let change = TenantChange {
        version: args.if_version.unwrap_or(present.version),
        name: args.name,
        allowed_origins: if args.server_origins {
            Some(None)
        } else {
            origins.map(Some)
        },
        defaults: args.settings.defaults(),
        limits: args.settings.limits(),
    };

    let changed = change_with(&store, id, UpdateTenant(change)).await;
    store.close().await;
    let changed = changed.context("cannot change the tenant")?;
    print(&if args.common.json {
        Shown::of(&changed).json()
    } else {
        format!("tenant {id} is at version {}\n", changed.version)
    })
}

async fn add_key(args: AddKeyArgs) -> Result<()> {
    let text = read_file(&args.file)?;
    let key = if text.trim_start().starts_with('{') {
        PublicKey::from_jwk(&text)
    } else {
        PublicKey::from_pem(&text)
    }
    .with_context(|| format!("cannot use the key in {}", args.file.display()))?;
    let now = Clock::System.now();
    let key = key.into_tenant_key(args.kid, now);

    let store = open(&args.common.database.url).await?;
    let added = change_with(&store, TenantId(args.tenant), AddTenantKey(key)).await;
    store.close().await;
    let added = added.with_context(|| format!("cannot add the key to tenant {}", args.tenant))?;
    tell_key(&added, now, args.common.json)
}

async fn retire_key(args: RetireKeyArgs) -> Result<()> {
    let command = RetireTenantKey {
        kid: args.kid,
        at: args.at,
    };

    let store = open(&args.common.database.url).await?;
    let retired = change_with(&store, TenantId(args.tenant), command).await;
    store.close().await;
    let retired = retired.with_context(|| format!("cannot retire a key of {}", args.tenant))?;
    tell_key(&retired, Clock::System.now(), args.common.json)
}

async fn change_with<C: Command<On = TenantAggregate>>(
    store: &Store,
    id: TenantId,
    command: C,
) -> Result<C::Answer, ChangeTenantError<C::Refusal>> {
    let (mut ids, now) = (new_ids(), Clock::System.now());

    change_tenant(store, id, command, &mut ids, now).await
}

fn new_ids() -> Ids {
    Ids::new(Clock::System, Randomness::System)
}

fn tell_key(key: &TenantKey, now: ServerTime, json: bool) -> Result<()> {
    if json {
        return print(&show::key_json(key, now));
    }

    let seconds = parlor_identity::STALE_AFTER_MS / 1_000;
    print(&format!(
        "{}\nrunning servers know of it within {seconds} s\n",
        show::key_line(key, now)
    ))
}

/// Opens the database, which is made and brought up to date by whoever comes first.
async fn open(database: &str) -> Result<Store> {
    let store = Store::connect(&parlor_store::Settings::new(database)).await?;
    store
        .migrate()
        .await
        .context("cannot bring the database up to date")?;

    Ok(store)
}

fn unknown(id: Uuid) -> anyhow::Error {
    anyhow!("there is no tenant {id}; `parlor tenant list` shows all")
}

impl SettingsArgs {
    /// `None` unless a list is given, of which the empty text is the empty one.
    fn origins(&self) -> Result<Option<Vec<Origin>>> {
        if self.allowed_origin.is_empty() {
            return Ok(None);
        }
        let given = self.allowed_origin.iter().filter(|text| !text.is_empty());
        let origins: Result<_, _> = given.map(|text| Origin::parse(text)).collect();

        Ok(Some(origins?))
    }

    fn defaults(&self) -> RoomDefaultsChange {
        RoomDefaultsChange {
            delay_ms: self.room_delay_ms,
            ingest_offset_ms: self.room_ingest_offset_ms,
            anonymous_read: self.room_anonymous_read,
            stage_size: self.room_stage_size,
            interruption_grace_ms: self.room_interruption_grace_ms,
        }
    }

    fn limits(&self) -> LimitsChange {
        LimitsChange {
            rooms: self.max_rooms,
            overlay_tokens_per_room: self.max_overlay_tokens_per_room,
            sockets_per_node: self.max_sockets_per_node,
        }
    }
}
