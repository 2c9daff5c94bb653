//! What a device tells of having watched.

use crate::server::SERVER_START_MS;
use crate::sim::Sim;
use parlor_sdk_core::{
    Input, Instant, MediaTime, Placement, Playhead, ServerTime, WatchReport, WatchReports,
};

const MINUTE_MS: i64 = 60_000;

/// A device whose player says each second where it is.
struct Device {
    sim: Sim,
    reports: WatchReports,
    position_ms: i64,
    seeks: u32,
}

impl Device {
    fn new() -> Self {
        let mut sim = Sim::new(Placement::Player);
        sim.run_for(1_000);

        Self {
            position_ms: sim.live_edge() - 4_000,
            sim,
            reports: WatchReports::default(),
            seeks: 0,
        }
    }

    /// Lets so many seconds pass, in each of which the picture goes on by `advance_ms`.
    fn pass(&mut self, seconds: i64, playing: bool, rate: f64, advance_ms: i64) {
        for _ in 0..seconds {
            self.say(playing, rate);
            self.sim.run_for(1_000);
            self.position_ms += advance_ms;
        }
        self.say(playing, rate);
    }

    fn play(&mut self, seconds: i64) {
        self.pass(seconds, true, 1.0, 1_000);
    }

    #[expect(clippy::cast_precision_loss, reason = "as players say it")]
    fn say(&mut self, playing: bool, rate: f64) {
        let playhead = Playhead::read(self.position_ms as f64, playing, rate, self.seeks);
        let playhead = playhead.unwrap();
        self.sim.input(Input::Playhead(playhead));
        let now = Instant::from_millis(self.sim.now);
        self.reports
            .handle_playhead(Some(playhead), &self.sim.client, now);
    }

    fn reports(&mut self) -> Vec<WatchReport> {
        let now = Instant::from_millis(self.sim.now);
        self.reports.report(&self.sim.client, now)
    }

    /// What is told of the first session that there is something to tell of.
    fn report(&mut self) -> Option<WatchReport> {
        self.reports().into_iter().next()
    }

    /// The spans that are told, in seconds from the start.
    fn told(&mut self) -> Vec<(i64, i64)> {
        let spans = self.report().map_or_else(Vec::new, |report| report.spans);
        let second = |at: ServerTime| (at.unix_millis() - SERVER_START_MS + 500) / 1_000;
        spans
            .iter()
            .map(|span| (second(span.from), second(span.until)))
            .collect()
    }

    fn answer(&mut self, decided: &[ServerTime], lease: &str) {
        let now = Instant::from_millis(self.sim.now);
        let (client, lease) = (&self.sim.client, lease.to_owned());
        self.reports
            .handle_answer("session", decided, lease, client, now);
    }

    /// Has the server decide on the minutes that began so many minutes after the start.
    fn decide(&mut self, minutes: impl IntoIterator<Item = i64>) {
        let minutes: Vec<_> = minutes
            .into_iter()
            .map(|minute| ServerTime::from_unix_millis(SERVER_START_MS + minute * MINUTE_MS))
            .collect();
        self.answer(&minutes, "a lease");
    }
}

#[test]
fn what_plays_is_told_without_gaps_until_it_is_decided() {
    let mut device = Device::new();
    assert_eq!(device.report(), None);
    device.play(45);
    assert_eq!(device.told(), [(1, 31), (31, 46)]);
    device.play(30);
    assert_eq!(device.told(), [(1, 31), (31, 46), (46, 76)]);
    let report = device.report().unwrap();
    assert_eq!((&*report.session_id, report.lease), ("session", None));
    for span in &report.spans {
        let clock_ms = span.until.millis_since(span.from);
        let playhead_ms = span.playhead_until.millis_since(span.playhead_from);
        assert!((clock_ms - playhead_ms).abs() <= 50, "{span:?}");
        assert_eq!(span.rate, 10_000);
    }

    device.decide([0]);
    assert_eq!(
        device.told(),
        [(60, 76)],
        "the rest of a span that reaches further"
    );
    let report = device.report().unwrap();
    assert_eq!(report.lease.as_deref(), Some("a lease"));
    let rest = &report.spans[0];
    let clock_ms = rest.until.millis_since(rest.from);
    let playhead_ms = rest.playhead_until.millis_since(rest.playhead_from);
    assert!((clock_ms - playhead_ms).abs() <= 50, "{rest:?}");

    device.play(60);
    device.decide([0, 1, 2]);
    assert_eq!(
        device.told(),
        [(76, 106), (106, 136)],
        "nobody was told of these"
    );
    device.decide([0, 1, 2]);
    assert_eq!(device.told(), [(0, 0); 0]);
}

