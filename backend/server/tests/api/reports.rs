//! Points for watching, as viewers' own devices report it.

use parlor_domain::time::ServerTime;
use parlor_domain::watching::Minute;
use parlor_node::clock::Clock;
use parlor_test_database::on_both_engines;
use serde_json::{Value, json};

use crate::person::{Person, viewer};
use crate::server::{Api, START_MS, token};

on_both_engines! {
    devices_together_earn_what_one_would,
    a_minute_is_told_of_once_it_is_decided,
    a_picture_that_stands_earns_nothing,
    a_script_whose_playhead_does_not_move_on_earns_nothing,
    a_device_that_knows_an_old_session_costs_nobody_the_minute,
    a_program_never_earns,
    what_was_watched_offline_counts_where_it_was_watched,
    nobody_makes_up_what_they_were_not_there_for,
    what_is_known_of_a_minute_is_told_whatever_is_wrong_with_one_report,
    a_minute_counts_in_two_rooms,
    a_room_may_count_only_what_a_server_saw,
    those_who_may_not_earn_are_told_why,
    what_is_no_report_is_refused_by_its_field,
    a_server_that_goes_away_credits_what_is_proved,
}

/// How long after its end a minute is gathered, and more.
pub(crate) const DECIDED_MS: i64 = 40_000;
/// How often an answer is asked for until it is there: a failure waits for so many requests.
pub(crate) const TRIES: usize = 2_000;

/// A live room whose viewers earn, at the beginning of a minute.
pub(crate) struct Show<'a> {
    pub(crate) api: &'a Api,
    pub(crate) room: String,
    pub(crate) session: Value,
}

impl<'a> Show<'a> {
    pub(crate) async fn live(api: &'a Api, slug: &str) -> Self {
        let room = api.room(slug).await;
        let session = api.mutate("startSession", json!({ "roomId": room })).await;
        let now = Clock::Test(api.clock.clone()).now();
        api.clock.set(Minute::of(now.plus_millis(-1)).ends_at());

        Self {
            api,
            room,
            session: session["id"].clone(),
        }
    }

    fn now(&self) -> ServerTime {
        Clock::Test(self.api.clock.clone()).now()
    }

    /// The span that began and ended so many seconds ago, with the playhead as far as the clock.
    fn played(&self, from_ago: i64, until_ago: i64) -> Value {
        let at = |ago: i64| self.now().plus_millis(-1_000 * ago);
        let ms = |at: ServerTime| i32::try_from(at.unix_millis() - START_MS).unwrap();
        let playhead = |at: ServerTime| f64::from(ms(at)) / 1_000.0;
        let (from, until) = (at(from_ago), at(until_ago));
        json!({
            "from": parlor_api::format_time(from), "until": parlor_api::format_time(until),
            "playheadFrom": playhead(from), "playheadUntil": playhead(until),
        })
    }

    /// The same, of a picture that began at 0 once more.
    fn played_anew(&self, from_ago: i64, until_ago: i64) -> Value {
        let mut span = self.played(from_ago, until_ago);
        (span["playheadFrom"], span["playheadUntil"]) = (json!(0), json!(from_ago - until_ago));
        span
    }

    fn input(&self, spans: &[Value]) -> Value {
        json!({ "roomId": self.room, "sessionId": self.session, "spans": spans })
    }

    async fn report(&self, token: &str, spans: &[Value]) -> Value {
        let input = self.input(spans);
        self.api.mutate_as(token, "reportWatching", input).await
    }

    /// Reports again until every minute is decided, and returns what became of each.
    async fn decided(&self, token: &str, input: &Value) -> Vec<String> {
        for _ in 0..TRIES {
            let report = self
                .api
                .mutate_as(token, "reportWatching", input.clone())
                .await;
            let minutes = report["minutes"].as_array();
            let minutes = minutes.unwrap_or_else(|| panic!("{report}"));
            let outcomes = minutes.iter().map(|minute| minute["outcome"].as_str());
            if let Some(outcomes) = outcomes.collect::<Option<Vec<_>>>() {
                return outcomes.into_iter().map(str::to_owned).collect();
            }
        }
        panic!("nothing was decided");
    }

