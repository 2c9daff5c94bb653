//! Builds everything and becomes `parlor demo`, so that Ctrl-C reaches the server itself.

use std::net::TcpListener;
use std::process::Command;

use anyhow::{Result, anyhow};

use crate::{build, process, wasm, web, workspace};

/// Where the demo listens unless it is told otherwise.
const LISTEN_DEFAULT: &str = "127.0.0.1:8080";

/// Builds the pages and the server, then runs the demo with `args`. Returns only on failure.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let listen = listen_of(args);
    check_free(listen)?;
    web::build(wasm::Source::Auto)?;
    println!("building the server");
    let parlor = build::server()?;

    let mut demo = Command::new(parlor);
    demo.arg("demo").args(args).current_dir(workspace::root());
    if !args.iter().any(|arg| is_listen(arg)) {
        demo.args(["--listen", listen]);
    }
    Err(process::replace(&mut demo))
}

/// The address that `args` have the demo listen on.
fn listen_of(args: &[String]) -> &str {
    let given = args.iter().position(|arg| is_listen(arg));
    let value = given.and_then(|at| match args[at].split_once('=') {
        Some((_, value)) => Some(value),
        None => args.get(at + 1).map(String::as_str),
    });

    value.unwrap_or(LISTEN_DEFAULT)
}

fn is_listen(arg: &str) -> bool {
    arg == "--listen" || arg.starts_with("--listen=")
}

/// Says that `listen` cannot be had before anything is built for it, which takes minutes.
fn check_free(listen: &str) -> Result<()> {
    TcpListener::bind(listen).map(drop).map_err(|error| {
        anyhow!(
            "the demo cannot listen on {listen}: {error}; end what listens there, or choose another \
             port: cargo xtask demo --listen 127.0.0.1:0 takes any free one"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_one_that_the_demo_is_told() {
        for (args, expected) in [
            (&[][..], LISTEN_DEFAULT),
            (&["--rate", "2"], LISTEN_DEFAULT),
            (
                &["--rate", "2", "--listen", "127.0.0.1:9000"],
                "127.0.0.1:9000",
            ),
            (&["--listen=[::1]:0"], "[::1]:0"),
            // The demo itself says what is missing.
            (&["--listen"], LISTEN_DEFAULT),
        ] {
            let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
            assert_eq!(listen_of(&args), expected);
        }
    }

    #[test]
    fn a_port_that_is_taken_is_named_with_what_to_do() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = taken.local_addr().expect("it listens").to_string();

        let error = check_free(&address).expect_err("it is taken").to_string();
        assert!(error.contains(&address), "{error}");
        assert!(error.contains("--listen 127.0.0.1:0"), "{error}");
        check_free("127.0.0.1:0").expect("some port is free");
    }
}
