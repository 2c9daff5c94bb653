//! `parlor rewards` and `parlor redemptions`: a room's shop kept and its queue worked off from the command line,
//! over the API of a running server.

use std::process::{Command, Output};

use parlor_node::clock::Clock;
use parlor_test_database::{Database, on_both_engines};
use serde_json::{Value, json};

use crate::{Folder, Running, parlor, query, refusal, said};

on_both_engines! {
    a_shop_is_kept,
    when_a_reward_can_be_redeemed_and_what_a_refund_restores_is_kept,
    a_queue_is_listed_and_worked_off,
    a_queue_of_many_pages_is_read_and_worked_off_whole,
    what_the_api_refuses_is_a_line_and_a_code,
}

const UUID: &str = "0199fe37-0000-7000-8000-00000000b0c5";

/// A running server with an open room called `show`, in which Ana has 100 points.
pub(crate) struct Shop {
    pub(crate) folder: Folder,
    pub(crate) address: String,
    staff: String,
    pub(crate) ana: String,
    /// Ana as a participant, by her id.
    pub(crate) participant: String,
    pub(crate) room: String,
    _server: Running,
}

impl Shop {
    pub(crate) fn open(database: &Database) -> Self {
        let folder = Folder::make();
        let create = ["tenant", "create", "Acme", "--uuid", UUID, "--database"];
        said(parlor(&folder.0).args(create).arg(&database.url));
        let serve = ["serve", "--listen", "127.0.0.1:0", "--database"];
        let mut server = Running::start(parlor(&folder.0).args(serve).arg(&database.url));
        let line = server.read_line();
        let address = line.trim().strip_prefix("listening on http://").unwrap();
        let token = |role: &str, subject: &str| {
            let of = ["token", "--tenant", UUID, "--role", role, "--subject"];
            let token = said(parlor(&folder.0).args(of).arg(subject));
            token.trim().to_owned()
        };
        let (staff, ana) = (token("staff", "me"), token("viewer", "ana"));

        let mut shop = Self {
            address: address.to_owned(),
            folder,
            staff,
            ana,
            participant: String::new(),
            room: String::new(),
            _server: server,
        };
        let made = |token: &str, mutation: &str| shop.made(token, mutation);
        let room = made(
            &shop.staff,
            r#"createRoom(input: { slug: "show", title: "Show", state: OPEN }) { ... on Room { id } }"#,
        );
        let ana = made(
            &shop.ana,
            &format!(
                r#"joinRoom(input: {{ roomId: "{room}", name: "Ana" }}) {{ ... on Participant {{ id }} }}"#
            ),
        );
        (shop.room, shop.participant) = (room, ana);
        shop.grant("to begin", 100);
        shop
    }

    /// Makes another room of the same tenant.
    pub(crate) fn another_room(&self, slug: &str) {
        let mutation = format!(
            r#"createRoom(input: {{ slug: "{slug}", title: "Other", state: OPEN }}) {{ ... on Room {{ id }} }}"#
        );
        self.made(&self.staff, &mutation);
    }