    pub(crate) async fn balance(&self, token: &str) -> Value {
        let document = "query ($room: ID!) { pointsAccount(roomId: $room) { balance } }";
        let read = self
            .api
            .execute(token, document, json!({ "room": self.room }))
            .await;
        read["data"]["pointsAccount"]["balance"].clone()
    }

    /// Has every minute that is watched bring a point.
    pub(crate) async fn pay_each_minute(&mut self) {
        self.pay_by(json!({ "points": "1", "slots": 1 })).await;
    }

    /// Goes on with another session, in which watching earns by what is changed.
    async fn pay_by(&mut self, mut programme: Value) {
        programme["roomId"] = json!(self.room);
        programme["expectedVersion"] = json!(1);
        let changed = self.api.mutate("updateEarningProgramme", programme).await;
        assert_eq!(changed["slots"], 1, "{changed}");
        self.api
            .mutate("endSession", json!({ "roomId": self.room }))
            .await;
        let session = self
            .api
            .mutate("startSession", json!({ "roomId": self.room }));
        self.session = session.await["id"].clone();
    }
}

/// The span with its playhead so much further at its end.
fn but_advanced(mut span: Value, advance: f64) -> Value {
    let from = span["playheadFrom"].as_f64().unwrap();
    span["playheadUntil"] = json!(from + advance);
    span
}

async fn devices_together_earn_what_one_would(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let (ana, ben) = (
        Person::join(&api, &show.room, "ana").await,
        Person::join(&api, &show.room, "ben").await,
    );
    api.clock.advance_millis(60_000);

    // Ben has one device that works, and ana a phone and two tabs that do not, whose reports overlap, come twice and
    // late.
    let ben_played = [show.played(60, 30), show.played(30, 0)];
    let ana_played = [
        show.played(59, 51),
        show.played(55, 46),
        show.played(20, 0),
        show.played(55, 46),
    ];
    show.report(&ben.token, &ben_played).await;
    for span in &ana_played[..3] {
        show.report(&ana.token, std::slice::from_ref(span)).await;
    }
    api.clock.advance_millis(DECIDED_MS);
    for (person, played) in [(&ana, &ana_played[..]), (&ben, &ben_played)] {
        let input = show.input(played);
        assert_eq!(show.decided(&person.token, &input).await, ["COUNTED"]);
        assert_eq!(show.balance(&person.token).await, "1");
        // Told again, by whatever device.
        assert_eq!(show.decided(&person.token, &input).await, ["COUNTED"]);
        assert_eq!(show.balance(&person.token).await, "1");
    }

    // The tenant's own server saw it as well.
    let minute = played_at(&ben_played[0]);
    let credit = json!({
        "roomId": show.room, "sessionId": show.session, "minute": minute, "viewerIds": ["ana"],
    });
    let credit = api.mutate("creditWatching", credit).await;
    assert_eq!(
        credit["viewers"][0]["outcome"], "ALREADY_COUNTED",
        "{credit}"
    );
}

fn played_at(span: &Value) -> Value {
    span["from"].clone()
}

async fn a_minute_is_told_of_once_it_is_decided(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let ana = Person::join(&api, &show.room, "ana").await;
    api.clock.advance_millis(30_000);
    let begun = [show.played(24, 0)];
    let report = show.report(&ana.token, &begun).await;
    let expected = json!({
        "minute": "2026-01-02T03:05:00.000Z", "playedSeconds": 24, "outcome": null, "points": "0",
    });
    assert_eq!(report["minutes"], json!([expected]));

    api.clock.advance_millis(30_000);
    let rest = [show.played(30, 29)];
    let report = show.report(&ana.token, &rest).await;
    assert_eq!(report["minutes"][0]["playedSeconds"], 25, "{report}");
    assert_eq!(
        report["minutes"][0]["outcome"],
        Value::Null,
        "others may still report it"
    );

    api.clock.advance_millis(DECIDED_MS);
    let input = show.input(&rest);
    assert_eq!(show.decided(&ana.token, &input).await, ["COUNTED"]);
    let report = api.mutate_as(&ana.token, "reportWatching", input).await;
    assert_eq!(report["minutes"][0]["points"], "1", "{report}");
}

