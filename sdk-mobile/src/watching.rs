//! What the viewer has watched, told to the server by itself, and what became of it.

use crate::api::{CommandError, WatchAnswer, send_watch_report};
use crate::machine::Machine;
use crate::record::{WatchOutcome, Watched, WatchedMinute};
use crate::runtime;
use crate::server_url::ServerUrl;
use crate::token::{SharedToken, bearer};
use crate::wishes::{Lifecycle, Wishes};
use parlor_sdk_core as core;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval};

/// For how long it is known here what became of a minute: as long as it could be told of.
const KNOWN_MS: i64 = 16 * 60_000;
/// Whoever is no member of the room tells in one turn of so many: each five minutes, within what the server takes
/// late, for they may join.
const STRANGER_TURNS: u32 = 10;
/// Where the room is not found, as while it is a draft, it is told in one turn of two, of four and of eight.
const ABSENCES_MAX: u32 = 3;

/// Gathers what is watched, and tells it. Shared by the handle, which hands over readings of the player, and by
/// the task that tells.
pub(crate) struct Watching {
    machine: Arc<Machine>,
    server: ServerUrl,
    token: SharedToken,
    room_id: String,
    known: Mutex<Known>,
    /// One report is under way at most: what is asked for meanwhile is told by the next.
    reporting: tokio::sync::Mutex<()>,
    /// A picture has begun to play, and the server does not know yet that the device is here.
    begun: Notify,
}

#[derive(Default)]
struct Known {
    reports: core::WatchReports,
    minutes: BTreeMap<i64, WatchedMinute>,
    refusal: Option<String>,
    /// Whether nothing is told until there is another token.
    is_refused: bool,
    /// How often the room was not found, one after the other.
    absences: u32,
    /// Whether the server last said that the viewer is no member of the room.
    is_stranger: bool,
    /// Counts tokens, and the viewers among them: what became of a report says nothing of those who came since.
    tokens: u32,
    viewers: u32,
}

/// Who a report was sent for.
struct Sender {
    token: Option<String>,
    tokens: u32,
    viewers: u32,
}

impl Watching {
    /// Begins to tell, until `stop` says so or goes.
    pub(crate) fn start(
        machine: Arc<Machine>,
        server: ServerUrl,
        token: SharedToken,
        room_id: String,
        wishes: &Wishes,
    ) -> Arc<Self> {
        let watching = Arc::new(Self {
            machine,
            server,
            token,
            room_id,
            known: Mutex::default(),
            reporting: tokio::sync::Mutex::default(),
            begun: Notify::new(),
        });
        let (stop, lifecycle) = (wishes.stop.subscribe(), wishes.lifecycle.subscribe());
        runtime::handle().spawn(tell(Arc::clone(&watching), stop, lifecycle));

        watching
    }

    /// Takes in what the player says now: nothing if it says nothing. A reading that comes while the core is at
    /// work is left out, for a call of the application never waits; the next one says more.
    pub(crate) fn handle_playhead(&self, playhead: Option<core::Playhead>) {
        let now = self.machine.now();
        let Ok(mut known) = self.known.try_lock() else {
            return;
        };
        if let Some(core) = self.machine.idle_core() {
            known.reports.handle_playhead(playhead, &core, now);
            let may_report = self.token.get().is_some() && !known.is_refused;
            if may_report && known.reports.wants_lease() {
                self.begun.notify_one();
            }
        }
    }

    /// Replaces the token. What another viewer has watched is not this one's.
    pub(crate) fn handle_token(&self, token: String) {
        let mut known = self.known();
        let viewer = self.token.get().as_deref().and_then(bearer);
        if viewer.is_none() || viewer != bearer(&token) {
            *known = Known {
                tokens: known.tokens,
                viewers: known.viewers.wrapping_add(1),
                ..Known::default()
            };
        }
        known.tokens = known.tokens.wrapping_add(1);
        (known.refusal, known.is_stranger) = (None, false);
        (known.is_refused, known.absences) = (false, 0);
        self.token.set(token);
    }

    pub(crate) fn watched(&self) -> Watched {
        let known = self.known();

        Watched {
            minutes: known.minutes.values().copied().collect(),
            refusal: known.refusal.clone(),
        }
    }

    /// Tells what was watched and is not decided. Done when the server has answered, or could not be asked.
    pub(crate) async fn report(&self) {
        let _reporting = self.reporting.lock().await;
        let Some((sender, reports)) = self.reports() else {
            return;
        };
        for report in reports {
            let session_id = report.session_id.clone();
            let token = sender.token.as_deref();
            let sent = send_watch_report(&self.server, token, &self.room_id, report);
            let answer = sent.await;
            let mut known = self.known();
            if known.viewers != sender.viewers {
                return;
            }
            match answer {
                Ok(answer) => known.take(&session_id, answer, &self.machine),
                Err(why) => known.refuse(&session_id, why, sender.tokens),
            }
            // What is left is told by the token that has come meanwhile.
            if known.is_refused || known.tokens != sender.tokens {
                return;
            }
        }
    }

