//! One secret, one derived key a purpose (HKDF-SHA256), so that a leaked cursor key signs nothing else.

use hkdf::Hkdf;
use sha2::Sha256;

/// What a derived key is for; the HKDF label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signs cursors.
    Cursor,
    /// Seals what the router tells subgraphs in other processes.
    Context,
}

/// The installation's secret (`CHATTY_SECRET`): at least 32 bytes.
#[derive(Clone)]
pub struct Secret(Box<[u8]>);

/// The secret is shorter than 32 bytes.
#[derive(Debug, thiserror::Error)]
#[error("the secret must have at least 32 bytes")]
pub struct SecretTooShort;

impl Secret {
    /// Takes the secret's bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, SecretTooShort> {
        if bytes.len() < 32 { Err(SecretTooShort) } else { Ok(Self(bytes.into())) }
    }

    /// The key for one purpose.
    pub fn derive(&self, purpose: Purpose) -> [u8; 32] {
        let label: &[u8] = match purpose {
            Purpose::Cursor => b"cursor",
            Purpose::Context => b"context",
        };
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, &self.0)
            .expand(label, &mut key)
            .expect("32 bytes are within what HKDF-SHA256 can give");
        key
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_follows_from_its_secret_and_short_secrets_are_refused() {
        let secret = Secret::new(&[7; 32]).expect("long enough");
        assert_ne!(secret.derive(Purpose::Cursor), [7; 32]);
        assert_ne!(secret.derive(Purpose::Cursor), secret.derive(Purpose::Context));
        assert_eq!(secret.derive(Purpose::Cursor), Secret::new(&[7; 32]).expect("long enough").derive(Purpose::Cursor));
        assert!(Secret::new(&[7; 31]).is_err());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
