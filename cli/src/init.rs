//! `init`: makes a node.

use std::path::Path;

use praksis_node::folder::{self, Beginning};
use praksis_protocol::{genesis::Kind, language::Language, organisation::Organisation, record::Record as _};
use serde_json::json;

use crate::{
    args::{Lang, org_number},
    context::Context,
    failure::Failure,
};

/// Make a node: keys, folder, own organisation
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The organisation number, nine digits
    #[arg(long, value_name = "NR", value_parser = org_number)]
    org: String,
    /// The organisation's name
    #[arg(long, required_unless_present = "office", conflicts_with = "office")]
    name: Option<String>,
    /// A role's mailbox, not a person's: the default contact of what is shared
    #[arg(long, value_name = "EMAIL", value_parser = mailbox, conflicts_with = "office")]
    contact: Option<String>,
    /// The language that the organisation writes in [default: nb]
    #[arg(long, value_name = "LANG", conflicts_with = "office")]
    content_lang: Option<Lang>,
    /// An association: found a network too
    #[arg(long, conflicts_with = "office")]
    association: bool,
    /// A second office: make a device key and a request for the first one to grant
    #[arg(long)]
    office: bool,
}

pub(crate) fn run(args: Args, context: &Context) -> Result<(), Failure> {
    if args.office {
        return office(&args.org, context);
    }
    let (language, name) =
        (args.content_lang.map_or(Language::Nb, Into::into), args.name.unwrap_or_default());
    let beginning = beginning(&args.org, &name, language, args.contact.as_deref(), args.association)
        .map_err(|why| Failure::misuse(context.text("init-name", &[("why", why.into())]), ""))?;
    let make = if args.association { folder::association } else { folder::organisation };
    make(&context.dir, &beginning).map_err(|error| folder_failure(context, &error))?;
    if let Some(mailbox) = args.contact.filter(|mailbox| looks_personal(mailbox)) {
        context.note(&context.text("init-personal-contact", &[("mailbox", mailbox.into())]));
    }
    let dir = context.dir.display().to_string();
    context.show(&json!({"org": args.org, "name": name, "dir": dir}), || {
        let key = if args.association { "init-association" } else { "init-done" };
        let arguments = [("name", name.as_str().into()), ("dir", dir.as_str().into())];
        let made = context.text(key, &arguments);
        format!("{made}\n{}", context.text("init-next", &[("command", command(context, "run").into())]))
    })
}

fn office(number: &str, context: &Context) -> Result<(), Failure> {
    let (_, request) =
        folder::office(&context.dir, number).map_err(|error| folder_failure(context, &error))?;
    let dir = context.dir.display().to_string();
    context.show(&json!({"org": number, "dir": dir, "request": request}), || {
        context.text("init-office", &[("dir", dir.as_str().into()), ("request", request.as_str().into())])
    })
}

/// What an organisation begins with: its card and its default contact.
pub(crate) fn beginning(
    number: &str,
    name: &str,
    language: Language,
    contact: Option<&str>,
    association: bool,
) -> Result<Beginning, String> {
    let kind = if association { "association" } else { "municipality" };
    let card = json!({"org": number, "name": name, "kind": kind, "language": language.code()});
    let card = Organisation::parse(&card)
        .map_err(|invalid| invalid.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let contact = contact.map(|mailbox| {
        let role = if language == Language::En { "Procurement" } else { "Innkjøp" };
        Kind::Contact.read(&json!({"role": role, "mailbox": mailbox}))
    });
    Ok(Beginning { number: number.to_owned(), name: name.to_owned(), card: card.write(), contact })
}

/// A folder that could not be made or used.
pub(crate) fn folder_failure(context: &Context, error: &folder::Error) -> Failure {
    let dir = |path: &Path| [("dir", path.display().to_string().into())];
    match error {
        folder::Error::Missing { path } => context.failure("not_found", "folder-missing", &dir(path)),
        folder::Error::Exists { path, .. } => context.failure("exists", "folder-exists", &dir(path)),
        folder::Error::NewerVersion { path, .. } => context.failure("storage", "folder-newer", &dir(path)),
        folder::Error::InUse { path } => context.failure("busy", "folder-in-use", &dir(path)),
        folder::Error::Key(error) => context.key_failure(error),
        folder::Error::Damaged { .. }
        | folder::Error::Store(_)
        | folder::Error::Write(_)
        | folder::Error::Io { .. } => {
            context.failure("storage", "folder-failed", &[("why", error.to_string().into())])
        }
    }
}

/// A command for the same folder, as one would type it.
pub(crate) fn command(context: &Context, rest: &str) -> String {
    if !context.dir_given {
        return format!("praksis {rest}");
    }
    let dir = context.dir.display().to_string();
    if dir.contains(' ') {
        format!("praksis {rest} --dir \"{dir}\"")
    } else {
        format!("praksis {rest} --dir {dir}")
    }
}

fn mailbox(text: &str) -> Result<String, String> {
    match Kind::Contact.faults(&json!({"role": "-", "mailbox": text})).is_empty() {
        true => Ok(text.trim().to_owned()),
        false => Err("expected a mailbox, such as innkjop@kommune.no".to_owned()),
    }
}

/// `kari.nordmann@`: two names of letters alone. A role's mailbox rarely has a dot.
fn looks_personal(mailbox: &str) -> bool {
    let local = mailbox.split('@').next().unwrap_or_default();
    let names: Vec<_> = local.split('.').collect();
    names.len() >= 2 && names.iter().all(|name| !name.is_empty() && name.chars().all(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_with_a_dot_look_like_a_person() {
        assert!(looks_personal("kari.nordmann@kommune.no"));
        assert!(looks_personal("ola.b.hansen@kommune.no"));
        assert!(!looks_personal("innkjop@kommune.no"));
        assert!(!looks_personal("postmottak.2@kommune.no"));
    }

    #[test]
    fn a_mailbox_has_a_name_and_a_host() {
        assert!(mailbox("innkjop@kommune.no").is_ok());
        assert!(mailbox("innkjop").is_err());
    }
}
