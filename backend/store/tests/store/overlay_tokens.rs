//! Overlay tokens are found by their hash, and stay revoked.

use parlor_domain::id::{OverlayTokenId, RoomId};
use parlor_store::{InsertOverlayToken, OverlayTokenRow};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, live_room, tenant};

on_both_engines! {
    a_token_is_found_by_its_hash_until_and_after_it_is_revoked,
    a_token_needs_a_room_of_its_tenant,
    those_in_use_are_found_in_one_set,
}

async fn a_token_is_found_by_its_hash_until_and_after_it_is_revoked(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let (tenant_id, stranger) = (
        tenant(&store, &mut ids).await,
        tenant(&store, &mut ids).await,
    );
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    let token = OverlayTokenRow {
        id: OverlayTokenId::next(&mut ids),
        tenant_id,
        room_id,
        label: "OBS, left screen".to_owned(),
        created_at: at(1),
        revoked_at: None,
    };
    let revoked = OverlayTokenRow {
        revoked_at: Some(at(5)),
        ..token.clone()
    };

    assert_eq!(
        store.insert_overlay_token(&token, [3; 32]).await.unwrap(),
        InsertOverlayToken::Inserted
    );
    assert_eq!(
        store.overlay_token_by_hash(&[3; 32]).await.unwrap(),
        Some(token.clone())
    );
    assert_eq!(store.overlay_token_by_hash(&[4; 32]).await.unwrap(), None);
    assert_eq!(store.overlay_token(stranger, token.id).await.unwrap(), None);
    assert_eq!(
        store
            .revoke_overlay_token(stranger, token.id, at(4))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store.overlay_token(tenant_id, token.id).await.unwrap(),
        Some(token.clone())
    );

    for now in [5, 9] {
        let found = store
            .revoke_overlay_token(tenant_id, token.id, at(now))
            .await
            .unwrap();
        assert_eq!(found.as_ref(), Some(&revoked), "the first time is kept");
    }
    assert_eq!(
        store.overlay_token_by_hash(&[3; 32]).await.unwrap(),
        Some(revoked)
    );
}

async fn a_token_needs_a_room_of_its_tenant(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let (owner, stranger) = (
        tenant(&store, &mut ids).await,
        tenant(&store, &mut ids).await,
    );
    let mine = live_room(&store, "room", owner, &mut ids).await;

    for (tenant_id, room_id) in [(stranger, mine), (owner, RoomId::next(&mut ids))] {
        let token = OverlayTokenRow {
            id: OverlayTokenId::next(&mut ids),
            tenant_id,
            room_id,
            label: "nobody's".to_owned(),
            created_at: at(1),
            revoked_at: None,
        };
        assert_eq!(
            store.insert_overlay_token(&token, [3; 32]).await.unwrap(),
            InsertOverlayToken::RoomUnknown
        );
        assert_eq!(store.overlay_token_by_hash(&[3; 32]).await.unwrap(), None);
    }
}

async fn those_in_use_are_found_in_one_set(database: Database) {
    let (store, mut ids) = (database.open().await, SeededIds::new(1));
    let tenant_id = tenant(&store, &mut ids).await;
    let room_id = live_room(&store, "room", tenant_id, &mut ids).await;
    for (hash, revoked_at) in [([1; 32], None), ([2; 32], Some(at(5))), ([3; 32], None)] {
        let token = OverlayTokenRow {
            id: OverlayTokenId::next(&mut ids),
            tenant_id,
            room_id,
            label: "OBS".to_owned(),
            created_at: at(1),
            revoked_at,
        };
        let inserted = store.insert_overlay_token(&token, hash).await.unwrap();
        assert_eq!(inserted, InsertOverlayToken::Inserted);
    }
    // More than a statement takes as values of their own.
    let unknown = (0..40_000_u32).map(|n| {
        let mut hash = [9; 32];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        hash
    });
    let wanted: Vec<_> = [[1; 32], [2; 32], [1; 32]]
        .into_iter()
        .chain(unknown)
        .collect();

    let in_use = store.overlay_tokens_in_use(wanted).await.unwrap();
    assert_eq!(in_use.into_iter().collect::<Vec<_>>(), [[1; 32]]);
    assert_eq!(
        store.overlay_tokens_in_use(Vec::new()).await.unwrap().len(),
        0
    );
}
