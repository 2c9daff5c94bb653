//! Whether the server lives, whether it can work, and how it fares.

use std::sync::{Arc, OnceLock};

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use parlor_api::App;

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

/// Everything that the server is made of moves, the database can be written, the clock is right, and
/// the server is not on its way out. What is not so is said, a line each.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, String) {
    if app.is_draining() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n".to_owned());
    }

    let troubles = app.health.troubles();
    if troubles.is_empty() {
        return (StatusCode::OK, "ok\n".to_owned());
    }
    let lines = troubles.into_iter().map(|trouble| trouble + "\n");
    (StatusCode::SERVICE_UNAVAILABLE, lines.collect())
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
