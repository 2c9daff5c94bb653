//! What a newer server tells, and this version has never heard of: it reaches the application as unknown, and
//! drops nothing.

use parlor::{
    ContributionKind, Delivery, EventKind, EventTiming, ParticipantRole, RoomEvent, StageRole,
};
use serde_json::{Value, json};

use crate::app::connect;
use crate::people::person;
use crate::server::{Server, contribution, feed, snapshot, within};

/// What comes of one event, beside events that are known.
async fn told(event: Value) -> RoomEvent {
    let server = Server::start().await;
    let client = connect(&server, "room-1");
    let mut peer = server.accept().await;
    let (id, _) = peer.subscription().await;
    peer.feed(&id, snapshot(5)).await;
    let events = [
        contribution(6, 0, "before"),
        event,
        contribution(8, 0, "after"),
    ];
    peer.feed(&id, feed(5, &events)).await;

    let deliveries = client.deliveries();
    let mut told = Vec::new();
    while told.len() < 3 {
        if let Some(Delivery::Event { event, .. }) = within(deliveries.next()).await {
            told.push(event);
        }
    }
    let seqs: Vec<_> = told.iter().map(|event| event.seq).collect();
    assert_eq!(
        {
            let mut sorted = seqs.clone();
            sorted.sort_unstable();
            sorted
        },
        [6, 7, 8]
    );

    told.into_iter().find(|event| event.seq == 7).unwrap()
}

fn of_kind(type_name: &str, part: &Value, timing: &str) -> Value {
    let at = "2026-01-02T03:04:05.000Z";

    json!({
        "__typename": type_name, "seq": "7", "occurredAt": at, "displayAt": at,
        "timing": timing, "part": part,
    })
}

#[tokio::test]
async fn kinds_of_moments_and_of_parts_and_timings() {
    for (part, timing, read) in [
        (json!(null), "PICTURE", EventTiming::Picture),
        (json!("weather"), "LIVE", EventTiming::Live),
        (json!("weather"), "PICTURE", EventTiming::Picture),
        (json!(null), "SOMEDAY", EventTiming::Picture),
    ] {
        let event = told(of_kind("WeatherChanged", &part, timing)).await;

        assert!(matches!(event.kind, EventKind::Unknown { .. }), "{event:?}");
        assert_eq!(event.type_name, "WeatherChanged");
        assert_eq!(json!(event.part), part);
        assert_eq!(event.timing, read);
    }
}

#[tokio::test]
async fn names_within_known_kinds() {
    let mut event = person(7, "Ada", "BALCONY");
    event["participant"]["role"] = json!("CONDUCTOR");
    let EventKind::ParticipantChanged { participant, .. } = told(event).await.kind else {
        panic!("it is known");
    };
    assert_eq!(participant.stage_role, StageRole::Unknown);
    assert_eq!(participant.role, ParticipantRole::Unknown);
    assert_eq!(participant.name, "Ada");

    let mut event = contribution(7, 0, "hello");
    event["contribution"]["kind"] = json!("BARTER");
    let EventKind::ContributionReceived { contribution } = told(event).await.kind else {
        panic!("it is known");
    };
    assert_eq!(contribution.kind, ContributionKind::Unknown);
    assert_eq!(contribution.message.as_deref(), Some("hello"));
}
