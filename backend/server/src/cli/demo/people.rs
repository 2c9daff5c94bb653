//! The demo's people: a host who rules the room, a guest who may ask for the stage, and a viewer who has points.

use anyhow::Result;
use parlor_domain::id::TenantId;
use parlor_identity::Claims;
use serde_json::json;

use super::{TOKEN_SECONDS, text_of};
use crate::server::Server;
use crate::simulate::Client;

const HOST: &str = "demo-host";
const GUEST: &str = "demo-guest";
const VIEWER: &str = "demo-viewer";
/// What the viewer is given to begin with, so that there is something to redeem before minutes were watched.
const WELCOME_POINTS: &str = "200";

const JOIN_ROOM: &str = "mutation ($input: JoinRoomInput!) {
  joinRoom(input: $input) { ... on Participant { id version } ... on Error { message } }
}";
const ASSIGN_ROLE: &str = "mutation ($input: AssignRoleInput!) {
  assignRole(input: $input) { ... on Participant { id version } ... on Error { message } }
}";
const GRANT_POINTS: &str = "mutation ($input: PointsInput!) {
  grantPoints(input: $input) { ... on PointsTransfer { balanceAfter } ... on Error { message } }
}";
const HAND_OVER_HOST: &str = "mutation ($input: HandOverHostInput!) {
  handOverHost(input: $input) { ... on Participant { id } ... on Error { message } }
}";

/// The tokens by which they come into the room.
pub(super) struct Tokens {
    pub(super) host: String,
    pub(super) guest: String,
    pub(super) viewer: String,
}

/// Lets the host into `room` and makes them its owner, who takes the stage as its host. The guest
/// comes by themselves, and the viewer is in the audience.
pub(super) async fn invite(
    client: &Client,
    server: &Server,
    tenant_id: TenantId,
    room: &str,
) -> Result<Tokens> {
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

    admit(client, room, VIEWER, "Ada", WELCOME_POINTS).await?;

    Ok(Tokens {
        viewer: token(server, tenant_id, VIEWER, "viewer"),
        host: host_token,
        guest: token(server, tenant_id, GUEST, "viewer"),
    })
}

/// Lets somebody into `room`, and welcomes them with points.
pub(super) async fn admit(
    client: &Client,
    room: &str,
    viewer_id: &str,
    name: &str,
    points: &str,
) -> Result<()> {
    let viewer = json!({ "input": { "roomId": room, "viewerId": viewer_id, "name": name } });
    let joined = client.execute(JOIN_ROOM, viewer).await?;
    let welcome = json!({ "input": {
        "roomId": room,
        "idempotencyKey": format!("welcome {viewer_id}"),
        "participantId": text_of(&joined["joinRoom"], "id")?,
        "points": points,
        "reason": "Welcome to the show",
    } });
    let granted = client.execute(GRANT_POINTS, welcome).await?;
    text_of(&granted["grantPoints"], "balanceAfter")?;

    Ok(())
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