async fn a_picture_that_stands_earns_nothing(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let ana = Person::join(&api, &show.room, "ana").await;
    api.clock.advance_millis(60_000);
    for (playhead, rate) in [
        (0.0, 1.0),
        (0.0, 0.25),
        (15.0, 1.0),
        (-30.0, 1.0),
        (300.0, 1.0),
        (30.0, 2.0),
    ] {
        let mut span = but_advanced(show.played(60, 30), playhead);
        span["rate"] = json!(rate);
        let report = show.report(&ana.token, &[span]).await;
        let told = &report["minutes"][0];
        assert_eq!(
            (&told["outcome"], &told["playedSeconds"]),
            (&json!("STOOD_STILL"), &json!(0)),
            "{playhead} {report}"
        );
    }
    // What was played on another device counts all the same.
    let stood = but_advanced(show.played(60, 30), 0.0);
    let input = show.input(&[stood, show.played(30, 4)]);
    api.mutate_as(&ana.token, "reportWatching", input.clone())
        .await;
    api.clock.advance_millis(DECIDED_MS);
    assert_eq!(show.decided(&ana.token, &input).await, ["COUNTED"]);
}

async fn a_script_whose_playhead_does_not_move_on_earns_nothing(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let mut people = Vec::new();
    for name in ["ana", "ben", "cem"] {
        people.push(Person::join(&api, &show.room, name).await);
    }
    for half in 0..8 {
        api.clock.advance_millis(30_000);
        let script = show.played_anew(30, 0);
        // Ben reloads his page each minute and a half.
        let played_since = 30 * (half % 3);
        let mut reloads = show.played(30, 0);
        (reloads["playheadFrom"], reloads["playheadUntil"]) =
            (json!(played_since), json!(played_since + 30));
        for (person, span) in people.iter().zip([script, reloads, show.played(30, 0)]) {
            show.report(&person.token, &[span]).await;
        }
    }
    api.clock.advance_millis(120_001);
    let told: Vec<_> = (0..4)
        .map(|minute| show.played(360 - 60 * minute, 355 - 60 * minute))
        .collect();
    let input = show.input(&told);
    for (person, outcome, balance) in [
        (&people[0], "STOOD_STILL", "0"),
        (&people[1], "COUNTED", "4"),
        (&people[2], "COUNTED", "4"),
    ] {
        assert_eq!(show.decided(&person.token, &input).await, vec![outcome; 4]);
        assert_eq!(show.balance(&person.token).await, balance, "{outcome}");
    }
}

async fn a_device_that_knows_an_old_session_costs_nobody_the_minute(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    let old = show.session.clone();
    show.pay_each_minute().await;
    let other = Show::live(&api, "other").await;
    let (ana, ben) = (
        Person::join(&api, &show.room, "ana").await,
        Person::join(&api, &show.room, "ben").await,
    );
    let cem = Person::join(&api, &show.room, "cem").await;
    let named = |session: &Value, span: Value| {
        let mut input = show.input(&[span]);
        input["sessionId"] = session.clone();
        input
    };
    api.clock.advance_millis(60_000);
    // Each has a phone that was offline when the show was started again, and a tab.
    let phone = named(&old, show.played(60, 40));
    let tab = named(&show.session, show.played(40, 20));
    for (person, reports) in [(&ana, [&phone, &tab]), (&ben, [&tab, &phone])] {
        for report in reports {
            api.mutate_as(&person.token, "reportWatching", report.clone())
                .await;
        }
    }
    // Cem's phone tells all of it, beside what is told of another room's session.
    let elsewhere = named(&other.session, show.played(60, 30));
    for report in [&elsewhere, &named(&old, show.played(60, 30)), &tab] {
        api.mutate_as(&cem.token, "reportWatching", report.clone())
            .await;
    }
    api.clock.advance_millis(DECIDED_MS);
    for person in [&ana, &ben, &cem] {
        assert_eq!(show.decided(&person.token, &phone).await, ["COUNTED"]);
        assert_eq!(show.balance(&person.token).await, "1");
    }

    // Of a minute before the room's sessions it says nothing, and what is another room's is refused.
    let dan = Person::join(&api, &show.room, "dan").await;
    assert_eq!(
        show.decided(&dan.token, &elsewhere).await,
        ["OTHER_SESSION"]
    );
    api.mutate("endSession", json!({ "roomId": show.room }))
        .await;
    api.clock.advance_millis(120_000);
    let behind = named(&old, show.played(100, 45));
    api.mutate_as(&ana.token, "reportWatching", behind.clone())
        .await;
    api.clock.advance_millis(DECIDED_MS);
    assert_eq!(show.decided(&ana.token, &behind).await, ["OTHER_SESSION"]);
}

