//! Webhooks from outside: what is taken, what is refused and why, and what becomes of it.

use std::fmt::Write;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use parlor_domain::contribution::{Contribution, Status};
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::server::{Answer, Api, START_MS};

on_both_engines! {
    a_batch_of_a_tenants_server_is_recorded_once,
    a_checkout_of_stripe_is_recorded_and_taken_back_in_either_order,
    a_donation_of_kofi_goes_to_the_sources_room,
    what_is_not_signed_as_it_should_be_is_refused_by_name,
    a_retired_secret_holds_until_its_end,
    what_is_no_request_of_a_service_is_refused_before_its_signature,
    an_unknown_source_tells_nothing,
    an_event_that_is_unknown_is_taken_and_changes_nothing,
    a_source_tells_no_faster_than_it_may,
    what_was_received_has_its_effect_after_a_restart,
}

pub(crate) const BATCH: &str = include_str!("webhooks/parlor.batch.json");
const CHECKOUT: &str = include_str!("webhooks/stripe.checkout.session.completed.json");
pub(crate) const REFUND: &str = include_str!("webhooks/stripe.charge.refunded.json");
const KOFI: &str = include_str!("webhooks/kofi.donation.json");
const STRIPE_SECRET: &str = "whsec_stripe0123456789abcdef";
pub(crate) const KOFI_TOKEN: &str = "7d1f2c3b-5a6e-4f80-9b1c-2d3e4f5a6b7c";
/// How long an effect may take to come: it is asked for each second.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A source as its service knows it.
pub(crate) struct Source {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) secret: String,
}

/// A signature and what it is over.
struct Signed<'a> {
    secret: &'a str,
    message_id: &'a str,
    at_ms: i64,
    body: &'a str,
}

pub(crate) async fn create(api: &Api, staff: &str, input: Value) -> Value {
    let document = "mutation ($input: CreateWebhookSourceInput!) {
        done: createWebhookSource(input: $input) { __typename
            ... on WebhookSourceWithSecret { secret source { id url adapter } }
            ... on Error { code } ... on ValidationError { field } } }";
    let mut answer = api
        .execute(staff, document, json!({ "input": input }))
        .await;
    answer["data"]["done"].take()
}

pub(crate) async fn source(api: &Api, input: Value) -> Source {
    let given = input["secret"].as_str().map(str::to_owned);
    let made = create(api, &api.staff, input).await;
    let url = made["source"]["url"]
        .as_str()
        .unwrap_or_else(|| panic!("{made}"));
    let (_, path) = url.split_once("/webhooks/").unwrap();

    Source {
        id: made["source"]["id"].as_str().unwrap().to_owned(),
        path: format!("/webhooks/{path}"),
        secret: given.unwrap_or_else(|| made["secret"].as_str().unwrap().to_owned()),
    }
}

pub(crate) async fn parlor(api: &Api) -> Source {
    source(api, json!({ "name": "shop", "adapter": "PARLOR" })).await
}

pub(crate) async fn stripe(api: &Api) -> Source {
    let input = json!({ "name": "stripe", "adapter": "STRIPE", "secret": STRIPE_SECRET });
    source(api, input).await
}

async fn rotate(api: &Api, source: &Source, overlap_seconds: i64) -> String {
    let document = "mutation ($input: RotateWebhookSecretInput!) {
        done: rotateWebhookSecret(input: $input) { ... on WebhookSourceWithSecret { secret } } }";
    let input = json!({ "id": source.id, "overlapSeconds": overlap_seconds });
    let answer = api
        .execute(&api.staff, document, json!({ "input": input }))
        .await;
    let secret = &answer["data"]["done"]["secret"];
    secret
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
        .to_owned()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

