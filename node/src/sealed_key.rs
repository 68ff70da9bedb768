//! A key in a file under a passphrase: to lie in a safe, to go to another office, to be used for one command.
//!
//! Four lines of text, so that it can be printed and typed again:
//!
//! ```text
//! praksis key 1
//! public 52 characters
//! argon2id m=65536 t=3 p=1 salt=26 characters
//! 77 characters: the seed and the tag of ChaCha20-Poly1305 (RFC 8439)
//! ```
//!
//! The passphrase (composed, as NFC) and the salt give the key by Argon2id (RFC 9106). It seals once, so the
//! nonce is zero; the three lines before are authenticated with it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use argon2::{Algorithm, Argon2, Params, Version};
use ed25519_dalek::SigningKey;
use praksis_protocol::id::{BASE32, OrgId};
use rand::{TryRng as _, rngs::SysRng};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::key::{self, KeyError};

/// Fewest characters of a passphrase: who has the file can try as many as there is time for.
pub const PASSPHRASE_MIN: usize = 12;
/// Longer than any such file.
const FILE_LIMIT: u64 = 4096;
const TITLE: &str = "praksis key 1";
const SALT: usize = 16;
/// The second choice of RFC 9106 with one lane: 64 MiB, three passes.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// What a file may ask of the one who reads it: 1 GiB, ten passes, four lanes.
const MEMORY_KIB_RANGE: std::ops::RangeInclusive<u32> = 8 * 1024..=1024 * 1024;
const PASSES_RANGE: std::ops::RangeInclusive<u32> = 1..=10;
const LANES_RANGE: std::ops::RangeInclusive<u32> = 1..=4;

/// Why a sealed key could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealedKeyError {
    /// The file is none of these, or was damaged.
    #[error("{} does not hold a sealed key", path.display())]
    NotASealedKey {
        /// Which file.
        path: PathBuf,
    },
    /// It asks for more memory or time than a key is worth.
    #[error("{} asks for more memory or passes than this program gives", path.display())]
    Costly {
        /// Which file.
        path: PathBuf,
    },
    /// The passphrase does not open it, or a character of it was changed.
    #[error("the passphrase does not open {}", path.display())]
    WrongPassphrase {
        /// Which file.
        path: PathBuf,
    },
    /// There is a file already.
    #[error("{} is there already", path.display())]
    Exists {
        /// Which file.
        path: PathBuf,
    },
    /// The passphrase file.
    #[error(transparent)]
    Secret(#[from] KeyError),
    /// The system's word.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Seals a key into a new file, and reads it back.
///
/// # Errors
/// When there is a file of that name, or it cannot be written.
pub fn write(path: &Path, key: &SigningKey, passphrase: &str) -> Result<(), SealedKeyError> {
    if path.exists() {
        return Err(SealedKeyError::Exists { path: path.to_owned() });
    }
    let mut salt = [0; SALT];
    SysRng.try_fill_bytes(&mut salt).map_err(|error| {
        let source = io::Error::other(error);
        SealedKeyError::Io { doing: "draw the salt for", path: path.to_owned(), source }
    })?;
    let cost = Cost { memory_kib: MEMORY_KIB, passes: PASSES, lanes: 1 };
    key::write_secret(path, &seal(key, passphrase, cost, salt))?;
    // Whoever removes the key afterwards relies on what is on the disk now.
    read(path, passphrase).map(drop)
}

/// Opens a key from a file.
///
/// # Errors
/// When it is none, or the passphrase does not open it.
pub fn read(path: &Path, passphrase: &str) -> Result<SigningKey, SealedKeyError> {
    let failed = |source| SealedKeyError::Io { doing: "read", path: path.to_owned(), source };
    if fs::metadata(path).map_err(failed)?.len() > FILE_LIMIT {
        return Err(SealedKeyError::NotASealedKey { path: path.to_owned() });
    }
    let bytes = fs::read(path).map_err(failed)?;
    let text = String::from_utf8(bytes).unwrap_or_default();
    open(&text, passphrase).map_err(|fault| {
        let path = path.to_owned();
        match fault {
            Fault::Form => SealedKeyError::NotASealedKey { path },
            Fault::Cost => SealedKeyError::Costly { path },
            Fault::Passphrase => SealedKeyError::WrongPassphrase { path },
        }
    })
}

/// The passphrase that stands in a file's first line; the file must be its owner's alone.
///
/// # Errors
/// When there is no such file, or others can read it.
pub fn read_passphrase(path: &Path) -> Result<Zeroizing<String>, SealedKeyError> {
    let missing = || {
        let source = io::Error::from(io::ErrorKind::NotFound);
        SealedKeyError::Io { doing: "read", path: path.to_owned(), source }
    };
    let text = key::read_secret(path)?.ok_or_else(missing)?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Form,
    Cost,
    Passphrase,
}

#[derive(Clone, Copy)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    fn params(self) -> Option<Params> {
        let in_range = MEMORY_KIB_RANGE.contains(&self.memory_kib)
            && PASSES_RANGE.contains(&self.passes)
            && LANES_RANGE.contains(&self.lanes);
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok().filter(|_| in_range)
    }
}

fn head(public: OrgId, cost: Cost, salt: [u8; SALT]) -> String {
    let Cost { memory_kib, passes, lanes } = cost;
    let salt = BASE32.encode(&salt);
    format!("{TITLE}\npublic {public}\nargon2id m={memory_kib} t={passes} p={lanes} salt={salt}\n")
}

