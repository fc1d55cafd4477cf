//! Hashes as they are stored: ours, those of earlier parameters, and bcrypt's of systems that people come from.
//!
//! A hash names its own parameters, so that it stays good when ours rise. Whatever costs more than a sign-in may take is
//! refused unread, because one such row would stop everybody's.

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use bcrypt::HashParts;
use chatty_kit::Fault;
use subtle::ConstantTimeEq;

use super::{LANES, MEMORY_KIB, PASSES};
use crate::domain::password::Password;

/// What others recommend is below: RFC 9106's second choice takes 64 MiB and three passes, Django 100 MiB and two.
const MOST_MEMORY_KIB: u32 = 131_072;
const MOST_PASSES: u32 = 10;

/// About a second; common are 10 to 12.
const MOST_BCRYPT_COST: u32 = 14;

/// bcrypt takes no more of a password into account.
const BCRYPT_BYTES: usize = 72;

/// A stored hash that can be computed.
pub(super) enum Stored {
    Argon2 { argon2: Argon2<'static>, salt: Vec<u8>, hash: Vec<u8>, is_outdated: bool },
    Bcrypt(String),
}

impl Stored {
    /// Reads a PHC string of argon2, or bcrypt's `$2a$`, `$2b$` and `$2y$`. What is wrong with it is told without it.
    pub(super) fn read(text: String) -> Result<Self, Fault> {
        if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            let cost = text.parse::<HashParts>().map_err(Fault::internal)?.get_cost();
            if cost > MOST_BCRYPT_COST {
                return Err(Fault::internal(format!(
                    "a stored bcrypt hash has the cost {cost}, which nobody waits for"
                )));
            }
            return Ok(Self::Bcrypt(text));
        }
        let parsed = PasswordHash::new(&text).map_err(Fault::internal)?;
        let algorithm = Algorithm::try_from(parsed.algorithm.as_str()).map_err(Fault::internal)?;
        // The reference implementation wrote no version while there was only the first.
        let version = parsed.version.map_or(Ok(Version::V0x10), Version::try_from).map_err(Fault::internal)?;
        let params = Params::try_from(&parsed).map_err(Fault::internal)?;
        let (Some(salt), Some(hash)) = (&parsed.salt, &parsed.hash) else {
            return Err(Fault::internal("a stored password hash has no salt or no hash"));
        };
        let (memory, passes) = (params.m_cost(), params.t_cost());
        if memory > MOST_MEMORY_KIB || passes > MOST_PASSES {
            let told = format!("a stored argon2 hash takes {memory} KiB and {passes} passes, which nobody waits for");
            return Err(Fault::internal(told));
        }
        let (salt, hash) = (salt.to_vec(), hash.as_bytes().to_vec());
        let is_outdated = (algorithm, version) != (Algorithm::Argon2id, Version::V0x13)
            || memory < MEMORY_KIB
            || passes < PASSES
            || params.p_cost() < LANES;
        Ok(Self::Argon2 { argon2: Argon2::new(algorithm, version, params), salt, hash, is_outdated })
    }

    /// Whether this is the hash of the password.
    pub(super) fn is_of(&self, password: &Password, blocks: &mut Vec<Block>) -> Result<bool, Fault> {
        match self {
            Self::Argon2 { argon2, salt, hash, .. } => {
                let mut output = vec![0; hash.len()];
                compute(argon2, password, salt, &mut output, blocks)?;
                Ok(output.ct_eq(hash).into())
            }
            Self::Bcrypt(text) => {
                let password = password.expose();
                let same = bcrypt::verify(password, text).map_err(Fault::internal)?;
                // To bcrypt, which repeats a password and its final NUL, `a\0a` is the password `a`.
                Ok(same && !password.contains('\0'))
            }
        }
    }

    /// Whether a hash of ours should take its place, given the password that it is of.
    pub(super) fn is_outdated(&self, password: &Password) -> bool {
        match self {
            Self::Argon2 { is_outdated, .. } => *is_outdated,
            // Of a longer one only the beginning is proved: a wrong end must not become the password.
            Self::Bcrypt(_) => password.expose().len() <= BCRYPT_BYTES,
        }
    }
}