    /// Gives Ana points, once for each `reason`.
    pub(crate) fn grant(&self, reason: &str, points: u32) {
        let (room, ana) = (&self.room, &self.participant);
        let mutation = format!(
            r#"grantPoints(input: {{ idempotencyKey: "{reason}", roomId: "{room}", participantId: "{ana}",
                points: "{points}", reason: "{reason}" }}) {{ ... on PointsTransfer {{ id }} }}"#
        );
        self.made(&self.staff, &mutation);
    }

    /// Has Ana watch the present minute of a session that begins.
    pub(crate) fn watch(&self) {
        let room = &self.room;
        let start =
            format!(r#"startSession(input: {{ roomId: "{room}" }}) {{ ... on Session {{ id }} }}"#);
        let session = self.made(&self.staff, &start);
        let now = parlor_api::format_time(Clock::System.now());
        let credit = format!(
            r#"mutation {{ creditWatching(input: {{ roomId: "{room}", sessionId: "{session}", minute: "{now}",
                viewerIds: ["ana"] }}) {{ ... on WatchCredit {{ countedCount }} }} }}"#
        );
        let answer = query(&self.address, &self.staff, &credit);
        assert_eq!(
            answer["data"]["creditWatching"]["countedCount"], 1,
            "{answer}"
        );
    }

    /// What a mutation makes, by its id.
    pub(crate) fn made(&self, token: &str, mutation: &str) -> String {
        let document = format!("mutation {{ made: {mutation} }}");
        let answer = query(&self.address, token, &document);
        let id = answer["data"]["made"]["id"].as_str();
        id.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    fn redeem(&self, reward: &str, key: &str, input: &str) -> String {
        let room = &self.room;
        let mutation = format!(
            r#"redeemReward(input: {{ idempotencyKey: "{key}", roomId: "{room}", rewardId: "{reward}",
                input: "{input}" }}) {{ ... on Redemption {{ id }} }}"#
        );
        self.made(&self.ana, &mutation)
    }

    /// A command of the staff's.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = parlor(&self.folder.0);
        command.args(arguments);
        command.env("PARLOR_SERVER", format!("http://{}", self.address));
        command.env("PARLOR_TOKEN", &self.staff);
        command
    }

    pub(crate) fn said(&self, arguments: &[&str]) -> String {
        said(&mut self.command(arguments))
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let said = said(self.command(arguments).arg("--json"));
        let lines = said.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    }

    /// What a command says to both of its outputs, that was refused something.
    pub(crate) fn refused(&self, arguments: &[&str]) -> (Vec<String>, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(arguments).output().unwrap();
        assert_eq!(status.code(), Some(1));
        let stdout = String::from_utf8(stdout).unwrap();
        let lines = stdout.lines().map(str::to_owned);

        (lines.collect(), String::from_utf8(stderr).unwrap())
    }
}

async fn a_shop_is_kept(database: Database) {
    let shop = Shop::open(&database);
    let create = [
        "rewards",
        "create",
        "show",
        "Say it",
        "--cost",
        "30",
        "--redeemable-offline",
        "true",
        "--ask-text",
        "--per-session",
        "9",
        "--cooldown-ms",
        "1",
        "--draw-window-ms",
        "5000",
        "--draw-winners",
        "2",
        "--key",
        "k",
    ];
    let reward = shop.said(&create);
    let reward = reward.trim();
    assert_eq!(shop.said(&create).trim(), reward, "a key makes one reward");
    let update = |more: &[&str]| {
        let arguments = [&["rewards", "update", &shop.room, reward], more].concat();
        shop.json(&arguments).remove(0)
    };
    let changed = update(&["--cost", "20", "--pause", "--cooldown-ms", "none"]);
    assert_eq!(
        (&changed["cost"], &changed["isPaused"]),
        (&json!("20"), &json!(true))
    );
    let limits = &changed["limits"];
    assert_eq!(
        (&limits["perSession"], &limits["cooldownMs"]),
        (&json!("9"), &Value::Null),
        "a limit that is not named stays"
    );
    let listed = shop.said(&["rewards", "list", "show"]);
    let rows: Vec<_> = listed.lines().collect();
    assert!(rows[0].starts_with("ID  ") && rows.len() == 2, "{listed}");
    assert!(
        rows[1].contains("  paused") && rows[1].ends_with("  2 in 5000 ms  Say it"),
        "{listed}"
    );
    let changed = update(&["--resume", "--disable", "--prompt", "Politely"]);
    assert_eq!(changed["draw"], json!({ "windowMs": "5000", "winners": 2 }));
    assert_eq!(
        (
            &changed["isPaused"],
            &changed["isEnabled"],
            &changed["prompt"]
        ),
        (&json!(false), &json!(false), &json!("Politely"))
    );
    let changed = update(&["--enable", "--if-version", "3", "--draw-window-ms", "none"]);
    assert_eq!(changed["draw"], Value::Null);
}

