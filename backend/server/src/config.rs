//! Settings of the server: flags first, then the environment, then a file, then defaults.

mod origins;
mod public_url;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use parlor_domain::tenant::Origin;
use parlor_store::{LogKeep, RESUME_EVENTS_MAX};
use serde::Deserialize;

/// The shortest secret for signing tokens: HS256 asks for as many bits as its digest has.
pub const JWT_SECRET_BYTES_MIN: usize = 32;
/// How long a socket may stay silent before its `connection_init`.
pub const INIT_TIMEOUT_MS: u64 = 10_000;
/// How long a request may take: a little longer than the writer lets a command wait, whose own answer says
/// more, and less than people wait before they try again.
pub const REQUEST_TIMEOUT_MS: u64 = 10_000;
/// From what a commit may take on a slow disk, to what proxies commonly wait for an answer.
const REQUEST_TIMEOUT_RANGE_MS: RangeInclusive<u64> = 1_000..=60_000;
/// From one that writes beside one that reads, to what PostgreSQL takes with some tuning.
const DATABASE_CONNECTIONS_RANGE: RangeInclusive<u32> = 2..=1_000;
/// A lane holds a connection while it writes. On more than a few dozen cores something else is in the way.
const WRITER_LANES_RANGE: RangeInclusive<u32> = 1..=64;
/// One command each is what a batch must beat; beyond some thousands rooms stay locked too long.
const WRITER_BATCH_RANGE: RangeInclusive<u32> = 1..=4_096;

/// From a day, in which whoever was away comes back, to a century, which is to keep it.
const LOG_KEEP_DAYS_RANGE: RangeInclusive<u32> = 1..=36_500;
/// From what is replayed of a log, to more than a room ever has.
const LOG_KEEP_EVENTS_RANGE: RangeInclusive<i64> = RESUME_EVENTS_MAX..=1_000_000_000;

