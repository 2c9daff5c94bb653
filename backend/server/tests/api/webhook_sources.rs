//! The ways in for services, as a tenant's staff sets them up.

use axum::http::StatusCode;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::server::{Api, token};
use crate::webhooks::{
    BATCH, KOFI_TOKEN, Source, create, is_settled, parlor, recorded, source, tell,
};

on_both_engines! {
    sources_are_their_tenants_staffs_alone,
    a_source_is_changed_disabled_and_enabled_again,
}

async fn sources_are_their_tenants_staffs_alone(database: String) {
    let api = Api::start(&database).await;
    let input = json!({ "name": "shop", "adapter": "PARLOR" });
    let refused = create(&api, &token(api.tenant, "viewer"), input.clone()).await;
    assert_eq!(refused["code"], "STAFF_ONLY", "{refused}");
    let source = parlor(&api).await;
    let list = "{ webhookSources { id name previousSecretRetiresAt } }";
    let listed = api.execute(&api.staff, list, json!({})).await;
    assert_eq!(
        listed["data"]["webhookSources"][0]["id"], source.id,
        "{listed}"
    );

    let other = api.other_staff().await;
    let listed = api.execute(&other, list, json!({})).await;
    assert_eq!(listed["data"]["webhookSources"], json!([]), "{listed}");
    let delete =
        "mutation ($id: ID!) { done: deleteWebhookSource(id: $id) { ... on Error { code } } }";
    let refused = api
        .execute(&other, delete, json!({ "id": source.id }))
        .await;
    assert_eq!(refused["data"]["done"]["code"], "NOT_FOUND", "{refused}");

    // Another tenant's source reaches no room of this one's.
    let room = api.room("show").await;
    let made = create(&api, &other, input).await;
    let url = made["source"]["url"].as_str().unwrap();
    let (_, path) = url.split_once("/webhooks/").unwrap();
    let theirs = Source {
        id: made["source"]["id"].as_str().unwrap().to_owned(),
        path: format!("/webhooks/{path}"),
        secret: made["secret"].as_str().unwrap().to_owned(),
    };
    let head = api.head(&room).await.seq;
    let body = BATCH.replace("ROOM", &room);
    assert_eq!(
        tell(&api, &theirs, "msg_1", &body).await.status,
        StatusCode::OK
    );
    assert_eq!(
        tell(&api, &source, "msg_1", &body.replace("order", "own"))
            .await
            .status,
        StatusCode::OK
    );
    recorded(&api, ("shop", "own-1"), is_settled).await;
    recorded(&api, ("shop", "own-2:paid"), is_settled).await;
    let store = &api.server.service.app.store;
    let stray = store
        .contribution_of(api.tenant, "shop", "order-1")
        .await
        .unwrap();
    assert_eq!(stray, None);
    assert!(api.head(&room).await.seq > head);
    api.server.stop().await;
}

async fn update(api: &Api, staff: &str, input: Value) -> Value {
    let document = "mutation ($input: UpdateWebhookSourceInput!) {
        done: updateWebhookSource(input: $input) { __typename
            ... on WebhookSource { name roomId isDisabled }
            ... on Error { code } ... on ValidationError { field } } }";
    let mut answer = api
        .execute(staff, document, json!({ "input": input }))
        .await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["done"].take()
}

async fn a_source_is_changed_disabled_and_enabled_again(database: String) {
    let api = Api::start(&database).await;
    let (room, body) = (
        api.room("show").await,
        BATCH.replace(r#""roomId": "ROOM","#, ""),
    );
    assert!(!body.contains("ROOM"), "{body}");
    let shop = parlor(&api).await;
    let is = |name: &str, room_id: &Value, is_disabled: bool| {
        json!({
            "__typename": "WebhookSource", "name": name, "roomId": room_id, "isDisabled": is_disabled,
        })
    };
    let changed = update(
        &api,
        &api.staff,
        json!({ "id": shop.id, "name": "the shop", "roomId": room }),
    );
    assert_eq!(changed.await, is("the shop", &json!(room), false));
    let disabled = json!({ "id": shop.id, "isDisabled": true });
    let disabled = update(&api, &api.staff, disabled).await;
    assert_eq!(disabled, is("the shop", &json!(room), true));
    let refused = tell(&api, &shop, "msg_1", &body).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    let enabled = json!({ "id": shop.id, "isDisabled": false });
    let enabled = update(&api, &api.staff, enabled).await;
    assert_eq!(enabled, is("the shop", &json!(room), false));
    // Sent again, it is recorded where the source says.
    assert_eq!(
        tell(&api, &shop, "msg_1", &body).await.status,
        StatusCode::OK
    );
    recorded(&api, ("shop", "order-1"), is_settled).await;
    let roomless = update(&api, &api.staff, json!({ "id": shop.id, "roomId": null }));
    assert_eq!(roomless.await, is("the shop", &Value::Null, false));

    let kofi = json!({ "name": "kofi", "adapter": "KOFI", "roomId": room, "secret": KOFI_TOKEN });
    let kofi = source(&api, kofi).await;
    let other = api.other_staff().await;
    for (staff, input, refusal) in [
        (
            &api.staff,
            json!({ "id": kofi.id, "roomId": null }),
            json!("roomId"),
        ),
        (
            &api.staff,
            json!({ "id": shop.id, "name": "" }),
            json!("name"),
        ),
        (
            &api.staff,
            json!({ "id": shop.id, "roomId": "nonsense" }),
            json!("NOT_FOUND"),
        ),
        (
            &api.staff,
            json!({ "id": "nonsense", "isDisabled": true }),
            json!("NOT_FOUND"),
        ),
        (
            &other,
            json!({ "id": shop.id, "isDisabled": true }),
            json!("NOT_FOUND"),
        ),
        (
            &token(api.tenant, "viewer"),
            json!({ "id": shop.id, "isDisabled": true }),
            json!("STAFF_ONLY"),
        ),
    ] {
        let refused = update(&api, staff, input.clone()).await;
        let told = if refused["field"].is_null() {
            &refused["code"]
        } else {
            &refused["field"]
        };
        assert_eq!(*told, refusal, "{input}: {refused}");
    }
    assert_eq!(
        tell(&api, &shop, "msg_2", &body).await.status,
        StatusCode::OK,
        "none of these changed anything"
    );
    api.server.stop().await;
}
