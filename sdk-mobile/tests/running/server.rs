//! A real server on a port and a database of its own. It ends with the test.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const JWT_SECRET: &str = "a secret that is long enough for tests";

pub(crate) struct Server {
    folder: Folder,
    process: Child,
    address: String,
    tenant: String,
}

struct Folder(PathBuf);

impl Server {
    pub(crate) fn start() -> Self {
        let folder = Folder::new();
        let made = command(&folder)
            .args(["token", "--create-tenant", "Running"])
            .args(["--role", "staff", "--subject", "tester"])
            .output()
            .unwrap();
        let said = String::from_utf8(made.stderr).unwrap();
        let tenant = said.trim().strip_prefix("tenant ").expect("it is named");
        let mut process = command(&folder)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://");

        Self {
            address: address.expect("it says where").to_owned(),
            tenant: tenant.to_owned(),
            folder,
            process,
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A token of somebody of the tenant.
    pub(crate) fn token(&self, role: &str, subject: &str) -> String {
        let made = command(&self.folder)
            .args(["token", "--tenant", &self.tenant])
            .args(["--role", role, "--subject", subject])
            .output()
            .unwrap();
        let (token, said) = (made.stdout, String::from_utf8_lossy(&made.stderr));
        assert!(made.status.success(), "{said}");

        String::from_utf8(token).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("parlor-running-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();

        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn command(folder: &Folder) -> Command {
    let mut command = Command::new(program());
    let database = folder.0.join("parlor.db");
    command
        .current_dir(&folder.0)
        .env("PARLOR_JWT_SECRET", JWT_SECRET)
        .env(
            "PARLOR_DATABASE",
            format!("sqlite://{}", database.display()),
        );

    command
}

/// The server of this build, which lies beside the folder of the tests.
fn program() -> PathBuf {
    let path = std::env::var_os("PARLOR_BIN").map_or_else(
        || {
            let test = std::env::current_exe().unwrap();
            let built = test.parent().and_then(Path::parent).unwrap();
            built.join("parlor")
        },
        PathBuf::from,
    );
    assert!(
        path.exists(),
        "there is no server at {}: run `cargo build -p parlor-server`, or set PARLOR_BIN",
        path.display()
    );

    path
}