#[expect(
    clippy::doc_markdown,
    reason = "these comments are the command line's help"
)]
/// What can be given on the command line, in the environment, or in a file of the same names.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServeArgs {
    /// A TOML file with any of these settings, by their long names
    ///
    /// A flag or an environment variable wins over the file. For example:
    ///
    ///   listen = "0.0.0.0:8080"
    ///   database = "postgres://parlor@localhost/parlor"
    #[arg(long, env = "PARLOR_CONFIG", value_name = "FILE", verbatim_doc_comment)]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Where to listen; port 0 takes any free one [default: 127.0.0.1:8080]
    #[arg(long, env = "PARLOR_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,

    /// Where everything is kept [default: sqlite://parlor.db]
    ///
    /// `sqlite://<file>` is made if it is not there. `postgres://<user>@<host>/<database>` must
    /// exist. Its tables are made and brought up to date at start.
    #[arg(
        long,
        env = "PARLOR_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<String>,

    /// The secret that tokens are signed with, at least 32 bytes
    ///
    /// Better given as PARLOR_JWT_SECRET, because everyone on the machine can see command lines.
    #[arg(
        long,
        env = "PARLOR_JWT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    pub jwt_secret: Option<String>,

    /// The address that people reach this server by; it goes into the links handed out
    ///
    /// Defaults to the address listened on.
    #[arg(long, env = "PARLOR_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,

    /// A web page's origin that may use the API, such as https://example.com; repeatable
    ///
    /// It is what browsers send: in lower case, without a path, a slash at its end or the usual port.
    /// `*` lets every page in. Pages served by this server always may; so may apps and OBS, which
    /// have no origin. A tenant with a list of its own goes by that instead.
    #[arg(
        long,
        env = "PARLOR_ALLOWED_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub allowed_origin: Vec<String>,

    /// An origin whose modules the overlay's page for OBS may run as widgets; repeatable
    ///
    /// Whoever makes a link to that page names its widgets. What is on such an origin runs as if it were
    /// this server's own page: allow only those whose every file you trust.
    #[arg(
        long,
        env = "PARLOR_WIDGET_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub widget_origin: Vec<String>,

    /// How logs are written, to standard error [default: text]
    #[arg(long, env = "PARLOR_LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,

    /// How hard SQLite holds on to what it has confirmed [default: full]
    ///
    /// `full` survives a loss of power. `normal` is faster, may lose the last moments then, and
    /// renews every room's epoch at start so that clients notice.
    #[arg(long, env = "PARLOR_SQLITE_SYNCHRONOUS", value_name = "MODE")]
    pub sqlite_synchronous: Option<Synchronous>,

    /// How many days of a room's log are kept, in which viewers can seek back [default: 60]
    ///
    /// A log says what happened and when. People, contributions and past sessions are kept whatever is
    /// said here.
    #[arg(long, env = "PARLOR_LOG_KEEP_DAYS", value_name = "DAYS")]
    pub log_keep_days: Option<u32>,

    /// How many of the last events of a room's log are kept at most [default: 1000000]
    ///
    /// Each takes about a kilobyte. At least 5000, for so many are replayed to whoever comes back.
    #[arg(long, env = "PARLOR_LOG_KEEP_EVENTS", value_name = "EVENTS")]
    pub log_keep_events: Option<u32>,

    /// How long a socket may wait before it says who it is, in milliseconds [default: 10000]
    #[arg(long, env = "PARLOR_INIT_TIMEOUT_MS", value_name = "MS")]
    pub init_timeout_ms: Option<u64>,

    /// How long a request may take before it is given up, in milliseconds [default: 10000]
    ///
    /// From 1000 to 60000. It holds for queries, for mutations and for the start of a subscription, over
    /// HTTP and over a socket, whatever they wait for.
    #[arg(long, env = "PARLOR_REQUEST_TIMEOUT_MS", value_name = "MS")]
    pub request_timeout_ms: Option<u64>,

    /// How many connections to the database this server holds at most [default: 10]
    ///
    /// From 2 to 1000. With several servers, all of theirs together must stay below PostgreSQL's own
    /// `max_connections`. On SQLite these are the readers, beside one writer.
    #[arg(long, env = "PARLOR_DATABASE_CONNECTIONS", value_name = "COUNT")]
    pub database_connections: Option<u32>,

    /// How many transactions write side by side on PostgreSQL
    /// [default: half of the connections, at most 4]
    ///
    /// From 1 to 64, and fewer than the connections. Rooms are spread over them; more help while the
    /// database waits for its disk, and get in each other's way once it does not.
    #[arg(long, env = "PARLOR_WRITER_LANES", value_name = "COUNT")]
    pub writer_lanes: Option<u32>,

    /// How many commands go into one transaction at most [default: 256]
    ///
    /// From 1 to 4096. More make no command cheaper, and keep rooms locked for longer.
    #[arg(long, env = "PARLOR_WRITER_BATCH", value_name = "COUNT")]
    pub writer_batch: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    Full,
    Normal,
}

/// What the server runs by, complete.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: String,
    pub database: String,
    pub jwt_secret: String,
    /// Without a slash at the end. `None` means the address listened on.
    pub public_url: Option<String>,
    pub allowed_origins: Vec<Origin>,
    /// Never `*`.
    pub widget_origins: Vec<Origin>,
    pub log_format: LogFormat,
    pub sqlite_synchronous: Synchronous,
    pub log_keep: LogKeep,
    pub init_timeout_ms: u64,
    pub request_timeout_ms: u64,
    pub database_connections: u32,
    /// `None` leaves it to the store.
    pub writer_lanes: Option<u32>,
    pub writer_batch: u32,
}

/// Commands in one transaction, unless said otherwise. More would not make a command cheaper, and would
/// keep the rooms locked longer.
pub const WRITER_BATCH: u32 = 256;
/// Where everything is kept unless said otherwise.
pub const DATABASE_DEFAULT: &str = "sqlite://parlor.db";

