//! Runs other programs: one line when one fails, and none left running when we are interrupted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Turns Ctrl-C and SIGTERM into the end of whatever program is running, so that callers return
/// through their own clean-up instead of dying in the middle. SIGHUP stays as it is, for `nohup`.
pub(crate) fn handle_signals() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;

    std::thread::spawn(move || {
        for _ in signals.forever() {
            INTERRUPTED.store(true, Ordering::SeqCst);
            let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
            for pid in running.iter() {
                signal(*pid, "TERM");
            }
        }
    });

    Ok(())
}

/// Fails once the user has asked us to stop.
pub(crate) fn check_interrupted() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        bail!("interrupted");
    }

    Ok(())
}

/// Runs `command` with our own input and output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = describe(command);
    let mut child = start(command, &name)?;
    let status = wait(&mut child, &name)?;

    if !status.success() {
        bail!("`{name}` failed ({status})");
    }

    Ok(())
}

/// Runs `command` and returns what it wrote to its standard output.
///
/// What it wrote to its standard error becomes part of the error, last line first.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = describe(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{name}`"))?;
    check_interrupted()?;

    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let reason = stderr.lines().rfind(|line| !line.trim().is_empty());
        bail!(
            "`{name}` failed: {}",
            reason.unwrap_or("it did not say why")
        );
    }

    String::from_utf8(output.stdout).with_context(|| format!("`{name}` wrote invalid UTF-8"))
}

/// What a program that was shown while it ran has written, and whether it succeeded.
pub(crate) struct Transcript {
    pub(crate) text: String,
    pub(crate) succeeded: bool,
}

/// Runs `command`, passing its standard output on line by line while keeping a copy.
pub(crate) fn tee(command: &mut Command) -> Result<Transcript> {
    let name = describe(command);
    let mut child = start(command.stdout(Stdio::piped()), &name)?;
    let stdout = child.stdout.take().context("the output is piped")?;

    let mut text = String::new();
    let mut shown = std::io::stdout().lock();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        // A closed terminal must not stop the tests that still run.
        let _ = writeln!(shown, "{line}");
        text.push_str(&line);
        text.push('\n');
    }

    let status = wait(&mut child, &name)?;

    Ok(Transcript {
        text,
        succeeded: status.success(),
    })
}

/// `command` with its standard error in its standard output, for runners that report there.
pub(crate) fn with_errors(command: &Command) -> Command {
    let mut merged = Command::new("sh");
    merged
        .args(["-c", "exec \"$@\" 2>&1", "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => merged.env(name, value),
            None => merged.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        merged.current_dir(folder);
    }

    merged
}

/// Becomes `command`. Returns only if that fails.
pub(crate) fn replace(command: &mut Command) -> anyhow::Error {
    let name = describe(command);

    anyhow::Error::new(command.exec()).context(format!("cannot start `{name}`"))
}

/// Sends `signal`, such as `TERM`, to a process that we started.
pub(crate) fn signal(pid: u32, signal: &str) {
    let _ = Command::new("kill")
        .args(["-s", signal, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}

/// Reads a server's log until `find` finds something in a line, and goes on reading it afterwards,
/// so that the server never blocks. A server that ends instead gives its last words.
pub(crate) fn await_line<T: Send + 'static>(
    log: impl Read + Send + 'static,
    at_most: Duration,
    find: impl Fn(&str) -> Option<T> + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(log).lines();
        let mut last = String::new();
        for line in lines.by_ref().map_while(Result::ok) {
            if let Some(found) = find(&line) {
                // Nobody listens after the first one.
                let _ = sender.send(Ok(found));
            }
            last = line;
        }
        let _ = sender.send(Err(last));
    });

    match receiver.recv_timeout(at_most) {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(last)) => bail!("it stopped: {last}"),
        Err(_) => bail!("it was not ready within {} s", at_most.as_secs()),
    }
}

/// A port on loopback that nobody listens on now, for programs that cannot choose one themselves.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Starts `command` and remembers it until [`wait`] has seen its end.
fn start(command: &mut Command, name: &str) -> Result<Child> {
    check_interrupted()?;
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let child = command
        .spawn()
        .with_context(|| format!("cannot start `{name}`"))?;
    running.push(child.id());

    Ok(child)
}

fn wait(child: &mut Child, name: &str) -> Result<std::process::ExitStatus> {
    let status = child.wait();
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    running.retain(|pid| *pid != child.id());
    drop(running);
    check_interrupted()?;

    status.with_context(|| format!("lost sight of `{name}`"))
}

/// The program's name and its first arguments, as an error should show them.
fn describe(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit('/').next().unwrap_or_default().to_owned();
    let args = command.get_args().take(4).map(|arg| arg.to_string_lossy());

    [program.into()]
        .into_iter()
        .chain(args)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_program_and_its_last_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first >&2; echo the disk is full >&2; exit 3"]);

        let error = output(&mut command).unwrap_err().to_string();

        assert!(error.starts_with("`sh -c"), "{error}");
        assert!(error.ends_with("failed: the disk is full"), "{error}");
    }

    #[test]
    fn errors_join_the_output_of_the_same_command() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "echo \"$WORD\"; pwd >&2"])
            .env("WORD", "one")
            .current_dir("/");

        let transcript = tee(&mut with_errors(&command)).unwrap();

        assert_eq!(transcript.text, "one\n/\n");
    }

    #[test]
    fn a_transcript_keeps_what_was_shown() {
        let transcript =
            tee(Command::new("sh").args(["-c", "echo one; echo two; exit 1"])).unwrap();

        assert_eq!(transcript.text, "one\ntwo\n");
        assert!(!transcript.succeeded);
    }

    #[test]
    fn a_server_that_stops_before_it_is_ready_gives_its_last_words() {
        let log = "LOG: starting\nFATAL: could not create shared memory\n".as_bytes();
        let ready = |line: &str| line.strip_prefix("LOG: ready on ").map(str::to_owned);

        let error = await_line(log, Duration::from_mins(1), ready).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it stopped: FATAL: could not create shared memory"
        );

        let log = "LOG: starting\nLOG: ready on 7\n".as_bytes();
        assert_eq!(await_line(log, Duration::from_mins(1), ready).unwrap(), "7");
    }
}
