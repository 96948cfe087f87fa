//! The secret of a key, and what is kept of it.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::hash::{self, Hash};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use subtle::ConstantTimeEq as _;

use super::ControlError;

/// How every secret begins.
pub(crate) const MARK: &str = "sk_live_";
/// Random characters after the mark: 258 bits.
const RANDOM: usize = 43;
/// Characters of a secret that are no secret: the mark and eight more.
const PREFIX: usize = MARK.len() + 8;
/// URL-safe, and 64 of them: six bits choose one without bias.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A new key's secret. It is shown once; it is not printed by accident.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A new secret.
    pub(super) fn random() -> Result<Secret, ControlError> {
        let mut bytes = [0; RANDOM];
        getrandom::fill(&mut bytes).map_err(ControlError::Random)?;
        let random = bytes
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte & 63)]));
        Ok(Secret(MARK.chars().chain(random).collect()))
    }

    /// The text that the client sends.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The part that names the key in lists.
    pub fn prefix(&self) -> &str {
        &self.0[..PREFIX]
    }

    /// Whether this could be a secret: what is not costs no hash.
    pub fn is_well_formed(text: &[u8]) -> bool {
        text.strip_prefix(MARK.as_bytes()).is_some_and(|random| {
            (32..=128).contains(&random.len())
                && random
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.prefix())
    }
}

/// The keyed BLAKE3 hash of a secret: all that is kept of it.
#[derive(Clone, Copy, Debug)]
pub struct Digest(pub [u8; 32]);

/// Takes the same time wherever two digests differ, also within a table of them.
impl PartialEq for Digest {
    fn eq(&self, other: &Digest) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl Hash for Digest {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Makes digests with the key of one data directory.
pub struct Hasher([u8; 32]);

impl Hasher {
    /// The key in `path`. It is made where there is none and `may_create`;
    /// where keys exist that were hashed with another, a new one is of no use.
    pub fn open(path: &Path, may_create: bool) -> Result<Hasher, ControlError> {
        let failed = |source| ControlError::KeyFile {
            path: path.display().to_string(),
            source,
        };
        match File::open(path) {
            Ok(file) => Hasher::read(&file).map_err(failed),
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => {
                let hasher = Hasher::random()?;
                hasher.write(path).map_err(failed)?;
                Ok(hasher)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(ControlError::KeyFileMissing(path.display().to_string()))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// A new key, kept nowhere.
    pub fn random() -> Result<Hasher, ControlError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(ControlError::Random)?;
        Ok(Hasher(key))
    }

    /// The digest of a secret.
    pub fn digest(&self, secret: impl AsRef<[u8]>) -> Digest {
        Digest(*blake3::keyed_hash(&self.0, secret.as_ref()).as_bytes())
    }

    fn read(file: &File) -> io::Result<Hasher> {
        let mut text = String::new();
        file.take(1_024).read_to_string(&mut text)?;
        blake3::Hash::from_hex(text.trim())
            .map(|key| Hasher(*key.as_bytes()))
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "expected 64 hex digits"))
    }

    /// Whole or not at all: a crash must not leave half a key under the name.
    fn write(&self, path: &Path) -> io::Result<()> {
        let draft = path.with_extension("new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        writeln!(file, "{}", blake3::Hash::from_bytes(self.0).to_hex())?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        match path.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// A new id for a key.
pub(super) fn random_key_id() -> Result<String, ControlError> {
    let number = getrandom::u64().map_err(ControlError::Random)?;
    Ok(format!("key_{number:016x}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn secrets_have_the_documented_form_and_do_not_print() {
        let secret = Secret::random().unwrap();
        assert!(Secret::is_well_formed(secret.reveal().as_bytes()));
        assert_eq!(secret.reveal().len(), MARK.len() + RANDOM);
        assert!(!format!("{secret:?}").contains(secret.reveal()));
        for wrong in [
            "",
            "sk_live_",
            "sk_test_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "sk_live_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
        ] {
            assert!(!Secret::is_well_formed(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn digests_are_equal_only_where_every_byte_is() {
        let hasher = Hasher::random().unwrap();
        let digest = hasher.digest("sk_live_x");
        assert_eq!(digest, hasher.digest("sk_live_x"));
        for byte in 0..32 {
            for bit in 0..8 {
                let mut other = digest;
                other.0[byte] ^= 1 << bit;
                assert_ne!(digest, other);
            }
        }
        assert_ne!(digest, Hasher::random().unwrap().digest("sk_live_x"));
    }

    #[test]
    fn the_key_file_is_private_and_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.secret");
        assert!(matches!(
            Hasher::open(&path, false),
            Err(ControlError::KeyFileMissing(_))
        ));
        let made = Hasher::open(&path, true).unwrap();
        let read = Hasher::open(&path, false).unwrap();
        assert_eq!(made.digest("x"), read.digest("x"));
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        std::fs::write(&path, "not a key").unwrap();
        assert!(matches!(
            Hasher::open(&path, true),
            Err(ControlError::KeyFile { .. })
        ));
    }
}
