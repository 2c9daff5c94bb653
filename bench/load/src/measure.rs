//! Carries out a plan: an audience comes, listens through the phases, and goes.
//!
//! The server's CPU time is read when nothing is on its way, before a phase's first event and after
//! its last delivery. What it used in between, divided by the deliveries, is exact: publishing is
//! in it, and so is whatever the server does of its own accord.

#![expect(
    clippy::cast_precision_loss,
    reason = "counts and kilobytes are far below 2^52"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::audience::Audience;
use crate::clock;
use crate::order::JOINING;
use crate::plan::{Measured, Memory, Phase, PhaseMeasured, Plan};
use crate::publisher::{Pace, Publisher, publish};
use crate::usage::Processes;

/// Events sent until every socket has had one. Servers subscribe within milliseconds.
const JOINING_EVENTS_MAX: usize = 100;
/// How long each of them has to reach everybody.
const JOINING_EVENT_MAX: Duration = Duration::from_millis(500);

pub(crate) fn run(plan: &Plan) -> Result<Measured> {
    let server = Processes::of(plan.server)?;
    let alone_kb = server.memory_kb()?;
    let mut audience = Audience::assemble(plan)?;
    let idle_kb = server.memory_kb()?;
    join(plan, &audience)?;

    let mut phases = BTreeMap::new();
    for (phase, number) in plan.phases.iter().zip(0..) {
        let measured = run_phase(plan, phase, number, &server, &mut audience)?;
        phases.insert(phase.name.clone(), measured);
    }
    let after_kb = server.memory_kb()?;

    let per_subscriber =
        |kb: u64| (kb.cast_signed() - alone_kb.cast_signed()) as f64 / plan.sockets as f64;
    Ok(Measured {
        memory: Memory {
            alone_kb,
            idle_kb,
            after_kb,
            kb_per_idle_subscriber: per_subscriber(idle_kb),
            kb_per_subscriber_after: per_subscriber(after_kb),
        },
        phases,
    })
}

/// Publishes until every socket has received something.
fn join(plan: &Plan, audience: &Audience) -> Result<()> {
    let mut publisher = Publisher::new(&plan.publish, JOINING, 0);
    for _ in 0..JOINING_EVENTS_MAX {
        publisher.publish()?;
        if audience.gate.wait_joined(JOINING_EVENT_MAX)? {
            return Ok(());
        }
    }
    bail!("not every socket receives what is published");
}

fn run_phase(
    plan: &Plan,
    phase: &Phase,
    number: u8,
    server: &Processes,
    audience: &mut Audience,
) -> Result<PhaseMeasured> {
    let pace = |phase_number: u8, span_ms: u64| Pace {
        phase: phase_number,
        lanes: phase.lanes,
        per_s: phase.per_s,
        span: Duration::from_millis(span_ms),
    };
    publish(
        &plan.publish,
        pace(JOINING + 1 + 2 * number, phase.warm_up_ms),
        &audience.gate,
    )?;
    audience.gate.wait_drained()?;
    audience.take_latencies()?;

    let (began_at, cpu_before) = (clock::now(), server.cpu_time()?);
    let events = publish(
        &plan.publish,
        pace(JOINING + 2 + 2 * number, phase.measured_ms),
        &audience.gate,
    )?;
    let drained_at = audience.gate.wait_drained()?;
    let cpu = server.cpu_time()?.saturating_sub(cpu_before);
    let latencies = audience.take_latencies()?;

    ensure!(events > 0, "nothing was published");
    let deliveries = events * plan.sockets as u64;
    let seconds = drained_at.saturating_sub(began_at).as_secs_f64();
    Ok(PhaseMeasured {
        events,
        deliveries,
        seconds,
        deliveries_per_s: deliveries as f64 / seconds,
        cpu_us_per_delivery: cpu.as_secs_f64() * 1e6 / deliveries as f64,
        server_cores: cpu.as_secs_f64() / seconds,
        p50_ms: latencies.percentile_ms(50.0),
        p99_ms: latencies.percentile_ms(99.0),
        max_ms: latencies.max_ms(),
    })
}
