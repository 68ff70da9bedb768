//! `org key`: the organisation's root key, which can be kept away from the node.

use std::path::PathBuf;

use clap::Subcommand;
use praksis_node::{client::ClientError, folder::Folder, key, sealed_key};
use praksis_protocol::id::OrgId;
use serde_json::{Value, json};

use crate::{
    context::Context,
    failure::Failure,
    init::folder_failure,
    root::{Passphrase, RootArgs, failed},
    statements::Out,
    table,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Write the root key into a file, under a passphrase
    Export {
        /// A file that is not there yet
        file: PathBuf,
        /// The association's recovery key instead
        #[arg(long)]
        recovery: bool,
        /// Take it away from this node: commands that need it name the file with --key
        #[arg(long)]
        remove: bool,
        #[command(flatten)]
        passphrase: Passphrase,
    },
    /// Put the root key from a file into this node
    Import {
        /// The file that export wrote
        file: PathBuf,
        #[command(flatten)]
        passphrase: Passphrase,
    },
    /// Make a new key in a file, for an organisation that lost its root; the association is told its public half
    New {
        /// A file that is not there yet
        file: PathBuf,
        #[command(flatten)]
        passphrase: Passphrase,
    },
    /// Hand over to a new root key
    Rotate {
        /// The public half of a new key that is kept elsewhere [default: the node makes one and keeps it]
        #[arg(long, value_name = "KEY")]
        to: Option<String>,
        #[command(flatten)]
        out: Out,
        #[command(flatten)]
        root: RootArgs,
    },
}

pub(crate) async fn run(command: Key, context: &Context) -> Result<(), Failure> {
    match command {
        Key::Export { file, recovery, remove, passphrase } => {
            export(context, file, recovery, remove, &passphrase).await
        }
        Key::Import { file, passphrase } => import(context, file, &passphrase).await,
        Key::New { file, passphrase } => {
            let made = key::generate().map_err(|error| {
                let why = [("why", error.to_string().into())];
                context.failure("storage", "folder-failed", &why)
            })?;
            sealed_key::write(&file, &made, &passphrase.chosen(context)?)
                .map_err(|error| failed(context, &error))?;
            let key = OrgId(made.verifying_key().to_bytes()).to_string();
            context.note(&context.text("org-key-new", &[]));
            context.show(&json!({"key": key}), || key.clone())
        }
        Key::Rotate { to, out, root } => {
            let answer = root.client(context)?.key_rotate(to.as_deref()).await;
            let answer = answer.map_err(|error| context.failed(error))?;
            let key = table::text(&answer["root"]);
            out.said(context, answer, "org-key-rotated", &[("key", key.into())])
        }
    }
}

async fn export(
    context: &Context,
    file: PathBuf,
    recovery: bool,
    remove: bool,
    passphrase: &Passphrase,
) -> Result<(), Failure> {
    let folder = Folder::open(&context.dir).map_err(|error| folder_failure(context, &error))?;
    let kept = if recovery { folder.recovery_key() } else { folder.root_key() };
    let kept = kept.map_err(|error| folder_failure(context, &error))?;
    let kept = kept.ok_or_else(|| context.failure("not_found", "org-key-missing", &[]))?;
    sealed_key::write(&file, &kept, &passphrase.chosen(context)?).map_err(|error| failed(context, &error))?;
    if remove {
        let removed = if recovery { folder.remove_recovery_key() } else { folder.remove_root_key() };
        removed.map_err(|error| folder_failure(context, &error))?;
        reload(context).await?;
    }
    let file = file.display().to_string();
    let key = OrgId(kept.verifying_key().to_bytes()).to_string();
    context.show(&json!({"file": file, "key": key, "removed": remove}), || {
        let told = if remove { "org-key-moved" } else { "org-key-exported" };
        context.text(told, &[("file", file.as_str().into())])
    })
}

async fn import(context: &Context, file: PathBuf, passphrase: &Passphrase) -> Result<(), Failure> {
    let folder = Folder::open(&context.dir).map_err(|error| folder_failure(context, &error))?;
    let key =
        sealed_key::read(&file, &passphrase.known(context)?).map_err(|error| failed(context, &error))?;
    folder.put_root_key(&key).map_err(|error| folder_failure(context, &error))?;
    if let Err(failure) = reload(context).await {
        // Another organisation's: nothing is left of it here.
        folder.remove_root_key().map_err(|error| folder_failure(context, &error))?;
        reload(context).await?;
        return Err(failure);
    }
    let key = OrgId(key.verifying_key().to_bytes()).to_string();
    context.show(&json!({"key": key}), || context.text("org-key-imported", &[]))
}

/// Tells the node that serves the folder, if one does; otherwise it reads the folder when it starts.
async fn reload(context: &Context) -> Result<Value, Failure> {
    let asked = match praksis_node::client::Client::open(&context.dir) {
        Ok(client) => client.in_language(context.language.code()).key_reload().await,
        Err(error) => Err(error),
    };
    match asked {
        Err(ClientError::NoNode { .. }) => Ok(Value::Null),
        other => other.map_err(|error| context.failed(error)),
    }
}