impl Signed<'_> {
    /// The headers of Standard Webhooks.
    fn headers(&self) -> [(&'static str, String); 4] {
        let key = STANDARD
            .decode(self.secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let at = (self.at_ms / 1_000).to_string();
        let text = format!("{}.{at}.{}", self.message_id, self.body);
        let signature = format!("v1,{}", STANDARD.encode(mac(&key, &text)));
        [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", self.message_id.to_owned()),
            ("webhook-timestamp", at),
            ("webhook-signature", signature),
        ]
    }
}

async fn send(api: &Api, path: &str, headers: &[(&str, String)], body: &str) -> Answer {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    api.request(Method::POST, path, &headers, body.to_owned())
        .await
}

fn now_ms(api: &Api) -> i64 {
    api.server.service.app.clock.now().unix_millis()
}

/// Tells of `body`, signed as it should be.
pub(crate) async fn tell(api: &Api, source: &Source, message_id: &str, body: &str) -> Answer {
    let signed = Signed {
        secret: &source.secret,
        message_id,
        at_ms: now_ms(api),
        body,
    };
    send(api, &source.path, &signed.headers(), body).await
}

pub(crate) async fn tell_by_stripe(api: &Api, source: &Source, body: &str) -> Answer {
    let at = (now_ms(api) / 1_000).to_string();
    let mut digits = String::new();
    for byte in mac(source.secret.as_bytes(), &format!("{at}.{body}")) {
        write!(digits, "{byte:02x}").unwrap();
    }
    let headers = [
        ("content-type", "application/json; charset=utf-8".to_owned()),
        ("stripe-signature", format!("t={at},v1={digits}")),
    ];
    send(api, &source.path, &headers, body).await
}

/// Waits until what the provider calls so is recorded as `is` asks for.
pub(crate) async fn recorded(
    api: &Api,
    (provider, reference): (&str, &str),
    is: fn(&Contribution) -> bool,
) -> Contribution {
    let store = &api.server.service.app.store;
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    let wait = async {
        loop {
            let found = store.contribution_of(api.tenant, provider, reference).await;
            if let Some((_, contribution)) = found.unwrap()
                && is(&contribution)
            {
                return contribution;
            }
            ticks.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap()
}

pub(crate) fn is_settled(contribution: &Contribution) -> bool {
    contribution.status == Status::Settled
}

pub(crate) fn is_reversed(contribution: &Contribution) -> bool {
    contribution.status == Status::Reversed
}

fn viewer_name(contribution: &Contribution) -> Option<&str> {
    contribution.viewer.as_ref()?.name.as_deref()
}

fn form(event: &Value) -> String {
    let mut escaped = String::from("data=");
    for byte in event.to_string().bytes() {
        write!(escaped, "%{byte:02X}").unwrap();
    }
    escaped
}

async fn tell_by_kofi(api: &Api, source: &Source, event: &Value) -> Answer {
    let of_type = "application/x-www-form-urlencoded".to_owned();
    send(
        api,
        &source.path,
        &[("content-type", of_type)],
        &form(event),
    )
    .await
}

async fn a_batch_of_a_tenants_server_is_recorded_once(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let source = parlor(&api).await;
    let body = BATCH.replace("ROOM", &room);

    for _ in 0..2 {
        let answer = tell(&api, &source, "msg_1", &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
    let first = recorded(&api, ("shop", "order-1"), is_settled).await;
    assert_eq!(viewer_name(&first), Some("Sam"));
    recorded(&api, ("shop", "order-2:paid"), is_settled).await;

    // The same under another message id is known by the keys within.
    let answer = tell(&api, &source, "msg_2", &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let more = body
        .replace("order-1", "order-3")
        .replace("order-2", "order-4");
    tell(&api, &source, "msg_3", &more).await;
    recorded(&api, ("shop", "order-3"), is_settled).await;
    recorded(&api, ("shop", "order-4:paid"), is_settled).await;
    api.server.stop().await;
}

async fn a_checkout_of_stripe_is_recorded_and_taken_back_in_either_order(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let source = stripe(&api).await;
    let checkout = CHECKOUT.replace("ROOM", &room);
    let payment = ("stripe", "pi_3SxParlorPayment0001");

    let answer = tell_by_stripe(&api, &source, &checkout).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let given = recorded(&api, payment, is_settled).await;
    assert_eq!(viewer_name(&given), Some("Robin"));
    let answer = tell_by_stripe(&api, &source, REFUND).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    recorded(&api, payment, is_reversed).await;

    // The refund of another payment comes before it.
    let other = |event: &str| event.replace("0001", "0002");
    assert_eq!(
        tell_by_stripe(&api, &source, &other(REFUND)).await.status,
        StatusCode::OK
    );
    assert_eq!(
        tell_by_stripe(&api, &source, &other(&checkout))
            .await
            .status,
        StatusCode::OK
    );
    let payment = ("stripe", "pi_3SxParlorPayment0002");
    recorded(&api, payment, |_| true).await;
    // What failed is tried again after a minute at the latest.
    api.clock.advance_millis(60_000);
    recorded(&api, payment, is_reversed).await;
    api.server.stop().await;
}

async fn a_donation_of_kofi_goes_to_the_sources_room(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let input = json!({ "name": "ko-fi", "adapter": "KOFI", "secret": KOFI_TOKEN });
    let refused = create(&api, &api.staff, input.clone()).await;
    assert_eq!(refused["field"], "roomId", "{refused}");
    let mut input = input;
    input["roomId"] = json!(room);
    let source = source(&api, input).await;
    let mut event: Value = serde_json::from_str(KOFI).unwrap();

    let answer = tell_by_kofi(&api, &source, &event).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let of_transaction = ("kofi", "00000000-1111-2222-3333-444444444444");
    let given = recorded(&api, of_transaction, is_settled).await;
    assert_eq!(viewer_name(&given), Some("Jo Example"));
    assert_eq!(given.gift.money.unwrap().amount, 300);

    event["verification_token"] = json!("7d1f2c3b-5a6e-4f80-9b1c-000000000000");
    let answer = tell_by_kofi(&api, &source, &event).await;
    assert_eq!(
        (answer.status, &answer.code()[..]),
        (StatusCode::UNAUTHORIZED, "SIGNATURE_MISMATCH")
    );
    api.server.stop().await;
}

async fn what_is_not_signed_as_it_should_be_is_refused_by_name(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let source = parlor(&api).await;
    let body = BATCH.replace("ROOM", &room);
    let signed = |at_ms| Signed {
        secret: &source.secret,
        message_id: "msg_1",
        at_ms,
        body: &body,
    };
    let tampered = body.replace("1500", "9500");
    let version_2 = signed(START_MS)
        .headers()
        .map(|(name, value)| (name, value.replace("v1,", "v2,")));

    for (headers, body, code) in [
        (
            signed(START_MS - 301_000).headers().to_vec(),
            &body,
            "SIGNATURE_TOO_OLD",
        ),
        (
            signed(START_MS + 301_000).headers().to_vec(),
            &body,
            "SIGNATURE_FROM_THE_FUTURE",
        ),
        (
            signed(START_MS).headers().to_vec(),
            &tampered,
            "SIGNATURE_MISMATCH",
        ),
        (
            signed(START_MS).headers()[..1].to_vec(),
            &body,
            "SIGNATURE_MISSING",
        ),
        (version_2.to_vec(), &body, "SIGNATURE_VERSION_UNKNOWN"),
    ] {
        let answer = send(&api, &source.path, &headers, body).await;
        assert_eq!(
            answer.status,
            StatusCode::UNAUTHORIZED,
            "{code}: {answer:?}"
        );
        assert_eq!(answer.code(), code);
    }

    // None of them was kept: the message is still to be told of.
    assert_eq!(
        tell(&api, &source, "msg_1", &body).await.status,
        StatusCode::OK
    );
    let given = recorded(&api, ("shop", "order-1"), is_settled).await;
    assert_eq!(given.gift.money.unwrap().amount, 1_500);
    api.server.stop().await;
}

async fn a_retired_secret_holds_until_its_end(database: String) {
    let api = Api::start(&database).await;
    let source = parlor(&api).await;
    let secret = rotate(&api, &source, 60).await;
    let body = BATCH;
    let told = async |secret: &str, message_id: &str, after_ms: i64| {
        let at_ms = START_MS + after_ms;
        let signed = Signed {
            secret,
            message_id,
            at_ms,
            body,
        };
        send(&api, &source.path, &signed.headers(), body)
            .await
            .status
    };

    assert_eq!(told(&source.secret, "msg_1", 0).await, StatusCode::OK);
    assert_eq!(told(&secret, "msg_2", 0).await, StatusCode::OK);
    api.clock.advance_millis(60_000);
    assert_eq!(
        told(&source.secret, "msg_3", 60_000).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(told(&secret, "msg_4", 60_000).await, StatusCode::OK);

    // Two are live at most.
    let newer = rotate(&api, &source, 60).await;
    let newest = rotate(&api, &source, 60).await;
    assert_eq!(
        told(&secret, "msg_5", 60_000).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(told(&newer, "msg_6", 60_000).await, StatusCode::OK);
    assert_eq!(told(&newest, "msg_7", 60_000).await, StatusCode::OK);
    api.server.stop().await;
}

async fn what_is_no_request_of_a_service_is_refused_before_its_signature(database: String) {
    let api = Api::start(&database).await;
    let source = parlor(&api).await;
    let json = || ("content-type", "application/json".to_owned());
    let answer = api.get(&source.path, &[]).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let zipped = [json(), ("content-encoding", "gzip".to_owned())];
    let answer = send(&api, &source.path, &zipped, BATCH).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(answer.code(), "CONTENT_ENCODING_UNSUPPORTED");
    let plain = [("content-type", "text/plain".to_owned())];
    let answer = send(&api, &source.path, &plain, BATCH).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(answer.code(), "CONTENT_TYPE_UNSUPPORTED");
    let large = "x".repeat(300_000);
    let answer = send(&api, &source.path, &[json()], &large).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{answer:?}");
    let answer = tell(&api, &source, "msg_1", "{").await;
    assert_eq!(
        (answer.status, &answer.code()[..]),
        (StatusCode::BAD_REQUEST, "VALIDATION")
    );
    api.server.stop().await;
}

async fn an_unknown_source_tells_nothing(database: String) {
    let api = Api::start(&database).await;
    let source = parlor(&api).await;
    let document = "mutation ($id: ID!) { done: deleteWebhookSource(id: $id) { __typename } }";
    let gone = api
        .execute(&api.staff, document, json!({ "id": source.id }))
        .await;
    assert_eq!(
        gone["data"]["done"]["__typename"], "DeletedWebhookSource",
        "{gone}"
    );
    let deleted = tell(&api, &source, "msg_1", BATCH).await;
    for path in [
        "/webhooks/contributions/018f0000-0000-7000-8000-000000000000",
        "/webhooks/contributions/nothing",
    ] {
        let headers = [("content-type", "application/json".to_owned())];
        let unknown = send(&api, path, &headers, BATCH).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert_eq!(
            (unknown.status, unknown.body),
            (deleted.status, deleted.body.clone())
        );
    }
    api.server.stop().await;
}

async fn an_event_that_is_unknown_is_taken_and_changes_nothing(database: String) {
    let api = Api::start(&database).await;
    let source = stripe(&api).await;
    let event = r#"{"id":"evt_1","type":"payout.paid","data":{"object":{}}}"#;
    let answer = tell_by_stripe(&api, &source, event).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    api.server.stop().await;
}

async fn a_source_tells_no_faster_than_it_may(database: String) {
    let api = Api::start(&database).await;
    let (source, other) = (stripe(&api).await, stripe(&api).await);
    let event = r#"{"id":"evt_1","type":"payout.paid"}"#;
    for _ in 0..100 {
        assert_eq!(
            tell_by_stripe(&api, &source, event).await.status,
            StatusCode::OK
        );
    }
    let answer = tell_by_stripe(&api, &source, event).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(
        tell_by_stripe(&api, &other, event).await.status,
        StatusCode::OK
    );
    api.clock.advance_millis(1_000);
    assert_eq!(
        tell_by_stripe(&api, &source, event).await.status,
        StatusCode::OK
    );
    api.server.stop().await;
}

async fn what_was_received_has_its_effect_after_a_restart(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let source = parlor(&api).await;
    let body = BATCH.replace("ROOM", &room);
    assert_eq!(
        tell(&api, &source, "msg_1", &body).await.status,
        StatusCode::OK
    );
    let api = api.restart(&database, 1_000).await;
    recorded(&api, ("shop", "order-1"), is_settled).await;
    api.server.stop().await;
}