impl ServeArgs {
    /// Fills in what was not given from the file and the defaults, and checks it.
    pub fn into_settings(self) -> anyhow::Result<Settings> {
        let file = self
            .config
            .as_deref()
            .map_or_else(|| Ok(Self::default()), read_file)?;
        let secret = self.jwt_secret.or(file.jwt_secret).context(
            "a secret for signing tokens is needed: set PARLOR_JWT_SECRET (at least 32 bytes)",
        )?;
        ensure!(
            secret.len() >= JWT_SECRET_BYTES_MIN,
            "the secret for signing tokens must have at least {JWT_SECRET_BYTES_MIN} bytes, and \
             this one has {}",
            secret.len()
        );
        let allowed_origins = origins::allowed([self.allowed_origin, file.allowed_origin])?;
        let widget_origins = origins::of_widgets([self.widget_origin, file.widget_origin])?;
        let public_url = self.public_url.or(file.public_url);
        let public_url = public_url::read(&public_url.unwrap_or_default())?;
        let request_timeout_ms = self.request_timeout_ms.or(file.request_timeout_ms);
        let request_timeout_ms = request_timeout_ms.unwrap_or(REQUEST_TIMEOUT_MS);
        check_range(
            "request-timeout-ms",
            request_timeout_ms,
            &REQUEST_TIMEOUT_RANGE_MS,
        )?;
        let connections = self.database_connections.or(file.database_connections);
        let connections = connections.unwrap_or(parlor_store::POOL_SIZE_DEFAULT);
        check_range(
            "database-connections",
            connections,
            &DATABASE_CONNECTIONS_RANGE,
        )?;
        let writer_lanes = self.writer_lanes.or(file.writer_lanes);
        if let Some(lanes) = writer_lanes {
            check_range("writer-lanes", lanes, &WRITER_LANES_RANGE)?;
            ensure!(
                lanes < connections,
                "--writer-lanes must be less than --database-connections, for those who read, and {lanes} \
                 is not less than {connections}"
            );
        }
        let writer_batch = self.writer_batch.or(file.writer_batch);
        let writer_batch = writer_batch.unwrap_or(WRITER_BATCH);
        check_range("writer-batch", writer_batch, &WRITER_BATCH_RANGE)?;
        let log_keep = log_keep(
            self.log_keep_days.or(file.log_keep_days),
            self.log_keep_events.or(file.log_keep_events),
        )?;

        Ok(Settings {
            listen: self
                .listen
                .or(file.listen)
                .unwrap_or_else(|| "127.0.0.1:8080".to_owned()),
            database: self
                .database
                .or(file.database)
                .unwrap_or_else(|| DATABASE_DEFAULT.to_owned()),
            jwt_secret: secret,
            public_url,
            allowed_origins,
            widget_origins,
            log_format: self
                .log_format
                .or(file.log_format)
                .unwrap_or(LogFormat::Text),
            sqlite_synchronous: self
                .sqlite_synchronous
                .or(file.sqlite_synchronous)
                .unwrap_or(Synchronous::Full),
            log_keep,
            init_timeout_ms: self
                .init_timeout_ms
                .or(file.init_timeout_ms)
                .unwrap_or(INIT_TIMEOUT_MS),
            request_timeout_ms,
            database_connections: connections,
            writer_lanes,
            writer_batch,
        })
    }
}

/// Refuses a setting that is out of its range, by its name.
fn check_range<T: PartialOrd + Copy + std::fmt::Display>(
    name: &str,
    value: T,
    range: &RangeInclusive<T>,
) -> anyhow::Result<()> {
    ensure!(
        range.contains(&value),
        "--{name} must be from {} to {}, and is {value}",
        range.start(),
        range.end()
    );
    Ok(())
}

fn log_keep(days: Option<u32>, events: Option<u32>) -> anyhow::Result<LogKeep> {
    let days = days.unwrap_or(LogKeep::DAYS_DEFAULT);
    let events = events.unwrap_or(LogKeep::EVENTS_DEFAULT);
    check_range("log-keep-days", days, &LOG_KEEP_DAYS_RANGE)?;
    check_range("log-keep-events", i64::from(events), &LOG_KEEP_EVENTS_RANGE)?;

    Ok(LogKeep::new(days, events))
}

