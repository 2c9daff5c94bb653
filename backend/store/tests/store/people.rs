//! People of a room: written with the room's log, found again by the next batch, and listed.

use parlor_domain::audit::{AuditAction, AuditEntry};
use parlor_domain::event::Part;
use parlor_domain::id::{ParticipantId, RoomId, TenantId, ViewerId};
use parlor_domain::participant::{Capability, Membership, Participant, Role, SMALL_ROOM_MAX};
use parlor_domain::room_aggregate::{Actor, Override, OverrideChange, RoomAggregate, Target};
use parlor_store::{Committed, PageRequest, ParticipantsFilter, RoomNeeds, Store};

use crate::harness::{Database, on_both_engines};
use crate::scene::{SeededIds, at, live_room, tenant};

on_both_engines! {
    whoever_joined_is_found_as_they_are_after_a_restart,
    a_participant_belongs_to_one_room_of_one_tenant,
    snapshots_hold_only_those_who_are_shown_by_name,
    a_joining_crowd_costs_the_log_nothing_beyond_a_small_room,
    people_are_listed_page_by_page_and_by_what_they_are,
    the_stage_is_read_whole_with_the_census,
    the_audit_trail_is_kept_in_order,
    the_audit_trail_has_positions_of_its_own,
}

struct Scene {
    store: Store,
    ids: SeededIds,
    tenant_id: TenantId,
    room_id: RoomId,
    now_ms: i64,
}

impl Scene {
    async fn open(database: &Database) -> Self {
        let (store, mut ids) = (database.open().await, SeededIds::new(1));
        let tenant_id = tenant(&store, &mut ids).await;
        let room_id = live_room(&store, "room", tenant_id, &mut ids).await;

        Self {
            store,
            ids,
            tenant_id,
            room_id,
            now_ms: 1_000,
        }
    }

    /// Has `decide` done to the room in a batch that knows `viewers` and the staff.
    async fn act<T>(
        &mut self,
        viewers: &[&str],
        decide: impl FnOnce(&mut RoomAggregate, &mut SeededIds, parlor_domain::time::ServerTime) -> T,
    ) -> (T, Vec<Committed>) {
        let mut needs = RoomNeeds::new(self.tenant_id, self.room_id);
        needs.people.actors = viewers.iter().map(|name| viewer(name)).collect();
        let mut batch = self.store.begin(&[needs]).await.unwrap();
        self.now_ms += 1;
        let room = batch.room(self.tenant_id, self.room_id).unwrap();
        let answer = decide(room, &mut self.ids, at(self.now_ms));

        (answer, batch.commit().await.unwrap())
    }

    async fn join(&mut self, names: &[&str]) -> Vec<Committed> {
        let all: Vec<_> = names.iter().map(|name| viewer(name)).collect();
        let joined = self.act(names, |room, ids, now| {
            for id in &all {
                room.join(&staff(), id, id.as_str(), ids, now).unwrap();
            }
        });
        joined.await.1
    }

    async fn found(&self, name: &str) -> Participant {
        let found = self
            .store
            .participant_of_viewer(self.tenant_id, self.room_id, &viewer(name))
            .await;
        found.unwrap().unwrap()
    }

    async fn page(
        &self,
        filter: ParticipantsFilter,
        page: PageRequest,
    ) -> parlor_store::Page<Participant> {
        self.store
            .participants_page(self.tenant_id, self.room_id, filter, page)
            .await
            .unwrap()
    }
}

fn viewer(name: &str) -> ViewerId {
    ViewerId::parse(name).unwrap()
}

fn staff() -> Actor {
    Actor {
        viewer_id: viewer("staff"),
        is_staff: true,
    }
}

fn target(room: &RoomAggregate, name: &str) -> Target {
    let found = room.known.people.of_viewer(&viewer(name)).unwrap();
    Target {
        id: found.id,
        version: found.version,
    }
}

