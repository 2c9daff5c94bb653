//! A PostgreSQL server of the test's own, on loopback, in a temporary folder; gone when dropped.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::until;

/// Where Debian and its like keep the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Tells the folders of one run apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Cluster {
    pub(crate) port: u16,
    folder: PathBuf,
    server: Option<Child>,
}

impl Cluster {
    /// Makes an empty cluster that others can follow.
    pub(crate) async fn create() -> Self {
        let folder = make_folder();
        let made = as_ordinary_user("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .args([
                "--locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
                "--pgdata",
            ])
            .arg(folder.join("data"))
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success());

        Self::serve(folder).await
    }

    /// Makes a server that follows this one, and has everything that is committed here.
    pub(crate) async fn replicate(&self) -> Self {
        let folder = make_folder();
        let copied = as_ordinary_user("pg_basebackup")
            .args([
                "--checkpoint=fast",
                "--no-sync",
                "--write-recovery-conf",
                "--pgdata",
            ])
            .arg(folder.join("data"))
            .arg("--dbname")
            .arg(format!("host=127.0.0.1 user=postgres port={}", self.port))
            .status();
        assert!(copied.unwrap().success());
        let replica = Self::serve(folder).await;

        let written: String = self.ask("SELECT pg_current_wal_lsn()::text").await;
        let has_all = format!(
            "SELECT COALESCE(pg_last_wal_replay_lsn() >= '{written}', FALSE)
                 AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver WHERE status = 'streaming')"
        );
        until(|| async { replica.ask(&has_all).await }).await;
        replica
    }

    /// Has this server hear no more of the one that it follows.
    pub(crate) async fn cut_off(&self) {
        for sql in [
            "ALTER SYSTEM SET primary_conninfo = ''",
            "SELECT pg_reload_conf()",
        ] {
            self.run(sql).await;
        }
        let is_cut_off = "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_wal_receiver)";
        until(|| async { self.ask(is_cut_off).await }).await;
    }

    /// Has this server take the place of the one that it followed.
    pub(crate) async fn promote(&self) {
        let is_promoted: bool = self.ask("SELECT pg_promote()").await;
        assert!(is_promoted);
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends the server without a word to anybody.
    pub(crate) fn kill(&mut self) {
        self.stop();
    }

    /// Starts a server that was ended, and returns once it answers.
    pub(crate) async fn revive(&mut self) {
        self.server = Some(start(&self.folder, self.port));
        let url = self.url();
        until(|| async { PgConnection::connect(&url).await.is_ok() }).await;
    }

    async fn serve(folder: PathBuf) -> Self {
        let mut cluster = Self {
            port: free_port(),
            folder,
            server: None,
        };
        cluster.revive().await;

        cluster
    }

    async fn run(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) async fn ask<T>(&self, sql: &str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        let sql = AssertSqlSafe(sql.to_owned());
        let answer = sqlx::query_scalar(sql).fetch_one(&mut connection);
        let answer = answer.await.unwrap();
        connection.close().await.unwrap();

        answer
    }

    fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // SIGQUIT is PostgreSQL's own abrupt end, which takes all of its processes along.
            let pid = server.id().to_string();
            let ended = Command::new("kill").args(["-QUIT", &pid]).status();
            assert!(ended.unwrap().success());
            server.wait().unwrap();
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
        // What cannot be removed is in the system's temporary folder anyway.
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}

fn start(folder: &Path, port: u16) -> Child {
    let folder_of_sockets = format!("unix_socket_directories={}", folder.display());
    as_ordinary_user("postgres")
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
        .args(["-c", &format!("port={port}"), "-c", &folder_of_sockets])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A folder that the server's user can write to and nobody else can read.
fn make_folder() -> PathBuf {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("parlor-failover-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder).unwrap();
    if is_root() {
        let given = Command::new("chown").arg("postgres:").arg(&folder).status();
        assert!(given.unwrap().success());
    }

    folder
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// PostgreSQL refuses to run as root, so as root we step down to the user its package made; and it is to
/// stop when we are killed.
fn as_ordinary_user(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg(find(program)).current_dir("/");

    command
}

/// The program of the newest version, or whichever is on the path.
fn find(program: &str) -> PathBuf {
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .map(|version| version.path().join("bin").join(program))
        .filter(|path| path.exists())
        .max();

    newest.unwrap_or_else(|| Path::new(program).to_owned())
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output().unwrap();
    asked.stdout == b"0\n"
}
