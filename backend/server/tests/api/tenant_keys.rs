//! Tokens that tenants sign themselves: who is believed, until when, and who never is.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use parlor_domain::id::TenantId;
use parlor_identity::{Claims, STALE_AFTER_MS};
use parlor_test_database::on_both_engines;
use parlor_writer::{AddTenantKey, RetireTenantKey, change_tenant};
use serde_json::{Value, json};

use crate::keys::{KeyPair, ed_dsa, es256};
use crate::server::{Api, START_MS, claims, token};
use crate::tenants::{mutate, operator, own_tenant};

on_both_engines! {
    a_tenants_own_tokens_say_who_its_people_are,
    a_key_is_taken_as_a_jwk_or_a_pem_and_shown_as_a_jwk,
    keys_change_over_without_a_gap,
    a_key_never_speaks_for_another_tenant,
    a_public_key_is_no_secret_to_sign_with,
    a_token_is_checked_by_the_algorithm_of_its_key_alone,
    a_tenants_token_must_expire_and_makes_no_operator,
    a_change_made_elsewhere_is_noticed_in_time,
}

const WHO: &str = "query ($id: ID!) { room(id: $id) { title } roomsConnection { totalCount } }";

async fn add(api: &Api, key: &KeyPair) -> Value {
    let own = own_tenant(api).await;
    let input = json!({ "tenantId": own["id"], "jwk": key.jwk() });
    let added = mutate(api, &operator(), "addTenantKey", input).await;
    assert_eq!(added["__typename"], "TenantKey", "{added}");

    added
}

/// Adds `key` to a new tenant's.
async fn add_to_another(api: &Api, key: &KeyPair) -> TenantId {
    let made = mutate(api, &operator(), "createTenant", json!({ "name": "Other" })).await;
    let input = json!({ "tenantId": made["id"], "jwk": key.jwk() });
    let added = mutate(api, &operator(), "addTenantKey", input).await;
    assert_eq!(added["__typename"], "TenantKey", "{added}");

    TenantId(made["uuid"].as_str().unwrap().parse().unwrap())
}

/// The code that a token is refused with; nothing if it is accepted.
async fn refusal(api: &Api, token: &str) -> Option<String> {
    let body = json!({ "query": "{ __typename }" }).to_string();
    let answer = api.post(token, &[], body).await;
    if answer.status == StatusCode::OK {
        return None;
    }

    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    Some(answer.code())
}

async fn expect(api: &Api, token: &str, expected: Option<&str>, case: &str) {
    assert_eq!(refusal(api, token).await.as_deref(), expected, "{case}");
}

async fn a_tenants_own_tokens_say_who_its_people_are(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    for key in [es256("ec", 1), ed_dsa("ed", 2)] {
        add(&api, &key).await;
        let staff = key.sign(&claims(api.tenant, "staff"));
        let viewer = key.sign(&claims(api.tenant, "viewer"));

        let seen = api.execute(&staff, WHO, json!({ "id": room })).await;
        assert_eq!(
            seen["data"],
            json!({ "room": { "title": "show" }, "roomsConnection": { "totalCount": 1 } })
        );
        let seen = api.execute(&viewer, WHO, json!({ "id": room })).await;
        assert_eq!(seen["errors"][0]["extensions"]["code"], "FORBIDDEN");
        let read = "query ($id: ID!) { room(id: $id) { title } }";
        let seen = api.execute(&viewer, read, json!({ "id": room })).await;
        assert_eq!(seen["data"]["room"]["title"], "show");
    }
    // The server's own tokens hold beside them.
    expect(&api, &api.staff, None, "HS256").await;
}

