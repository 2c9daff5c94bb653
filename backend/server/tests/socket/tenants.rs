//! What a tenant decides about sockets: whose pages may open them, how many, and by which keys.

use std::time::Duration;

use parlor_api::global_id;
use parlor_domain::id::{RoomId, TenantId};
use parlor_domain::tenant::{LimitsChange, Origin, TenantChange};
use parlor_identity::Claims;
use parlor_identity::public_key::PublicKey;
use parlor_socket::SocketSettings;
use parlor_writer::{AddTenantKey, RetireTenantKey, UpdateTenant};
use serde_json::json;

use crate::client::{Client, PATIENCE};
use crate::keys::{KeyPair, ed_dsa, es256};
use crate::server::{Options, START_MS, TestServer};

const OF_SERVER: &str = "https://server.example";
const OF_TENANT: &str = "https://tenant.example";
const OF_NOBODY: &str = "https://nobody.example";

async fn start() -> TestServer {
    TestServer::start_with(Options {
        allowed_origin: vec![OF_SERVER.to_owned()],
        sockets: SocketSettings {
            token_check: Duration::from_millis(10),
            ..SocketSettings::default()
        },
        ..Options::default()
    })
    .await
}

/// Changes a tenant that nobody has changed before, the way the API does.
async fn change(server: &TestServer, id: TenantId, change: TenantChange) {
    let app = &server.service.app;
    let change = TenantChange {
        version: 1,
        ..change
    };
    app.writer
        .submit(id, (), UpdateTenant(change))
        .await
        .unwrap();
    app.identity.directory().forget();
}

async fn allow_own_page(server: &TestServer, id: TenantId) {
    let own = TenantChange {
        allowed_origins: Some(Some(vec![Origin::parse(OF_TENANT).unwrap()])),
        ..TenantChange::default()
    };
    change(server, id, own).await;
}

async fn limit_sockets(server: &TestServer, id: TenantId, limit: u32) {
    let limits = LimitsChange {
        sockets_per_node: Some(limit),
        ..LimitsChange::default()
    };
    let limited = TenantChange {
        limits,
        ..TenantChange::default()
    };
    change(server, id, limited).await;
}

async fn add_key(server: &TestServer, key: &KeyPair) -> String {
    let app = &server.service.app;
    let now = app.clock.now();
    let public = PublicKey::from_jwk(&key.jwk()).unwrap();
    let public = public.into_tenant_key(None, now);
    app.writer
        .submit(server.tenant, (), AddTenantKey(public))
        .await
        .unwrap();
    app.identity.directory().forget();

    key.sign(&Claims {
        tenant_id: Some(server.tenant.0),
        role: Some("viewer".to_owned()),
        sub: Some("somebody".to_owned()),
        exp: Some(START_MS / 1_000 + 3_600),
        ..Claims::default()
    })
}

/// Connects as a page of `origin` does; `None` if that is refused before there is a socket.
async fn connect_from(server: &TestServer, origin: Option<&str>) -> Option<Client> {
    let connected = Client::connect_with(server.address, None, |request| {
        if let Some(origin) = origin {
            let origin = origin.parse().unwrap();
            request.headers_mut().insert("origin", origin);
        }
    });

    connected.await.ok()
}

/// Connects and introduces itself. Returns why the socket was closed, if it was.
async fn close_of(server: &TestServer, origin: Option<&str>, token: &str) -> Option<(u16, String)> {
    let mut client = connect_from(server, origin).await.expect("a socket");
    client.init(Some(token)).await;

    match client.receive().await {
        crate::client::Received::Message(message) => {
            assert_eq!(message["type"], "connection_ack");
            None
        }
        crate::client::Received::Close { code, reason } => Some((code, reason)),
        crate::client::Received::End => panic!("the connection ended without a close"),
    }
}

fn forbidden(origin: &str) -> (u16, String) {
    let reason = format!("pages of {origin:?} may not use this tenant's rooms");
    (4403, reason)
}

#[tokio::test]
async fn a_page_is_judged_by_the_tenant_of_its_token() {
    let server = start().await;
    let other = server.new_tenant().await;
    allow_own_page(&server, server.tenant).await;
    let room = server.room(server.tenant, "a", false).await;
    let (_, overlay) = server.overlay_token(room).await;
    let mine = server.token(server.tenant, "viewer", 600_000);
    let theirs = server.token(other, "viewer", 600_000);
    let own_page = format!("http://{}", server.address);

    for (token, allowed, refused) in [
        (&mine, OF_TENANT, OF_SERVER),
        (&overlay, OF_TENANT, OF_SERVER),
        (&theirs, OF_SERVER, OF_TENANT),
    ] {
        assert_eq!(close_of(&server, Some(allowed), token).await, None);
        let close = close_of(&server, Some(refused), token).await;
        assert_eq!(close, Some(forbidden(refused)));
        // Apps and OBS say nothing, and the server's own pages need no leave.
        for origin in [None, Some(own_page.as_str())] {
            assert_eq!(close_of(&server, origin, token).await, None, "{origin:?}");
        }
    }
    assert!(connect_from(&server, Some(OF_NOBODY)).await.is_none());
}