fn request(limit: u32) -> PageRequest {
    PageRequest {
        limit,
        ..PageRequest::default()
    }
}

async fn whoever_joined_is_found_as_they_are_after_a_restart(database: Database) {
    let mut scene = Scene::open(&database).await;
    scene.join(&["ana", "ben <b>&'\""]).await;
    let change = OverrideChange {
        capability: Capability::StageInvite,
        kind: Override::Grant,
        expires_at: Some(at(60_000)),
        reason: Some("for the show; it's \"fine\"".to_owned()),
    };
    let (ana, _) = scene
        .act(&["ana"], |room, ids, now| {
            let ana = target(room, "ana");
            room.assign_role(&staff(), ana, Role::Moderator, ids, now)
                .unwrap();
            let ana = target(room, "ana");
            room.change_override(&staff(), ana, &change, ids, now)
                .unwrap();
            let own = target(room, "ana");
            let ana = Actor {
                viewer_id: viewer("ana"),
                is_staff: false,
            };
            room.request_stage(&ana, own, ids, now).unwrap()
        })
        .await;
    scene.store.close().await;

    scene.store = database.open().await;
    assert_eq!(scene.found("ana").await, ana);
    assert_eq!(scene.found("ben <b>&'\"").await.version, 1);
    let (known, committed) = scene
        .act(&["ana", "nobody"], |room, _, _| {
            (room.known.people.clone(), room.census)
        })
        .await;
    let (people, census) = known;
    assert_eq!(people.of_viewer(&viewer("ana")), Some(&ana));
    assert_eq!(people.of_viewer(&viewer("nobody")), None);
    assert_eq!((census.joined, census.role_holders), (2, 1));
    assert_eq!((census.waiting, census.on_stage), (1, 0));
    assert_eq!(committed, []);
}

async fn a_participant_belongs_to_one_room_of_one_tenant(database: Database) {
    let mut scene = Scene::open(&database).await;
    scene.join(&["ana"]).await;
    let ana = scene.found("ana").await;
    let stranger = tenant(&scene.store, &mut scene.ids).await;
    let other = live_room(&scene.store, "other", scene.tenant_id, &mut scene.ids).await;

    let found = |tenant_id, id| scene.store.participant(tenant_id, id);
    assert_eq!(
        found(scene.tenant_id, ana.id).await.unwrap(),
        Some((scene.room_id, ana.clone()))
    );
    assert_eq!(found(stranger, ana.id).await.unwrap(), None);
    for (tenant_id, expected) in [(scene.tenant_id, Some(ana.clone())), (stranger, None)] {
        let found = scene
            .store
            .participant_of_viewer(tenant_id, scene.room_id, &ana.viewer_id);
        assert_eq!(found.await.unwrap(), expected);
    }
    let mut needs = RoomNeeds::new(scene.tenant_id, other);
    needs.people.participants = vec![ana.id, ParticipantId(uuid::Uuid::nil())];
    needs.people.actors = vec![ana.viewer_id.clone()];
    let mut batch = scene.store.begin(&[needs]).await.unwrap();
    let room = batch.room(scene.tenant_id, other).unwrap();
    assert_eq!(room.known.people.get(ana.id), None);
    assert_eq!(room.known.people.of_viewer(&ana.viewer_id), None);
}

async fn snapshots_hold_only_those_who_are_shown_by_name(database: Database) {
    let mut scene = Scene::open(&database).await;
    scene.join(&["ana", "ben"]).await;
    let before = at(scene.now_ms);
    scene
        .act(&["ana"], |room, ids, now| {
            let ana = Actor {
                viewer_id: viewer("ana"),
                is_staff: false,
            };
            room.leave(&ana, ids, now).unwrap();
        })
        .await;
    let (ana, ben) = (scene.found("ana").await, scene.found("ben").await);
    assert_eq!(ana.membership, Membership::Left);

    let people = |snapshot: parlor_store::Snapshot| -> Vec<ParticipantId> {
        let parts = snapshot.events.iter().filter_map(|event| event.body.part());
        parts
            .filter_map(|part| match part {
                Part::Participant(id) => Some(id),
                Part::Room | Part::Session | Part::Train => None,
            })
            .collect()
    };
    let now = scene.store.snapshot(scene.room_id).await.unwrap().unwrap();
    assert_eq!(people(now), [ben.id]);
    // Who is there does not wait for the picture.
    let then = scene.store.picture_at(scene.room_id, before, 0).await;
    assert_eq!(people(then.unwrap().unwrap().snapshot), [ben.id]);
}