/// Whoever is offline before the first half minute is over has a lease of when the picture began.
#[test]
fn the_first_lease_is_asked_for_as_soon_as_the_picture_plays() {
    let mut device = Device::new();
    device.say(false, 1.0);
    assert!(!device.reports.wants_lease());
    assert_eq!(device.report(), None);
    device.say(true, 1.0);
    assert!(device.reports.wants_lease());
    let asked = device.report().unwrap();
    assert_eq!((&*asked.session_id, asked.spans.len()), ("session", 0));
    assert_eq!(asked.lease, None);
    assert!(!device.reports.wants_lease(), "it is asked once");
    assert!(device.report().is_some(), "and again with each report");
    device.answer(&[], "the first");
    assert_eq!(device.report(), None);

    device.sim.server_is_up = false;
    device.sim.input(Input::NetworkChanged { online: false });
    device.play(600);
    let report = device.report().unwrap();
    assert_eq!(report.spans.len(), 20);
    assert_eq!(report.lease.as_deref(), Some("the first"));

    device.reports.clear();
    assert!(!device.reports.wants_lease());
    device.say(true, 1.0);
    assert!(device.reports.wants_lease(), "another viewer has none");
}

#[test]
fn a_picture_that_does_not_play_is_not_told_of() {
    for (playing, rate, advance_ms) in [
        (false, 1.0, 0),
        (true, 0.0, 0),
        // A player that says that it plays, and stands.
        (true, 1.0, 0),
        (true, 1.0, 500),
        (true, 1.0, -1_000),
        (true, 2.0, 1_000),
        (true, 1.0, 60_000),
    ] {
        let mut device = Device::new();
        device.pass(40, playing, rate, advance_ms);
        assert_eq!(device.told(), [(0, 0); 0], "{playing} {rate} {advance_ms}");
    }
}

#[test]
fn what_interrupts_the_picture_is_left_out() {
    let mut device = Device::new();
    device.play(10);
    device.pass(10, false, 1.0, 0);
    device.play(10);
    device.pass(5, true, 1.0, 0);
    device.play(10);
    device.seeks += 1;
    device.position_ms -= 60_000;
    device.play(10);
    device.pass(10, true, 2.0, 2_000);
    let told = device.told();
    // The first second of a stall is within what a player's readings may be off.
    assert_eq!(told, [(1, 11), (21, 32), (36, 46), (46, 56), (56, 66)]);
}

/// A page that nobody sees is let run once a minute, while the sound goes on.
#[test]
fn readings_that_come_once_a_minute_are_enough() {
    let mut device = Device::new();
    for _ in 0..3 {
        device.say(true, 1.0);
        device.sim.run_for(MINUTE_MS);
        device.position_ms += MINUTE_MS;
    }
    device.say(true, 1.0);
    assert_eq!(device.told(), [(1, 61), (61, 121), (121, 181)]);

    device.sim.run_for(2 * MINUTE_MS);
    device.position_ms += 2 * MINUTE_MS;
    device.play(5);
    assert_eq!(
        device.told()[3..],
        [(301, 306)],
        "nobody knows what was in between"
    );
}

#[test]
fn what_was_watched_offline_is_kept_as_long_as_it_counts() {
    let mut device = Device::new();
    device.play(5);
    device.decide([]);
    device.sim.server_is_up = false;
    device.sim.input(Input::NetworkChanged { online: false });
    device.play(600);
    let told = device.told();
    assert_eq!(
        (told.first(), told.last()),
        (Some(&(1, 31)), Some(&(601, 606))),
        "{told:?}"
    );
    let report = device.report().unwrap();
    assert_eq!(report.lease.as_deref(), Some("a lease"));

    device.pass(16 * 60, false, 1.0, 0);
    assert_eq!(device.told(), [(0, 0); 0]);
}

