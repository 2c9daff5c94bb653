//! Who the harness is to the servers: a tenant, and tokens of its people.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The secret that all servers of the harness share.
pub const SECRET: &str = "a secret that is long enough for faults";
/// The tenant that all rooms are of.
pub const TENANT: &str = "0194fe37-0000-7000-8000-000000000001";
/// When tokens end: never, as far as the clocks of the schedules go.
const EXPIRES_AT_S: i64 = 4_102_444_800;

/// A token of whoever runs the servers.
pub fn operator_token() -> String {
    sign(&json!({ "role": "operator", "sub": "operator", "exp": EXPIRES_AT_S }))
}

/// A token of one of the tenant's people, such as a `viewer` or a `service`.
pub fn token(role: &str, subject: &str) -> String {
    sign(&json!({ "tenant_id": TENANT, "role": role, "sub": subject, "exp": EXPIRES_AT_S }))
}

/// The UUID in a global id, as 32 hexadecimal digits. An id that is none has none.
pub fn uuid_of(global_id: &str) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(global_id).ok()?).ok()?;
    let (_, uuid) = text.split_once(':')?;

    Some(uuid.replace('-', ""))
}

/// The global id of a thing of that kind, whose UUID has these 32 hexadecimal digits.
pub fn global_id(kind: &str, hex: &str) -> String {
    let cut = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)];
    let parts: Vec<&str> = cut
        .iter()
        .filter_map(|(from, until)| hex.get(*from..*until))
        .collect();

    STANDARD.encode(format!("{kind}:{}", parts.join("-")))
}

fn sign(claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut mac =
        Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());

    format!("{signed}.{signature}")
}