#[tokio::test]
async fn a_page_without_a_token_is_judged_by_the_tenant_of_the_room() {
    let server = start().await;
    let other = server.new_tenant().await;
    allow_own_page(&server, server.tenant).await;
    let mine = server.room(server.tenant, "mine", true).await;
    let theirs = server.room(other, "theirs", true).await;
    let private = server.room(other, "private", false).await;

    for (origin, readable, forbidden) in [(OF_TENANT, mine, theirs), (OF_SERVER, theirs, mine)] {
        let mut client = connect_from(&server, Some(origin)).await.unwrap();
        client.init(None).await;
        assert_eq!(client.message().await["type"], "connection_ack");

        client.follow("1", readable, json!({})).await;
        assert_eq!(client.feed("1").await["recovered"], false);
        client.follow("2", forbidden, json!({})).await;
        let code = |error: &serde_json::Value| error[0]["extensions"]["code"].clone();
        assert_eq!(code(&client.error("2").await), "FORBIDDEN");
        client.follow("3", private, json!({})).await;
        assert_eq!(code(&client.error("3").await), "NOT_FOUND");

        for (room, seen) in [(readable, true), (forbidden, false)] {
            let answer = query_room(&mut client, room).await;
            assert_eq!(answer["data"]["room"].is_object(), seen, "{answer}");
        }
    }
    let mut app = Client::ready(&server, None).await;
    for (id, room) in [("1", mine), ("2", theirs)] {
        app.follow(id, room, json!({})).await;
        app.feed(id).await;
    }
}

async fn query_room(client: &mut Client, room: RoomId) -> serde_json::Value {
    let query = "query ($id: ID!) { room(id: $id) { title } }";
    let variables = json!({ "id": global_id::room_id(room) });
    client.subscribe("q", query, variables).await;
    let mut answer = client.message().await;
    assert_eq!(client.message().await["type"], "complete");

    answer["payload"].take()
}

#[tokio::test]
async fn a_tenants_sockets_on_a_node_are_limited() {
    let server = start().await;
    let other = server.new_tenant().await;
    limit_sockets(&server, server.tenant, 2).await;
    let room = server.live_room("a").await;
    let token = server.token(server.tenant, "viewer", 600_000);
    let full = (
        1013,
        "the tenant has as many sockets open on this node as it may".to_owned(),
    );

    let with_token = Client::ready(&server, Some(&token)).await;
    let mut anonymous = Client::ready(&server, None).await;
    for id in ["1", "2"] {
        anonymous.follow(id, room, json!({})).await;
        anonymous.feed(id).await;
    }
    assert_eq!(close_of(&server, None, &token).await, Some(full.clone()));
    let mut third = Client::ready(&server, None).await;
    third.follow("1", room, json!({})).await;
    assert_eq!(third.close().await, full);
    let theirs = server.token(other, "viewer", 600_000);
    assert_eq!(close_of(&server, None, &theirs).await, None);

    // A socket that is gone makes room for another.
    drop((with_token, anonymous, third));
    tokio::time::timeout(PATIENCE, server.service.sockets.drain())
        .await
        .unwrap();
    assert_eq!(close_of(&server, None, &token).await, None);
}

#[tokio::test]
async fn a_retired_key_closes_the_sockets_that_it_opened() {
    let server = start().await;
    let (old, new) = (es256("old", 1), ed_dsa("new", 2));
    let (by_old, by_new) = (add_key(&server, &old).await, add_key(&server, &new).await);
    let mut closing = Client::ready(&server, Some(&by_old)).await;
    let mut staying = Client::ready(&server, Some(&by_new)).await;

    let app = &server.service.app;
    let retire = RetireTenantKey {
        kid: "old".to_owned(),
        at: None,
    };
    app.writer.submit(server.tenant, (), retire).await.unwrap();
    app.identity.directory().forget();

    let retired = (4403, "the key that signed the token was retired".to_owned());
    assert_eq!(closing.close().await, retired);
    staying.expect_quiet().await;
    assert_eq!(close_of(&server, None, &by_old).await, Some(retired));
}
