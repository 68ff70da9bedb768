//! What is done alike with a case and a template.

pub(crate) mod edit;
mod found;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod settle;
pub(crate) mod share;
pub(crate) mod show;
pub(crate) mod withdraw;

use praksis_protocol::genesis::Kind;

/// The kind as routes and commands have it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name(pub(crate) &'static str);

impl Name {
    pub(crate) fn kind(self) -> Kind {
        self.0.parse().expect("the commands name kinds that there are")
    }
}
