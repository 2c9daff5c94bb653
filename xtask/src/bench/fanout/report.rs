//! What was measured, as medians over the rounds: a table for people, JSON for everything else.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::load::{RATE, SATURATION};
use super::system::System;

/// The audience that the cost of a delivery is told for.
const COST_AUDIENCE: usize = 2_000;
/// The audience that makes 100,000 deliveries a second of 20 events.
const LATENCY_AUDIENCE: usize = 5_000;

#[derive(Default)]
pub(super) struct Report {
    /// Results of the load program, a round each.
    results: BTreeMap<(usize, System), Vec<Value>>,
    left_out: BTreeMap<System, String>,
    faults: Vec<String>,
    nchan_workers: BTreeMap<String, f64>,
}

/// The figures of one system, audience and pace.
struct Row<'a> {
    system: System,
    results: &'a [Value],
    phase: &'static str,
}

impl Row<'_> {
    fn median(&self, key: &str) -> Option<f64> {
        median(
            self.results
                .iter()
                .filter_map(|result| result["phases"][self.phase][key].as_f64()),
        )
    }
}

impl Report {
    pub(super) fn add(&mut self, system: System, audience: usize, result: Value) {
        self.results
            .entry((audience, system))
            .or_default()
            .push(result);
    }

    /// Notes that `system` is not here to be measured, and why.
    pub(super) fn leave_out(&mut self, system: System, error: &anyhow::Error) {
        self.left_out.insert(system, format!("{error:#}"));
    }

    /// Notes that a measurement failed: an event was lost, or a server closed a socket.
    pub(super) fn fault(&mut self, system: System, audience: usize, error: &anyhow::Error) {
        let fault = format!("{} with {audience} subscribers: {error:#}", system.key());
        println!("failed: {fault}");
        self.faults.push(fault);
    }

    /// Notes what a delivery costs nchan with so many workers.
    pub(super) fn tried_workers(&mut self, workers: u32, cpu_us_per_delivery: f64) {
        self.nchan_workers
            .insert(workers.to_string(), cpu_us_per_delivery);
    }

    pub(super) fn print(&self) {
        for phase in [RATE, SATURATION] {
            println!(
                "\n{:<12} {:>7} {:>13} {:>9} {:>13} {:>9} {:>9}  {phase}",
                "system",
                "sockets",
                "CPU us/deliv.",
                "x Parlor",
                "deliveries/s",
                "p50 ms",
                "p99 ms"
            );
            for ((audience, system), results) in &self.results {
                let row = Row {
                    system: *system,
                    results,
                    phase,
                };
                let Some(cpu) = row.median(CPU) else {
                    continue;
                };
                let parlor = self.figure(System::Parlor, *audience, phase, CPU);
                println!(
                    "{:<12} {audience:>7} {cpu:>13.2} {:>9} {:>13.0} {:>9.1} {:>9.1}",
                    row.system.key(),
                    parlor.map_or_else(|| "-".to_owned(), |parlor| format!("{:.2}", cpu / parlor)),
                    row.median("deliveries_per_s").unwrap_or_default(),
                    row.median("p50_ms").unwrap_or_default(),
                    row.median("p99_ms").unwrap_or_default(),
                );
            }
        }

        println!(
            "\n{:<12} {:>7} {:>20} {:>20}",
            "system", "sockets", "KB/idle subscriber", "KB after the events"
        );
        for ((audience, system), results) in &self.results {
            // A few sockets do not show beside what the server itself takes.
            if *audience < COST_AUDIENCE {
                continue;
            }
            println!(
                "{:<12} {audience:>7} {:>20.1} {:>20.1}",
                system.key(),
                memory(results, "kb_per_idle_subscriber").unwrap_or_default(),
                memory(results, "kb_per_subscriber_after").unwrap_or_default(),
            );
        }

        for (system, reason) in &self.left_out {
            println!("without {}: {reason}", system.key());
        }
        for fault in &self.faults {
            println!("failed: {fault}");
        }
    }

    pub(super) fn to_json(&self, rounds: usize) -> Value {
        let audiences: BTreeSet<usize> =
            self.results.keys().map(|(audience, _)| *audience).collect();
        let cost = nearest(&audiences, COST_AUDIENCE);
        let largest = audiences.last().copied().unwrap_or_default();
        let by_system = |figure: &dyn Fn(System) -> Option<f64>| {
            let figures =
                System::ALL.map(|system| (system.key().to_owned(), json!(figure(system))));
            Value::Object(figures.into_iter().collect())
        };
        let parlor = self.figure(System::Parlor, cost, RATE, CPU);
        let left_out: Map<String, Value> = self
            .left_out
            .iter()
            .map(|(system, reason)| (system.key().to_owned(), json!(reason)))
            .collect();

        json!({
            "cpu_us_per_delivery": by_system(&|system| self.figure(system, cost, RATE, CPU)),
            "rss_kb_per_idle_subscriber": by_system(&|system| self.idle_kb(system, largest)),
            "p99_ms_at_100k": self.figure(System::Parlor, LATENCY_AUDIENCE, RATE, "p99_ms"),
            "cpu_ratio_to_parlor": by_system(&|system| {
                Some(self.figure(system, cost, RATE, CPU)? / parlor?)
            }),
            "cpu_audience": cost,
            "idle_audience": largest,
            "delivery_us_without_publishing": self.without_publishing(),
            "audiences": self.details(),
            "nchan_us_per_delivery_by_workers": self.nchan_workers,
            "left_out": left_out,
            "faults": self.faults,
            "rounds": rounds,
        })
    }

