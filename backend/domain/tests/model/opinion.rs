//! A model in Python, which reads what is written to it line by line and says whether it agrees.

use std::env;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;

/// A second opinion, which is being heard.
pub(crate) struct Opinion {
    model: Child,
    lines: BufWriter<ChildStdin>,
    /// What the model has to say is told once it has; whoever disagrees reads no further.
    is_heard: bool,
}

impl Opinion {
    /// Asks the model that a file among the tests is, unless there is no Python.
    pub(crate) fn ask(model: &str) -> Option<Self> {
        if env::var_os("PARLOR_TEST_WITHOUT_PYTHON").is_some() {
            println!("skipped: there is no Python");
            return None;
        }
        let model = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests")
            .join(model);
        let mut model = Command::new("python3")
            .arg(model)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs the model");
        let lines = BufWriter::new(model.stdin.take().unwrap());

        Some(Self {
            model,
            lines,
            is_heard: true,
        })
    }

    /// Writes a line, and returns whether there is any need for more.
    pub(crate) fn tell(&mut self, line: &Value) -> bool {
        self.is_heard = self.is_heard && writeln!(self.lines, "{line}").is_ok();
        self.is_heard
    }

    /// Has the model say what it has to say; `again` is how what it disagrees on is played again.
    pub(crate) fn hear(self, again: &str) {
        drop(self.lines);
        let said = self.model.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&said.stdout);
        assert!(
            said.status.success(),
            "the model disagrees ({again} play one again):\n{words}"
        );
        println!("{words}");
    }
}

/// A number that the environment gives, or the usual one.
pub(crate) fn number(name: &str, usual: u64) -> u64 {
    env::var(name).map_or(usual, |text| text.parse().expect("it is a number"))
}
