//! `parlor serve`.

use anyhow::{Context, Result};
use parlor_node::clock::Clock;
use parlor_node::ids::Randomness;
use tokio::signal::unix::{SignalKind, signal};

use super::{log_to_stderr, print};
use crate::config::ServeArgs;
use crate::http;
use crate::server::Server;

pub(super) async fn serve(args: ServeArgs) -> Result<()> {
    let settings = args.into_settings()?;
    log_to_stderr(settings.log_format);
    http::install_recorder();
    // From before the server answers, so that no signal finds it unprepared.
    let stopped = stop_signal()?;

    let server = Server::start(settings, Clock::System, Randomness::System).await?;
    print(&format!("listening on http://{}\n", server.address))?;
    stopped.await;

    tracing::info!("draining");
    server.stop().await;
    Ok(())
}

/// Returns once the process is asked to stop.
pub(super) fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;

    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
