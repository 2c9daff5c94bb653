//! The routes, and what every answer carries.

mod assets;
mod connections;
mod health;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware;
use axum::routing::{any, get, post};
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

pub use connections::serve;
pub use health::install_recorder;

use parlor_api::deadline::Deadline;
use parlor_domain::tenant::Origin;

use crate::service::Service;

/// The largest request body. The longest document and its variables fit several times.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// What pages of this server may load: only what is their own, and any server's API, because the
/// overlay is told where its server is. `widget_origins` are whose scripts they may run besides.
fn page_policy(widget_origins: &[Origin]) -> HeaderValue {
    let mut scripts = "'self' 'wasm-unsafe-eval'".to_owned();
    for origin in widget_origins {
        scripts = format!("{scripts} {origin}");
    }
    let policy = format!(
        "default-src 'self'; script-src {scripts}; \
         connect-src 'self' ws: wss: http: https:; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: blob:; media-src 'self' blob: data: http: https:; \
         font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'"
    );

    HeaderValue::from_str(&policy).expect("origins are plain text")
}

/// Sets a policy where the page has none of its own.
fn with_policy(policy: HeaderValue) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, policy)
}

/// Everything this server answers.
pub fn router(service: Service) -> Router {
    let request_timeout = service.request_timeout;
    let api = Router::new()
        .route("/graphql", get(parlor_api::explore).post(parlor_api::post))
        .route("/statement.csv", get(parlor_api::download_statement))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(cors(&service));

    // No page tells of payments, so that none is let in.
    let webhooks = Router::new()
        .route(
            "/webhooks/contributions/{source}",
            post(parlor_api::receive_contributions),
        )
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));

    Router::new()
        .merge(api)
        .merge(webhooks)
        .route("/graphql/ws", get(parlor_socket::upgrade))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        // The only page that takes the names of scripts from its address.
        .route(
            "/overlay/",
            any(assets::serve).layer(with_policy(page_policy(&service.widget_origins))),
        )
        .fallback(assets::serve)
        .layer(CompressionLayer::new())
        .layer(with_policy(page_policy(&[])))
        .layer(SetResponseHeaderLayer::overriding(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ))
        // Outermost, so that nothing is waited for before the time runs.
        .layer(middleware::map_request(
            move |mut request: Request| async move {
                let deadline = Deadline::after(request_timeout);
                request.extensions_mut().insert(deadline);
                request
            },
        ))
        .with_state(service)
}

/// Lets pages ask whose origin some tenant allows, for a preflight says no more. Whether the tenant
/// that is then asked allows it is decided with the token. A page served here has this server's own
/// origin and needs no leave.
fn cors(service: &Service) -> CorsLayer {
    let app = service.app.clone();
    let allowed = AllowOrigin::async_predicate(move |origin, parts| {
        let deadline = Deadline::of(&parts.extensions);
        async move {
            let Ok(origin) = origin.to_str() else {
                return false;
            };
            match deadline.meet(app.origins.some_may_use(origin)).await {
                Ok(Ok(may_use)) => return may_use,
                Ok(Err(error)) => tracing::error!(%error, "an origin could not be looked up"),
                Err(late) => tracing::error!(%late, "an origin could not be looked up"),
            }
            false
        }
    });

    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST])
        // Whatever a page's tracing and its GraphQL client add says nothing here, and no cookie comes with it.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            HeaderName::from_static("retry-after"),
            HeaderName::from_static(parlor_api::NEXT_HEADER),
        ])
        .max_age(Duration::from_mins(10))
}