async fn a_key_is_taken_as_a_jwk_or_a_pem_and_shown_as_a_jwk(database: String) {
    let api = Api::start(&database).await;
    let id = own_tenant(&api).await["id"].clone();
    let (ec, ed) = (es256("ec", 1), ed_dsa("ed", 2));

    let added = add(&api, &ec).await;
    let expected = json!({
        "__typename": "TenantKey", "kid": "ec", "algorithm": "ES256", "jwk": ec.jwk(),
        "standing": "IN_USE", "addedAt": "2026-01-02T03:04:05.000Z", "retiresAt": null,
    });
    assert_eq!(added, expected);
    api.clock.advance_millis(1_000);
    assert_eq!(
        add(&api, &ec).await,
        expected,
        "added again, it is as it was"
    );

    let input = json!({ "tenantId": id, "kid": "ed", "pem": ed.pem });
    let added = mutate(&api, &operator(), "addTenantKey", input).await;
    assert_eq!(added["algorithm"], "EDDSA");
    assert_eq!(added["jwk"], ed.jwk());
    expect(&api, &ed.sign(&claims(api.tenant, "viewer")), None, "a PEM").await;
    let unnamed = json!({ "tenantId": id, "pem": es256("", 3).pem });
    let unnamed = mutate(&api, &operator(), "addTenantKey", unnamed).await;
    assert_eq!(unnamed["kid"].as_str().unwrap().len(), 43, "a thumbprint");

    let private = json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA", "d": "c2VjcmV0" });
    for (input, code) in [
        (json!({ "jwk": "{}" }), "VALIDATION"),
        (json!({ "jwk": private.to_string() }), "VALIDATION"),
        (json!({}), "VALIDATION"),
        (json!({ "jwk": ec.jwk(), "pem": ec.pem }), "VALIDATION"),
        (json!({ "jwk": ec.jwk(), "kid": "" }), "VALIDATION"),
        (json!({ "jwk": ec.jwk(), "kid": "ed" }), "KID_TAKEN"),
    ] {
        let mut input = input;
        input["tenantId"] = id.clone();
        let refused = mutate(&api, &operator(), "addTenantKey", input).await;
        assert_eq!(refused["code"], code, "{refused}");
        assert!(!refused.to_string().contains("c2VjcmV0"), "{refused}");
    }
    let unknown = json!({ "tenantId": "nonsense", "jwk": ec.jwk() });
    let refused = mutate(&api, &operator(), "addTenantKey", unknown).await;
    assert_eq!(refused["__typename"], "NotFoundError");

    for seed in 10..15 {
        let pem = ed_dsa("", seed).pem;
        let input = json!({ "tenantId": id, "pem": pem });
        let added = mutate(&api, &operator(), "addTenantKey", input).await;
        assert_eq!(added["__typename"], "TenantKey", "{added}");
    }
    let ninth = json!({ "tenantId": id, "pem": ed_dsa("", 15).pem });
    let refused = mutate(&api, &operator(), "addTenantKey", ninth).await;
    assert_eq!(refused["code"], "TOO_MANY_KEYS");
}

