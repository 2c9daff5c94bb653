//! Public keys as people hand them over: a JWK (RFC 7517) or a PEM file, checked to be a key that
//! can be used, and nothing that should have stayed secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use ed25519_dalek::pkcs8::DecodePublicKey;
use jsonwebtoken::DecodingKey;
use p256::EncodedPoint;
use p256::elliptic_curve::sec1::{FromEncodedPoint, ToEncodedPoint};
use parlor_domain::invalid::Invalid;
use parlor_domain::tenant::{KeyAlgorithm, TenantKey};
use parlor_domain::time::ServerTime;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use sha2::{Digest, Sha256};

/// The longest text of a key. A JWK with a chain of certificates has a few KiB.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// A public key, and what it calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub kid: Option<String>,
    pub algorithm: KeyAlgorithm,
    /// In the form that [`TenantKey`] keeps.
    pub bytes: Vec<u8>,
}

/// The members of a JWK that matter here.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<IgnoredAny>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
}

impl PublicKey {
    /// Reads a JWK of an elliptic curve.
    pub fn from_jwk(text: &str) -> Result<Self, Invalid> {
        check_length("jwk", text)?;
        let jwk: Jwk = serde_json::from_str(text)
            .map_err(|error| Invalid::new("jwk", "one JWK in JSON", error))?;
        if jwk.d.is_some() {
            return Err(private("jwk"));
        }
        let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("EC", Some("P-256")) => es256("jwk", &jwk.point()?)?,
            ("OKP", Some("Ed25519")) => ed_dsa("jwk", &coordinate("x", jwk.x.as_deref())?)?,
            (kty, crv) => {
                let found = format!("`kty` {kty:?} with `crv` {:?}", crv.unwrap_or_default());
                return Err(Invalid::new("jwk", SUPPORTED, found));
            }
        };
        if let Some(alg) = &jwk.alg
            && alg != key.algorithm.as_str()
        {
            let constraint = format!("a key whose `alg` is {:?}", key.algorithm.as_str());
            return Err(Invalid::new("jwk", constraint, format!("{alg:?}")));
        }
        if let Some(purpose) = &jwk.purpose
            && purpose != "sig"
        {
            let constraint = "a key whose `use` is \"sig\"";
            return Err(Invalid::new("jwk", constraint, format!("{purpose:?}")));
        }

        Ok(Self {
            kid: jwk.kid,
            ..key
        })
    }

    /// Reads a PEM file with a `PUBLIC KEY`.
    pub fn from_pem(text: &str) -> Result<Self, Invalid> {
        check_length("pem", text)?;
        if text.contains("PRIVATE KEY") {
            return Err(private("pem"));
        }
        let text = text.trim();
        if let Ok(key) = p256::PublicKey::from_public_key_pem(text) {
            return es256("pem", key.to_encoded_point(false).as_bytes());
        }
        if let Ok(key) = VerifyingKey::from_public_key_pem(text) {
            return ed_dsa("pem", key.as_bytes());
        }

        let constraint = format!("a PEM file with one `PUBLIC KEY`: {SUPPORTED}");
        Err(Invalid::new("pem", constraint, "something else"))
    }

    /// What the key is called if nobody gave it a name: its thumbprint (RFC 7638).
    pub fn thumbprint(&self) -> String {
        // Members in the order of their names, without blanks, as the RFC has it.
        let canonical = match self.algorithm {
            KeyAlgorithm::Es256 => {
                let (x, y) = coordinates(&self.bytes);
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            KeyAlgorithm::EdDsa => {
                let x = URL_SAFE_NO_PAD.encode(&self.bytes);
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)
            }
        };

        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
    }

    /// The key as a tenant's, called `kid` if given, else by its own name or its thumbprint.
    pub fn into_tenant_key(self, kid: Option<String>, now: ServerTime) -> TenantKey {
        TenantKey {
            kid: kid
                .or_else(|| self.kid.clone())
                .unwrap_or_else(|| self.thumbprint()),
            algorithm: self.algorithm,
            public_key: self.bytes,
            added_at: now,
            retires_at: None,
        }
    }
}

