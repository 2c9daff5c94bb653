//! Tenants are changed where rooms are: in the same lanes, and in one batch with them.

use parlor_domain::id::TenantId;
use parlor_domain::tenant::{
    AddKeyRefusal, KeyAlgorithm, Tenant, TenantChange, TenantDraft, TenantKey,
};
use parlor_test_database::{Database, on_both_engines};
use parlor_writer::{AddTenantKey, Kind, NotDone, RetireTenantKey, UpdateTenant};
use uuid::Uuid;

use crate::guards::keep_busy;
use crate::scene::Scene;

on_both_engines! {
    commands_on_tenants_and_rooms_are_one_batch,
}

async fn commands_on_tenants_and_rooms_are_one_batch(database: Database) {
    let scene = Scene::make(database.clone().into()).await;
    let (node, room) = (scene.start_node().await, scene.room("s").await);
    let id = TenantId(Uuid::from_u128(1));
    let bad = Tenant::create(TenantDraft::named("bad"), id, scene.now()).unwrap();
    assert!(scene.store.create_tenant(&bad).await.unwrap());
    database
        .run("UPDATE tenants SET defaults = '?' WHERE name = 'bad'")
        .await;
    let key = |kid: &str| TenantKey {
        kid: kid.to_owned(),
        algorithm: KeyAlgorithm::EdDsa,
        public_key: vec![7; 32],
        added_at: scene.now(),
        retires_at: None,
    };
    let rename = |version| TenantChange {
        version,
        name: Some("renamed".to_owned()),
        ..TenantChange::default()
    };
    let add = |kid| AddTenantKey(key(kid));
    let retire = RetireTenantKey {
        kid: "one".to_owned(),
        at: None,
    };

    let (busy, let_go) = keep_busy(&scene, &node, room).await;
    let (writer, own) = (&node.writer, scene.tenant_id);
    let (renamed, stale, added, retired, taken, damaged, unknown, (), ()) = tokio::join!(
        writer.submit(own, (), UpdateTenant(rename(1))),
        writer.submit(own, (), UpdateTenant(rename(1))),
        writer.submit(own, (), add("one")),
        writer.submit(own, (), retire),
        writer.submit(own, (), add("one")),
        writer.submit(bad.id, (), add("two")),
        writer.submit(TenantId(Uuid::nil()), (), add("two")),
        node.give(&scene, room, "k1", 1),
        async { let_go.send(()).unwrap() },
    );
    busy.await.unwrap();

    assert_eq!(renamed.unwrap().version, 2);
    assert!(matches!(stale, Err(NotDone::Refused(_))));
    assert_eq!(added.unwrap().retires_at, None);
    assert_eq!(retired.unwrap().retires_at, Some(scene.now()));
    let kid_taken = AddKeyRefusal::KidTaken("one".to_owned());
    assert_eq!(taken, Err(NotDone::Refused(kid_taken)));
    assert_eq!(damaged, Err(NotDone::Unreadable(Kind::Tenant)));
    assert_eq!(unknown, Err(NotDone::NotFound(Kind::Tenant)));
    let (tenant, keys) = scene.store.tenant_with_keys(own).await.unwrap().unwrap();
    assert_eq!((tenant.name.as_str(), tenant.version), ("renamed", 2));
    assert_eq!(keys.get("one").unwrap().retires_at, Some(scene.now()));
    node.stop().await;
}