fn cipher(passphrase: &str, params: Params, salt: [u8; SALT]) -> LessSafeKey {
    let passphrase: Zeroizing<String> = Zeroizing::new(passphrase.nfc().collect());
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), &salt, &mut *key)
        .expect("salt and key are of lengths that Argon2 takes");
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &*key).expect("a key of this cipher has 32 bytes"))
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

fn seal(key: &SigningKey, passphrase: &str, cost: Cost, salt: [u8; SALT]) -> String {
    let head = head(OrgId(key.verifying_key().to_bytes()), cost, salt);
    let params = cost.params().expect("our own cost is one that we read");
    // With room for the tag: what is moved leaves a copy behind.
    let mut sealed = Vec::with_capacity(32 + CHACHA20_POLY1305.tag_len());
    sealed.extend_from_slice(&*Zeroizing::new(key.to_bytes()));
    cipher(passphrase, params, salt)
        .seal_in_place_append_tag(nonce(), Aad::from(head.as_bytes()), &mut sealed)
        .expect("a seed is short");
    format!("{head}{}", BASE32.encode(&sealed))
}

fn open(text: &str, passphrase: &str) -> Result<SigningKey, Fault> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let [TITLE, public, derivation, sealed] = lines[..] else { return Err(Fault::Form) };
    let public: OrgId = public.strip_prefix("public ").and_then(|key| key.parse().ok()).ok_or(Fault::Form)?;
    let words: Vec<&str> = derivation.split(' ').collect();
    let ["argon2id", memory, passes, lanes, salt] = words[..] else { return Err(Fault::Form) };
    let number = |word: &str, name: &str| word.strip_prefix(name)?.parse::<u32>().ok();
    let (Some(memory_kib), Some(passes), Some(lanes)) =
        (number(memory, "m="), number(passes, "t="), number(lanes, "p="))
    else {
        return Err(Fault::Form);
    };
    let salt = salt.strip_prefix("salt=").and_then(|salt| BASE32.decode(salt.as_bytes()).ok());
    let salt: [u8; SALT] = salt.and_then(|salt| salt.try_into().ok()).ok_or(Fault::Form)?;
    let mut sealed = Zeroizing::new(BASE32.decode(sealed.as_bytes()).map_err(|_| Fault::Form)?);
    let cost = Cost { memory_kib, passes, lanes };
    let params = cost.params().ok_or(Fault::Cost)?;
    let head = head(public, cost, salt);
    let seed = cipher(passphrase, params, salt)
        .open_in_place(nonce(), Aad::from(head.as_bytes()), &mut sealed)
        .map_err(|_| Fault::Passphrase)?;
    let seed: Zeroizing<[u8; 32]> = Zeroizing::new((&*seed).try_into().map_err(|_| Fault::Form)?);
    let key = SigningKey::from_bytes(&seed);
    if key.verifying_key().to_bytes() == public.0 { Ok(key) } else { Err(Fault::Passphrase) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 8 * 1024, passes: 1, lanes: 1 };
    const PHRASE: &str = "seks ord som ingen gjetter på";

    fn sealed() -> (SigningKey, String) {
        let key = SigningKey::from_bytes(&[7; 32]);
        let text = seal(&key, PHRASE, CHEAP, [3; SALT]);
        (key, text)
    }

    #[test]
    fn what_was_sealed_once_is_opened_for_ever() {
        let (key, text) = sealed();
        assert_eq!(text, include_str!("sealed_key.txt").trim_end());
        let opened = open(&text, PHRASE).expect("it opens");
        assert_eq!(opened.to_bytes(), key.to_bytes());
        // Typed on a machine that takes letters apart, and with the lines as a mail program leaves them.
        let typed = format!("  {}\r\n", text.replace('\n', "\r\n\r\n"));
        let apart: String = PHRASE.nfd().collect();
        assert_ne!(apart, PHRASE);
        assert_eq!(open(&typed, &apart).expect("it opens").to_bytes(), key.to_bytes());
    }

    #[test]
    fn another_passphrase_or_any_other_character_opens_nothing() {
        let (_, text) = sealed();
        assert_eq!(open(&text, "seks ord som alle gjetter").unwrap_err(), Fault::Passphrase);
        for (at, character) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            let other = if character == 'a' { 'b' } else { 'a' };
            let mut changed = text.clone();
            changed.replace_range(at..at + character.len_utf8(), &other.to_string());
            assert!(open(&changed, PHRASE).is_err(), "{changed}");
        }
    }

    #[test]
    fn a_file_that_asks_for_too_much_or_nearly_nothing_is_not_tried() {
        let (_, text) = sealed();
        for (here, there) in
            [("m=8192", "m=4294967295"), ("m=8192", "m=8"), ("t=1", "t=1000000"), ("p=1", "p=200")]
        {
            assert_eq!(open(&text.replace(here, there), PHRASE).unwrap_err(), Fault::Cost, "{there}");
        }
        for text in ["", "praksis key 1", "praksis key 2\na\nb\nc", &text.replace("salt=", "salt=a")] {
            assert_eq!(open(text, PHRASE).unwrap_err(), Fault::Form, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_the_owners_alone_and_never_written_over() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("root.txt");
        let key = SigningKey::from_bytes(&[9; 32]);
        write(&path, &key, PHRASE).expect("it is written");
        let metadata = fs::metadata(&path).expect("it is there");
        assert_eq!(crate::platform::exposed(&path, &metadata).expect("the system says"), None);
        assert_eq!(read(&path, PHRASE).expect("it opens").to_bytes(), key.to_bytes());
        assert!(matches!(write(&path, &key, PHRASE), Err(SealedKeyError::Exists { .. })));
        assert!(matches!(read(&path, "noe annet enn det"), Err(SealedKeyError::WrongPassphrase { .. })));
    }
}
