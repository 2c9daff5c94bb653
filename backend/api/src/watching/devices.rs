//! What a viewer's own device reports of having watched.

use std::collections::BTreeMap;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use parlor_domain::id::SessionId;
use parlor_domain::invalid::{Invalid, check_range};
use parlor_domain::time::ServerTime;
use parlor_domain::wallet::WatchedMinute;
use parlor_domain::watching::{self, Minute, PlayedSeconds, PlayedSpan, SPANS_MAX, played_minutes};
use parlor_live::watching::{ReportedRoom, Standing};
use parlor_store::RoomView;
use parlor_writer::NotDone;

use super::SlotOutcome;
use super::lease::{Holder, ON_TIME_MS, may_count};
use crate::access::readable;
use crate::fault::Fault;
use crate::refusal::{Refusal, Stop, results};
use crate::scalar::{Int64, Time, int};
use crate::submit::stamp;
use crate::{App, app, caller, global_id};

#[derive(Default)]
pub(crate) struct DeviceMutation;

#[Object]
impl DeviceMutation {
    /// Says when the caller watched a session, on one of their devices: every half minute while it plays, and of what
    /// was watched offline as soon as that is over. A minute counts when 25 of its seconds were played, on all of the
    /// caller's devices that report to the same server together. Programs never earn (`NEVER_EARNS`). What is said twice counts once, so report all of a
    /// minute until its `outcome` is told.
    async fn report_watching(
        &self,
        context: &Context<'_>,
        input: ReportWatchingInput,
    ) -> Result<ReportWatchingResult, Fault> {
        ReportWatchingResult::of(report(context, input).await)
    }
}

#[derive(InputObject)]
pub(crate) struct ReportWatchingInput {
    room_id: ID,
    /// One of the room's, as far as the device has heard. Which one a minute is of, the minute says.
    session_id: ID,
    /// When the picture played, at most 64 times; none to be given a lease.
    spans: Vec<PlayedSpanInput>,
    /// The newest lease of before what is reported late: of what ended more than two minutes ago.
    lease: Option<String>,
}

/// A time for which the picture played at one pace. Pauses, seeks and stalls end it.
#[derive(InputObject)]
pub(crate) struct PlayedSpanInput {
    /// By the server's clock.
    from: Time,
    /// 1 to 90 seconds later.
    until: Time,
    /// Where the playhead stood at `from`, in seconds on the player's timeline.
    playhead_from: f64,
    /// Where it stood at `until`. It has to have gone as far as the clock and the rate say, give or take a fifth, and to
    /// go on from span to span.
    playhead_until: f64,
    /// The player's rate, 0.25 to 4.
    #[graphql(default = 1.0)]
    rate: f64,
}

/// What became of a report.
#[derive(SimpleObject)]
pub(crate) struct WatchReport {
    /// Every minute that the report touches, in their order.
    minutes: Vec<ReportedMinute>,
    /// Shows later that the device was here now: what it watches offline in the next 15 minutes counts when it
    /// reports with this.
    lease: String,
}

/// How it stands with a minute of the caller's.
#[derive(SimpleObject)]
pub(crate) struct ReportedMinute {
    /// When it began.
    minute: Time,
    /// How many of its seconds were played, as far as the caller's devices have reported.
    played_seconds: i32,
    /// Null until it is decided, which takes as long as others may still report it: some forty seconds from its end. Of
    /// one that is not proved, what was wrong with it so far; more of it may still have it count.
    outcome: Option<SlotOutcome>,
    /// What it brought. Most minutes bring nothing yet.
    points: Int64,
}

results! {
    ReportWatchingResult {
        WatchReport, Validation ValidationError, NotFound NotFoundError, Auth AuthError; never Conflict
    }
}

async fn report(context: &Context<'_>, input: ReportWatchingInput) -> Result<WatchReport, Stop> {
    let (tenant_id, actor) = caller(context).principal.audience()?;
    let room = readable(context, &input.room_id).await?;
    let room = room.ok_or_else(|| Refusal::not_found("Room", &input.room_id))?;
    let (app, now) = (app(context), stamp(context)?);
    let watched = ReportedRoom {
        tenant_id,
        room_id: room.room.id,
    };
    let holder = Holder {
        room: watched,
        viewer_id: &actor.viewer_id,
    };
    let spans = spans(&input.spans, now)?;
    let lease = input.lease.as_deref();
    let given_at = lease
        .map(|lease| app.leases.read(lease, holder))
        .transpose()?;

    let session_id = global_id::parse_session_id(&input.session_id);
    let session_id = session_id.ok_or_else(|| Refusal::not_found("Session", &input.session_id))?;
    let is_here = is_session_of(app, &room, session_id).await?;
    let (mut played, mut refused) = judge(spans, given_at, now);
    if !is_here {
        let all = played_minutes(&played).into_keys();
        refused.extend(all.map(|minute| (minute, watching::SlotOutcome::OtherSession)));
        played.clear();
    }
    let standing = app.watching.report(watched, &actor.viewer_id, &played);
    let mut standing = standing.map_err(|_| Fault::of_not_done::<()>(&NotDone::Overloaded))?;
    for (minute, outcome) in refused {
        // What is known of a minute goes before what is wrong with one report of it.
        let known = app.watching.standing(watched, &actor.viewer_id, minute);
        let unplayed = Standing {
            seconds: PlayedSeconds::default(),
            stood_still: false,
            outcome: Some((outcome, 0)),
        };
        standing.entry(minute).or_insert(known.unwrap_or(unplayed));
    }
    let minutes = standing.into_iter();
    let told: Vec<_> = minutes.map(|(minute, of)| told(minute, of, now)).collect();
    // Whoever follows for the viewer on another device is told as well.
    if let Some(newest) = told.iter().rev().find_map(decided) {
        app.hub
            .note_minute(watched.room_id, &actor.viewer_id, newest);
    }
    let minutes = told.into_iter().map(Into::into).collect();

    Ok(WatchReport {
        minutes,
        lease: app.leases.give(holder, now),
    })
}