async fn a_program_never_earns(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let (bot, service, staff) = (
        token(api.tenant, "bot"),
        token(api.tenant, "service"),
        api.staff.clone(),
    );
    let joined = json!({ "roomId": show.room, "name": "somebody" });
    let joined = api.mutate_as(&bot, "joinRoom", joined).await;
    assert_eq!(joined["__typename"], "Participant", "{joined}");
    api.clock.advance_millis(60_000);
    let input = show.input(&[show.played(60, 20)]);
    for machine in [&bot, &service] {
        for input in [&input, &show.input(&[])] {
            let refused = api
                .mutate_as(machine, "reportWatching", input.clone())
                .await;
            assert_eq!(
                (&refused["__typename"], &refused["code"]),
                (&json!("AuthError"), &json!("NEVER_EARNS")),
                "{refused}"
            );
        }
    }
    // A person of the tenant's who watches earns like anybody.
    api.mutate_as(&staff, "reportWatching", input.clone()).await;
    api.clock.advance_millis(DECIDED_MS);
    assert_eq!(show.decided(&staff, &input).await, ["COUNTED"]);
    assert_eq!(show.balance(&staff).await, "1");
}

async fn what_was_watched_offline_counts_where_it_was_watched(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let ana = Person::join(&api, &show.room, "ana").await;
    let lease = show.report(&ana.token, &[]).await["lease"].clone();

    api.clock.advance_millis(600_000);
    let spans: Vec<_> = (0..20)
        .map(|half| show.played(600 - 30 * half, 570 - 30 * half))
        .collect();
    let mut input = show.input(&spans);
    input["lease"] = lease;
    let minutes = api
        .mutate_as(&ana.token, "reportWatching", input.clone())
        .await;
    assert_eq!(
        minutes["minutes"].as_array().map(Vec::len),
        Some(10),
        "{minutes}"
    );
    api.clock.advance_millis(DECIDED_MS);
    let outcomes = show.decided(&ana.token, &input).await;
    assert_eq!(outcomes, vec!["COUNTED"; 10]);
    assert_eq!(show.balance(&ana.token).await, "10");
    let document = "query ($room: ID!) { pointsAccount(roomId: $room) {
        statementConnection { nodes { minute } } } }";
    let read = api
        .execute(&ana.token, document, json!({ "room": show.room }))
        .await;
    let lines = &read["data"]["pointsAccount"]["statementConnection"]["nodes"];
    let mut minutes: Vec<_> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["minute"])
        .collect();
    minutes.sort_by_key(|minute| minute.as_str());
    assert_eq!(minutes[0], "2026-01-02T03:05:00.000Z", "{read}");
    assert_eq!(minutes[9], "2026-01-02T03:14:00.000Z");
}

async fn nobody_makes_up_what_they_were_not_there_for(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let other = Show::live(&api, "other").await;
    let (ana, ben) = (
        Person::join(&api, &show.room, "ana").await,
        Person::join(&api, &show.room, "ben").await,
    );
    let bens = show.report(&ben.token, &[]).await["lease"].clone();
    let elsewhere = other.report(&ana.token, &[]).await["lease"].clone();
    api.clock.advance_millis(300_000);
    let now = show.report(&ana.token, &[]).await["lease"].clone();

    let mut input = show.input(&[show.played(300, 270)]);
    assert_eq!(show.decided(&ana.token, &input).await, ["NO_LEASE"]);
    input["lease"] = now;
    assert_eq!(
        show.decided(&ana.token, &input).await,
        ["NO_LEASE"],
        "it was given later"
    );
    for lease in [bens, elsewhere, json!("made-up"), json!("")] {
        input["lease"] = lease;
        let refused = api
            .mutate_as(&ana.token, "reportWatching", input.clone())
            .await;
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!("VALIDATION"), &json!("lease")),
            "{refused}"
        );
    }

    // A lease does not make what is too old new.
    let lease = show.report(&ana.token, &[]).await["lease"].clone();
    api.clock.advance_millis(16 * 60_000 + 1);
    let mut input = show.input(&[show.played(960, 931)]);
    input["lease"] = lease;
    assert_eq!(show.decided(&ana.token, &input).await, ["TOO_LATE"]);
    assert_eq!(show.balance(&ana.token).await, "0");
}

