//! The organisation's root key in a file, for one command.

use std::{io, path::PathBuf};

use praksis_node::{
    client::Client,
    sealed_key::{self, PASSPHRASE_MIN, SealedKeyError},
};
use zeroize::Zeroizing;

use crate::{context::Context, failure::Failure};

/// A root key that the node does not keep.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct RootArgs {
    /// Use the root key in this file, which org key export wrote
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Read its passphrase from the first line of this file, instead of asking for it
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
}

impl RootArgs {
    /// The node of the folder, with the key lent to it where one is named.
    pub(crate) fn client(&self, context: &Context) -> Result<Client, Failure> {
        let client = context.client()?;
        let Some(file) = &self.key else { return Ok(client) };
        let passphrase = Passphrase { passphrase_file: self.passphrase_file.clone() }.known(context)?;
        let key = sealed_key::read(file, &passphrase).map_err(|error| failed(context, &error))?;
        Ok(client.with_root(&key))
    }
}

/// Where a passphrase comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct Passphrase {
    /// Read the passphrase from the first line of this file, instead of asking for it
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Passphrase {
    /// One that was chosen before.
    pub(crate) fn known(&self, context: &Context) -> Result<Zeroizing<String>, Failure> {
        match &self.passphrase_file {
            Some(file) => sealed_key::read_passphrase(file).map_err(|error| failed(context, &error)),
            None => ask(context, "passphrase-ask"),
        }
    }

    /// A new one: asked for twice, and not too short.
    pub(crate) fn chosen(&self, context: &Context) -> Result<Zeroizing<String>, Failure> {
        let passphrase = match &self.passphrase_file {
            Some(_) => self.known(context)?,
            None => {
                let first = ask(context, "passphrase-new")?;
                if first != ask(context, "passphrase-again")? {
                    return Err(context.failure("invalid", "passphrase-differs", &[]));
                }
                first
            }
        };
        if passphrase.chars().count() < PASSPHRASE_MIN {
            let least = [("least", PASSPHRASE_MIN.into())];
            return Err(context.failure("invalid", "passphrase-short", &least));
        }
        Ok(passphrase)
    }
}

/// Typed at the terminal, and not shown there.
fn ask(context: &Context, key: &str) -> Result<Zeroizing<String>, Failure> {
    rpassword::prompt_password(format!("{} ", context.text(key, &[])))
        .map(Zeroizing::new)
        .map_err(|_| context.failure("misuse", "passphrase-no-terminal", &[]))
}

/// A sealed key that could not be used.
pub(crate) fn failed(context: &Context, error: &SealedKeyError) -> Failure {
    let file = |path: &PathBuf| [("file", path.display().to_string().into())];
    match error {
        SealedKeyError::NotASealedKey { path } | SealedKeyError::Costly { path } => {
            context.failure("invalid", "key-not-sealed", &file(path))
        }
        SealedKeyError::WrongPassphrase { path } => {
            context.failure("not_allowed", "key-wrong-passphrase", &file(path))
        }
        SealedKeyError::Exists { path } => context.failure("exists", "key-file-exists", &file(path)),
        SealedKeyError::Secret(error) => context.key_failure(error),
        SealedKeyError::Io { path, source, .. } if source.kind() == io::ErrorKind::NotFound => {
            context.failure("not_found", "file-missing", &file(path))
        }
        SealedKeyError::Io { path, source, .. } => {
            let [file] = file(path);
            context.failure("storage", "file-unreadable", &[file, ("why", source.to_string().into())])
        }
    }
}
