//! The command line, as far as all commands share it.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use praksis_node::locale;
use praksis_protocol::{language::Language, org_number::OrgNumber};

use crate::{
    association, bundle, case, completions, contact, demo, export, import, init, invite, join, lessons,
    member, need::READ_PDF, org, peer, report, run, similar, start, statements, sync, template, vocabulary,
    why,
};

/// Municipalities share what they learn from innovative public procurement.
#[derive(Debug, Parser)]
#[command(name = "praksis", version, arg_required_else_help = true, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// The node's data folder [default: the platform's]
    #[arg(long, global = true, env = "PRAKSIS_DIR", value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Print JSON, errors too
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The language of messages, labels and forms [default: from the locale, else nb]
    #[arg(long, global = true, value_enum)]
    lang: Option<Lang>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Args),
    Init(init::Args),
    Run(run::Args),
    Invite(invite::Args),
    Join(join::Args),
    Member(member::Args),
    Association(association::Args),
    TakeIn(statements::TakeIn),
    Countersign(statements::Countersign),
    Org(org::Args),
    Case(case::Args),
    Similar(similar::Args),
    Vocabulary(vocabulary::Args),
    Start(start::Args),
    Lessons(lessons::Args),
    Template(template::Args),
    Contact(contact::Args),
    Import(import::Args),
    Export(export::Args),
    Bundle(bundle::Args),
    Peer(peer::Args),
    Sync(sync::Args),
    /// Say where the node stands: what it holds, and whom it is level with
    Status,
    Why(why::Args),
    Report(report::Args),
    Completions(completions::Args),
    /// Read a PDF on standard input, in a process with limits
    #[command(name = READ_PDF, hide = true)]
    ReadPdf,
}

/// The languages of the interface.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Lang {
    /// Bokmål
    Nb,
    /// Nynorsk
    Nn,
    /// English
    En,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Nb => Self::Nb,
            Lang::Nn => Self::Nn,
            Lang::En => Self::En,
        }
    }
}

impl Args {
    pub(crate) fn language(&self) -> Language {
        self.lang.map_or_else(locale::of_the_machine, Into::into)
    }
}

/// The language of a command line that could not be read.
pub(crate) fn language_asked() -> Language {
    locale::of_the_machine()
}

/// Reads an organisation number from the command line.
pub(crate) fn org_number(text: &str) -> Result<String, String> {
    text.parse::<OrgNumber>().map(|number| number.to_string()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Args::command().debug_assert();
    }
}
