//! The real program, in a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use parlor_domain::id::TenantId;
use parlor_domain::tenant::{Tenant, TenantDraft};
use parlor_identity::{Claims, sign_with};
use parlor_node::clock::Clock;
use parlor_server::simulate::Client;
use parlor_store::Store;
use uuid::Uuid;

const SECRET: &str = "a secret that is long enough for tests";
const TENANT: Uuid = Uuid::from_u128(0x0194_fe37_0000_7000_8000_0000_0000_0001);

/// A server. Dropped, it is killed, as a power cut would end it.
pub(crate) struct Program {
    process: Child,
    /// Where it listens: an address and a port.
    pub(crate) address: String,
}

impl Program {
    pub(crate) fn start(database: &str) -> Self {
        Self::start_with(database, &[])
    }

    /// Starts it in an environment with `variables` as well.
    pub(crate) fn start_with(database: &str, variables: &[(&str, &OsStr)]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_parlor"))
            .args(["serve", "--listen", "127.0.0.1:0", "--database", database])
            .env("PARLOR_JWT_SECRET", SECRET)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap();

        Self {
            address: address.to_owned(),
            process,
        }
    }

    /// Asks as `subject` of the tenant.
    pub(crate) fn client(&self, role: &str, subject: &str) -> Client {
        let url = format!("http://{}", self.address);
        Client::new(&url, &token(role, subject)).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Makes the tenant whose people `token` vouches for.
pub(crate) async fn make_tenant(store: &Store) {
    let (draft, now) = (TenantDraft::named("A tenant"), Clock::System.now());
    let tenant = Tenant::create(draft, TenantId(TENANT), now).unwrap();
    assert!(store.create_tenant(&tenant).await.unwrap());
}

pub(crate) fn token(role: &str, subject: &str) -> String {
    let claims = Claims {
        tenant_id: Some(TENANT),
        role: Some(role.to_owned()),
        sub: Some(subject.to_owned()),
        exp: Some(Clock::System.now().unix_millis() / 1_000 + 3_600),
        ..Claims::default()
    };

    sign_with(SECRET, &claims)
}
