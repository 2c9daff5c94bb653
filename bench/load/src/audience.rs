//! The audience as its head sees it: processes that listen, and what they tell.

use std::io::{BufRead, BufReader, Write};
use std::net::Ipv4Addr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::gate::Gate;
use crate::histogram::Latencies;
use crate::listener::REPORT;
use crate::plan::Plan;

/// How long it may take until all sockets are open: some thousand a second are usual.
const OPENING_MAX: Duration = Duration::from_mins(1);
/// A listener answers at its next poll.
const REPORT_MAX: Duration = Duration::from_secs(20);

pub(crate) struct Audience {
    parts: Vec<Part>,
    pub(crate) gate: Arc<Gate>,
}

struct Part {
    process: Child,
    reports: Receiver<String>,
}

impl Audience {
    /// Opens and subscribes every socket of the plan.
    pub(crate) fn assemble(plan: &Plan) -> Result<Self> {
        let gate = Arc::new(Gate::new(plan.sockets as u64, plan.processes));
        let mut audience = Self {
            parts: Vec::new(),
            gate,
        };
        for n in 0..plan.processes {
            let part = Part::start(plan, n, &audience.gate)?;
            audience.parts.push(part);
        }

        ensure!(
            audience.gate.wait_subscribed(OPENING_MAX)?,
            "the sockets were not open within {} s",
            OPENING_MAX.as_secs()
        );
        Ok(audience)
    }

    /// The latencies of all deliveries since the last call.
    pub(crate) fn take_latencies(&mut self) -> Result<Latencies> {
        let mut latencies = Latencies::default();
        for part in &mut self.parts {
            part.ask(REPORT)?;
        }
        for part in &self.parts {
            let line = part
                .reports
                .recv_timeout(REPORT_MAX)
                .context("a part of the audience does not report")?;
            latencies
                .add_line(&line)
                .with_context(|| format!("a part of the audience reported {line:?}"))?;
        }

        Ok(latencies)
    }
}

impl Drop for Audience {
    /// The processes end with their standard input.
    fn drop(&mut self) {
        for part in &mut self.parts {
            drop(part.process.stdin.take());
        }
        for part in &mut self.parts {
            let _ = part.process.wait();
        }
    }
}

impl Part {
    fn start(plan: &Plan, n: usize, gate: &Arc<Gate>) -> Result<Self> {
        // The first parts take what cannot be divided.
        let sockets =
            plan.sockets / plan.processes + usize::from(n < plan.sockets % plan.processes);
        let source = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + 1 + u32::try_from(n)?);
        let mut process = Command::new(std::env::current_exe()?)
            .args(["listen", &plan.address.to_string(), &sockets.to_string()])
            .arg(source.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a part of the audience")?;
        let output = process.stdout.take().context("the output is piped")?;
        let (sender, reports) = mpsc::channel();
        let gate = Arc::clone(gate);
        std::thread::spawn(move || hear(output, n, &gate, &sender));

        let mut part = Self { process, reports };
        part.ask(&serde_json::to_string(&plan.subscribe)?)?;
        Ok(part)
    }

    fn ask(&mut self, line: &str) -> Result<()> {
        let input = self.process.stdin.as_mut().context("the input is piped")?;

        writeln!(input, "{line}").context("a part of the audience is gone")
    }
}

/// Passes on what part `n` of the audience tells.
fn hear(output: ChildStdout, n: usize, gate: &Gate, reports: &Sender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "subscribed" => gate.subscribed(),
            "progress" => match progress(rest) {
                Some((joined, delivered)) => gate.arrived(n, joined, delivered),
                None => gate.fail(format!("a part of the audience told {line:?}")),
            },
            "latencies" => {
                // Nobody waits for it any more: the phase has failed.
                let _ = reports.send(rest.to_owned());
            }
            _ => gate.fail(rest.to_owned()),
        }
    }
    gate.fail("a part of the audience has ended".to_owned());
}

fn progress(text: &str) -> Option<(u64, u64)> {
    let (joined, delivered) = text.split_once(' ')?;

    Some((joined.parse().ok()?, delivered.parse().ok()?))
}
