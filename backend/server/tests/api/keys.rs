//! Key pairs for tests, made from a seed, and tokens signed with them.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use parlor_domain::time::ServerTime;
use parlor_identity::Claims;
use parlor_identity::public_key::PublicKey;
use parlor_identity::public_key::to_jwk;

/// A key pair with a name.
pub(crate) struct KeyPair {
    pub(crate) kid: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) private: EncodingKey,
    pub(crate) pem: String,
    /// The public key's bare bytes.
    pub(crate) public: Vec<u8>,
}

pub(crate) fn es256(kid: &'static str, seed: u8) -> KeyPair {
    let secret = p256::SecretKey::from_slice(&[seed; 32]).unwrap();
    let public = secret.public_key();

    KeyPair {
        kid,
        algorithm: Algorithm::ES256,
        private: EncodingKey::from_ec_der(secret.to_pkcs8_der().unwrap().as_bytes()),
        pem: public.to_public_key_pem(LineEnding::LF).unwrap(),
        public: public.to_encoded_point(false).as_bytes().to_vec(),
    }
}

pub(crate) fn ed_dsa(kid: &'static str, seed: u8) -> KeyPair {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    let public = secret.verifying_key();

    KeyPair {
        kid,
        algorithm: Algorithm::EdDSA,
        private: EncodingKey::from_ed_der(secret.to_pkcs8_der().unwrap().as_bytes()),
        pem: public.to_public_key_pem(LineEnding::LF).unwrap(),
        public: public.as_bytes().to_vec(),
    }
}

impl KeyPair {
    /// The public key as a JWK that carries its name.
    pub(crate) fn jwk(&self) -> String {
        let key = PublicKey::from_pem(&self.pem).unwrap();
        let now = ServerTime::from_unix_millis(0);

        to_jwk(&key.into_tenant_key(Some(self.kid.to_owned()), now))
    }

    pub(crate) fn sign(&self, claims: &Claims) -> String {
        self.sign_as(self.algorithm, Some(self.kid), claims)
    }

    /// Signs with a header of the test's choice.
    pub(crate) fn sign_as(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
        claims: &Claims,
    ) -> String {
        let header = Header {
            kid: kid.map(str::to_owned),
            ..Header::new(algorithm)
        };

        encode(&header, claims, &self.private).unwrap()
    }
}