#[test]
fn each_session_is_told_by_itself_and_at_once() {
    let mut device = Device::new();
    device.play(20);
    device.sim.happen(|server, now| {
        server.start_session(now);
        let session = &mut server.log.last_mut().unwrap().event["session"];
        session["id"] = "another".into();
    });
    device.sim.run_for(100);
    device.play(20);
    let reports = device.reports();
    let sessions: Vec<_> = reports.iter().map(|report| &*report.session_id).collect();
    assert_eq!(sessions, ["session", "another"]);
    for report in &reports {
        assert!(!report.spans.is_empty());
        assert!(
            report
                .spans
                .iter()
                .all(|span| span.session_id == report.session_id)
        );
    }
    // What is decided of one session says nothing of the other.
    device.decide([0]);
    assert_eq!(device.report().unwrap().session_id, "another");
    device.reports.handle_refusal("session");
    assert_eq!(device.reports().len(), 1);
    device.reports.handle_refusal("another");
    assert!(device.reports().is_empty());
}

/// What was told late once is told under the lease of before, whatever came since.
#[test]
fn each_span_is_told_under_a_lease_of_its_time() {
    let mut device = Device::new();
    device.play(5);
    device.report();
    device.answer(&[], "of before");
    device.play(600);
    assert_eq!(device.report().unwrap().lease.as_deref(), Some("of before"));
    device.answer(&[], "of after");
    device.play(30);
    assert_eq!(device.report().unwrap().lease.as_deref(), Some("of before"));
    let minutes = |range: std::ops::Range<i64>| -> Vec<_> {
        let at = |minute| ServerTime::from_unix_millis(SERVER_START_MS + minute * MINUTE_MS);
        range.map(at).collect()
    };
    device.answer(&minutes(0..9), "of later");
    assert_eq!(device.report().unwrap().lease.as_deref(), Some("of later"));
    device.reports.forget_leases();
    assert_eq!(device.report().unwrap().lease, None);

    device.reports.clear();
    assert!(device.reports().is_empty());
}

/// Players trim their rate to keep their distance from the live edge.
#[test]
fn a_rate_that_changes_a_little_interrupts_nothing() {
    let mut device = Device::new();
    for number in 0..40 {
        let rate = if number % 2 == 0 { 1.02 } else { 0.98 };
        device.pass(1, true, rate, if number % 2 == 0 { 1_020 } else { 980 });
    }
    assert_eq!(device.told(), [(1, 31), (31, 41)]);
    for rate in [0.24, 4.1, 16.0] {
        let mut device = Device::new();
        #[expect(clippy::cast_possible_truncation, reason = "these are small")]
        device.pass(20, true, rate, (rate * 1_000.0) as i64);
        assert_eq!(
            device.told(),
            [(0, 0); 0],
            "the server does not take {rate}"
        );
    }
}

#[test]
fn no_more_is_told_at_once_than_the_server_takes() {
    let mut device = Device::new();
    for _ in 0..70 {
        device.play(3);
        device.pass(1, false, 1.0, 0);
    }
    let told = device.told();
    assert_eq!(told.len(), 64);
    // The last minute of these was told in part.
    device.decide([0, 1, 2, 3, 4]);
    let rest = device.told();
    assert_eq!(rest.len(), 6, "{rest:?}");
    assert!(rest[0].0 >= told[63].1, "{rest:?}");
}

#[test]
fn a_picture_that_is_interrupted_all_the_time_fills_no_memory() {
    let mut device = Device::new();
    for _ in 0..300 {
        device.play(2);
        device.seeks += 1;
    }
    let mut count = 0;
    while !device.told().is_empty() {
        count += device.told().len();
        device.reports.handle_refusal("session");
    }
    assert_eq!(count, 240);
}

#[test]
fn nothing_is_told_before_the_room_is_known() {
    let mut sim = Sim::new(Placement::Player);
    let mut reports = WatchReports::default();
    for second in 0..10 {
        let playhead = Playhead {
            position: MediaTime::from_unix_millis(sim.live_edge() + second * 1_000),
            true_at: None,
            quality: parlor_sdk_core::PlayheadQuality::Clock,
            playing: true,
            rate: 10_000,
            seeks: 0,
        };
        sim.now += 1_000;
        reports.handle_playhead(Some(playhead), &sim.client, Instant::from_millis(sim.now));
    }
    assert!(
        reports
            .report(&sim.client, Instant::from_millis(sim.now))
            .is_empty()
    );
}
