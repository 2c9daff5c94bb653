//! Tenants, their origins, keys and limits, in the database.

use parlor_domain::id::{OverlayTokenId, TenantId};
use parlor_domain::tenant::{
    KeyAlgorithm, LimitsChange, Origin, RoomDefaultsChange, Tenant, TenantChange, TenantDraft,
    TenantKey,
};
use parlor_store::{
    Absent, Batch, Cursor, InsertOverlayToken, InsertRoom, Needs, OverlayTokenRow, PageRequest,
    Store,
};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, live_room, new_room, new_tenant, tenant};

on_both_engines! {
    a_tenant_is_read_as_it_was_written,
    a_tenant_from_before_there_were_settings_has_the_usual_ones,
    tenants_come_in_pages_with_their_own_origins,
    some_tenant_allows_what_one_lists,
    keys_keep_their_order_and_belong_to_one_tenant,
    changes_of_one_tenant_wait_for_one_another,
    a_tenant_that_cannot_be_read_harms_no_other,
    batches_that_share_tenants_and_rooms_never_lock_each_other_out,
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
        limits,
        ..TenantChange::default()
    }
}

async fn begin(store: &Store, id: TenantId) -> Batch {
    let mut needs = Needs::default();
    needs.tenant(id).keys = true;
    store.begin(needs).await.unwrap()
}

/// Changes the tenant, whatever its version.
async fn update(store: &Store, id: TenantId, change: TenantChange) -> Tenant {
    let mut batch = begin(store, id).await;
    let tenant = batch.tenant(id).unwrap();
    let version = tenant.tenant.version;
    let change = TenantChange { version, ..change };
    let changed = tenant.update(change, at(9)).unwrap();
    assert_eq!(batch.commit().await.unwrap(), []);
    changed
}

async fn add_key(store: &Store, id: TenantId, key: TenantKey) {
    let mut batch = begin(store, id).await;
    batch.tenant(id).unwrap().add_key(key, at(1)).unwrap();
    batch.commit().await.unwrap();
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
        let change = TenantChange {
            allowed_origins: Some(allowed_origins),
            ..TenantChange::default()
        };
        let changed = update(&store, made.id, change).await;
        assert_eq!(store.tenant(made.id).await.unwrap(), Some(changed));
    }

    assert_eq!(store.tenant(other).await.unwrap(), Some(new_tenant(other)));
    let unknown = TenantId::next(&mut ids);
    assert_eq!(store.tenant(unknown).await.unwrap(), None);
    let mut batch = begin(&store, unknown).await;
    assert_eq!(batch.tenant(unknown).err(), Some(Absent::NotFound));
    batch.roll_back().await.unwrap();
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
            number: made[2].created_at.unix_millis(),
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
        let change = TenantChange {
            allowed_origins: Some(list),
            ..TenantChange::default()
        };
        update(&store, id, change).await;
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
        add_key(&store, own, key(kid, algorithm)).await;
    }
    let mut batch = begin(&store, own).await;
    let tenant = batch.tenant(own).unwrap();
    tenant.retire_key("a", Some(at(8)), at(2)).unwrap();
    let keys = tenant.keys.clone().unwrap();
    batch.commit().await.unwrap();

    let kids: Vec<_> = keys.keys().iter().map(|key| key.kid.as_str()).collect();
    assert_eq!(kids, ["z", "a", "m"]);
    assert_eq!(store.tenant_keys(own).await.unwrap(), keys);
    assert_eq!(store.tenant_with_keys(own).await.unwrap().unwrap().1, keys);
    assert_eq!(store.tenant_keys(other).await.unwrap().keys(), []);
    let sets = store.keys_of_tenants(&[other, own, own]).await.unwrap();
    assert_eq!(sets.into_iter().collect::<Vec<_>>(), [(own, keys.clone())]);

    // The same name is free for somebody else.
    add_key(&store, other, key("a", KeyAlgorithm::Es256)).await;
    assert_eq!(store.tenant_keys(own).await.unwrap(), keys);
}