pub(super) fn compute(
    argon2: &Argon2<'_>,
    password: &Password,
    salt: &[u8],
    output: &mut [u8],
    blocks: &mut Vec<Block>,
) -> Result<(), Fault> {
    let needed = argon2.params().block_count();
    if blocks.len() < needed {
        blocks.resize(needed, Block::new());
    }
    let (password, blocks) = (password.expose().as_bytes(), &mut blocks[..needed]);
    argon2.hash_password_into_with_memory(password, salt, output, blocks).map_err(Fault::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::typed(&text.into()).unwrap()
    }

    /// Whether the stored hash is the password's, and is to be replaced then.
    fn judge(stored: &str, text: &str) -> (bool, bool) {
        let (stored, password) = (Stored::read(stored.to_owned()).ok().unwrap(), password(text));
        (stored.is_of(&password, &mut Vec::new()).unwrap(), stored.is_outdated(&password))
    }

    fn bcrypt(password: &str) -> String {
        bcrypt::hash_with_salt(password, 4, *b"sixteen bytes of").unwrap().to_string()
    }

    fn argon2(algorithm: Algorithm, version: Version, memory: u32, passes: u32) -> String {
        let argon2 = Argon2::new(algorithm, version, Params::new(memory, passes, 1, Some(32)).unwrap());
        let (salt, mut hash) = (*b"sixteen bytes of", [0; 32]);
        argon2.hash_password_into(b"some password", &salt, &mut hash).unwrap();
        let base64 = |bytes: &[u8]| data_encoding::BASE64_NOPAD.encode(bytes);
        let (version, salt, hash) = (u32::from(version), base64(&salt), base64(&hash));
        format!("${}$v={version}$m={memory},t={passes},p=1${salt}${hash}", algorithm.as_str())
    }

    #[test]
    fn lower_parameters_and_other_variants_are_outdated_and_good_all_the_same() {
        use {Algorithm::*, Version::*};
        for (stored, outdated) in [
            (argon2(Argon2id, V0x13, MEMORY_KIB, PASSES), false),
            (argon2(Argon2id, V0x13, MEMORY_KIB + 1_024, PASSES + 1), false),
            (argon2(Argon2id, V0x13, MEMORY_KIB - 1, PASSES), true),
            (argon2(Argon2id, V0x13, MEMORY_KIB, PASSES - 1), true),
            (argon2(Argon2id, V0x10, MEMORY_KIB, PASSES), true),
            (argon2(Argon2i, V0x13, MEMORY_KIB, PASSES), true),
            (argon2(Argon2d, V0x13, MEMORY_KIB, PASSES), true),
        ] {
            assert_eq!(judge(&stored, "some password"), (true, outdated), "{stored}");
            assert!(!judge(&stored, "some passwore").0, "{stored}");
        }
        let unversioned = argon2(Algorithm::Argon2i, Version::V0x10, 64, 1).replace("$v=16", "");
        assert_eq!(judge(&unversioned, "some password"), (true, true));
    }

    #[test]
    fn hashes_of_other_bcrypts_are_good_and_outdated() {
        // By libxcrypt.
        let end = "04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            let stored = format!("{prefix}{end}");
            assert_eq!(judge(&stored, "correct horse battery staple"), (true, true), "{stored}");
            assert!(!judge(&stored, "correct horse battery stable").0, "{stored}");
        }
    }

    #[test]
    fn what_bcrypt_does_not_see_never_becomes_the_password() {
        let (seen, stored) = ("x".repeat(72), bcrypt(&"x".repeat(100)));
        assert_eq!(judge(&stored, &seen), (true, true));
        assert_eq!(judge(&stored, &format!("{seen}and another end")), (true, false));
        assert!(!judge(&stored, &seen[1..]).0);
        assert_eq!(judge(&bcrypt("a"), "a"), (true, true));
        assert!(!judge(&bcrypt("a"), "a\0a").0);
        assert!(!judge(&bcrypt(""), "\0").0);
    }

    #[test]
    fn costs_that_nobody_waits_for_and_broken_hashes_are_refused_without_being_told() {
        let good = argon2(Algorithm::Argon2id, Version::V0x13, 64, 1);
        let end = bcrypt("some password").split_off(7);
        for stored in [
            good.replace("m=64", "m=4194304"),
            good.replace("m=64", "m=131073"),
            good.replace("m=64", "m=4294967296"),
            good.replace("m=64", "m=7"),
            good.replace("t=1", "t=11"),
            good.replace("t=1", "t=0"),
            good.replace("p=1", "p=16777215"),
            good.replace("argon2id", "argon3"),
            good.replace("v=19", "v=20"),
            good.rsplit_once('$').unwrap().0.to_owned(),
            format!("$2b$31${end}"),
            format!("$2b$15${end}"),
            format!("$2b$03${end}"),
            format!("$2b$ab${end}"),
            format!("$2x$04${end}"),
            format!("$2b$04${}", &end[1..]),
            format!("$2b$04${}ж", &end[2..]),
            "no hash at all".to_owned(),
            String::new(),
        ] {
            let read = Stored::read(stored.clone());
            let refused = read.and_then(|read| read.is_of(&password("some password"), &mut Vec::new()));
            let Err(Fault::Internal(error)) = refused else { panic!("{stored} is accepted") };
            let told = format!("{error}{error:?}");
            let secret = stored.rsplit('$').next().unwrap();
            assert!(secret.is_empty() || !told.contains(secret), "{told}");
        }
    }
}