/// The key as a JWK, the way other software takes it.
pub fn to_jwk(key: &TenantKey) -> String {
    let alg = key.algorithm.as_str();
    let jwk = match key.algorithm {
        KeyAlgorithm::Es256 => {
            let (x, y) = coordinates(&key.public_key);
            json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": key.kid, "alg": alg,
                    "use": "sig" })
        }
        KeyAlgorithm::EdDsa => {
            let x = URL_SAFE_NO_PAD.encode(&key.public_key);
            json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": key.kid, "alg": alg,
                    "use": "sig" })
        }
    };

    jwk.to_string()
}

/// The key in the form that signatures are checked with.
pub(super) fn decoding_key(key: &TenantKey) -> DecodingKey {
    match key.algorithm {
        KeyAlgorithm::Es256 => DecodingKey::from_ec_der(&key.public_key),
        KeyAlgorithm::EdDsa => DecodingKey::from_ed_der(&key.public_key),
    }
}

const SUPPORTED: &str = "a public key for ES256 (P-256) or EdDSA (Ed25519)";

impl Jwk {
    /// The point in SEC 1's uncompressed form.
    fn point(&self) -> Result<Vec<u8>, Invalid> {
        let (x, y) = (
            coordinate("x", self.x.as_deref())?,
            coordinate("y", self.y.as_deref())?,
        );
        let point = EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);

        Ok(point.as_bytes().to_vec())
    }
}

/// Reads a number of 32 bytes, which both curves have.
fn coordinate(name: &str, text: Option<&str>) -> Result<[u8; 32], Invalid> {
    let bytes = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());

    bytes
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
        .ok_or_else(|| {
            let constraint = format!("a key whose `{name}` is 32 bytes in base64url");
            Invalid::new("jwk", constraint, format!("{:?}", text.unwrap_or_default()))
        })
}

fn coordinates(point: &[u8]) -> (String, String) {
    let (x, y) = point[1..].split_at(32);
    (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y))
}

fn es256(field: &'static str, point: &[u8]) -> Result<PublicKey, Invalid> {
    let encoded = EncodedPoint::from_bytes(point).ok();
    let key = encoded.and_then(|point| p256::PublicKey::from_encoded_point(&point).into_option());
    if key.is_none() {
        return Err(Invalid::new(field, "a point on P-256", "one beside it"));
    }

    Ok(PublicKey {
        kid: None,
        algorithm: KeyAlgorithm::Es256,
        bytes: point.to_vec(),
    })
}

fn ed_dsa(field: &'static str, bytes: &[u8; 32]) -> Result<PublicKey, Invalid> {
    let key = VerifyingKey::from_bytes(bytes).ok();
    // Anybody can sign for a point of small order.
    if key.is_none_or(|key| key.is_weak()) {
        return Err(Invalid::new(field, "a usable point on Ed25519", "another"));
    }

    Ok(PublicKey {
        kid: None,
        algorithm: KeyAlgorithm::EdDsa,
        bytes: bytes.to_vec(),
    })
}

fn check_length(field: &'static str, text: &str) -> Result<(), Invalid> {
    if text.len() <= TEXT_BYTES_MAX {
        return Ok(());
    }

    let constraint = format!("at most {TEXT_BYTES_MAX} bytes");
    Err(Invalid::new(field, constraint, text.len()))
}

