//! What must hold after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::time::timeout;

use crate::access::uuid_of;
use crate::database::{Log, Truth};
use crate::follower::{Follower, Seen};
use crate::ledger::Ledger;

/// How long a follower may take to catch up with the log once nothing is wrong any more: the time to
/// recover, and a new connection.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(10);
/// How far ahead of the database's clock a room may be stamped: as far as a clock may be off, and a little
/// for comparing it.
const AHEAD_MS_MAX: i64 = 2_500;

/// Holds every follower, and everything that was acknowledged, against the database.
pub async fn check(truth: &mut Truth, followers: &[Follower], ledger: &Ledger) -> Result<()> {
    let rooms: BTreeSet<&str> = followers.iter().map(|follower| &*follower.room).collect();
    let mut logs = BTreeMap::new();
    for room in rooms {
        let log = truth.log(&id_of(room)?).await?;
        let now_ms = truth.now_ms().await?;
        check_log(&log, now_ms).with_context(|| format!("in the log of {room}"))?;
        check_ledger(truth, room, &log, ledger).await?;
        logs.insert(room, log);
    }

    for follower in followers {
        let log = &logs[&*follower.room];
        let about = || {
            format!(
                "the follower at node {} of {}",
                follower.home, follower.room
            )
        };
        let waited = timeout(CAUGHT_UP_WITHIN, follower.until(log.head_seq)).await;
        let seen = follower.seen();
        if waited.is_err() {
            let reached = seen.through_seq;
            let (head, within) = (log.head_seq, CAUGHT_UP_WITHIN);
            let (count, last) = (seen.connections, &seen.connection);
            bail!(
                "{} is at {reached}, not {head}, after {within:?}; of {count} connections it is {last}",
                about()
            );
        }
        compare(&seen, log).with_context(about)?;
    }
    Ok(())
}

/// A log has no gap, shows nothing twice, and is stamped in order and not ahead of time.
fn check_log(log: &Log, now_ms: i64) -> Result<()> {
    let mut shown = BTreeSet::new();
    for pair in log.events.windows(2) {
        ensure!(
            pair[1].seq == pair[0].seq + 1,
            "{} is missing",
            pair[0].seq + 1
        );
    }
    if let Some(last) = log.events.last() {
        ensure!(last.seq == log.head_seq, "the head is not the last event");
        let ahead_ms = last.occurred_at_ms - now_ms;
        ensure!(ahead_ms <= AHEAD_MS_MAX, "stamped ahead by {ahead_ms} ms");
    }
    for message in log.events.iter().filter_map(|event| event.message.as_ref()) {
        ensure!(shown.insert(message), "{message} is shown twice");
    }

    Ok(())
}

/// What was acknowledged is there once, and nothing is that was not sent.
async fn check_ledger(truth: &mut Truth, room: &str, log: &Log, ledger: &Ledger) -> Result<()> {
    let id = id_of(room)?;
    let mut kept = BTreeMap::new();
    for (key, contribution) in truth.contributions(&id).await? {
        ensure!(ledger.sent.contains(&key), "nobody sent {key}");
        ensure!(
            kept.insert(key.clone(), contribution).is_none(),
            "{key} is there twice"
        );
    }
    let shown: BTreeSet<&str> = log
        .events
        .iter()
        .filter_map(|event| event.message.as_deref())
        .collect();
    for (key, contribution) in ledger.contributions.get(room).into_iter().flatten() {
        let found = kept.get(key);
        ensure!(
            found == Some(contribution),
            "{key} was acknowledged as {contribution} and is {found:?}"
        );
        ensure!(
            shown.contains(&**key),
            "{key} was acknowledged and not shown"
        );
    }

    let sessions: BTreeSet<String> = truth.sessions(&id).await?.into_iter().collect();
    for session in ledger.sessions.get(room).into_iter().flatten() {
        ensure!(
            sessions.contains(session),
            "session {session} was acknowledged"
        );
    }
    let people: BTreeMap<String, String> = truth.memberships(&id).await?.into_iter().collect();
    for person in ledger.people.get(room).into_iter().flatten() {
        ensure!(
            people.contains_key(person),
            "{person} was acknowledged to have joined"
        );
    }
    Ok(())
}

/// Every event that came is the log's, none is missing, and nobody was told to begin anew without
/// another epoch.
fn compare(seen: &Seen, log: &Log) -> Result<()> {
    if let Some(fault) = &seen.fault {
        bail!("the feed broke its promise: {fault}");
    }
    let ids: BTreeMap<i64, &str> = log
        .events
        .iter()
        .map(|event| (event.seq, &*event.id))
        .collect();
    for event in seen.events.iter().filter(|event| event.seq <= log.head_seq) {
        let found = ids.get(&event.seq).copied();
        ensure!(
            found == Some(&*event.id),
            "{event:?} came, and the database has {found:?} there"
        );
    }
    for beginning in &seen.snapshots {
        if let Some((epoch, seq)) = &beginning.from {
            ensure!(
                *epoch != beginning.epoch,
                "told to begin anew at {} of the same epoch, after {seq}",
                beginning.after_seq
            );
        }
    }
    ensure!(
        seen.epoch.replace('-', "") == log.epoch,
        "in epoch {}, and the database is in {}",
        seen.epoch,
        log.epoch
    );

    Ok(())
}

fn id_of(room: &str) -> Result<String> {
    uuid_of(room).with_context(|| format!("no global id: {room}"))
}

#[cfg(test)]
mod tests {
    use crate::database::LogEvent;
    use crate::follower::{Beginning, SeenEvent};

    use super::*;

    fn log(seqs: &[i64]) -> Log {
        let events = seqs.iter().map(|seq| LogEvent {
            seq: *seq,
            id: format!("id{seq}"),
            occurred_at_ms: *seq,
            message: Some(format!("message {seq}")),
        });

        Log {
            epoch: "one".to_owned(),
            head_seq: *seqs.last().unwrap(),
            events: events.collect(),
        }
    }

    fn seen(events: &[(i64, &str)]) -> Seen {
        let events = events.iter().map(|(seq, id)| SeenEvent {
            epoch: "one".to_owned(),
            seq: *seq,
            id: (*id).to_owned(),
        });

        Seen {
            epoch: "one".to_owned(),
            events: events.collect(),
            ..Seen::default()
        }
    }

    #[test]
    fn a_log_with_a_gap_a_repetition_or_stamps_of_the_future_is_found() {
        check_log(&log(&[1, 2, 3]), 0).unwrap();

        assert!(check_log(&log(&[1, 3]), 0).is_err());
        assert!(check_log(&log(&[1, 2, 3]), -AHEAD_MS_MAX).is_err());
        let mut twice = log(&[1, 2, 3]);
        twice.events[2].message = twice.events[0].message.clone();
        assert!(check_log(&twice, 0).is_err());
    }

    #[test]
    fn a_follower_that_was_sent_something_else_is_found() {
        compare(&seen(&[(2, "id2"), (3, "id3")]), &log(&[1, 2, 3])).unwrap();

        assert!(compare(&seen(&[(2, "other")]), &log(&[1, 2, 3])).is_err());
        let mut elsewhere = seen(&[]);
        elsewhere.epoch = "two".to_owned();
        assert!(compare(&elsewhere, &log(&[1])).is_err());
        let mut anew = seen(&[]);
        anew.snapshots.push(Beginning {
            from: Some(("one".to_owned(), 1)),
            epoch: "one".to_owned(),
            after_seq: 2,
            next: 0,
        });
        assert!(compare(&anew, &log(&[1, 2])).is_err());
    }
}