async fn what_is_known_of_a_minute_is_told_whatever_is_wrong_with_one_report(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let (ana, ben) = (
        Person::join(&api, &show.room, "ana").await,
        Person::join(&api, &show.room, "ben").await,
    );
    api.clock.advance_millis(60_000);
    let (played, short) = ([show.played(60, 30)], [show.played(60, 36)]);
    let stood = but_advanced(show.played(30, 0), 0.0);
    show.report(&ana.token, &played).await;
    show.report(&ben.token, &short).await;
    api.clock.advance_millis(DECIDED_MS);
    assert_eq!(
        show.decided(&ana.token, &show.input(&played)).await,
        ["COUNTED"]
    );
    let (anas, bens) = (show.input(std::slice::from_ref(&stood)), show.input(&short));
    assert_eq!(
        show.decided(&ana.token, &anas).await,
        ["COUNTED"],
        "a tab that is paused"
    );
    let report = show.report(&ben.token, &short).await;
    assert_eq!(
        report["minutes"][0]["outcome"],
        Value::Null,
        "another device may tell more"
    );

    // Too late for a report without a lease.
    api.clock.advance_millis(150_000);
    assert_eq!(
        show.decided(&ana.token, &show.input(&played)).await,
        ["COUNTED"]
    );
    assert_eq!(show.decided(&ben.token, &bens).await, ["TOO_SHORT"]);
    let report = api.mutate_as(&ben.token, "reportWatching", bens).await;
    assert_eq!(report["minutes"][0]["playedSeconds"], 24, "{report}");
}

async fn a_minute_counts_in_two_rooms(database: String) {
    const VIEWERS: usize = 6;
    let api = Api::start(&database).await;
    let mut shows = Vec::new();
    for slug in ["one", "two", "three", "four"] {
        let mut show = Show::live(&api, slug).await;
        show.pay_each_minute().await;
        shows.push(show);
    }
    let names: Vec<_> = (0..VIEWERS)
        .map(|number| format!("viewer{number}"))
        .collect();
    for show in &shows {
        for name in &names {
            Person::join(&api, &show.room, name).await;
        }
    }
    api.clock.advance_millis(60_000);
    let played = [shows[0].played(60, 20)];
    for show in &shows {
        for name in &names {
            show.report(&viewer(&api, name), &played).await;
        }
    }
    // All rooms credit the minute at once.
    api.clock.advance_millis(DECIDED_MS);
    for name in &names {
        let token = viewer(&api, name);
        let mut outcomes = Vec::new();
        let mut earned = 0;
        for show in &shows {
            outcomes.extend(show.decided(&token, &show.input(&played)).await);
            earned += i32::from(show.balance(&token).await == "1");
        }
        outcomes.sort_unstable();
        assert_eq!(
            outcomes,
            ["COUNTED", "COUNTED", "OTHER_ROOMS", "OTHER_ROOMS"],
            "{name}"
        );
        assert_eq!(earned, 2, "{name}");
    }

    // The next minute counts in others, if it is watched there.
    api.clock.advance_millis(60_000 - DECIDED_MS);
    let played = [shows[0].played(60, 20)];
    let token = viewer(&api, &names[0]);
    for show in &shows[2..] {
        show.report(&token, &played).await;
    }
    api.clock.advance_millis(DECIDED_MS);
    for show in &shows[2..] {
        assert_eq!(
            show.decided(&token, &show.input(&played)).await,
            ["COUNTED"]
        );
    }
}

