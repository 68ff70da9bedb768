//! A need as people have it: typed, in a file of words, or in one that holds a case.

use std::{env, path::Path};

use praksis_node::{
    intake::{self, Format},
    prose::{self, pdf},
};
use serde_json::Value;

use crate::{case::file, context::Context, failure::Failure};

/// The command, hidden from people, under which the program reads a PDF for itself.
pub(crate) const READ_PDF: &str = "read-pdf";

/// Endings of names that are read as files.
const ENDINGS: [&str; 9] = ["txt", "md", "docx", "pdf", "json", "toml", "doc", "odt", "rtf"];

/// What somebody needs.
pub(crate) enum Need {
    /// A case that is in no store yet.
    Case(Value),
    /// In words.
    Words(String),
}

impl Need {
    /// What was typed: words, unless it names a file.
    pub(crate) async fn typed(context: &Context, text: &str) -> Result<Self, Failure> {
        let path = Path::new(text);
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let is_name = ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()));
        let is_path = text.contains(['/', '\\']) && path.exists();
        let is_name = is_name && !text.contains(char::is_whitespace);
        if text == "-" || path.is_file() || is_path || is_name {
            return Self::of_file(context, path).await;
        }
        Ok(Self::Words(text.to_owned()))
    }

    /// What stands in a file.
    pub(crate) async fn of_file(context: &Context, path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let bytes = file::load(context, path)?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(context.failure("invalid", "file-empty", &[("file", name.into())]));
        }
        let refused = |error| refused(context, &name, &error);
        let format = match prose::Format::of(&name, &bytes).map_err(refused)? {
            Some(format) => format,
            None if Format::of(&name, &bytes).is_none() => prose::Format::Text,
            None => return Ok(Self::Case(file::one(context, intake::read(&name, &bytes))?)),
        };
        let program =
            env::current_exe().map_err(|error| refused(prose::Error::NoReader(error.to_string())))?;
        let reader = pdf::Reader { program, arguments: vec![READ_PDF.into()], patience: pdf::PATIENCE };
        Ok(Self::Words(prose::text(format, bytes, &reader).await.map_err(refused)?))
    }
}

/// Why a file gave no words, for whoever gave it.
fn refused(context: &Context, file: &str, error: &prose::Error) -> Failure {
    use prose::Error as E;
    let mut arguments = vec![("file", file.into())];
    match error {
        E::Disguised { named, is } => arguments.extend([("named", (*named).into()), ("is", (*is).into())]),
        E::OtherFormat(format) => arguments.push(("format", (*format).into())),
        E::Damaged { format, why } => {
            arguments.extend([("format", (*format).into()), ("why", why.as_str().into())]);
        }
        E::TooMuch(what) => arguments.push(("what", what.as_str().into())),
        E::NoReader(why) => arguments.push(("why", why.as_str().into())),
        E::FileTooLarge | E::Encrypted | E::NotUtf8 | E::NoText | E::TooHeavy => {}
    }
    context.failure("invalid", error.key(), &arguments)
}