async fn changes_of_one_tenant_wait_for_one_another(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let id = tenant(&store, &mut ids).await;
    let adders: Vec<_> = (0..6)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let new = key(&format!("k{n}"), KeyAlgorithm::EdDsa);
                add_key(&store, id, new).await;
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

async fn a_tenant_that_cannot_be_read_harms_no_other(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let good = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", good, &mut ids).await;
    for (damage, what) in [
        (
            "UPDATE tenants SET limits = '{' WHERE name = 'bad'",
            "tenant",
        ),
        (
            "UPDATE tenant_keys SET algorithm = 'ROT13' WHERE kid = 'of the bad'",
            "keys",
        ),
    ] {
        let draft = TenantDraft::named("bad");
        let bad = Tenant::create(draft, TenantId::next(&mut ids), at(0)).unwrap();
        assert!(store.create_tenant(&bad).await.unwrap());
        add_key(&store, bad.id, key("of the bad", KeyAlgorithm::EdDsa)).await;
        database.run(damage).await;

        let mut needs = Needs::default();
        needs.tenant(bad.id).keys = true;
        needs.tenant(good).keys = true;
        needs.room(good, room_id);
        let mut batch = store.begin(needs).await.unwrap();
        assert_eq!(batch.tenant(bad.id).err(), Some(Absent::Unreadable));
        let told: Vec<_> = batch.unreadable_tenants().collect();
        assert_eq!((told[0].0, told[0].1.what), (bad.id, what));
        assert_eq!(told.len(), 1);
        let room = batch.room(good, room_id).unwrap();
        room.end_session(&mut ids, at(50)).ok();
        let added = key(what, KeyAlgorithm::EdDsa);
        let own = batch.tenant(good).unwrap();
        own.add_key(added.clone(), at(1)).unwrap();
        batch.commit().await.unwrap();

        let kept = store.tenant_keys(good).await.unwrap();
        assert_eq!(kept.get(what), Some(&added));
        database
            .run("DELETE FROM tenant_keys WHERE kid = 'of the bad'")
            .await;
        database.run("DELETE FROM tenants WHERE name = 'bad'").await;
    }
}

async fn batches_that_share_tenants_and_rooms_never_lock_each_other_out(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let mut made = Vec::new();
    for n in 0..4 {
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, &format!("room-{n}"), tenant_id, &mut ids).await;
        made.push((tenant_id, room_id));
    }

    let writers: Vec<_> = (0..8_usize)
        .map(|writer| {
            let (store, made) = (store.clone(), made.clone());
            tokio::spawn(async move {
                for turn in 0..6 {
                    let mut needs = Needs::default();
                    for n in 0..3 {
                        let (tenant_id, room_id) = made[(writer * 3 + turn * 5 + n * 7) % 4];
                        needs.room(tenant_id, room_id);
                        needs.tenant(made[(writer + turn + n) % 4].0);
                    }
                    let first = made[(writer + turn) % 4].0;
                    let mut batch = store.begin(needs).await.unwrap();
                    let tenant = batch.tenant(first).unwrap();
                    let change = TenantChange {
                        version: tenant.tenant.version,
                        name: Some(format!("{writer} {turn}")),
                        ..TenantChange::default()
                    };
                    tenant.update(change, at(9)).unwrap();
                    batch.commit().await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }

    let mut versions = 0;
    for (tenant_id, _) in made {
        versions += store.tenant(tenant_id).await.unwrap().unwrap().version - 1;
    }
    assert_eq!(versions, 48);
}

async fn rooms_made_at_once_never_exceed_the_limit(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let id = tenant(&store, &mut ids).await;
    let other = tenant(&store, &mut ids).await;
    let limits = LimitsChange {
        rooms: Some(3),
        ..LimitsChange::default()
    };
    update(&store, id, limited_to(limits)).await;

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
    let limits = LimitsChange {
        overlay_tokens_per_room: Some(2),
        ..LimitsChange::default()
    };
    update(&store, tenant_id, limited_to(limits)).await;
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