    /// What is to be told now, and who by; nothing if there is nobody to tell it for.
    fn reports(&self) -> Option<(Sender, Vec<core::WatchReport>)> {
        let mut known = self.known();
        let sender = Sender {
            token: self.token.get(),
            tokens: known.tokens,
            viewers: known.viewers,
        };
        if sender.token.is_none() || known.is_refused {
            return None;
        }
        let now = self.machine.now();
        let reports = known.reports.report(&self.machine.core(), now);

        Some((sender, reports))
    }

    /// Never held across a wait. The core's lock is taken after it, never before.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Whether to tell in a turn, of which there is one each half minute.
    fn is_due(&self, turn: u32) -> bool {
        let turns = 1 << self.absences.min(ABSENCES_MAX);

        turn.is_multiple_of(turns) && (!self.is_stranger || turn.is_multiple_of(STRANGER_TURNS))
    }

    fn take(&mut self, session_id: &str, answer: WatchAnswer, machine: &Machine) {
        (self.refusal, self.absences) = (None, 0);
        let decided: Vec<_> = answer
            .minutes
            .iter()
            .filter(|minute| minute.outcome.is_some())
            .map(|minute| core::ServerTime::from_unix_millis(minute.minute_unix_millis))
            .collect();
        let now = machine.now();
        self.reports
            .handle_answer(session_id, &decided, answer.lease, &machine.core(), now);
        if let Some(outcome) = answer
            .minutes
            .iter()
            .rev()
            .find_map(|minute| minute.outcome)
        {
            self.is_stranger = outcome == WatchOutcome::NotAMember;
        }
        let told = answer.minutes.into_iter();
        self.minutes
            .extend(told.map(|minute| (minute.minute_unix_millis, minute)));
        if let Some((newest, _)) = self.minutes.last_key_value() {
            self.minutes = self.minutes.split_off(&(newest - KNOWN_MS));
        }
    }

    fn refuse(&mut self, session_id: &str, why: CommandError, tokens: u32) {
        match why {
            // One that another viewer was given, or a server that has forgotten what it signed with.
            CommandError::Invalid {
                field: Some(field), ..
            } if field == "lease" => self.reports.forget_leases(),
            // What is wrong with what was told does not get better; what is wrong with who tells it may.
            CommandError::Invalid { field: Some(_), .. } => self.reports.handle_refusal(session_id),
            // What was watched offline is told when there is a network again.
            CommandError::Unreachable { .. } | CommandError::Faulty { .. } => {}
            // A room that is a draft now may be opened.
            CommandError::NotFound { .. } => {
                if self.tokens == tokens {
                    self.absences = self.absences.saturating_add(1);
                    self.refusal = Some(why.to_string());
                }
            }
            // A server that is older than this client does not know the operation.
            CommandError::Invalid { field: None, .. }
            | CommandError::Forbidden { .. }
            | CommandError::Conflict { .. }
            | CommandError::Stale { .. } => {
                if self.tokens == tokens {
                    self.is_refused = true;
                    self.refusal = Some(why.to_string());
                }
            }
        }
    }
}

/// Tells in time what was watched, and the rest when the application goes away or ends. While it is away, or there is
/// no network, nothing wakes up.
async fn tell(
    watching: Arc<Watching>,
    mut stop: watch::Receiver<bool>,
    mut lifecycle: watch::Receiver<Lifecycle>,
) {
    let mut due = interval(Duration::from_millis(
        core::WATCH_REPORT_EVERY_MS.unsigned_abs(),
    ));
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turn = 0_u32;
    loop {
        let before = *lifecycle.borrow_and_update();
        let is_here = !before.is_paused && before.is_online;
        let is_due = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => break,
            changed = lifecycle.changed() => {
                if changed.is_err() {
                    break;
                }
                let now = *lifecycle.borrow();
                let goes_away = is_here && now.is_paused;
                let is_back = !is_here && now.is_online && !now.is_paused;
                goes_away || is_back
            }
            _ = due.tick(), if is_here => {
                turn = turn.wrapping_add(1);
                watching.known().is_due(turn)
            }
            () = watching.begun.notified(), if is_here => watching.known().reports.wants_lease(),
        };
        if is_due {
            watching.report().await;
        }
    }
    watching.report().await;
}