    /// Fails if a measurement did: a peer that loses events is a finding, but not a figure.
    pub(super) fn check(&self) -> Result<()> {
        if !self.faults.is_empty() {
            bail!("{} measurements failed", self.faults.len());
        }
        Ok(())
    }

    /// Every figure, by audience, system and pace.
    fn details(&self) -> Value {
        let mut details = Map::new();
        for ((audience, system), results) in &self.results {
            let mut phases = Map::new();
            for phase in [RATE, SATURATION] {
                let row = Row {
                    system: *system,
                    results,
                    phase,
                };
                let figures: Map<String, Value> = FIGURES
                    .iter()
                    .filter_map(|key| Some(((*key).to_owned(), json!(row.median(key)?))))
                    .collect();
                if !figures.is_empty() {
                    phases.insert(phase.to_owned(), Value::Object(figures));
                }
            }
            for key in ["kb_per_idle_subscriber", "kb_per_subscriber_after"] {
                phases.insert(key.to_owned(), json!(memory(results, key)));
            }
            phases.insert("rounds".to_owned(), json!(results));
            details
                .entry(audience.to_string())
                .or_insert_with(|| json!({}))[system.key()] = Value::Object(phases);
        }

        Value::Object(details)
    }

    /// What a delivery costs at 20 events a second, by audience, less what an event with a single
    /// listener costs. Shows whether the cost grows with the audience.
    fn without_publishing(&self) -> Value {
        let mut figures = Map::new();
        for (audience, system) in self.results.keys() {
            let alone = self.figure(*system, 1, RATE, CPU);
            let cpu = self.figure(*system, *audience, RATE, CPU);
            let (Some(alone), Some(cpu), Ok(sockets)) = (alone, cpu, u32::try_from(*audience))
            else {
                continue;
            };
            if sockets > 1 {
                figures.entry(system.key()).or_insert_with(|| json!({}))[audience.to_string()] =
                    json!(less_publishing(cpu, alone, sockets));
            }
        }

        Value::Object(figures)
    }

    fn figure(
        &self,
        system: System,
        audience: usize,
        phase: &'static str,
        key: &str,
    ) -> Option<f64> {
        let results = self.results.get(&(audience, system))?;

        Row {
            system,
            results,
            phase,
        }
        .median(key)
    }

    fn idle_kb(&self, system: System, audience: usize) -> Option<f64> {
        memory(
            self.results.get(&(audience, system))?,
            "kb_per_idle_subscriber",
        )
    }
}

const CPU: &str = "cpu_us_per_delivery";
const FIGURES: [&str; 8] = [
    CPU,
    "deliveries_per_s",
    "p50_ms",
    "p99_ms",
    "max_ms",
    "server_cores",
    "events",
    "seconds",
];

/// Of `sockets` deliveries of an event, the first comes with the publishing and the others do not.
fn less_publishing(cpu: f64, alone: f64, sockets: u32) -> f64 {
    let sockets = f64::from(sockets);

    (cpu * sockets - alone) / (sockets - 1.0)
}

fn memory(results: &[Value], key: &str) -> Option<f64> {
    median(
        results
            .iter()
            .filter_map(|result| result["memory"][key].as_f64()),
    )
}

/// The audience that the figure is told for, or else the largest one measured.
fn nearest(audiences: &BTreeSet<usize>, wanted: usize) -> usize {
    if audiences.contains(&wanted) {
        return wanted;
    }

    audiences.last().copied().unwrap_or_default()
}

/// Of an even number, the mean of the two in the middle.
fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let upper = *figures.get(middle)?;
    if figures.len() % 2 == 1 {
        return Some(upper);
    }

    Some(f64::midpoint(figures[middle - 1], upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(cpu: f64, kb: f64) -> Value {
        json!({
            "memory": { "kb_per_idle_subscriber": kb, "kb_per_subscriber_after": kb },
            "phases": { RATE: { CPU: cpu, "p99_ms": cpu * 10.0 } },
        })
    }

    #[test]
    fn the_median_of_the_rounds_is_told_and_what_is_missing_is_null() {
        let mut report = Report::default();
        for cpu in [5.0, 1.0, 2.0] {
            report.add(System::Parlor, 2_000, result(cpu, 9.0));
        }
        report.add(System::Nchan, 2_000, result(3.0, 10.0));
        report.leave_out(System::Centrifugo, &anyhow::anyhow!("no compiler"));

        let json = report.to_json(3);

        assert_eq!(json["cpu_us_per_delivery"]["parlor"], 2.0);
        assert_eq!(json["cpu_ratio_to_parlor"]["nchan"], 1.5);
        assert_eq!(json["rss_kb_per_idle_subscriber"]["nchan"], 10.0);
        assert!(json["cpu_us_per_delivery"]["centrifugo"].is_null());
        assert_eq!(json["left_out"]["centrifugo"], "no compiler");
        assert!(json["p99_ms_at_100k"].is_null());
    }

    #[test]
    fn publishing_is_taken_off_once_an_event() {
        // 300 us to publish, 4 us a delivery.
        let total = |sockets: f64| (300.0 + 4.0 * sockets) / sockets;

        for sockets in [100_u32, 2_000] {
            let cost = less_publishing(total(f64::from(sockets)), total(1.0), sockets);
            assert!((cost - 4.0).abs() < 1e-9, "{cost}");
        }
    }
}
