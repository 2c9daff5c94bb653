//! Tenants, their origins, keys and limits, in the database.

use parlor_domain::id::{OverlayTokenId, TenantId};
use parlor_domain::tenant::{
    KeyAlgorithm, LimitsChange, Origin, RoomDefaultsChange, Tenant, TenantChange, TenantDraft,
    TenantKey,
};
use parlor_store::{Cursor, InsertOverlayToken, InsertRoom, OverlayTokenRow, PageRequest};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, live_room, new_room, new_tenant, tenant};

on_both_engines! {
    a_tenant_is_read_as_it_was_written,
    a_tenant_from_before_there_were_settings_has_the_usual_ones,
    tenants_come_in_pages_with_their_own_origins,
    some_tenant_allows_what_one_lists,
    keys_keep_their_order_and_belong_to_one_tenant,
    changes_of_one_tenant_wait_for_one_another,
    rooms_made_at_once_never_exceed_the_limit,
    revoked_overlay_tokens_make_room_for_others,
}

fn origins(list: &[&str]) -> Vec<Origin> {
    list.iter()
        .map(|origin| Origin::parse(origin).unwrap())
        .collect()
}

fn key(kid: &str, algorithm: KeyAlgorithm) -> TenantKey {
    let length = match algorithm {
        KeyAlgorithm::Es256 => 65,
        KeyAlgorithm::EdDsa => 32,
    };

    TenantKey {
        kid: kid.to_owned(),
        algorithm,
        public_key: (0..length).collect(),
        added_at: at(1),
        retires_at: None,
    }
}

fn limited_to(limits: LimitsChange) -> TenantChange {
    TenantChange {
        version: 1,
        limits,
        ..TenantChange::default()
    }
}

async fn a_tenant_is_read_as_it_was_written(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let draft = TenantDraft {
        name: "Ünïcode & <b>Söhne</b>; DROP TABLE tenants".to_owned(),
        allowed_origins: Some(origins(&["https://b.example", "https://a.example"])),
        defaults: RoomDefaultsChange {
            delay_ms: Some(7),
            ingest_offset_ms: Some(-8),
            anonymous_read: Some(true),
            stage_size: Some(3),
            interruption_grace_ms: Some(4),
        },
        limits: LimitsChange {
            rooms: Some(1),
            overlay_tokens_per_room: Some(2),
            sockets_per_node: Some(3),
        },
    };
    let other = tenant(&store, &mut ids).await;
    let made = Tenant::create(draft, TenantId::next(&mut ids), at(3)).unwrap();
    assert!(store.create_tenant(&made).await.unwrap());
    assert_eq!(store.tenant(made.id).await.unwrap(), Some(made.clone()));

    for allowed_origins in [None, Some(Vec::new()), Some(origins(&["*"]))] {
        let locked = store.lock_tenant(made.id).await.unwrap().unwrap();
        let change = TenantChange {
            version: locked.tenant.version,
            allowed_origins: Some(allowed_origins),
            ..TenantChange::default()
        };
        let changed = locked.tenant.changed(change, at(9)).unwrap();
        locked.save(&changed).await.unwrap();
        assert_eq!(store.tenant(made.id).await.unwrap(), Some(changed));
    }

    assert_eq!(store.tenant(other).await.unwrap(), Some(new_tenant(other)));
    let unknown = TenantId::next(&mut ids);
    assert_eq!(store.tenant(unknown).await.unwrap(), None);
    assert!(store.lock_tenant(unknown).await.unwrap().is_none());
}

async fn a_tenant_from_before_there_were_settings_has_the_usual_ones(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let id = TenantId::next(&mut ids);
    let literal = match database.engine {
        crate::harness::Engine::Sqlite => format!("x'{}'", id.0.simple()),
        crate::harness::Engine::Postgres => format!("'{id}'"),
    };
    let created_at = at(0).unix_millis();
    let insert = format!(
        "INSERT INTO tenants (id, name, created_at, updated_at)
         VALUES ({literal}, 'tenant {id}', {created_at}, {created_at})"
    );
    database.run(&insert).await;

    assert_eq!(store.tenant(id).await.unwrap(), Some(new_tenant(id)));
}