async fn a_joining_crowd_costs_the_log_nothing_beyond_a_small_room(database: Database) {
    let mut scene = Scene::open(&database).await;
    let names: Vec<_> = (0..SMALL_ROOM_MAX + 200)
        .map(|n| format!("guest-{n}"))
        .collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let (first, rest) = names.split_at(60);
    scene.join(first).await;
    let committed = scene.join(rest).await;

    let events = committed[0].events.len();
    assert_eq!(i64::try_from(events + first.len()).unwrap(), SMALL_ROOM_MAX);
    let snapshot = scene.store.snapshot(scene.room_id).await.unwrap().unwrap();
    // The room and its session come with the people.
    let people = snapshot.events.len() - 2;
    assert_eq!(i64::try_from(people).unwrap(), SMALL_ROOM_MAX);
    let page = scene.page(ParticipantsFilter::default(), request(1)).await;
    assert_eq!(page.total_count, SMALL_ROOM_MAX + 200);
}

async fn people_are_listed_page_by_page_and_by_what_they_are(database: Database) {
    let mut scene = Scene::open(&database).await;
    let names = ["ana", "ben", "cem", "dov", "eva"];
    for name in names {
        scene.join(&[name]).await;
    }
    scene
        .act(&names, |room, ids, now| {
            for name in ["ben", "dov"] {
                let target = target(room, name);
                room.assign_role(&staff(), target, Role::Moderator, ids, now)
                    .unwrap();
            }
            let cem = target(room, "cem");
            room.invite_to_stage(&staff(), cem, ids, now).unwrap();
            let dov = Actor {
                viewer_id: viewer("dov"),
                is_staff: false,
            };
            room.leave(&dov, ids, now).unwrap();
        })
        .await;

    let listed = async |filter, page| -> (Vec<String>, i64, bool) {
        let page = scene.page(filter, page).await;
        let names = page.items.into_iter().map(|one| one.name).collect();
        (names, page.total_count, page.has_next)
    };
    let all = ParticipantsFilter::default();
    let (names, total, more) = listed(all, request(3)).await;
    assert_eq!(
        (names.join(" "), total, more),
        ("ana ben cem".to_owned(), 4, true)
    );
    let cem = scene.found("cem").await;
    let after = PageRequest {
        after: Some(parlor_store::Cursor {
            number: cem.joined_at.unix_millis(),
            id: cem.id.0,
        }),
        ..request(3)
    };
    let (names, total, more) = listed(all, after).await;
    assert_eq!((names.join(" "), total, more), ("eva".to_owned(), 4, false));

    let moderators = ParticipantsFilter {
        role: Some(Role::Moderator),
        ..all
    };
    assert_eq!(listed(moderators, request(9)).await.0, ["ben"]);
    let invited = ParticipantsFilter {
        stage_role: Some("invited"),
        ..all
    };
    assert_eq!(
        listed(invited, request(9)).await,
        (vec!["cem".to_owned()], 1, false)
    );
}