async fn keys_change_over_without_a_gap(database: String) {
    let api = Api::start(&database).await;
    let (old, new) = (es256("old", 1), ed_dsa("new", 2));
    let mut long = claims(api.tenant, "viewer");
    long.exp = Some(START_MS / 1_000 + 100_000);
    let (old_token, new_token) = (old.sign(&long), new.sign(&long));
    add(&api, &old).await;
    expect(&api, &new_token, Some("TOKEN_KEY_UNKNOWN"), "not added yet").await;

    add(&api, &new).await;
    let id = own_tenant(&api).await["id"].clone();
    let past = json!({ "tenantId": id, "kid": "old", "at": "2026-01-02T03:04:04.999Z" });
    let refused = mutate(&api, &operator(), "retireTenantKey", past).await;
    assert_eq!(
        (&refused["__typename"], &refused["code"]),
        (&json!("ValidationError"), &json!("VALIDATION"))
    );
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("`at` must be now or later"), "{message}");
    expect(&api, &old_token, None, "after a slip in the date").await;

    let in_a_minute = "2026-01-02T03:05:05.000Z";
    // The same instant, as a clock of another zone without decimals has it.
    let retire = json!({ "tenantId": id, "kid": "old", "at": "2026-01-02T05:05:05+02:00" });
    let retiring = mutate(&api, &operator(), "retireTenantKey", retire).await;
    assert_eq!(retiring["standing"], "RETIRING");
    assert_eq!(retiring["retiresAt"], in_a_minute);
    api.clock.advance_millis(59_999);
    expect(&api, &old_token, None, "until its end").await;
    expect(&api, &new_token, None, "beside the old one").await;

    api.clock.advance_millis(1);
    expect(&api, &old_token, Some("TOKEN_KEY_RETIRED"), "at its end").await;
    expect(&api, &new_token, None, "after the old one").await;
    let late = json!({ "tenantId": id, "kid": "old", "at": "2030-01-02T03:05:05.000Z" });
    let refused = mutate(&api, &operator(), "retireTenantKey", late).await;
    assert_eq!(refused["code"], "KEY_RETIRED", "no key comes back");

    let at_once = json!({ "tenantId": id, "kid": "new" });
    let retired = mutate(&api, &operator(), "retireTenantKey", at_once).await;
    assert_eq!(retired["standing"], "RETIRED");
    expect(&api, &new_token, Some("TOKEN_KEY_RETIRED"), "at once").await;
    let forged = es256("new", 9).sign_as(Algorithm::ES256, Some("new"), &long);
    expect(
        &api,
        &forged,
        Some("TOKEN_UNSIGNED"),
        "only who has it hears of it",
    )
    .await;

    let unknown = json!({ "tenantId": id, "kid": "none" });
    let refused = mutate(&api, &operator(), "retireTenantKey", unknown).await;
    assert_eq!(refused["__typename"], "NotFoundError");
    let keys = own_tenant(&api).await["keys"].clone();
    let kids: Vec<_> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["kid"])
        .collect();
    assert_eq!(kids, ["old", "new"]);
}

async fn a_key_never_speaks_for_another_tenant(database: String) {
    let api = Api::start(&database).await;
    let room = api.room("show").await;
    let (mine, theirs) = (es256("k", 1), es256("k", 2));
    let (only_theirs, ed) = (es256("theirs", 3), ed_dsa("k", 4));
    add(&api, &mine).await;
    let other = add_to_another(&api, &theirs).await;
    let third = add_to_another(&api, &only_theirs).await;
    let fourth = add_to_another(&api, &ed).await;
    let own = |role| claims(api.tenant, role);

    for (token, expected, case) in [
        (mine.sign(&own("staff")), None, "its own"),
        (theirs.sign(&claims(other, "staff")), None, "another's own"),
        (
            theirs.sign(&own("staff")),
            Some("TOKEN_UNSIGNED"),
            "another's key of the same name",
        ),
        (
            only_theirs.sign(&own("staff")),
            Some("TOKEN_KEY_UNKNOWN"),
            "a key that only another has",
        ),
        (
            ed.sign(&own("staff")),
            Some("TOKEN_UNSIGNED"),
            "another's key of the same name and another kind",
        ),
        (
            mine.sign(&claims(third, "staff")),
            Some("TOKEN_KEY_UNKNOWN"),
            "its own key for another",
        ),
        (
            mine.sign(&claims(fourth, "staff")),
            Some("TOKEN_UNSIGNED"),
            "its own key for another that has the name",
        ),
        (
            mine.sign(&claims(
                TenantId("0194fe37-0000-7000-8000-000000000001".parse().unwrap()),
                "staff",
            )),
            Some("TOKEN_KEY_UNKNOWN"),
            "a tenant that is none",
        ),
    ] {
        expect(&api, &token, expected, case).await;
    }

    // The claims of one token under the signature of another.
    let (good, wanted) = (
        theirs.sign(&claims(other, "staff")),
        mine.sign(&own("staff")),
    );
    let part = |token: &str, index| token.split('.').nth(index).unwrap().to_owned();
    let spliced = format!("{}.{}.{}", part(&good, 0), part(&wanted, 1), part(&good, 2));
    expect(&api, &spliced, Some("TOKEN_UNSIGNED"), "spliced").await;

    // What another tenant's good token reads is nothing of this one.
    let read = api
        .execute(
            &good,
            "query ($id: ID!) { room(id: $id) { title } }",
            json!({ "id": room }),
        )
        .await;
    assert_eq!(read, json!({ "data": { "room": null } }));
}

