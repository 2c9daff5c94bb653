//! What a server's processes use: their CPU time, to the nanosecond and with the threads that have
//! ended, and their memory.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// A process and those it started, such as a master and its workers.
#[derive(Debug)]
pub(crate) struct Processes(Vec<u32>);

impl Processes {
    /// Those that run now. A server starts its workers before it answers.
    pub(crate) fn of(root: u32) -> Result<Self> {
        let mut parents = Vec::new();
        for entry in std::fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // One that has ended meanwhile is none of ours.
            if let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat"))
                && let Some(parent) = parent(&stat)
            {
                parents.push((pid, parent));
            }
        }

        let mut tree = vec![root];
        let mut next = 0;
        while let Some(process) = tree.get(next).copied() {
            let children = parents.iter().filter(|(_, parent)| *parent == process);
            tree.extend(children.map(|(pid, _)| *pid));
            next += 1;
        }

        Ok(Self(tree))
    }

    /// User and system time together.
    pub(crate) fn cpu_time(&self) -> Result<Duration> {
        let mut total = Duration::ZERO;
        for pid in &self.0 {
            let id = Pid::from_raw(i32::try_from(*pid)?);
            let time = clock_getcpuclockid(id)
                .and_then(clock_gettime)
                .with_context(|| format!("process {pid} of the server is gone"))?;
            total += Duration::from(time);
        }

        Ok(total)
    }

    /// Resident memory, with what processes share divided among them.
    pub(crate) fn memory_kb(&self) -> Result<u64> {
        let mut total = 0;
        for pid in &self.0 {
            let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))
                .with_context(|| format!("process {pid} of the server is gone"))?;
            let Some(kb) = proportional_kb(&rollup) else {
                bail!("the memory of process {pid} cannot be read");
            };
            total += kb;
        }

        Ok(total)
    }
}

/// The parent's id in `/proc/<pid>/stat`. The name before it may contain anything.
fn parent(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(") ")?;

    rest.split(' ').nth(1)?.parse().ok()
}

fn proportional_kb(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;

    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_counts_with_its_children() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();

        let found = Processes::of(std::process::id());
        drop(child.stdin.take());
        child.wait().unwrap();

        let found = found.unwrap().0;
        assert_eq!(found[0], std::process::id());
        assert!(found.contains(&child.id()), "{found:?}");
    }

    #[test]
    fn work_shows_in_the_cpu_time() {
        let own = Processes(vec![std::process::id()]);
        let before = own.cpu_time().unwrap();
        let sum = (0..20_000_000_u64).fold(0, |sum: u64, n| std::hint::black_box(sum ^ n));
        std::hint::black_box(sum);

        assert!(own.cpu_time().unwrap() > before + Duration::from_millis(1));
        assert!(own.memory_kb().unwrap() > 100);
    }

    #[test]
    fn a_name_with_brackets_does_not_hide_the_parent() {
        assert_eq!(parent("7 (a) b (c) S 42 7 7 0"), Some(42));
        assert_eq!(
            proportional_kb("Rss: 9 kB\nPss:      5012 kB\nPss_Dirty: 1 kB"),
            Some(5_012)
        );
    }
}