async fn the_stage_is_read_whole_with_the_census(database: Database) {
    let mut scene = Scene::open(&database).await;
    scene.join(&["ana", "ben", "staff"]).await;
    scene
        .act(&["ana", "staff"], |room, ids, now| {
            let ana = target(room, "ana");
            room.invite_to_stage(&staff(), ana, ids, now).unwrap();
            let own = target(room, "staff");
            room.hand_over_host(&staff(), None, own, ids, now).unwrap();
        })
        .await;

    let stage = scene
        .store
        .stage(scene.tenant_id, scene.room_id)
        .await
        .unwrap();
    let seen: Vec<_> = stage
        .people
        .iter()
        .map(|one| (one.name.as_str(), one.stage_role.as_str()))
        .collect();
    assert_eq!(seen, [("ana", "invited"), ("staff", "host")]);
    assert_eq!(stage.census.host, Some(stage.people[1].id));
    assert_eq!((stage.census.on_stage, stage.census.waiting), (1, 1));

    let stranger = tenant(&scene.store, &mut scene.ids).await;
    let theirs = scene.store.stage(stranger, scene.room_id).await.unwrap();
    assert_eq!((theirs.people.len(), theirs.census.joined), (0, 0));
}

async fn the_audit_trail_is_kept_in_order(database: Database) {
    let mut scene = Scene::open(&database).await;
    scene.join(&["ana"]).await;
    for role in [Role::Owner, Role::Owner, Role::Moderator] {
        scene
            .act(&["ana"], |room, ids, now| {
                let ana = target(room, "ana");
                drop(room.assign_role(&staff(), ana, role, ids, now));
            })
            .await;
    }
    scene
        .act(&["ana"], |room, ids, now| {
            let ana = target(room, "ana");
            let reason = Some("enough".to_owned());
            drop(room.remove(&staff(), ana, reason, ids, now));
        })
        .await;

    let trail = scene
        .store
        .audit_page(scene.tenant_id, scene.room_id, request(9));
    let trail = trail.await.unwrap();
    // Said again, a role changes nothing; and the last owner stays.
    let actions: Vec<_> = trail.items.iter().map(|entry| &entry.action).collect();
    assert_eq!(
        actions,
        [&AuditAction::RoleAssigned {
            from: Role::Member,
            to: Role::Owner
        }]
    );
    assert_eq!(trail.total_count, 1);
    assert_eq!(trail.items[0].actor_id, viewer("staff"));
    assert!(trail.items[0].actor_is_staff);
    let stranger = tenant(&scene.store, &mut scene.ids).await;
    let theirs = scene.store.audit_page(stranger, scene.room_id, request(9));
    assert_eq!(theirs.await.unwrap().items, []);
}

async fn the_audit_trail_has_positions_of_its_own(database: Database) {
    let mut scene = Scene::open(&database).await;
    scene.join(&["ana"]).await;
    for role in [Role::Moderator, Role::Member, Role::Moderator] {
        scene
            .act(&["ana"], |room, ids, now| {
                let ana = target(room, "ana");
                room.assign_role(&staff(), ana, role, ids, now).unwrap();
            })
            .await;
    }
    let (store, tenant_id, room_id) = (&scene.store, scene.tenant_id, scene.room_id);
    let seqs = |found: Vec<AuditEntry>| found.iter().map(|entry| entry.seq).collect::<Vec<_>>();

    let heads = store.heads(&[room_id]).await.unwrap();
    assert_eq!(heads[&room_id].staff.audited, 3);
    let page = store.audit_page(tenant_id, room_id, request(2)).await;
    let page = page.unwrap();
    assert_eq!((seqs(page.items), page.total_count), (vec![1, 2], 3));
    for (after_seq, limit, expected) in [(0, 9, vec![1, 2, 3]), (1, 1, vec![2]), (3, 9, vec![])] {
        let found = store.audit_after(tenant_id, room_id, after_seq, limit);
        assert_eq!(seqs(found.await.unwrap()), expected);
    }

    let stranger = tenant(&scene.store, &mut scene.ids).await;
    let theirs = scene.store.audit_after(stranger, scene.room_id, 0, 9);
    assert_eq!(theirs.await.unwrap(), []);
}