async fn a_public_key_is_no_secret_to_sign_with(database: String) {
    let api = Api::start(&database).await;
    let (ec, ed) = (es256("ec", 1), ed_dsa("ed", 2));
    add(&api, &ec).await;
    add(&api, &ed).await;
    let staff = claims(api.tenant, "staff");
    let hmac = |secret: &[u8], kid: Option<&str>| {
        let header = Header {
            kid: kid.map(str::to_owned),
            ..Header::new(Algorithm::HS256)
        };
        encode(&header, &staff, &EncodingKey::from_secret(secret)).unwrap()
    };

    // What everybody can know, used as if it were the secret of HS256.
    for key in [&ec, &ed] {
        let x_and_y = &key.public[key.public.len() % 2..];
        for secret in [
            key.pem.as_bytes(),
            key.jwk().as_bytes(),
            &key.public,
            x_and_y,
        ] {
            for kid in [None, Some(key.kid)] {
                let forged = hmac(secret, kid);
                expect(
                    &api,
                    &forged,
                    Some("TOKEN_UNSIGNED"),
                    "a public key as a secret",
                )
                .await;
            }
        }
    }
    expect(
        &api,
        &hmac(b"", Some("ec")),
        Some("TOKEN_UNSIGNED"),
        "an empty secret",
    )
    .await;
}

async fn a_token_is_checked_by_the_algorithm_of_its_key_alone(database: String) {
    let api = Api::start(&database).await;
    let (ec, ed) = (es256("ec", 1), ed_dsa("ed", 2));
    add(&api, &ec).await;
    add(&api, &ed).await;
    let staff = claims(api.tenant, "staff");
    let with_header = |header: Value| {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let signed = ec.sign(&staff);
        let (_, rest) = signed.split_once('.').unwrap();
        format!("{header}.{rest}")
    };

    let attacker = es256("ec", 9);
    let with_key_of_its_own = |header: Value| {
        let mut header = header;
        header["jwk"] = serde_json::from_str(&attacker.jwk()).unwrap();
        let parts = [header.to_string(), serde_json::to_string(&staff).unwrap()];
        let message = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = sign(message.as_bytes(), &attacker.private, Algorithm::ES256).unwrap();
        format!("{message}.{signature}")
    };

    let ed_for_ec = ed.sign_as(Algorithm::EdDSA, Some("ec"), &staff);
    let ec_for_ed = ec.sign_as(Algorithm::ES256, Some("ed"), &staff);
    let nameless = ec.sign_as(Algorithm::ES256, None, &staff);
    let ec_384 = EncodingKey::from_secret(b"x");
    let hs_384 = encode(&Header::new(Algorithm::HS384), &staff, &ec_384).unwrap();
    for (token, expected, case) in [
        (ec.sign(&staff), None, "as it should be"),
        (
            ed_for_ec,
            Some("TOKEN_UNSIGNED"),
            "EdDSA under the name of ES256",
        ),
        (
            ec_for_ed,
            Some("TOKEN_UNSIGNED"),
            "ES256 under the name of EdDSA",
        ),
        (nameless, Some("TOKEN_KEY_UNKNOWN"), "no kid"),
        (hs_384, Some("TOKEN_UNSIGNED"), "HS384"),
        (
            with_header(json!({ "alg": "none", "kid": "ec" })),
            Some("TOKEN_UNSIGNED"),
            "none",
        ),
        (
            with_header(json!({ "alg": "ES384", "kid": "ec" })),
            Some("TOKEN_UNSIGNED"),
            "ES384",
        ),
        (
            with_header(json!({ "alg": "EdDSA", "kid": "ec" })),
            Some("TOKEN_UNSIGNED"),
            "another alg than the key's",
        ),
        (
            with_header(json!({ "alg": "ES256", "kid": "ec", "typ": "jwt" })),
            Some("TOKEN_UNSIGNED"),
            "another header than was signed",
        ),
        (
            with_header(json!({ "alg": "ES256", "kid": "ec", "crit": ["exp"] })),
            Some("TOKEN_MALFORMED"),
            "something critical",
        ),
        (
            with_key_of_its_own(json!({ "alg": "ES256" })),
            Some("TOKEN_KEY_UNKNOWN"),
            "a key of its own",
        ),
        (
            with_key_of_its_own(json!({ "alg": "ES256", "kid": "ec" })),
            Some("TOKEN_UNSIGNED"),
            "a key of its own beside a name",
        ),
    ] {
        expect(&api, &token, expected, case).await;
    }

    let good = ec.sign(&staff);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    for broken in ["", &signature[4..], &"A".repeat(signature.len())] {
        let token = format!("{signed}.{broken}");
        expect(&api, &token, Some("TOKEN_UNSIGNED"), "a broken signature").await;
    }
}