async fn a_room_may_count_only_what_a_server_saw(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_by(json!({ "points": "1", "slots": 1, "isObservedOnly": true }))
        .await;
    let (ana, ben) = (
        Person::join(&api, &show.room, "ana").await,
        Person::join(&api, &show.room, "ben").await,
    );
    api.clock.advance_millis(60_000);
    let input = show.input(&[show.played(60, 20)]);
    for person in [&ana, &ben] {
        show.report(&person.token, &[show.played(60, 20)]).await;
    }
    let minute = input["spans"][0]["from"].clone();
    let seen = json!({
        "roomId": show.room, "sessionId": show.session, "minute": minute, "viewerIds": ["ana"],
    });
    let credited = api.mutate("creditWatching", seen).await;
    assert_eq!(credited["viewers"][0]["outcome"], "COUNTED", "{credited}");
    api.clock.advance_millis(DECIDED_MS);
    assert_eq!(show.decided(&ana.token, &input).await, ["ALREADY_COUNTED"]);
    assert_eq!(show.decided(&ben.token, &input).await, ["NOT_OBSERVED"]);
    assert_eq!(show.balance(&ana.token).await, "1");
    assert_eq!(show.balance(&ben.token).await, "0");
}

async fn those_who_may_not_earn_are_told_why(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let ana = Person::join(&api, &show.room, "ana").await;
    api.clock.advance_millis(60_000);
    let input = show.input(&[show.played(60, 20)]);
    for token in [viewer(&api, "zoe"), api.staff.clone()] {
        api.mutate_as(&token, "reportWatching", input.clone()).await;
    }
    let mut elsewhere = input.clone();
    elsewhere["sessionId"] = Show::live(&api, "other").await.session;
    api.mutate_as(&ana.token, "reportWatching", elsewhere.clone())
        .await;
    api.clock.advance_millis(DECIDED_MS);
    for (token, input, outcome) in [
        (viewer(&api, "zoe"), &input, "NOT_A_MEMBER"),
        (api.staff.clone(), &input, "NOT_A_MEMBER"),
        (ana.token.clone(), &elsewhere, "OTHER_SESSION"),
    ] {
        assert_eq!(show.decided(&token, input).await, [outcome]);
    }

    let overlay = json!({ "roomId": show.room, "label": "a scene" });
    let overlay = api.mutate("createOverlayToken", overlay).await;
    let overlay = overlay["secret"].as_str().unwrap().to_owned();
    for (token, code) in [
        ("", "UNAUTHENTICATED"),
        (&overlay, "OVERLAY_TOKEN_READS_ONLY"),
    ] {
        let refused = api.mutate_as(token, "reportWatching", input.clone()).await;
        assert_eq!(refused["code"], code, "{refused}");
    }
}

async fn what_is_no_report_is_refused_by_its_field(database: String) {
    let api = Api::start(&database).await;
    let show = Show::live(&api, "show").await;
    let ana = Person::join(&api, &show.room, "ana").await;
    api.clock.advance_millis(120_000);
    let with = |field: &str, value: Value| {
        let mut span = show.played(30, 0);
        span[field] = value;
        span
    };
    for (spans, field) in [
        (vec![show.played(30, 0); 65], "spans"),
        (vec![show.played(10, -6)], "until"),
        (vec![show.played(100, 0)], "until"),
        (vec![show.played(0, 30)], "until"),
        (vec![show.played(30, 30)], "until"),
        (vec![show.played(30, 0), with("rate", json!(9))], "rate"),
        (vec![with("rate", json!(-1))], "rate"),
    ] {
        let refused = show.report(&ana.token, &spans).await;
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!("VALIDATION"), &json!(field)),
            "{refused}"
        );
    }
    for field in ["roomId", "sessionId"] {
        let mut input = show.input(&[]);
        input[field] = json!("bm8gcm9vbQ==");
        let refused = api.mutate_as(&ana.token, "reportWatching", input).await;
        assert_eq!(refused["code"], "NOT_FOUND", "{refused}");
    }
}

async fn a_server_that_goes_away_credits_what_is_proved(database: String) {
    let api = Api::start(&database).await;
    let mut show = Show::live(&api, "show").await;
    show.pay_each_minute().await;
    let ana = Person::join(&api, &show.room, "ana").await;
    api.clock.advance_millis(60_000);
    let played = [show.played(60, 30)];
    show.report(&ana.token, &played).await;

    // On its way out it does not wait for others to report the minute.
    api.server.service.app.watching.finish().await;
    assert_eq!(show.balance(&ana.token).await, "1");
    assert_eq!(
        show.decided(&ana.token, &show.input(&played)).await,
        ["COUNTED"]
    );
}