async fn tenants_come_in_pages_with_their_own_origins(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let mut made = Vec::new();
    for n in 0..5 {
        let allowed_origins = match n {
            0 => None,
            1 => Some(Vec::new()),
            _ => Some(origins(&[
                "https://shared.example",
                &format!("https://{n}.example"),
            ])),
        };
        let draft = TenantDraft {
            name: format!("tenant {n}"),
            allowed_origins,
            ..TenantDraft::default()
        };
        let tenant = Tenant::create(draft, TenantId::next(&mut ids), at(n)).unwrap();
        assert!(store.create_tenant(&tenant).await.unwrap());
        made.push(tenant);
    }

    let first = PageRequest {
        limit: 3,
        ..PageRequest::default()
    };
    let page = store.tenants_page(first).await.unwrap();
    assert_eq!(page.items, made[..3]);
    assert_eq!((page.total_count, page.has_next), (5, true));
    let rest = PageRequest {
        after: Some(Cursor {
            at: made[2].created_at,
            id: made[2].id.0,
        }),
        ..first
    };
    let page = store.tenants_page(rest).await.unwrap();
    assert_eq!(page.items, made[3..]);
    assert!(!page.has_next);
}

async fn some_tenant_allows_what_one_lists(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let id = tenant(&store, &mut ids).await;
    let other = tenant(&store, &mut ids).await;
    let allow = async |id, list: Option<Vec<Origin>>| {
        let locked = store.lock_tenant(id).await.unwrap().unwrap();
        let change = TenantChange {
            version: locked.tenant.version,
            allowed_origins: Some(list),
            ..TenantChange::default()
        };
        let changed = locked.tenant.changed(change, at(9)).unwrap();
        locked.save(&changed).await.unwrap();
    };
    let asked = ["https://a.example", "https://b.example"];
    for (list, expected) in [
        (None, [false, false]),
        (Some(origins(&["https://a.example"])), [true, false]),
        (Some(origins(&["*"])), [true, true]),
        (None, [false, false]),
    ] {
        allow(id, list.clone()).await;
        for (origin, expected) in asked.into_iter().zip(expected) {
            let allowed = store.some_tenant_allows(origin).await.unwrap();
            assert_eq!(allowed, expected, "{origin} of {list:?}");
        }
    }

    // What one takes back another may still have.
    let both = || Some(origins(&["https://a.example"]));
    for (id, list) in [(id, both()), (other, both()), (id, None)] {
        allow(id, list).await;
    }
    assert!(store.some_tenant_allows(asked[0]).await.unwrap());
}

async fn keys_keep_their_order_and_belong_to_one_tenant(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let (own, other) = (
        tenant(&store, &mut ids).await,
        tenant(&store, &mut ids).await,
    );
    for (kid, algorithm) in [
        ("z", KeyAlgorithm::Es256),
        ("a", KeyAlgorithm::EdDsa),
        ("m", KeyAlgorithm::Es256),
    ] {
        let locked = store.lock_tenant(own).await.unwrap().unwrap();
        let mut keys = locked.keys.clone();
        keys.add(key(kid, algorithm), at(1)).unwrap();
        locked.save_keys(&keys).await.unwrap();
    }
    let locked = store.lock_tenant(own).await.unwrap().unwrap();
    let mut keys = locked.keys.clone();
    keys.retire("a", at(8), at(2)).unwrap();
    locked.save_keys(&keys).await.unwrap();

    let kids: Vec<_> = keys.keys().iter().map(|key| key.kid.as_str()).collect();
    assert_eq!(kids, ["z", "a", "m"]);
    assert_eq!(store.tenant_keys(own).await.unwrap(), keys);
    assert_eq!(store.tenant_with_keys(own).await.unwrap().unwrap().1, keys);
    assert_eq!(store.tenant_keys(other).await.unwrap().keys(), []);
    let sets = store.keys_of_tenants(&[other, own, own]).await.unwrap();
    assert_eq!(sets.into_iter().collect::<Vec<_>>(), [(own, keys.clone())]);

    // The same name is free for somebody else.
    let locked = store.lock_tenant(other).await.unwrap().unwrap();
    let mut theirs = locked.keys.clone();
    theirs.add(key("a", KeyAlgorithm::Es256), at(1)).unwrap();
    locked.save_keys(&theirs).await.unwrap();
    assert_eq!(store.tenant_keys(own).await.unwrap(), keys);
}