async fn when_a_reward_can_be_redeemed_and_what_a_refund_restores_is_kept(database: Database) {
    let shop = Shop::open(&database);
    let create = [
        "rewards",
        "create",
        "show",
        "Pick the opening",
        "--cost",
        "30",
        "--title-contains",
        "Chess",
        "--online-min",
        "50",
        "--refund-restores-cooldown",
        "true",
    ];
    let reward = shop.said(&create);
    let reward = reward.trim();
    let update = |more: &[&str]| {
        let arguments = [&["rewards", "update", &shop.room, reward], more].concat();
        shop.json(&arguments).remove(0)
    };
    let changed = update(&["--train-level-min", "3", "--online-min", "none"]);
    let when = json!({ "titleContains": "Chess", "trainLevelMin": 3, "onlineMin": null });
    assert_eq!(changed["availability"], when);
    let restores = json!({ "places": true, "cooldown": true });
    assert_eq!(changed["refundRestores"], restores, "places, unless told");
    let changed = update(&["--title-contains", "", "--refund-restores-places", "false"]);
    let when = json!({ "titleContains": null, "trainLevelMin": 3, "onlineMin": null });
    assert_eq!(changed["availability"], when);
    let restores = json!({ "places": false, "cooldown": true });
    assert_eq!(changed["refundRestores"], restores);

    let changed = update(&["--membership-tier-min", "2", "--icon", "💧"]);
    let look = |changed: &Value| {
        [
            changed["membershipTierMin"].clone(),
            changed["icon"].clone(),
        ]
    };
    assert_eq!(look(&changed), [json!(2), json!("💧")]);
    let changed = update(&["--membership-tier-min", "none", "--icon", ""]);
    assert_eq!(look(&changed), [Value::Null, Value::Null]);

    let delete = ["rewards", "delete", "show", reward];
    let (_, said) = shop.refused(&[&delete[..], &["--if-version", "1"]].concat());
    assert!(said.contains("at version 5, not 1"), "{said}");
    let said = shop.said(&delete);
    assert_eq!(said, format!("reward {reward} is deleted\n"));
    let (_, said) = shop.refused(&delete);
    assert!(said.contains("there is no reward"), "{said}");
}

async fn a_queue_is_listed_and_worked_off(database: Database) {
    let shop = Shop::open(&database);
    let create = [
        "rewards",
        "create",
        "show",
        "Say it",
        "--cost",
        "20",
        "--ask-text",
    ];
    let reward = shop.said(&[&create[..], &["--redeemable-offline", "true"]].concat());
    let reward = reward.trim();
    let first = shop.redeem(reward, "a", "hello");
    let second = shop.redeem(reward, "b", "good\\nbye");
    let third = shop.redeem(reward, "c", "=1+1");
    let queue = ["redemptions", "list", "show"];
    let listed = shop.said(&queue);
    let rows: Vec<_> = listed.lines().collect();
    assert_eq!(rows.len(), 4, "{listed}");
    assert!(
        rows[1].starts_with(&format!("{first}  UNFULFILLED  ")),
        "{listed}"
    );
    assert!(rows[1].ends_with("Ana  Say it  hello"), "{listed}");
    assert!(rows[2].ends_with("good bye"), "{listed}");

    // What can be done is done, and the rest is said, each on a line.
    let (lines, error) =
        shop.refused(&["redemptions", "fulfil", "show", &first, "nothing", &first]);
    assert_eq!(lines[0], format!("fulfilled {first}: Say it for 20"));
    assert!(
        lines[1].starts_with("refused nothing: ") && lines[1].ends_with("(NOT_FOUND)"),
        "{lines:?}"
    );
    assert!(lines[2].ends_with("(ALREADY_FULFILLED)"), "{lines:?}");
    assert_eq!(
        (lines.len(), error.as_str()),
        (3, "error: 2 of 3 refused\n")
    );
    let canceled = shop.said(&["redemptions", "cancel", "show", &second]);
    assert_eq!(canceled, format!("canceled {second}: Say it for 20\n"));
    let (lines, _) = shop.refused(&["redemptions", "cancel", "show", &second, "--json"]);
    let told: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(
        (&told["id"], &told["error"]["code"]),
        (&json!(second), &json!("ALREADY_CANCELED"))
    );

    let refund = ["redemptions", "refund", "show", &first, "--reason", "sorry"];
    let some = [&refund[..], &["--points", "5"]].concat();
    assert_eq!(
        shop.said(&some),
        format!("refunded {first}: 5 of 20 points have come back\n")
    );
    assert_eq!(shop.json(&refund)[0]["refunded"], "20");

    let ids = |more: &[&str]| -> Vec<_> {
        let found = shop.json(&[&queue[..], more].concat());
        found
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&["--status", "UNFULFILLED"]), [third.as_str()]);
    assert_eq!(ids(&["--reward", reward]).len(), 3);
    assert!(ids(&["--reward", "another"]).is_empty());
    let output = shop
        .command(&[&queue[..], &["--limit", "2"]].concat())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && said.starts_with("2 of 3 are listed"),
        "{said}"
    );
}

