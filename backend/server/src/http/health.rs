//! Whether the server lives, whether it can work, and how it fares.

use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::app::App;

/// Bounds of histograms of seconds, from a cached read to a stuck disk.
const SECONDS: [f64; 12] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
];
/// Bounds of histograms of counts within a batch.
const COMMANDS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers, and the server is not on its way out.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n");
    }

    match app.store.ping().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the database is away"
            );
            let message = if app.store.is_read_only() {
                "the database can only be read\n"
            } else {
                "the database does not answer\n"
            };
            (StatusCode::SERVICE_UNAVAILABLE, message)
        }
    }
}

/// Every metric, in Prometheus' text format.
pub(super) async fn metrics() -> Response {
    match RECORDER.get() {
        Some(recorder) => (
            [(CONTENT_TYPE, "text/plain; version=0.0.4")],
            recorder.render(),
        )
            .into_response(),
        None => (StatusCode::NOT_FOUND, "metrics are not recorded\n").into_response(),
    }
}

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Has the process record its metrics, for [`metrics`] to show. Once is enough.
pub fn install_recorder() {
    RECORDER.get_or_init(|| {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| {
                let matcher = Matcher::Suffix("_commands".to_owned());
                builder.set_buckets_for_metric(matcher, &COMMANDS)
            })
            .expect("the bounds are a list that is not empty")
            .install_recorder()
            .expect("nothing else in this process installs a recorder")
    });
}