fn read_file(path: &Path) -> anyhow::Result<ServeArgs> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the settings in {}", path.display()))?;

    toml::from_str(&text).with_context(|| format!("cannot use the settings in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn args(secret: &str) -> ServeArgs {
        ServeArgs {
            jwt_secret: Some(secret.to_owned()),
            ..ServeArgs::default()
        }
    }

    #[test]
    fn a_short_or_missing_secret_is_refused_by_name() {
        let missing = ServeArgs::default()
            .into_settings()
            .unwrap_err()
            .to_string();
        assert!(missing.contains("PARLOR_JWT_SECRET"), "{missing}");

        let short = args(&SECRET[1..]).into_settings().unwrap_err().to_string();
        assert!(short.contains("at least 32 bytes"), "{short}");
        assert!(!short.contains(&SECRET[1..]), "{short}");

        args(SECRET).into_settings().unwrap();
    }

    #[test]
    fn a_log_is_kept_as_long_as_it_is_replayed() {
        let keeping = |days, events| {
            let args = ServeArgs {
                log_keep_days: days,
                log_keep_events: events,
                ..args(SECRET)
            };
            let settings = args.into_settings().map_err(|error| error.to_string())?;
            Ok::<_, String>(settings.log_keep)
        };

        assert_eq!(keeping(None, None), Ok(LogKeep::new(60, 1_000_000)));
        assert_eq!(keeping(Some(1), Some(5_000)), Ok(LogKeep::new(1, 5_000)));
        for (days, events, named) in [
            (Some(0), None, "--log-keep-days must be from 1 "),
            (None, Some(4_999), "--log-keep-events must be from 5000 "),
        ] {
            let refusal = keeping(days, events).unwrap_err();
            assert!(refusal.contains(named), "{refusal}");
        }
    }

    #[test]
    fn a_request_may_take_neither_no_time_nor_for_ever() {
        let within = |request_timeout_ms| {
            let args = ServeArgs {
                request_timeout_ms,
                ..args(SECRET)
            };
            args.into_settings()
                .map(|settings| settings.request_timeout_ms)
        };

        assert_eq!(within(None).unwrap(), 10_000);
        for fits in [1_000, 60_000] {
            assert_eq!(within(Some(fits)).unwrap(), fits);
        }
        for odd in [0, 999, 60_001] {
            let refusal = within(Some(odd)).unwrap_err().to_string();
            assert!(refusal.contains("--request-timeout-ms"), "{refusal}");
            assert!(refusal.contains(&odd.to_string()), "{refusal}");
        }
    }

    #[test]
    fn a_number_out_of_its_range_is_refused_by_name() {
        let secret = "0123456789abcdef0123456789abcdef";
        let refused = |line: &str| {
            let args: ServeArgs =
                toml::from_str(&format!("jwt-secret = '{secret}'\n{line}")).unwrap();
            args.into_settings().err().map(|error| error.to_string())
        };
        for (line, said) in [
            (
                "request-timeout-ms = 999",
                "--request-timeout-ms must be from 1000 to 60000",
            ),
            (
                "database-connections = 1",
                "--database-connections must be from 2 to 1000",
            ),
            ("writer-lanes = 0", "--writer-lanes must be from 1 to 64"),
            (
                "writer-lanes = 10",
                "--writer-lanes must be less than --database-connections",
            ),
            (
                "writer-batch = 4097",
                "--writer-batch must be from 1 to 4096",
            ),
        ] {
            let refusal = refused(line).unwrap();
            assert!(refusal.starts_with(said), "{refusal}");
        }
        for line in [
            "writer-lanes = 9",
            "database-connections = 2",
            "writer-batch = 1",
        ] {
            assert_eq!(refused(line), None);
        }
    }

    #[test]
    fn the_file_gives_what_no_flag_gives_and_knows_no_other_words() {
        let file: ServeArgs = toml::from_str(
            "listen = '0.0.0.0:1'\nallowed-origin = ['https://a.example']\nlog-format = 'json'",
        )
        .unwrap();
        assert_eq!(file.listen.as_deref(), Some("0.0.0.0:1"));
        assert_eq!(file.log_format, Some(LogFormat::Json));

        toml::from_str::<ServeArgs>("lisen = '0.0.0.0:1'").unwrap_err();
    }
}
