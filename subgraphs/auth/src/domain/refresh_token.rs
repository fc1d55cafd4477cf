//! Refresh tokens: 32 random bytes in base64url, of which only the SHA-256 is stored.

use chatty_kit::Fault;
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::random;

const BYTES: usize = 32;

/// A token on its way to its owner.
#[derive(Debug)]
pub(crate) struct RefreshToken {
    text: SecretString,
    hash: TokenHash,
}

/// What is stored of a token. 256 random bits need no salt and no slow hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenHash([u8; BYTES]);

impl RefreshToken {
    pub(crate) fn generate() -> Result<Self, Fault> {
        let bytes = random::bytes::<BYTES>()?;
        Ok(Self { text: BASE64URL_NOPAD.encode(&bytes).into(), hash: TokenHash::of(&bytes) })
    }

    pub(crate) fn hash(&self) -> &TokenHash {
        &self.hash
    }

    pub(crate) fn into_secret(self) -> SecretString {
        self.text
    }
}

impl TokenHash {
    /// The hash of a token that somebody presents; `None` if the text cannot be one of ours.
    pub(crate) fn of_presented(token: &SecretString) -> Option<Self> {
        let text = token.expose_secret();
        if text.len() != BASE64URL_NOPAD.encode_len(BYTES) {
            return None;
        }
        Some(Self::of(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?))
    }

    fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A stored hash does not have 32 bytes.
#[derive(Debug, thiserror::Error)]
#[error("a stored token hash has {0} bytes")]
pub(crate) struct WrongLength(usize);

impl TryFrom<Vec<u8>> for TokenHash {
    type Error = WrongLength;

    fn try_from(bytes: Vec<u8>) -> Result<Self, WrongLength> {
        bytes.try_into().map(Self).map_err(|bytes: Vec<u8>| WrongLength(bytes.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_text_alone_and_is_not_shown() {
        let token = RefreshToken::generate().unwrap();
        let shown = format!("{token:?}");
        let hash = token.hash().clone();
        let text = token.into_secret();
        assert_eq!(text.expose_secret().len(), 43);
        assert_eq!(TokenHash::of_presented(&text), Some(hash));
        assert!(!shown.contains(text.expose_secret()));
    }

    #[test]
    fn other_texts_are_no_tokens() {
        let long = "A".repeat(1_000_000);
        // The last letter of 43 carries four bits: one spelling a token.
        for text in ["", "A", &"A".repeat(42), &"A".repeat(44), &long, &format!("{}B", "A".repeat(42)), &"+".repeat(43)]
        {
            assert_eq!(TokenHash::of_presented(&text.into()), None);
        }
    }
}
