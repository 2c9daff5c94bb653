//! The demo's two people: a host who rules the room, and a guest who may ask for the stage.

use anyhow::Result;
use parlor_domain::id::TenantId;
use parlor_identity::Claims;
use serde_json::json;

use super::{TOKEN_SECONDS, text_of};
use crate::server::Server;
use crate::simulate::Client;

const HOST: &str = "demo-host";
const GUEST: &str = "demo-guest";

const JOIN_ROOM: &str = "mutation ($input: JoinRoomInput!) {
  joinRoom(input: $input) { ... on Participant { id version } ... on Error { message } }
}";
const ASSIGN_ROLE: &str = "mutation ($input: AssignRoleInput!) {
  assignRole(input: $input) { ... on Participant { id version } ... on Error { message } }
}";
const HAND_OVER_HOST: &str = "mutation ($input: HandOverHostInput!) {
  handOverHost(input: $input) { ... on Participant { id } ... on Error { message } }
}";

/// The tokens by which the two come into the room.
pub(super) struct People {
    pub(super) host_token: String,
    pub(super) guest_token: String,
}

/// Lets the host into `room` and makes them its owner, who takes the stage as its host. The guest
/// comes by themselves.
pub(super) async fn invite(
    client: &Client,
    server: &Server,
    tenant_id: TenantId,
    room: &str,
) -> Result<People> {
    let host = json!({ "input": { "roomId": room, "viewerId": HOST, "name": "Mira" } });
    let joined = client.execute(JOIN_ROOM, host).await?;
    let owner = json!({ "input": {
        "roomId": room,
        "participantId": text_of(&joined["joinRoom"], "id")?,
        "version": joined["joinRoom"]["version"],
        "role": "OWNER",
    } });
    let assigned = client.execute(ASSIGN_ROLE, owner).await?;
    let host_token = token(server, tenant_id, HOST, "viewer");
    let host = Client::new(&format!("http://{}", server.address), &host_token)?;
    let place = json!({ "input": {
        "roomId": room,
        "participantId": text_of(&assigned["assignRole"], "id")?,
        "version": assigned["assignRole"]["version"],
    } });
    let hosting = host.execute(HAND_OVER_HOST, place).await?;
    text_of(&hosting["handOverHost"], "id")?;

    Ok(People {
        host_token,
        guest_token: token(server, tenant_id, GUEST, "viewer"),
    })
}

/// Signs a token for `subject` that lasts as long as a demo is looked at.
pub(super) fn token(server: &Server, tenant_id: TenantId, subject: &str, role: &str) -> String {
    let app = &server.service.app;
    let now = app.clock.now();

    app.identity.sign(&Claims {
        tenant_id: Some(tenant_id.0),
        role: Some(role.to_owned()),
        sub: Some(subject.to_owned()),
        exp: Some(now.unix_millis() / 1_000 + TOKEN_SECONDS),
        ..Claims::default()
    })
}
