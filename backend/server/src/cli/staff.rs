//! What commands of a room's staff have in common: a running server, a token, and the room.

use std::fmt::{self, Write};

use anyhow::{Context, Result, bail};
use clap::Args;
use parlor_api::global_id;
use parlor_domain::id::IdSource;
use parlor_node::clock::Clock;
use parlor_node::ids::{Ids, Randomness};
use serde_json::{Value, json};

use super::print;
use crate::simulate::{Client, ClientError};

#[derive(Debug, Args)]
pub(super) struct StaffArgs {
    /// The room, by its global id or its slug
    #[arg(value_name = "ROOM")]
    room: String,

    #[command(flatten)]
    server: ServerArgs,

    /// Print JSON, one object a line, for programs
    #[arg(long)]
    pub(super) json: bool,
}

/// A running server, and who asks there.
#[derive(Debug, Args)]
pub(super) struct ServerArgs {
    /// The server's address: plain HTTP, as from the machine that it runs on
    #[arg(
        long,
        env = "PARLOR_SERVER",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL"
    )]
    server: String,

    /// A token of who may do this, such as `parlor token --role staff` makes
    #[arg(
        long,
        env = "PARLOR_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
}

/// What a request that makes something is known by.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// What the request is known by: the same once more is done once; a new key unless given
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// A room of a running server, and who asks there.
pub(super) struct StaffRoom {
    client: Client,
    /// The room's global id.
    id: String,
}

/// What the API's rules did not let pass.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) message: String,
}

impl ServerArgs {
    /// Who asks the server. Nothing is asked yet.
    pub(super) fn client(&self) -> Result<Client> {
        let token = self.token.as_deref();
        let token = token
            .context("set PARLOR_TOKEN to a token, such as `parlor token --role staff` makes")?;

        Ok(Client::new(&self.server, token)?)
    }
}

impl StaffArgs {
    /// Finds the room.
    pub(super) async fn open(&self) -> Result<StaffRoom> {
        let client = self.server.client()?;
        let id = find_room(&client, &self.room).await?;

        Ok(StaffRoom { client, id })
    }
}

/// The global id of a room that is named by it, or by its slug.
pub(super) async fn find_room(client: &Client, room: &str) -> Result<String> {
    if global_id::parse_room_id(room).is_some() {
        return Ok(room.to_owned());
    }

    let by_slug = "query ($slug: String!) { roomBySlug(slug: $slug) { id } }";
    let found = client.execute(by_slug, json!({ "slug": room })).await?;
    match found["roomBySlug"]["id"].as_str() {
        Some(id) => Ok(id.to_owned()),
        None => bail!("there is no room {room:?} for this token"),
    }
}

/// Has a mutation done, whose answer is called `done`. What refuses it is an error.
pub(super) async fn done(client: &Client, mutation: &str, variables: Value) -> Result<Value> {
    let mut answer = client.execute(mutation, variables).await?;
    let done = answer["done"].take();

    match Refused::read(&done) {
        Some(refused) => bail!("{refused}"),
        None => Ok(done),
    }
}

impl KeyArgs {
    /// The key to send.
    pub(super) fn key(&self) -> String {
        let new = || Ids::new(Clock::System, Randomness::System).next_id();
        self.key.clone().unwrap_or_else(|| new().to_string())
    }
}

impl StaffRoom {
    /// Has a query answered, whose variable `room` is the room.
    pub(super) async fn query(&self, document: &str, mut variables: Value) -> Result<Value> {
        variables["room"] = json!(self.id);
        Ok(self.client.execute(document, variables).await?)
    }

    /// Has a mutation done, whose answer is called `done`, and whose `input` is of the room.
    pub(super) async fn mutate(
        &self,
        document: &str,
        mut input: Value,
    ) -> Result<Result<Value, Refused>, ClientError> {
        input["roomId"] = json!(self.id);
        let variables = json!({ "input": input });
        let mut answer = self.client.execute(document, variables).await?;
        let done = answer["done"].take();

        Ok(Refused::read(&done).map_or(Ok(done), Err))
    }

    /// The same, of what is not to be done twice: whoever hears nothing of it is told how to ask again.
    pub(super) async fn mutate_once(
        &self,
        document: &str,
        mut input: Value,
        key: &str,
    ) -> Result<Value> {
        input["idempotencyKey"] = json!(key);
        let done = self.mutate(document, input).await;
        let done = match done {
            Err(error) if may_be_done(&error) => Err(error).with_context(|| {
                format!("it may have been done; the same with `--key {key}` is done once")
            }),
            done => done.map_err(Into::into),
        };

        done?.map_err(|refused| anyhow::anyhow!("{refused}"))
    }
}

impl Refused {
    /// The refusal, if `answer` is one.
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let code = answer["code"].as_str()?.to_owned();
        let message = answer["message"].as_str()?.to_owned();

        Some(Self { code, message })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

/// Prints objects, one a line.
pub(super) fn print_json(objects: &[Value]) -> Result<()> {
    let mut lines = String::new();
    for object in objects {
        writeln!(lines, "{object}").expect("a string takes text");
    }

    print(&lines)
}

/// What `object` says of `field`, and nothing where that is null.
pub(super) fn cell(object: &Value, field: &str) -> String {
    let value = &object[field];
    if value.is_null() {
        return String::new();
    }

    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| value.to_string())
}

fn may_be_done(error: &ClientError) -> bool {
    match error {
        ClientError::Failed { code, .. } => code == "OUTCOME_UNKNOWN" || error.is_temporary(),
        ClientError::Address(_) | ClientError::Unreachable { .. } | ClientError::Refused(..) => {
            error.is_temporary()
        }
    }
}