async fn a_queue_of_many_pages_is_read_and_worked_off_whole(database: Database) {
    let shop = Shop::open(&database);
    let create = ["rewards", "create", "show", "Wave", "--cost", "1"];
    let reward = shop.said(&[&create[..], &["--redeemable-offline", "true"]].concat());
    let (room, reward) = (&shop.room, reward.trim());
    shop.grant("for all", 400);
    // More than a page of the queue has, and than are settled at once.
    let redeem = |n: u32| {
        format!(
            r#"r{n}: redeemReward(input: {{ idempotencyKey: "{n}", roomId: "{room}", rewardId: "{reward}" }})
                {{ ... on Redemption {{ id }} }}"#
        )
    };
    let mut ids = Vec::new();
    for chunk in 0..23 {
        let some = (chunk * 10)..(chunk * 10 + 10);
        let fields: String = some.clone().map(redeem).collect();
        let answer = query(
            &shop.address,
            &shop.ana,
            &format!("mutation {{ {fields} }}"),
        );
        let redeemed = some.map(|n| {
            answer["data"][format!("r{n}")]["id"]
                .as_str()
                .map(str::to_owned)
        });
        ids.extend(redeemed.map(|id| id.unwrap_or_else(|| panic!("{answer}"))));
    }

    let listed = shop.json(&["redemptions", "list", "show"]);
    let mut found: Vec<_> = listed
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    found.sort_unstable();
    let mut expected: Vec<_> = ids.iter().map(String::as_str).collect();
    let fulfill = [&["redemptions", "fulfill", "show"], &expected[..]].concat();
    let done = shop.said(&fulfill);
    expected.sort_unstable();
    assert_eq!(found, expected);
    let told: Vec<_> = done.lines().collect();
    assert_eq!(told.len(), ids.len());
    for (line, id) in told.iter().zip(&ids) {
        assert_eq!(*line, format!("fulfilled {id}: Wave for 1"));
    }
    let left = ["redemptions", "list", "show", "--status", "unfulfilled"];
    assert!(shop.json(&left).is_empty());
}

async fn what_the_api_refuses_is_a_line_and_a_code(database: Database) {
    let shop = Shop::open(&database);
    let stale = shop.said(&["rewards", "create", "show", "One", "--cost", "1"]);
    let stale = stale.trim();
    let room = shop.room.as_str();
    for (arguments, told) in [
        (
            vec!["rewards", "list", "nowhere"],
            "there is no room \"nowhere\" for this token",
        ),
        (
            vec!["rewards", "create", "show", "Free", "--cost", "0"],
            "`cost` must be between 1 and 1000000000, not 0 (VALIDATION)",
        ),
        (
            vec!["rewards", "update", room, "nothing", "--pause"],
            "there is no reward \"nothing\"",
        ),
        (
            vec!["rewards", "update", room, stale],
            "nothing is to be changed",
        ),
        (
            vec![
                "rewards",
                "update",
                room,
                stale,
                "--pause",
                "--if-version",
                "7",
            ],
            "at version 1, not 7 (STALE_VERSION)",
        ),
        (
            vec!["redemptions", "refund", room, "nothing", "--reason", "x"],
            "there is no such Redemption (NOT_FOUND)",
        ),
        (
            vec!["redemptions", "list", room, "--token", &shop.ana],
            "REDEMPTION_MANAGE",
        ),
        (
            vec!["redemptions", "list", room, "--token", "nonsense"],
            "(TOKEN_MALFORMED)",
        ),
        (
            vec![
                "redemptions",
                "list",
                room,
                "--server",
                "https://parlor.example.com",
            ],
            "is not an address such as http://127.0.0.1:8080",
        ),
    ] {
        let line = refusal(&mut shop.command(&arguments));
        assert!(line.contains(told), "{arguments:?}: {line}");
    }

    // Nobody listens there. What may have been done can be asked for again.
    let create = [
        "rewards",
        "create",
        room,
        "One",
        "--cost",
        "1",
        "--server",
        "http://127.0.0.1:1",
    ];
    let line = refusal(&mut shop.command(&create));
    assert!(
        line.starts_with("it may have been done; the same with `--key "),
        "{line}"
    );
    assert!(
        line.contains("no server can be reached at http://"),
        "{line}"
    );
    let help = said(
        parlor(&shop.folder.0)
            .args(["redemptions", "list", "--help"])
            .env("PARLOR_TOKEN", "s3cret"),
    );
    assert!(
        help.contains("PARLOR_TOKEN") && !help.contains("s3cret"),
        "{help}"
    );
}
