//! The bot, as a user runs it, against the real server.

use parlor::{
    Api, ContributionKind, ContributionReport, HypeTrainLevel, HypeTrainProgram, NewRoom,
};
use running::{Bot, Server};
use serde_json::Value;

mod running;

/// Long enough for a server to come back within it, on a busy machine too.
const SECONDS_PER_LEVEL: u32 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_train_is_followed_to_its_end_over_a_killed_server() {
    let mut server = Server::start("followed-train");
    let api = Api::new(&server.url(), Some(server.token.clone()), None).unwrap();
    let room = open_room(&api).await;
    let url = server.url();
    let mut bot = Bot::start(&[
        "--server",
        &url,
        "--room",
        &room,
        "--json",
        "--exit-after-train",
    ]);
    let first = bot.next();
    assert_eq!(first["room"]["title"], "A room", "{first}");

    let mut given = Vec::new();
    for number in 1..=4 {
        given.push(donate(&api, &room, number).await);
    }
    let mut lines = Vec::new();
    while contributions(&lines).len() < 4 {
        lines.push(bot.next());
    }
    server.kill();
    server.restart();
    for number in 5..=8 {
        given.push(donate(&api, &room, number).await);
    }
    lines.extend(bot.rest());
    let (status, said) = bot.end();

    assert!(status.success(), "{said}");
    assert!(
        said.contains("not connected") && said.ends_with("connected\n"),
        "{said}"
    );
    assert_eq!(contributions(&lines), given);
    let seqs: Vec<i64> = events(&lines)
        .map(|line| line["seq"].as_i64().unwrap())
        .collect();
    let gapless: Vec<i64> = (seqs[0]..).take(seqs.len()).collect();
    assert_eq!(seqs, gapless);
    let last = lines.last().unwrap();
    assert_eq!(last["kind"], "HypeTrainEnded");
    assert_eq!(last["train"]["total"], 8 * 500);
    assert_eq!(last["train"]["contributorCount"], 8);
}

#[test]
fn what_goes_wrong_is_one_clear_line() {
    let server = Server::start("clear-lines");
    let url = server.url();
    let nowhere = "Um9vbTowMWEyMDUxMS0wNTI3LTcxMzktYTBkNC01MDNlNWZkMjI3OGQ=";

    for (arguments, line) in [
        (
            vec!["--server", &url, "--room", nowhere],
            format!("error: there is no room {nowhere} for this token to see\n"),
        ),
        (
            vec!["--server", &url, "--room", nowhere, "--token", "nonsense"],
            format!(
                "error: room {nowhere} needs a token, and this one is missing, expired or not for it\n"
            ),
        ),
        (
            vec!["--server", "parlor.example", "--room", nowhere],
            "error: `parlor.example` is not a server's address: it has no scheme, such as https://\n"
                .to_owned(),
        ),
    ] {
        let (status, said) = Bot::start(&arguments).end();
        assert_eq!(said, line);
        assert_eq!(status.code(), Some(1));
    }
}

async fn open_room(api: &Api) -> String {
    let room = api
        .create_room(NewRoom {
            slug: "a-room".to_owned(),
            title: "A room".to_owned(),
            state: Some(parlor::RoomState::Open),
            anonymous_read: Some(true),
            hype_train_program: Some(HypeTrainProgram {
                kickoff_events: 2,
                kickoff_viewers: 2,
                kickoff_window_ms: 60_000,
                levels: vec![HypeTrainLevel {
                    goal: 1_200,
                    reward: None,
                }],
                seconds_per_level: SECONDS_PER_LEVEL,
                cooldown_ms: 0,
                kickoff_anonymous: None,
            }),
            ..NewRoom::default()
        })
        .await
        .expect("the room is made");
    api.start_session(room.id.clone(), None)
        .await
        .expect("the session starts");

    room.id
}

/// Gives 5 euros, and returns the contribution's id.
async fn donate(api: &Api, room: &str, number: u32) -> String {
    let report = ContributionReport {
        room_id: room.to_owned(),
        idempotency_key: format!("donation-{number}"),
        kind: ContributionKind::Donation,
        provider: None,
        contribution_ref: None,
        status: None,
        amount: Some(500),
        currency: Some("EUR".to_owned()),
        tier: None,
        quantity: None,
        viewer_id: Some(format!("viewer-{number}")),
        viewer_name: Some(format!("Viewer {number}")),
        message: None,
        occurred_at_unix_millis: None,
    };

    api.record_contribution(report)
        .await
        .expect("the contribution is recorded")
        .id
}

fn events(lines: &[Value]) -> impl Iterator<Item = &Value> {
    lines.iter().filter(|line| line["type"] == "event")
}

fn contributions(lines: &[Value]) -> Vec<String> {
    events(lines)
        .filter_map(|line| Some(line["contribution"]["id"].as_str()?.to_owned()))
        .collect()
}
