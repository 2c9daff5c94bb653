//! Hands events to the server, over connections that stay open: at a rate, or as fast as it takes
//! them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ureq::Agent;

use crate::clock;
use crate::gate::{Admission, Gate};
use crate::mark::Mark;
use crate::plan::{MARK, Publish};

/// How long the server may take to answer one request.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// How a phase is published.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// What its events are marked with.
    pub(crate) phase: u8,
    /// Publishers side by side, each with a connection.
    pub(crate) lanes: usize,
    pub(crate) per_s: Option<u32>,
    pub(crate) span: Duration,
}

/// Publishes a phase. Returns how many events it had.
pub(crate) fn publish(publish: &Publish, pace: Pace, gate: &Gate) -> Result<u64> {
    let starts_at = clock::now();
    std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..pace.lanes)
            .map(|lane| scope.spawn(move || run_lane(publish, pace, lane, starts_at, gate)))
            .collect();

        let mut events = 0;
        for lane in lanes {
            events += u64::from(lane.join().expect("a lane does not panic")?);
        }
        Ok(events)
    })
}

fn run_lane(
    publish: &Publish,
    pace: Pace,
    lane: usize,
    starts_at: Duration,
    gate: &Gate,
) -> Result<u32> {
    let mut publisher = Publisher::new(publish, pace.phase, lane);
    // Those who share a rate take turns.
    let period = pace.per_s.map(|per_s| Duration::from_secs(1) / per_s);
    let turns = u32::try_from(pace.lanes)?;
    let mut due_at = starts_at + period.unwrap_or_default() * u32::try_from(lane)?;

    while gate.pass(due_at, starts_at + pace.span)? == Admission::Open {
        if let Err(error) = publisher.publish() {
            gate.fail(format!("an event was not published: {error:#}"));
            return Err(error);
        }
        due_at += period.unwrap_or_default() * turns;
    }
    Ok(publisher.published)
}

/// One of those who publish, on a connection of its own.
pub(crate) struct Publisher<'a> {
    agent: Agent,
    publish: &'a Publish,
    phase: u8,
    lane: usize,
    published: u32,
}

impl<'a> Publisher<'a> {
    pub(crate) fn new(publish: &'a Publish, phase: u8, lane: usize) -> Self {
        Self {
            agent: agent(),
            publish,
            phase,
            lane,
            published: 0,
        }
    }

    /// Publishes the next event, and waits until the server has taken it.
    pub(crate) fn publish(&mut self) -> Result<()> {
        self.published += 1;
        let mark = Mark {
            phase: self.phase,
            lane: self.lane,
            number: self.published,
            sent_at: clock::now(),
        };
        let body = self.publish.body.replace(MARK, &mark.write());
        let answer = send(&self.agent, &self.publish.url, &self.publish.headers, &body)?;

        ensure!(
            answer.contains(&self.publish.taken),
            "the server answered {answer:?}"
        );
        Ok(())
    }
}

/// Sends one request, and returns the answer's body.
pub(crate) fn post(url: &str, headers: &BTreeMap<String, String>, body: &str) -> Result<String> {
    send(&agent(), url, headers, body)
}

fn agent() -> Agent {
    Agent::config_builder()
        .timeout_global(Some(ANSWER_MAX))
        .build()
        .into()
}

fn send(
    agent: &Agent,
    url: &str,
    headers: &BTreeMap<String, String>,
    body: &str,
) -> Result<String> {
    let mut request = agent.post(url).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let mut response = request
        .send(body)
        .with_context(|| format!("{url} cannot be reached"))?;

    Ok(response.body_mut().read_to_string()?)
}
