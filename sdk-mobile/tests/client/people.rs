//! People, as a client is told of them, and the token that its commands are made with.

use parlor::{Delivery, EventKind, ParticipantChange, ParticipantProfile, QueryError};
use serde_json::{Value, json};

use crate::app::connect;
use crate::server::{Server, feed, snapshot, within};

pub(crate) fn person(seq: i64, name: &str, place: &str) -> Value {
    let at = "2026-01-02T03:04:05.000Z";

    json!({
        "__typename": "ParticipantStageChanged", "seq": seq.to_string(),
        "occurredAt": at, "displayAt": at, "timing": "LIVE",
        "part": format!("participant:{name}"),
        "participant": {
            "id": name, "name": name, "role": "MEMBER", "stageRole": place, "requestedSeq": null,
            "isListed": true, "isOnline": true, "version": 3, "joinedAt": at,
        },
    })
}

fn with_online(mut feed: Value, count: i32) -> Value {
    feed["presence"] = json!({ "onlineCount": count });

    feed
}

fn names(people: &[ParticipantProfile]) -> Vec<&str> {
    people.iter().map(|one| one.name.as_str()).collect()
}

#[tokio::test]
async fn people_and_their_number_come_with_the_state_and_after_it() {
    let server = Server::start().await;
    let client = connect(&server, "room-1");
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    let mut first = with_online(snapshot(5), 7);
    first["snapshot"] = json!([person(4, "Ada", "HOST"), person(5, "Ben", "INVITED")]);
    peer.feed(&id, first).await;

    let Some(Delivery::StateReplaced { room }) = within(client.deliveries().next()).await else {
        panic!("the state comes first");
    };
    assert_eq!(names(&room.participants), ["Ada", "Ben"]);
    assert_eq!(room.stage.host.unwrap().name, "Ada");
    assert_eq!(names(&room.stage.invited), ["Ben"]);
    assert!(!room.stage.is_live, "no session was told of");
    assert_eq!(room.online_count, Some(7));

    let events = [person(6, "Ben", "SPEAKER")];
    peer.feed(&id, with_online(feed(5, &events), 8)).await;
    let Some(Delivery::Event { event, .. }) = within(client.deliveries().next()).await else {
        panic!("Ben moves");
    };
    let EventKind::ParticipantChanged {
        change,
        participant,
    } = event.kind
    else {
        panic!("{event:?}");
    };
    assert_eq!(change, ParticipantChange::StageChanged);
    assert_eq!((participant.id.as_str(), participant.version), ("Ben", 3));
    let presence = within(client.deliveries().next()).await;
    assert_eq!(
        presence,
        Some(Delivery::PresenceChanged { online_count: 8 })
    );
    let now = client.room();
    assert_eq!(names(&now.stage.speakers), ["Ben"]);
    assert_eq!(now.online_count, Some(8));
}

#[tokio::test]
async fn commands_are_made_with_the_token_that_was_given_last() {
    let server = Server::start().await;
    let client = connect(&server, "room-1");
    let api = client.api();
    client.set_token("a token\nwith a line break".to_owned());

    // No header can carry it, so it is refused before anything is sent.
    let refused = api.room_access("room-1".to_owned()).await;
    assert!(
        matches!(&refused, Err(QueryError::Forbidden { code, .. }) if code == "UNAUTHENTICATED"),
        "{refused:?}"
    );
    assert!(!format!("{api:?}").contains("line break"), "{api:?}");
}