fn spans(input: &[PlayedSpanInput], now: ServerTime) -> Result<Vec<PlayedSpan>, Invalid> {
    let count = i64::try_from(input.len()).unwrap_or(i64::MAX);
    let most = i64::try_from(SPANS_MAX).expect("it is small");
    check_range("spans", count, 0, most)?;
    let read = |span: &PlayedSpanInput| {
        let span = PlayedSpan {
            from: span.from.0,
            until: span.until.0,
            playhead_from: span.playhead_from,
            playhead_until: span.playhead_until,
            rate: span.rate,
        };
        span.check(now).map(|()| span)
    };

    input.iter().map(read).collect()
}

/// Whether the session is one of the room's. Which of them a minute is of, the minute says.
async fn is_session_of(app: &App, room: &RoomView, session_id: SessionId) -> Result<bool, Fault> {
    let newest = room.session.as_ref().map(|session| session.id);
    if newest == Some(session_id) {
        return Ok(true);
    }
    let (tenant_id, room_id) = (room.room.tenant_id, room.room.id);
    let is_here = app.store.has_session(tenant_id, room_id, session_id).await;

    Ok(is_here?)
}

/// What of it may count, and why the minutes of the others do not by them.
fn judge(
    spans: Vec<PlayedSpan>,
    given_at: Option<ServerTime>,
    now: ServerTime,
) -> (Vec<PlayedSpan>, BTreeMap<Minute, watching::SlotOutcome>) {
    let may_count = |span: &PlayedSpan| may_count(span, given_at, now);
    let (counting, unleased): (Vec<_>, Vec<_>) = spans.into_iter().partition(may_count);
    let (played, stood): (Vec<_>, Vec<_>) = counting.into_iter().partition(PlayedSpan::is_played);
    let mut refused = BTreeMap::new();
    for (spans, outcome) in [
        (&unleased, watching::SlotOutcome::NoLease),
        (&stood, watching::SlotOutcome::StoodStill),
    ] {
        let minutes = played_minutes(spans).into_keys();
        refused.extend(minutes.map(|minute| (minute, outcome)));
    }
    let counting = played_minutes(played.iter().chain(&stood)).into_keys();
    let too_late = counting.filter(|minute| minute.is_too_late(now));
    refused.extend(too_late.map(|minute| (minute, watching::SlotOutcome::TooLate)));

    (played, refused)
}

/// What is told of a minute.
struct Told {
    minute: Minute,
    played_seconds: u32,
    outcome: Option<watching::SlotOutcome>,
    points: i64,
}

fn told(minute: Minute, of: Standing, now: ServerTime) -> Told {
    let has_had_time = minute.ends_at().plus_millis(ON_TIME_MS) < now;
    let is_short = of.outcome.is_none() && !of.seconds.prove_slot() && has_had_time;
    let outcome = of.outcome.map(|(outcome, _)| outcome);
    let unproved = if of.stood_still {
        watching::SlotOutcome::StoodStill
    } else {
        watching::SlotOutcome::TooShort
    };
    let outcome = outcome.or(is_short.then_some(unproved));

    Told {
        minute,
        played_seconds: of.seconds.count(),
        outcome,
        points: of.outcome.map_or(0, |(_, points)| points),
    }
}

/// What became of a minute, if that is known.
fn decided(told: &Told) -> Option<WatchedMinute> {
    Some(WatchedMinute {
        minute: told.minute,
        outcome: told.outcome?,
        points: Some(told.points),
    })
}

impl From<Told> for ReportedMinute {
    fn from(told: Told) -> Self {
        Self {
            minute: told.minute.starts_at().into(),
            played_seconds: int(told.played_seconds),
            outcome: told.outcome.map(Into::into),
            points: told.points.into(),
        }
    }
}