/// Says so without repeating any of it.
fn private(field: &'static str) -> Invalid {
    let constraint = "the public key alone; the private one stays with whoever signs";
    Invalid::new(field, constraint, "a private key")
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7517, appendix A.1, and RFC 8037, appendix A.2.
    const ES256: &str = r#"{"kty":"EC","crv":"P-256","kid":"1",
        "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;
    const ED_DSA: &str = r#"{"kty":"OKP","crv":"Ed25519",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    #[test]
    fn a_jwk_comes_out_as_it_went_in() {
        for (text, algorithm, kid) in [
            (ES256, KeyAlgorithm::Es256, Some("1")),
            (ED_DSA, KeyAlgorithm::EdDsa, None),
        ] {
            let key = PublicKey::from_jwk(text).unwrap();
            assert_eq!((key.algorithm, key.kid.as_deref()), (algorithm, kid));

            let kept = key
                .clone()
                .into_tenant_key(None, ServerTime::from_unix_millis(0));
            let again = PublicKey::from_jwk(&to_jwk(&kept)).unwrap();
            assert_eq!(again.bytes, key.bytes);
            assert_eq!(again.kid, Some(kept.kid));
        }
    }

    #[test]
    fn a_key_without_a_name_is_called_by_its_thumbprint() {
        // RFC 8037, appendix A.3.
        let key = PublicKey::from_jwk(ED_DSA).unwrap();
        assert_eq!(
            key.thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
        let now = ServerTime::from_unix_millis(0);
        let named = key.clone().into_tenant_key(Some("mine".to_owned()), now);
        assert_eq!(named.kid, "mine");
        assert_eq!(key.clone().into_tenant_key(None, now).kid, key.thumbprint());
    }

    #[test]
    fn what_is_no_usable_public_key_is_refused_and_not_repeated() {
        let with = |text: &str, from: &str, to: &str| {
            assert!(text.contains(from));
            text.replace(from, to)
        };
        for (jwk, said) in [
            ("{".to_owned(), "one JWK"),
            (r#"{"keys":[]}"#.to_owned(), "one JWK"),
            (r#"{"kty":"RSA","n":"","e":""}"#.to_owned(), "ES256 (P-256)"),
            (
                r#"{"kty":"oct","k":"c2VjcmV0"}"#.to_owned(),
                "ES256 (P-256)",
            ),
            (with(ES256, "P-256", "P-384"), "ES256 (P-256)"),
            (with(ES256, r#""y":"4E"#, r#""y":"5E"#), "a point on P-256"),
            (with(ES256, r#""y":"4E"#, r#""y":"E"#), "`y` is 32 bytes"),
            (with(ES256, r#""kid""#, r#""alg":"ES384","kid""#), "`alg`"),
            (with(ES256, r#""kid""#, r#""alg":"HS256","kid""#), "`alg`"),
            (with(ES256, r#""kid""#, r#""use":"enc","kid""#), "`use`"),
            (
                with(ES256, r#""kid""#, r#""d":"c2VjcmV0","kid""#),
                "the public key alone",
            ),
            (with(ED_DSA, "11qYAYK", "11qYAY"), "`x` is 32 bytes"),
            (
                // The neutral element, for which every signature can be made.
                format!(
                    r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#,
                    URL_SAFE_NO_PAD.encode({
                        let mut one = [0_u8; 32];
                        one[0] = 1;
                        one
                    })
                ),
                "a usable point",
            ),
            (
                format!(r#"{{"kty":"{}"}}"#, "x".repeat(TEXT_BYTES_MAX)),
                "at most",
            ),
        ] {
            let refusal = PublicKey::from_jwk(&jwk).unwrap_err().to_string();
            assert!(refusal.contains(said), "{refusal}");
            assert!(!refusal.contains("c2VjcmV0"), "{refusal}");
        }
    }

    #[test]
    fn only_a_pem_with_a_public_key_is_taken() {
        // Made by `openssl genpkey` and `openssl pkey -pubout`.
        let ed_dsa = "-----BEGIN PUBLIC KEY-----\n\
             MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
             -----END PUBLIC KEY-----\n";
        let key = PublicKey::from_pem(ed_dsa).unwrap();
        assert_eq!(key, PublicKey::from_jwk(ED_DSA).unwrap());

        let private = ed_dsa.replace("PUBLIC", "PRIVATE");
        for (pem, said) in [
            (private.as_str(), "the public key alone"),
            ("", "`PUBLIC KEY`"),
            (
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
                "`PUBLIC KEY`",
            ),
            (&ed_dsa.replace("PUBLIC KEY", "CERTIFICATE"), "`PUBLIC KEY`"),
        ] {
            let refusal = PublicKey::from_pem(pem).unwrap_err().to_string();
            assert!(refusal.contains(said), "{refusal}");
        }
    }
}
