//! A throwaway PostgreSQL: a cluster in a temporary folder, on loopback, gone when dropped.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::{process, tools};

/// How long the server may take to accept connections. It takes under a second.
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// Tests run side by side, each with a pool of its own.
const CONNECTIONS_MAX: u32 = 400;

/// What a commit waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing: tests kill our server, never PostgreSQL.
    Off,
    /// The disk, as in production.
    Full,
}

/// A running server. Dropping it stops it and removes its files.
pub(crate) struct Postgres {
    server: Child,
    folder: PathBuf,
    /// Where to connect, password included.
    pub(crate) url: String,
}

impl Postgres {
    pub(crate) fn start(durability: Durability) -> Result<Self> {
        let initdb = tools::POSTGRES.find().context("postgresql is not here")?;
        let folder = std::env::temp_dir().join(format!("parlor-postgres-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);

        let started = create(&initdb, &folder).and_then(|password| {
            let port = process::free_port()?;
            let server = serve(
                &initdb.with_file_name("postgres"),
                &folder,
                port,
                durability,
            )?;
            let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
            Ok((server, url))
        });

        match started {
            Ok((server, url)) => Ok(Self {
                server,
                folder,
                url,
            }),
            Err(error) => {
                let _ = std::fs::remove_dir_all(&folder);
                Err(error.context("cannot start a throwaway PostgreSQL"))
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown: it ends its sessions instead of waiting for them.
        process::signal(self.server.id(), "INT");
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Makes the cluster's files. Returns the superuser's password.
fn create(initdb: &Path, folder: &Path) -> Result<String> {
    let password = random_word()?;
    let password_file = folder.join("password");
    std::fs::create_dir_all(folder)?;
    std::fs::write(&password_file, &password)?;
    process::output(Command::new("chmod").args(["-R", "go-rwx"]).arg(folder))?;
    if tools::is_root() {
        process::output(Command::new("chown").args(["-R", "postgres:"]).arg(folder))?;
    }

    process::output(
        as_ordinary_user(initdb)
            .current_dir(folder)
            .args(["--username=postgres", "--auth=password", "--encoding=UTF8"])
            .args(["--locale=C.UTF-8", "--no-sync", "--no-instructions"])
            .arg("--pwfile")
            .arg(&password_file)
            .arg("--pgdata")
            .arg(folder.join("data")),
    )?;

    Ok(password)
}

/// Starts the server and waits until it says that it accepts connections.
fn serve(postgres: &Path, folder: &Path, port: u16, durability: Durability) -> Result<Child> {
    let durable = if durability == Durability::Full {
        "on"
    } else {
        "off"
    };
    let settings = [
        "listen_addresses=127.0.0.1".to_owned(),
        format!("port={port}"),
        format!("unix_socket_directories={}", folder.display()),
        format!("max_connections={CONNECTIONS_MAX}"),
        format!("fsync={durable}"),
        format!("synchronous_commit={durable}"),
        format!("full_page_writes={durable}"),
    ];
    let mut command = as_ordinary_user(postgres);
    command
        .current_dir(folder)
        .arg("-D")
        .arg(folder.join("data"));
    for setting in settings {
        command.args(["-c", &setting]);
    }

    let mut server = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start postgres")?;
    let log = server.stderr.take().context("the log is piped")?;

    let is_ready = |line: &str| line.contains("ready to accept connections").then_some(());
    match process::await_line(log, START_TIMEOUT, is_ready) {
        Ok(()) => Ok(server),
        Err(error) => {
            process::signal(server.id(), "KILL");
            let _ = server.wait();
            Err(error)
        }
    }
}

/// PostgreSQL refuses to run as root, so as root we step down to the user its package made; and it
/// is to stop when we are killed. `setpriv` replaces itself: the process we started is the server.
fn as_ordinary_user(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "INT"]);
    if tools::is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    command.arg(program);

    command
}

/// 32 hexadecimal digits from the system's random source: anyone on this machine can reach the
/// port.
fn random_word() -> Result<String> {
    use std::fmt::Write;

    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;

    Ok(bytes.iter().fold(String::new(), |mut word, byte| {
        let _ = write!(word, "{byte:02x}");
        word
    }))
}