async fn changes_of_one_tenant_wait_for_one_another(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let id = tenant(&store, &mut ids).await;
    let adders: Vec<_> = (0..6)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let locked = store.lock_tenant(id).await.unwrap().unwrap();
                let mut keys = locked.keys.clone();
                let new = key(&format!("k{n}"), KeyAlgorithm::EdDsa);
                keys.add(new, at(1)).unwrap();
                locked.save_keys(&keys).await.unwrap();
            })
        })
        .collect();
    for adder in adders {
        adder.await.unwrap();
    }

    let mut kids: Vec<_> = store.tenant_keys(id).await.unwrap().keys().to_vec();
    kids.sort_by(|one, other| one.kid.cmp(&other.kid));
    let kids: Vec<_> = kids.iter().map(|key| key.kid.as_str()).collect();
    assert_eq!(kids, ["k0", "k1", "k2", "k3", "k4", "k5"]);
}

async fn rooms_made_at_once_never_exceed_the_limit(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let id = tenant(&store, &mut ids).await;
    let other = tenant(&store, &mut ids).await;
    let locked = store.lock_tenant(id).await.unwrap().unwrap();
    let limits = LimitsChange {
        rooms: Some(3),
        ..LimitsChange::default()
    };
    let changed = locked.tenant.changed(limited_to(limits), at(1)).unwrap();
    locked.save(&changed).await.unwrap();

    let makers: Vec<_> = (0..8)
        .map(|n| {
            let aggregate = new_room(&format!("room-{n}"), id, &mut ids);
            let store = store.clone();
            tokio::spawn(async move { store.insert_room(&aggregate).await.unwrap() })
        })
        .collect();
    let mut inserted = 0;
    for maker in makers {
        let answer = maker.await.unwrap();
        if answer == InsertRoom::Inserted {
            inserted += 1;
        } else {
            assert_eq!(answer, InsertRoom::TooManyRooms { limit: 3 });
        }
    }
    assert_eq!(inserted, 3);

    let theirs = new_room("room-0", other, &mut ids);
    assert_eq!(
        store.insert_room(&theirs).await.unwrap(),
        InsertRoom::Inserted
    );
    let nobodys = new_room("room-0", TenantId::next(&mut ids), &mut ids);
    assert_eq!(
        store.insert_room(&nobodys).await.unwrap(),
        InsertRoom::TenantUnknown
    );
}

async fn revoked_overlay_tokens_make_room_for_others(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let locked = store.lock_tenant(tenant_id).await.unwrap().unwrap();
    let limits = LimitsChange {
        overlay_tokens_per_room: Some(2),
        ..LimitsChange::default()
    };
    let changed = locked.tenant.changed(limited_to(limits), at(1)).unwrap();
    locked.save(&changed).await.unwrap();
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let other_room = live_room(&store, "other", tenant_id, &mut ids).await;
    let new = |room_id, ids: &mut SeededIds| OverlayTokenRow {
        id: OverlayTokenId::next(ids),
        tenant_id,
        room_id,
        label: "OBS".to_owned(),
        created_at: at(1),
        revoked_at: None,
    };

    let makers: Vec<_> = (0..5)
        .map(|n| {
            let (store, token) = (store.clone(), new(room_id, &mut ids));
            tokio::spawn(async move {
                let inserted = store.insert_overlay_token(&token, [n; 32]).await.unwrap();
                (token.id, inserted)
            })
        })
        .collect();
    let mut made = Vec::new();
    for maker in makers {
        match maker.await.unwrap() {
            (id, InsertOverlayToken::Inserted) => made.push(id),
            (_, refused) => assert_eq!(refused, InsertOverlayToken::TooMany { limit: 2 }),
        }
    }
    assert_eq!(made.len(), 2);

    let revoked = store.revoke_overlay_token(tenant_id, made[0], at(2)).await;
    assert!(revoked.unwrap().is_some());
    for (room_id, hash) in [(room_id, [90; 32]), (other_room, [91; 32])] {
        let token = new(room_id, &mut ids);
        let inserted = store.insert_overlay_token(&token, hash).await.unwrap();
        assert_eq!(inserted, InsertOverlayToken::Inserted);
    }
}