async fn a_tenants_token_must_expire_and_makes_no_operator(database: String) {
    let api = Api::start(&database).await;
    let key = ed_dsa("k", 1);
    add(&api, &key).await;
    let sign = |change: fn(&mut Claims)| {
        let mut claims = claims(api.tenant, "staff");
        change(&mut claims);
        key.sign(&claims)
    };
    for (token, expected) in [
        (sign(|claims| claims.exp = None), "TOKEN_CLAIMS_MISSING"),
        (
            sign(|claims| claims.exp = Some(START_MS / 1_000)),
            "TOKEN_EXPIRED",
        ),
        (
            sign(|claims| claims.tenant_id = None),
            "TOKEN_CLAIMS_MISSING",
        ),
        (
            sign(|claims| {
                claims.tenant_id = None;
                claims.role = Some("operator".to_owned());
            }),
            "TOKEN_CLAIMS_MISSING",
        ),
        (sign(|claims| claims.sub = None), "TOKEN_CLAIMS_MISSING"),
    ] {
        expect(&api, &token, Some(expected), expected).await;
    }

    let would_be = sign(|claims| claims.role = Some("operator".to_owned()));
    let refused = mutate(&api, &would_be, "createTenant", json!({ "name": "x" })).await;
    assert_eq!(refused["code"], "OPERATOR_ONLY");
    let viewer = token(api.tenant, "operator");
    let refused = mutate(&api, &viewer, "createTenant", json!({ "name": "x" })).await;
    assert_eq!(refused["code"], "OPERATOR_ONLY");
}

async fn a_change_made_elsewhere_is_noticed_in_time(database: String) {
    let api = Api::start(&database).await;
    let (app, key) = (&api.server.service.app, es256("k", 1));
    add(&api, &key).await;
    let signed = key.sign(&claims(api.tenant, "viewer"));
    expect(&api, &signed, None, "known here").await;

    // As another node, or the command line, would do it: past this node's back.
    let now = app.clock.now();
    let mut ids = app.ids.clone();
    let retire = RetireTenantKey {
        kid: "k".to_owned(),
        at: None,
    };
    change_tenant(&app.store, api.tenant, retire, &mut ids, now)
        .await
        .unwrap();
    api.clock.advance_millis(STALE_AFTER_MS);
    expect(&api, &signed, Some("TOKEN_KEY_RETIRED"), "noticed in time").await;

    let another = ed_dsa("another", 2);
    let public = parlor_identity::public_key::PublicKey::from_jwk(&another.jwk()).unwrap();
    let now = app.clock.now();
    let added = public.into_tenant_key(None, now);
    let add = AddTenantKey(added);
    change_tenant(&app.store, api.tenant, add, &mut ids, now)
        .await
        .unwrap();
    let signed = another.sign(&claims(api.tenant, "viewer"));
    api.clock.advance_millis(STALE_AFTER_MS);
    expect(&api, &signed, None, "a new key as well").await;
}
